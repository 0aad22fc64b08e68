"""Points and spans of time as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from syncctl.clock import Clock
from syncctl.errors import UsageError

_SPAN = re.compile(r"(?P<number>\d{1,6})\s*(?P<unit>[smhd])", re.ASCII)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SHOWN = 60
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""No order is as old as that, and some systems know no time before it."""
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Leaves room to reckon with, up to the calendar's end."""


def span(text: str, option: str) -> timedelta:
    """Read `90s`, `15m`, `36h` or `7d`.

    Raises:
        UsageError: none of these.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if not found or not int(found["number"]):
        raise UsageError(f"{option} is '{text[:_SHOWN]}', but takes a number with its unit: 90s, 15m, 36h or 7d.")
    return timedelta(**{_UNITS[found["unit"]]: int(found["number"])})


def moment(text: str | None, option: str, clock: Clock) -> datetime | None:
    """Read `2026-11-20`, `2026-11-20T14:30`, the same with `Z` or an offset, or `36h` for so long ago. Local time unless it says.

    Raises:
        UsageError: none of these, or a time before 1970 or after 9000.
    """
    if text is None:
        return None
    out_of_range = UsageError(f"{option} is '{text[:_SHOWN]}', but takes a time from 1970 to 8999.")
    if _SPAN.fullmatch(text.strip().lower()):
        try:
            read = clock() - span(text, option)
        except OverflowError:
            raise out_of_range from None
    else:
        try:
            read = datetime.fromisoformat(text.strip())
        except ValueError:
            said = "a date (2026-11-20), a time (2026-11-20T14:30, or with Z for UTC), or how long ago (90m, 36h, 7d)"
            raise UsageError(f"{option} is '{text[:_SHOWN]}', but takes {said}.") from None
        try:
            read = read.astimezone()
        except (OverflowError, ValueError, OSError):  # the last two: what some systems say of years they don't know
            raise out_of_range from None
    if not EARLIEST <= read <= LATEST:
        raise out_of_range
    return read
