"""What a site may choose for its documents (local time, profile field, stock columns), and what none could be written by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from syncctl.db.contract import AuditOrders, ListErpSettings, RollbackOrder, ValidateStagedOrder
from syncctl.errors import BadArgument, SyncError
from tests.orders import line, order, stage
from tests.shop import Shop

D = Decimal


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def setting(shop, name):
    return next(row.value for row in shop.database.run(ListErpSettings()) if row.name == name)


def stock(shop, *columns):
    """The stock of MUG in these columns."""
    row = shop.one("SELECT * FROM dbo.IM_INV WHERE ITEM_NO = 'MUG' AND LOC_ID = '01'")
    return tuple(row[column] for column in columns or ("QTY_ON_SO", "QTY_ON_ORD", "QTY_COMMIT"))


def audit(shop):
    found = shop.database.run(AuditOrders(inventory=True))
    return [row.detail for row in found if row.check_name == "inventory_equals_open_lines"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("WRITE_PAYMENT", "X", "WRITE_PAYMENT takes N"),
        ("WRITE_PAYMENT", "D", "WRITE_PAYMENT takes D once there is a deposit ticket"),
        ("SHIP_VIA_PROF", "PROF_ALPHA_6", "SHIP_VIA_PROF takes PROF_ALPHA_1 to PROF_ALPHA_5, or nothing"),
        ("STOCK_CHECK", "maybe", "STOCK_CHECK takes Y or N"),
        ("CUST_NO_FROM", "EC", "CUST_NO_FROM takes SERIES, EC_CTL or SY_WRKGRP"),
        ("STOCK_COLUMNS", "QTY_ON_HND", "STOCK_COLUMNS takes QTY_ON_SO, QTY_ON_ORD, QTY_COMMIT"),
        ("STOCK_COLUMNS", "QTY_ON_SO,QTY_ON_SOLD", "STOCK_COLUMNS takes"),
        ("STOCK_COLUMNS", ",", "STOCK_COLUMNS takes"),
    ],
)
def test_a_value_that_no_document_could_be_written_by_is_refused(shop, name, value, told):
    before = setting(shop, name)
    with pytest.raises(BadArgument, match=told):
        shop.setting(name, value)
    assert setting(shop, name) == before


def test_a_time_zone_that_windows_does_not_know_is_refused(shop):
    """An engine that can't catch that error tells it in its own words."""
    with pytest.raises(
        SyncError, match=r"TIME_ZONE takes the name that Windows has for a time zone|AT TIME ZONE clause is invalid"
    ):
        shop.setting("TIME_ZONE", "Mars/Olympus")
    assert setting(shop, "TIME_ZONE") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHIP_VIA_PROF", "PROF_ALPHA_5"),
        ("STOCK_COLUMNS", "QTY_COMMIT"),
        ("STOCK_COLUMNS", "QTY_COMMIT, QTY_ON_ORD,QTY_ON_SO"),
        ("TIME_ZONE", "W. Europe Standard Time"),
        ("TIME_ZONE", "UTC"),
    ],
)
def test_what_makes_sense_is_kept(shop, name, value):
    shop.setting(name, value)
    assert setting(shop, name) == value


@pytest.mark.parametrize("name", ["TIME_ZONE", "SHIP_VIA_PROF"])
def test_a_choice_may_be_taken_back(shop, name):
    shop.setting(name, {"TIME_ZONE": "UTC", "SHIP_VIA_PROF": "PROF_ALPHA_1"}[name])
    shop.setting(name, "")
    assert setting(shop, name) is None


# --- Time ---------------------------------------------------------------------------------------------------------------


def written(shop, doc):
    """When the document says that it was entered or changed, local columns first, then the one in UTC."""
    entry = shop.one("SELECT CURR_DT FROM dbo.PS_DOC_AUDIT_LOG")["CURR_DT"]
    note = shop.one("SELECT NOTE_DAT FROM dbo.PS_DOC_NOTE WHERE NOTE_ID = 'WEB-ORDER'")["NOTE_DAT"]
    header = shop.header(doc)
    return [f"{moment:%d %H:%M}" for moment in (entry, note, header["LST_MAINT_DT"], header["RS_UTC_DT"])]


@pytest.mark.parametrize(
    ("day", "local"),
    [(datetime(2026, 11, 20, 12, tzinfo=UTC), "20 07:00"), (datetime(2027, 7, 20, 12, tzinfo=UTC), "20 08:00")],
    ids=["in winter, five hours behind", "in summer, four"],
)
def test_local_columns_have_the_sites_time_and_the_others_utc(shop, clock, day, local):
    shop.setting("TIME_ZONE", "Eastern Standard Time")
    clock.now = day
    doc = shop.apply(line(1)).doc_id
    assert written(shop, doc) == [local, local, local, "20 12:00"]
    clock.move(timedelta(hours=13))
    shop.cancel(line(1))
    told = shop.one("SELECT NOTE_DAT FROM dbo.PS_DOC_NOTE WHERE NOTE_ID = 'SYNC-CANCEL'")["NOTE_DAT"]
    moved = {"20 07:00": "20 20:00", "20 08:00": "20 21:00"}[local]
    assert (f"{told:%d %H:%M}", written(shop, doc)[2:]) == (moved, [moved, "21 01:00"])


def test_a_zone_on_the_other_side_of_midnight(shop):
    shop.setting("TIME_ZONE", "Tonga Standard Time")
    assert written(shop, shop.apply(line(1)).doc_id) == ["21 01:00", "21 01:00", "21 01:00", "20 12:00"]


def test_without_a_zone_it_is_the_servers_own_time(shop):
    ours = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    if shop.database.engine == "embedded":
        ours = ours.astimezone()
    else:
        [offset] = shop.query("SELECT DATEPART(TZoffset, SYSDATETIMEOFFSET()) AS MINUTES")
        ours += timedelta(minutes=offset["MINUTES"])
    local = f"{ours:%d %H:%M}"
    assert written(shop, shop.apply(line(1)).doc_id) == [local, local, local, "20 12:00"]


# --- Profile fields -----------------------------------------------------------------------------------------------------


def test_the_shipping_method_goes_where_the_site_keeps_it(shop):
    shop.setting("SHIP_VIA_PROF", "PROF_ALPHA_3")
    doc = shop.apply(line(1), SHIP_VIA="Free shipping, Express second day").doc_id
    row = shop.one("SELECT * FROM dbo.PS_DOC_HDR_PROF")
    assert (row["DOC_ID"], row["PROF_ALPHA_3"], row["PROF_ALPHA_1"]) == (doc, "Free shipping, Express second", None)
    shop.query("UPDATE dbo.PS_DOC_HDR_PROF SET PROF_ALPHA_1 = 'ours'")
    shop.apply(line(1, qty="2", total="39.98"), SHIP_VIA="USPS")
    row = shop.one("SELECT * FROM dbo.PS_DOC_HDR_PROF")
    assert (row["PROF_ALPHA_3"], row["PROF_ALPHA_1"]) == ("USPS", "ours")
    steps = shop.database.run(RollbackOrder(staging_id=shop.staged()["STAGING_ID"], reason="tests", decided_by="ann"))
    assert ("PS_DOC_HDR_PROF", f"DOC_ID = {doc}") in [(step.table_name, step.row_key) for step in steps]
    assert shop.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR_PROF") == []


def test_by_default_no_profile_is_written(shop):
    shop.apply(line(1))
    assert shop.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR_PROF") == []


# --- Stock --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "held"),
    [
        ("QTY_ON_SO", (3, 0, 0)),
        ("QTY_ON_ORD", (0, 3, 0)),
        ("QTY_COMMIT", (0, 0, 3)),
        ("QTY_ON_ORD, QTY_COMMIT", (0, 3, 3)),
    ],
)
def test_an_order_moves_the_stock_columns_that_the_site_chose(shop, chosen, held):
    shop.setting("STOCK_COLUMNS", chosen)
    shop.apply(line(1, "MUG", "3", "30.00"))
    assert (stock(shop), audit(shop)) == (held, [])
    shop.apply(line(1, "MUG", "5", "50.00"))
    assert (stock(shop), audit(shop)) == (tuple(5 if part else 0 for part in held), [])
    shop.cancel(line(1, "MUG", "5", "50.00"))
    assert (stock(shop), audit(shop)) == ((0, 0, 0), [])
    shop.apply(line(1, "MUG", "3", "30.00"))
    assert stock(shop) == held
    shop.database.run(RollbackOrder(staging_id=shop.staged()["STAGING_ID"], reason="tests", decided_by="ann"))
    assert stock(shop) == (0, 0, 0)


def test_a_stock_row_that_is_missing_is_made_with_what_is_held(shop):
    shop.setting("STOCK_COLUMNS", "QTY_ON_ORD,QTY_COMMIT")
    shop.query("DELETE FROM dbo.IM_INV WHERE ITEM_NO = 'MUG'")
    shop.apply(line(1, "MUG", "3", "30.00"))
    assert stock(shop, "QTY_ON_HND", "QTY_ON_SO", "QTY_ON_ORD", "QTY_COMMIT") == (0, 0, 3, 3)


def test_each_line_gives_back_what_it_took_whatever_the_site_chose_since(shop):
    shop.apply(line(1, "MUG", "3", "30.00"))
    shop.setting("STOCK_COLUMNS", "QTY_ON_ORD,QTY_COMMIT")
    assert audit(shop) == []
    shop.apply(line(1, "MUG", "4", "40.00"), line(2, "MUG", "2", "20.00"))
    assert (stock(shop), audit(shop)) == ((4, 2, 2), [])
    staging_id = shop.staged()["STAGING_ID"]
    steps = shop.database.run(RollbackOrder(staging_id=staging_id, reason="tests", decided_by="ann", dry_run=True))
    assert [step.change for step in steps if step.table_name == "IM_INV"] == [
        "QTY_ON_SO 4.0000 → 0.0000, QTY_ON_ORD 2.0000 → 0.0000, QTY_COMMIT 2.0000 → 0.0000"
    ]
    shop.cancel(line(1, "MUG", "4", "40.00"), line(2, "MUG", "2", "20.00"))
    assert stock(shop) == (0, 0, 0)


def test_a_line_from_before_the_choice_is_in_the_documented_column(shop):
    shop.apply(line(1, "MUG", "3", "30.00"))
    shop.query("UPDATE dbo.USER_ORDER_LINE_LINK SET STOCK_COLUMNS = NULL")
    shop.apply(line(1, "MUG", "5", "50.00"))
    assert (stock(shop), audit(shop)) == ((5, 0, 0), [])
    shop.cancel(line(1, "MUG", "5", "50.00"))
    assert stock(shop) == (0, 0, 0)


def test_the_audit_looks_at_each_column_that_the_site_chose(shop):
    shop.setting("STOCK_COLUMNS", "QTY_ON_ORD,QTY_COMMIT")
    shop.apply(line(1, "MUG", "3", "30.00"))
    shop.query("UPDATE dbo.IM_INV SET QTY_ON_SO = '7.0000', QTY_COMMIT = '2.0000' WHERE ITEM_NO = 'MUG'")
    assert audit(shop) == ["item MUG at 01: QTY_COMMIT 2.0000, open lines 3.0000"]


def short(shop, *lines, **columns):
    """What validation says of the stock."""
    stage(shop.database, order(4712, *lines, **columns))
    [staged] = shop.query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = 4712")
    found = shop.database.run(ValidateStagedOrder(staging_id=staged["STAGING_ID"]))
    return [(row.severity, row.field, row.message) for row in found if row.code == "stock"]


@pytest.mark.parametrize(
    ("chosen", "column"),
    [
        ("QTY_ON_SO", "QTY_ON_SO"),
        ("QTY_ON_ORD", "QTY_ON_ORD"),
        ("QTY_ON_ORD,QTY_COMMIT", "QTY_COMMIT"),
    ],
)
def test_more_than_is_available_is_told_where_the_site_wants_to_know(shop, chosen, column):
    shop.setting("STOCK_COLUMNS", chosen)
    shop.query(f"UPDATE dbo.IM_INV SET QTY_ON_HND = '10.0000', {column} = '4.0000' WHERE ITEM_NO = 'MUG'")
    lines = (line(1), line(2, "MUG", "3", "30.00"), line(3, "MUG", "4", "40.00"))
    assert short(shop, *lines) == []
    shop.setting("STOCK_CHECK", "Y")
    told = "Item MUG: 7.0000 ordered, 6.0000 available in the ERP."
    assert short(shop, *lines) == [("warning", "LINE_ITEMS[2].QTY", told)]
    assert short(shop, line(2, "MUG", "6", "60.00")) == []
    shop.query("DELETE FROM dbo.IM_INV WHERE ITEM_NO = 'MUG'")
    assert [message for _, _, message in short(shop, line(2, "MUG", "1", "10.00"))] == [
        "Item MUG: 1.0000 ordered, 0.0000 available in the ERP."
    ]
    shop.query("UPDATE dbo.IM_ITEM SET ITEM_TYP = 'S' WHERE ITEM_NO = 'MUG'")
    assert short(shop, line(2, "MUG", "1", "10.00"), WOO_ORDER_NO="again") == []


def test_what_an_order_holds_itself_is_available_to_it(shop):
    shop.setting("STOCK_CHECK", "Y")
    shop.query("UPDATE dbo.IM_INV SET QTY_ON_HND = '5.0000' WHERE ITEM_NO = 'MUG'")
    shop.apply(line(1, "MUG", "4", "40.00"), WOO_ORDER_ID=4712)
    assert short(shop, line(1, "MUG", "5", "50.00")) == []
    assert [message for _, _, message in short(shop, line(1, "MUG", "6", "60.00"))] == [
        "Item MUG: 6.0000 ordered, 5.0000 available in the ERP."
    ]
