"""Time: aware UTC everywhere, from a clock that is handed in, so that tests can move it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment as an aware UTC datetime."""

Sleeper = Callable[[float], None]
"""Waits that many seconds. Tests hand in one that moves the clock instead."""


def system_clock() -> datetime:
    """Return the present moment, to the millisecond (what `datetime2(3)` holds)."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def system_sleeper(seconds: float) -> None:
    """Wait, for real."""
    time.sleep(max(0.0, seconds))
