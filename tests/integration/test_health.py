"""The verdict of `health` on what the database and the store say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import (
    AddClaim,
    ClaimPods,
    ClaimStagedOrders,
    FailStagedOrder,
    FinishRun,
    GetHealth,
    Health,
    ListPods,
    Procedure,
    RecordPodFailure,
    StageOrders,
    StartRun,
)
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import ConfigError, DatabaseUnavailable
from syncctl.secret import Secret
from syncctl.services.health import Around, health
from syncctl.services.health_findings import Thresholds
from syncctl.services.health_verdict import Verdict
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import PATIENCE, MovableClock, deadline_comes, end_of_looks
from tests.crash.hosts import Held
from tests.orders import line, order, stage


def fail_proof(database: EmbeddedDatabase, outcome: str, **more: Any) -> None:
    """A claim is added, and its first attempt fails."""
    number = str(len(database.run(ListPods())))
    database.run(AddClaim(claim_reference=number, carrier="Acme", tracking_number=number))
    [claim] = database.run(ClaimPods(worker_id="w", scope="pending"))
    fence = {"claim_id": claim.claim_id, "worker_id": "w", "attempt_no": claim.attempt_no}
    database.run(RecordPodFailure(**fence, outcome=outcome, cause="x", error_code=None, message="m", **more))


class Bench:
    """A database and a store to look at."""

    def __init__(self, path: Path, store: SimulatedStore, clock: MovableClock) -> None:
        self.path, self.store, self.clock = path, store, clock
        self.database = self.connect()

    def connect(self) -> EmbeddedDatabase:
        return EmbeddedDatabase(self.path, clock=self.clock)

    def client(self) -> WooCommerce:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        return WooCommerce(connection, clock=self.clock, sleeper=lambda _: None)

    def ran(
        self,
        command: str,
        exit_code: int | None = 0,
        *,
        dry_run: bool = False,
        message: str | None = None,
        store_id: str | None = None,
    ) -> None:
        """A job ran; without an exit code it never came to its end."""
        name = f"{command} {store_id} {self.clock()}"
        started = {"direction": "STORE_TO_ERP", "host": "h", "process_id": 1, "created_by": "t"}
        self.database.run(StartRun(sync_id=name, operation_type=command, dry_run=dry_run, store_id=store_id, **started))
        if exit_code is None:
            return
        none = dict.fromkeys((f"records_{what}" for what in ("input", "created", "updated", "skipped", "failed")), 0)
        ended = {"success": exit_code == 0, "exit_code": exit_code, "error_message": message}
        self.database.run(FinishRun(sync_id=name, **ended, **none))

    def polled(self, store_id: str = "woocommerce", **under_way: Any) -> None:
        """A poll of that store came to its end, or so far."""
        walk = {"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T11:00:00.000", **under_way}
        self.database.run(
            StageOrders(store_id=store_id, source_system="woocommerce", sync_id="poll", orders="[]", walk=json.dumps(walk))
        )

    def failed(self, order_id: int = 1, **failure: Any) -> None:
        """An order is staged, and its first attempt fails."""
        [staged] = stage(self.database, order(order_id))
        listed = {"scope": "listed", "staging_ids": f"[{staged.staging_id}]"}
        [claimed] = self.database.run(ClaimStagedOrders(worker_id="w", batch_size=1, **listed))
        how = {"error_class": "connection", "error_code": None, "message": "gone", **failure}
        self.database.run(FailStagedOrder(staging_id=claimed.staging_id, worker_id="w", attempt_no=claimed.attempt_no, **how))

    def look(
        self,
        connect: Callable[[], Any] | None = None,
        *,
        around: Around | None = None,
        wanted: Collection[str] = (),
        store_id: str = "woocommerce",
        **limits: Any,
    ) -> Verdict:
        return health(
            connect or self.connect,
            self.client,
            # How long the database took says something of the machine alone.
            thresholds=Thresholds(**{"database_warning_ms": 1000 * PATIENCE, "database_critical_ms": 1000 * PATIENCE, **limits}),
            store_id=store_id,
            around=around,
            wanted=wanted,
            clock=self.clock,
            deadline=timedelta(seconds=PATIENCE),
        )

    def levels(self, **limits: Any) -> dict[str, str]:
        return {check.name: check.level for check in self.look(**limits).wrong}

    def said(self, name: str, **limits: Any) -> str:
        return next(check.message for check in self.look(**limits).checks if check.name == name)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        made = Bench(tmp_path / "health.db", store, clock)
        made.ran("stage")
        made.polled()
        yield made
        made.database.close()


def test_all_is_well_right_after_a_poll(bench: Bench) -> None:
    assert bench.look().healthy


# --- Polls --------------------------------------------------------------------------------------------------------------


def test_a_poll_that_stopped_is_seen_though_other_jobs_go_on(bench: Bench) -> None:
    bench.clock.move(timedelta(minutes=61))
    bench.ran("process")
    assert bench.levels() == {"last_poll": "critical"}


def test_a_shop_that_polls_seldom_is_not_called_silent(bench: Bench) -> None:
    bench.clock.move(timedelta(minutes=100))
    bench.ran("process")
    assert bench.levels(polling_interval_minutes=60) == {}


def test_orders_fetched_by_their_ids_are_no_poll(bench: Bench) -> None:
    bench.clock.move(timedelta(minutes=61))
    bench.ran("stage")
    assert bench.levels() == {"last_poll": "critical"}


def test_a_store_that_was_never_polled_is_seen_though_another_is(tmp_path: Path, bench: Bench) -> None:
    bench.database.query("DELETE FROM dbo.USER_SYNC_WALK")
    bench.polled("outlet")
    stage(bench.database, order(1))
    assert bench.levels() == {"last_poll": "critical"}
    assert "the store was never polled to the end" in bench.said("last_poll")


def test_another_store_that_the_database_knows_and_nobody_polls_is_a_warning_until_it_is_left_out(bench: Bench) -> None:
    bench.polled("outlet")
    page = json.dumps([order(7, STATUS_GROUP="wait", STATUS_REASON="not paid")])
    bench.database.run(StageOrders(store_id="retired", source_system="woocommerce", sync_id="by hand", orders=page))
    assert bench.levels() == {"last_poll": "warning"}
    assert "store retired was never polled to the end" in bench.said("last_poll")
    assert bench.levels(ignore_stores=("retired",)) == {}
    bench.clock.move(timedelta(minutes=61))
    bench.polled()
    bench.ran("stage")
    assert bench.levels(ignore_stores=("retired",)) == {"last_poll": "warning"}
    assert "store outlet was last polled to the end 1 h 1 min ago" in bench.said("last_poll", ignore_stores=("retired",))


def test_a_long_poll_that_gets_on_is_a_warning_and_one_that_stands_still_is_critical(bench: Bench) -> None:
    bench.clock.move(timedelta(minutes=61))
    bench.polled(SINCE_DT="2026-11-20T11:00:00.000", UNTIL_DT="2026-11-20T12:00:00.000", LAST_ID=4711)
    bench.ran("stage")
    assert bench.levels() == {"last_poll": "warning"}
    assert "a poll is under way (it came to order 4711 0 s ago)" in bench.said("last_poll")
    bench.clock.move(timedelta(minutes=61))
    bench.ran("stage")
    assert bench.levels() == {"last_poll": "critical"}


def test_where_polling_is_off_no_poll_is_missed(bench: Bench) -> None:
    bench.clock.move(timedelta(minutes=61))
    bench.ran("process")
    assert bench.levels(polling=False) == {}


# --- Orders and messages ------------------------------------------------------------------------------------------------


def test_an_order_that_waits_too_long_and_one_that_needs_a_person(bench: Bench) -> None:
    stage(bench.database, order(1), order(2, line(sku="NOPE")))
    assert bench.levels() == {}
    bench.clock.move(timedelta(minutes=59))
    assert "pending" not in bench.levels()
    bench.clock.move(timedelta(minutes=2))
    assert bench.levels()["pending"] == "critical"


def test_a_failed_order_that_nobody_tries_again_is_critical(bench: Bench) -> None:
    bench.failed()
    assert bench.levels() == {}
    bench.clock.move(timedelta(days=9))
    bench.polled()
    bench.ran("stage")
    assert bench.levels() == {"failed": "critical"}
    assert "the oldest has been due for 8 d 23 h (limit 60 min)" in bench.said("failed")
    assert bench.levels(overdue_minutes=20_000) == {}


def test_a_message_that_nobody_delivers_is_critical(bench: Bench) -> None:
    bench.database.query(
        "INSERT INTO dbo.USER_STORE_OUTBOX (STORE_ID, WOO_ORDER_ID, KIND, DEDUP_KEY, NEXT_ATTEMPT_DT, CREATED_DT)"
        " VALUES ('woocommerce', 1, 'applied', 'applied:1', ?, ?)",
        (bench.clock.now + timedelta(minutes=30), bench.clock.now),
    )
    for minutes, expected in ((59, {}), (2, {"write_back": "warning"}), (30, {"write_back": "critical"})):
        bench.clock.move(timedelta(minutes=minutes))
        bench.polled()
        bench.ran("stage")
        assert bench.levels() == expected
    assert "one due for 1 h 1 min (limit 60 min)" in bench.said("write_back")


def test_review_is_named_by_cause_with_an_example(bench: Bench) -> None:
    for number, (error_class, message) in enumerate(
        [("validation", "The ERP has no item for SKU X."), ("validation", "again"), ("conflict", "shipped " * 40)], start=1
    ):
        bench.failed(number, error_class=error_class, message=message)
    bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET ERROR_CLASS = 'unreadable' WHERE STAGING_ID = 3")
    verdict = bench.look()
    said = bench.said("review")
    assert said.startswith(
        "3 need a person: 2 validation (such as order 1: The ERP has no item for SKU X.), 1 unreadable (such as"
    )
    assert said.endswith("…); see `syncctl dead-letter list`")
    assert [(cause.error_class, cause.orders) for cause in verdict.causes] == [("validation", 2), ("unreadable", 1)]


# --- Clocks -------------------------------------------------------------------------------------------------------------


def test_a_host_whose_clock_is_three_hours_behind_the_databases_is_critical(bench: Bench) -> None:
    theirs = MovableClock(bench.clock.now)
    bench.store.fail("status", status=503, times=100)  # it would know, too

    def connect() -> EmbeddedDatabase:
        return EmbeddedDatabase(bench.path, clock=theirs)

    def clock_check() -> tuple[str, str]:
        [found] = [check for check in bench.look(connect).checks if check.name == "clock"]
        return found.level, found.message

    assert clock_check()[0] == "ok"
    theirs.move(timedelta(seconds=59))
    assert clock_check()[0] == "ok"
    theirs.move(timedelta(seconds=2))
    assert clock_check() == ("warning", "this host's clock is 1 min behind the database's (limit 60 s)")
    theirs.move(timedelta(hours=-3))
    level, said = clock_check()
    assert (level, said.partition(";")[0]) == ("critical", "this host's clock is 2 h 58 min ahead of the database's")
    theirs.move(timedelta(hours=6))
    assert clock_check()[0] == "critical"


def test_ages_are_told_by_the_databases_clock(bench: Bench) -> None:
    stage(bench.database, order(1))
    bench.clock.move(timedelta(minutes=61))
    behind = MovableClock(bench.clock.now - timedelta(hours=3))
    verdict = health(bench.connect, None, thresholds=Thresholds(), store_id="woocommerce", clock=behind)
    assert {check.name for check in verdict.checks if check.level == "critical"} == {"pending", "last_success", "clock"}


def test_a_host_whose_clock_is_behind_the_stores_is_seen(bench: Bench) -> None:
    bench.store.skew = timedelta(minutes=4)
    assert bench.levels() == {"clock": "warning"}
    bench.store.skew = timedelta(minutes=10)
    assert bench.levels() == {"clock": "critical"}
    assert "this host's clock is 10 min behind the store's" in bench.said("clock")
    bench.store.skew = timedelta(minutes=-10)
    assert "this host's clock is 9 min ahead of the store's" in bench.said("clock"), "an HTTP date is a second old"


def test_rows_that_lie_ahead_tell_of_a_clock_that_was_set_back(bench: Bench) -> None:
    bench.clock.move(timedelta(hours=-3))
    assert bench.levels() == {"clock": "critical"}
    assert "the last successful run is dated 3 h 0 min ahead" in bench.said("clock")
    assert "the last successful run was 3 h 0 min from now" in bench.said("last_success")
    assert all((check.value or 0) >= 0 for check in bench.look().checks), "monitoring draws no age below 0"


# --- What is down, hangs or is odd --------------------------------------------------------------------------------------


def test_a_store_that_is_down_and_a_database_that_is_gone_are_findings(bench: Bench) -> None:
    bench.store.fail("status", status=503, times=100)
    assert bench.levels() == {"store": "critical"}
    bench.store.faults.clear()

    def gone() -> EmbeddedDatabase:
        raise DatabaseUnavailable("no connection")

    verdict = bench.look(gone)
    assert verdict.level == "critical"
    assert [(check.name, check.level) for check in verdict.wrong] == [("database", "critical")]
    [pending] = [check for check in verdict.checks if check.name == "pending"]
    assert (pending.level, pending.because) == ("unknown", "database"), "what could not be looked at is not well"


def test_a_database_that_can_not_be_asked_as_set_up_is_unknown(bench: Bench) -> None:
    def no_driver() -> EmbeddedDatabase:
        raise ConfigError("no ODBC driver")

    verdict = bench.look(no_driver)
    assert (verdict.level, verdict.checks[0].level, verdict.checks[0].message) == ("unknown", "unknown", "no ODBC driver")


class Hanging:
    """A connection that hangs at one procedure until it is let go."""

    def __init__(self, database: EmbeddedDatabase, procedure: str, go: threading.Event, arrived: threading.Event) -> None:
        self._database, self._procedure, self._go, self._arrived = database, procedure, go, arrived

    def run(self, call: Procedure[Any]) -> list[Any]:
        if call.name == self._procedure:
            self._arrived.set()
            assert self._go.wait(2 * PATIENCE)
        return self._database.run(call)

    def close(self) -> None:
        self._database.close()


@pytest.mark.parametrize("procedure", ["sp_GetHealth", "sp_ListReviewCauses"])
def test_a_database_that_hangs_holds_the_verdict_no_longer_than_the_deadline(
    bench: Bench, procedure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, arrived = threading.Event(), threading.Event()
    deadline_comes(monkeypatch, for_look="database", once=arrived)
    verdict = bench.look(lambda: Hanging(bench.connect(), procedure, go, arrived))
    levels = {check.name: check.level for check in verdict.checks}
    assert (levels["database"], levels["store"]) == ("critical", "ok")
    assert verdict.checks[0].message.startswith("no answer within 60 s")
    assert levels["pending"] == ("unknown" if procedure == "sp_GetHealth" else "ok"), "what was answered in time counts"
    assert [check.name for check in verdict.wrong] == ["database"], "the rest follows from it"
    go.set()
    end_of_looks()


def test_a_store_that_hangs_does_not_hide_the_database(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(bench.store, ".")
    deadline_comes(monkeypatch, for_look="store", once=held.arrived)
    levels = {check.name: check.level for check in bench.look().checks}
    assert (levels["store"], levels["database"], levels["pending"]) == ("critical", "ok", "ok")
    held.go.set()
    end_of_looks()


def test_an_error_that_nobody_foresaw_is_a_finding_too(bench: Bench) -> None:
    class Odd(Hanging):
        def run(self, call: Procedure[Any]) -> list[Any]:
            raise OverflowError("date value out of range")

    verdict = bench.look(lambda: Odd(bench.connect(), "", threading.Event(), threading.Event()))
    assert verdict.checks[0].message == "could not be looked at: OverflowError: date value out of range"
    assert verdict.level == "critical"


@pytest.mark.parametrize("odd", ["garbage", "0000-00-00 00:00:00.000", "2026-02-31 10:00:00.000", "999-01-01 00:00:00.000", ""])
def test_an_odd_row_hides_no_other(bench: Bench, odd: str) -> None:
    stage(bench.database, order(1), order(2))
    bench.failed(3)
    bench.failed(4)
    bench.clock.move(timedelta(days=9))
    bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET CREATED_DT = ?, APPLIED_DT = ? WHERE STAGING_ID = 1", (odd, odd))
    bench.database.query("UPDATE dbo.USER_ORDER_EVENT SET EVENT_DT = ? WHERE STAGING_ID = 1", (odd,))
    bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET NEXT_ATTEMPT_DT = ? WHERE STAGING_ID = 3", (odd,))
    bench.database.query("INSERT INTO dbo.USER_SYNC_LOG (SYNC_ID, SUCCESS, DRY_RUN, END_TIME) VALUES ('x', 1, 0, ?)", (odd,))
    levels = bench.levels()
    assert levels == dict.fromkeys(("pending", "failed", "last_success", "last_poll"), "critical")


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_moment_in_the_first_or_last_year_is_no_trouble(bench: Bench, year: str) -> None:
    stage(bench.database, order(1))
    bench.failed(2)
    moment = f"{year}-12-31 23:59:59.999" if year == "9999" else "0001-01-01 00:00:00.000"
    bench.database.query("UPDATE dbo.USER_ORDER_STAGING SET CREATED_DT = ?, NEXT_ATTEMPT_DT = ?, APPLIED_DT = ?", (moment,) * 3)
    bench.database.query("UPDATE dbo.USER_ORDER_EVENT SET EVENT_DT = ?", (moment,))
    bench.database.query("UPDATE dbo.USER_SYNC_WALK SET FINISHED_DT = ?", (moment,))
    bench.database.query("UPDATE dbo.USER_SYNC_LOG SET END_TIME = ?", (moment,))
    expected = ("pending", "failed", "last_success", "last_poll") if year == "0001" else ("clock",)
    assert bench.levels() == dict.fromkeys(expected, "critical")
    assert "more than 10 years" in " ".join(check.message for check in bench.look().checks)


# --- What it costs ------------------------------------------------------------------------------------------------------


def test_no_look_reads_what_was_done_long_ago(bench: Bench) -> None:
    """Staged orders, runs and links are kept for years: each figure comes from an index."""
    seen: list[str] = []

    class Watched(EmbeddedDatabase):
        def run(self, call: Procedure[Any]) -> list[Any]:
            self._db.set_trace_callback(seen.append)
            return super().run(call)

    with closing(Watched(bench.path, clock=bench.clock)) as database:
        assert isinstance(database.run(GetHealth())[0], Health)
        bench.look(lambda: Watched(bench.path, clock=bench.clock))
        plans = [
            row["detail"]
            for statement in dict.fromkeys(seen)
            if statement.lstrip().startswith(("SELECT", "WITH"))
            for row in database.query(f"EXPLAIN QUERY PLAN {statement}")
        ]
    large = ("USER_ORDER_STAGING", "USER_SYNC_LOG", "USER_ORDER_EVENT", "USER_STORE_OUTBOX", "staged", "event", "following")
    # The newest entry is the first that is met from the end of an index.
    from_the_end = ("USING INDEX IX_USER_SYNC_LOG_END", "USING INDEX IX_USER_ORDER_STAGING_APPLIED")
    read = [plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in large and not plan.endswith(from_the_end)]
    assert len([plan for plan in plans if plan.startswith("SEARCH")]) > 10, "the statements were seen"
    assert read == []


def test_claims_that_will_get_no_proof_by_themselves_are_told(bench: Bench) -> None:
    assert "proofs" not in {check.name for check in bench.look().checks}, "nobody has claims: nothing to say"
    fail_proof(bench.database, "temporary")
    fail_proof(bench.database, "not_yet", wait_seconds=60)
    fail_proof(bench.database, "persistent")
    fail_proof(bench.database, "not_yet", not_yet_tries=1)
    fail_proof(bench.database, "temporary", max_retries=0)

    def proofs(**limits: Any) -> tuple[str, float | None, str]:
        [check] = [check for check in bench.look(**limits).checks if check.name == "proofs"]
        return check.level, check.value, check.message

    level, value, said = proofs(failed_proofs=1)
    assert (level, value) == ("warning", 2)
    assert said.startswith("3 claims wait for a proof of delivery; 2 will get none by themselves (limit 1): 2 for their error")
    assert proofs(failed_proofs=2)[:2] == ("ok", 2)
    assert proofs(proof_retries=0, failed_proofs=3)[:2] == ("warning", 4)
