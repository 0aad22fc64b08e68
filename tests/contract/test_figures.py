"""Figures for people: what happened when, how long it took, why it failed, what waits. The same numbers on both engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    AttemptCount,
    Backlog,
    CountAttempts,
    CountEvents,
    EventCount,
    Failure,
    ListBacklog,
    ListFailures,
    ListRunFigures,
    ListStepTimes,
    StepTime,
)
from syncctl.errors import BadArgument
from tests.orders import order, stage

DAY = datetime(2026, 11, 20, tzinfo=UTC)
WINDOW: dict[str, Any] = {"since_dt": DAY, "until_dt": DAY + timedelta(days=1)}
Write = Callable[..., None]


def at(hour: int, minute: int = 0, second: float = 0, day: int = 0) -> datetime:
    return DAY + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


@pytest.fixture
def happen(query) -> Write:
    """Notes events of an order: (what, when) one after the other."""

    def run(order_id: int, *events: tuple[str, datetime], store: str = "woocommerce", attempt: int | None = 1) -> None:
        for what, when in events:
            query(
                "INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, EVENT_DT, EVENT_TYPE, ATTEMPT_NO)"
                " VALUES (?, ?, ?, ?, ?)",
                (store, order_id, when, what, attempt),
            )

    return run


def counted(rows: Sequence[EventCount]) -> list[tuple[str, datetime, str, int]]:
    return [(row.store_id, row.start_dt, row.event_type, row.events) for row in rows]


def test_events_are_counted_by_day_and_hour_of_local_time(database, happen):
    happen(1, ("STAGED", at(0, 30)), ("CREATED", at(0, 59, 59.999)), ("WRITTEN_BACK", at(1)))
    happen(2, ("STAGED", at(22, 45)), ("CREATED", at(23, 15)))
    happen(3, ("STAGED", at(5)), store="outlet")
    happen(4, ("STAGED", at(0, day=1)))  # behind the window
    assert counted(database.run(CountEvents(**WINDOW))) == [
        ("outlet", at(0), "STAGED", 1),
        ("woocommerce", at(0), "CREATED", 2),
        ("woocommerce", at(0), "STAGED", 2),
        ("woocommerce", at(0), "WRITTEN_BACK", 1),
    ]
    assert counted(database.run(CountEvents(**WINDOW, grain="hour", store_id="woocommerce"))) == [
        ("woocommerce", at(0), "CREATED", 1),
        ("woocommerce", at(0), "STAGED", 1),
        ("woocommerce", at(1), "WRITTEN_BACK", 1),
        ("woocommerce", at(22), "STAGED", 1),
        ("woocommerce", at(23), "CREATED", 1),
    ]
    # In Paris the day begins at 23:00 UTC, in New York at 5:00.
    assert counted(database.run(CountEvents(**WINDOW, offset_minutes=60, store_id="woocommerce")))[-1] == (
        "woocommerce",
        at(23),
        "CREATED",
        1,
    )
    assert {row.start_dt for row in database.run(CountEvents(**WINDOW, offset_minutes=-300))} == {at(5, day=-1), at(5)}


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_a_window_is_found_among_many_events_though_ids_have_gaps_and_times_jump_a_little(database, query, happen, size):
    for number in range(size):
        happen(number, ("STAGED", at(0, day=number - size)), ("CREATED", at(0, day=number - size, second=-30)))
    query("DELETE FROM dbo.USER_ORDER_EVENT WHERE EVENT_ID > 1 AND WOO_ORDER_ID < 3", ())
    happen(1, ("STAGED", at(2)), ("UPDATED", at(0, second=1)))
    assert sorted(row.event_type for row in database.run(CountEvents(**WINDOW))) == ["STAGED", "UPDATED"]
    assert database.run(CountEvents(since_dt=at(0, day=3), until_dt=at(0, day=4))) == []


def test_steps_are_timed_from_what_began_them(database, query, happen):
    stage(database, order(1))
    query("DELETE FROM dbo.USER_ORDER_EVENT", ())
    query("UPDATE dbo.USER_ORDER_STAGING SET WOO_CREATED_DT = ?", (at(9),))
    query(
        "INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE)"
        " SELECT STORE_ID, WOO_ORDER_ID, STAGING_ID, ?, 'STAGED' FROM dbo.USER_ORDER_STAGING",
        (at(9, 5),),
    )
    happen(1, ("CREATED", at(9, 6, 0.25)), ("WRITTEN_BACK", at(9, 6, 2)))
    # An edit later is timed from when it was staged, not from the order's first day.
    happen(1, ("RESTAGED", at(12)), ("UPDATED", at(12, 0, 30)))
    assert database.run(ListStepTimes(**WINDOW)) == [
        StepTime("woocommerce", "seen", 1, 300_000, 300_000, 300_000, 300_000, 300_000, 300_000),
        StepTime("woocommerce", "to_erp", 2, 45_125, 30_000, 60_250, 60_250, 60_250, 60_250),
        StepTime("woocommerce", "to_store", 1, 1_750, 1_750, 1_750, 1_750, 1_750, 1_750),
    ]


def test_percentiles_are_the_nearest_value_that_there_is(database, happen):
    for number in range(1, 101):
        happen(number, ("RESTAGED", at(1)), ("UPDATED", at(1, 0, number)))
    row = database.run(ListStepTimes(**WINDOW))[0]
    assert (row.orders, row.mean_ms, row.median_ms) == (100, 50_500, 50_000)
    assert (row.p90_ms, row.p95_ms, row.p99_ms, row.longest_ms) == (90_000, 95_000, 99_000, 100_000)


def test_an_end_without_a_beginning_is_no_time(database, happen):
    happen(1, ("UPDATED", at(1)), ("WRITTEN_BACK", at(2)))
    happen(2, ("CREATED", at(3)), ("RESTAGED", at(4)))
    assert database.run(ListStepTimes(**WINDOW)) == []


def test_orders_are_counted_by_the_attempt_that_brought_them_through(database, happen):
    happen(1, ("CREATED", at(1)))
    happen(2, ("CREATED", at(1)), attempt=3)
    happen(3, ("CANCELLED", at(1)), attempt=None)
    happen(4, ("FAILED", at(1)), attempt=2)
    assert database.run(CountAttempts(**WINDOW)) == [AttemptCount("woocommerce", 1, 2), AttemptCount("woocommerce", 3, 1)]


@pytest.fixture
def fail(query) -> Write:
    def run(staging_id: int, when: datetime, error_class: str, message: str, code: str | None = None) -> None:
        query(
            "INSERT INTO dbo.USER_ORDER_ATTEMPT (STAGING_ID, ATTEMPT_DT, ATTEMPT_NO, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE)"
            " VALUES (?, ?, 1, ?, ?, ?)",
            (staging_id, when, error_class, code, message),
        )

    return run


def test_failures_are_told_by_cause_with_what_still_waits(database, query, fail):
    for order_id in (1, 2, 3):
        stage(database, order(order_id))
    ids = [row["STAGING_ID"] for row in query("SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING ORDER BY STAGING_ID", ())]
    query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'FAILED' WHERE STAGING_ID = ?", (ids[1],))
    fail(ids[0], at(0, day=-1), "deadlock", "yesterday")
    fail(ids[0], at(8), "deadlock", "first", "1205")
    fail(ids[1], at(9), "deadlock", "second", "1205")
    fail(ids[1], at(10), "deadlock", "x" * 600, "1205")
    fail(ids[2], at(11), "mapping", "no SKU", "50040")
    told = database.run(ListFailures(**WINDOW))
    assert told == [
        Failure("woocommerce", "deadlock", "1205", 3, 2, 1, at(10), ids[1], told[0].woo_order_no, "x" * 500),
        Failure("woocommerce", "mapping", "50040", 1, 1, 0, at(11), ids[2], told[1].woo_order_no, "no SKU"),
    ]
    assert database.run(ListFailures(**WINDOW, store_id="outlet")) == []


def test_runs_are_told_by_job(database, query):
    for number, (job, seconds, success, exit_code, dry) in enumerate(
        [
            ("stage", "1.50", 1, 0, 0),
            ("stage", "2.50", 0, 1, 0),
            ("stage", "0.10", 0, 75, 0),
            ("stage", "90.00", 1, 0, 1),
            ("process", "3.00", 1, 0, 0),
        ]
    ):
        query(
            "INSERT INTO dbo.USER_SYNC_LOG (SYNC_ID, OPERATION_TYPE, DRY_RUN, START_TIME, END_TIME, DURATION_SECONDS,"
            " RECORDS_INPUT,"
            " RECORDS_CREATED, RECORDS_UPDATED, RECORDS_SKIPPED, RECORDS_FAILED, SUCCESS, EXIT_CODE)"
            " VALUES (?, ?, ?, ?, ?, CAST(? AS decimal(10, 2)), 10, 4, 3, 2, 1, ?, ?)",
            (f"run{number}", job, dry, at(1), at(2, number), seconds, success, exit_code),
        )
    process, polls = database.run(ListRunFigures(**WINDOW))
    assert (process.operation_type, process.runs, process.failed_runs, process.mean_ms) == ("process", 1, 0, 3000)
    assert (polls.operation_type, polls.runs, polls.failed_runs) == ("stage", 3, 1)
    assert (polls.records_input, polls.records_created, polls.records_updated) == (30, 12, 9)
    assert (polls.records_skipped, polls.records_failed) == (6, 3)
    assert (polls.mean_ms, polls.p95_ms, polls.longest_ms, polls.last_dt) == (1366, 2500, 2500, at(2, 2))


def test_what_waits_is_told_by_store_and_state(database, query, clock):
    stage(database, order(1))
    stage(database, order(2))
    query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'NEEDS_MANUAL_REVIEW', CREATED_DT = ? WHERE WOO_ORDER_ID = 2", (at(1),))
    query(
        "INSERT INTO dbo.USER_STORE_OUTBOX (STORE_ID, WOO_ORDER_ID, KIND, DEDUP_KEY, NEXT_ATTEMPT_DT, CREATED_DT)"
        " VALUES ('outlet', 9, 'applied', 'x', ?, ?)",
        (at(3), at(2)),
    )
    assert database.run(ListBacklog()) == [
        Backlog("outlet", "WRITE_BACK", 1, at(2)),
        Backlog("woocommerce", "NEEDS_MANUAL_REVIEW", 1, at(1)),
        Backlog("woocommerce", "PENDING", 1, clock.now),
    ]
    assert database.run(ListBacklog(store_id="outlet")) == [Backlog("outlet", "WRITE_BACK", 1, at(2))]


@pytest.mark.parametrize("call", [CountEvents, ListStepTimes, CountAttempts, ListFailures, ListRunFigures])
def test_a_window_that_ends_before_it_begins_is_refused(database, call):
    with pytest.raises(BadArgument, match="@SINCE_DT must be before @UNTIL_DT"):
        database.run(call(since_dt=DAY, until_dt=DAY))


@pytest.mark.parametrize(("wrong", "said"), [({"grain": "week"}, "@GRAIN takes"), ({"offset_minutes": 1441}, "@OFFSET_MINUTES")])
def test_a_grain_that_there_is_not_is_refused(database, wrong, said):
    with pytest.raises(BadArgument, match=said):
        database.run(CountEvents(**WINDOW, **wrong))
