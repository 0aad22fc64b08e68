"""What every scheduler offers: write its entries, install and remove them, and tell what it knows of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from syncctl.errors import ConfigError
from syncctl.jobs import DAY, HOUR, ScheduledJob

EVEN = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
"""Minutes that go into an hour without rest: cron, systemd and Kubernetes know no others."""
EVEN_HOURS = (1, 2, 3, 4, 6, 8, 12)
ANSWER_SECONDS = 60
"""How long a scheduler's own program may take."""

Action = Literal["added", "changed", "removed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the jobs of one store run, and as whom."""

    folder: str
    """The folder with `.env`; absolute."""
    python: str
    """The Python that syncctl is installed for; absolute."""
    profile: str = ""
    """The profile's name; empty without one."""
    options: tuple[str, ...] = ()
    """What stands behind `syncctl` so that the jobs read the same settings: --profile NAME, --env-file FILE."""
    account: str = ""
    """Whose account runs them; empty: whoever installs them."""
    me: str = ""
    """Who installs them, where the scheduler has to be told."""

    @property
    def title(self) -> str:
        """The prefix of what belongs to this place in a scheduler."""
        return f"syncctl-{self.profile}" if self.profile else "syncctl"

    def words(self, job: ScheduledJob, *more: str) -> list[str]:
        """Return the whole command of a job. -P: no module of the folder's is taken for one of Python's."""
        return [self.python, "-P", "-m", "syncctl", *self.options, "schedule", "run", job.name, *more]


@dataclass(frozen=True, slots=True)
class Piece:
    """What a scheduler is given: a file's name and text, or a block of lines."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an installation or a removal does to one job's entry."""

    job: str
    action: Action
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a scheduler knows of a job. None: it doesn't tell."""

    job: str
    last_start: datetime | None = None
    next_start: datetime | None = None
    last_result: int | None = None
    """The exit code of the last run."""
    running: bool = False
    problem: str = ""
    """What keeps it from running, in words; empty where nothing does."""


class Scheduler(Protocol):
    """A program that starts jobs."""

    name: str
    """As `--scheduler` calls it."""

    def pieces(self, place: Place, jobs: Sequence[ScheduledJob]) -> list[Piece]:
        """Return what would be installed."""

    def install(self, place: Place, jobs: Sequence[ScheduledJob], *, dry_run: bool) -> list[Change]:
        """Make the entries of this place those of `jobs`: what is as it should be stays, what is no longer wanted goes.

        Raises:
            ConfigError: the scheduler isn't there or refuses, or entries of that name belong to another folder.
        """

    def remove(self, place: Place, *, dry_run: bool) -> list[Change]:
        """Take all entries of this place away, and nobody else's.

        Raises:
            ConfigError: the scheduler isn't there or refuses.
        """

    def ask(self, place: Place) -> dict[str, Entry]:
        """Return what it knows of each job of this place that is installed.

        Raises:
            ConfigError: the scheduler isn't there or doesn't answer.
        """


Tool = Callable[[Sequence[str], str], "Answer"]
"""Runs a scheduler's own program with this text as its input."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said: its exit code, and its output as text."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What a person would read of it."""
        return " ".join((self.err or self.out).split())


def run_tool(command: Sequence[str], given: str = "") -> Answer:
    """Run a scheduler's own program and return what it said.

    Raises:
        ConfigError: there is no such program here, or it doesn't end.
    """
    import os

    hidden = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}  # type: ignore[attr-defined,unused-ignore]
    try:
        done = subprocess.run(  # noqa: S603  (programs of the system, arguments as a list)
            list(command),
            input=given.encode("utf-8"),
            capture_output=True,
            timeout=ANSWER_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"},
            **hidden,  # type: ignore[call-overload,unused-ignore]
        )
    except FileNotFoundError:
        raise ConfigError(f"There is no {command[0]} here; another scheduler is named with --scheduler.") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{command[0]} has not answered for {ANSWER_SECONDS} seconds.") from None
    except OSError as error:
        raise ConfigError(f"{command[0]} can't be run: {error.strerror or error}.") from error
    return Answer(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def even(minutes: int) -> int:
    """Return the longest interval that every scheduler knows and that is no longer than this one."""
    if minutes >= DAY:
        return DAY
    if minutes >= HOUR:
        return HOUR * max(hours for hours in EVEN_HOURS if hours <= minutes // HOUR)
    return max(each for each in EVEN if each <= minutes)


def cron_times(job: ScheduledJob) -> str:
    """Return the five fields of cron for a job; a daily one once a day."""
    if job.daily:
        return f"{job.offset % HOUR} {job.offset // HOUR} * * *"
    if job.minutes >= HOUR:
        hours = job.minutes // HOUR
        return f"{job.offset % HOUR} {'*' if hours == 1 else f'*/{hours}'} * * *"
    first = job.offset % job.minutes
    if job.minutes == 1:
        return "* * * * *"
    return f"{f'{first}-59' if first else '*'}/{job.minutes} * * * *"


def next_start(job: ScheduledJob, now: datetime) -> datetime:
    """Return when a job's time comes next, in the zone of `now`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + timedelta(minutes=job.offset % job.minutes if not job.daily else job.offset)
    passed = (now - first) // timedelta(minutes=job.minutes) + 1 if now >= first else 0
    return first + passed * timedelta(minutes=job.minutes)


def last_time(job: ScheduledJob, now: datetime) -> datetime:
    """Return when a job's time came last, in the zone of `now`."""
    return next_start(job, now) - timedelta(minutes=job.minutes)
