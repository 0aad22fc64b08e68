"""No statement of a job that runs every few minutes reads a table that grows with the years from end to end."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import (
    AuditOrders,
    ClaimNotifications,
    ClaimOutbox,
    ClaimPods,
    ClaimStagedOrders,
    CountPods,
    CountStates,
    Database,
    GetHealth,
    ImportErpSettings,
    ListKnownOrders,
    ListPods,
    ListReviewCauses,
    ListStagedOrders,
    ListStorePolls,
    ListWalks,
    Procedure,
    PurgeHistory,
    QueueStatusChanges,
    TraceOrder,
)
from syncctl.db.contract.history import KINDS
from syncctl.db.embedded import EmbeddedDatabase, engine
from syncctl.db.embedded.registry import Session
from syncctl.demo.orders import KINDS as ODD_KINDS, catalogue
from syncctl.demo.store import SimulatedStore
from tests.clocks import MovableClock
from tests.engines import Days

GROWING = {
    "USER_ORDER_STAGING",
    "USER_ORDER_EVENT",
    "USER_ORDER_ATTEMPT",
    "USER_ORDER_DEAD_LETTER",
    "USER_STORE_OUTBOX",
    "USER_SYNC_LOG",
    "USER_ORDER_LINK",
    "USER_ORDER_LINE_LINK",
    "USER_CUSTOMER_MAP",
    "USER_ITEM_MAP",
    "USER_NOTIFICATION",
    "USER_CARRIER_CALL",
    "claims",
    "USER_POD_DOCUMENT",
    "AR_CUST",
    "AR_SHIP_ADRS",
    "IM_ITEM",
    "IM_INV",
    "IM_PRC",
    "PS_DOC_HDR",
    "PS_DOC_HDR_TOT",
    "PS_DOC_LIN",
    "PS_DOC_NOTE",
    "PS_DOC_PMT",
    "PS_DOC_PMT_APPLY",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_AUDIT_LOG_TOT",
    "PS_DOC_HDR_PROF",
    "USER_ORDER_PAYMENT",
    "USER_ORDER_PART",
    "PS_DOC_HDR_MISC_CHRG",
    "PS_DOC_PKG_TRK_NO",
    "PS_DOC_CONTACT",
    "PS_DOC_LIN_PRICE",
    "PS_DOC_TAX",
    "PS_ORD_HIST",
    "PS_ORD_HIST_LIN",
    "PS_TKT_HIST",
    "PS_TKT_HIST_LIN",
}
"""What has a row more for each order, message, run, claim or customer."""

ASKED_BY_PEOPLE = (AuditOrders, CountStates, ImportErpSettings)
"""What looks at every order, on demand and not every few minutes."""

_NAMED = re.compile(
    r"\bdbo\.(\w+)(?:\s+(?:AS\s+)?(?!WHERE\b|SET\b|ORDER\b|GROUP\b|LIMIT\b|INNER\b|LEFT\b|ON\b|UNION\b)(\w+))?", re.IGNORECASE
)
_SCAN = re.compile(r"^SCAN (?:TABLE )?(?:dbo\.)?(\w+)(?: AS (\w+))?(?:.*?USING (?:COVERING )?INDEX (\w+))?")


class Plans:
    """Every statement that the engine was given, and how it reads each table that grows."""

    def __init__(self) -> None:
        self.scans: dict[str, str] = {}
        """The statement, and what it reads from end to end."""
        self.seen: set[str] = set()
        self.by_a_person = False
        """True while a procedure is at work that no job calls."""

    @property
    def told(self) -> str:
        """A line for each table that is read from end to end."""
        return "\n".join(f"{scan}: {sql}" for sql, scan in self.scans.items())

    def look_at(self, db: sqlite3.Connection, sql: str, parameters: dict[str, Any] | tuple[Any, ...] | None) -> None:
        """Ask how a statement would be carried out, once for each."""
        if sql in self.seen or self.by_a_person:
            return
        self.seen.add(sql)
        aliases = {alias or table: table for table, alias in _NAMED.findall(sql)} | {
            table: table for table, _ in _NAMED.findall(sql)
        }
        partial = {
            row[0]
            for row in sqlite3.Connection.execute(
                db, "SELECT name FROM dbo.sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
            ).fetchall()
        }
        for row in sqlite3.Connection.execute(db, f"EXPLAIN QUERY PLAN {sql}", parameters or {}).fetchall():
            found = _SCAN.match(row["detail"])
            if found and found[3] not in partial and aliases.get(found[2] or found[1]) in GROWING:
                self.scans[" ".join(sql.split())] = row["detail"]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> Plans:
    """Looks at every statement of the embedded engine from here on."""
    kept = Plans()

    class Explained(Session):
        def one(self, sql: str, parameters: dict[str, Any] | None = None) -> sqlite3.Row | None:
            kept.look_at(self.db, sql, parameters)
            return super().one(sql, parameters)

        def all(self, sql: str, parameters: dict[str, Any] | None = None) -> list[sqlite3.Row]:
            kept.look_at(self.db, sql, parameters)
            return super().all(sql, parameters)

        def run(self, sql: str, parameters: dict[str, Any] | None = None) -> int:
            kept.look_at(self.db, sql, parameters)
            return super().run(sql, parameters)

        def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
            kept.look_at(self.db, sql, rows[0])
            super().many(sql, rows)

    class Bare(sqlite3.Connection):
        """What a procedure asks of the connection itself is looked at, too."""

        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if self.in_transaction and sql.lstrip().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
                kept.look_at(self, sql, parameters)
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any) -> sqlite3.Cursor:
            rows = list(parameters)
            if rows:
                kept.look_at(self, sql, rows[0])
            return super().executemany(sql, rows)

    monkeypatch.setattr(engine, "Session", Explained)
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Bare))
    return kept


@pytest.fixture
def database(tmp_path: Path, plans: Plans, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedDatabase]:
    """An embedded database."""
    with closing(EmbeddedDatabase(tmp_path / "plans.db", clock=MovableClock())) as opened:
        run = opened.run

        def noted(call: Procedure[Any]) -> list[Any]:
            plans.by_a_person = isinstance(call, ASKED_BY_PEOPLE)
            return run(call)

        monkeypatch.setattr(opened, "run", noted)
        yield opened


STORE = {"store_id": "woocommerce"}
WORKER = {"worker_id": "worker", "batch_size": 10}

JOBS: dict[str, Procedure[Any]] = {
    "claim pending orders": ClaimStagedOrders(**WORKER, **STORE, scope="pending"),
    "claim failed orders": ClaimStagedOrders(**WORKER, scope="failed"),
    "claim listed orders": ClaimStagedOrders(**WORKER, scope="listed", staging_ids="[1, 2]"),
    "claim messages to the store": ClaimOutbox(**WORKER, **STORE),
    "claim some orders' messages": ClaimOutbox(**WORKER, **STORE, staging_ids="[1, 2]", ignore_due=True),
    "claim pending proofs": ClaimPods(**WORKER, scope="pending"),
    "claim failed proofs": ClaimPods(**WORKER, scope="failed", excluded='["ups"]'),
    "count proofs": CountPods(),
    "proofs that are due": ListPods(scope="pending", standing="due"),
    "proofs that failed for good": ListPods(scope="failed", standing="persistent", carriers='["ups"]'),
    "one claim": ListPods(scope="failed", claim_reference="CLM-1"),
    "claim notifications": ClaimNotifications(**WORKER),
    "health": GetHealth(),
    "health, causes": ListReviewCauses(),
    "health, polls": ListStorePolls(),
    "walks": ListWalks(**STORE),
    "a page of known orders": ListKnownOrders(**STORE, orders="[1, 2]"),
    "orders to validate": ListStagedOrders(**STORE, states="PENDING,FAILED"),
    "an order by number": ListStagedOrders(order_ref="4711"),
    "an order's story": TraceOrder(**STORE, woo_order_id=4711),
    **{
        f"forget {kind}": PurgeHistory(kind=kind, before_dt=datetime(2020, 1, 1, tzinfo=UTC), after_id=1, dry_run=True)
        for kind in KINDS
    },
    "status changes": QueueStatusChanges(**STORE, batch_size=100),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_reads_by_an_index(database: Database, plans: Plans, job: str) -> None:
    database.run(JOBS[job])
    assert plans.seen
    assert plans.told == ""


def test_a_whole_shops_days_read_by_an_index(database: EmbeddedDatabase, plans: Plans) -> None:
    clock = MovableClock()
    goods = catalogue(len(ODD_KINDS), seed=7, clock=clock)
    with SimulatedStore(clock=clock) as store:
        store.load(goods.orders, products=goods.products, customers=goods.customers)
        Days(database, store, clock).live()
    assert len(plans.seen) > 100
    # Orders of a former integration are looked for with the indexes that the vendor's tables have; FORMER_ORDERS = N ends it.
    assert [line for line in plans.told.splitlines() if "AS IS_POSTED FROM dbo.PS_DOC_HDR" not in line] == []


def test_the_check_finds_what_it_looks_for(database: EmbeddedDatabase, plans: Plans) -> None:
    session = engine.Session(database._db, MovableClock()())  # type: ignore[attr-defined]
    session.all("SELECT * FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.TKT_NO = '1'")
    session.one("SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX")
    session.run("UPDATE dbo.claims SET client_id = 1 WHERE carrier = 'ups'")
    session.all("SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_NO = '1'")
    session.all("SELECT * FROM dbo.USER_ERP_SETTING")
    assert len(plans.scans) == 3


def test_the_tables_that_grow_are_there(database: EmbeddedDatabase) -> None:
    there = {row[0] for row in database.query("SELECT name FROM dbo.sqlite_master WHERE type = 'table'")}
    assert there >= GROWING
