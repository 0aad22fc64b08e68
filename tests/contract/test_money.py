"""Amounts that a document's two decimals hold are written to the cent; those that they don't go to a person, whole."""

from __future__ import annotations

import json
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import ClaimStagedOrders, ValidateStagedOrder
from syncctl.demo.store_amounts import Manner
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce_orders import read_order
from tests.orders import charge, line, order, stage
from tests.shop import Shop
from tests.woo_money import Setup, reckoned

D = Decimal
BUILDER = ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC"))


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def violations(shop, *lines, currency="USD", **columns):
    """Stage an order and say what is wrong with its amounts: code, field, value."""
    [result] = stage(shop.database, order(4711, *lines, CURRENCY=currency, **columns))
    found = shop.database.run(ValidateStagedOrder(staging_id=result.staging_id, erp_currency=currency, price_check="off"))
    return [(row.code, row.field, row.value) for row in found if row.severity == "error"]


@pytest.mark.parametrize(
    ("setup", "decimals", "total", "rounding"),
    [
        (Setup(rate=D("0.27")), 6, "44.78", "-0.01"),
        (Setup(rate=D("0.27"), sums_rounded_lines=True), 6, "44.79", None),
        (Setup(rate=D("0.27"), at_subtotal=True), 2, "44.78", "-0.01"),
        (Setup(rate=D("0.27"), decimals=0), 6, "44.00", "-0.27"),
        (Setup(rate=D("0.27"), prices_include_tax=True), 6, "35.26", None),
        (Setup(rate=D("0")), 2, "35.26", "-0.01"),
    ],
)
def test_rounding_is_a_charge_of_its_own(shop, setup, decimals, total, rounding):
    raw = Manner(decimals=decimals).write(reckoned(setup, [(1, "33.415", 0), (1, "1.848", 0)], order_id=4711), None)
    stage(shop.database, BUILDER.content(read_order(raw)))
    doc = shop.work(shop.claim()).doc_id
    totals = shop.totals(doc)
    assert str(totals["TOT"]) == total
    charges = shop.query("SELECT MISC_AMT FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = ?", (doc,))
    assert [str(row["MISC_AMT"]) for row in charges] == ([rounding] if rounding else [])
    note = shop.one("SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = ? AND NOTE_ID = 'WEB-ORDER'", doc)["NOTE"]
    assert ("Charge: fee: Rounding" in note) == bool(rounding)


def test_a_total_of_three_decimals_is_not_cut(shop):
    assert violations(shop, line(1, total="12.345")) == [("amount", "TOT_AMT", "12.3450")]
    assert shop.staged()["TOT_AMT"] == D("12.345")


def test_where_the_smallest_coin_is_a_thousandth_every_amount_counts(shop):
    found = violations(
        shop,
        line(1, total="3.347"),
        line(2, total="5.000"),
        charges=[charge(amount="2.653")],
        currency="KWD",
    )
    assert found == [
        ("amount", "LINE_ITEMS[1].SUBTOT_AMT", "3.3470"),
        ("amount", "LINE_ITEMS[1].TOT_AMT", "3.3470"),
        ("amount", "CHARGES[1].AMT", "2.6530"),
    ]


def test_dinars_without_a_third_decimal_are_an_order_like_any_other(shop):
    assert violations(shop, line(1, total="3.350"), charges=[charge(amount="2.650")], currency="KWD") == []


def test_a_price_list_and_a_quantity_that_come_to_more_than_the_columns_hold_are_compared_all_the_same(shop):
    shop.query("UPDATE dbo.IM_PRC SET PRC_1 = ? WHERE ITEM_NO = 'TEE-BLK'", (D("1000.0000"),))
    [result] = stage(shop.database, order(4711, line(1, qty="9000000000", total="19.99")))
    found = shop.database.run(ValidateStagedOrder(staging_id=result.staging_id))
    assert [row.code for row in found] == ["price"]
    assert json.loads(shop.staged()["LINE_ITEMS_JSON"])[0]["QTY"] == "9000000000"
    assert len(shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))) == 1
