"""Clocks that go by what happens, not by how fast the machine is."""

from __future__ import annotations

import math
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

PATIENCE = 60
"""Seconds after which a test gives up on something that should take none."""


class MovableClock:
    """Stands still: gives the same moment until `move` or `sleep`."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)) -> None:
        self.now = start
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def move(self, by: timedelta) -> None:
        self.now += by

    def sleep(self, seconds: float) -> None:
        """A `Sleeper` that moves this clock instead of waiting."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def deadline_comes(monkeypatch: pytest.MonkeyPatch, *, for_look: str, once: threading.Event) -> None:
    """Let the deadline of `health` come once the look of that name hangs (`once` is set) and every other one is over.

    What answers does so in time however slow the machine is, and no test waits for what doesn't.
    """
    asked: list[None] = []

    def monotonic() -> float:
        if threading.current_thread() is threading.main_thread():
            asked.append(None)
            if len(asked) > 1:  # the first tells from when on the deadline counts
                assert once.wait(PATIENCE)
                end_of_looks(but=for_look)
                return math.inf
        return 0.0

    monkeypatch.setattr("syncctl.services.health.time", SimpleNamespace(monotonic=monotonic))


def end_of_looks(*, but: str = "") -> None:
    """Wait for the end of the looks of `health` that are under way."""
    for thread in threading.enumerate():
        if thread.name.startswith("health ") and thread.name != f"health {but}":
            thread.join(PATIENCE)
            assert not thread.is_alive()
