"""`syncctl report`: the figures of a window as one HTML page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.cli.moments import moment
from syncctl.cli.run import Job, Run, command
from syncctl.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from syncctl.services.figures import Window

app = typer.Typer()
DEFAULT_BACK = timedelta(days=30)
LONGEST = timedelta(days=400)
JOB = Job(direction="NONE", records={"input": ("staged",), "created": ("created",), "updated": ("changed",)})


def window(run: Run, since: str | None, until: str | None, *, back: timedelta, store_id: str | None) -> Window:
    """Read a window as it was typed: until now, and `back` from there, where nothing else is said; whole days in local time.

    Raises:
        UsageError: it ends before it begins, or is longer than can be shown.
    """
    from syncctl.services.figures import Window

    end = (moment(until, "--until", run.clock) or run.clock()).astimezone()
    begin = moment(since, "--since", run.clock)
    if begin is None:
        begin = (end - back).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = begin.astimezone(end.tzinfo)
    if begin >= end:
        raise UsageError(f"--since ({begin:%Y-%m-%d %H:%M}) must be before --until ({end:%Y-%m-%d %H:%M}).")
    if end - begin > LONGEST:
        raise UsageError(f"From --since to --until are {(end - begin).days} days; {LONGEST.days} at most can be shown.")
    return Window(since=begin, until=end, store_id=store_id)


@command(app, "report", job=JOB, settings={"--out": "report_file"})
def report(
    run: Run,
    since: Annotated[
        str | None,
        typer.Option(
            help="Where it begins, else 30 days before its end: 2026-11-20, 2026-11-20T14:30, or 36h, 7d.", metavar="WHEN"
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Where it ends, else now.", metavar="WHEN")] = None,
    store: Annotated[str | None, typer.Option("--store", help="Only this store's orders (its SYNCCTL_STORE_ID).")] = None,
) -> None:
    """Write the figures as one HTML page: throughput, times, causes, what waits, what a person has to look at.

    The page needs nothing else and asks nobody: put it on an intranet share. It is replaced as a whole, so that whoever reads it
    sees the old one or the new one. Up to two days are drawn by the hour, more by the day.
    """
    from syncctl.atomic_file import write_whole
    from syncctl.cli.customers import org_of
    from syncctl.pushes import switched_on
    from syncctl.reporting.page import page
    from syncctl.services.figures import gather

    wanted = window(run, since, until, back=DEFAULT_BACK, store_id=store)
    figures = gather(run.database, wanted, now=run.clock(), org_id=org_of(run), kinds=switched_on(run.settings))
    path = Path(run.settings.report_file)
    text = page(figures, personal=run.settings.log_personal)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(
            f"The report can't be written: {path}: {error.strerror or error}. Name another file with --out (SYNCCTL_REPORT_FILE)."
        ) from None
    totals = figures.totals
    run.report.counts = {name: totals[name] for name in figures.columns}
    run.report.extra = {"file": str(path.absolute()), **as_json(wanted)}
    run.render = lambda console: console.print(
        f"{path.absolute()}: {wanted.since:%Y-%m-%d %H:%M} to {wanted.until:%Y-%m-%d %H:%M}.", soft_wrap=True, highlight=False
    )


def as_json(wanted: Window) -> dict[str, datetime | str | None]:
    """Return what a document says of its window."""
    return {"since": wanted.since.astimezone(UTC), "until": wanted.until.astimezone(UTC), "store_id": wanted.store_id}
