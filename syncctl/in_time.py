"""Waiting for something that may never come: in a thread of its own, with a deadline and an eye on the stop.

A name server that says nothing, a handshake that hangs, a `recv` without an end: none of them can be broken off from outside on
every system, and while the main thread is in one, Windows doesn't even notice Ctrl+C. So the call is made elsewhere, and
where it takes too long it is given up: it is told so, and nobody waits for it any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from syncctl.stop import StopFlag

STEP = 0.2
"""Seconds between two looks at the stop."""
GRACE = 1.5
"""Seconds that a call may still take once the stop has come: what is about to be answered is worth more than what is cut."""

T = TypeVar("T")
GivenUp = Callable[[], bool]
"""Asked by the call now and then: True once nobody waits for it any more. Then it should end, however."""


class OutOfTime(Exception):
    """The call took longer than it may."""


class StopAsked(Exception):
    """The stop came while the call was under way."""


class Begun(Generic[T]):
    """A call under way in a thread of its own."""

    def __init__(self, call: Callable[[GivenUp], T]) -> None:
        self._call = call
        self._done, self._given_up = threading.Event(), threading.Event()
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._since = time.monotonic()
        # A daemon: one that hangs must not keep the process from ending.
        threading.Thread(target=self._work, name="syncctl-call", daemon=True).start()

    @property
    def done(self) -> bool:
        """True once it is over, however."""
        return self._done.is_set()

    def give_up(self) -> None:
        """Tell the call that nobody waits for it any more."""
        self._given_up.set()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until it is over; return whether it is."""
        return self._done.wait(seconds)

    def result(self, *, seconds: float, stop: StopFlag) -> T:
        """Return what the call returns, or raise what it raises; `seconds` count from its beginning. To be asked for once.

        Raises:
            OutOfTime, StopAsked: as `in_time`.
        """
        try:
            _wait(self._done, self._since + seconds, stop)
        except BaseException:
            self.give_up()
            raise
        if self._errors:
            raise self._errors.pop()
        return self._results.pop()

    def _work(self) -> None:
        try:
            self._results.append(self._call(self._given_up.is_set))
        except BaseException as error:
            self._errors.append(error)
        finally:
            self._done.set()


def in_time(call: Callable[[GivenUp], T], *, seconds: float, stop: StopFlag) -> T:
    """Return what `call` returns, or raise what it raises.

    Raises:
        OutOfTime: it took longer than `seconds`. Whether it will still do what it was to do isn't known.
        StopAsked: the stop came, and it wasn't over within `GRACE` seconds. The same.
    """
    return Begun(call).result(seconds=seconds, stop=stop)


def _wait(done: threading.Event, until: float, stop: StopFlag) -> None:
    """Wait in steps: on Windows Ctrl+C is not seen before a wait is over."""
    stopped_until: float | None = None
    while True:
        last = until if stopped_until is None else min(until, stopped_until)
        left = last - time.monotonic()
        if done.wait(max(0.0, min(left, STEP))):
            return
        if left <= 0:
            raise OutOfTime if last == until else StopAsked
        if stopped_until is None and stop.is_set():
            stopped_until = time.monotonic() + GRACE
