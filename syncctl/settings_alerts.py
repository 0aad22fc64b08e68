"""The settings of alerts: a part of `settings.Settings`, which has them all."""

# ruff: noqa: RUF009  (setting calls dataclasses.field)

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from syncctl.pushes import PUSH_RULES
from syncctl.secret import Secret
from syncctl.setting_kinds import FLAG, SECRET, TIMEZONE, Kind, integer, setting
from syncctl.settings_health import HealthSettings

_GROUP = "Alerts"

RULES = (
    "retries_exhausted",
    "order_in_review",
    "stale_order",
    "scheduler_silent",
    "database_down",
    "store_down",
    "carrier_budget",
    "customer_queue",
    "mismatch_rate",
    *PUSH_RULES.values(),
    "health",
)
"""What can be alerted of."""


def _time(value: str) -> str:
    if not re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
        raise ValueError(value)
    return value.zfill(5)


def _hours(value: str) -> str:
    begin, dash, end = (part.strip() for part in value.partition("-"))
    if not dash or _time(begin) == _time(end):
        raise ValueError(value)
    return f"{_time(begin)}-{_time(end)}"


def _rules(value: str) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part.strip().lower().replace("-", "_") for part in value.split(",") if part.strip()))
    if not found or not set(found) <= set(RULES):
        raise ValueError(value)
    return found


def _syslog(value: str) -> str:
    if value.startswith("/"):
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("udp", "tcp") or not parts.hostname or parts.path.strip("/") or parts.port == 0 or "@" in value:
        raise ValueError(value)
    return value


def clock_time(text: str) -> time:
    """Return the time of day that a setting has as text."""
    return time.fromisoformat(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings(HealthSettings):
    """See `settings.Settings`."""

    alert_critical_url: Secret | None = setting(
        _GROUP,
        SECRET,
        None,
        "Apprise addresses, with blanks between them, that are told of what is critical alone, such as an SMS gateway. "
        "Everything goes to SYNCCTL_NOTIFY_OPERATOR_URL.",
    )
    alert_syslog: str | None = setting(
        _GROUP,
        Kind(_syslog, "a local socket such as /dev/log, or a server: udp://HOST:514, tcp://HOST:601"),
        None,
        "The system's log that alerts are written to, too.",
    )
    alert_event_log: bool = setting(
        _GROUP, FLAG, False, "Write alerts to the Windows Event Log, too (Application, source syncctl)."
    )
    alert_cooldown_minutes: int = setting(
        _GROUP,
        integer(0, 10_080),
        60,
        "People are told of more of the same, or of the same again, no sooner than so many minutes after they were told last.",
    )
    alert_quiet_hours: str | None = setting(
        _GROUP,
        Kind(_hours, "two times of day, such as 22:00-07:00"),
        None,
        "What is no more than a warning waits for the end of these hours; what is critical is told at once.",
    )
    alert_digest_time: str | None = setting(
        _GROUP, Kind(_time, "a time of day, such as 07:30"), None, "When the daily digest is sent; not set: there is none."
    )
    alert_timezone: ZoneInfo = setting(
        _GROUP, TIMEZONE, lambda: ZoneInfo("UTC"), "The time zone of the quiet hours and the digest."
    )
    alert_off: tuple[str, ...] = setting(
        _GROUP,
        Kind(_rules, f"rules between commas: {', '.join(RULES)}", "RULE,RULE…"),
        (),
        "Rules that nobody wants to be told of.",
    )
    alert_mismatch_percent: int = setting(
        _GROUP,
        integer(1, 100),
        10,
        "People are told when more than this share of a day's orders came to a person for their amounts (total, price).",
    )
    alert_mismatch_orders: int = setting(
        _GROUP, integer(1, 1_000_000), 3, "As long as there are fewer such orders than this, nobody is told of their share."
    )
    ping_url: Secret | None = setting(
        _GROUP,
        SECRET,
        None,
        "Where each job says that it starts (/start), is done, or failed (/fail), as healthchecks.io has it: an address with "
        "{job} in it, such as https://hc-ping.com/KEY/{job}, or JOB=ADDRESS for single jobs, with blanks between them.",
    )
    ping_seconds: int = setting(
        _GROUP, integer(1, 30), 3, "A ping that isn't answered within so many seconds is given up; no job waits for it longer."
    )
