"""Being asked to stop: the first signal sets a flag that work looks at between two orders, the second ends all at once."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import Any, Protocol

from syncctl.errors import EXIT_SIGINT, EXIT_SIGTERM

_STEP = 0.5


class StopFlag(Protocol):
    """What is looked at between two rows, and while another system is waited for, to know whether to stop.

    Set from outside (a signal, a time limit); `threading.Event` fits.
    """

    def is_set(self) -> bool:
        """True once the run should finish what it holds and take nothing new."""
        ...


class Never:
    """A stop that never comes."""

    def is_set(self) -> bool:
        """See `StopFlag.is_set`."""
        return False


class Stop:
    """A flag that says: finish the row at hand, give the rest back, end."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self.exit_code: int | None = None
        """130 or 143 once a signal came."""
        self._deadline: float | None = None

    def is_set(self) -> bool:
        """Return True once somebody asked to stop, or the time is up."""
        return self._asked.is_set() or (self._deadline is not None and time.monotonic() >= self._deadline)

    @property
    def signalled(self) -> bool:
        """True once a signal came."""
        return self.exit_code is not None

    def at_latest(self, span: timedelta) -> None:
        """Stop when so much time has gone by, counted from now."""
        self._deadline = time.monotonic() + span.total_seconds()

    def set(self, exit_code: int | None = None) -> None:
        """Ask to stop."""
        if self.exit_code is None:
            self.exit_code = exit_code
        self._asked.set()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until it is time to stop; return whether it is."""
        until = time.monotonic() + seconds
        if self._deadline is not None:
            until = min(until, self._deadline)
        # In steps: on Windows Ctrl+C is not seen before a wait is over.
        while (left := until - time.monotonic()) > 0 and not self._asked.wait(min(left, _STEP)):
            pass
        return self.is_set()

    def sleep(self, seconds: float) -> None:
        """Wait as `wait` does: a `Sleeper` that doesn't hold up a stop."""
        self.wait(seconds)


@contextmanager
def on_signals(stop: Stop) -> Iterator[None]:
    """Let SIGINT, SIGTERM and Windows' CTRL_BREAK set the flag; a second one ends the process at once with 130 or 143.

    After such an end leases and file locks are what gives the work back: the operating system frees the locks, time the leases.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        code = EXIT_SIGINT if number == signal.SIGINT else EXIT_SIGTERM
        if stop.signalled:
            _say("syncctl: stopped at once; what was in hand is taken up again when its lease ends.\n")
            os._exit(code)
        stop.set(code)
        _say("syncctl: stopping after the order in hand (once more to stop at once) …\n")

    before: dict[int, Any] = {}
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _say(text: str) -> None:
    """Write to stderr without its buffer: a signal may arrive in the middle of another write."""
    try:
        os.write(sys.__stderr__.fileno(), text.encode("utf-8"))  # type: ignore[union-attr]
    except (OSError, ValueError, AttributeError):
        return
