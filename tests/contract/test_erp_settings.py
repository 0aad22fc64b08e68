"""What a site has to set before its first order, the number series, and taking both from the ERP's own web shop."""

from __future__ import annotations

from importlib import resources

import pytest

from syncctl.db.contract import (
    ImportErpSettings,
    ListErpSettings,
    ListMissingErpSettings,
    ListNumberSeries,
    SetErpSetting,
    SetNumberSeries,
)
from syncctl.db.deploy_scripts import scripts
from syncctl.errors import BadArgument, ConfigError, NotFound
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def unset(database, query):
    """A database as a deploy leaves it: nobody has set up the site."""
    query("UPDATE dbo.USER_ERP_SETTING SET VALUE = NULL WHERE NAME IN ('STA_ID', 'DRW_ID')", ())
    query("DELETE FROM dbo.USER_NUMBER_SERIES WHERE SERIES IN ('DOC_ID', 'TKT_NO')", ())
    return database


def control(query, **columns):
    """Set the columns of the trial's only row of EC_CTL."""
    for column, value in columns.items():
        query(f"UPDATE dbo.EC_CTL SET {column} = ?", (value,))


def settings(database):
    return {setting.name: setting.value for setting in database.run(ListErpSettings())}


def series(database):
    return {row.series: (row.prefix, row.width, row.next_no) for row in database.run(ListNumberSeries())}


def outcomes(rows):
    return {row.name: (row.erp_value, row.site_value, row.outcome) for row in rows}


def test_a_site_has_no_station_and_no_series_until_it_sets_them(shop, unset):
    missing = unset.run(ListMissingErpSettings())
    assert [row.name for row in missing] == ["STA_ID", "DRW_ID", "the number series DOC_ID", "the number series TKT_NO"]
    assert missing[2].command == "syncctl config erp series DOC_ID --prefix DIGITS"
    stage(unset, order(4711, line(1)))
    claimed = shop.claim()
    with pytest.raises(ConfigError, match="STA_ID is not set") as refused:
        shop.work(claimed)
    assert refused.value.exit_code == 78
    assert shop.query("SELECT DOC_ID FROM dbo.PS_DOC_HDR") == []
    unset.run(SetErpSetting(setting_name="STA_ID", value="103"))
    unset.run(SetErpSetting(setting_name="DRW_ID", value="7"))
    unset.run(SetNumberSeries(series="DOC_ID", prefix="103"))
    assert [row.name for row in unset.run(ListMissingErpSettings())] == ["the number series TKT_NO"]
    unset.run(SetNumberSeries(series="TKT_NO", prefix="103-"))
    assert unset.run(ListMissingErpSettings()) == []
    done = shop.work(claimed)
    assert (done.doc_id, done.tkt_no) == (103000000001, "103-000001")


def test_the_station_and_the_series_of_the_tests_are_what_an_import_sets(unset, query):
    query("UPDATE dbo.USER_ERP_SETTING SET VALUE = NULL WHERE NAME = 'STA_ID'", ())
    unset.run(ImportErpSettings())
    assert unset.run(ListMissingErpSettings()) == []
    assert {name: settings(unset)[name] for name in ("STR_ID", "STA_ID", "DRW_ID")} == {
        "STR_ID": "01",
        "STA_ID": "101",
        "DRW_ID": "101",
    }
    assert (series(unset)["DOC_ID"], series(unset)["TKT_NO"]) == (("101", 9, 1), ("101-", 6, 1))


def test_an_import_sets_what_nobody_has_set_and_tells_the_rest(unset, query):
    control(query, STR_ID="20", ORD_STA_ID="020-1 ", ORD_DRW_ID="D1", ORD_BASE_TAX_COD="MEMTN", ORD_MISC_CHRG_NO=" ")
    would = unset.run(ImportErpSettings(dry_run=True))
    assert settings(unset)["STA_ID"] is None
    rows = unset.run(ImportErpSettings())
    assert rows == would
    told = outcomes(rows)
    assert told["STR_ID"] == ("20", "01", "set"), "what syncctl filled in counts as not set"
    assert told["STA_ID"] == ("020-1", None, "set")
    assert told["DRW_ID"] == ("D1", None, "set")
    assert told["TAX_COD"] == ("MEMTN", None, "set")
    assert told["MISC_CHRG_NO"] == (None, "1", "missing")
    assert told["DOC_ID"] == ("201", None, "set"), "digits, the first not 0"
    assert told["TKT_NO"] == ("020-1-", None, "set")
    assert told["STK_LOC_ID"] == (None, "01", "missing")
    assert told["ORD_CUST_NO"] == ("CASH", None, "by_hand")
    now = settings(unset)
    assert (now["STR_ID"], now["STA_ID"], now["DRW_ID"], now["TAX_COD"], now["MISC_CHRG_NO"]) == (
        "20", "020-1", "D1", "MEMTN", "1",
    )  # fmt: skip
    assert (series(unset)["DOC_ID"], series(unset)["TKT_NO"]) == (("201", 9, 1), ("020-1-", 6, 1))
    assert {outcome for _, _, outcome in outcomes(unset.run(ImportErpSettings())).values()} == {"same", "missing", "by_hand"}


def test_what_somebody_set_stays_unless_forced(unset, query):
    control(query, ORD_STA_ID="W1", ORD_BASE_TAX_COD="MEMTN")
    unset.run(SetErpSetting(setting_name="STA_ID", value="103"))
    unset.run(SetErpSetting(setting_name="TAX_COD", value="EC"))
    unset.run(SetNumberSeries(series="TKT_NO", prefix="X-", width=5, next_no=40))
    told = outcomes(unset.run(ImportErpSettings()))
    assert (told["STA_ID"], told["TAX_COD"]) == (("W1", "103", "kept"), ("MEMTN", "EC", "kept"))
    assert told["DOC_ID"] == ("103", None, "set"), "the series is that of the station that stays"
    assert told["TKT_NO"] == ("103-", "X-", "kept")
    assert (settings(unset)["STA_ID"], series(unset)["TKT_NO"]) == ("103", ("X-", 5, 40))
    told = outcomes(unset.run(ImportErpSettings(force=True)))
    assert (told["STA_ID"], told["TKT_NO"]) == (("W1", "103", "set"), ("W1-", "X-", "set"))
    assert (settings(unset)["STA_ID"], settings(unset)["TAX_COD"]) == ("W1", "MEMTN")
    assert series(unset)["TKT_NO"] == ("W1-", 6, 40), "a series never counts back"
    assert series(unset)["DOC_ID"] == ("1", 9, 1)


def test_what_documents_were_written_with_stays(database, query):
    Shop(database, query).apply(line(1))
    control(query, STR_ID="20", ORD_STA_ID="20-1")
    told = outcomes(database.run(ImportErpSettings()))
    assert (told["STR_ID"], told["STA_ID"]) == (("20", "01", "kept"), ("20-1", "101", "kept"))


def test_a_station_without_digits_gives_no_series_of_documents(unset, query):
    control(query, ORD_STA_ID="WEB")
    told = outcomes(unset.run(ImportErpSettings()))
    assert told["DOC_ID"] == (None, None, "missing")
    assert [row.name for row in unset.run(ListMissingErpSettings())] == ["the number series DOC_ID"]


def test_a_control_that_names_no_station_leaves_it_to_a_person(unset, query):
    control(query, ORD_STA_ID=None)
    told = outcomes(unset.run(ImportErpSettings()))
    assert [told[name] for name in ("STA_ID", "DOC_ID", "TKT_NO")] == [(None, None, "missing")] * 3


def test_of_several_stores_one_is_named(unset, query):
    query("INSERT INTO dbo.EC_CTL (KEY_ID, STR_ID, ORD_STA_ID, ORD_DRW_ID) VALUES (2, '02', '201', '9')", ())
    with pytest.raises(BadArgument, match="@ERP_STORE is required: EC_CTL has the stores 01, 02"):
        unset.run(ImportErpSettings())
    with pytest.raises(NotFound, match="EC_CTL has no store 03; it has 01, 02"):
        unset.run(ImportErpSettings(erp_store="03"))
    assert settings(unset)["STA_ID"] is None
    unset.run(ImportErpSettings(erp_store="02"))
    assert (settings(unset)["STR_ID"], settings(unset)["STA_ID"], settings(unset)["DRW_ID"]) == ("02", "201", "9")


def test_an_erp_without_a_web_shop_says_what_to_set_by_hand(unset, query):
    query("DELETE FROM dbo.EC_CTL", ())
    with pytest.raises(ConfigError, match=r"says nothing of web orders.*config erp set") as refused:
        unset.run(ImportErpSettings())
    assert (refused.value.exit_code, refused.value.code) == (78, "50041")


def test_a_series_is_changed_in_part(database):
    changed = database.run(SetNumberSeries(series="DOC_ID", next_no=365))
    assert [(row.series, row.prefix, row.width, row.next_no) for row in changed] == [("DOC_ID", "101", 9, 365)]
    assert series(database)["DOC_ID"] == ("101", 9, 365)
    [made] = database.run(SetNumberSeries(series="TKT_NO", prefix="W", width=4, next_no=2))
    assert made in database.run(ListNumberSeries())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"series": "DOC_ID", "prefix": "W1"}, "@PREFIX takes digits"),
        ({"series": "DOC_ID", "prefix": "01"}, "@PREFIX takes digits"),
        ({"series": "DOC_ID", "prefix": "1234567890"}, "at most 18 characters"),
        ({"series": "TKT_NO", "prefix": "1234567890"}, "at most 15 characters"),
        ({"series": "TKT_NO", "prefix": ""}, "@PREFIX is required"),
        ({"series": "TKT_NO", "width": 0}, "@WIDTH takes 1 to 15"),
        ({"series": "TKT_NO", "next_no": 0}, "@NEXT_NO takes 1"),
        ({"series": "CUST_NO", "next_no": 10**15}, "at most 15 characters"),
    ],
)
def test_a_series_that_the_erp_could_not_hold_is_refused(unset, call, said):
    before = series(unset)
    with pytest.raises(BadArgument, match=said):
        unset.run(SetNumberSeries(**call))
    assert series(unset) == before


def test_there_are_three_series(database):
    with pytest.raises(NotFound, match="No number series is called ORDERS"):
        database.run(SetNumberSeries(series="ORDERS", prefix="1"))


# --- A database of an older version -----------------------------------------------------------------------------------------


def upgrade(database, query):
    """Run what brings a database of the version before up to date."""
    if database.engine == "sqlserver":
        [script] = [each for each in scripts("counterpoint") if each.name == "schema/050_NO_DEFAULT_STATION.sql"]
        for batch in script.batches:
            query(batch.text, ())
        return
    folder = resources.files("syncctl.db.embedded").joinpath("upgrades")
    [step] = [each for each in folder.iterdir() if "USER_NUMBER_SERIES" in (text := each.read_text()) and "EC_CTL (" in text]
    for statement in step.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            query(statement, ())


def test_what_syncctl_had_filled_in_goes_where_no_document_was_made(database, query):
    database.run(SetErpSetting(setting_name="DRW_ID", value="7"))
    database.run(SetNumberSeries(series="TKT_NO", prefix="W-"))
    for _ in range(2):
        upgrade(database, query)
        assert (settings(database)["STA_ID"], settings(database)["DRW_ID"]) == (None, "7"), "what a site set stays"
        assert (series(database).get("DOC_ID"), series(database)["TKT_NO"]) == (None, ("W-", 6, 1))
    assert series(database)["CUST_NO"] == ("W", 8, 1)


def test_what_documents_were_made_by_stays(database, query):
    Shop(database, query).apply(line(1))
    before = (settings(database), series(database))
    upgrade(database, query)
    assert (settings(database), series(database)) == before
    assert database.run(ListMissingErpSettings()) == []


def test_a_series_that_was_counted_up_stays(database, query):
    query("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = 12 WHERE SERIES = 'DOC_ID'", ())
    before = (settings(database), series(database))
    upgrade(database, query)
    assert (settings(database), series(database)) == before
