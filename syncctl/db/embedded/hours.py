"""Counting by local hour or day on the embedded engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncctl.db.embedded.registry import require

if TYPE_CHECKING:
    from syncctl.db.contract import CountEvents, CountStorePushes

STARTS = {"hour": "'%Y-%m-%d %H:00:00.000'", "day": "'%Y-%m-%d 00:00:00.000'"}
"""Grain → how SQLite writes the beginning of the hour or day that a moment is in."""
_MOST_MINUTES = 1440


def require_grain(call: CountEvents | CountStorePushes) -> None:
    """Raise BadArgument unless a count's window, grain and offset are in their range."""
    require(
        (call.since_dt < call.until_dt, "@SINCE_DT must be before @UNTIL_DT."),
        (call.grain in STARTS, "@GRAIN takes hour or day."),
        (-_MOST_MINUTES <= call.offset_minutes <= _MOST_MINUTES, "@OFFSET_MINUTES takes -1440 to 1440."),
    )


def shifts(offset_minutes: int) -> dict[str, str]:
    """Return what makes a moment local (`ahead`) and a local one UTC again (`back`)."""
    return {"ahead": f"{offset_minutes:+d} minutes", "back": f"{-offset_minutes:+d} minutes"}
