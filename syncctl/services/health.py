"""One verdict on the whole chain: is the database there, does the store answer, does anything wait too long or need a person?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from syncctl.clock import Clock, system_clock
from syncctl.db.contract import Database, GetHealth, Health
from syncctl.errors import ConfigError, SyncError
from syncctl.stores.base import Store

Level = Literal["ok", "warning", "critical"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What still counts as healthy. Ages in minutes; `silence` 0 turns that check off."""

    pending_minutes: int = 60
    write_back_minutes: int = 60
    silence_minutes: int = 60
    failed_orders: int = 10
    review_orders: int = 0
    polling: bool = True
    """Whether the store is to be polled; then a poll that never comes is an issue, whatever else still runs."""
    polling_interval_minutes: int = 10
    """How often it is polled: a poll may be late by two of them, whatever `silence_minutes` says."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `value` is what monitoring draws: a count, or an age in seconds."""

    name: str
    level: Level
    message: str
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every check, and the worst of them."""

    checks: list[Check]
    numbers: Health | None

    @property
    def level(self) -> Level:
        """The worst level of all checks."""
        levels: list[Level] = [check.level for check in self.checks]
        return "critical" if "critical" in levels else "warning" if "warning" in levels else "ok"

    @property
    def healthy(self) -> bool:
        """True where nothing needs attention."""
        return self.level == "ok"


def health(
    connect: Callable[[], Database],
    open_store: Callable[[], Store] | None,
    *,
    thresholds: Thresholds,
    clock: Clock = system_clock,
) -> Verdict:
    """Look at everything once. Never raises for a system that is down: that is a finding."""
    numbers: Health | None = None
    checks: list[Check] = []
    try:
        with closing(connect()) as database:
            numbers = database.run(GetHealth())[0]
        checks.append(Check("database", "ok", "answers"))
    except SyncError as error:
        checks.append(Check("database", "critical", str(error)))
    checks.append(_store(open_store))
    if numbers is not None:
        checks += _orders(numbers, thresholds, clock())
        if open_store is not None and thresholds.polling and thresholds.silence_minutes:
            checks.append(_polls(numbers, thresholds, clock()))
    return Verdict(checks, numbers)


def _store(open_store: Callable[[], Store] | None) -> Check:
    if open_store is None:
        return Check("store", "warning", "no store is configured (SYNCCTL_WOO_URL)")
    try:
        with closing(open_store()) as store:
            store.ping()
    except ConfigError as error:
        return Check("store", "warning", str(error))
    except SyncError as error:
        return Check("store", "critical", str(error))
    return Check("store", "ok", "answers")


def _orders(numbers: Health, limits: Thresholds, now: datetime) -> list[Check]:
    pending_age = _age(numbers.oldest_pending_dt, now)
    told_age = _age(numbers.oldest_write_back_dt, now)
    silence = _age(numbers.last_success_dt, now)
    late = pending_age is not None and pending_age > timedelta(minutes=limits.pending_minutes)
    untold = told_age is not None and told_age > timedelta(minutes=limits.write_back_minutes)
    checks = [
        Check(
            "pending",
            "critical" if late else "ok",
            f"{numbers.pending} waiting"
            + (f", the oldest for {_span(pending_age)} (limit {limits.pending_minutes} min)" if pending_age else ""),
            numbers.pending,
        ),
        Check("stuck", "warning" if numbers.stuck else "ok", f"{numbers.stuck} held by a worker that died", numbers.stuck),
        Check(
            "failed",
            "warning" if numbers.failed > limits.failed_orders else "ok",
            f"{numbers.failed} failed, to be tried again (limit {limits.failed_orders})",
            numbers.failed,
        ),
        Check(
            "review",
            "warning" if numbers.review > limits.review_orders else "ok",
            f"{numbers.review} need a person" + (": see `syncctl dead-letter list`" if numbers.review else ""),
            numbers.review,
        ),
        Check(
            "write_back",
            "critical" if numbers.write_back_failed else "warning" if untold else "ok",
            f"{numbers.write_back_pending} messages to the store wait"
            + (f", the oldest for {_span(told_age)} (limit {limits.write_back_minutes} min)" if told_age else "")
            + (
                f"; {numbers.write_back_failed} failed for good: see `syncctl write-back list`"
                if numbers.write_back_failed
                else ""
            ),
            numbers.write_back_pending,
        ),
    ]
    if limits.silence_minutes:
        silent = silence is None or silence > timedelta(minutes=limits.silence_minutes)
        said = "no run has ever succeeded" if silence is None else f"the last successful run was {_span(silence)} ago"
        seconds = None if silence is None else silence.total_seconds()
        checks.append(
            Check("last_success", "critical" if silent else "ok", f"{said} (limit {limits.silence_minutes} min)", seconds)
        )
    if numbers.recent_errors:
        checks.append(Check("recent_errors", "ok", f"{numbers.recent_errors} failed runs in 24 hours", numbers.recent_errors))
    return checks


def _polls(numbers: Health, limits: Thresholds, now: datetime) -> Check:
    """Look at the polls by themselves: other jobs succeed all day long while none brings orders in."""
    age = _age(numbers.last_stage_dt, now)
    limit = max(limits.silence_minutes, 3 * limits.polling_interval_minutes)
    silent = age is None or age > timedelta(minutes=limit)
    said = "no poll of the store has ever succeeded" if age is None else f"the store was last polled {_span(age)} ago"
    seconds = None if age is None else age.total_seconds()
    return Check("last_poll", "critical" if silent else "ok", f"{said} (limit {limit} min)", seconds)


def _age(moment: datetime | None, now: datetime) -> timedelta | None:
    return None if moment is None else now - moment


def _span(age: timedelta | None) -> str:
    """Return an age as people say it: 45 s, 12 min, 3 h 20 min, 2 d 4 h."""
    total = int(age.total_seconds()) if age else 0
    if total < 60:
        return f"{total} s"
    minutes = total // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"
