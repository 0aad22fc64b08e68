"""Statistics: what was polled and what became of orders, exact whoever was killed, and kept when they are reset or purged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from syncctl.db.contract import (
    Database,
    FinishPoll,
    FinishRun,
    ListStatistics,
    PurgeHistory,
    ResetStatistics,
    StartPoll,
    StartRun,
    StatisticRow,
)
from syncctl.errors import BadArgument
from tests.clocks import MovableClock

START: dict[str, Any] = {"direction": "STORE_TO_ERP", "host": "SHOP01", "process_id": 1, "created_by": "admin"}
HOUR = timedelta(hours=1)


def ends(*, polled: int = 0, known: int = 0) -> dict[str, Any]:
    """What a run's end says."""
    counts = {"records_created": 0, "records_updated": 0, "records_failed": 0}
    return {**counts, "records_input": polled, "records_skipped": known, "success": True, "exit_code": 0}


def poll(database: Database, name: str, *, polled: int, known: int, store: str = "woocommerce", **how: Any) -> None:
    """Run a poll from its beginning to its end."""
    operation = {"operation_type": "stage", "dry_run": False} | how
    database.run(StartPoll(sync_id=name, **START, **operation, store_id=store))
    database.run(FinishPoll(sync_id=name, **ends(polled=polled, known=known), store_id=store, walks="[]"))


def happen(query: Any, clock: MovableClock, kind: str, times: int = 1, store: str = "woocommerce") -> None:
    """Write events as the procedures do that bring orders into the ERP."""
    for number in range(times):
        query(
            "INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, EVENT_DT, EVENT_TYPE) VALUES (?, ?, ?, ?)",
            (store, number + 1, clock.now, kind),
        )


def numbers(row: StatisticRow) -> tuple[int, ...]:
    """A row's numbers, polls first."""
    return (
        row.poll_count,
        row.polled_count,
        row.known_count,
        row.created_count,
        row.updated_count,
        row.closed_count,
        row.review_count,
        row.failed_count,
    )


def test_polls_and_what_became_of_orders_are_counted_by_store(database: Database, query: Any, clock: MovableClock):
    assert database.run(ListStatistics()) == []
    poll(database, "p1", polled=28, known=3)
    poll(database, "p2", polled=5, known=5, store="outlet")
    for kind, times in (("CREATED", 3), ("REOPENED", 1), ("UPDATED", 2), ("CANCELLED", 1), ("REVIEW", 2), ("FAILED", 4)):
        happen(query, clock, kind, times)
    happen(query, clock, "CLAIMED", 5)
    happen(query, clock, "CREATED", store="outlet")
    for moved in (timedelta(0), timedelta(minutes=11), timedelta(days=3)):
        clock.move(moved)
        outlet, woo = database.run(ListStatistics())
        assert (outlet.store_id, numbers(outlet)) == ("outlet", (1, 5, 5, 1, 0, 0, 0, 0))
        assert (woo.store_id, woo.begin_dt, woo.reset_dt) == ("woocommerce", None, None)
        assert numbers(woo) == (1, 28, 3, 4, 2, 1, 2, 4)
        assert database.run(ListStatistics(store_id="outlet")) == [outlet]
        # A run that ends counts what happened before; read or counted, it is the same.
        database.run(StartRun(sync_id=f"run{moved}", operation_type="process", dry_run=False, **START, store_id="woocommerce"))
        database.run(FinishRun(sync_id=f"run{moved}", **ends()))
    counted = query("SELECT SUM(CREATED_COUNT) FROM dbo.USER_SYNC_STATISTIC", ())
    assert counted[0][0] == 5


def test_a_poll_is_counted_once_and_a_trial_not_at_all(database: Database):
    poll(database, "once", polled=7, known=2)
    again = FinishPoll(sync_id="once", **ends(polled=7, known=2), store_id="woocommerce", walks="[]")
    database.run(again)
    poll(database, "trial", polled=9, known=9, dry_run=True)
    poll(database, "compared", polled=100, known=100, operation_type="stage --reconcile")
    database.run(StartRun(sync_id="pods", operation_type="pod-fetch", dry_run=False, **START))
    database.run(FinishRun(sync_id="pods", **ends(polled=4)))
    [row] = database.run(ListStatistics())
    assert numbers(row)[:3] == (1, 7, 2)


def test_a_reset_counts_from_then_on_and_keeps_what_was(database: Database, query: Any, clock: MovableClock):
    clock.now = datetime(2026, 11, 20, 10, 5, tzinfo=clock.now.tzinfo)
    poll(database, "before", polled=10, known=0)
    happen(query, clock, "CREATED", 10)
    clock.move(timedelta(minutes=20))
    [first] = database.run(ResetStatistics(store_id="woocommerce", reset_by="ada"))
    assert (first.reset_dt, first.previous_dt) == (clock.now, None)
    [nothing] = database.run(ListStatistics(since_reset=True))
    assert (nothing.reset_dt, set(numbers(nothing))) == (first.reset_dt, {0})
    clock.move(timedelta(minutes=5))
    poll(database, "after", polled=4, known=1)
    happen(query, clock, "CREATED", 3)
    for _ in range(2):
        [row] = database.run(ListStatistics(since_reset=True, store_id="woocommerce"))
        assert (row.reset_dt, numbers(row)) == (first.reset_dt, (1, 4, 1, 3, 0, 0, 0, 0))
        [whole] = database.run(ListStatistics())
        assert numbers(whole)[:4] == (2, 14, 1, 13)
        [hour] = database.run(ListStatistics(grain="hour"))
        assert (hour.begin_dt, numbers(hour)[:4]) == (clock.now.replace(hour=10, minute=0), (2, 14, 1, 13))
        clock.now = clock.now.replace(minute=59)
        poll(database, "later", polled=0, known=0, operation_type="stage --reconcile")
    [again] = database.run(ResetStatistics(store_id="woocommerce", reset_by="ada"))
    assert again.previous_dt == first.reset_dt
    assert query("SELECT COUNT(*) FROM dbo.USER_SYNC_STATISTIC_RESET", ())[0][0] == 2


def test_by_hour_and_by_day_between_two_moments(database: Database, query: Any, clock: MovableClock):
    begin = clock.now = datetime(2026, 11, 20, 21, 30, tzinfo=clock.now.tzinfo)
    for hour in range(5):
        poll(database, f"h{hour}", polled=hour + 1, known=0)
        happen(query, clock, "UPDATED", hour)
        clock.move(HOUR)
    hours = database.run(ListStatistics(grain="hour"))
    assert [(row.begin_dt, row.polled_count, row.updated_count) for row in hours] == [
        (begin.replace(minute=0) + number * HOUR, number + 1, number) for number in range(5)
    ]
    days = database.run(ListStatistics(grain="day"))
    assert [(row.begin_dt, row.polled_count, row.updated_count) for row in days] == [
        (begin.replace(hour=0, minute=0), 1 + 2 + 3, 0 + 1 + 2),
        (begin.replace(day=21, hour=0, minute=0), 4 + 5, 3 + 4),
    ]
    some = database.run(ListStatistics(grain="hour", since_dt=begin + HOUR, until_dt=begin + 3 * HOUR))
    assert [row.polled_count for row in some] == [2, 3, 4]
    [total] = database.run(ListStatistics(since_dt=begin + HOUR, until_dt=begin + 2 * HOUR))
    assert (total.begin_dt, total.polled_count) == (None, 5)


def test_what_is_purged_was_counted_before(database: Database, query: Any, clock: MovableClock):
    happen(query, clock, "UPDATED", 3)
    happen(query, clock, "CREATED", 1)
    clock.move(timedelta(days=60))
    purge = PurgeHistory(kind="events", before_dt=clock.now - timedelta(days=31))
    database.run(PurgeHistory(kind="events", before_dt=purge.before_dt, dry_run=True))
    assert database.run(purge)[0].purged_rows == 3
    [row] = database.run(ListStatistics())
    assert (row.created_count, row.updated_count) == (1, 3)


def test_an_event_that_comes_late_is_counted(database: Database, query: Any, clock: MovableClock):
    """An id that a transaction under way has taken is not passed over: what is young isn't counted for good."""
    happen(query, clock, "CREATED", 2)
    clock.move(timedelta(minutes=9))
    poll(database, "soon", polled=0, known=0)
    assert query("SELECT LAST_EVENT_ID FROM dbo.USER_SYNC_STATISTIC_MARK", ())[0][0] == 0
    clock.move(timedelta(minutes=2))
    happen(query, clock, "CREATED", 1)
    poll(database, "then", polled=0, known=0)
    [mark] = query("SELECT LAST_EVENT_ID FROM dbo.USER_SYNC_STATISTIC_MARK", ())
    [last] = query("SELECT MAX(EVENT_ID) FROM dbo.USER_ORDER_EVENT", ())
    assert mark[0] == last[0] - 1
    assert database.run(ListStatistics())[0].created_count == 3


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (ListStatistics(grain="week"), "@GRAIN takes total, day, hour"),
        (ResetStatistics(store_id="", reset_by=""), "@STORE_ID is required. @RESET_BY is required"),
    ],
)
def test_bad_arguments_are_named(database: Database, call: Any, said: str):
    with pytest.raises(BadArgument, match=said):
        database.run(call)


def test_the_run_knows_its_store(database: Database, query: Any):
    poll(database, "mine", polled=1, known=0, store="uk")
    database.run(StartRun(sync_id="none", operation_type="db purge", dry_run=False, **START))
    rows = query("SELECT SYNC_ID, STORE_ID FROM dbo.USER_SYNC_LOG ORDER BY LOG_ID", ())
    assert [(row["SYNC_ID"], row["STORE_ID"]) for row in rows] == [("mine", "uk"), ("none", None)]
