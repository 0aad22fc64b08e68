"""The verdict of `health` on what the database and the store say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from syncctl.db.contract import FinishRun, StartRun
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import DatabaseUnavailable
from syncctl.secret import Secret
from syncctl.services.health import Thresholds, Verdict, health
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.orders import line, order, stage


class Bench:
    """A database and a store to look at."""

    def __init__(self, path: Path, store: SimulatedStore, clock: MovableClock) -> None:
        self.path, self.store, self.clock = path, store, clock

    def connect(self) -> EmbeddedDatabase:
        return EmbeddedDatabase(self.path, clock=self.clock)

    def client(self) -> WooCommerce:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        return WooCommerce(connection, clock=self.clock, sleeper=lambda _: None)

    def ran(self, command: str) -> None:
        database = self.connect()
        name = f"{command} {self.clock()}"
        started = {"direction": "STORE_TO_ERP", "dry_run": False, "host": "h", "process_id": 1, "created_by": "t"}
        database.run(StartRun(sync_id=name, operation_type=command, **started))
        none = dict.fromkeys((f"records_{what}" for what in ("input", "created", "updated", "skipped", "failed")), 0)
        database.run(FinishRun(sync_id=name, success=True, exit_code=0, **none))
        database.close()

    def look(self, connect: Callable[[], EmbeddedDatabase] | None = None, **limits: int) -> Verdict:
        return health(connect or self.connect, self.client, thresholds=Thresholds(**limits), clock=self.clock)

    def levels(self, **limits: int) -> dict[str, str]:
        return {check.name: check.level for check in self.look(**limits).checks if check.level != "ok"}


@pytest.fixture
def bench(tmp_path):
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        made = Bench(tmp_path / "health.db", store, clock)
        made.ran("stage")
        yield made


def test_all_is_well_right_after_a_poll(bench):
    assert bench.look().healthy


def test_a_poll_that_stopped_is_seen_though_other_jobs_go_on(bench):
    bench.clock.move(timedelta(minutes=61))
    bench.ran("process")
    assert bench.levels() == {"last_poll": "critical"}


def test_a_shop_that_polls_seldom_is_not_called_silent(bench):
    bench.clock.move(timedelta(minutes=100))
    bench.ran("process")
    assert bench.levels(polling_interval_minutes=60) == {}


def test_an_order_that_waits_too_long_and_one_that_needs_a_person(bench):
    database = bench.connect()
    stage(database, order(1), order(2, line(sku="NOPE")))
    database.close()
    assert bench.levels() == {}
    bench.clock.move(timedelta(minutes=59))
    assert "pending" not in bench.levels()
    bench.clock.move(timedelta(minutes=2))
    assert bench.levels()["pending"] == "critical"


def test_a_store_that_is_down_and_a_database_that_is_gone_are_findings(bench):
    bench.store.fail("status", status=503, times=100)
    assert bench.levels() == {"store": "critical"}
    bench.store.faults.clear()

    def gone() -> EmbeddedDatabase:
        raise DatabaseUnavailable("no connection")

    verdict = bench.look(gone)
    assert verdict.level == "critical"
    assert [check.name for check in verdict.checks] == ["database", "store"]
