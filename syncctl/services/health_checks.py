"""How what health has seen is judged: each check is a level, a sentence for a person and a figure for monitoring.

Ages are told by the database's clock, which wrote the moments; a moment that lies ahead is no age, and a finding of `clock`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from syncctl.db.contract import StorePoll
from syncctl.services.health_findings import (
    Check,
    Figure,
    Level,
    Part,
    Thresholds,
    age_of,
    aged,
    ago,
    over,
    seconds_of,
    span,
    worst,
)

if TYPE_CHECKING:
    from datetime import datetime

    from syncctl.db.contract import Health, PodCount, ReviewCause

_NOT_AHEAD = (timedelta(0), "")
_EXAMPLE_LENGTH = 100
_CAUSES_TOLD = 5


def orders(numbers: Health, causes: Sequence[ReviewCause], limits: Thresholds) -> Iterator[Check]:
    """Judge what waits, failed, or needs a person, and the runs."""
    now = numbers.now_dt
    age = age_of(numbers.oldest_pending_dt, now)
    yield Check(
        "pending",
        "critical" if over(age, limits.pending_minutes) else "ok",
        f"{numbers.pending} waiting" + (f", the oldest for {span(age)} (limit {limits.pending_minutes} min)" if age else ""),
        numbers.pending,
        advice="look whether the job `process` runs; `syncctl process` does it now",
        also=(aged("oldest_pending", age, critical=limits.pending_minutes),),
    )
    yield Check(
        "stuck",
        "warning" if numbers.stuck else "ok",
        f"{numbers.stuck} held by a worker that died",
        numbers.stuck,
        warning=0,
        advice="`syncctl process` takes them up again; the newest log file tells what became of the worker",
    )
    yield _failed(numbers, limits)
    yield _review(numbers, causes, limits)
    yield _write_back(numbers, limits)
    if limits.silence_minutes:
        yield _last_success(numbers, limits)
    if numbers.recent_errors:
        yield Check("recent_errors", "ok", f"{numbers.recent_errors} failed runs in 24 hours", numbers.recent_errors)


def _review(numbers: Health, causes: Sequence[ReviewCause], limits: Thresholds) -> Check:
    level: Level = "warning" if numbers.review > limits.review_orders else "ok"
    return Check(
        "review",
        level,
        f"{numbers.review} need a person{_told(causes)}" + ("; see `syncctl dead-letter list`" if numbers.review else ""),
        numbers.review,
        warning=limits.review_orders,
        advice="`syncctl dead-letter list` tells each order's reason and what to do",
        also=tuple(Figure(name=f"review_{cause.error_class}", value=cause.orders) for cause in causes),
        parts=tuple(
            Part(
                name=cause.error_class,
                level=level,
                message=f"{cause.orders} order{'s' if cause.orders != 1 else ''} ({_example(cause)})",
                number=cause.orders,
            )
            for cause in causes
        ),
    )


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
    near = sum(row.deadline_near for row in counted)
    first = min((row.next_deadline_dt for row in counted if row.next_deadline_dt), default=None)
    if near and first:
        said += f"; {near} must be answered within {limits.deadline_days} days, the first on {first:%Y-%m-%d}: "
        said += "see `syncctl pod list --deadline`"
    yield Check(
        "proofs",
        "warning" if many or near else "ok",
        said,
        persistent + exhausted,
        warning=limits.failed_proofs,
        advice="`syncctl pod list --status failed` tells why; correct the claim, or fetch the document by hand",
        also=(
            *(Figure(name=f"proofs_{standing}", value=by_standing[standing]) for standing in ("due", "waiting")),
            Figure(name="proofs_deadline_near", value=near),
        ),
    )


def _failed(numbers: Health, limits: Thresholds) -> Check:
    """Many orders that failed may pass by themselves; one that nobody tries again doesn't."""
    due = age_of(numbers.oldest_failed_due_dt, numbers.now_dt)
    overdue = over(due, limits.overdue_minutes)
    said = f"{numbers.failed} failed, to be tried again (limit {limits.failed_orders})"
    if overdue:
        said += f"; the oldest has been due for {span(due)} (limit {limits.overdue_minutes} min): does `retry-failed` run?"
    many = numbers.failed > limits.failed_orders
    return Check(
        "failed",
        "critical" if overdue else "warning" if many else "ok",
        said,
        numbers.failed,
        warning=limits.failed_orders,
        advice="look whether the job `retry-failed` runs; `syncctl retry-failed` does it now",
        also=(aged("oldest_failed_due", due, critical=limits.overdue_minutes),),
    )


def _write_back(numbers: Health, limits: Thresholds) -> Check:
    age = age_of(numbers.oldest_write_back_dt, numbers.now_dt)
    due = age_of(numbers.oldest_write_back_due_dt, numbers.now_dt)
    overdue = over(due, limits.overdue_minutes)
    said = f"{numbers.write_back_pending} messages to the store wait"
    if age:
        said += f", the oldest for {span(age)} (limit {limits.write_back_minutes} min)"
    if overdue:
        said += f", one due for {span(due)} (limit {limits.overdue_minutes} min): does `retry-failed` run?"
    if numbers.write_back_failed:
        said += f"; {numbers.write_back_failed} failed for good: see `syncctl write-back list`"
    late = over(age, limits.write_back_minutes)
    level: Level = "critical" if numbers.write_back_failed or overdue else "warning" if late else "ok"
    return Check(
        "write_back",
        level,
        said,
        numbers.write_back_pending,
        advice="`syncctl write-back list --state FAILED` tells what the store refused; look whether the job `retry-failed` runs",
        also=(
            aged("oldest_write_back", age, warning=limits.write_back_minutes),
            aged("oldest_write_back_due", due, critical=limits.overdue_minutes),
            Figure(name="write_back_failed", value=numbers.write_back_failed, critical=0),
        ),
    )


def _last_success(numbers: Health, limits: Thresholds) -> Check:
    age = age_of(numbers.last_success_dt, numbers.now_dt)
    said = "no run has ever succeeded" if age is None else f"the last successful run was {ago(age)}"
    silent = age is None or over(age, limits.silence_minutes)
    return Check(
        "last_success",
        "critical" if silent else "ok",
        f"{said} (limit {limits.silence_minutes} min)",
        seconds_of(age),
        "s",
        critical=limits.silence_minutes * 60,
        advice="look whether the scheduler runs its jobs, then into the newest log file",
    )


def _told(causes: Sequence[ReviewCause]) -> str:
    """Name the causes, most first, each with its number and one example."""
    named = [f"{cause.orders} {cause.error_class} ({_example(cause)})" for cause in causes[:_CAUSES_TOLD]]
    rest = sum(cause.orders for cause in causes[_CAUSES_TOLD:])
    return f": {', '.join([*named, f'{rest} more'] if rest else named)}" if named else ""


def _example(cause: ReviewCause) -> str:
    return f"such as order {cause.woo_order_no or cause.woo_order_id}: {_short(cause.message)}"


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
    found: list[Part] = []
    age = None
    if store_id is not None:
        own = next((poll for poll in known if poll.store_id == store_id), StorePoll(store_id, None, None, None, None))
        age = age_of(own.finished_dt, now)
        found.append(Part(name=own.store_id, level=_silence(own, now, limit), message=f"the store was {_polled(own, now)}"))
    for poll in others:
        if _silence(poll, now, limit) != "ok":
            said = f"store {poll.store_id} was {_polled(poll, now)} (SYNCCTL_HEALTH_IGNORE_STORES leaves it out)"
            found.append(Part(name=poll.store_id, level="warning", message=said))
    if found:
        yield Check(
            "last_poll",
            worst(part.level for part in found),
            f"{'; '.join(part.message for part in found)} (limit {limit} min)",
            seconds_of(age),
            "s",
            critical=limit * 60,
            advice="look whether the job `stage` runs; `syncctl stage` polls now and says what is wrong",
            also=tuple(
                Figure(name=f"last_poll_{poll.store_id}", value=seconds, unit="s")
                for poll in known
                if (seconds := seconds_of(age_of(poll.finished_dt, now))) is not None
            ),
            parts=tuple(found),
        )


def _silence(poll: StorePoll, now: datetime, limit: int) -> Level:
    age = age_of(poll.finished_dt, now)
    if age is not None and not over(age, limit):
        return "ok"
    got_on = age_of(poll.updated_dt, now)
    # A long list that is read page by page, run by run, is on its way.
    return "warning" if poll.since_dt is not None and got_on is not None and not over(got_on, limit) else "critical"


def _polled(poll: StorePoll, now: datetime) -> str:
    age = age_of(poll.finished_dt, now)
    said = "never polled to the end" if age is None else f"last polled to the end {ago(age)}"
    if poll.since_dt is None:
        return said
    return (
        f"{said}, a poll is under way (it came to order {poll.last_id or 0} {ago(age_of(poll.updated_dt, now) or timedelta(0))})"
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
        (off, f"this host's clock is {span(abs(off))} {'behind' if off > timedelta(0) else 'ahead of'} the {whose}'s")
        for off, whose in ((database, "database"), (store, "store"))
        if off is not None
    ]
    if numbers is not None:
        ahead, what = max(((moment - numbers.now_dt, what) for moment, what in _past(numbers, known or ())), default=_NOT_AHEAD)
        said = f"{what} is dated {span(ahead)} ahead (a clock was set back, or the row is odd)"
        found.append((max(ahead, timedelta(0)), said))
    if not found:
        return
    most = max(abs(off) for off, _ in found)
    lowest = timedelta(seconds=min(limits.clock_warning_seconds, limits.clock_critical_seconds))
    odd = [(off, said) for off, said in found if abs(off) > lowest]
    level: Level = "ok"
    if odd:
        level = "critical" if most > timedelta(seconds=limits.clock_critical_seconds) else "warning"
    said = "; ".join(said for _, said in odd) or "right"
    yield Check(
        "clock",
        level,
        f"{said} (limit {limits.clock_warning_seconds} s)",
        most.total_seconds(),
        "s",
        warning=limits.clock_warning_seconds,
        critical=limits.clock_critical_seconds,
        advice="set all clocks by a time server",
    )


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
