"""Figures over a window of time: what came in and went out by hour and day, how long it took, why it failed, what waits.

The database counts; here its rows are put together by local days and hours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from syncctl.db.contract import (
    AttemptCount,
    Backlog,
    CountAttempts,
    CountEvents,
    CountPods,
    CountStorePushes,
    CustomerQueue,
    Database,
    DeadLetter,
    EventCount,
    Failure,
    ListBacklog,
    ListCustomerQueues,
    ListDeadLetters,
    ListFailures,
    ListRunFigures,
    ListStepTimes,
    PodCount,
    PushCount,
    RunFigures,
    StepTime,
)
from syncctl.pushes import PushKind
from syncctl.services.causes import CauseCount, of_error
from syncctl.services.push_figures import PushFigures, push_figures

FLOW = {
    "staged": ("STAGED",),
    "edited": ("RESTAGED", "CANCEL_STAGED"),
    "created": ("CREATED", "REOPENED"),
    "changed": ("UPDATED",),
    "closed": ("CANCELLED",),
    "told": ("WRITTEN_BACK",),
    "failed": ("FAILED", "WRITE_BACK_FAILED"),
    "review": ("REVIEW",),
}
"""What is counted → the events that count."""
_COUNTED = {event: name for name, events in FLOW.items() for event in events}
MOST_LETTERS = 1000
MOST_QUEUES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From `since` up to `until`, both aware and in the time zone by whose hours and days is counted; of one store, or of all."""

    since: datetime
    until: datetime
    store_id: str | None = None

    @property
    def days(self) -> list[date]:
        """The local days that it touches."""
        last = (self.until - timedelta(microseconds=1)).date()
        return [self.since.date() + timedelta(days=each) for each in range((last - self.since.date()).days + 1)]


@dataclass(frozen=True, slots=True)
class Flow:
    """What happened in one local hour or day. `start` is naive local time."""

    start: datetime
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class FailedCause:
    """Why attempts failed, in words, and what to do about it."""

    title: str
    advice: str
    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything about a window, and what waits now."""

    window: Window
    made_at: datetime
    by_day: list[Flow]
    by_hour: list[Flow]
    by_store: dict[str, Counter[str]]
    steps: list[StepTime]
    causes: list[FailedCause]
    attempts: list[AttemptCount]
    runs: list[RunFigures]
    backlog: list[Backlog]
    review: list[DeadLetter]
    """The first `MOST_LETTERS` orders that wait for a person, oldest first."""
    proofs: list[PodCount]
    queues: list[CustomerQueue]
    """The last `MOST_QUEUES` queues of customers."""
    kinds: tuple[PushKind, ...] = ()
    """What is pushed to stores here."""
    pushes: list[PushFigures] = field(default_factory=list)

    @property
    def columns(self) -> tuple[str, ...]:
        """What is counted by hour and day."""
        return (*FLOW, *(column for kind in self.kinds for column in kind.columns))

    @property
    def totals(self) -> Counter[str]:
        """What happened in all."""
        return sum(self.by_store.values(), Counter[str]())

    @property
    def busiest_hour(self) -> Flow | None:
        """The hour in which most documents were made, changed or closed; None where there was none."""
        return max((flow for flow in self.by_hour if settled(flow.counts)), key=lambda flow: settled(flow.counts), default=None)

    @property
    def busiest_day(self) -> Flow | None:
        """The day of which the same is true."""
        return max((flow for flow in self.by_day if settled(flow.counts)), key=lambda flow: settled(flow.counts), default=None)

    def waiting(self, *states: str) -> int:
        """Return how many orders, or messages, of these states wait now."""
        return sum(row.rows_waiting for row in self.backlog if row.state in states)


def settled(counts: Counter[str]) -> int:
    """Return how many documents were made, changed or closed."""
    return counts["created"] + counts["changed"] + counts["closed"]


def gather(database: Database, window: Window, *, now: datetime, org_id: str, kinds: Sequence[PushKind] = ()) -> Figures:
    """Ask the database for everything about a window, for the queues of customers of an organisation, and for pushes of `kinds`.

    Raises:
        as for `contract.Database.run`.
    """
    asked: dict[str, Any] = {"since_dt": window.since, "until_dt": window.until}
    of_store = {**asked, "store_id": window.store_id}
    offset = window.since.utcoffset() or timedelta()
    # Hours are the same everywhere but where the clock is half an hour off: which day each belongs to is known here.
    minutes = int(offset.total_seconds() // 60) % 60
    counted = list(_events(database.run(CountEvents(**of_store, grain="hour", offset_minutes=minutes))))
    if kinds:
        counted += _pushes(database.run(CountStorePushes(**of_store, grain="hour", offset_minutes=minutes)), kinds)
    hours = _flows(counted, window)
    letters = database.run(ListDeadLetters(batch_size=MOST_LETTERS))
    return Figures(
        window=window,
        made_at=now,
        by_day=_by_day(hours, window),
        by_hour=hours,
        by_store=_by_store(counted),
        steps=database.run(ListStepTimes(**of_store)),
        causes=[_in_words(row) for row in database.run(ListFailures(**of_store))],
        attempts=database.run(CountAttempts(**of_store)),
        runs=database.run(ListRunFigures(**asked)),
        backlog=database.run(ListBacklog(store_id=window.store_id)),
        review=[letter for letter in letters if window.store_id in (None, letter.store_id)],
        proofs=database.run(CountPods()),
        queues=database.run(ListCustomerQueues(org_id=org_id, batch_size=MOST_QUEUES)),
        kinds=tuple(kinds),
        pushes=push_figures(database, kinds, store_id=window.store_id),
    )


def _in_words(failure: Failure) -> FailedCause:
    known = CauseCount()
    order = failure.woo_order_no or str(failure.staging_id)
    known.add(of_error(failure.staging_id, order, failure.error_class, failure.error_code, failure.message))
    cause = known.causes()[0]
    return FailedCause(cause.title, cause.advice, failure)


def _local(start: datetime, window: Window) -> datetime:
    return start.astimezone(window.since.tzinfo).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class _Counted:
    """How often something happened to a store in the hour that begins at `start_dt`."""

    store_id: str
    start_dt: datetime
    name: str
    number: int


def _events(counted: Iterable[EventCount]) -> Iterator[_Counted]:
    for row in counted:
        name = _COUNTED.get(row.event_type)
        if name is not None:
            yield _Counted(row.store_id, row.start_dt, name, row.events)


def _pushes(counted: Iterable[PushCount], kinds: Sequence[PushKind]) -> Iterator[_Counted]:
    by_name = {kind.name: kind for kind in kinds}
    for row in counted:
        kind = by_name.get(row.kind)
        numbers = (row.told, row.refused, row.held)
        for name, number in zip(kind.columns if kind else (), numbers, strict=False):
            if number:
                yield _Counted(row.store_id, row.start_dt, name, number)


def _flows(counted: Iterable[_Counted], window: Window) -> list[Flow]:
    """Put the counts of each local hour together; hours in which nothing happened are left out."""
    hours: dict[datetime, Counter[str]] = {}
    for row in counted:
        hours.setdefault(_local(row.start_dt, window), Counter())[row.name] += row.number
    return [Flow(start, hours[start]) for start in sorted(hours)]


def _by_day(hours: Sequence[Flow], window: Window) -> list[Flow]:
    """Put the hours of each day together; every day of the window is there."""
    days: dict[date, Counter[str]] = {day: Counter() for day in window.days}
    for flow in hours:
        days.setdefault(flow.start.date(), Counter()).update(flow.counts)
    return [Flow(datetime(day.year, day.month, day.day), days[day]) for day in sorted(days)]  # noqa: DTZ001  (local, as it is shown)


def _by_store(counted: Iterable[_Counted]) -> dict[str, Counter[str]]:
    stores: dict[str, Counter[str]] = {}
    for row in counted:
        stores.setdefault(row.store_id, Counter())[row.name] += row.number
    return dict(sorted(stores.items()))


def as_rows(flows: Iterable[Flow], columns: Sequence[str] = tuple(FLOW)) -> list[dict[str, Any]]:
    """Return each hour or day with all of its counts, for programs."""
    return [
        {"start": flow.start.isoformat(timespec="minutes"), **{name: flow.counts[name] for name in columns}} for flow in flows
    ]


def hours_of_day(hours: Iterable[Flow]) -> list[int]:
    """Return how many documents were made, changed or closed in each of the day's 24 hours, over all days."""
    counts = [0] * 24
    for flow in hours:
        counts[flow.start.hour] += settled(flow.counts)
    return counts
