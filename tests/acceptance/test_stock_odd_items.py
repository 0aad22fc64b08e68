"""`stock push` with a store whose items are odd: SKUs of every kind, one SKU twice, packs, and answers that lack items."""

from __future__ import annotations

from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_stock import count, pushed, shop, stock
from tests.acceptance.test_stock_guards import age_listing

__all__ = ["shop"]
LONG = "MUG" + "x" * 297
EMOJI = "\N{HOT BEVERAGE}\N{VARIATION SELECTOR-16}" * 80


def sell(shop: SimulatedStore, product_id: int, sku: Any, **more: Any) -> None:
    held = {"id": product_id, "type": "simple", "name": f"P{product_id}", "sku": sku, "price": "8.00", "variations": []}
    shop.state.products[product_id] = {**held, "manage_stock": True, "stock_quantity": 100, **more}


@pytest.mark.parametrize(
    "sku", ["", "   ", LONG, EMOJI, "\N{FULLWIDTH LATIN CAPITAL LETTER M}UG", "M\N{CYRILLIC SMALL LETTER U}G", "MUG'; --"]
)
def test_a_sku_that_is_no_items_is_left_alone(syncctl: Program, shop: SimulatedStore, sku: str):
    sell(shop, 9, sku)
    shop.state.products[9]["name"] = EMOJI * 3
    age_listing(syncctl)
    count(syncctl, "MUG", 7)
    told = syncctl("stock", "push", "--json").json
    assert (told["counts"]["told"], told["left_alone"]) == (1, {"unknown": 1})
    assert shop.state.products[9]["stock_quantity"] == 100
    assert syncctl("item", "map").code == 0


def test_a_sku_of_300_letters_is_never_the_one_that_its_beginning_names(syncctl: Program, shop: SimulatedStore):
    assert syncctl("map", "item", LONG[:100], "MUG").code == 0
    sell(shop, 9, LONG)
    age_listing(syncctl)
    count(syncctl, "MUG", 7)
    assert pushed(syncctl)["told"] == 1
    assert shop.state.products[9]["stock_quantity"] == 100


@pytest.mark.parametrize("sku", ["mug", "MUG"])
def test_two_products_of_one_item_are_told_alike_and_named(syncctl: Program, shop: SimulatedStore, sku: str):
    variation = {"id": 21, "sku": sku, "name": "S", "price": "8", "manage_stock": True, "stock_quantity": 100}
    shop.state.products[20] = {"id": 20, "name": "Mugs", "type": "variable", "sku": "MUG", "variations": [variation]}
    age_listing(syncctl)
    count(syncctl, "MUG", 7)
    assert pushed(syncctl)["told"] == 2
    assert (stock(shop)["MUG"] if 20 not in shop.state.products else shop.state.products[1]["stock_quantity"]) == 7
    assert shop.state.products[20]["variations"][0]["stock_quantity"] == 7
    assert syncctl("item", "map", "--json").json["counts"]["doubled"] == 2


def test_a_sku_that_moved_to_another_item_is_told_right_by_the_next_listing(syncctl: Program, shop: SimulatedStore):
    count(syncctl, "MUG", 7)
    shop.state.products[1]["sku"], shop.state.products[2]["sku"] = "CAP", "MUG"
    syncctl("stock", "push")
    age_listing(syncctl)
    pushed(syncctl)
    assert {sku: number for sku, number in stock(shop).items() if sku in ("MUG", "CAP")} == {"MUG": 7, "CAP": 100}


@pytest.mark.parametrize(
    ("on_hand", "pack", "wanted"), [(-5, "1", 0), (7, "6", 1), (5, "6", 0), (7, "0.5", 14), (999_999_999, "1", 999_999_999)]
)
def test_quantities_come_whole(syncctl: Program, shop: SimulatedStore, on_hand: int, pack: str, wanted: int):
    syncctl("item", "set", "MUG", "--pack", pack)
    count(syncctl, "MUG", on_hand)
    assert pushed(syncctl)["told"] == 1
    assert stock(shop)["MUG"] == wanted


def test_a_store_that_keeps_no_stock_of_most_items_any_more_is_looked_at_by_a_person(syncctl: Program, shop: SimulatedStore):
    for product in list(shop.state.products.values())[1:]:
        product["manage_stock"] = False
    age_listing(syncctl)
    count(syncctl, "MUG", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.json["status"], "no stock any more of 4 of 5" in ended.json["errors"][0]["message"]) == ("held", True)
    assert pushed(syncctl, "--yes")["told"] == 1
    count(syncctl, "MUG", 8)
    assert pushed(syncctl)["told"] == 1
