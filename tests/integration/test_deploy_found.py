"""`db deploy` on a database that has something of its own in its way: named, kept, and replaced only when told to."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl import __version__
from syncctl.db import deploy as deploy_module
from syncctl.db.deploy import deploy, journal
from syncctl.db.deploy_check import check
from syncctl.db.deploy_found import standing
from syncctl.db.deploy_scripts import Script, scripts
from syncctl.db.sqlserver import SqlServer
from syncctl.errors import ConfigError
from tests.sqlserver_database import Scratch

pytestmark = pytest.mark.sqlserver

OLD_TABLES = Path(__file__).with_name("old_tables.sql")
ONE = "CREATE OR ALTER PROCEDURE dbo.sp_T\nAS\nBEGIN\n    SET NOCOUNT ON;\n    SELECT 1 AS ANSWER;\nEND;\nGO\n"
THEIRS = "CREATE PROCEDURE dbo.sp_T AS BEGIN SELECT N'Straße' AS ANSWER; END;"


@pytest.fixture
def database(sqlserver_url: str) -> Iterator[SqlServer]:
    scratch = Scratch(sqlserver_url)
    yield scratch("found")
    scratch.drop()


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes a deploy of given scripts, or of those of this version whose names start so."""

    def choose(*wanted: Script | str) -> None:
        all_of_them = scripts("counterpoint", demo_erp=True)
        chosen: list[Script] = []
        for want in wanted:
            chosen += [want] if isinstance(want, Script) else [script for script in all_of_them if script.name.startswith(want)]
        monkeypatch.setattr(deploy_module, "scripts", lambda *_, **__: [all_of_them[0], *chosen])

    return choose


def procedure(text: str = ONE) -> Script:
    return Script("procedures/sp_T.sql", "changed", text)


def answer(database: SqlServer) -> object:
    return database.query("EXECUTE dbo.sp_T")[0]["ANSWER"]


def test_a_procedure_that_no_deploy_made_is_kept_and_replaced_only_when_told_to(
    database: SqlServer, only: Callable[..., None], tmp_path: Path
) -> None:
    database.query(THEIRS)
    only(procedure())
    [found] = deploy(database, demo_erp=True, dry_run=True, keep_in=tmp_path / "dry").found
    assert (found.name, found.kind, found.reason, found.saved) == ("sp_T", "procedure", "no deploy made it", None)
    assert not (tmp_path / "dry").exists(), "a dry run writes nothing"

    with pytest.raises(ConfigError, match=r"procedure dbo\.sp_T \(no deploy made it\).*Nothing was changed.*--force") as refused:
        deploy(database, demo_erp=True, keep_in=tmp_path / "kept" / "r1")
    assert refused.value.exit_code == 78
    kept = tmp_path / "kept" / "r1" / "sp_T.sql"
    assert str(kept.parent) in str(refused.value)
    assert kept.read_text(encoding="utf-8-sig") == THEIRS
    if os.name != "nt":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (journal(database), answer(database)) == ({}, "Straße")

    [found] = deploy(database, demo_erp=True, keep_in=tmp_path / "r2", force=True).found
    assert found.saved and Path(found.saved).read_text(encoding="utf-8-sig") == THEIRS
    assert answer(database) == 1
    assert deploy(database, demo_erp=True, keep_in=tmp_path / "r3", again=True).found == []


@pytest.mark.parametrize("how", ["altered", "made anew"])
def test_a_procedure_that_was_changed_since_is_kept_too(
    database: SqlServer, only: Callable[..., None], tmp_path: Path, how: str
) -> None:
    only(procedure(), Script("procedures/sp_U.sql", "changed", ONE.replace("sp_T", "sp_U")))
    deploy(database, demo_erp=True)
    if how == "altered":
        database.query(THEIRS.replace("CREATE", "ALTER"))
    else:
        database.query("DROP PROCEDURE dbo.sp_T")
        database.query(THEIRS)
    [found] = deploy(database, demo_erp=True, keep_in=tmp_path).found
    assert not found.replaced, "a script that is unchanged in this version doesn't run"
    assert answer(database) == "Straße"

    only(procedure(ONE.replace("1 AS", "2 AS")))
    told = r"changed since syncctl \S+ was deployed" if how == "altered" else "made anew since it was deployed"
    with pytest.raises(ConfigError, match=rf"dbo\.sp_T \({told}\)"):
        deploy(database, demo_erp=True, keep_in=tmp_path / "r1")
    assert answer(database) == "Straße"
    deploy(database, demo_erp=True, keep_in=tmp_path / "r2", force=True)
    assert answer(database) == 2
    assert (tmp_path / "r2" / "sp_T.sql").exists()


def test_what_is_as_an_earlier_deploy_made_it_is_replaced_unasked(
    database: SqlServer, only: Callable[..., None], tmp_path: Path
) -> None:
    only(procedure())
    deploy(database, demo_erp=True)
    only(procedure(ONE.replace("1 AS", "2 AS")))
    assert deploy(database, demo_erp=True, keep_in=tmp_path).found == []
    assert answer(database) == 2


def test_what_a_version_takes_away_is_kept_where_it_was_changed(
    database: SqlServer, only: Callable[..., None], tmp_path: Path
) -> None:
    gone = Script("schema/900_GONE.sql", "once", "DROP PROCEDURE IF EXISTS dbo.sp_T;\nGO\n")
    only(procedure())
    deploy(database, demo_erp=True)
    database.query(THEIRS.replace("CREATE", "ALTER"))
    only(gone)
    with pytest.raises(ConfigError, match="this version takes it away"):
        deploy(database, demo_erp=True, keep_in=tmp_path / "r1")
    assert "Straße" in (tmp_path / "r1" / "sp_T.sql").read_text(encoding="utf-8-sig")
    deploy(database, demo_erp=True, keep_in=tmp_path / "r2", force=True)
    assert "SP_T" not in standing(database)


def test_what_was_deployed_before_objects_were_marked_is_ours_and_gets_its_mark(
    database: SqlServer, only: Callable[..., None], tmp_path: Path
) -> None:
    other = Script("procedures/sp_U.sql", "changed", ONE.replace("sp_T", "sp_U"))
    only(procedure(), other)
    deploy(database, demo_erp=True)
    for name in ("sp_T", "sp_U"):
        database.query(
            "EXECUTE sys.sp_dropextendedproperty @name = N'syncctl', @level0type = 'SCHEMA', @level0name = N'dbo', "
            f"@level1type = 'PROCEDURE', @level1name = N'{name}';"
        )
    only(procedure(ONE.replace("1 AS", "2 AS")), other)
    assert deploy(database, demo_erp=True, keep_in=tmp_path).found == []
    assert [standing(database)[name].is_as_marked for name in ("SP_T", "SP_U")] == [True, True]
    only(procedure(ONE.replace("1 AS", "2 AS")), Script(other.name, "changed", other.text.replace("1 AS", "3 AS")))
    assert deploy(database, demo_erp=True, keep_in=tmp_path).found == []


def test_a_table_that_no_deploy_made_is_named(database: SqlServer, only: Callable[..., None], tmp_path: Path) -> None:
    database.query("CREATE TABLE dbo.USER_ITEM_MAP (SKU varchar(20) NOT NULL)")
    database.query("CREATE TABLE dbo.sp_T (ID int NOT NULL)")
    only("schema/007")
    with pytest.raises(ConfigError, match=r"table dbo\.USER_ITEM_MAP \(no deploy made it"):
        deploy(database, demo_erp=True, keep_in=tmp_path)
    assert "SKU" in (tmp_path / "USER_ITEM_MAP.sql").read_text(encoding="utf-8-sig").upper()
    only(procedure())
    with pytest.raises(
        ConfigError, match=r"table dbo\.sp_T \(in the way: syncctl has a procedure of that name\).*Rename or drop"
    ):
        deploy(database, demo_erp=True, keep_in=tmp_path, force=True)
    assert journal(database) == {}
    database.query("DROP TABLE dbo.sp_T")


def test_each_object_says_which_version_made_it_and_a_check_compares(database: SqlServer, only: Callable[..., None]) -> None:
    only("schema/007", "schema/008", "functions/fn_ErpName", "procedures/sp_ListStatusMap")
    deploy(database, demo_erp=True)
    there = standing(database)
    for name in ("FN_ERPNAME", "SP_LISTSTATUSMAP"):
        assert (there[name].version, there[name].is_as_marked) == (__version__, True)
    told = {finding.detail for finding in check(database) if finding.check == "deployed by"}
    assert told == {f"syncctl {__version__} (2), as the objects' property syncctl says"}
    database.query("DROP PROCEDURE dbo.sp_ListStatusMap")
    database.query("CREATE PROCEDURE dbo.sp_ListStatusMap AS BEGIN SELECT 1 AS BY_HAND; END;")
    told = {finding.detail.upper() for finding in check(database) if finding.check == "deployed by"}
    assert any(detail.startswith("NO DEPLOY LEFT ITS VERSION ON SP_LISTSTATUSMAP") for detail in told)


def test_what_stands_on_any_column_that_has_to_change_is_named_in_one_message(
    database: SqlServer, only: Callable[..., None], tmp_path: Path
) -> None:
    for batch in Script("old", "once", OLD_TABLES.read_text(encoding="utf-8")).batches:
        database.query(batch.text)
    theirs = {
        "IX_OURS": "CREATE INDEX IX_OURS ON dbo.USER_ORDER_STAGING (WOO_ORDER_ID)",
        "IX_WITH": "CREATE INDEX IX_WITH ON dbo.USER_ORDER_STAGING (BATCH_ID) INCLUDE (SHIP_CITY)",
        "IX_HARMLESS": "CREATE INDEX IX_HARMLESS ON dbo.USER_ORDER_STAGING (BATCH_ID)",
        "CK_OURS": "ALTER TABLE dbo.USER_ORDER_STAGING ADD CONSTRAINT CK_OURS CHECK (SHIP_CNTRY <> 'XX')",
        "DF_OURS": "ALTER TABLE dbo.USER_ORDER_STAGING ADD CONSTRAINT DF_OURS DEFAULT ('') FOR SHIP_VIA",
        "IX_USER": "CREATE INDEX IX_USER ON dbo.USER_CUSTOMER_MAP (WOO_USER_ID)",
    }
    for statement in theirs.values():
        database.query(statement)
    only("schema/001", "schema/007")
    with pytest.raises(ConfigError) as refused:
        deploy(database, demo_erp=True, keep_in=tmp_path)
    told = str(refused.value).upper()
    for said in (
        "USER_ORDER_STAGING.WOO_ORDER_ID MUST BECOME BIGINT: INDEX IX_OURS",
        "USER_ORDER_STAGING.SHIP_CITY MUST BECOME NVARCHAR(20): INDEX IX_WITH",
        "USER_ORDER_STAGING.SHIP_CNTRY MUST BECOME NVARCHAR(20): CHECK CONSTRAINT CK_OURS",
        "USER_ORDER_STAGING.SHIP_VIA MUST BECOME NVARCHAR(100): DEFAULT DF_",  # some engines name it themselves
        "USER_CUSTOMER_MAP.WOO_USER_ID MUST BECOME BIGINT: INDEX IX_USER",
    ):
        assert said in told
    assert "IX_HARMLESS" not in told
    assert journal(database) == {}, "before anything is changed"


def former_map(database: SqlServer, only: Callable[..., None]) -> None:
    """The tables of the map as they were before it knew stores."""
    only("schema/001", "schema/003", "schema/007")
    deploy(database, demo_erp=True)


def map_rows(database: SqlServer) -> list[tuple[str, str]]:
    found = database.query("SELECT CUST_NO, STORE_ID FROM dbo.USER_CUSTOMER_MAP ORDER BY CUST_NO")
    return [(str(row["CUST_NO"]), str(row["STORE_ID"])) for row in found]


def test_a_sites_own_unique_index_on_the_customer_map_is_named_and_stays(
    database: SqlServer, only: Callable[..., None], tmp_path: Path
) -> None:
    for batch in Script("old", "once", OLD_TABLES.read_text(encoding="utf-8")).batches:
        database.query(batch.text)
    database.query("CREATE UNIQUE INDEX UX_THEIRS ON dbo.USER_CUSTOMER_MAP (WOO_USER_ID)")
    only("schema/001", "schema/003", "schema/080")
    [found] = [each for each in deploy(database, demo_erp=True, keep_in=tmp_path).found if each.kind == "index"]
    assert found.name.upper().startswith("UX_THEIRS")
    assert "unique on WOO_USER_ID of USER_CUSTOMER_MAP whatever the store" in found.reason
    assert not found.replaced
    assert [index for index in indexed(database) if index[0].startswith("UX_THEIRS")], "it stays"


def indexed(database: SqlServer) -> list[tuple[str, str]]:
    rows = database.query(
        "SELECT indexed.name AS INDEX_NAME, col.name AS COLUMN_NAME FROM sys.indexes AS indexed "
        "INNER JOIN sys.index_columns AS keyed ON keyed.object_id = indexed.object_id AND keyed.index_id = indexed.index_id "
        "INNER JOIN sys.columns AS col ON col.object_id = keyed.object_id AND col.column_id = keyed.column_id "
        "WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')"
    )
    return [(str(row["INDEX_NAME"]).upper(), str(row["COLUMN_NAME"]).upper()) for row in rows]


@pytest.mark.parametrize(
    ("stores", "rows"),
    [
        ({"one": None}, [("C1", "one"), ("C2", "one")]),
        ({"one": 5, "guests": None}, [("C1", "one"), ("C2", "")]),
        ({"one": 5, "two": 7}, [("C1", ""), ("C2", "")]),
        ({}, [("C1", ""), ("C2", "")]),
    ],
)
def test_rows_of_the_customer_map_go_to_the_store_that_they_are_of(
    database: SqlServer, only: Callable[..., None], stores: dict[str, int | None], rows: list[tuple[str, str]]
) -> None:
    former_map(database, only)
    database.query(
        "INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, WOO_EMAIL) VALUES ('C1', 5, NULL), ('C2', NULL, 'a@b')"
    )
    for number, (store, user) in enumerate(stores.items()):
        database.query(
            "INSERT INTO dbo.USER_ORDER_STAGING (BATCH_ID, STORE_ID, WOO_ORDER_ID, WOO_CUST_ID) VALUES ('b', ?, ?, ?)",
            (store, number, user),
        )
    only("schema/080")
    assert deploy(database, demo_erp=True).found == []
    assert map_rows(database) == rows
    database.query("INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, STORE_ID) VALUES ('C1', 5, 'another')")
    assert [column for name, column in indexed(database) if name.startswith("UX_")].count("STORE_ID") == 2
