"""The demonstration's Shopify answers as the one that executes on Shopify's own schema; its keeper keeps totals right."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from syncctl.demo import shopify_store
from syncctl.demo.orders import KINDS, catalogue
from syncctl.demo.shopify_edits import ShopifyKeeper
from syncctl.demo.shopify_levels import HOME
from syncctl.demo.shopify_raws import customers_like, like_woocommerce, total_of, variants_like
from syncctl.demo.shopify_replies import actual
from syncctl.secret import Secret
from syncctl.stores import shopify_operations as operations
from syncctl.stores.shopify import Shopify
from syncctl.stores.shopify_http import Connection
from syncctl.stores.shopify_operations import NEWEST, Operation
from tests.clocks import MovableClock
from tests.shopify_shop import TOKEN, SimulatedShopify

GOODS = catalogue(len(KINDS), clock=lambda: datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
FIRST = 4701


def filled(shop: Any) -> Any:
    """Give a shop one order of each kind."""
    shop.load([like_woocommerce(copy.deepcopy(raw)) for raw in GOODS.orders])
    shop.products, shop.customers = variants_like(GOODS.products), customers_like(GOODS.customers)
    return shop


@pytest.fixture
def shops() -> Iterator[list[Any]]:
    clock = MovableClock()
    with shopify_store.SimulatedShopify(clock=clock) as plain, SimulatedShopify(clock=clock) as exact:
        yield [filled(plain), filled(exact)]


def gid(number: int) -> str:
    return f"gid://shopify/Order/{number}"


LIST = {"first": 5, "after": None, "query": "updated_at:>='2026-11-20T00:00:00Z'", "sort": "UPDATED_AT"}
MARK = {"stale0": True, "former0": ["old"], "id0": gid(FIRST), "tags0": ["syncctl 1"], "fields0": []}
ITEM = variants_like(GOODS.products)[0]["inventoryItem"]["id"]
WRITE = {"inventoryItemId": ITEM, "locationId": HOME, "quantity": 3, "changeFromQuantity": None}
VARIANT = variants_like(GOODS.products)[0]
PRICE = {"id": VARIANT["id"], "price": "9.50", "compareAtPrice": None}
PRICES = {"product0": VARIANT["product"]["id"], "variants0": [PRICE]}
SET = {"name": "available", "reason": "correction", "quantities": [WRITE]}
ASKED: list[tuple[Operation, dict[str, Any]]] = [
    (operations.CLOCK, {}),
    (operations.SHOP, {}),
    (operations.LISTED, LIST),
    (operations.IDS, LIST | {"query": "", "sort": "ID"}),
    (operations.LISTED_BY_ID, {"ids": [gid(FIRST), gid(1)]}),
    (operations.STATUSES, {"ids": [gid(FIRST), gid(1)]}),
    (operations.whole_orders(NEWEST), {"ids": [gid(FIRST + at) for at in range(len(KINDS))], "lines": 1, "shipping": 3}),
    (operations.more_lines(NEWEST), {"id": gid(FIRST), "lines": 2, "after": None}),
    (operations.NOTE, {"id": gid(FIRST)}),
    (operations.NOTE, {"id": gid(1)}),
    (operations.TO_FULFIL, {"id": gid(FIRST)}),
    (operations.PRODUCTS, {"first": 3, "after": None}),
    (operations.STOCKED, {"first": 3, "after": None, "location": HOME}),
    (operations.LOCATIONS, {"first": 3, "after": None}),
    (operations.LEVELS, {"ids": [ITEM, "gid://shopify/InventoryItem/1"], "location": HOME}),
    (operations.LEVELS, {"ids": [ITEM], "location": "gid://shopify/Location/9"}),
    (operations.SET_STOCK, {"input": SET, "key": "a"}),
    (operations.SET_STOCK, {"input": {**SET, "name": "spare"}, "key": "b"}),
    (operations.PRICES_KEPT, {}),
    (operations.set_prices(1), PRICES),
    (operations.set_prices(1), {**PRICES, "variants0": [{**PRICE, "price": "-1"}, {**PRICE, "compareAtPrice": "12"}]}),
    (operations.set_prices(2), {**PRICES, "product1": gid(1), "variants1": [PRICE]}),
    (operations.CUSTOMERS, {"first": 3, "after": None}),
    (operations.LISTED_CUSTOMERS, {"first": 3, "query": "id:>0"}),
    (operations.PUT_NOTE, {"input": {"id": gid(FIRST), "note": "Ring twice"}}),
    (operations.PUT_NOTE, {"input": {"id": gid(1), "note": "Nobody"}}),
    (operations.mark(1), MARK),
    (operations.mark(1), MARK | {"stale0": False, "id0": gid(1)}),
    (
        operations.FULFIL,
        {"fulfillment": {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{FIRST}"}]}},
    ),
]


def within(wanted: Any, given: Any) -> bool:
    """Whether all of an answer stands in another, which may say more."""
    if isinstance(wanted, dict):
        return isinstance(given, dict) and all(name in given and within(each, given[name]) for name, each in wanted.items())
    if isinstance(wanted, list):
        return isinstance(given, list) and len(wanted) == len(given) and all(map(within, wanted, given))
    return bool(wanted == given)


def test_all_that_is_ever_asked_is_asked_here():
    assert {operation.name for operation, _ in ASKED} == {operation.name for operation in operations.all_operations(NEWEST)}


@pytest.mark.parametrize(("operation", "variables"), ASKED, ids=[f"{at}-{each[0].name}" for at, each in enumerate(ASKED)])
def test_an_operation_is_answered_by_its_name_as_by_the_schema(shops: list[Any], operation: Operation, variables: dict[str, Any]):
    plain, exact = (shop.prepare(operation.name, operation.text, variables).run() for shop in shops)
    assert within(exact[0], plain[0]), (exact[0], plain[0])
    codes = [[error["extensions"]["code"] for error in errors] for _, errors in (plain, exact)]
    assert codes[0] == codes[1]
    assert actual(plain[0]) <= 1.2 * actual(exact[0])


def test_the_program_needs_no_graphql_library():
    package = Path(shopify_store.__file__).parents[1]
    wanting = [
        path.name
        for path in package.rglob("*.py")
        if re.search(r"^\s*(from|import) (graphql|tests)\b", path.read_text("utf-8"), re.M)
    ]
    assert wanting == []


def test_an_operation_that_it_does_not_know_is_refused(shops: list[Any]):
    with pytest.raises(shopify_store.Refused, match="Guess"):
        shops[0].prepare("Guess", "query Guess { shop { id } }", {})


EDITS: dict[str, Callable[[ShopifyKeeper, int], Any]] = {
    "quantity": lambda keeper, number: keeper.change_quantity(number, 4),
    "quantity 0": lambda keeper, number: keeper.change_quantity(number, 0),
    "dearer": lambda keeper, number: keeper.change_price(number, "99.00"),
    "cheaper": lambda keeper, number: keeper.change_price(number, "1.00"),
    "a line more": lambda keeper, number: keeper.add_line(number, "MUG-11OZ", "14.50", quantity=2),
    "a line less": lambda keeper, number: keeper.remove_line(number),
    "shipping": lambda keeper, number: keeper.change_shipping(number, "3.33"),
    "no shipping": lambda keeper, number: keeper.change_shipping(number, "0"),
    "an amount back": lambda keeper, number: keeper.refund_amount(number, "1.00"),
    "a unit back": lambda keeper, number: keeper.refund_units(number, 1),
    "all back": lambda keeper, number: keeper.refund_all(number),
}


@pytest.mark.parametrize("edit", EDITS)
def test_whatever_is_edited_the_amounts_agree_and_the_store_can_be_read(edit: str):
    clock = MovableClock()
    with filled(shopify_store.SimulatedShopify(clock=clock)) as shop:
        keeper = ShopifyKeeper(shop)
        store = Shopify(
            Connection(shop=shop.url, token=Secret(TOKEN), version=NEWEST),
            clock=clock,
            sleeper=clock.sleep,
            seconds=lambda: clock.now.timestamp(),
        )
        for number in shop.orders:
            EDITS[edit](keeper, number)
            read = store.get(number)
            assert read is not None and read.total == max(Decimal(0), total_of(shop.orders[number]))
            assert read.fully_refunded == (edit == "all back")
        store.close()
