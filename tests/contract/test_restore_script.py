"""A copy of syncctl's own tables, and what `sql/ops/RESTORE_SYNC_TABLES.sql` does about documents that were made since."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from syncctl.db.deploy_scripts import scripts, split, sql_root
from tests.orders import line, order, stage
from tests.shop import Shop

OPS = Path(str(sql_root())) / "ops"


def batch(name: str) -> str:
    """Return what a script runs, at the isolation that every engine knows: nobody else is at work here."""
    [_, *batches] = split((OPS / name).read_text(encoding="utf-8"))
    text = "\n".join(each.text for each in batches)
    assert "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;" in text
    return text.replace("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", "")


def test_each_column_of_a_table_that_is_copied_is_copied_and_put_back() -> None:
    made = "\n".join(script.text for script in scripts("counterpoint") if script.name.startswith("schema/"))
    backup, restore = batch("BACKUP_SYNC_TABLES.sql"), batch("RESTORE_SYNC_TABLES.sql")
    copied = re.findall(r"INTO dbo\.(\w+)_COPY\n", backup)
    assert len(copied) > 10
    for table in copied:
        [body] = re.findall(rf"CREATE TABLE dbo\.{table}\s*\((.*?)\n    \);", made, re.DOTALL)
        columns = {*re.findall(r"^        (\w+) ", body, re.MULTILINE), *re.findall(rf"TABLE dbo\.{table}\s+ADD (\w+) ", made)}
        taken = backup.partition(f"INTO dbo.{table}_COPY\n")[0].rpartition("SELECT")[2]
        put = restore.partition(f"INSERT INTO dbo.{table}\n")[2].partition(f"FROM dbo.{table}_COPY")[0]
        assert set(re.findall(r"source\.(\w+)", taken)) == columns - {"CONSTRAINT"}, table
        assert set(re.findall(r"copied\.(\w+)", put)) == columns - {"CONSTRAINT"}, table


def run(shop: Shop, name: str) -> None:
    """Run a script batch by batch, as people's tools do; what refuses ends it."""
    [_, *batches] = split((OPS / name).read_text(encoding="utf-8"))
    for each in batches:
        shop.query(each.text.replace("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;", ""), ())


def test_a_restore_looks_whether_the_copy_has_each_table_and_column() -> None:
    copied = re.findall(r"INTO dbo\.(\w+)_COPY\n", batch("BACKUP_SYNC_TABLES.sql"))
    assert re.findall(r"\(N'(\w+)'\)", batch("RESTORE_SYNC_TABLES.sql").partition("DELETE FROM")[0]) == copied


@pytest.fixture
def shop(empty_sqlserver, clock):
    pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)
    from syncctl.db.sqlserver import SqlServer

    database = SqlServer(empty_sqlserver, clock=clock)
    yield Shop(database, database.query)
    for table in re.findall(r"DROP TABLE IF EXISTS dbo\.(\w+);", batch("BACKUP_SYNC_TABLES.sql")):
        database.query(f"DROP TABLE IF EXISTS dbo.{table}")
    database.close()


def applied(shop: Shop, number: int) -> int | None:
    stage(shop.database, order(number, line(1)))
    return shop.work(shop.claim()).doc_id


@pytest.mark.sqlserver
def test_it_puts_back_what_was_copied_and_refuses_while_documents_since_then_are_there(shop: Shop) -> None:
    from syncctl.errors import Conflict

    before = applied(shop, 4711)
    run(shop, "BACKUP_SYNC_TABLES.sql")
    kept = shop.snapshot()
    opened, posted = applied(shop, 4712), applied(shop, 4713)
    shop.post(posted)
    shop.post(before)  # an order of the copy may go its way
    with pytest.raises(Conflict, match="1 are open, 1 were posted"):
        run(shop, "RESTORE_SYNC_TABLES.sql")
    shop.delete(opened)
    with pytest.raises(Conflict, match="0 are open, 1 were posted"):
        run(shop, "RESTORE_SYNC_TABLES.sql")
    assert len(shop.query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING", ())) == 3, "a refusal changes nothing"

    shop.query("DELETE FROM dbo.PS_ORD_HIST WHERE DOC_ID = ?", (posted,))
    run(shop, "RESTORE_SYNC_TABLES.sql")
    restored = shop.snapshot()
    own = [table for table in restored if table.startswith("USER_")]
    assert {table: restored[table] for table in own} == {table: kept[table] for table in own}


@pytest.mark.sqlserver
def test_documents_that_no_order_is_linked_to_are_listed_open_and_posted(shop: Shop) -> None:
    docs = [applied(shop, 4711), applied(shop, 4712)]
    shop.post(docs[0])
    shop.query("DELETE FROM dbo.USER_ORDER_LINK", ())
    listed = shop.query("SELECT DOC_ID, IS_POSTED FROM dbo.fn_ErpUnlinkedDocuments('2000-01-01') ORDER BY DOC_ID", ())
    assert [(row["DOC_ID"], bool(row["IS_POSTED"])) for row in listed] == [(docs[0], True), (docs[1], False)]
    assert shop.query("SELECT DOC_ID FROM dbo.fn_ErpUnlinkedDocuments('2100-01-01')", ()) == []


@pytest.mark.sqlserver
def test_a_copy_of_an_older_version_is_refused_with_what_it_lacks_and_what_to_do(shop: Shop) -> None:
    from syncctl.errors import NotFound

    applied(shop, 4711)
    run(shop, "BACKUP_SYNC_TABLES.sql")
    shop.query("ALTER TABLE dbo.USER_ORDER_LINE_LINK_COPY DROP COLUMN STOCK_LOCATION;", ())
    shop.query("DROP TABLE dbo.USER_ORDER_PART_COPY;", ())
    before = shop.snapshot()
    with pytest.raises(NotFound) as refused:
        run(shop, "RESTORE_SYNC_TABLES.sql")
    told = str(refused.value)
    assert "It lacks USER_ORDER_LINE_LINK_COPY.STOCK_LOCATION, USER_ORDER_PART_COPY. Nothing was changed." in told
    assert "Restore the whole database" in told
    assert shop.snapshot() == before
