"""What the item port promises, whatever ERP stands behind it: what a store should say of its stock, and what it was told."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.db.contract import (
    CountStoreItems,
    ListErpItems,
    ListPriceChanges,
    ListStockChanges,
    ListWebItems,
    NoteStockTold,
    NoteStoreItems,
    SetErpSetting,
    SetItemMap,
    SetWebItem,
    StockChange,
)
from syncctl.errors import BadArgument
from tests.conformance.ledgers import Ledger
from tests.orders import line, order, stage

D = Decimal
STORE = "woocommerce"
SKUS = ("TEE-BLK", "MUG", "CAP")


def listed(ledger: Ledger, *items: dict[str, Any], listing: str = "one", last: bool = True) -> tuple[int, int]:
    known = {"PARENT_ID": 0, "IS_MANAGED": 1, "IS_BACKORDER": 0, "STORE_QTY": "100"}
    rows = [{**known, "PRODUCT_ID": number, **item} for number, item in enumerate(items, start=11)]
    [noted] = ledger.database.run(NoteStoreItems(store_id=STORE, listing=listing, items=json.dumps(rows), is_last=last))
    return noted.noted, noted.forgotten


def offered(ledger: Ledger, **how: Any) -> dict[str, StockChange]:
    return {change.sku: change for change in ledger.database.run(ListStockChanges(store_id=STORE, **how))}


def wanted(ledger: Ledger) -> dict[str, Decimal | None]:
    return {sku: change.wanted_qty for sku, change in offered(ledger).items()}


@pytest.fixture
def items(ledger: Ledger) -> Ledger:
    """A shop of three items that the store has listed, a hundred of each."""
    assert listed(ledger, *({"SKU": sku} for sku in SKUS)) == (3, 0)
    return ledger


def test_what_differs_is_told_with_how_it_is_reckoned(items):
    items.put_stock("MUG", "7")
    changes = offered(items)
    mug = changes["MUG"]
    assert (mug.store_qty, mug.wanted_qty, mug.on_hand, mug.held, mug.staged, mug.standing) == (100, 7, 7, 0, 0, "differs")
    assert {change.standing for sku, change in changes.items() if sku != "MUG"} == {"same"}


def test_an_order_holds_its_items_from_the_moment_it_is_staged_and_once(items):
    items.put_stock("TEE-BLK", "10")
    stage(items.database, order(1, line(1, "TEE-BLK", "2", "39.98"), line(2, "TEE-BLK", "1", "19.99")))
    staged = offered(items)["TEE-BLK"]
    assert (staged.wanted_qty, staged.staged, staged.held) == (7, 3, 0)
    claimed = items.claim()
    assert offered(items)["TEE-BLK"].wanted_qty == 7
    items.work(claimed)
    applied = offered(items)["TEE-BLK"]
    assert (applied.wanted_qty, applied.staged, applied.held) == (7, 0, 3)


def test_what_the_store_may_have_counted_by_itself_is_told_again(items, clock):
    def standings() -> set[str]:
        return {sku for sku, change in offered(items).items() if change.standing == "doubted"}

    def told(quantity: str, doubted: str | None) -> None:
        answer = {"PRODUCT_ID": 11, "QTY": quantity, "DOUBTED": doubted}
        items.database.run(NoteStockTold(store_id=STORE, told=json.dumps([answer])))

    for sku in ("TEE-BLK", "MUG"):
        items.put_stock(sku, "102")  # as many more came in as the order takes: what was told last is right still
    stage(items.database, order(1, line(1, "TEE-BLK", "2", "39.98", product=11), line(2, "MUG", "2", "20.00", product=12)))
    assert standings() == {"TEE-BLK", "MUG"}
    told("100", None)
    assert standings() == {"TEE-BLK", "MUG"}, "it was reckoned before the order came"
    moment = offered(items)["TEE-BLK"].doubted_dt
    assert moment
    told("100", moment.replace(tzinfo=None).isoformat(" ", "milliseconds"))
    assert standings() == {"MUG"}
    clock.move(timedelta(minutes=1))
    stage(items.database, order(1, line(2, "MUG", "2", "20.00", product=12)))
    assert offered(items)["TEE-BLK"].doubted_dt, "taken out of the order, it went back"
    assert wanted(items)["TEE-BLK"] == 102
    stage(items.database, order(1, line(2, "MUG", "2", "20.00", product=12)))
    assert standings() == {"MUG"}, "the same page again changes nothing"


def test_of_an_edited_order_only_what_is_new_is_held_twice_by_nobody(items):
    items.put_stock("TEE-BLK", "10")
    items.apply(line(1, "TEE-BLK", "2", "39.98"))
    assert wanted(items)["TEE-BLK"] == 8
    stage(
        items.database,
        order(4711, line(1, "TEE-BLK", "5", "99.95"), line(2, "MUG", "1", "8.00"), WOO_MODIFIED_DT="2026-11-20T12:00:00.000"),
    )
    edited = offered(items)
    assert (edited["TEE-BLK"].wanted_qty, edited["TEE-BLK"].held, edited["TEE-BLK"].staged) == (5, 2, 3)
    assert edited["MUG"].wanted_qty == 99
    stage(items.database, order(4711, line(1, "TEE-BLK", "1", "19.99"), WOO_MODIFIED_DT="2026-11-20T13:00:00.000"))
    assert wanted(items)["TEE-BLK"] == 8, "what is taken off is free once the document says so"


def test_orders_that_stay_out_of_the_erp_hold_what_the_store_has_taken(items):
    items.put_stock("MUG", "10")
    waits = {"ORD_STATUS": "on-hold", "STATUS_MEANING": "unpaid", "STATUS_REASON": "status on-hold"}
    stage(items.database, order(1, line(1, "MUG", "4", "32.00"), **waits))
    items.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'SKIPPED', PENDING_ACTION = NULL", ())
    assert wanted(items)["MUG"] == 6
    items.database.run(SetErpSetting(setting_name="WEB_HOLD_STATUSES", value=""))
    assert wanted(items)["MUG"] == 10
    items.database.run(SetErpSetting(setting_name="WEB_HOLD_STATUSES", value="other, on-hold"))
    assert wanted(items)["MUG"] == 6


def test_nothing_is_ever_below_zero_and_parts_of_a_piece_are_not_offered(items):
    items.put_stock("MUG", "-3")
    items.put_stock("CAP", "2.75")
    assert (wanted(items)["MUG"], wanted(items)["CAP"]) == (0, 2)


def test_a_reserve_stays_back_and_packs_are_counted_whole(items):
    items.database.run(SetErpSetting(setting_name="WEB_RESERVE", value="2"))
    items.database.run(SetWebItem(store_id="*", sku="MUG", pack_qty=D(6)))
    items.database.run(SetWebItem(store_id=STORE, sku="CAP", reserve_qty=D(0)))
    for sku in SKUS:
        items.put_stock(sku, "20")
    assert wanted(items) == {"TEE-BLK": 18, "MUG": 3, "CAP": 20}
    items.database.run(SetWebItem(store_id=STORE, sku="CAP", is_off=True))
    assert wanted(items)["CAP"] == 0
    assert items.database.run(SetWebItem(store_id=STORE, sku="CAP", is_removed=True)) == []
    assert wanted(items)["CAP"] == 18


def test_more_than_anybody_has_is_told_by_nobody(items):
    items.database.run(SetWebItem(store_id="*", sku="CAP", pack_qty=D("0.0001")))
    items.put_stock("TEE-BLK", "999999999")
    items.put_stock("MUG", "1000000000")
    items.put_stock("CAP", "200000")
    stage(items.database, *(order(number, line(1, "TEE-BLK", "90000000000", "1.00")) for number in (1, 2)))
    found = offered(items)
    assert {sku: change.standing for sku, change in found.items()} == {
        "TEE-BLK": "differs",
        "MUG": "unreadable",
        "CAP": "unreadable",
    }
    assert (found["TEE-BLK"].wanted_qty, found["MUG"].wanted_qty, found["CAP"].wanted_qty) == (0, None, None)
    items.put_stock("MUG", "-1000000000")
    assert offered(items)["MUG"].standing == "unreadable"


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999", "1e15", "lots", ""])
def test_what_is_no_amount_is_told_by_nobody(ledger, amount):
    if ledger.database.engine != "embedded":
        pytest.skip("NOT tested on SQL Server, because its columns hold no such thing")
    listed(ledger, *({"SKU": sku, "REGULAR": "10"} for sku in SKUS))
    ledger.put_garbage("MUG", amount)
    ledger.database.run(SetErpSetting(setting_name="WEB_TAX_RATE", value="19"))
    assert (offered(ledger)["MUG"].standing, offered(ledger)["MUG"].wanted_qty) == ("unreadable", None)
    prices = {change.sku: change for change in ledger.database.run(ListPriceChanges(store_id=STORE, includes_tax=True))}
    assert (prices["MUG"].standing, prices["MUG"].regular, prices["MUG"].sale) == ("unpriced", None, None)
    assert {prices[sku].standing for sku in ("CAP", "TEE-BLK")} <= {"same", "differs"}


def test_an_item_that_is_switched_off_is_offered_no_more(items):
    items.switch_off("CAP")
    assert wanted(items)["CAP"] == 0


def test_what_is_left_alone_says_why(ledger):
    rows = [
        {"SKU": "NO-SUCH"},
        {"SKU": ""},
        {"SKU": "MUG", "IS_MANAGED": 0},
        {"SKU": "CAP", "IS_BACKORDER": 1, "STORE_QTY": None},
    ]
    listed(ledger, *rows)
    assert {sku: change.standing for sku, change in offered(ledger).items()} == {
        "": "unknown",
        "NO-SUCH": "unknown",
        "MUG": "unmanaged",
        "CAP": "backorder",
    }
    ledger.database.run(SetItemMap(store_id="*", sku="NO-SUCH", item_no="TEE-BLK"))
    known = offered(ledger, skus=json.dumps(["NO-SUCH"]))
    assert [(change.item_no, change.standing) for change in known.values()] == [("TEE-BLK", "same")]


def test_what_the_store_took_and_refused_is_remembered(items, clock):
    items.put_stock("MUG", "7")
    items.put_stock("CAP", "5")
    told = [{"PRODUCT_ID": 12, "QTY": "7"}, {"PRODUCT_ID": 13, "ERROR": "no" * 400}, {"PRODUCT_ID": 999, "QTY": "1"}]
    [answer] = items.database.run(NoteStockTold(store_id=STORE, told=json.dumps(told)))
    assert (answer.took, answer.refused) == (2, 1)
    assert (offered(items)["MUG"].standing, offered(items)["CAP"].standing) == ("same", "waiting")
    assert len(offered(items)["CAP"].error_message) == 500
    [count] = items.database.run(CountStoreItems(store_id=STORE))
    assert (count.items, count.managed, count.told, offered(items)["MUG"].told_dt) == (3, 3, 1, clock.now)
    waits = []
    for _ in range(8):
        due = offered(items)["CAP"].next_attempt_dt
        waits.append(int((due - clock.now).total_seconds() // 60))
        clock.move(due - clock.now + timedelta(seconds=1))
        assert offered(items)["CAP"].standing == "differs"
        items.database.run(NoteStockTold(store_id=STORE, told=json.dumps([{"PRODUCT_ID": 13, "ERROR": "no"}])))
    assert waits == [15, 30, 60, 120, 240, 480, 1440, 1440]
    items.database.run(NoteStockTold(store_id=STORE, told=json.dumps([{"PRODUCT_ID": 13, "QTY": "5"}])))
    assert offered(items)["CAP"].standing == "same"
    assert offered(items)["CAP"].error_message is None


def test_what_the_store_is_not_told_of_any_more_was_neither_told_nor_refused(items):
    told = [{"PRODUCT_ID": 11, "QTY": "100"}, {"PRODUCT_ID": 12, "QTY": "100"}, {"PRODUCT_ID": 13, "ERROR": "no"}]
    items.database.run(NoteStockTold(store_id=STORE, told=json.dumps(told)))
    left = [{"PRODUCT_ID": number, "IS_LEFT": 1} for number in (12, 13, 99)]
    [answer] = items.database.run(NoteStockTold(store_id=STORE, told=json.dumps([*left, {"PRODUCT_ID": 11, "QTY": "3"}])))
    assert (answer.took, answer.refused) == (1, 0)
    known = offered(items)
    assert {sku: change.store_qty for sku, change in known.items()} == {"TEE-BLK": 3, "MUG": 100, "CAP": 100}
    assert [sku for sku, change in known.items() if change.told_dt or change.next_attempt_dt or change.error_message] == [
        "TEE-BLK"
    ]


def test_a_new_listing_replaces_the_old_one_whole(items):
    assert listed(items, {"SKU": "MUG", "STORE_QTY": "3"}, listing="two", last=False) == (1, 0)
    assert items.database.run(CountStoreItems(store_id=STORE))[0].listings == 2
    assert set(offered(items)) == {"MUG", "CAP"}, "the first product has another SKU now, the rest is as it was"
    assert listed(items, listing="two") == (0, 2)
    assert items.database.run(CountStoreItems(store_id=STORE))[0].listings == 1
    assert set(offered(items)) == {"MUG"}
    assert offered(items)["MUG"].store_qty == 3


def test_what_can_not_be_read_stays_as_it_was_known(items, clock):
    rows = [{"PRODUCT_ID": 21, "PARENT_ID": 20, "SKU": "S"}, {"PRODUCT_ID": 22, "PARENT_ID": 20, "SKU": "M"}, {"SKU": "MUG"}]
    listed(items, *rows, listing="first")  # the last is product 13
    items.database.run(NoteStockTold(store_id=STORE, told='[{"PRODUCT_ID": 21, "QTY": "4"}]'))
    kept = {"IS_KEPT": 1}
    assert listed(items, *({"PRODUCT_ID": each, **kept} for each in (20, 13, 99)), listing="two") == (0, 0)
    known = offered(items)
    assert (set(known), known["S"].store_qty, known["S"].told_dt is None) == ({"S", "M", "MUG"}, 4, False)
    assert listed(items, {"PRODUCT_ID": 21, **kept}, {"SKU": "CUP"}, listing="three") == (1, 2), "one variation alone"
    assert set(offered(items)) == {"S", "CUP"}
    assert listed(items, {"PRODUCT_ID": 0, **kept}, {"SKU": "PEN"}, listing="four") == (1, 0), "nobody can say which it is"
    assert set(offered(items)) == {"S", "PEN"}
    assert items.database.run(CountStoreItems(store_id=STORE))[0].listed_dt == clock.now


def test_another_stores_items_are_its_own(items):
    items.database.run(NoteStoreItems(store_id="outlet", listing="x", items='[{"PRODUCT_ID": 1, "SKU": "MUG"}]', is_last=True))
    assert len(offered(items)) == 3
    [count] = items.database.run(CountStoreItems(store_id="outlet"))
    assert (count.items, count.managed, count.listed_dt is None, count.told) == (1, 0, False, 0)
    assert items.database.run(CountStoreItems(store_id="nobody"))[0].items == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (NoteStoreItems(store_id="", listing="", items="{}"), "@STORE_ID is required. @LISTING is required. @ITEMS takes"),
        (ListStockChanges(store_id=STORE, skus="x"), "@SKUS takes a JSON array"),
        (NoteStockTold(store_id=STORE, told="{}"), "@TOLD takes a JSON array"),
        (SetWebItem(store_id="", sku=" ", pack_qty=D(0), reserve_qty=D(-1)), "@PACK_QTY must be above 0. @RESERVE_QTY"),
        (SetErpSetting(setting_name="WEB_RESERVE", value="some"), "WEB_RESERVE takes a number"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused(ledger, call, said):
    with pytest.raises(BadArgument, match=said):
        ledger.database.run(call)


def test_the_erps_items_are_listed_and_those_that_are_switched_off_are_not(items):
    before = {row.item_no: row.descr for row in items.database.run(ListErpItems())}
    assert set(SKUS) <= set(before) and before["MUG"]
    items.switch_off("MUG")
    assert {row.item_no for row in items.database.run(ListErpItems())} == set(before) - {"MUG"}


def test_what_is_said_of_single_items_is_listed(items):
    assert items.database.run(ListWebItems()) == []
    items.database.run(SetWebItem(store_id="*", sku="MUG", pack_qty=D(6)))
    items.database.run(SetWebItem(store_id=STORE, sku="CAP", reserve_qty=D(2), is_off=True))
    found = [(row.store_id, row.sku, row.pack_qty, row.reserve_qty, row.is_off) for row in items.database.run(ListWebItems())]
    assert found == [(STORE, "CAP", D(1), D(2), True), ("*", "MUG", D(6), None, False)]
