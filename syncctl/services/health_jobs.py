"""Whether each job ran when it should have, by the log of runs: what stopped running makes no mistake that anybody would see.

A job is looked for where a setting says how often it runs, or where it has run a few times: one never set up isn't missed.
Of several stores that share a database each one's runs are judged by themselves: none hides another that stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncctl.db.contract import JobRuns
from syncctl.errors import EXIT_SIGINT, EXIT_SIGTERM
from syncctl.jobs import DAY, JOBS, ScheduledJob
from syncctl.services.health_findings import Check, Figure, Level, Part, Thresholds, age_of, ago, seconds_of, worst

Asked = Callable[[], Mapping[str, str]]
"""Asks the host's scheduler: job → what is wrong with its entry there. Jobs that are well, or unknown there, are left out."""

REGULAR = 3
"""So many runs make a job one that is missed."""
_ESSENTIAL = ("stage", "process", "retry-failed")
"""Without these nothing moves: their silence is critical."""
_WELL = (0, 1, EXIT_SIGINT, EXIT_SIGTERM)
"""How a run may end: done, with orders that failed, stopped by whoever stopped it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreJobs:
    """What a store's own profile says of its jobs."""

    profile: str = ""
    """What the profile is called; empty for what `.env` alone says."""
    intervals: Mapping[str, int] = field(default_factory=dict)
    """See `Thresholds.intervals`."""
    polling: bool = True


def operations() -> list[str]:
    """Return what the log calls the jobs that leave a row in it."""
    return [job.operation for job in JOBS if job.operation]


def jobs(
    runs: Sequence[JobRuns],
    now: datetime,
    limits: Thresholds,
    *,
    store_id: str | None = None,
    polling: bool = True,
    asked: Mapping[str, str] | None = None,
    stores: Mapping[str, StoreJobs] | None = None,
) -> Iterator[Check]:
    """Judge each job's runs, store by store; and what its scheduler says of it, where that was asked.

    `limits` and `polling` are those of `store_id`, the store of whoever looks; `stores` says the same of the others that are
    known. What is wrong is so whoever looks, so that two who look never contradict each other.
    """
    counted = [run for run in runs if run.store_id == store_id or run.store_id not in limits.ignore_stores]
    own = StoreJobs(intervals=limits.intervals, polling=polling)
    named = {name: store for name, store in (stores or {}).items() if name not in limits.ignore_stores}
    look = _Look(now, limits, store_id, {**named, **({store_id: own} if store_id else {})}, own)
    several = len({*look.stores, *(run.store_id for run in counted if run.store_id)}) > 1
    for job in JOBS:
        said = (asked or {}).get(job.name, "")
        found = {run.store_id: check for run in look.of_job(job, counted) if (check := look.judged(job, run, said)) is not None}
        if said and not found.keys() & {None, store_id}:
            found = {store_id: _check(job, "warning", said, None, None), **found}
        by_store = {name: check for name, check in found.items() if name is not None}
        if by_store and several:
            yield look.together(job, by_store)
        else:
            yield from found.values()


def longest_silence(minutes: int, late: int) -> int:
    """Return after how many minutes a job that runs every so many minutes is missed: that often over, but a day late at most."""
    return min(late * minutes, minutes + DAY)


@dataclass(frozen=True, slots=True)
class _Look:
    """Somebody's look at the jobs of all stores."""

    now: datetime
    limits: Thresholds
    store_id: str | None
    """Whose it is."""
    stores: Mapping[str, StoreJobs]
    others: StoreJobs
    """What is taken for a store of which nothing is known."""

    def of_job(self, job: ScheduledJob, runs: Sequence[JobRuns]) -> list[JobRuns]:
        """Return the runs of a job that are to be judged, of each store; of a known store also that there are none."""
        found = [run for run in runs if job.operation and run.operation_type == job.operation]
        never = [run for run in found if run.store_id is None and not run.runs]
        if not found or job.once or (never and len(self.stores) < 2) or any(run.store_id is None and run.runs for run in found):
            return found
        there = {run.store_id for run in found}
        missing = [JobRuns(job.operation, name, 0, None, None, None, None, None) for name in self.stores if name not in there]
        return missing + [run for run in found if run not in never]

    def judged(self, job: ScheduledJob, run: JobRuns, asked: str) -> Check | None:
        """Judge a store's runs; None where it isn't known to have this job."""
        store = self.stores.get(run.store_id or self.store_id or "", self.others)
        minutes = store.intervals.get(job.name, job.minutes)
        if not minutes or not (job.name in store.intervals or run.runs >= REGULAR) or (job.name == "stage" and not store.polling):
            return None
        limits = replace(self.limits, intervals=store.intervals)
        return _judged(job, run, minutes, self.now, limits, asked if run.store_id in (None, self.store_id) else "")

    def together(self, job: ScheduledJob, found: Mapping[str, Check]) -> Check:
        """Make one check of those of several stores, whose parts they are: as the worst of them."""
        level = worst(check.level for check in found.values())
        wrong = [store for store, check in found.items() if check.level != "ok"]
        store, head = max(found.items(), key=lambda each: (each[1].level == level, each[1].value is None, each[1].value or 0))
        parts = tuple(
            Part(name=f"{job.name} of {name}", level=check.level, message=f"store {name}: {check.message.rstrip('.')}")
            for name, check in found.items()
        )
        told = "; ".join(part.message for part in parts if part.level != "ok" or len(parts) == 1)
        profile = self.stores[store].profile if store in self.stores and len(wrong) == 1 else "NAME"
        return replace(
            head,
            level=level,
            message=told or f"of {len(found)} stores, the one that waits longest: {store} {head.message}",
            advice=_advice(job, profile) + (f", or SYNCCTL_HEALTH_IGNORE_STORES={store}" if wrong else ""),
            also=tuple(
                Figure(name=f"{head.name}_{name}", value=check.value, unit="s")
                for name, check in found.items()
                if check.value is not None
            ),
            parts=parts,
        )


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
    essential = job.name in _ESSENTIAL
    return Check(
        f"job_{job.name.replace('-', '_')}",
        level,
        said,
        age,
        "s",
        warning=None if essential else critical,
        critical=critical if essential else None,
        advice=_advice(job),
    )


def _advice(job: ScheduledJob, profile: str = "") -> str:
    by_hand = " ".join(("syncctl", *job.arguments, *(("--profile", profile) if profile else ())))
    elsewhere = f"where it isn't to run: SYNCCTL_JOB_INTERVALS={job.name}=0"
    return f"look whether the scheduler starts it; `{by_hand}` does it now; {elsewhere}"
