"""The prices of CounterPoint: by price level, at the site's location."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import ListErpSettings, SetErpSetting
from syncctl.errors import BadArgument
from tests.conformance.ledgers import Ledger
from tests.conformance.test_price_port import asked, listed

ERP = "counterpoint"
D = Decimal


def choose(ledger: Ledger, name: str, value: str) -> None:
    ledger.database.run(SetErpSetting(setting_name=name, value=value))


@pytest.fixture
def items(ledger: Ledger) -> Ledger:
    """A mug at 10.00 whose list price is 12.00."""
    ledger.query("UPDATE dbo.IM_PRC SET PRC_1 = 10, REG_PRC = 12, PRC_2 = 8 WHERE ITEM_NO = 'MUG'", ())
    listed(ledger, {"SKU": "MUG"})
    return ledger


def prices(ledger: Ledger) -> tuple[Decimal | None, Decimal | None]:
    mug = asked(ledger)["MUG"]
    return mug.regular, mug.sale


def test_the_column_that_the_site_names_is_the_webs_price(items):
    assert prices(items) == (10, None)
    choose(items, "WEB_PRICE_LIST", "REG_PRC")
    assert prices(items) == (12, None)
    choose(items, "WEB_SALE_LIST", "prc_1")
    assert prices(items) == (12, 10)
    choose(items, "WEB_PRICE_LIST", "PRC_6")
    assert asked(items)["MUG"].standing == "unpriced"
    with pytest.raises(Exception, match="WEB_SALE_LIST takes PRC_1 to PRC_6 or REG_PRC"):
        choose(items, "WEB_SALE_LIST", "PRC_7")


def test_a_sale_is_one_where_it_is_lower(items):
    choose(items, "WEB_SALE_LIST", "PRC_2")
    assert prices(items) == (10, 8)
    for none in ("0", "10", "11", None):
        items.query("UPDATE dbo.IM_PRC SET PRC_2 = ? WHERE ITEM_NO = 'MUG'", (None if none is None else D(none),))
        assert prices(items) == (10, None)
        assert asked(items)["MUG"].sale_fault is None
    choose(items, "WEB_SALE_LIST", "")
    assert prices(items) == (10, None)


def test_where_the_location_has_no_price_that_of_all_counts_and_then_the_items_own(items):
    items.query("INSERT INTO dbo.IM_PRC (ITEM_NO, LOC_ID, PRC_1) VALUES ('MUG', 'WEB', 9)", ())
    assert prices(items) == (10, None)
    choose(items, "PRC_LOC_ID", "WEB")
    assert prices(items) == (9, None)
    items.query("UPDATE dbo.IM_PRC SET LOC_ID = '*' WHERE LOC_ID = 'WEB'", ())
    assert prices(items) == (9, None)
    items.query("DELETE FROM dbo.IM_PRC WHERE LOC_ID = '*'", ())
    assert asked(items)["MUG"].standing == "unpriced", "another location's price is none"
    items.query("UPDATE dbo.IM_ITEM SET PRC_1 = 7.25 WHERE ITEM_NO = 'MUG'", ())
    assert prices(items) == (D("7.25"), None)


def test_a_price_of_0_at_the_location_is_no_reason_to_take_another(items):
    items.query("UPDATE dbo.IM_ITEM SET PRC_1 = 7 WHERE ITEM_NO = 'MUG'", ())
    items.put_price("MUG", "0")
    assert asked(items)["MUG"].standing == "unpriced"


def test_a_location_without_stock_is_refused_and_those_that_have_some_are_named(items):
    for number in range(2, 14):
        items.query("INSERT INTO dbo.IM_INV (ITEM_NO, LOC_ID) VALUES ('MUG', ?)", (f"L{number:02d}",))
    for value, gone in (("01,NOWHERE", "NOWHERE"), ("NO SUCH PLACE, 01", "NOSUCHPLACE"), ("01, L02, 00", "00")):
        with pytest.raises(BadArgument, match=f"names the location {gone}, where the ERP keeps no stock. It does at: 01, L02,"):
            choose(items, "STOCK_LOCATIONS", value)
    with pytest.raises(BadArgument, match=r"L10, …\.$"):
        choose(items, "STOCK_LOCATIONS", "NOWHERE")
    for value in ("01, L02", ",01,", ""):
        choose(items, "STOCK_LOCATIONS", value)
    choose(items, "STOCK_LOCATIONS", "L02")
    choose(items, "STK_LOC_ID", "MAIN")
    items.query("DELETE FROM dbo.IM_INV WHERE LOC_ID = 'L02'", ())
    faults = {row.name: row.fault for row in items.database.run(ListErpSettings()) if row.fault}
    assert set(faults) == {"STOCK_LOCATIONS", "STK_LOC_ID"}
    assert faults["STK_LOC_ID"].startswith("STK_LOC_ID names the location MAIN, where the ERP keeps no stock.")
    items.query("DELETE FROM dbo.IM_INV", ())
    choose(items, "STOCK_LOCATIONS", "MAIN")
    assert not [row for row in items.database.run(ListErpSettings()) if row.fault], "an ERP without any stock says nothing"
