"""`syncctl schedule`: the jobs in cron, systemd, Task Scheduler or Kubernetes."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.confirm import Yes, ask, require_consent
from syncctl.cli.output import table
from syncctl.cli.run import Run, command
from syncctl.errors import EXIT_OK, EXIT_SOME_FAILED, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console

    from syncctl.db.contract import JobRuns
    from syncctl.jobs import ScheduledJob
    from syncctl.schedulers.base import Change, Place, Scheduler
    from syncctl.services.schedule import JobStatus
    from syncctl.services.schedule_parts import Part

app = typer.Typer(help="The jobs in a scheduler: show, install, see whether they run, remove.", no_args_is_help=True)

_WHICH = "cron, systemd, taskscheduler or kubernetes."
SchedulerName = Annotated[
    str | None,
    typer.Option(
        "--scheduler", help=f"{_WHICH} Else what this host has: Task Scheduler on Windows, systemd for root, else cron."
    ),
]
Without = Annotated[
    list[str] | None, typer.Option("--without", help="A job to leave out; may be given more than once.", metavar="JOB")
]
Account = Annotated[
    str,
    typer.Option(
        "--account",
        help="Whose account runs the jobs (Task Scheduler, systemd installed by root). Task Scheduler asks for its password.",
    ),
]
Image = Annotated[str | None, typer.Option("--image", help="Kubernetes: the image that syncctl is installed in.")]


@command(app, "show", group="schedule")
def show(
    run: Run,
    scheduler: SchedulerName = None,
    without: Without = None,
    account: Account = "",
    image: Image = None,
    write_to: Annotated[
        Path | None,
        typer.Option("--write-to", help="With --scheduler: write the definitions into this folder instead.", metavar="FOLDER"),
    ] = None,
) -> None:
    """Show the jobs, how often each runs, and what it is for; with --scheduler the definitions that it would be given.

    Changes nothing. Those definitions may be put in place by hand where `schedule install` can't: for another host, or where
    another person keeps the scheduler.
    """
    parts = _parts(run, without, account)
    run.report.items = [{"profile": part.place.profile, **_shown(job)} for part in parts for job in part.jobs]
    run.report.counts = {"jobs": len(run.report.items)}
    if write_to and not scheduler:
        raise UsageError("--write-to takes --scheduler: which definitions are to be written?")
    if scheduler is None:
        run.render = lambda console: table(
            console,
            ["Job", "Profile", "Every", "Limit>", "Command", "What for"],
            (
                [
                    job.name,
                    part.place.profile,
                    _every(job),
                    f"{job.limit} min",
                    " ".join(job.arguments),
                    f"{job.about}{_needing(job)}.",
                ]
                for part in parts
                for job in part.jobs
            ),
        )
        return
    opened = _open(scheduler, image=image)
    pieces = [
        (
            f"{part.place.profile}-{piece.name}" if part.place.profile and part.place.title not in piece.name else piece.name,
            piece.text,
        )
        for part in parts
        for piece in opened.pieces(part.place, part.jobs)
    ]
    run.report.extra = {"definitions": [{"name": name, "text": text} for name, text in pieces]}
    if write_to:
        for name, text in pieces:
            _write(write_to / name, text)
        run.render = lambda console: console.print(f"{len(pieces)} files written to {write_to}.")
        return

    def render(console: Console) -> None:
        for name, text in pieces:
            head = f"# ----- {name}\n" if len(pieces) > 1 else ""
            console.print(f"{head}{text}", markup=False, highlight=False, soft_wrap=True, end="")

    run.render = render


@command(app, "install", group="schedule")
def install(
    run: Run,
    scheduler: SchedulerName = None,
    without: Without = None,
    account: Account = "",
    image: Image = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed; change nothing.")] = False,
) -> None:
    """Install the jobs of this folder, so that they run by themselves: for the .env file, or the profile, that counts here.

    Type it in the folder where .env lies. What is there already and as it should be stays; a second time changes nothing. Only
    entries of this folder's own are ever touched: a marked block of the crontab, tasks in a folder named syncctl, units named
    syncctl.…, CronJobs with our labels.
    """
    from syncctl.schedulers.record import note_installation
    from syncctl.services.schedule import available, install as put_in, where_installed
    from syncctl.settings_files import env_path

    name = scheduler or available()[0]
    parts = _parts(run, without, account)
    if name == "systemd":
        parts = [replace(part, place=_with_owner(part.place)) for part in parts]
    opened = _open(name, image=image, password=_password(run, name, parts[0].place, dry_run=dry_run))
    changes: list[tuple[str, Change]] = []
    run.conclude = lambda: _report(run, name, changes, dry_run=dry_run)
    for part in parts:
        elsewhere = [each.name for each in where_installed(part.place)] if name in available() else []
        done = put_in(opened, part.place, part.jobs, dry_run=dry_run, elsewhere=elsewhere)
        changes += [(part.place.profile, change) for change in done]
        if not dry_run and any(change.action in ("added", "changed") for change in done):
            with suppress(OSError):  # then `status` doesn't know since when
                note_installation(part.records)
    env_file = env_path(run.env_file)
    if name != "kubernetes" and not env_file.is_file() and not any(part.place.profile for part in parts):
        run.output.remark(
            f"There is no settings file {env_file.absolute()}: the jobs know only what the environment of their account sets. "
            "Is this the folder that you mean?"
        )
    left: list[str] = getattr(opened, "others", lambda _: [])(parts[0].place)
    if left:
        run.output.remark(
            f"Tasks in the same folder that this didn't install, and that run as well: {', '.join(left)}. Those of an earlier "
            'set-up by hand are taken away with schtasks /Delete /TN "\\syncctl\\NAME".'
        )


@command(app, "remove", group="schedule")
def remove(
    run: Run,
    scheduler: SchedulerName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed; change nothing.")] = False,
    yes: Yes = False,
) -> None:
    """Take the jobs of this folder, or profile, out of their scheduler: orders don't move by themselves any more.

    Only entries that `schedule install` made are taken away; `schedule install` puts them back.
    """
    from syncctl.services.schedule import where_installed

    require_consent(run, yes=yes, dry_run=dry_run)
    places = [part.place for part in _parts(run)]
    found = [(place, each) for place in places for each in ([_open(scheduler)] if scheduler else where_installed(place))]
    changes = [(place.profile, change) for place, each in found for change in each.remove(place, dry_run=True)]
    names = dict.fromkeys(each.name for _, each in found)
    if changes and not dry_run:
        listed = ", ".join(f"{profile} {change.job}".strip() for profile, change in changes)
        ask(run, "Remove them?", lambda console: console.print(f"Jobs of {Path.cwd()}: {listed}"), yes=yes)
        changes = [(place.profile, change) for place, each in found for change in each.remove(place, dry_run=False)]
    _report(run, ", ".join(names) or "any scheduler", changes, dry_run=dry_run)


@command(app, "status", group="schedule")
def status(run: Run, scheduler: SchedulerName = None, without: Without = None) -> None:
    """Ask the scheduler what it knows of each job, and put it beside what the runs themselves left behind.

    Exit 1 where a job is not installed, does not start, is late, or ended with an error the last time. A job that isn't wanted is
    left out with --without, or with SYNCCTL_JOB_INTERVALS.
    """
    from syncctl.schedulers.record import installed
    from syncctl.services.schedule import status as look, where_installed

    found, names = [], set()
    runs = _logged(run)
    for part in _parts(run, without):
        opened = [_open(scheduler)] if scheduler else where_installed(part.place)
        names |= {each.name for each in opened}
        entries = {name: entry for each in opened for name, entry in each.ask(part.place).items()}
        started = None if runs is None else _started(runs, part.store_id)
        seen = look(entries, part.jobs, part.records, now=run.clock(), runs=started, since=installed(part.records))
        found += [(part.place.profile, each) for each in seen]
    wrong = [(profile, each) for profile, each in found if each.problem]
    run.report.items = [{"profile": profile, **asdict(each)} for profile, each in found]
    run.report.counts = {"jobs": len(found), "installed": sum(each.installed for _, each in found), "problems": len(wrong)}
    run.report.extra = {"schedulers": sorted(names), "folder": str(Path.cwd())}
    run.report.exit_code = EXIT_SOME_FAILED if wrong else EXIT_OK
    for profile, each in wrong:
        run.report.add_error(f"{f'{profile} {each.job}'.strip()}: {each.problem}.", job=each.job)

    def render(console: Console) -> None:
        console.print(f"Scheduler: {', '.join(sorted(names)) or 'none has jobs of this folder'}; {Path.cwd()}")
        table(
            console,
            ["Job", "Profile", "Every", "Last start", "Last success", "Next", "What is wrong"],
            ([each.job, profile, each.every, *_moments(each), each.problem] for profile, each in found),
        )
        console.print("Each job runs as it should." if not wrong else f"{len(wrong)} of {len(found)} jobs need attention.")

    run.render = render


def _logged(run: Run) -> list[JobRuns] | None:
    """Return how each job last ran by the database's log of runs; None where it can't be asked: the scheduler still can."""
    from syncctl.db.contract import ListJobRuns
    from syncctl.errors import SyncError
    from syncctl.services.health_jobs import operations

    try:
        return run.database.run(ListJobRuns(operations=json.dumps(operations())))
    except SyncError as error:
        run.output.remark(f"The log of runs can't be asked: {error}")
        return None


def _started(runs: Sequence[JobRuns], store_id: str) -> dict[str, datetime | None]:
    """Return when each job last started for this store, or for none in particular."""
    from syncctl.jobs import JOBS

    names = {job.operation: job.name for job in JOBS if job.operation}
    return {names[row.operation_type]: row.last_start_dt for row in runs if row.store_id in (None, store_id)}


def _moments(job: JobStatus) -> list[str]:
    from syncctl.cli.output import local_time

    last = max((moment for moment in (job.last_start, job.scheduler_start) if moment), default=None)
    return [local_time(moment, "%m-%d %H:%M") if moment else "" for moment in (last, job.last_success, job.next_start)]


def _parts(run: Run, without: Sequence[str] | None = None, account: str = "") -> list[Part]:
    from syncctl.services.schedule_parts import parts_of

    return parts_of(run.settings, run.env_file, without or (), account, remark=run.output.remark)


def _with_owner(place: Place) -> Place:
    """Let the jobs that root installs run as the folder's owner: keys, logs and locks are that account's."""
    if place.account or getattr(os, "geteuid", lambda: 1)() != 0:
        return place
    try:
        owner = Path(place.folder).owner()
    except (OSError, KeyError, NotImplementedError):
        return place
    return replace(place, account="" if owner == "root" else owner)


def _password(run: Run, scheduler: str, place: Place, *, dry_run: bool) -> str:
    """Ask for the account's password where Task Scheduler needs it: it is kept by Windows alone, and shown nowhere.

    Raises:
        UsageError: nobody is there to be asked.
    """
    from syncctl.schedulers.task_scheduler import needs_password

    if scheduler != "taskscheduler" or dry_run:
        return ""
    if not place.account:
        run.output.remark(
            f"The jobs run as {place.me or 'you'}, logged on or not, without a password: out of their reach are shares, and a "
            "SQL Server that knows accounts of Windows. With --account NAME they have both."
        )
        return ""
    if not needs_password(place.account):
        return ""
    if not sys.stdin.isatty():
        raise UsageError(f"Task Scheduler needs the password of {place.account}: type this in a terminal, which asks for it.")
    import getpass

    return getpass.getpass(f"Password of {place.account}: ")


def _open(name: str, *, image: str | None = None, password: str = "") -> Scheduler:
    from syncctl.services.schedule import open_scheduler

    return open_scheduler(name, image=image, password=password)


def _report(run: Run, name: str, changes: Sequence[tuple[str, Change]], *, dry_run: bool) -> None:
    counts = {
        action: sum(change.action == action for _, change in changes) for action in ("added", "changed", "removed", "unchanged")
    }
    run.report.items = [{"profile": profile, **asdict(change)} for profile, change in changes]
    run.report.counts = counts
    run.report.extra = {"scheduler": name, "folder": str(Path.cwd()), "dry_run": dry_run}
    done = ", ".join(f"{number} {action}" for action, number in counts.items() if number) or "nothing there"

    def render(console: Console) -> None:
        if any(change.action != "unchanged" for _, change in changes):
            rows = ([change.job, profile, change.action] for profile, change in changes)
            table(console, ["Job", "Profile", "Would be" if dry_run else "Was"], rows)
        console.print(f"{name}: {done} for {Path.cwd()}{' (dry run: nothing was changed)' if dry_run else ''}.")

    run.render = render


def _shown(job: ScheduledJob) -> dict[str, object]:
    return {
        "job": job.name,
        "minutes": job.minutes,
        "offset_minutes": job.offset,
        "limit_minutes": job.limit,
        "arguments": list(job.arguments),
        "about": job.about,
        "needs": job.needs,
    }


def _every(job: ScheduledJob) -> str:
    from syncctl.services.schedule import in_words

    return f"day at {job.offset // 60:02}:{job.offset % 60:02}" if job.daily else in_words(job.minutes)


def _needing(job: ScheduledJob) -> str:
    return f" (needs {job.needs})" if job.needs else ""


def _write(path: Path, text: str) -> None:
    from syncctl.errors import ConfigError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror or error}.") from error
