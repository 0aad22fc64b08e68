"""What a DBA gets from `sql/ops/ROLLBACK_ORDER.sql` on a SQL Server: the dry run, the refusal, and the way out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.db.deploy_scripts import split, sql_root
from syncctl.db.sqlserver import SqlServer
from syncctl.errors import NotFound, RollbackRefused
from tests.orders import line
from tests.shop import Shop

pytestmark = pytest.mark.sqlserver


@pytest.fixture
def shop(empty_sqlserver, clock):
    database = SqlServer(empty_sqlserver, clock=clock)
    yield Shop(database, database.query)
    database.close()


@pytest.fixture(scope="module")
def parts():
    """The script's first part, and the second out of its comment."""
    script = Path(str(sql_root())) / "ops" / "ROLLBACK_ORDER.sql"
    _, first, second = (batch.text for batch in split(script.read_text(encoding="utf-8")))
    return first.replace("@REASON nvarchar(500) = N''", "@REASON nvarchar(500) = N'test'"), second[
        second.index("DECLARE") : second.rindex("*/")
    ]


def test_as_it_stands_it_looks_and_changes_nothing(shop, parts):
    shop.apply(line(1))
    before = shop.snapshot()
    shop.query(parts[0], ())
    assert shop.snapshot() == before


def test_with_dry_run_off_it_rolls_back(shop, parts):
    shop.apply(line(1))
    shop.query(parts[0].replace("@DRY_RUN bit = 1", "@DRY_RUN bit = 0"), ())
    assert (shop.staged()["STATE"], shop.on_order()) == ("CANCELLED", {})


def test_an_order_that_is_not_there_is_named(shop, parts):
    with pytest.raises(NotFound, match="No such order"):
        shop.query(parts[0], ())


def test_after_a_deletion_by_hand_the_second_part_sets_the_order_free(shop, parts):
    doc = shop.apply(line(1)).doc_id
    before = shop.snapshot()
    shop.query(parts[1], ())
    assert shop.snapshot()["USER_ORDER_LINK"] == before["USER_ORDER_LINK"]
    assert shop.staged()["STATE"] == "APPLIED"
    shop.delete(doc)
    with pytest.raises(RollbackRefused, match="deleted by hand"):
        shop.query(parts[0], ())
    shop.query(parts[1].replace("'cancel'", "'reset'", 1), ())
    assert shop.staged()["STATE"] == "PENDING"
    assert shop.work(shop.claim()).doc_id != doc


def test_a_posted_document_is_not_taken_for_a_deleted_one(shop, parts):
    doc = shop.apply(line(1)).doc_id
    shop.post(doc)
    before = shop.snapshot()
    shop.query(parts[1].replace("'cancel'", "'reset'", 1), ())
    assert shop.snapshot() == before
