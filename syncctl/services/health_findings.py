"""What a check of `health` is: a level, a sentence for a person, what to do, and figures with their limits for monitoring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from syncctl.pushes import PushKind

Level = Literal["ok", "warning", "unknown", "critical"]
_BADNESS: tuple[Level, ...] = ("ok", "warning", "unknown", "critical")
_LONG_AGO = timedelta(days=3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What still counts as healthy. Ages in minutes; `silence_minutes` 0 turns those checks off."""

    pending_minutes: int = 60
    write_back_minutes: int = 60
    overdue_minutes: int = 60
    """How long what failed may be due for its next attempt."""
    silence_minutes: int = 60
    failed_orders: int = 10
    review_orders: int = 0
    failed_proofs: int = 10
    proof_retries: int = 4
    """Automatic retries of a claim (`SYNCCTL_POD_MAX_RETRIES`)."""
    deadline_days: int = 7
    """So many days before a claim's dispute has to be answered, its document should be there (`SYNCCTL_POD_DEADLINE_DAYS`)."""
    clock_warning_seconds: int = 60
    clock_critical_seconds: int = 300
    polling: bool = True
    """Whether the store is to be polled; then a poll that never comes is an issue, whatever else still runs."""
    polling_interval_minutes: int = 10
    """How often it is polled: a poll may be late by two of them, whatever `silence_minutes` says."""
    ignore_stores: tuple[str, ...] = ()
    """Stores that nobody polls any more."""
    database_warning_ms: int = 1000
    database_critical_ms: int = 5000
    disk_warning_mb: int = 1024
    disk_critical_mb: int = 256
    certificate_warning_days: int = 21
    certificate_critical_days: int = 7
    version_warning_days: int = 30
    notification_minutes: int = 60
    """How long a message to people may be due."""
    budget_percent: int = 90
    """How much of a carrier's calls of a day may be used."""
    intervals: Mapping[str, int] = field(default_factory=dict)
    """Job → minutes between two of its runs, where a setting says so; 0: it doesn't run here. See `syncctl.jobs`."""
    late_intervals: int = 3
    """How many of its intervals a job may be late by."""
    pushes: tuple[PushKind, ...] = ()
    """What the store is to be told of."""
    push_warning_minutes: int = 60
    push_critical_minutes: int = 240
    refused_warning: int = 0
    """So many items the store may refuse again and again."""
    refused_critical: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number that monitoring draws, with what it may be. `unit`: `s`, `d`, `MB`, `%`, or empty for a count.

    From `warning` and `critical` on, or below them where `falls`, something is wrong; None: no such limit.
    """

    name: str
    value: float
    unit: str = ""
    warning: float | None = None
    critical: float | None = None
    falls: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `value` is what monitoring draws: a count, or an age in seconds. Limits: see `Figure`."""

    name: str
    level: Level
    message: str
    value: float | None = None
    unit: str = ""
    warning: float | None = None
    critical: float | None = None
    falls: bool = False
    advice: str = ""
    """What to do about it."""
    because: str = ""
    """The check whose failing kept this one from being made; empty where it was made."""
    also: tuple[Figure, ...] = ()
    """What else it goes by."""
    parts: tuple[Part, ...] = ()
    """What it is wrong with, one by one, where that are several things that come and go by themselves."""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Everything that monitoring draws of it."""
        if self.value is None:
            return self.also
        own = Figure(
            name=self.name.replace(" ", "_"),
            value=self.value,
            unit=self.unit,
            warning=self.warning,
            critical=self.critical,
            falls=self.falls,
        )
        return (own, *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of several things that a check is about: a store, a cause, a carrier."""

    name: str
    level: Level
    message: str
    number: int = 0
    """How many it concerns."""


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst of these levels."""
    return max(levels, key=_BADNESS.index, default="ok")


def age_of(moment: datetime | None, now: datetime) -> timedelta | None:
    """Return how long ago a moment was; below 0 where it lies ahead."""
    return None if moment is None else now - moment


def aged(name: str, age: timedelta | None, *, warning: int | None = None, critical: int | None = None) -> Figure:
    """Make a figure of an age, with its limits in minutes; what isn't there is no second old."""
    return Figure(
        name=name,
        value=seconds_of(age) or 0,
        unit="s",
        warning=None if warning is None else warning * 60,
        critical=None if critical is None else critical * 60,
    )


def over(age: timedelta | None, minutes: int) -> bool:
    """True of an age beyond so many minutes."""
    return age is not None and age > timedelta(minutes=minutes)


def seconds_of(age: timedelta | None) -> float | None:
    """Return an age for monitoring, where none is below 0."""
    return None if age is None else max(0.0, age.total_seconds())


def ago(age: timedelta) -> str:
    """Return when that was, as people say it."""
    return f"{span(age)} ago" if age >= timedelta(0) else f"{span(-age)} from now"


def span(age: timedelta | None) -> str:
    """Return a span as people say it: 45 s, 12 min, 3 h 20 min, 2 d 4 h. One below 0 lasts no time."""
    if age is None or age < timedelta(0):
        return "0 s"
    if age > _LONG_AGO:
        return "more than 10 years"
    total = int(age.total_seconds())
    if total < 60:
        return f"{total} s"
    minutes = total // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{hours // 24} d {hours % 24} h"
