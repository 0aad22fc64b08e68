"""What the monitoring views of the SQL Server side show. They take the server's time for the present, so these tests do too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

pytest.importorskip("pyodbc", reason="pyodbc can't be loaded here: no T-SQL engine can be reached", exc_type=ImportError)

from syncctl.clock import system_clock
from syncctl.db.contract import ClaimStagedOrders, FailStagedOrder, FinishRun, StartRun
from syncctl.db.sqlserver import SqlServer
from tests.orders import line, order, stage
from tests.shop import Shop

pytestmark = pytest.mark.sqlserver


@pytest.fixture
def database(empty_sqlserver: str) -> Iterator[SqlServer]:
    database = SqlServer(empty_sqlserver)
    yield database
    database.close()


def test_orders_that_wait_are_shown_with_how_long(database):
    stage(database, order(4711))
    hours_ago = system_clock() - timedelta(hours=2)
    database.query("UPDATE dbo.USER_ORDER_EVENT SET EVENT_DT = ?", (hours_ago,))
    [row] = database.query("SELECT * FROM dbo.USER_V_PENDING_ORDERS")
    assert (row["WOO_ORDER_NO"], row["PENDING_ACTION"], row["WAITING_SINCE_DT"]) == ("4711", "create", hours_ago)
    assert 119 <= row["WAITING_MINUTES"] <= 125
    [health] = database.query("SELECT * FROM dbo.USER_V_HEALTH")
    assert (health["PENDING"], health["OLDEST_PENDING_DT"], health["REVIEW"]) == (1, hours_ago, 0)


def test_orders_that_failed_are_shown_with_the_last_error(database):
    stage(database, order(1), order(2), order(3))
    for error_class in ("mapping", "unknown"):
        [claimed] = database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
        database.run(
            FailStagedOrder(
                staging_id=claimed.staging_id,
                worker_id="worker",
                attempt_no=claimed.attempt_no,
                error_class=error_class,
                error_code=None,
                message="it broke",
            )
        )
    rows = database.query("SELECT * FROM dbo.USER_V_FAILED_ORDERS ORDER BY STAGING_ID")
    assert [(row["WOO_ORDER_ID"], row["STATE"], row["VALIDATION_ERROR"]) for row in rows] == [
        (1, "NEEDS_MANUAL_REVIEW", "it broke"),
        (2, "FAILED", "[Attempt 1/1] it broke"),
    ]
    assert all(0 <= row["FAILED_MINUTES"] <= 5 for row in rows)


def test_what_was_applied_today_and_what_the_store_was_not_told_are_shown(database):
    shop = Shop(database, database.query)
    shop.apply(line(1))
    [hour] = database.query("SELECT * FROM dbo.USER_V_THROUGHPUT_TODAY")
    assert (hour["STORE_ID"], hour["ORDERS_APPLIED"], str(hour["AMOUNT_APPLIED"])) == ("woocommerce", 1, "19.9900")
    assert 0 <= hour["AVG_SECONDS_TO_ERP"] <= hour["MAX_SECONDS_TO_ERP"] + 1 <= 600
    [message] = database.query("SELECT * FROM dbo.USER_V_OUTBOX_BACKLOG")
    assert (message["WOO_ORDER_ID"], message["KIND"], message["STATE"]) == (4711, "applied", "PENDING")


def test_the_runs_of_today_are_summed_up_by_command(database):
    for sync_id, failed in (("one", 0), ("two", 3)):
        database.run(
            StartRun(
                sync_id=sync_id,
                operation_type="process",
                direction="store_to_erp",
                dry_run=False,
                host="SHOP01",
                process_id=1,
                created_by="scheduler",
            )
        )
        database.run(
            FinishRun(
                sync_id=sync_id,
                records_input=5,
                records_created=2,
                records_updated=0,
                records_skipped=0,
                records_failed=failed,
                success=failed == 0,
                exit_code=min(failed, 1),
            )
        )
    [row] = database.query("SELECT * FROM dbo.USER_V_RUNS_TODAY")
    assert (row["OPERATION_TYPE"], row["RUNS"], row["RUNS_FAILED"], row["RUNS_UNFINISHED"]) == ("process", 2, 1, 0)
    assert (row["RECORDS_INPUT"], row["RECORDS_FAILED"]) == (10, 3)
