"""A database after years of orders: no call of a job takes longer than on a new one. Asked for by name, it takes minutes.

SYNCCTL_TEST_ORDERS=1000000 pytest tests/integration/test_many_orders.py
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from syncctl.db.contract import AddClaim, AuditOrders, ClaimOutbox, CompleteOutbox, CountStates, Procedure, StartRun
from syncctl.db.embedded import EmbeddedDatabase
from tests.clocks import MovableClock
from tests.integration.test_plans import JOBS
from tests.orders import line, order, stage
from tests.shop import Shop

ORDERS = int(os.environ.get("SYNCCTL_TEST_ORDERS", "0"))
LONGEST_SECONDS = 0.5
ASKED_BY_PEOPLE = (AuditOrders, CountStates)

pytestmark = pytest.mark.skipif(not ORDERS, reason="SYNCCTL_TEST_ORDERS is not set: how many orders the database has")

COUNTED = "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {rows}) "
FIRST = 10_000_000
"""Where the numbers of what was copied start."""

COPIED: dict[str, tuple[int, dict[str, str]]] = {
    "USER_ORDER_STAGING": (1, {"STAGING_ID": "{n}", "WOO_ORDER_ID": "{n}", "WOO_ORDER_NO": "CAST({n} AS TEXT)"}),
    "USER_ORDER_LINK": (
        1,
        {
            "WOO_ORDER_ID": "{n}",
            "STAGING_ID": "{n}",
            "DOC_ID": "{n}",
            "TKT_NO": "CAST({n} AS TEXT)",
            "LINK_STATE": "CASE WHEN n % 100 = 0 THEN 'OPEN' ELSE 'CLOSED' END",
        },
    ),
    "USER_ORDER_LINE_LINK": (1, {"WOO_ORDER_ID": "{n}", "DOC_ID": "{n}"}),
    "USER_ORDER_EVENT": (3, {"EVENT_ID": "{n}", "STAGING_ID": "10000001 + n / 3", "WOO_ORDER_ID": "10000001 + n / 3"}),
    "USER_STORE_OUTBOX": (1, {"OUTBOX_ID": "{n}", "WOO_ORDER_ID": "{n}", "STAGING_ID": "{n}", "STATE": "'DONE'"}),
    "USER_SYNC_LOG": (1, {"LOG_ID": "{n}", "SYNC_ID": "CAST({n} AS TEXT)"}),
    "PS_DOC_HDR": (
        1,
        {"DOC_ID": "{n}", "TKT_NO": "CAST({n} AS TEXT)", "REF": "CAST({n} AS TEXT)", "CUST_PO_NO": "CAST({n} AS TEXT)"},
    ),
    "PS_DOC_HDR_TOT": (1, {"DOC_ID": "{n}"}),
    "PS_DOC_LIN": (1, {"DOC_ID": "{n}"}),
    "PS_DOC_NOTE": (1, {"DOC_ID": "{n}"}),
    "PS_DOC_CONTACT": (1, {"DOC_ID": "{n}"}),
    "PS_ORD_HIST": (1, {"DOC_ID": "20000000 + n", "TKT_NO": "CAST(20000000 + n AS TEXT)"}),
    "AR_CUST": (1, {"CUST_NO": "CAST({n} AS TEXT)", "EMAIL_ADRS_1": "'c' || n || '@example.test'"}),
    "claims": (1, {"id": "{n}", "claim_reference": "CAST({n} AS TEXT)", "pod_fetch_status": "'success'"}),
}
"""How many rows an order has of each table, and what is another in each; the rest is as in the first row."""


def copy(database: EmbeddedDatabase, table: str, orders: int = ORDERS) -> None:
    """Fill a table with copies of its first row."""
    times, others = COPIED[table]
    columns = [row["name"] for row in database.query(f"SELECT name FROM pragma_table_info('{table}', 'dbo')")]
    values = [others.get(column, f"one.{column}").format(n=f"{FIRST} + n") for column in columns]
    database.query(
        f"{COUNTED.format(rows=orders * times)} INSERT INTO dbo.{table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM counted, (SELECT * FROM dbo.{table} LIMIT 1) AS one"
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedDatabase]:
    clock = MovableClock()
    with closing(EmbeddedDatabase(tmp_path_factory.mktemp("years") / "shop.db", clock=clock)) as database:
        shop = Shop(database, database.query)
        stage(database, order(4712))
        shop.post(shop.work(shop.claim()).doc_id)  # a row in the history
        shop.apply(CUSTOMER_NOTE="Ring twice")
        database.run(
            StartRun(sync_id="r", operation_type="stage", direction="in", dry_run=False, host="h", process_id=1, created_by="me")
        )
        shop.database.run(AddClaim(claim_reference="CLM-1", carrier="ups", tracking_number="1Z1"))
        assert [table for table in COPIED if not database.query(f"SELECT 1 FROM dbo.{table} LIMIT 1")] == []
        for table in COPIED:
            database.query("BEGIN")
            copy(database, table)
            database.query("COMMIT")
        yield database


class Timed:
    """Notes what took too long."""

    def __init__(self, database: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
        self.slow: list[str] = []
        run = database.run

        def timed(call: Procedure[Any]) -> list[Any]:
            started = time.perf_counter()
            rows = run(call)
            seconds = time.perf_counter() - started
            if seconds > LONGEST_SECONDS and not isinstance(call, ASKED_BY_PEOPLE):
                self.slow.append(f"{call.name} {seconds:.2f} s")
            return rows

        monkeypatch.setattr(database, "run", timed)


@pytest.fixture
def timed(filled: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> Timed:
    return Timed(filled, monkeypatch)


@pytest.mark.parametrize("job", JOBS)
def test_a_jobs_call_is_quick(filled: EmbeddedDatabase, timed: Timed, job: str) -> None:
    filled.run(JOBS[job])
    assert timed.slow == []


def test_a_new_order_is_quick_from_the_poll_to_the_store(filled: EmbeddedDatabase, timed: Timed) -> None:
    shop = Shop(filled, filled.query)
    shop.setting("FORMER_ORDERS", "N")  # the vendor's history has no index for that question
    stage(filled, order(4713))
    shop.work(shop.claim())
    stage(filled, order(4713, line(1, qty="2", total="39.98")))
    shop.work(shop.claim())
    for message in filled.run(ClaimOutbox(worker_id="w", batch_size=10, store_id="woocommerce")):
        told = [{"id": message.outbox_id, "attempt": message.attempt_no, "result": "delivered"}]
        filled.run(CompleteOutbox(worker_id="w", messages=json.dumps(told)))
    assert timed.slow == []
