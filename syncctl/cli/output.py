"""What a command says: one report, shown to a person as text or to a machine as one JSON object. The only place that prints.

The result goes to stdout, everything else to stderr. Rich is imported when something is really shown with it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import uuid
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
    from rich.progress import Progress as RichProgress
    from rich.text import Text

    from syncctl.cli.rows import SpooledRows

SCHEMA_VERSION = 1
PIPE_WIDTH = 160
"""Columns of a table where no terminal tells its own."""
LAST_COLUMN_MIN = 20
"""Columns of text below which a table's last column stands under its rows."""
_GAP = 3
"""Blanks between a table's columns."""
_EDGE = 1
"""Blanks before a table's first column."""
_INDENT = 4
"""Blanks before what stands under a row."""
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
    rows: SpooledRows | None = None
    """The items, where there may be too many to hold: JSON alone has them."""
    in_short: list[str] = field(default_factory=list)
    """What a person is told in place of the orders' own errors, where nothing else is shown: them by cause."""

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


class Progress:
    """What moves a progress bar on; where none is shown, nothing happens."""

    def __init__(self, bar: RichProgress | None = None, task: int = 0) -> None:
        self._bar = bar
        self._task = task

    def __call__(self, steps: int) -> None:
        """Move on; never beyond the end, where a row is done twice or one came in since they were counted."""
        if self._bar is None:
            return
        task = self._bar.tasks[self._task]
        done = task.completed + steps
        self._bar.update(task.id, completed=done if task.total is None else min(task.total, done))

    @property
    def shown(self) -> bool:
        """Whether there is a bar at all."""
        return self._bar is not None

    def expect(self, total: int) -> None:
        """Say how many steps there will be in all."""
        if self._bar is not None:
            self._bar.update(self._bar.tasks[self._task].id, total=total)

    @contextmanager
    def put_aside(self) -> Iterator[None]:
        """Take the bar away while a person is asked: it would be drawn over the question. After a no it doesn't come back."""
        if self._bar is None:
            yield
            return
        self._bar.stop()
        yield
        self._bar.start()


Render = Callable[["Console"], None]


@dataclass(frozen=True)
class Line:
    """A render of one plain line, which needs no Rich."""

    text: str

    def __call__(self, console: Console) -> None:
        """Print it as every render does."""
        console.print(self.text, soft_wrap=True)


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
            try:
                self._write_json(report)
            finally:
                if report.rows is not None:
                    report.rows.close()
            return
        if not self.quiet:
            if render is None and (not report.errors or report.counts):
                self.write(without_controls(summary_line(report)))
            elif isinstance(render, Line):
                self.write(without_controls(render.text))
            elif render:
                render(self.console())
        # Where a table was shown, it has the orders' own errors already; what ended the run is always said.
        said = [str(error["message"]) for error in report.errors if "type" in error]
        if self.quiet or not render:
            said = [str(error["message"]) for error in report.errors if not report.in_short or "type" in error]
            said = [*report.in_short, *said]
        for message in said[:_SHOWN_ERRORS]:
            self.complain(message)
        if len(said) > _SHOWN_ERRORS:
            self.complain(f"… and {len(said) - _SHOWN_ERRORS} errors more; --json lists them all.")

    def _write_json(self, report: Report) -> None:
        """Print the report as one JSON object; rows that were written out before are put in as they are."""
        document = report.as_json()
        place = uuid.uuid4().hex
        if report.rows:
            document["items"] = place
        text = json_escaped(json.dumps(document, default=to_json, ensure_ascii=False, indent=2))
        before, _, behind = text.partition(f'"{place}"')
        sys.stdout.write(before)
        if report.rows:
            sys.stdout.write("[\n")
            for block in report.rows.blocks():
                sys.stdout.write(block)
            sys.stdout.write("\n  ]" + behind)
        self.write("")

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
    def progress(self, what: str, total: int | Callable[[], int | None] | None = None) -> Iterator[Progress]:
        """Show a progress bar on stderr while the block runs, where that is a terminal; give a function that moves it on.

        `total` is how many steps there will be, or how to count them, which is done only for a bar that is shown. With it the bar
        tells the time left.
        """
        if self.quiet or self.as_json or not sys.stderr.isatty():
            yield Progress()
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress as Bar,
            ProgressColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        steps = total() if callable(total) else total
        columns: list[ProgressColumn] = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn()]
        columns += [MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("left")]
        with Bar(*columns, console=self.console(stderr=True), transient=True) as bar:
            yield Progress(bar, bar.add_task(what, total=steps))


def summary(console: Console, report: Report) -> None:
    """Print the summary's line."""
    console.print(summary_line(report))


def summary_line(report: Report) -> str:
    """Say in one line: the command, what it counted, how long it took."""
    counted = ", ".join(f"{value:,} {words(key)}" for key, value in report.counts.items() if isinstance(value, int) and value)
    whole = report.exit_code in (EXIT_OK, EXIT_SOME_FAILED) and not any("type" in error for error in report.errors)
    nothing = "nothing to do" if whole else "nothing done"
    return f"{report.command}: {counted or nothing} ({report.duration.total_seconds():.1f} s)"


def table(console: Console, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print a table. A column whose name ends in `>` is set to the right; a cell may be a Rich text.

    A column with nothing in it is left out. The last column, which tells most, stands under its row where it has no room beside
    the others; so does each before it, with its name, as long as what is left is too wide for whole words.
    """
    from rich.text import Text

    cells = [[cell if isinstance(cell, Text) else Text(cell_text(cell)) for cell in row] for row in rows]
    filled = [number for number in range(len(columns)) if not cells or any(row[number].plain for row in cells)]
    shown = [
        _Column(
            head=columns[number].removesuffix(">"),
            to_the_right=columns[number].endswith(">"),
            cells=[row[number] for row in cells],
        )
        for number in filled
    ]
    below = _make_room(shown, console.width - 2 * _EDGE)
    if not below:
        _in_one(console, shown, title)
        return
    if title:
        console.print(Text(title, "italic"))
    _in_two(console, shown[: -len(below)], below)


@dataclass
class _Column:
    """A column of a table, with the room it takes."""

    head: str
    to_the_right: bool
    cells: list[Text]
    width: int = 0

    def __post_init__(self) -> None:
        from rich.cells import cell_len

        texts = [self.head, *(cell.plain for cell in self.cells)]
        self.whole = max(cell_len(line) for text in texts for line in (text.splitlines() or [""]))
        """Columns of the screen with each cell on one line."""
        self.least = max((cell_len(word) for text in texts for word in text.split()), default=0)
        """Columns of the screen below which a word breaks."""
        self.width = self.whole
        self.side: Literal["left", "right"] = "right" if self.to_the_right else "left"


def _in_one(console: Console, columns: list[_Column], title: str | None) -> None:
    """Print columns that all have room beside each other; the last one may take several lines."""
    from rich import box
    from rich.table import Table

    shown = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    for column in columns:
        shown.add_column(column.head, justify=column.side, overflow="fold", no_wrap=column is not columns[-1])
    for row in zip(*(column.cells for column in columns), strict=True):
        shown.add_row(*row)
    console.print(shown)


def _in_two(console: Console, beside: list[_Column], below: list[_Column]) -> None:
    """Print some columns beside each other, and the others under their rows."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    def line(texts: Sequence[Text], style: str = "") -> None:
        grid = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
        for column in beside:
            grid.add_column(width=column.width, justify=column.side, overflow="fold", style=style)
        grid.add_row(*texts)
        console.print(Padding(grid, (0, 0, 0, _EDGE), expand=False))

    console.print()
    line([Text(column.head) for column in beside], "bold")
    console.print(" " * _EDGE + "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * _room(column.width for column in beside))
    for number, row in enumerate(zip(*(column.cells for column in beside), strict=True)):
        line(row)
        for column in below:
            cell = column.cells[number]
            if cell.plain:
                named = cell if column is below[-1] else Text.assemble(f"{column.head}: ", cell)
                console.print(Padding(named, (0, 0, 0, _INDENT), expand=False))
    console.print()


def _make_room(columns: list[_Column], width: int) -> list[_Column]:
    """Give each column that stands beside others its width; return those that have to stand under their rows."""
    if _room(column.whole for column in columns) <= width or len(columns) < 2:
        return []
    last = columns[-1]
    left = width - _room(column.whole for column in columns[:-1]) - _GAP
    if left >= max(min(last.whole, LAST_COLUMN_MIN), last.least):
        last.width = left
        return []
    beside = columns[:-1]
    while len(beside) > 1 and _room(column.least for column in beside) > width:
        beside = beside[:-1]
    over = _room(column.whole for column in beside) - width
    while over > 0:
        widest = max(beside, key=lambda column: (column.width > column.least, column.width))
        if widest.width <= widest.least:
            break
        widest.width -= 1
        over -= 1
    return columns[len(beside) :]


def _room(widths: Iterable[int]) -> int:
    """Return how many columns of the screen columns of these widths take beside each other."""
    taken = list(widths)
    return sum(taken) + _GAP * max(0, len(taken) - 1)


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
