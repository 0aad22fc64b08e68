"""How what health has seen is judged: each check is a level, a sentence for a person and a figure for monitoring.

Ages are told by the database's clock, which wrote the moments; a moment that lies ahead is no age, and a finding of `clock`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from syncctl.db.contract import StorePoll

if TYPE_CHECKING:
    from syncctl.db.contract import Health, PodCount, ReviewCause

Level = Literal["ok", "warning", "unknown", "critical"]
_BADNESS: tuple[Level, ...] = ("ok", "warning", "unknown", "critical")
_LONG_AGO = timedelta(days=3650)
_NOT_AHEAD = (timedelta(0), "")
_EXAMPLE_LENGTH = 100
_CAUSES_TOLD = 5


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
    clock_warning_seconds: int = 60
    clock_critical_seconds: int = 300
    polling: bool = True
    """Whether the store is to be polled; then a poll that never comes is an issue, whatever else still runs."""
    polling_interval_minutes: int = 10
    """How often it is polled: a poll may be late by two of them, whatever `silence_minutes` says."""
    ignore_stores: tuple[str, ...] = ()
    """Stores that nobody polls any more."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `value` is what monitoring draws: a count, or an age in seconds."""

    name: str
    level: Level
    message: str
    value: float | None = None


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst of these levels."""
    return max(levels, key=_BADNESS.index, default="ok")


def orders(numbers: Health, causes: Sequence[ReviewCause], limits: Thresholds) -> Iterator[Check]:
    """Judge what waits, failed, or needs a person, and the runs."""
    now = numbers.now_dt
    age = _age(numbers.oldest_pending_dt, now)
    yield Check(
        "pending",
        "critical" if _over(age, limits.pending_minutes) else "ok",
        f"{numbers.pending} waiting" + (f", the oldest for {_span(age)} (limit {limits.pending_minutes} min)" if age else ""),
        numbers.pending,
    )
    yield Check("stuck", "warning" if numbers.stuck else "ok", f"{numbers.stuck} held by a worker that died", numbers.stuck)
    yield _failed(numbers, limits)
    yield Check(
        "review",
        "warning" if numbers.review > limits.review_orders else "ok",
        f"{numbers.review} need a person{_told(causes)}" + ("; see `syncctl dead-letter list`" if numbers.review else ""),
        numbers.review,
    )
    yield _write_back(numbers, limits)
    if limits.silence_minutes:
        yield _last_success(numbers, limits)
    if numbers.recent_errors:
        yield Check("recent_errors", "ok", f"{numbers.recent_errors} failed runs in 24 hours", numbers.recent_errors)


def proofs(counted: Sequence[PodCount], limits: Thresholds) -> Iterator[Check]:
    """Judge the claims for proofs of delivery, where there are any."""
    if not counted:
        return
    by_standing: Counter[str] = Counter()
    for row in counted:
        by_standing[row.standing] += row.claims
    persistent, exhausted = by_standing["persistent"], by_standing["exhausted"]
    said = f"{by_standing['due'] + by_standing['waiting']} claims wait for a proof of delivery"
    if persistent or exhausted:
        said += f"; {persistent + exhausted} will get none by themselves (limit {limits.failed_proofs})"
        said += f": {persistent} for their error, {exhausted} after their last retry; see `syncctl pod list --status failed`"
    many = persistent + exhausted > limits.failed_proofs
    yield Check("proofs", "warning" if many else "ok", said, persistent + exhausted)


def _failed(numbers: Health, limits: Thresholds) -> Check:
    """Many orders that failed may pass by themselves; one that nobody tries again doesn't."""
    due = _age(numbers.oldest_failed_due_dt, numbers.now_dt)
    overdue = _over(due, limits.overdue_minutes)
    said = f"{numbers.failed} failed, to be tried again (limit {limits.failed_orders})"
    if overdue:
        said += f"; the oldest has been due for {_span(due)} (limit {limits.overdue_minutes} min): does `retry-failed` run?"
    many = numbers.failed > limits.failed_orders
    return Check("failed", "critical" if overdue else "warning" if many else "ok", said, numbers.failed)


def _write_back(numbers: Health, limits: Thresholds) -> Check:
    age = _age(numbers.oldest_write_back_dt, numbers.now_dt)
    due = _age(numbers.oldest_write_back_due_dt, numbers.now_dt)
    overdue = _over(due, limits.overdue_minutes)
    said = f"{numbers.write_back_pending} messages to the store wait"
    if age:
        said += f", the oldest for {_span(age)} (limit {limits.write_back_minutes} min)"
    if overdue:
        said += f", one due for {_span(due)} (limit {limits.overdue_minutes} min): does `retry-failed` run?"
    if numbers.write_back_failed:
        said += f"; {numbers.write_back_failed} failed for good: see `syncctl write-back list`"
    late = _over(age, limits.write_back_minutes)
    level: Level = "critical" if numbers.write_back_failed or overdue else "warning" if late else "ok"
    return Check("write_back", level, said, numbers.write_back_pending)


def _last_success(numbers: Health, limits: Thresholds) -> Check:
    age = _age(numbers.last_success_dt, numbers.now_dt)
    said = "no run has ever succeeded" if age is None else f"the last successful run was {_ago(age)}"
    silent = age is None or _over(age, limits.silence_minutes)
    return Check("last_success", "critical" if silent else "ok", f"{said} (limit {limits.silence_minutes} min)", _seconds(age))


def _told(causes: Sequence[ReviewCause]) -> str:
    """Name the causes, most first, each with its number and one example."""
    named = [
        f"{cause.orders} {cause.error_class} (such as order {cause.woo_order_no or cause.woo_order_id}: {_short(cause.message)})"
        for cause in causes[:_CAUSES_TOLD]
    ]
    rest = sum(cause.orders for cause in causes[_CAUSES_TOLD:])
    return f": {', '.join([*named, f'{rest} more'] if rest else named)}" if named else ""


def _short(message: str | None) -> str:
    text = " ".join((message or "no reason is noted").split())
    return text if len(text) <= _EXAMPLE_LENGTH else text[: _EXAMPLE_LENGTH - 1].rstrip() + "…"


def polls(known: Sequence[StorePoll], now: datetime, limits: Thresholds, *, store_id: str | None) -> Iterator[Check]:
    """Judge the polls by themselves: other jobs succeed all day long while none brings orders in.

    A poll is a walk through a store's orders that came to its end: a single order fetched by its id is none. The store named must
    have been polled; of another that the database knows, silence is a warning.
    """
    limit = max(limits.silence_minutes, 3 * limits.polling_interval_minutes)
    others = [poll for poll in known if poll.store_id not in (store_id, *limits.ignore_stores)]
    levels: list[Level] = []
    said: list[str] = []
    age = None
    if store_id is not None:
        own = next((poll for poll in known if poll.store_id == store_id), StorePoll(store_id, None, None, None, None))
        age = _age(own.finished_dt, now)
        levels.append(_silence(own, now, limit))
        said.append(f"the store was {_polled(own, now)}")
    for poll in others:
        if _silence(poll, now, limit) != "ok":
            levels.append("warning")
            said.append(f"store {poll.store_id} was {_polled(poll, now)} (SYNCCTL_HEALTH_IGNORE_STORES leaves it out)")
    if levels:
        yield Check("last_poll", worst(levels), f"{'; '.join(said)} (limit {limit} min)", _seconds(age))


def _silence(poll: StorePoll, now: datetime, limit: int) -> Level:
    age = _age(poll.finished_dt, now)
    if age is not None and not _over(age, limit):
        return "ok"
    got_on = _age(poll.updated_dt, now)
    # A long list that is read page by page, run by run, is on its way.
    return "warning" if poll.since_dt is not None and got_on is not None and not _over(got_on, limit) else "critical"


def _polled(poll: StorePoll, now: datetime) -> str:
    age = _age(poll.finished_dt, now)
    said = "never polled to the end" if age is None else f"last polled to the end {_ago(age)}"
    if poll.since_dt is None:
        return said
    return (
        f"{said}, a poll is under way (it came to order {poll.last_id or 0} {_ago(_age(poll.updated_dt, now) or timedelta(0))})"
    )


def clocks(
    database: timedelta | None,
    store: timedelta | None,
    numbers: Health | None,
    known: Sequence[StorePoll] | None,
    limits: Thresholds,
) -> Iterator[Check]:
    """Compare this host's clock with the database's and the store's, which are so far ahead, and the database's with its rows."""
    found = [
        (off, f"this host's clock is {_span(abs(off))} {'behind' if off > timedelta(0) else 'ahead of'} the {whose}'s")
        for off, whose in ((database, "database"), (store, "store"))
        if off is not None
    ]
    if numbers is not None:
        ahead, what = max(((moment - numbers.now_dt, what) for moment, what in _past(numbers, known or ())), default=_NOT_AHEAD)
        said = f"{what} is dated {_span(ahead)} ahead (a clock was set back, or the row is odd)"
        found.append((max(ahead, timedelta(0)), said))
    if not found:
        return
    most = max(abs(off) for off, _ in found)
    odd = [(off, said) for off, said in found if abs(off) > timedelta(seconds=limits.clock_warning_seconds)]
    level: Level = "ok"
    if odd:
        level = "critical" if most > timedelta(seconds=limits.clock_critical_seconds) else "warning"
    said = "; ".join(said for _, said in odd) or "right"
    yield Check("clock", level, f"{said} (limit {limits.clock_warning_seconds} s)", most.total_seconds())


def _past(numbers: Health, known: Sequence[StorePoll]) -> Iterator[tuple[datetime, str]]:
    """Give the moments that can't lie ahead, each with what it is of."""
    moments = [
        (numbers.last_success_dt, "the last successful run"),
        (numbers.last_applied_dt, "the last order applied"),
        (numbers.oldest_pending_dt, "the order that waits longest"),
        (numbers.oldest_write_back_dt, "the message that waits longest"),
        *((poll.finished_dt, f"the last poll of store {poll.store_id}") for poll in known),
    ]
    for moment, what in moments:
        if moment is not None:
            yield moment, what


def _age(moment: datetime | None, now: datetime) -> timedelta | None:
    """Return how long ago a moment was; below 0 where it lies ahead."""
    return None if moment is None else now - moment


def _over(age: timedelta | None, minutes: int) -> bool:
    return age is not None and age > timedelta(minutes=minutes)


def _seconds(age: timedelta | None) -> float | None:
    """Return an age for monitoring, where none is below 0."""
    return None if age is None else max(0.0, age.total_seconds())


def _ago(age: timedelta) -> str:
    return f"{_span(age)} ago" if age >= timedelta(0) else f"{_span(-age)} from now"


def _span(age: timedelta | None) -> str:
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
