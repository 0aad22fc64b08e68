"""Points and spans of time as people type them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from syncctl.clock import Clock
from syncctl.errors import UsageError

_SPAN = re.compile(r"(?P<number>\d{1,6})\s*(?P<unit>[smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def span(text: str, option: str) -> timedelta:
    """Read `90s`, `15m`, `36h` or `7d`.

    Raises:
        UsageError: none of these.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if not found or not int(found["number"]):
        raise UsageError(f"{option} is '{text}', but takes a number with its unit: 90s, 15m, 36h or 7d.")
    return timedelta(**{_UNITS[found["unit"]]: int(found["number"])})


def moment(text: str | None, option: str, clock: Clock) -> datetime | None:
    """Read `2026-11-20`, `2026-11-20T14:30`, the same with `Z` or an offset, or `36h` for so long ago. Local time unless it says.

    Raises:
        UsageError: none of these.
    """
    if text is None:
        return None
    if _SPAN.fullmatch(text.strip().lower()):
        return clock() - span(text, option)
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        said = "a date (2026-11-20), a time (2026-11-20T14:30, or with Z for UTC), or how long ago (90m, 36h, 7d)"
        raise UsageError(f"{option} is '{text}', but takes {said}.") from None
    return read.astimezone()
