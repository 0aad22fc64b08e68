"""A clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Gives the same moment until `move` or `sleep`."""

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
