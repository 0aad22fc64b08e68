"""A known id that belongs to another order by now, as in a restored shop: the first one's document stays, a person decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncctl.db.contract import ClaimStagedOrders, DecideDeadLetter, ListDeadLetters, ProcessStagedOrder, StageOrders
from tests.orders import line, order, stage
from tests.shop import Shop

FIRST: dict[str, Any] = {"ORDER_KEY": "wc_order_old"}
OTHER: dict[str, Any] = {
    "ORDER_KEY": "wc_order_new",
    "WOO_CREATED_DT": "2026-11-20T11:40:00.000",
    "WOO_MODIFIED_DT": "2026-11-20T11:45:00.000",
    "WOO_CUST_ID": 6,
    "CUST_EMAIL": "grace@example.test",
}
SAYS = (
    "its id belongs to another order by now, created 2026-11-20 11:40:00 and not 2026-11-20 11:00:00, as after a restore of the "
    "shop. Its document stays as it is. If it is the same order all the same: `syncctl stage --order-id 4711 --same-order`"
)


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def seen(shop: Shop, *lines: dict[str, Any], **columns: Any) -> tuple[str, str | None]:
    [result] = stage(shop.database, order(4711, *(lines or (line(1),)), **columns))
    return result.outcome, result.reason


def document(shop: Shop) -> list[str]:
    tables = ("PS_DOC_HDR", "PS_DOC_LIN", "PS_DOC_HDR_TOT", "PS_DOC_CONTACT", "IM_INV")
    return sorted(repr(tuple(row)) for table in tables for row in shop.query(f"SELECT * FROM dbo.{table}", ()))


def process(shop: Shop) -> str:
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    call = ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no)
    return str(shop.database.run(call)[-1].outcome)


def test_another_key_is_another_order_and_goes_to_a_person(shop):
    shop.apply(line(1), **FIRST)
    before = document(shop)
    assert seen(shop, line(7, "MUG", "3", "30.00"), **OTHER) == ("set_aside", SAYS)
    staged = shop.staged()
    assert (staged["STATE"], staged["ERROR_CLASS"], staged["VALIDATION_ERROR"]) == ("NEEDS_MANUAL_REVIEW", "unreadable", SAYS)
    assert (staged["CUST_EMAIL"], staged["ORDER_KEY"]) == ("ada@example.test", "wc_order_old")
    [letter] = shop.database.run(ListDeadLetters())
    assert letter.error_code == "another_order"
    assert shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1)) == []
    assert document(shop) == before


def test_where_only_the_key_differs_that_is_what_is_said(shop):
    shop.apply(line(1), **FIRST)
    said = SAYS.replace("created 2026-11-20 11:40:00 and not 2026-11-20 11:00:00", "which has another key (order_key)")
    assert seen(shop, ORDER_KEY="wc_order_new") == ("set_aside", said)


@pytest.mark.parametrize("group", ["dead", "wait"])
def test_what_becomes_of_the_other_order_is_not_done_to_the_first(shop, group):
    shop.apply(line(1), **FIRST)
    meaning = {"dead": "dead", "wait": "unpaid"}[group]
    status = {"STATUS_GROUP": group, "STATUS_MEANING": meaning, "STATUS_REASON": "no more", "ORD_STATUS": "failed"}
    assert seen(shop, **{**OTHER, **status})[0] == "set_aside"
    assert shop.staged()["PENDING_ACTION"] is None


def test_a_closed_document_is_not_reopened_for_another_order(shop):
    shop.apply(line(1), **FIRST)
    shop.cancel(line(1), **FIRST)
    assert seen(shop, **OTHER)[0] == "set_aside"


@pytest.mark.parametrize(
    "edit",
    [
        {"WOO_CUST_ID": 6, "CUST_EMAIL": "grace@example.test"},
        {"WOO_CREATED_DT": "2026-11-19T11:00:00.000"},
        {"WOO_CUST_ID": None, "WOO_CREATED_DT": "2026-11-19T11:00:00.000"},
    ],
    ids=["customer", "date", "both"],
)
def test_an_edit_of_the_same_order_passes(shop, edit):
    shop.apply(line(1), **FIRST)
    assert seen(shop, **{**FIRST, **edit})[0] == "restaged"
    assert process(shop) == "updated"


@pytest.mark.parametrize(("changes", "outcome"), [(("WOO_CREATED_DT",), "restaged"), (("WOO_CUST_ID", "CUST_EMAIL"), "restaged")])
def test_without_a_key_one_of_date_and_customer_may_change(shop, changes, outcome):
    shop.apply(line(1))
    assert seen(shop, **{name: OTHER[name] for name in changes})[0] == outcome


def test_without_a_key_another_date_and_customer_are_another_order(shop):
    shop.apply(line(1))
    assert seen(shop, **{**OTHER, "ORDER_KEY": None})[0] == "set_aside"


def test_an_order_without_a_key_gets_its_own_when_it_is_seen(shop):
    shop.apply(line(1))
    assert seen(shop, **FIRST)[0] == "unchanged"
    assert shop.staged()["ORDER_KEY"] == "wc_order_old"
    assert seen(shop)[0] == "unchanged"
    assert shop.staged()["ORDER_KEY"] == "wc_order_old"


def test_an_order_that_never_reached_the_erp_gives_way(shop):
    stage(shop.database, order(4711, line(1), **FIRST))
    assert seen(shop, **OTHER)[0] == "restaged"
    assert (shop.staged()["ORDER_KEY"], shop.staged()["CUST_EMAIL"]) == ("wc_order_new", "grace@example.test")


def test_when_the_first_order_is_back_it_goes_on(shop):
    shop.apply(line(1), **FIRST)
    seen(shop, **OTHER)
    back = {**FIRST, "WOO_MODIFIED_DT": "2026-11-20T11:50:00.000"}
    assert seen(shop, **back)[0] == "unchanged"
    assert shop.staged()["STATE"] == "APPLIED"


def test_a_person_may_say_that_it_is_the_same(shop):
    shop.apply(line(1), **FIRST)
    seen(shop, **OTHER)
    page = [order(4711, line(1), **OTHER) | {"SAME_ORDER": 1, "CONFIRMED": 1}]
    call = StageOrders(store_id="woocommerce", source_system="woocommerce", sync_id="s", orders=json.dumps(page))
    assert shop.database.run(call)[0].outcome == "restaged"
    assert shop.staged()["ORDER_KEY"] == "wc_order_new"
    assert process(shop) == "updated"


def test_one_who_gives_it_up_hears_of_it_no_more_until_it_changes(shop):
    shop.apply(line(1), **FIRST)
    before = document(shop)
    seen(shop, **OTHER)
    shop.database.run(DecideDeadLetter(staging_id=shop.staged()["STAGING_ID"], decision="cancel", decided_by="ann"))
    assert seen(shop, **OTHER)[0] == "unchanged"
    assert shop.staged()["STATE"] == "APPLIED"
    assert document(shop) == before
