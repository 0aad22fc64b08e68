"""`syncctl schedule run`: what the entries in a scheduler start. It reads no settings: the job itself says what is wrong."""

from __future__ import annotations

import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from syncctl.cli.output import Output, Report
from syncctl.cli.run import Common, bare_command, new_run_id
from syncctl.cli.schedule import app
from syncctl.clock import system_clock
from syncctl.errors import EXIT_ALREADY_RUNNING, EXIT_OK, SyncError, UsageError
from syncctl.foreign_text import one_line


@bare_command(app, "run")
def run_one(
    common: Common,
    job: Annotated[str, typer.Argument(help="The job's name, as `schedule show` lists it.")],
    jitter: Annotated[int, typer.Option("--jitter", help="Wait up to so many seconds first, by chance.", min=0, max=3600)] = 0,
    due: Annotated[
        bool, typer.Option("--due", help="Run a daily job only where its time has come since it last started.")
    ] = False,
) -> int:
    """Run one job as a scheduler does: this is what the entries of `schedule install` start.

    It ends the job at its time limit, ends at once (75) where the same job is still running, notes what it came to for `schedule
    status`, and prints what the job says only where that is news: when something goes wrong, when it changes, when it is well
    again, and once a day as long as it isn't. So cron mails a trouble once, not every five minutes. The exit code is the job's.
    """
    begun = time.monotonic()
    report = Report("schedule run", new_run_id(system_clock), system_clock())
    output = Output(as_json=common.json, quiet=common.quiet, no_color=common.no_color)
    text = _run(report, common, job, jitter=jitter, due=due)
    report.duration = timedelta(seconds=time.monotonic() - begun)
    if common.json:
        output.show(report)
    else:
        sys.stdout.write(text)
        if report.exit_code != EXIT_ALREADY_RUNNING or sys.stdout.isatty():  # the next one goes on: no news
            for error in report.errors:
                if "type" in error:  # what a job ended with, it has said itself
                    output.complain(str(error["message"]))
    return report.exit_code


def _run(report: Report, common: Common, name: str, *, jitter: int, due: bool) -> str:
    """Run the job, fill the report, and return what is to be printed."""
    from syncctl.jobs import BY_NAME
    from syncctl.lock import only_once
    from syncctl.schedulers import record
    from syncctl.services.run_job import is_due, run_job
    from syncctl.settings_files import env_path
    from syncctl.stop import Stop, on_signals

    stop = Stop()
    try:
        job = BY_NAME.get(name)
        if job is None:
            raise UsageError(f"There is no job named {one_line(name)[:60]!r}. The jobs are: {', '.join(BY_NAME)}.")
        profile = common.profile or os.environ.get("SYNCCTL_PROFILE", "").strip()
        place = record.folder(_locks(common), env_path(common.env_file), profile)
        if due and job.daily and not is_due(job, record.read(place, name), system_clock().astimezone()):
            return ""
        with on_signals(stop), only_once(place, name):
            stop.sleep(random.uniform(0, jitter))  # noqa: S311  (chance, no secret)
            if stop.is_set():
                report.exit_code = stop.exit_code or EXIT_OK
                return ""
            done = run_job(job, place, options=_passed_on(common), clock=system_clock, stop=stop)
    except SyncError as error:
        report.fail(error)
        return ""
    report.exit_code = done.exit_code
    report.counts = {"run": 1}
    report.items = [{"job": name, "exit_code": done.exit_code, "news": done.text}]
    if done.exit_code not in (EXIT_OK, EXIT_ALREADY_RUNNING):
        report.add_error(f"{name} ended with exit code {done.exit_code}.", job=name)
    return done.text


def _locks(common: Common) -> Path:
    """Return the folder of the lock files; where the settings can't be read, which the job will say itself, the default one."""
    from syncctl.setting_kinds import data_folder
    from syncctl.settings_load import load

    try:
        return load({"profile": common.profile}, env_file=common.env_file).lock_dir
    except SyncError:
        return data_folder() / "locks"


def _passed_on(common: Common) -> list[str]:
    """Return the options that lead a job's own process to the same settings."""
    options = ["--env-file", str(common.env_file)] if common.env_file else []
    options += ["--profile", common.profile] if common.profile else []
    return options + (["--database", common.database] if common.database else [])
