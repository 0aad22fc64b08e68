"""What keeps `stock push` quiet, and what it isn't quiet about: items lost on either side, answers that say nothing."""

from __future__ import annotations

import pytest

from syncctl.demo.store import SimulatedStore
from tests.acceptance.program import Program
from tests.acceptance.test_stock import count, pushed, shop, stock

__all__ = ["shop"]


def age_listing(syncctl: Program) -> None:
    with syncctl.connected() as connection:
        connection.execute("UPDATE USER_STORE_ITEM SET LISTED_DT = '2020-01-01 00:00:00.000'")


def lose_items(syncctl: Program) -> None:
    with syncctl.connected() as connection:
        connection.execute("UPDATE IM_ITEM SET ITEM_NO = 'GONE-' || ITEM_NO WHERE ITEM_NO <> 'MUG'")


def test_an_erp_that_knows_few_items_any_more_is_looked_at_by_a_person(syncctl: Program, shop: SimulatedStore):
    lose_items(syncctl)
    count(syncctl, "MUG", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["status"], stock(shop)["MUG"]) == (1, "held", 100)
    assert "4 of 5 items that the store was told of" in ended.json["errors"][0]["message"]
    assert "no stock any more of 4 of 5" in syncctl("health", "--check", "stock_held").out
    assert pushed(syncctl, "--yes")["told"] == 1
    assert stock(shop)["MUG"] == 7


@pytest.mark.parametrize("left", [0, 2])
def test_a_listing_that_lacks_most_items_forgets_none(syncctl: Program, shop: SimulatedStore, left: int):
    products = dict(shop.state.products)
    for product_id in list(products)[left:]:
        del shop.state.products[product_id]
    for words in (("stock", "diff"), ("item", "map")):
        ended = syncctl(*words, "--json")
        assert (ended.code, f"lists {left} of the 5 items" in ended.json["errors"][0]["message"]) == (1, True), words
    age_listing(syncctl)
    held = syncctl("stock", "push", "--json")
    assert (held.code, held.json["status"]) == (1, "held")
    assert f"lists {left} of the 5" in syncctl("health", "--check", "stock_held").out
    shop.state.products.update(products)
    age_listing(syncctl)
    count(syncctl, "SOCKS", 3)
    assert pushed(syncctl)["told"] == 1
    assert stock(shop)["SOCKS"] == 3
    for product_id in list(products)[left:]:
        del shop.state.products[product_id]
    age_listing(syncctl)
    assert pushed(syncctl, "--yes")["items"] == left
    assert pushed(syncctl)["items"] == left


def test_an_item_of_which_the_answer_says_nothing_is_told_to_people(syncctl: Program, shop: SimulatedStore):
    shop.fail("status", status=200, path="/products/batch", times=1, body='{"update": []}')
    count(syncctl, "MUG", 7)
    ended = syncctl("stock", "push", "--json")
    assert (ended.code, ended.json["counts"]["refused"]) == (1, 1)
    assert "says nothing of it" in ended.json["errors"][0]["message"]
    assert pushed(syncctl, "--sku", "MUG")["told"] == 1
    assert stock(shop)["MUG"] == 7


@pytest.mark.parametrize("words", [("stock", "push"), ("stock", "push", "--dry-run"), ("stock", "diff", "--known")])
def test_a_sku_that_the_store_does_not_sell_is_named(syncctl: Program, shop: SimulatedStore, words: tuple[str, ...]):
    ended = syncctl(*words, "--sku", "NO-SUCH", "--sku", "mug")
    assert ended.code == 2
    assert "sells nothing of SKU 'NO-SUCH'," in ended.err
