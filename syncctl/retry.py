"""Waits and breakers: how long to wait before another try, and when to stop trying for this run."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from syncctl.errors import SyncError

LONGEST_WAIT_IN_RUN = 30.0
"""Seconds. What would have to wait longer is left to a later run."""


def delays(base: float) -> Iterator[float]:
    """Give the waits between the attempts of one run: base, 2 × base, 4 × base … seconds (2, 4, 8 with the default)."""
    import backoff  # brings asyncio along, which a run that never waits can do without

    waits = backoff.expo(base=2, factor=base)
    next(waits)  # the generator's first step takes the place of a value that would be sent to it
    while True:
        yield float(next(waits))


def delay_before(attempt: int, base: float) -> float:
    """Return the wait before attempt `attempt` (2, 3 …) in seconds."""
    waits = delays(base)
    for _ in range(attempt - 2):
        next(waits)
    return next(waits)


class CircuitBreaker:
    """Counts failures in a row to reach one system; open from the `threshold`-th on, for good. One for all workers of a run."""

    def __init__(self, name: str, threshold: int) -> None:
        self.name = name
        self.threshold = threshold
        self.last_error: SyncError | None = None
        self._failures = 0
        self._open = False
        self._lock = threading.Lock()

    def failed(self, error: SyncError) -> None:
        """Count one failure to reach the system."""
        with self._lock:
            self._failures += 1
            self._note(error, opens=self._failures >= self.threshold)

    def trip(self, error: SyncError) -> None:
        """Open at once: what came back says that every other call would fail, too."""
        with self._lock:
            self._note(error, opens=True)

    def _note(self, error: SyncError, *, opens: bool) -> None:
        # Another worker's answer that comes in late must neither close the breaker nor hide why it opened.
        if not self._open:
            self._open, self.last_error = opens, error

    def answered(self) -> None:
        """The system answered: start counting anew."""
        with self._lock:
            self._failures = 0

    @property
    def open(self) -> bool:
        """True when the system is taken for down, for the rest of this run."""
        return self._open

    @property
    def opened_by(self) -> SyncError | None:
        """Why the system is taken for down; None while it isn't."""
        return self.last_error if self._open else None
