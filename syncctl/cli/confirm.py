"""Before something is given up or undone: what would become of which orders, and a person's yes."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from syncctl.errors import SyncError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from syncctl.cli.run import Run

Yes = Annotated[bool, typer.Option("--yes", help="Don't ask. Needed where there is no terminal to ask on.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show which orders, and what would become of them; change nothing.")]

_STEP = 0.2
"""Seconds."""
SHOWN_NAMES = 12
LONGEST_REASON = 400
"""Characters of a reason: what is kept with an order has who decided it before it."""


class Declined(SyncError):
    """A person was asked and did not say yes."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Orders that share what would become of them. `effect` ends a sentence that begins with them: "are skipped …"."""

    effect: str
    orders: Sequence[str]
    """Each as people call it."""


def reason_within(reason: str | None) -> str | None:
    """Return a reason without blanks around it; None where there is none.

    Raises:
        UsageError: it is longer than what is kept.
    """
    text = (reason or "").strip()
    if len(text) > LONGEST_REASON:
        raise UsageError(f"--reason takes at most {LONGEST_REASON} characters, and this has {len(text):,}.")
    return text or None


def can_ask(run: Run) -> bool:
    """True where a person sits at a terminal: a scheduler, a pipe and a program that reads JSON get no question."""
    return not run.output.as_json and _terminal(sys.stdin) and _terminal(sys.stderr)


def require_consent(run: Run, *, yes: bool, dry_run: bool) -> None:
    """Refuse early, before anything is looked up, where nobody can be asked and nobody said yes.

    Raises:
        UsageError: as said.
    """
    if not (yes or dry_run or can_ask(run)):
        raise UsageError(
            f"`syncctl {run.command}` asks first, and there is no terminal to ask on: add --yes, or --dry-run to see what "
            "it would do. Nothing was changed."
        )


def ask(run: Run, question: str, show: Callable[[Console], None], *, yes: bool) -> None:
    """Show what would happen and go on only where the person says yes. The answer is no unless it is given.

    Raises:
        Declined: it was no.
    """
    if yes:
        return
    with _ctrl_c_ends_it():
        if run.stop.is_set():  # asked for just before
            raise KeyboardInterrupt
        show(run.output.console(stderr=True))
        sys.stderr.write(f"{question} [y/N] ")
        sys.stderr.flush()
        answer = _answer()
    if answer.strip().lower() not in ("y", "yes"):
        raise Declined("Nothing was changed.")


def show_fates(fates: Sequence[Fate], *, names: int | None = SHOWN_NAMES) -> Callable[[Console], None]:
    """Return what shows groups of orders: how many, their fate, and which they are (at most so many of each; None: all)."""

    def show(console: Console) -> None:
        for fate in fates:
            shown = fate.orders if names is None else fate.orders[:names]
            more = len(fate.orders) - len(shown)
            console.print(f"{len(fate.orders):,} {fate.effect}:")
            console.print(f"  {', '.join(shown)}" + (f" and {more:,} more (--dry-run lists them all)" if more else ""))

    return show


def _terminal(stream: object) -> bool:
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError, OSError):  # none, closed, or gone
        return False


def _answer() -> str:
    """Read a line. A Ctrl+C that comes just before a read begins doesn't end it: so it is waited for in steps."""
    if os.name != "nt":  # there, Ctrl+C ends the read itself
        while not select.select([sys.stdin], [], [], _STEP)[0]:
            pass
    return sys.stdin.readline()


@contextmanager
def _ctrl_c_ends_it() -> Iterator[None]:
    """Let Ctrl+C end the question: a job's own handler only notes that it should stop, and the question would go on waiting."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
