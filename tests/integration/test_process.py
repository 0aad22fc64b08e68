"""What a `process` run promises, on the embedded engine with faults in front of it."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import Database, ListOrderAttempts, ListStagedOrders, SetErpSetting, SetRetryPolicy, StagedOrder
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import ConfigError, DatabaseUnavailable, PermanentError, TransientError
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.run_context import RunContext
from syncctl.services.seed import seed, set_up
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from syncctl.stop import Never, Stop
from tests.clocks import MovableClock
from tests.faults import Failing, FaultyDatabase
from tests.orders import line, order, stage

DEADLOCK = TransientError("deadlock victim", code=1205, error_class="deadlock")


class Bench:
    """An embedded database with a trial ERP, and short ways to stage and process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = MovableClock()
        self.database = EmbeddedDatabase(path, clock=self.clock)
        item = {"ITEM_NO": "TEE-BLK", "SKU": "TEE-BLK", "DESCR": "Tee", "PRC_1": "19.99", "QTY_ON_HND": "5"}
        customer = {"CUST_NO": "S1", "NAM": "Ada", "EMAIL_ADRS_1": "ada@example.test", "WOO_USER_ID": 5}
        set_up(self.database)
        seed(self.database, items=[item], customers=[customer])

    def process(self, *faults: Failing, after: Failing | None = None, **options: Any) -> ProcessResult:
        def connect() -> Database:
            def before(call: Any) -> Exception | None:
                return next((error for fault in faults if (error := fault(call))), None)

            real = EmbeddedDatabase(self.path, clock=self.clock)
            return FaultyDatabase(real, before=before, after=after or (lambda _: None))

        workers = options.pop("workers", 1)
        stop = options.pop("stop", Never())
        chosen = replace(ProcessOptions(rules=Rules()), **options)
        context = RunContext(run_id="run", clock=self.clock, sleeper=self.clock.sleep, stop=stop)
        return process(connect, None, chosen, context, workers=workers)

    def order(self, staging_id: int) -> StagedOrder:
        return self.database.run(ListStagedOrders(staging_id=staging_id))[0]

    def count(self, table: str) -> int:
        return int(self.database.query(f"SELECT COUNT(*) FROM dbo.{table}")[0][0])


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    made = Bench(tmp_path / "bench.db")
    yield made
    made.database.close()


def test_a_template_customer_that_is_not_there_ends_the_run_and_burns_nothing(bench: Bench) -> None:
    bench.database.run(SetErpSetting(setting_name="TMPLT_CUST_NO", value="GONE"))
    stage(bench.database, *(order(number, line(1), WOO_CUST_ID=None, CUST_EMAIL=f"{number}@example.test") for number in (1, 2)))
    creating = Rules(unknown_customer="create")
    result = bench.process(rules=creating)
    assert isinstance(result.ended_by, ConfigError)
    assert result.ended_by.exit_code == 78
    assert str(result.ended_by).startswith("The template customer GONE is not in AR_CUST")
    assert [(bench.order(number).state, bench.order(number).attempt_no) for number in (1, 2)] == [("PENDING", 0)] * 2
    assert (bench.count("USER_ORDER_DEAD_LETTER"), bench.count("AR_CUST")) == (0, 1)
    bench.database.run(SetErpSetting(setting_name="TMPLT_CUST_NO", value="-"))
    assert [item.outcome for item in bench.process(rules=creating).orders] == ["created", "created"]


def test_nothing_pending_ends_at_once(bench: Bench) -> None:
    result = bench.process()
    assert result.counts == dict.fromkeys(result.counts, 0)
    assert bench.clock.slept == []


def test_a_passing_error_is_retried_in_the_run_after_2_and_4_seconds(bench: Bench) -> None:
    stage(bench.database, order(1))
    started = bench.clock()
    result = bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=2))
    assert [(item.outcome, item.attempts) for item in result.orders] == [("created", 3)]
    assert (bench.clock() - started).total_seconds() == pytest.approx(6, abs=0.5)
    assert [attempt.error_code for attempt in bench.database.run(ListOrderAttempts(staging_id=1))] == ["1205", "1205"]
    assert bench.order(1).validation_error is None


def test_the_attempt_is_in_validation_error_and_the_documented_query_finds_it(bench: Bench) -> None:
    stage(bench.database, order(1))
    result = bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=3))
    assert result.counts["failed"] == 1
    found = bench.database.query(
        """
        SELECT
            STAGING_ID,
            WOO_ORDER_ID,
            VALIDATION_ERROR,
            IS_APPLIED,
            CREATED_DT
        FROM dbo.USER_ORDER_STAGING
        WHERE IS_APPLIED = 0
          AND VALIDATION_ERROR LIKE '%Attempt%'
        ORDER BY CREATED_DT DESC
        """
    )
    assert [(row["WOO_ORDER_ID"], row["VALIDATION_ERROR"]) for row in found] == [(1, "[Attempt 3/3] deadlock victim")]
    failed = bench.order(1)
    assert failed.state == "FAILED"
    assert failed.next_attempt_dt is not None
    assert failed.next_attempt_dt > bench.clock()


def test_no_retry_tries_once(bench: Bench) -> None:
    stage(bench.database, order(1))
    assert bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK), retry=False).counts["failed"] == 1
    assert bench.order(1).attempt_no == 1
    assert bench.clock.slept == []


def test_an_order_that_waits_does_not_hold_up_the_others(bench: Bench) -> None:
    stage(bench.database, order(1), order(2), order(3))
    result = bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, staging_id=1))
    assert [item.woo_order_id for item in sorted(result.orders, key=lambda item: item.doc_id or 0)] == [2, 3, 1]
    assert result.counts["created"] == 3


def test_a_permanent_error_goes_to_review_at_once(bench: Bench) -> None:
    stage(bench.database, order(1, line(sku="NOPE")))
    result = bench.process()
    assert [(item.outcome, item.attempts) for item in result.orders] == [("review", 1)]
    assert "NOPE" in result.orders[0].message
    assert bench.order(1).state == "NEEDS_MANUAL_REVIEW"
    assert bench.count("USER_ORDER_DEAD_LETTER") == 1


def test_a_poison_row_does_not_end_the_run(bench: Bench) -> None:
    stage(bench.database, order(1), order(2), order(3))
    result = bench.process(Failing("sp_ProcessStagedOrder", ZeroDivisionError("poison"), times=99, staging_id=2))
    assert result.counts["created"] == 2
    assert result.counts["failed"] == 1
    assert bench.order(2).state == "FAILED"
    assert "ZeroDivisionError" in (bench.order(2).validation_error or "")


def test_a_lost_answer_creates_no_second_document(bench: Bench) -> None:
    stage(bench.database, order(1))
    lost = Failing("sp_ProcessStagedOrder", TransientError("connection lost", code="08S01"))
    result = bench.process(after=lost)
    assert bench.count("PS_DOC_HDR") == 1
    assert bench.order(1).state == "APPLIED"
    assert [(item.outcome, item.tkt_no) for item in result.orders] == [("created", "101-000001")]


def test_when_the_database_is_down_no_attempt_of_an_untried_order_is_burnt(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 11)))
    down = DatabaseUnavailable("no connection")
    result = bench.process(Failing("sp_ProcessStagedOrder", down, times=99), Failing("sp_FailStagedOrder", down, times=99))
    assert result.ended_by is not None
    assert [bench.order(number).attempt_no for number in range(1, 11)] == [1] + [0] * 9


def test_the_rest_of_a_batch_is_given_back_when_half_of_the_lease_is_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(bench.database, *(order(number) for number in range(1, 6)))
    ticks = itertools.count(0, 60)
    monkeypatch.setattr("syncctl.services.process.monotonic", lambda: float(next(ticks)))
    calls: list[str] = []
    result = bench.process(lambda call: calls.append(call.name))
    assert (result.counts["created"], result.counts["claimed"]) == (5, 5)
    assert {bench.order(number).attempt_no for number in range(1, 6)} == {1}
    assert calls.count("sp_ReleaseStagedOrder") > 0


def test_a_stop_in_mid_batch_gives_back_the_rest_untried_and_the_limit_is_as_before(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 6)))
    stop = Stop()

    def stopping(call: Any) -> None:
        if call.name == "sp_ProcessStagedOrder" and call.staging_id == 2:
            stop.set(143)

    result = bench.process(stopping, stop=stop)
    assert (result.counts["created"], result.counts["claimed"], result.stopped) == (2, 2, True)
    assert [(bench.order(number).state, bench.order(number).attempt_no) for number in range(3, 6)] == [("PENDING", 0)] * 3


def test_a_hundred_orders_take_few_calls(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 101)))
    calls: list[str] = []
    assert bench.process(lambda call: calls.append(call.name)).counts["created"] == 100
    assert len(calls) <= 110, Counter(calls)


def test_the_limit_counts_orders_not_attempts(bench: Bench) -> None:
    stage(bench.database, order(1), order(2), order(3))
    result = bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK), limit=2)
    assert result.counts["created"] == 2
    assert bench.order(3).state == "PENDING"


def test_processing_again_creates_nothing(bench: Bench) -> None:
    stage(bench.database, order(1), order(2))
    assert bench.process().counts["created"] == 2
    stage(bench.database, order(1), order(2))
    assert bench.process().counts["claimed"] == 0
    assert bench.count("PS_DOC_HDR") == 2


def test_workers_share_the_orders(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 31)))
    result = bench.process(workers=4)
    assert sorted(item.woo_order_id for item in result.orders) == list(range(1, 31))
    assert bench.count("PS_DOC_HDR") == 30


def test_orders_by_id_are_taken_whatever_the_time(bench: Bench) -> None:
    stage(bench.database, order(1), order(2))
    bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=2), retry=False)
    assert bench.order(1).state == "FAILED"
    result = bench.process(scope="listed", staging_ids=(1,))
    assert [(item.staging_id, item.outcome) for item in result.orders] == [(1, "created")]


def test_an_error_without_a_retry_is_tried_by_no_loop(bench: Bench) -> None:
    stage(bench.database, order(1))
    result = bench.process(Failing("sp_ProcessStagedOrder", PermanentError("no", error_class="mapping"), times=99))
    assert [(item.outcome, item.attempts) for item in result.orders] == [("review", 1)]


def test_an_orders_own_number_of_attempts_comes_from_max_retries_and_leads_to_a_person(bench: Bench) -> None:
    stage(bench.database, order(1), order(2))
    fault = Failing("sp_ProcessStagedOrder", DEADLOCK, times=99, staging_id=1)
    result = bench.process(fault, max_retries=2, own_attempts=2)
    assert {item.woo_order_id: (item.outcome, item.attempts) for item in result.orders} == {1: ("review", 2), 2: ("created", 1)}
    assert bench.order(1).state == "NEEDS_MANUAL_REVIEW"
    assert bench.order(1).validation_error == "[Attempt 2/2] deadlock victim"
    assert bench.count("USER_ORDER_ATTEMPT") == 2


def test_more_attempts_than_the_policy_gives_can_be_asked_for(bench: Bench) -> None:
    bench.database.run(SetRetryPolicy(error_class="deadlock", max_attempts=1))
    stage(bench.database, order(1), order(2))
    assert bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=1), limit=1).counts["review"] == 1
    again = bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=3), max_retries=4, own_attempts=4)
    assert [(item.woo_order_id, item.outcome, item.attempts) for item in again.orders] == [(2, "created", 4)]


def test_what_failed_waits_between_runs_and_longer_each_time(bench: Bench) -> None:
    stage(bench.database, order(1))
    waits: list[float] = []
    for _ in range(4):
        fault = Failing("sp_ProcessStagedOrder", DEADLOCK, times=99)
        scope = "failed" if waits else "pending"
        assert bench.process(fault, scope=scope, retry=False).counts["failed"] == 1
        assert bench.process(scope="failed").counts["claimed"] == 0, "it was taken before its time"
        due = bench.order(1).next_attempt_dt
        assert due is not None
        waits.append((due - bench.clock()).total_seconds())
        bench.clock.now = due
    for wait, least in zip(waits, (60, 120, 240, 480), strict=True):
        assert least <= wait <= least * 1.1
    assert bench.process(scope="failed").counts["created"] == 1


def test_orders_that_fail_together_are_not_all_due_at_one_moment(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 11)))
    bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=99), retry=False)
    due = {bench.order(number).next_attempt_dt for number in range(1, 11)}
    assert len(due) > 1


def test_the_other_sides_own_wait_is_kept_to(bench: Bench) -> None:
    stage(bench.database, order(1))
    throttled = TransientError("slow down", error_class="throttle", retry_after=20)
    began = bench.clock()
    assert bench.process(Failing("sp_ProcessStagedOrder", throttled)).counts["created"] == 1
    assert (bench.clock() - began).total_seconds() >= 20


def test_a_wait_of_more_than_half_a_minute_is_left_to_a_later_run(bench: Bench) -> None:
    stage(bench.database, order(1), order(2))
    began = bench.clock()
    throttled = TransientError("slow down", error_class="throttle", retry_after=40)
    result = bench.process(Failing("sp_ProcessStagedOrder", throttled, staging_id=1))
    assert (result.counts["created"], result.counts["failed"]) == (1, 1)
    assert bench.clock.slept == []
    due = bench.order(1).next_attempt_dt
    assert due is not None
    assert (due - began).total_seconds() >= 40


def test_raised_max_retries_do_not_make_one_order_hold_the_run(bench: Bench) -> None:
    stage(bench.database, order(1))
    began = bench.clock()
    bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=99), max_retries=10)
    assert (bench.clock() - began).total_seconds() == pytest.approx(2 + 4 + 8 + 16, abs=0.5)
    assert bench.order(1).attempt_no == 5


def test_all_failed_orders_are_tried_once_each_and_none_again_at_once(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 8)))
    bench.process(Failing("sp_ProcessStagedOrder", DEADLOCK, times=99), retry=False)
    poison = Failing("sp_ProcessStagedOrder", DEADLOCK, staging_id=3, times=99)
    result = bench.process(poison, scope="failed", ignore_due=True, retry=False)
    assert (result.claimed, result.counts["created"], result.counts["failed"]) == (7, 6, 1)
    assert (bench.order(3).attempt_no, bench.order(3).state) == (2, "FAILED")


@pytest.mark.parametrize("workers", [1, 3])
def test_a_wrong_set_up_ends_the_run_and_burns_nothing(bench: Bench, workers: int) -> None:
    stage(bench.database, order(1), order(2), order(3))
    for refused in ("sp_ProcessStagedOrder", "sp_ClaimStagedOrders"):
        result = bench.process(Failing(refused, ConfigError("EXECUTE permission was denied"), times=99), workers=workers)
        assert isinstance(result.ended_by, ConfigError)
        assert [(row.state, row.attempt_no) for row in map(bench.order, (1, 2, 3))] == [("PENDING", 0)] * 3


def test_what_one_worker_did_is_reported_though_another_broke(bench: Bench) -> None:
    stage(bench.database, *(order(number) for number in range(1, 9)))
    opened = iter(range(9))

    def broken(call: Any) -> Exception | None:
        return RuntimeError("a bug") if call.name == "sp_ClaimStagedOrders" and next(opened) == 0 else None

    result = bench.process(broken, workers=2)
    assert result.counts["created"] == 8
    assert "RuntimeError: a bug" in str(result.ended_by)


def test_a_deadlock_while_a_failure_is_noted_loses_no_report(bench: Bench) -> None:
    stage(bench.database, order(1), order(2, line(sku="NOPE")), order(3))
    result = bench.process(Failing("sp_FailStagedOrder", DEADLOCK, times=1))
    assert (result.counts["created"], result.counts["review"]) == (2, 1)
