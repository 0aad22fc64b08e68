"""Waiting for something that may never come: in a thread of its own, with a deadline and an eye on the stop.

A name server that says nothing, a handshake that hangs, a `recv` without an end: none of them can be broken off from outside on
every system, and while the main thread is in one, Windows doesn't even notice Ctrl+C. So the call is made elsewhere, and
where it takes too long it is given up: it is told so, and nobody waits for it any more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

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


def in_time(call: Callable[[GivenUp], T], *, seconds: float, stop: StopFlag) -> T:
    """Return what `call` returns, or raise what it raises.

    Raises:
        OutOfTime: it took longer than `seconds`. Whether it will still do what it was to do isn't known.
        StopAsked: the stop came, and it wasn't over within `GRACE` seconds. The same.
    """
    done, given_up = threading.Event(), threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call(given_up.is_set))
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    # A daemon: one that hangs must not keep the process from ending.
    threading.Thread(target=work, name="syncctl-call", daemon=True).start()
    try:
        _wait(done, seconds, stop)
    except BaseException:
        given_up.set()
        raise
    if errors:
        raise errors.pop()
    return results.pop()


def _wait(done: threading.Event, seconds: float, stop: StopFlag) -> None:
    """Wait in steps: on Windows Ctrl+C is not seen before a wait is over."""
    until = time.monotonic() + seconds
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
