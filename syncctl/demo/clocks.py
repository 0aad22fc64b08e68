"""The demonstration's clock: real time, but waiting costs none of it."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from syncctl.clock import system_clock


class LeapingClock:
    """Runs like the system's clock, ahead of it by all the waits that were asked for."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The present moment of the demonstration."""
        return system_clock() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass at once."""
        with self._lock:
            self._ahead += timedelta(seconds=max(0.0, seconds))
