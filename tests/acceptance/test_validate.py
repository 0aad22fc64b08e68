"""`validate` at the command line: whose orders, what it says, and how it ends."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from syncctl.db.contract import StageOrders
from syncctl.db.embedded import EmbeddedDatabase
from tests.acceptance.program import Program
from tests.orders import line, order, stage


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
    said = "Not checked: order A-3 (staging id 3) belongs to store outlet; this run is for woocommerce (SYNCCTL_STORE_ID)."
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
