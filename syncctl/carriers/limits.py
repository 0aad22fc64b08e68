"""How many calls a carrier takes, when its day begins anew, and when it said that it takes calls again.

The budget itself is kept in the database (`sp_ReserveCarrierCall`), one for all commands and hosts. Time zones are dealt with
here: the database is told the moments at which the carrier's days begin and picks the present day by its own clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from syncctl.errors import SyncError
from syncctl.http_dates import header_moment

LONGEST_PAUSE = timedelta(days=7)
"""A carrier that asks for a longer pause has most likely sent nonsense."""


class BudgetExhausted(SyncError):
    """The carrier's budget has no call left; nothing was sent. `until` is when one is free again."""

    error_class = "throttled"

    def __init__(self, message: str, *, reason: str, until: datetime) -> None:
        super().__init__(message)
        self.reason = reason
        """`second`, `minute`, `day` or `paused`."""
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a carrier allows. None: no such limit. The day begins at `reset` in `zone`, daylight saving included."""

    per_second: int | None = None
    per_minute: int | None = None
    per_day: int | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    reset: time = time(0)

    def day_starts(self, now: datetime) -> list[datetime]:
        """Return the moments (UTC) at which the carrier's days around `now` begin: the last two, and the next two."""
        today = now.astimezone(self.zone).date()
        starts = [
            datetime.combine(today + timedelta(days=days), self.reset, tzinfo=self.zone).astimezone(UTC) for days in range(-2, 4)
        ]
        present = max(start for start in starts if start <= now)
        at = starts.index(present)
        return starts[max(0, at - 1) : at + 3]

    def next_reset(self, now: datetime) -> datetime:
        """Return when the carrier's next day begins."""
        return min(start for start in self.day_starts(now) if start > now)

    def day_starts_json(self, now: datetime) -> str:
        """Return `day_starts` as the procedures take them."""
        return json.dumps([start.strftime("%Y-%m-%dT%H:%M:%S.000") for start in self.day_starts(now)])


def retry_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Read `Retry-After` (seconds, or a date) or a rate limit's reset from an answer; None where neither makes sense."""
    found = _retry_after(headers.get("Retry-After", "").strip(), now)
    theirs = header_moment(headers.get("Date", "").strip())
    if found is not None and theirs is not None and not headers.get("Retry-After", "").strip().isdecimal():
        found += now - theirs  # a moment of the carrier's clock, which may differ from ours
    if found is None:
        for name in ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset"):
            found = _reset(headers.get(name, "").strip(), now)
            if found is not None:
                break
    if found is None or found <= now:
        return None
    return min(found, now + LONGEST_PAUSE)


def _retry_after(value: str, now: datetime) -> datetime | None:
    if value.isdecimal():
        return now + timedelta(seconds=min(int(value[:20]), 10_000_000))
    return header_moment(value)


def _reset(value: str, now: datetime) -> datetime | None:
    """A reset is either seconds from now or seconds since 1970: the size tells."""
    if not value.isdecimal():
        return None
    seconds = min(int(value[:20]), 10_000_000_000)
    return now + timedelta(seconds=seconds) if seconds < 100_000_000 else datetime.fromtimestamp(seconds, UTC)
