"""What a command says: one report, shown to a person as text or to a machine as one JSON object. The only place that prints.

The result goes to stdout, everything else to stderr. Rich is imported when something is really shown with it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from syncctl.errors import (
    EXIT_ALREADY_RUNNING,
    EXIT_CONFIG,
    EXIT_OK,
    EXIT_SIGINT,
    EXIT_SIGTERM,
    EXIT_SOME_FAILED,
    EXIT_UNAVAILABLE,
    EXIT_USAGE,
    BadArgument,
    SyncError,
)
from syncctl.foreign_text import json_escaped, one_line, without_controls

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = 1
PIPE_WIDTH = 160
"""Columns of a table where no terminal tells its own."""
LAST_COLUMN_MIN = 20
"""Columns of text below which a table's other columns wrap, too."""
MOST_LISTED = 9_999
"""Rows of a list at most. One more is asked for, which tells whether there are more; the procedures give 10,000."""
_STATUS = {
    EXIT_OK: "ok",
    EXIT_SOME_FAILED: "some_failed",
    EXIT_USAGE: "usage_error",
    EXIT_UNAVAILABLE: "unavailable",
    EXIT_ALREADY_RUNNING: "already_running",
    EXIT_CONFIG: "config_error",
    EXIT_SIGINT: "stopped",
    EXIT_SIGTERM: "stopped",
}
_SHOWN_ERRORS = 20
_LONGEST_LINE = 1500
"""Characters of an error on the screen; --json and the log have all of it."""


@dataclass
class Report:
    """What a run did. `extra` holds what a command's JSON has beyond the common keys."""

    command: str
    run_id: str
    started_at: datetime
    counts: dict[str, Any] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int = EXIT_OK
    status: str | None = None
    """None: told from the exit code."""
    duration: timedelta = timedelta(0)
    extra: dict[str, Any] = field(default_factory=dict)

    def add_error(self, message: str, **details: Any) -> None:
        """Note one thing that went wrong, with whatever tells which order it was. It doesn't change the exit code."""
        self.errors.append({"message": message, **{key: value for key, value in details.items() if value is not None}})

    def fail(self, error: SyncError) -> None:
        """Note the error that ended the run."""
        self.exit_code = error.exit_code
        self.add_error(in_words(error), type=type(error).__name__, code=error.code)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object, in the order in which a person reads it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "command": self.command,
            "status": self.status or _STATUS.get(self.exit_code, "failed"),
            "exit_code": self.exit_code,
            "started_at": self.started_at,
            "duration_seconds": round(self.duration.total_seconds(), 3),
            "counts": self.counts,
            **self.extra,
            "items": self.items,
            "errors": self.errors,
        }


def in_words(error: BaseException) -> str:
    """Return what an error says to a person: a procedure's parameters are called as the command line calls them."""
    if not isinstance(error, BadArgument):
        return str(error)
    from syncctl.cli.words import in_a_persons_words

    return in_a_persons_words(str(error))


Render = Callable[["Console"], None]


class Output:
    """stdout and stderr of one command, in the manner that was asked for."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False, no_color: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._no_color = no_color

    def console(self, *, stderr: bool = False) -> Console:
        """Make a Rich console. It takes text literally: what a store or a customer wrote is no markup."""
        from rich.console import Console
        from rich.segment import Segment

        class Pipe(Console):
            """A console whose cursor nothing moves that a store or a customer wrote: Rich's own controls pass, theirs don't."""

            def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
                for text, style, control in super().render(renderable, options):
                    yield Segment(text if control else without_controls(text), style, control)

        stream = sys.stderr if stderr else sys.stdout
        width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
        return Pipe(
            file=stream, width=width, no_color=self._no_color or None, markup=False, emoji=False, highlight=False, soft_wrap=False
        )

    def show(self, report: Report, render: Render | None = None) -> None:
        """Print the report: JSON, or `render` and the errors, or where quiet only the errors."""
        if self.as_json:
            self.write(json_escaped(json.dumps(report.as_json(), default=to_json, ensure_ascii=False, indent=2)))
            return
        if not self.quiet:
            console = self.console()
            if render:
                render(console)
            elif not report.errors or report.counts:
                summary(console, report)
        # Where a table was shown, it has the orders' own errors already; what ended the run is always said.
        said = [error for error in report.errors if self.quiet or not render or "type" in error]
        for error in said[:_SHOWN_ERRORS]:
            self.complain(str(error["message"]))
        if len(said) > _SHOWN_ERRORS:
            self.complain(f"… and {len(said) - _SHOWN_ERRORS} errors more; --json lists them all.")

    def write(self, text: str) -> None:
        """Print a line on stdout."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def complain(self, message: str) -> None:
        """Print a line on stderr, in the tool's name, one that can be read: what is longer than a page is cut."""
        line = one_line(message)
        line = line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} …"
        sys.stderr.write(f"syncctl: {line}\n")

    def remark(self, message: str) -> None:
        """Print a line on stderr that is no error: what a person should know before the result comes."""
        if not (self.quiet or self.as_json):
            self.complain(message)

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show a progress bar on stderr while the block runs, where that is a terminal; give a function that moves it on."""
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield lambda _steps: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        done = TextColumn("{task.completed:,.0f}") if total is None else MofNCompleteColumn()
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), done, TimeElapsedColumn())
        with Progress(*columns, console=self.console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda steps: bar.advance(task, steps)


def summary(console: Console, report: Report) -> None:
    """Print one line: the command, what it counted, how long it took."""
    counted = ", ".join(f"{value:,} {words(key)}" for key, value in report.counts.items() if isinstance(value, int) and value)
    whole = report.exit_code in (EXIT_OK, EXIT_SOME_FAILED) and not any("type" in error for error in report.errors)
    nothing = "nothing to do" if whole else "nothing done"
    console.print(f"{report.command}: {counted or nothing} ({report.duration.total_seconds():.1f} s)")


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table. A column whose name ends in `>` is set to the right; a cell may be a Rich text.

    A column with nothing in it is left out. The last column, which tells most, wraps first: the others stay on one line as
    long as that leaves it some room.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    cells = [[cell if isinstance(cell, Text) else Text(cell_text(cell)) for cell in row] for row in rows]
    filled = [number for number in range(len(columns)) if not cells or any(row[number].plain for row in cells)]
    heads = {number: columns[number].removesuffix(">") for number in filled}
    widths = [max(len(heads[number]), *(row[number].cell_len for row in cells), 0) for number in filled]
    room = console.width - sum(width + 3 for width in widths[:-1]) - 2
    shown = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for number in filled:
        side: Literal["left", "right"] = "right" if columns[number].endswith(">") else "left"
        keep = number != filled[-1] and room >= LAST_COLUMN_MIN
        shown.add_column(heads[number], justify=side, overflow="fold", no_wrap=keep)
    for row in cells:
        shown.add_row(*(row[number] for number in filled))
    console.print(shown)


def say_first(console: Console, shown: int) -> None:
    """Say that a list shows the first rows only: nothing is left out in silence."""
    console.print(f"These are the first {shown:,}; there are more. --limit shows up to {MOST_LISTED:,}.")


def cell_text(value: object) -> str:
    """Return a value as a table shows it: nothing for None, local time, yes and no."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return local_time(value)
    return without_controls(str(value))


def local_time(moment: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a moment as a person sees it, in local time; one that local time can't hold (in the years 1 and 9999) in UTC.

    A moment without a zone is UTC, as everywhere in the database.
    """
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        shown = moment.astimezone()
    except (OverflowError, ValueError, OSError):  # the last two: what C libraries say of it
        shown = moment.astimezone(UTC)
        form += " UTC"
    # strftime writes the year 7 as 7 on some systems, as 0007 on others.
    return shown.strftime(form.replace("%Y", f"{shown.year:04d}"))


def words(name: str) -> str:
    """Return `cancel_staged` as people say it."""
    return name.replace("_", " ")


def to_json(value: object) -> object:
    """Write what JSON doesn't know: UTC times as `2026-11-22T12:00:00.000Z`, money as text, dataclasses as objects."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return format(value, "f")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    return str(value)
