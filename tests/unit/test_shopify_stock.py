"""Stock to Shopify: at one location, over no sale that it made meanwhile, one item's refusal no other's."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from syncctl.demo.shopify_levels import HOME
from syncctl.errors import StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.secret import Secret
from syncctl.stores.base import Outdated, StockWrite
from syncctl.stores.shopify import Rules, Shopify
from syncctl.stores.shopify_http import Connection
from tests.clocks import MovableClock
from tests.shopify_shop import TOKEN, SimulatedShopify

OTHER = {"id": "gid://shopify/Location/72", "name": "Shop"}


def variant(number: int, stock: int, *, tracked: bool = True, policy: str = "DENY") -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": f"S-{number}",
        "title": "Default Title",
        "price": "9.50",
        "inventoryQuantity": stock,
        "inventoryPolicy": policy,
        "product": {"id": "gid://shopify/Product/1", "title": "Shirt"},
        "inventoryItem": {"__typename": "InventoryItem", "id": f"gid://shopify/InventoryItem/{number + 100}", "tracked": tracked},
    }


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def shop(clock: MovableClock) -> Iterator[SimulatedShopify]:
    with SimulatedShopify(clock=clock) as made:
        made.products = [variant(1, 5), variant(2, 7), variant(3, 9)]
        yield made


def session(shop: SimulatedShopify, clock: MovableClock, *, stock: bool = True, location: str | None = None) -> Shopify:
    return Shopify(
        Connection(shop=shop.url, token=Secret(TOKEN), version="2026-10"),
        rules=Rules(stock=stock, location=location),
        clock=clock,
        sleeper=clock.sleep,
        seconds=lambda: clock.now.timestamp(),
    )


@pytest.fixture
def store(shop: SimulatedShopify, clock: MovableClock) -> Iterator[Shopify]:
    made = session(shop, clock)
    yield made
    made.close()


def write(number: int, quantity: int, before: int | None) -> StockWrite:
    return StockWrite(
        product_id=number,
        parent_id=1,
        stock_key=str(number + 100),
        quantity=quantity,
        before=None if before is None else Decimal(before),
    )


def has(shop: SimulatedShopify) -> list[int]:
    return [each["inventoryQuantity"] for each in shop.products]


def keys(shop: SimulatedShopify) -> list[str]:
    return [variables["key"] for name, variables in shop.calls if name == "SetStock"]


def test_items_are_listed_with_what_the_location_has_and_how_they_are_sold(shop: SimulatedShopify, store: Shopify):
    shop.products += [variant(4, 0, tracked=False), variant(5, 1, policy="CONTINUE")]
    found = [(each.sku, each.stock, each.on_backorder, each.stock_key) for each in store.products()]
    assert found == [
        ("S-1", 5, False, "101"),
        ("S-2", 7, False, "102"),
        ("S-3", 9, False, "103"),
        ("S-4", None, False, "104"),
        ("S-5", 1, True, "105"),
    ]


def test_a_variant_that_can_not_be_read_says_so_with_its_id_where_it_has_one(shop: SimulatedShopify, store: Shopify):
    nodes = [variant(number, 5) for number in range(1, 7)]
    for number, node in enumerate(nodes, start=1):
        quantities = {"quantities": [{"quantity": 5 if number != 4 else "lots"}]}
        node["inventoryItem"]["inventoryLevel"] = None if number in (2, 3) else quantities
    nodes[4]["inventoryItem"] = None
    nodes[5]["inventoryItem"]["tracked"] = "maybe"
    path = ["productVariants", "nodes", 2, "inventoryItem", "inventoryLevel"]
    error = {"message": "Internal error", "path": path, "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    page = {"nodes": [*nodes, None], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    shop.fail("status", operation="Stocked", status=200, body={"data": {"productVariants": page}, "errors": [error]})
    found = [(each.product_id, each.stock, each.unreadable) for each in store.products()]
    assert found[:2] == [(1, 5, False), (2, None, False)], "the second isn't stocked there"
    assert found[2:] == [(3, None, True), (4, None, True), (5, None, True), (6, None, True), (0, None, True)]


def test_what_the_store_sold_meanwhile_is_not_overwritten_and_told_back(shop: SimulatedShopify, store: Shopify):
    shop.stock.take("S-2", 2)
    answers = store.put_stock([write(1, 4, 5), write(2, 6, 7), write(3, 0, 9)])
    assert (answers[1], answers[3], has(shop)) == (None, None, [4, 5, 0])
    told = answers[2]
    assert told == Outdated(Decimal(5)) and "5 by now" in str(told)


def test_a_sale_that_the_erp_knows_of_is_no_dispute(shop: SimulatedShopify, store: Shopify):
    shop.stock.take("S-1", 1)
    assert store.put_stock([write(1, 4, 5), write(2, 8, 7)]) == {1: None, 2: None}
    assert has(shop) == [4, 8, 9]


def test_an_item_whose_stock_cannot_be_read_just_now_is_left_to_the_next_push(shop: SimulatedShopify, store: Shopify):
    shop.stock.take("S-1", 1)
    error = {"message": "Internal error", "path": ["nodes", 0], "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    shop.fail("status", operation="Levels", status=200, body={"data": {"nodes": [None]}, "errors": [error]})
    assert store.put_stock([write(1, 2, 5), write(2, 6, 7)]) == {2: None}
    assert store.put_stock([write(1, 2, 5)]) == {1: Outdated(Decimal(4))}


def test_what_is_not_known_is_set_without_a_comparison(shop: SimulatedShopify, store: Shopify):
    shop.stock.take("S-1", 9)
    assert store.put_stock([write(1, 3, None)]) == {1: None}
    assert store.put_stock([write(1, 2, 3), write(3, 1, 9)]) == {1: None, 3: None}
    assert has(shop) == [2, 7, 1]


def test_an_answer_that_is_lost_is_asked_for_again_with_its_key(shop: SimulatedShopify, store: Shopify):
    shop.fail("lost", operation="SetStock")
    assert store.put_stock([write(1, 4, 5)]) == {1: None}
    assert has(shop)[0] == 4
    assert len(set(keys(shop))) == 1 and shop.writes["inventorySetQuantities"] == 2


def test_each_request_has_a_key_of_its_own_so_that_a_stock_that_comes_back_is_set_again(shop: SimulatedShopify, store: Shopify):
    for quantity, before in ((4, 5), (5, 4), (4, 5)):
        assert store.put_stock([write(1, quantity, before)]) == {1: None}
    assert has(shop)[0] == 4
    assert len(set(keys(shop))) == 3


def test_a_key_whose_first_try_failed_is_changed(shop: SimulatedShopify, store: Shopify):
    answers = iter(["IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"])
    put = shop.stock.put

    def answered(given: dict[str, Any], key: str) -> dict[str, Any]:
        code = next(answers, None)
        return put(given, key) if code is None else {"userErrors": [{"code": code, "field": None, "message": "Failed."}]}

    shop.stock.put = answered  # type: ignore[method-assign]
    assert store.put_stock([write(1, 4, 5)]) == {1: None}
    assert len(set(keys(shop))) == 2


def test_a_request_that_is_still_under_way_leaves_its_items_to_the_next_push(shop: SimulatedShopify, store: Shopify):
    shop.stock.put = lambda given, key: {  # type: ignore[method-assign]
        "userErrors": [{"code": "IDEMPOTENCY_CONCURRENT_REQUEST", "field": None, "message": "In progress."}]
    }
    assert store.put_stock([write(1, 4, 5)]) == {}


def test_refusals_end_after_some_rounds_and_the_rest_is_left_to_the_next_push(shop: SimulatedShopify, store: Shopify):
    shop.products = [variant(number, 5) for number in range(1, 10)]
    put = shop.stock.put

    def one_more(given: dict[str, Any], key: str) -> dict[str, Any]:
        shop.stock.refused[given["quantities"][0]["inventoryItemId"]] = "NON_MUTABLE_INVENTORY_ITEM"
        return put(given, key)

    shop.stock.put = one_more  # type: ignore[method-assign]
    answers = store.put_stock([write(number, 4, 5) for number in range(1, 10)])
    assert sorted(answers) == [1, 2, 3, 4] and all(answers.values())
    assert has(shop) == [5] * 9
    assert len(keys(shop)) == 4


def test_an_item_without_its_key_is_said_so(store: Shopify):
    [said] = store.put_stock([StockWrite(product_id=1, parent_id=0, stock_key="", quantity=1, before=None)]).values()
    assert "no stock item" in str(said)


def test_an_item_that_is_gone_is_that_items_alone(shop: SimulatedShopify, store: Shopify):
    del shop.products[1]
    answers = store.put_stock([write(1, 4, 5), write(2, 4, 7)])
    assert answers[1] is None and "Invalid inventory item" in str(answers[2])


def test_one_of_several_locations_has_to_be_chosen(shop: SimulatedShopify, clock: MovableClock):
    shop.stock.locations.append(OTHER)
    other = session(shop, clock)
    for ask in (lambda: list(other.products()), lambda: other.put_stock([write(1, 4, 5)])):
        with pytest.raises(StoreMisconfigured, match=r"SYNCCTL_SHOPIFY_LOCATION.*71 \(Warehouse\), 72 \(Shop\)") as raised:
            ask()
        assert raised.value.exit_code == 78
    other.close()


def test_the_chosen_location_alone_is_told(shop: SimulatedShopify, clock: MovableClock):
    shop.stock.locations.append(OTHER)
    shop.stock.elsewhere["gid://shopify/InventoryItem/101", OTHER["id"]] = 2
    chosen = session(shop, clock, location="72")
    assert [each.stock for each in chosen.products()] == [2, None, None], "what isn't stocked there isn't told"
    assert chosen.put_stock([write(1, 1, 2)]) == {1: None}
    assert (has(shop), shop.stock.at("gid://shopify/InventoryItem/101", OTHER["id"])) == ([5, 7, 9], 1)
    chosen.close()


def test_a_location_that_is_none_is_a_matter_of_the_settings(shop: SimulatedShopify, clock: MovableClock):
    wrong = session(shop, clock, location="99")
    with pytest.raises(StoreMisconfigured, match=r"no location 99.*71 \(Warehouse\)"):
        wrong.put_stock([write(1, 4, 5)])
    assert has(shop) == [5, 7, 9]
    wrong.close()


def test_a_shop_without_an_active_location_says_so(shop: SimulatedShopify, store: Shopify):
    shop.stock.locations.clear()
    with pytest.raises(StoreMisconfigured, match="no active location"):
        list(store.products())


def test_without_stock_to_tell_no_location_is_needed_and_no_right(shop: SimulatedShopify, clock: MovableClock):
    shop.stock.locations.append(OTHER)
    several = session(shop, clock, stock=False)
    assert [each.stock for each in several.products()] == [5, 7, 9]
    shop.scopes = ["write_orders", "read_customers", "read_products"]
    poor = session(shop, clock, stock=False)
    assert [each.stock for each in poor.products()] == [5, 7, 9]
    assert [name for name, _ in shop.calls[-2:]] == ["Shop", "Products"]
    poor.ping(writing=True)
    several.close()
    poor.close()


def test_the_rights_are_asked_for_where_stock_is_told(shop: SimulatedShopify, store: Shopify):
    store.ping(writing=True)
    shop.scopes = ["write_orders", "read_customers", "read_products"]
    store.ping()
    with pytest.raises(StoreMisconfigured, match="read_inventory, read_locations, write_inventory"):
        store.ping(writing=True)


def test_a_right_that_was_taken_away_concerns_all(shop: SimulatedShopify, store: Shopify):
    shop.scopes.remove("write_inventory")
    with pytest.raises((StoreRefused, StoreMisconfigured), match="ACCESS_DENIED"):
        store.put_stock([write(1, 4, 5)])


WHOLE = {"userErrors": [{"code": "INVALID_REASON", "field": ["input", "reason"], "message": "No."}]}


@pytest.mark.parametrize("answer", [WHOLE, None])
def test_what_blames_no_item_concerns_all(shop: SimulatedShopify, store: Shopify, answer: Any):
    body = {"data": {"inventorySetQuantities": answer}}
    shop.fail("status", operation="SetStock", status=200, body=body)
    with pytest.raises((StoreRefused, StoreUnavailable)):
        store.put_stock([write(1, 4, 5)])


def test_points_are_waited_for(shop: SimulatedShopify, store: Shopify, clock: MovableClock):
    assert store.put_stock([write(1, 4, 5)]) == {1: None}
    shop.empty()
    assert store.put_stock([write(1, 3, 4)]) == {1: None}
    assert clock.slept and shop.stock.at("gid://shopify/InventoryItem/101", HOME) == 3
