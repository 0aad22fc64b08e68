"""The jobs in a scheduler: which there are to be, putting them there, taking them away, and whether they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from syncctl.errors import EXIT_ALREADY_RUNNING, EXIT_OK, ConfigError, UsageError
from syncctl.jobs import BY_NAME, JOBS, ScheduledJob
from syncctl.schedulers.base import Change, Entry, Place, Scheduler, even
from syncctl.schedulers.record import JobRecord, read

SCHEDULERS = ("cron", "systemd", "taskscheduler", "kubernetes")
_LATE = timedelta(minutes=5)
"""How far a scheduler's clock of starts and ours may be apart."""
_OURS = (0, 1, 2, 69, 75, 78, 130, 143)
"""What syncctl itself ends with."""
_MEANINGS = {
    0: "done",
    1: "some orders failed, or something needs attention",
    2: "wrong command line",
    69: "database or store unavailable",
    75: "already running",
    78: "a setting, key or right is wrong",
    130: "stopped",
    143: "stopped, or ended at its time limit",
    126: "the program can't be run",
    127: "there is no such program",
    200: "there is no such folder",
    203: "there is no such program",
}


@dataclass(frozen=True, slots=True)
class JobStatus:
    """One job: what its scheduler says, what the log of runs says, and what follows."""

    job: str
    every: str
    installed: bool
    scheduler_start: datetime | None
    scheduler_result: int | None
    last_start: datetime | None
    """Of the run's own record on this host, or of the database's log of runs, whichever is later."""
    last_success: datetime | None
    next_start: datetime | None
    problem: str
    """What is wrong, in words; empty where nothing is."""


def planned(
    *,
    polling_minutes: int,
    intervals: Mapping[str, int] | None = None,
    without: Iterable[str] = (),
    store: bool = True,
    once: bool = True,
) -> tuple[list[ScheduledJob], list[str]]:
    """Return the jobs that a scheduler is to have, and remarks on intervals that none of them knows.

    `intervals` are minutes by job, 0 for one that isn't wanted. `store`: those of a store; `once`: those of the whole database.

    Raises:
        UsageError: `without` names a job that there is not.
    """
    left_out = set(without)
    unknown = sorted(left_out - set(BY_NAME))
    if unknown:
        raise UsageError(f"There is no job named {unknown[0]!r}. The jobs are: {', '.join(BY_NAME)}.")
    wanted = {"stage": polling_minutes, **(intervals or {})}
    jobs, remarks = [], []
    for job in JOBS:
        minutes = wanted.get(job.name, job.minutes)
        if job.name in left_out or minutes <= 0 or not (once if job.once else store):
            continue
        shown = even(minutes)
        if shown != minutes:
            remarks.append(f"{job.name} runs every {in_words(shown)}, not every {in_words(minutes)}, which no scheduler knows.")
        jobs.append(replace(job, minutes=shown))
    return jobs, remarks


def in_words(minutes: int) -> str:
    """Return an interval as people say it."""
    if minutes % (24 * 60) == 0:
        return "day" if minutes == 24 * 60 else f"{minutes // (24 * 60)} days"
    if minutes % 60 == 0:
        return "hour" if minutes == 60 else f"{minutes // 60} hours"
    return "minute" if minutes == 1 else f"{minutes} minutes"


def place_of(folder: Path, *, profile: str = "", env_file: Path | None = None, account: str = "") -> Place:
    """Return where the jobs of this folder run; a drive that only this log-on knows becomes the share that it stands for."""
    options: tuple[str, ...] = ("--env-file", str(env_file.resolve())) if env_file else ()
    if profile:
        options += ("--profile", profile)
    me = ""
    if os.name == "nt":
        me = "\\".join(part for part in (os.environ.get("USERDOMAIN", ""), os.environ.get("USERNAME", "")) if part)
    # A link to Python stays one: it is what tells the virtual environment.
    return Place(str(folder.resolve()), str(Path(sys.executable).absolute()), profile, options, account, me)


def available() -> list[str]:
    """Return the schedulers that may be here, the one to take first."""
    if os.name == "nt":
        return ["taskscheduler"]
    if Path("/run/systemd/system").is_dir() and getattr(os, "geteuid", lambda: 1)() == 0:
        return ["systemd", "cron"]
    return ["cron", "systemd"]


def open_scheduler(name: str, *, image: str | None = None, password: str = "") -> Scheduler:
    """Return the scheduler of this name.

    Raises:
        UsageError: there is none.
    """
    if name == "cron":
        from syncctl.schedulers.cron import Cron

        return Cron()
    if name == "systemd":
        from syncctl.schedulers.systemd import Systemd

        return Systemd()
    if name == "taskscheduler":
        from syncctl.schedulers.task_scheduler import TaskScheduler

        return TaskScheduler(password=password)
    if name == "kubernetes":
        from syncctl.schedulers.kubernetes import IMAGE, Kubernetes

        return Kubernetes(image or IMAGE)
    raise UsageError(f"There is no scheduler named {name!r}: {', '.join(SCHEDULERS)}.")


def where_installed(place: Place, open_one: Callable[[str], Scheduler] = open_scheduler) -> list[Scheduler]:
    """Return the schedulers of this host that have entries of this place; one that isn't there has none."""
    found = []
    for name in available():
        try:
            scheduler = open_one(name)
            if scheduler.remove(place, dry_run=True):
                found.append(scheduler)
        except ConfigError:
            continue
    return found


def install(
    scheduler: Scheduler, place: Place, jobs: Sequence[ScheduledJob], *, dry_run: bool, elsewhere: Sequence[str]
) -> list[Change]:
    """Put the jobs into a scheduler; see `Scheduler.install`. `elsewhere` are the schedulers that have jobs of this place.

    Raises:
        ConfigError: another scheduler would run them, too.
    """
    others = [name for name in elsewhere if name != scheduler.name]
    if others:
        raise ConfigError(
            f"{others[0]} runs the jobs of {place.title} already, and each would run twice. Nothing was changed. "
            f"Take them away there first: `syncctl schedule remove --scheduler {others[0]}`."
        )
    return scheduler.install(place, jobs, dry_run=dry_run)


def status(
    entries: Mapping[str, Entry],
    jobs: Sequence[ScheduledJob],
    records: Path,
    *,
    now: datetime,
    runs: Mapping[str, datetime | None] | None = None,
    since: datetime | None = None,
) -> list[JobStatus]:
    """Put what the scheduler says of each job beside what its runs left behind.

    `runs` are last starts in the log of runs, by job; `since` is when the jobs were last installed here, where that is known.
    """
    found = []
    for job in jobs:
        logged = None if runs is None or not job.operation else (runs.get(job.name),)
        found.append(_status(_Seen(job, entries.get(job.name), read(records, job.name), logged, since, now)))
    return found


def entry_problems(entries: Mapping[str, Entry], records: Path) -> dict[str, str]:
    """Return what is wrong with the entries that a scheduler has, by job: what its runs came to is not looked at."""
    found = {}
    for name, entry in entries.items():
        if name in BY_NAME:
            record = read(records, name)
            said = _entry_problem(entry, record.started if record else None)
            if said:
                found[name] = said
    return found


@dataclass(frozen=True, slots=True)
class _Seen:
    """All that is known of a job."""

    job: ScheduledJob
    entry: Entry | None
    record: JobRecord | None
    logged: tuple[datetime | None] | None
    """Its last start in the log of runs; None: the log can't be asked, or it leaves no row there."""
    since: datetime | None
    now: datetime

    @property
    def started(self) -> datetime | None:
        """When it last started, wherever that is known from."""
        starts = [self.record.started if self.record else None, *(self.logged or ())]
        return max((moment for moment in starts if moment), default=None)


def _status(seen: _Seen) -> JobStatus:
    entry, record = seen.entry, seen.record
    return JobStatus(
        job=seen.job.name,
        every=in_words(seen.job.minutes),
        installed=entry is not None,
        scheduler_start=entry.last_start if entry else None,
        scheduler_result=entry.last_result if entry else None,
        last_start=seen.started,
        last_success=record.succeeded if record else None,
        next_start=entry.next_start if entry else None,
        problem=_problem(seen),
    )


def _problem(seen: _Seen) -> str:
    """Say the first thing that is wrong with a job, the one that explains the others first."""
    job, entry, record, started = seen.job, seen.entry, seen.record, seen.started
    if entry is None:
        left_out = f" (where {job.needs} is missing, leave it out: --without {job.name})" if job.needs else ""
        return f"not installed{left_out}"
    said = _entry_problem(entry, started)
    if said:
        return said
    longest = timedelta(minutes=2 * job.minutes + job.limit, seconds=2 * job.jitter)
    if started and seen.now - started > longest:
        return f"has not started for {_age(seen.now - started)}"
    if started is None and seen.since and seen.now - seen.since > longest:
        return f"has not started since it was installed {_age(seen.now - seen.since)} ago: is the scheduler itself running?"
    return _run_problem(seen, record, running=entry.running) if record else ""


def _entry_problem(entry: Entry, started: datetime | None) -> str:
    """Say what keeps a scheduler's entry from doing its work."""
    if entry.problem:
        return entry.problem
    if entry.running or entry.last_start is None or entry.last_result in (None, *_OURS):
        return ""  # where the code is ours, its record may be another account's
    if started is None or started < entry.last_start - _LATE:
        said = _meaning(entry.last_result)
        return f"the scheduler started it, it ended with {said}, and syncctl was never reached: try its command by hand"
    return ""


def _run_problem(seen: _Seen, record: JobRecord, *, running: bool) -> str:
    """Say what was wrong with the last run, by its own record."""
    job = seen.job
    if record.ended is None and not running and seen.now - record.started > timedelta(minutes=job.limit + 10):
        return "its last run was killed"
    if record.at_limit:
        return f"its last run was ended after {job.limit} minutes, its time limit"
    if record.exit_code not in (None, EXIT_OK, EXIT_ALREADY_RUNNING):
        return f"its last run ended with {_meaning(record.exit_code)}"
    if record.exit_code == EXIT_OK and seen.logged and (seen.logged[0] is None or seen.logged[0] < record.started - _LATE):
        return "its last run succeeded, and the database's log of runs knows nothing of it: do the jobs work on another database?"
    return ""


def _meaning(code: int | None) -> str:
    return f"{code} ({_MEANINGS[code]})" if code in _MEANINGS else str(code)


def _age(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours" if minutes < 2880 else f"{minutes // 1440} days"
