"""Which orders of a page need not be looked into: those of which the list says what it said when they were staged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncctl.db.contract import ListKnownOrders
from syncctl.errors import BadArgument
from tests.orders import line, order, stage
from tests.shop import Shop

MARK = "a1b2c3"
LATER = {"WOO_MODIFIED_DT": "2026-11-20T11:40:00.000"}


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def known(shop: Shop, *order_ids: int, store_id: str = "woocommerce") -> dict[int, str]:
    rows = shop.database.run(ListKnownOrders(store_id=store_id, orders=json.dumps(order_ids or [4711])))
    assert all(shop.staged(row.woo_order_id)["STAGING_ID"] == row.staging_id for row in rows)
    return {row.woo_order_id: row.read_mark for row in rows}


def test_what_was_staged_with_a_mark_is_known_by_it(shop):
    stage(shop.database, order(1, READ_MARK=MARK), order(2), order(3, READ_MARK="other"))
    assert known(shop, 1, 2, 3, 4) == {1: MARK, 3: "other"}
    assert known(shop, store_id="outlet") == {}
    assert shop.database.run(ListKnownOrders(store_id="woocommerce", orders="[]")) == []


def test_the_mark_is_that_of_the_version_seen_last(shop):
    stage(shop.database, order(4711, READ_MARK=MARK))
    stage(shop.database, order(4711, line(1, qty="2"), READ_MARK="next", **LATER))
    assert known(shop) == {4711: "next"}
    stage(shop.database, order(4711, line(1, qty="3"), READ_MARK="old", WOO_MODIFIED_DT="2026-11-20T11:00:00.000"))
    assert known(shop) == {4711: "next"}, "an older version changes nothing"
    stage(shop.database, order(4711, line(1, qty="2"), **LATER))
    assert known(shop) == {}, "seen without a mark, as where it was read within minutes of its change"


@pytest.mark.parametrize(
    "change",
    [
        {"STATUS_GROUP": "wait", "ORD_STATUS": "pending", "STATUS_MEANING": "unpaid", "STATUS_REASON": "it isn't paid"},
        {"STATUS_GROUP": "dead", "ORD_STATUS": "cancelled", "STATUS_MEANING": "dead", "STATUS_REASON": "cancelled"},
    ],
    ids=["waits", "dead"],
)
def test_what_is_skipped_is_known_as_any_other(shop, change: dict[str, Any]):
    stage(shop.database, order(4711, READ_MARK=MARK, **change))
    assert shop.staged()["STATE"] == "SKIPPED"
    assert known(shop) == {4711: MARK}


def test_what_is_set_aside_or_gone_is_known_no_more(shop):
    stage(shop.database, order(1, READ_MARK=MARK), order(2, READ_MARK=MARK))
    stage(shop.database, {"WOO_ORDER_ID": 1, "UNREADABLE": 1, "STATUS_REASON": "its total is no amount"})
    stage(shop.database, {"WOO_ORDER_ID": 2, "VANISHED": 1})
    assert known(shop, 1, 2) == {}
    assert {shop.staged(number)["READ_MARK"] for number in (1, 2)} == {None}


def test_another_order_of_a_known_id_leaves_no_mark(shop):
    shop.apply(line(1), ORDER_KEY="wc_order_old", READ_MARK=MARK)
    assert known(shop) == {4711: MARK}
    stage(shop.database, order(4711, line(1), ORDER_KEY="wc_order_new", READ_MARK="other", **LATER))
    assert known(shop) == {}
    assert shop.staged()["READ_MARK"] is None


@pytest.mark.parametrize("orders", ["", "no JSON", "{}"])
def test_ids_come_as_a_json_array(shop, orders: str):
    with pytest.raises(BadArgument, match="@ORDERS takes a JSON array"):
        shop.database.run(ListKnownOrders(store_id="woocommerce", orders=orders))
