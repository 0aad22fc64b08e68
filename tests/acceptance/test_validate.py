"""`validate` at the command line: whose orders, what it says, and how it ends."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from syncctl.db.contract import StageOrders
from syncctl.db.embedded import EmbeddedDatabase
from tests.acceptance.program import Program
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def staged(syncctl: Program) -> Program:
    """Two orders of this store, one of them with an item that the ERP lacks, and one of another store."""
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        stage(database, order(1), order(2, line(sku="NO-SUCH")))
        page = json.dumps([order(3, WOO_ORDER_NO="A-3")])
        database.run(StageOrders(store_id="outlet", source_system="woocommerce", sync_id="test-run", orders=page))
    return syncctl


def test_only_this_stores_orders_are_checked(staged: Program) -> None:
    told = staged("validate", "--unknown-customer", "create", "--json").json
    assert told["exit_code"] == 1
    assert {item["woo_order_no"] for item in told["items"]} == {"1", "2"}
    assert told["counts"]["checked"] == 2
    assert staged.query("SELECT VALIDATED_DT FROM USER_ORDER_STAGING WHERE STAGING_ID = 3") == [(None,)]


def test_a_named_order_of_another_store_is_refused(staged: Program) -> None:
    ended = staged("validate", "3")
    assert ended.code == 1
    said = (
        "Not checked: order A-3 (staging id 3) belongs to store outlet; this run is for woocommerce "
        "(--profile, SYNCCTL_STORE_ID)."
    )
    assert said in " ".join(ended.out.split())
    told = staged("validate", "3", "--json").json
    assert (told["exit_code"], told["counts"]["refused"]) == (1, 1)
    assert said in told["errors"][0]["message"]


def test_a_table_that_is_missing_is_no_fault_of_the_orders(staged: Program) -> None:
    with closing(EmbeddedDatabase(staged.folder / "shop.db")) as database:
        database.query("ALTER TABLE dbo.IM_ITEM RENAME TO ITEM_IS_AWAY")
    told = staged("validate", "--json").json
    assert told["exit_code"] == 78
    assert told["items"] == []
    assert "no such table" in told["errors"][0]["message"]


def test_reasons_come_by_cause_and_row_by_row_where_asked_for(syncctl: Program) -> None:
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        stage(database, *(order(number, line(sku="NO-SUCH")) for number in range(1, 6)))
    arguments = ("--unknown-customer", "create")
    short = " ".join(syncctl("validate", *arguments).out.split())
    assert "5 orders: no item in the ERP for a SKU → `syncctl map item SKU ITEM_NO`" in short
    assert "such as order 1 (staging id 1): NO-SUCH" in short
    assert "staging id 2" not in short
    assert "unknown_sku" not in short
    assert syncctl("validate", *arguments, "-v").out.count("unknown_sku") == 5
    assert syncctl("validate", "2", "3", *arguments).out.count("unknown_sku") == 2
    told = syncctl("validate", *arguments, "--json").json
    assert len(told["items"]) == 5
    assert [(cause["code"], cause["orders"]) for cause in told["causes"]] == [("unknown_sku", 5)]
    quiet = syncctl("validate", *arguments, "--quiet")
    assert quiet.out == ""
    assert len(quiet.err.splitlines()) == 1
    run = syncctl("process").out
    assert "5 orders: no item in the ERP for a SKU" in run
    assert "staging id 2" not in run


def test_a_dry_run_says_of_each_order_what_would_become_of_it_and_why(syncctl: Program) -> None:
    with closing(EmbeddedDatabase(syncctl.folder / "shop.db")) as database:
        Shop(database, database.query)
        stage(database, order(1, line(sku="NO-SUCH")), order(2))
    syncctl.settings["SYNCCTL_UNKNOWN_CUSTOMER"] = "create"
    before = syncctl.query("SELECT * FROM USER_ORDER_STAGING")
    told = syncctl("process", "--dry-run", "--json").json
    assert [(item["woo_order_no"], item["would_be"]) for item in told["items"]] == [("1", "review"), ("2", "created")]
    assert [why["code"] for why in told["items"][0]["why_not"]] == ["unknown_sku"]
    assert told["items"][1]["why_not"] == []
    assert (told["counts"]["would_process"], told["counts"]["would_review"]) == (2, 1)
    out = " ".join(syncctl("process", "--dry-run").out.split())
    assert "The ERP has no item for SKU NO-SUCH" in out
    assert "1 order: no item in the ERP for a SKU" in out
    assert syncctl.query("SELECT * FROM USER_ORDER_STAGING") == before
    assert syncctl("process", "1", "--dry-run", "--json").json["notes"] == []
    syncctl("process")
    [note] = syncctl("process", "1", "2", "--dry-run", "--json").json["notes"][1:]
    assert note.startswith("Not taken: order 2 (staging id 2) is in the ERP already")
    out = " ".join(syncctl("process", "--dry-run").out.split())
    assert "Not taken: 1 order waits for a person: see `syncctl dead-letter list`." in out
