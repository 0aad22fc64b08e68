"""What a carrier's budget promises: never one call too many, whoever asks, and the carrier's own days. On each engine."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.carriers.limits import Limits
from syncctl.db.contract import (
    CarrierUse,
    Database,
    FinishCarrierCalls,
    GetCarrierUse,
    LowerCarrierBudget,
    ReserveCarrierCall,
    ReservedCall,
)
from syncctl.errors import BadArgument
from tests.clocks import MovableClock

PARIS = Limits(per_day=100, zone=ZoneInfo("Europe/Paris"))


def reserve(
    database: Database, clock: MovableClock, limits: Limits = PARIS, worker: str = "w", carrier: str = "chronopost"
) -> ReservedCall:
    return database.run(
        ReserveCarrierCall(
            carrier=carrier,
            worker_id=worker,
            claim_id=1,
            day_starts=limits.day_starts_json(clock()),
            per_second=limits.per_second,
            per_minute=limits.per_minute,
            per_day=limits.per_day,
        )
    )[0]


def use(database: Database, clock: MovableClock, limits: Limits = PARIS) -> CarrierUse:
    return database.run(
        GetCarrierUse(
            carrier="chronopost", day_starts=limits.day_starts_json(clock()), per_minute=limits.per_minute, per_day=limits.per_day
        )
    )[0]


def lower(database: Database, clock: MovableClock, until: datetime | None, limits: Limits = PARIS, **more: Any) -> CarrierUse:
    call = LowerCarrierBudget(
        carrier="chronopost",
        day_starts=limits.day_starts_json(clock()),
        until_dt=until,
        reason="HTTP 429",
        per_minute=limits.per_minute,
        per_day=limits.per_day,
    )
    return database.run(call)[0]


def finish(database: Database, outcome: str) -> None:
    database.run(FinishCarrierCalls(carrier="chronopost", worker_id="w", claim_id=1, outcome=outcome))


def test_eight_connections_never_get_more_than_the_days_hundred_calls(new_connection, database, clock):
    connections = [new_connection() for _ in range(8)]

    def drain(number: int) -> int:
        got = 0
        while reserve(connections[number], clock, worker=f"w{number}").granted:
            got += 1
        return got

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(drain, range(8))) == 100
    assert use(database, clock).used_day == 100
    refused = reserve(database, clock)
    assert (refused.granted, refused.call_id, refused.reason, refused.used_day) == (False, None, "day", 100)


@pytest.mark.parametrize(
    ("start", "until"),
    [
        ("2026-11-20T12:00", "2026-11-20T23:00"),
        ("2026-10-24T22:30", "2026-10-25T23:00"),  # the day of 25 hours
        ("2026-03-29T00:30", "2026-03-29T22:00"),  # the day of 23 hours
    ],
)
def test_the_day_ends_at_the_carriers_own_midnight(database, clock, start, until):
    clock.now = datetime.fromisoformat(start).replace(tzinfo=UTC)
    limits = Limits(per_day=2, zone=ZoneInfo("Europe/Paris"))
    assert reserve(database, clock, limits).granted and reserve(database, clock, limits).granted
    end = datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert reserve(database, clock, limits).free_dt == end
    clock.now = end - timedelta(milliseconds=1)
    assert not reserve(database, clock, limits).granted
    clock.now = end
    assert reserve(database, clock, limits).granted


def test_seconds_and_minutes_slide(database, clock):
    limits = Limits(per_second=2, per_minute=3)
    assert [reserve(database, clock, limits).granted for _ in range(2)] == [True, True]
    refused = reserve(database, clock, limits)
    assert (refused.reason, refused.free_dt) == ("second", clock() + timedelta(seconds=1))
    clock.move(timedelta(seconds=1))
    assert reserve(database, clock, limits).granted
    refused = reserve(database, clock, limits)
    assert (refused.reason, refused.free_dt) == ("minute", clock() + timedelta(seconds=59))
    clock.move(timedelta(seconds=59))
    assert reserve(database, clock, limits).granted


def test_carriers_have_budgets_of_their_own_and_one_without_limits_has_none(database, clock):
    limits = Limits(per_day=1)
    assert reserve(database, clock, limits).granted
    assert reserve(database, clock, limits, carrier="ups").granted
    assert all(reserve(database, clock, Limits(), carrier="dpd").granted for _ in range(20))


def test_a_call_whose_worker_died_stays_on_record(database, clock):
    reserve(database, clock)
    assert (use(database, clock).used_day, use(database, clock).unfinished) == (1, 1)
    reserve(database, clock, worker="other")
    finish(database, "document")
    assert (use(database, clock).used_day, use(database, clock).unfinished) == (2, 1)


def test_a_429_pauses_the_carrier_for_as_long_as_it_said(database, clock):
    reserve(database, clock)
    until = clock() + timedelta(minutes=5)
    lowered = lower(database, clock, until)
    assert (lowered.paused_until_dt, lowered.pause_reason) == (until, "HTTP 429")
    refused = reserve(database, clock)
    assert (refused.reason, refused.free_dt) == ("paused", until)
    clock.now = until
    assert reserve(database, clock).granted
    assert use(database, clock).paused_until_dt is None


def test_a_429_lowers_the_minutes_limit_until_the_carriers_day_ends(database, clock):
    limits = Limits(per_minute=100, zone=ZoneInfo("Europe/Paris"))
    for _ in range(10):
        reserve(database, clock, limits)
    assert lower(database, clock, clock() + timedelta(seconds=30), limits).limit_minute == 9
    clock.move(timedelta(minutes=5))
    assert sum(reserve(database, clock, limits).granted for _ in range(20)) == 9
    clock.now = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
    assert use(database, clock, limits).limit_minute == 100


def test_a_pause_beyond_the_days_end_makes_what_was_used_the_days_limit(database, clock):
    for _ in range(7):
        reserve(database, clock)
    lowered = lower(database, clock, clock() + timedelta(hours=12))
    assert (lowered.used_day, lowered.limit_day) == (7, 7)


def test_pauses_without_a_time_double_until_a_call_succeeds(database, clock):
    waits = []
    for _ in range(3):
        reserve(database, clock)
        finish(database, "throttled")
        paused = lower(database, clock, None).paused_until_dt
        assert paused is not None
        waits.append((paused - clock()) / timedelta(minutes=1))
        clock.now = paused
    assert waits == [1, 2, 4]
    reserve(database, clock)
    finish(database, "document")
    clock.move(timedelta(minutes=2))
    reserve(database, clock)
    paused = lower(database, clock, None).paused_until_dt
    assert paused == clock() + timedelta(minutes=1)


def test_day_starts_that_leave_out_the_present_are_refused(database, clock):
    with pytest.raises(BadArgument, match="DAY_STARTS"):
        database.run(ReserveCarrierCall(carrier="x", worker_id="w", claim_id=None, day_starts='["2030-01-01T00:00:00.000"]'))
