"""Running a command: settings, log, lock, database, the run's row in `USER_SYNC_LOG`, signals, errors, and the report."""

from __future__ import annotations

import getpass
import json
import logging
import os
import platform
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from syncctl import errors, log
from syncctl.cli.database import AS_IT_IS, Use, connect
from syncctl.cli.output import Output, Render, Report, in_words
from syncctl.cli.run.options import Common
from syncctl.clock import Clock, system_clock
from syncctl.meter import Meter, Metered
from syncctl.settings import Settings
from syncctl.settings_load import load
from syncctl.stop import Stop, on_signals

if TYPE_CHECKING:
    from syncctl.db.contract import Database, FinishRun, Procedure, StartRun
    from syncctl.notify.ping import Ping
    from syncctl.services.run_context import RunContext
    from syncctl.stores.base import Store
    from syncctl.stores.payload import Hint

_log = logging.getLogger("syncctl.cli")
Row = TypeVar("Row")

RECORDS = ("input", "created", "updated", "skipped", "failed")


@dataclass
class Run:
    """What a command's function gets: where it reads from, works on, and leaves its result."""

    command: str
    settings: Settings
    output: Output
    report: Report
    clock: Clock
    stop: Stop
    meter: Meter = field(default_factory=Meter)
    """Counts and times what the run asks of the database and of the store."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Timings and the like for `USER_SYNC_LOG.METRICS_JSON`."""
    render: Render | None = None
    """How the result is shown as text; None: one line with the counts."""
    conclude: Callable[[], None] | None = None
    """Fills the report from the result; called once, whatever ended the command."""
    log_file: Path | None = None
    env_file: Path | None = None
    """The settings file that `--env-file` named."""
    verbose: int = 0
    use: Use = AS_IT_IS
    """What the command may do about a database that isn't there, or isn't of this version."""
    begun: Sequence[Any] = ()
    """What the database told when the job's row was opened."""
    hint: Hint | None = None
    """What a webhook's body said."""
    ending: Callable[[FinishRun], Procedure[Any]] | None = None
    """Gives what is called at the job's end in place of `FinishRun`: that, and what else is to be noted with it."""
    _own: Database | None = None
    _connected: bool = False

    @property
    def run_id(self) -> str:
        """The run's name, in the log and in `USER_SYNC_LOG.SYNC_ID`."""
        return self.report.run_id

    @property
    def database(self) -> Database:
        """The command's own connection, opened when first asked for and closed with the run."""
        if self._own is None:
            self._own = self.connect()
        return self._own

    def connect(self) -> Database:
        """Open one connection more, such as a worker's; whoever asks closes it, in the same thread."""
        database = connect(self, first=not self._connected)
        self._connected = True
        return Metered(database, self.meter)

    def send(self, call: Procedure[Row]) -> list[Row]:
        """Run a procedure with what a person typed.

        Raises:
            UsageError: a text is longer than its column. For the rest see `contract.Database.run`.
        """
        from syncctl.cli.words import require_fit

        require_fit(call)
        return self.database.run(call)

    def open_store(self) -> Store:
        """Open a session with the configured store; whoever asks closes it.

        Raises:
            ConfigError: its address or keys are not set.
        """
        from syncctl.stores.connect import open_store

        return open_store(self.settings, clock=self.clock, sleeper=self.stop.sleep, stop=self.stop, meter=self.meter)

    def context(
        self, progress: Callable[[Any], None] = lambda _: None, expect: Callable[[int], object] = lambda _: None
    ) -> RunContext:
        """Return what this command hands down through its services."""
        from syncctl.services.run_context import Breakers, RunContext

        return RunContext(
            run_id=self.run_id,
            stop=self.stop,
            clock=self.clock,
            sleeper=self.stop.sleep,
            progress=progress,
            expect=expect,
            retry_delay_base=self.settings.retry_delay_base,
            breakers=Breakers(self.settings.breaker_threshold),
        )

    def close(self) -> None:
        """Give the own connection back."""
        if self._own is not None:
            self._own.close()
            self._own = None


@dataclass(frozen=True, slots=True)
class Job:
    """What makes a command a job: it has a log file, can be asked to stop, and leaves a row in `USER_SYNC_LOG`.

    `records` says which of its counts are the row's RECORDS_INPUT, _CREATED, _UPDATED, _SKIPPED and _FAILED.
    """

    direction: str
    records: Mapping[str, tuple[str, ...]]
    alone: bool = True
    """Whether it runs once at a time on a host."""
    starting: Callable[[Run, StartRun], Procedure[Any]] | None = None
    """Gives what is called at its beginning in place of `StartRun`: that, and what else the job has to know."""
    parallel: bool = False
    """Whether `--parallel` lifts the once-at-a-time: leases make it safe."""
    without_database: bool = False
    """Whether it does its work where the database can't be reached, too; that run leaves no row."""
    operation: Callable[[Mapping[str, Any]], str] | None = None
    """What the log of runs calls a run with these options; None: as the command. See `jobs.ScheduledJob.operation`."""
    beside: Callable[[Run, Mapping[str, Any]], bool] | None = None
    """Looks at what was typed before anything is locked, opened or written; returns whether it may run beside another."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was typed."""

    name: str
    common: Common = field(default_factory=Common)
    flags: Mapping[str, str | None] = field(default_factory=dict)
    option_names: Mapping[str, str] = field(default_factory=dict)
    job: Job | None = None
    parallel: bool = False
    unable: Callable[[Report], Render | None] | None = None
    use: Use = AS_IT_IS
    given: Mapping[str, Any] = field(default_factory=dict)
    """The command's own options."""

    @property
    def operation(self) -> str:
        """What the log of runs calls it."""
        named = self.job.operation if self.job else None
        return named(self.given) if named else self.name


def execute(call: Call, body: Callable[[Run], None], *, dry_run: bool = False, clock: Clock = system_clock) -> int:
    """Run a command from its settings to its report and return the exit code. Only a bug in here gets out as an exception."""
    common = call.common
    output = Output(as_json=common.json, quiet=common.quiet, no_color=common.no_color)
    report = Report(call.name, new_run_id(clock), clock())
    begun = time.monotonic()
    log.to_screen(quiet=common.quiet, verbose=common.verbose)
    run: Run | None = None
    failed = False
    try:
        flags = {**call.flags, "database": common.database, "profile": common.profile}
        names = {**call.option_names, "database": "--database", "profile": "--profile"}
        settings = load(flags, env_file=common.env_file, option_names=names, writing=call.use.writes_settings)
        run = Run(
            call.name, settings, output, report, clock, Stop(), env_file=common.env_file, verbose=common.verbose, use=call.use
        )
        log.to_screen(quiet=common.quiet, verbose=common.verbose, secrets=settings.secrets())
        for slip in settings.unknown:
            _log.warning("%s", slip)
        if call.job:
            _work(call, call.job, run, body, dry_run=dry_run)
        else:
            _do(run, body)
    except errors.SyncError as error:
        failed = True
        report.fail(error)
        report.exit_code = _exit_code(run, error)
        if run is None and call.job and isinstance(error, errors.ConfigError):
            _tell_of_settings(call, error)
        _log.info("%s ended: %s", call.name, error, exc_info=common.verbose > 1)
    except KeyboardInterrupt:
        report.exit_code = errors.EXIT_SIGINT
        report.add_error("Stopped.")
    except Exception as error:
        failed = True
        report.exit_code = errors.EXIT_SOME_FAILED
        where = f" {run.log_file} has the details." if run and run.log_file else " Run it with -v for the details."
        report.add_error(f"Unexpected {type(error).__name__}: {error}.{where}", type=type(error).__name__)
        _log.info("%s failed unexpectedly", call.name, exc_info=True)
    report.duration = timedelta(seconds=time.monotonic() - begun)
    report = _redacted(report, run)
    render = call.unable(report) if failed and call.unable else None
    try:
        output.show(report, render or (run.render if run else None))
    finally:
        if run:
            run.close()
        log.close()
    return report.exit_code


def _work(call: Call, job: Job, run: Run, body: Callable[[Run], None], *, dry_run: bool) -> None:
    """Run a job: log file, signals, lock, database, its row, the work, its row again."""
    settings = run.settings
    run.log_file = log.to_file(
        settings.log_dir,
        call.name,
        profile=settings.profile,
        days=settings.log_days,
        level=settings.log_level,
        run_id=run.run_id,
        secrets=settings.secrets(),
        as_json=settings.log_format == "json",
        personal=settings.log_personal,
        clock=run.clock,
    )
    with ExitStack() as held:
        held.enter_context(on_signals(run.stop))
        beside = job.beside(run, call.given) if job.beside else False
        if job.alone and not call.parallel and not beside:
            from syncctl.db.connect import identity
            from syncctl.lock import only_once

            scope = f"{identity(settings.database)}\n{settings.store_id}"
            try:
                held.enter_context(only_once(settings.lock_dir, call.name, scope=scope))
            except errors.ConfigError as error:
                if job.without_database:  # the alerts themselves: what keeps them from looking, nobody else tells
                    _tell_of_settings(call, error)
                raise
        ping = None if dry_run else _ping(run, call.operation)
        failure: BaseException | None = None
        logged = False
        try:
            logged = _started(job, run, call.operation, dry_run=dry_run)
            _do(run, body)
            if run.stop.exit_code and run.report.exit_code in (errors.EXIT_OK, errors.EXIT_SOME_FAILED):
                run.report.exit_code = run.stop.exit_code
        except BaseException as error:
            failure = error
            raise
        finally:
            if logged:
                _finish(job, run, failure)
            if ping is not None:
                ping.end(_exit_code(run, failure) if failure else run.report.exit_code)


def _ping(run: Run, operation: str) -> Ping | None:
    """Tell whoever watches this job from outside that it has begun, where somebody does."""
    if run.settings.ping_url is None:
        return None
    from syncctl.cli.alerts_setup import ping_of

    ping = ping_of(run.settings, operation)
    if ping is not None:
        ping.start()
    return ping


def _tell_of_settings(call: Call, error: errors.ConfigError) -> None:
    """Tell people that a job has no settings to work with, unless one of them sits before it."""
    if sys.stderr is not None and sys.stderr.isatty():
        return
    from syncctl.cli.alerts_setup import failed_before_settings

    flags = {"profile": call.common.profile}
    failed_before_settings(call.name, call.operation, str(error), env_file=call.common.env_file, flags=flags)


def _started(job: Job, run: Run, operation: str, *, dry_run: bool) -> bool:
    """Open the run's row; return whether it is there."""
    try:
        _start(job, run, operation, dry_run=dry_run)
    except (errors.TransientError, errors.ConfigError) as error:
        if not job.without_database:
            raise
        _log.info("This run leaves no row in USER_SYNC_LOG: %s", error)
        return False
    return True


def _do(run: Run, body: Callable[[Run], None]) -> None:
    """Run the command's own part; what it did is in the report even where it ended early."""
    try:
        body(run)
    finally:
        if run.conclude:
            run.conclude()


def _start(job: Job, run: Run, operation: str, *, dry_run: bool) -> None:
    from syncctl.db.contract import StartRun

    _log.info("%s started%s", run.command, " (dry run)" if dry_run else "")
    call = StartRun(
        sync_id=run.run_id,
        operation_type=operation,
        direction=job.direction,
        dry_run=dry_run,
        host=platform.node()[:100],
        process_id=os.getpid(),
        created_by=user()[:50],
        store_id=run.settings.store_id if run.use.one_store or (run.use.of_store and run.settings.store_url) else None,
    )
    run.begun = run.database.run(job.starting(run, call) if job.starting else call)


def _finish(job: Job, run: Run, failure: BaseException | None) -> None:
    """Close the run's row. Where that fails (the database has gone) the run's own outcome is what counts."""
    from syncctl.db.contract import FinishRun

    report = run.report
    exit_code = _exit_code(run, failure) if failure else report.exit_code
    said = in_words(failure) if failure else " ".join(str(error["message"]) for error in report.errors[:5])
    counted = {name: sum(int(report.counts.get(key, 0)) for key in job.records.get(name, ())) for name in RECORDS}
    _log.info("%s ended with exit code %s: %s", run.command, exit_code, json.dumps(report.counts, default=str))
    call = FinishRun(
        sync_id=run.run_id,
        records_input=counted["input"],
        records_created=counted["created"],
        records_updated=counted["updated"],
        records_skipped=counted["skipped"],
        records_failed=counted["failed"],
        success=exit_code == errors.EXIT_OK,
        exit_code=exit_code,
        error_message=log.Redaction(run.settings.secrets()).clean(said) or None,
        metrics_json=json.dumps({**run.metrics, "steps": run.meter.steps()}, default=str),
    )
    try:
        if run.ending is None:
            run.database.run(call)
        else:
            run.context().reaching(run.database.run, run.ending(call))
    except errors.SyncError as error:
        level = logging.INFO if exit_code == errors.EXIT_UNAVAILABLE else logging.WARNING  # the former says so itself
        _log.log(level, "The end of this run could not be noted in USER_SYNC_LOG: %s", error)
        if run.ending is not None and failure is None:
            report.fail(error)


def _exit_code(run: Run | None, failure: BaseException) -> int:
    """Return what a failure ends the run with. One that says only that the stop cut a wait short is the stop itself."""
    if run and run.stop.is_set() and getattr(failure, "code", None) == errors.STOPPED:
        return run.stop.exit_code or errors.EXIT_OK
    return int(getattr(failure, "exit_code", errors.EXIT_SOME_FAILED))


def _redacted(report: Report, run: Run | None) -> Report:
    """Return the report with no secret in its errors' messages."""
    redaction = log.Redaction(run.settings.secrets() if run else ())
    cleaned = [{**error, "message": redaction.clean(str(error["message"]))} for error in report.errors]
    return replace(report, errors=cleaned, in_short=[redaction.clean(said) for said in report.in_short])


def new_run_id(clock: Clock) -> str:
    """Return a name for a run that sorts by time and is nobody else's."""
    return f"{clock():%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"


def user() -> str:
    """Return the name of the account this runs under, for the records."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a service account without a name
        return "unknown"
