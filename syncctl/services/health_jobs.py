"""Whether each job ran when it should have, by the log of runs: what stopped running makes no mistake that anybody would see.

A job is looked for where a setting says how often it runs, or where it has run a few times: one never set up isn't missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from syncctl.errors import EXIT_SIGINT, EXIT_SIGTERM
from syncctl.jobs import DAY, JOBS, ScheduledJob
from syncctl.services.health_findings import Check, Level, Thresholds, age_of, ago, seconds_of

if TYPE_CHECKING:
    from syncctl.db.contract import JobRuns

Asked = Callable[[], Mapping[str, str]]
"""Asks the host's scheduler: job → what is wrong with its entry there. Jobs that are well, or unknown there, are left out."""

REGULAR = 3
"""So many runs make a job one that is missed."""
_ESSENTIAL = ("stage", "process", "retry-failed")
"""Without these nothing moves: their silence is critical."""
_WELL = (0, 1, EXIT_SIGINT, EXIT_SIGTERM)
"""How a run may end: done, with orders that failed, stopped by whoever stopped it."""


def operations() -> list[str]:
    """Return what the log calls the jobs that leave a row in it."""
    return [job.operation for job in JOBS if job.operation]


def jobs(
    runs: Sequence[JobRuns], now: datetime, limits: Thresholds, *, polling: bool = True, asked: Mapping[str, str] | None = None
) -> Iterator[Check]:
    """Judge each job's runs; and what its scheduler says of it, where that was asked."""
    by_operation = {run.operation_type: run for run in runs}
    for job in JOBS:
        said = (asked or {}).get(job.name, "")
        run = by_operation.get(job.operation)
        minutes = limits.intervals.get(job.name, job.minutes)
        expected = job.name in limits.intervals or (run is not None and run.runs >= REGULAR)
        if minutes and expected and run is not None and (polling or job.name != "stage"):
            yield _judged(job, run, minutes, now, limits, said)
        elif said:
            yield _check(job, "warning", said, None, None)


def longest_silence(minutes: int, late: int) -> int:
    """Return after how many minutes a job that runs every so many minutes is missed: that often over, but a day late at most."""
    return min(late * minutes, minutes + DAY)


def _judged(job: ScheduledJob, run: JobRuns, minutes: int, now: datetime, limits: Thresholds, asked: str) -> Check:
    limit = longest_silence(minutes, limits.late_intervals)
    age = age_of(run.last_start_dt, now)
    if run.last_start_dt is None or age is None:
        return _check(job, "warning", _with("has never run", asked), None, limit)
    worse: Level = "critical" if job.name in _ESSENTIAL else "warning"
    if age > timedelta(minutes=limit):
        told = f"last ran {ago(age)} (limit {limit} min)"
        if run.last_end_dt is None:
            told += "; that run never ended: it was killed, or hangs"
        return _check(job, worse, _with(told, asked), seconds_of(age), limit)
    if run.last_end_dt is not None and run.last_exit_code not in _WELL:
        good = age_of(run.last_good_dt, now)
        level: Level = worse if good is None or good > timedelta(minutes=limit) else "warning"
        since = "none of its latest runs did better" if good is None else f"the last that did its work ended {ago(good)}"
        told = f"ran {ago(age)} and ended with exit code {run.last_exit_code}; {since}"
        return _check(job, level, _with(told + (f": {run.message}" if run.message else ""), asked), seconds_of(age), limit)
    told = f"ran {ago(age)}" + (", and is at work" if run.last_end_dt is None else "")
    return _check(job, "warning" if asked else "ok", _with(told, asked), seconds_of(age), limit)


def _with(said: str, asked: str) -> str:
    return f"{said}; {asked}" if asked else said


def _check(job: ScheduledJob, level: Level, said: str, age: float | None, limit: int | None) -> Check:
    critical = None if limit is None else limit * 60
    by_hand = " ".join(("syncctl", *job.arguments))
    elsewhere = f"where it isn't to run: SYNCCTL_JOB_INTERVALS={job.name}=0"
    advice = f"look whether the scheduler starts it; `{by_hand}` does it now; {elsewhere}"
    essential = job.name in _ESSENTIAL
    return Check(
        f"job_{job.name.replace('-', '_')}",
        level,
        said,
        age,
        "s",
        warning=None if essential else critical,
        critical=critical if essential else None,
        advice=advice,
    )
