"""What the item port promises of prices, whatever ERP stands behind it: what a store should ask, and what it was told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.db.contract import (
    CountStoreItems,
    ListPriceChanges,
    ListRefusedItems,
    NotePriceTold,
    NoteStockTold,
    NoteStoreItems,
    PriceChange,
    SetErpSetting,
    SetWebItem,
)
from syncctl.errors import BadArgument
from tests.conformance.ledgers import Ledger

D = Decimal
STORE = "woocommerce"
SKUS = ("TEE-BLK", "MUG", "CAP")


def listed(ledger: Ledger, *items: dict[str, Any]) -> None:
    known = {"PARENT_ID": 0, "IS_MANAGED": 1, "IS_PRICED": 1, "REGULAR": "10.00"}
    rows = [{**known, "PRODUCT_ID": number, **item} for number, item in enumerate(items, start=11)]
    ledger.database.run(NoteStoreItems(store_id=STORE, listing="one", items=json.dumps(rows), is_last=True))


def asked(ledger: Ledger, **how: Any) -> dict[str, PriceChange]:
    return {change.sku: change for change in ledger.database.run(ListPriceChanges(store_id=STORE, **how))}


def standings(ledger: Ledger, **how: Any) -> dict[str, str]:
    return {sku: change.standing for sku, change in asked(ledger, **how).items()}


def told(ledger: Ledger, *answers: dict[str, Any]) -> tuple[int, int]:
    [row] = ledger.database.run(NotePriceTold(store_id=STORE, told=json.dumps(answers)))
    return row.took, row.refused


def refused(ledger: Ledger) -> dict[str, str]:
    return {row.sku: row.error_message for row in ledger.database.run(ListRefusedItems(store_id=STORE, kind="price"))}


@pytest.fixture
def items(ledger: Ledger) -> Ledger:
    """A shop of three items at 10.00 each, in the store and in the ERP."""
    for sku in SKUS:
        ledger.put_price(sku, "10")
    listed(ledger, *({"SKU": sku} for sku in SKUS))
    return ledger


def test_what_differs_stands_beside_what_the_store_asks(items):
    items.put_price("MUG", "12.5")
    changes = asked(items)
    assert {sku: change.standing for sku, change in changes.items()} == {"TEE-BLK": "same", "MUG": "differs", "CAP": "same"}
    mug = changes["MUG"]
    assert (mug.store_regular, mug.regular, mug.store_sale, mug.sale, mug.sale_fault) == (10, D("12.5"), None, None, None)
    assert list(asked(items, skus='["MUG", "NO-SUCH"]')) == ["MUG"]


@pytest.mark.parametrize("price", ["0", "-3", None, "1000000000", "0.004"])
def test_a_price_that_is_none_is_wanted_by_nobody(items, price):
    items.put_price("MUG", price)
    assert standings(items)["MUG"] == "unpriced"


def test_a_price_has_the_decimals_of_the_currency_and_halves_go_up(items):
    items.put_price("MUG", "12.3450")
    items.put_price("CAP", "9.4949")
    assert [asked(items, decimals=each)["MUG"].regular for each in (0, 1, 2, 3)] == [12, D("12.3"), D("12.35"), D("12.345")]
    assert [asked(items, decimals=each)["CAP"].regular for each in (0, 1, 2)] == [9, D("9.5"), D("9.49")]


def test_a_price_that_the_store_writes_another_way_is_the_same(items):
    listed(items, {"SKU": "MUG", "REGULAR": "10"}, {"SKU": "CAP", "REGULAR": "10.000"}, {"SKU": "TEE-BLK", "REGULAR": ""})
    assert standings(items) == {"MUG": "same", "CAP": "same", "TEE-BLK": "differs"}
    assert asked(items)["TEE-BLK"].store_regular is None


@pytest.mark.parametrize(
    ("erp_includes", "store_includes", "wanted"),
    [(False, True, "11.90"), (True, False, "8.40"), (True, True, "10"), (False, False, "10"), (True, None, "10")],
)
def test_tax_goes_in_or_out_where_the_two_differ(items, erp_includes, store_includes, wanted):
    items.database.run(SetErpSetting(setting_name="WEB_TAX_RATE", value="19"))
    items.include_tax(erp_includes)
    assert asked(items, includes_tax=store_includes)["MUG"].regular == D(wanted)


def test_a_tax_that_nobody_knows_is_guessed_by_nobody(items):
    items.include_tax(False)
    items.tax_nothing("CAP")
    items.put_price("TEE-BLK", "0")
    assert standings(items, includes_tax=True) == {"TEE-BLK": "unpriced", "MUG": "untaxed", "CAP": "same"}
    assert standings(items, includes_tax=False)["MUG"] == "same"
    items.database.run(SetErpSetting(setting_name="WEB_TAX_RATE", value="7.7"))
    assert asked(items, includes_tax=True)["MUG"].regular == D("10.77")
    items.database.run(SetErpSetting(setting_name="WEB_TAX_RATE", value=""))
    assert standings(items, includes_tax=True)["MUG"] == "untaxed"


def test_what_is_left_alone_says_why(items):
    rows = [{"SKU": "NO-SUCH"}, {"SKU": ""}, {"SKU": "MUG", "IS_PRICED": 0}, {"SKU": "CAP"}, {"SKU": "TEE-BLK"}]
    listed(items, *rows)
    items.database.run(SetWebItem(store_id="*", sku="CAP", pack_qty=D(6)))
    items.switch_off("TEE-BLK")
    found = standings(items)
    assert found == {"": "unknown", "NO-SUCH": "unknown", "MUG": "unmanaged", "CAP": "pack", "TEE-BLK": "off"}
    items.database.run(SetWebItem(store_id="*", sku="CAP", is_off=True))
    assert standings(items)["CAP"] == "off"


def test_a_sale_of_the_store_that_the_erp_does_not_know_is_taken_back(items, clock):
    later, before = (clock.now + timedelta(days=days) for days in (3, -3))
    listed(
        items,
        {"SKU": "MUG", "SALE": "7.50"},
        {"SKU": "CAP", "SALE": "7.50", "SALE_TO_DT": before.isoformat()[:19]},
        {"SKU": "TEE-BLK", "SALE": "7.50", "SALE_FROM_DT": before.isoformat()[:19], "SALE_TO_DT": later.isoformat()[:19]},
    )
    assert standings(items) == {"MUG": "differs", "CAP": "same", "TEE-BLK": "differs"}
    there = asked(items)["TEE-BLK"]
    assert (there.store_sale, there.store_sale_from_dt, there.store_sale_to_dt) == (D("7.5"), None, later.replace(microsecond=0))
    assert asked(items)["CAP"].store_sale is None


def test_what_the_store_took_and_refused_is_remembered(items, clock):
    items.put_price("MUG", "12.50")
    items.put_price("CAP", "11")
    noted = told(items, {"PRODUCT_ID": 12, "REGULAR": "12.50"}, {"PRODUCT_ID": 13, "ERROR": "no" * 400}, {"PRODUCT_ID": 999})
    assert noted == (2, 1)
    assert standings(items) == {"TEE-BLK": "same", "MUG": "same", "CAP": "waiting"}
    assert (asked(items)["MUG"].told_dt, asked(items)["CAP"].told_dt) == (clock.now, None)
    assert {sku: len(error) for sku, error in refused(items).items()} == {"CAP": 500}
    [count] = items.database.run(CountStoreItems(store_id=STORE))
    assert (count.priced, count.prices_told, count.told) == (3, 1, 0), "of its stock nothing was said"
    waits = []
    for _ in range(8):
        due = asked(items)["CAP"].next_attempt_dt
        waits.append(int((due - clock.now).total_seconds() // 60))
        clock.move(due - clock.now + timedelta(seconds=1))
        assert standings(items)["CAP"] == "differs"
        told(items, {"PRODUCT_ID": 13, "ERROR": "no"})
    assert waits == [15, 30, 60, 120, 240, 480, 1440, 1440]
    assert told(items, {"PRODUCT_ID": 13, "REGULAR": "11.0000"}) == (1, 0)
    assert (standings(items)["CAP"], refused(items)) == ("same", {})


def test_stock_and_price_wait_each_for_itself(items):
    told(items, {"PRODUCT_ID": 12, "ERROR": "no"})
    items.database.run(NoteStockTold(store_id=STORE, told='[{"PRODUCT_ID": 12, "QTY": "3"}]'))
    assert refused(items) == {"MUG": "no"}
    told(items, {"PRODUCT_ID": 12, "REGULAR": "10", "SALE": "8", "SALE_TO_DT": "2099-01-02T03:04:05"})
    mug = asked(items)["MUG"]
    assert (mug.store_sale, mug.store_sale_to_dt) == (8, datetime(2099, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_what_the_store_is_not_told_of_any_more_was_neither_told_nor_refused(items):
    told(items, {"PRODUCT_ID": 12, "REGULAR": "12.50"}, {"PRODUCT_ID": 13, "ERROR": "no"})
    items.database.run(NoteStockTold(store_id=STORE, told='[{"PRODUCT_ID": 12, "QTY": "3"}]'))
    assert told(items, {"PRODUCT_ID": 12, "IS_LEFT": 1}, {"PRODUCT_ID": 13, "IS_LEFT": 1}) == (0, 0)
    [count] = items.database.run(CountStoreItems(store_id=STORE))
    assert (count.prices_told, count.told, refused(items), asked(items)["MUG"].store_regular) == (0, 1, {}, D("12.5"))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (ListPriceChanges(store_id="", skus="x", decimals=7), "@STORE_ID is required. @SKUS takes a JSON array. @DECIMALS takes"),
        (NotePriceTold(store_id=STORE, told="{}"), "@TOLD takes a JSON array"),
        *(
            (SetErpSetting(setting_name="WEB_TAX_RATE", value=value), "WEB_TAX_RATE takes")
            for value in ("100", "-1", "x", "1e1", ".5")
        ),
        (SetErpSetting(setting_name="WEB_PRICE_LIST", value="COST"), "WEB_PRICE_LIST takes"),
        (SetErpSetting(setting_name="WEB_PRICE_LIST", value=""), "WEB_PRICE_LIST takes a value"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused(ledger, call, said):
    with pytest.raises(BadArgument, match=said):
        ledger.database.run(call)
