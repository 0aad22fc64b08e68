"""When people are told of an incident: once when it begins, again where it gets worse or there is more, and when it is over."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from syncctl.db.contract import NotedIncident

What = Literal["opened", "again", "recovered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings say of it."""

    cooldown: timedelta = timedelta(hours=1)
    quiet: tuple[time, time] | None = None
    """Begin and end of the quiet hours, which may span midnight."""
    digest_at: time | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def is_quiet(self, now: datetime) -> bool:
        """True within the quiet hours."""
        if self.quiet is None:
            return False
        (begin, end), local = self.quiet, now.astimezone(self.zone).time()
        return begin <= local < end if begin < end else local >= begin or local < end

    def digest_day(self, now: datetime) -> str | None:
        """Return the day whose digest is due; None before its time, and where there is none."""
        local = now.astimezone(self.zone)
        if self.digest_at is None or local.time() < self.digest_at:
            return None
        return local.date().isoformat()

    def due(self, incident: NotedIncident, now: datetime) -> What | None:
        """Say what people are to be told of an incident now, if anything."""
        told = incident.tellings > 0
        if incident.recovered_dt is not None:
            # Whoever was woken by it may sleep again; a warning's end waits for the morning.
            quiet = self.is_quiet(now) and incident.told_severity != "critical"
            return "recovered" if told and incident.recovery_told_dt is None and not quiet else None
        critical = incident.severity == "critical"
        if told and critical and incident.told_severity != "critical":
            return "again"
        if incident.acknowledged_dt is not None or (self.is_quiet(now) and not critical) or self._is_cooling(incident, now):
            return None
        if not told:
            return "opened"
        return "again" if incident.mark > (incident.told_mark or 0) else None

    def _is_cooling(self, incident: NotedIncident, now: datetime) -> bool:
        """True where people were told of the same a little while ago: it may come and go."""
        return incident.last_told_dt is not None and now - incident.last_told_dt < self.cooldown
