"""How proof of delivery stands: per carrier the backlog, the budget, the share of successes and when calls are free again."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from syncctl.carriers.base import vouched
from syncctl.carriers.catalog import Catalog
from syncctl.clock import Clock, system_clock
from syncctl.db.contract import CountPods, Database, PodCount
from syncctl.services.pod_asking import carrier_use


@dataclass(slots=True, kw_only=True)
class CarrierStatus:
    """One carrier, or one spelling that no carrier goes by."""

    carrier: str
    label: str
    usable: bool
    """Whether it can be asked."""
    verified: bool = False
    note: str = ""
    pending: int = 0
    due: int = 0
    waiting: int = 0
    not_yet: int = 0
    persistent: int = 0
    exhausted: int = 0
    leased: int = 0
    success: int = 0
    failed: int = 0
    success_rate: float | None = None
    next_attempt_at: datetime | None = None
    used_day: int = 0
    limit_day: int | None = None
    used_minute: int = 0
    limit_minute: int | None = None
    unfinished: int = 0
    resets_at: datetime | None = None
    paused_until: datetime | None = None
    pause_reason: str = ""


def pod_status(database: Database, catalog: Catalog, *, max_retries: int = 4, clock: Clock = system_clock) -> list[CarrierStatus]:
    """Return every carrier that can be asked or that a claim names.

    Raises:
        DatabaseUnavailable: no connection.
    """
    by_name: defaultdict[str, list[PodCount]] = defaultdict(list)
    for row in database.run(CountPods(max_retries=max_retries)):
        by_name[catalog.name_of(row.carrier or "") or (row.carrier or "(none)")].append(row)
    found = [
        _carrier(database, catalog, name, by_name[name], clock)
        for name in sorted({*catalog.carriers, *by_name}, key=str.casefold)
    ]
    return sorted(found, key=lambda status: (not status.usable, status.carrier))


def _carrier(database: Database, catalog: Catalog, name: str, rows: list[PodCount], clock: Clock) -> CarrierStatus:
    carrier = catalog.carriers.get(name)
    status = CarrierStatus(carrier=name, label=catalog.label_of(name) or name, usable=carrier is not None)
    for row in rows:
        if row.pod_fetch_status == "success":
            status.success += row.claims
            continue
        setattr(status, row.standing, getattr(status, row.standing) + row.claims)
        status.pending += row.claims if row.pod_fetch_status == "pending" else 0
        status.failed += row.claims if row.pod_fetch_status == "failed" else 0
        status.not_yet += row.claims if row.error_class == "not_yet" else 0
        if row.standing == "waiting" and row.next_attempt_dt:
            status.next_attempt_at = min(filter(None, (status.next_attempt_at, row.next_attempt_dt)))
    ended = status.success + status.failed
    status.success_rate = round(100 * status.success / ended, 1) if ended else None
    if carrier is None:
        missing = catalog.missing.get(name)
        status.note = f"not set: {missing}" if missing else "no carrier goes by this name"
        return status
    use = carrier_use(database, carrier, clock)
    status.verified = carrier.verified
    status.note = "" if carrier.verified and carrier.documents else vouched(carrier)
    status.used_day, status.limit_day = use.used_day, use.limit_day
    status.used_minute, status.limit_minute = use.used_minute, use.limit_minute
    status.unfinished = use.unfinished
    status.resets_at = use.day_end_dt
    status.paused_until, status.pause_reason = use.paused_until_dt, use.pause_reason or ""
    return status
