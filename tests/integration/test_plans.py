"""No statement of a job that runs every few minutes reads a table that grows with the years from end to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimNotifications,
    ClaimOutbox,
    ClaimPods,
    ClaimStagedOrders,
    CountPods,
    GetHealth,
    ListKnownOrders,
    ListPods,
    ListReviewCauses,
    ListStagedOrders,
    ListStockChanges,
    ListStorePolls,
    ListWalks,
    Procedure,
    PurgeHistory,
    QueueStatusChanges,
    TraceOrder,
)
from syncctl.db.contract.history import KINDS
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.orders import KINDS as ODD_KINDS, catalogue
from syncctl.demo.store import SimulatedStore
from tests.clocks import MovableClock
from tests.engines import Days
from tests.plans import SEEN_BY_PEOPLE, SMALL, Noted, Plans


@pytest.fixture(scope="module", params=[True, False], ids=["counted", "not counted"])
def plans(request: pytest.FixtureRequest, made_embedded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    """Reads plans: as SQLite makes them of its own accord, and as it makes them once ANALYZE has run at a large site."""
    path = tmp_path_factory.mktemp("plans") / "large.db"
    copy(made_embedded, path)
    read = Plans(path, counted=request.param)
    with closing(read.database):
        yield read


@pytest.fixture
def noted() -> Iterator[Noted]:
    """Notes every statement of the embedded engine from here on."""
    kept = Noted()
    kept.erp = "counterpoint"
    with kept.all():
        yield kept


@pytest.fixture
def database(tmp_path: Path, noted: Noted) -> Iterator[EmbeddedDatabase]:
    """An embedded database."""
    with closing(EmbeddedDatabase(tmp_path / "plans.db", clock=MovableClock())) as opened:
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
    "stock to tell": ListStockChanges(**STORE),
    "an order's story": TraceOrder(**STORE, woo_order_id=4711),
    **{
        f"forget {kind}": PurgeHistory(kind=kind, before_dt=datetime(2020, 1, 1, tzinfo=UTC), after_id=1, dry_run=True)
        for kind in KINDS
    },
    "status changes": QueueStatusChanges(**STORE, batch_size=100),
}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_reads_by_an_index(database: EmbeddedDatabase, noted: Noted, plans: Plans, job: str) -> None:
    database.run(JOBS[job])
    assert noted.statements["counterpoint"]
    assert [scan for sql in noted.statements["counterpoint"] for scan in plans.scans(sql)] == []


def test_a_whole_shops_days_read_by_an_index(database: EmbeddedDatabase, noted: Noted, plans: Plans) -> None:
    clock = MovableClock()
    goods = catalogue(len(ODD_KINDS), seed=7, clock=clock)
    with SimulatedStore(clock=clock) as store:
        store.load(goods.orders, products=goods.products, customers=goods.customers)
        Days(database, store, clock).live()
    statements = noted.statements["counterpoint"]
    assert len(statements) > 100
    of_jobs = [sql for sql, run_by in statements.items() if not run_by <= SEEN_BY_PEOPLE.keys()]
    assert {sql: scans for sql in of_jobs if (scans := plans.scans(sql))} == {}


def test_the_check_finds_what_it_looks_for(plans: Plans) -> None:
    found = {
        "SELECT * FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.TKT_NO = '1'": 1,
        "SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX": 1,
        "UPDATE dbo.claims SET client_id = 1 WHERE carrier = 'ups'": 1,
        "INSERT INTO dbo.USER_ERP_SETTING (NAME, VALUE) SELECT :name, TKT_NO FROM dbo.PS_DOC_HDR": 1,
        "SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_NO = :number": 0,
        "SELECT * FROM dbo.USER_ERP_SETTING": 0,
        "UPDATE dbo.USER_ORDER_STAGING SET STATE = ? WHERE STAGING_ID = ?": 0,
    }
    assert {sql: len(plans.scans(sql)) for sql in found} == found


def test_the_small_tables_are_there(database: EmbeddedDatabase) -> None:
    there = {row[0] for row in database.query("SELECT name FROM dbo.sqlite_master WHERE type = 'table'")}
    others = {
        "sqlite_master",
        "Configuration",
        "USER_SCHEMA_JOURNAL",
        "USER_DEMO_ERP",
    }  # SQLite's own, another ERP's, the other engine's
    assert there | others >= SMALL
