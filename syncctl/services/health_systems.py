"""How what the jobs stand on is judged: the database and its version, the store's API and certificate, disks, carriers."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from syncctl.private_files import nearest_there, unwritable
from syncctl.services.health_findings import Check, Figure, Level, Part, Thresholds, age_of, aged, over, span, worst

if TYPE_CHECKING:
    from syncctl.db.contract import CarrierUse, CustomerAction, NotificationCount

_MEGABYTE = 1024 * 1024
_DAY = timedelta(days=1)
_NAMED = 5
_OF_EACH_JOB = ("log files", "lock files")


def database(seconds: float, limits: Thresholds) -> Check:
    """Judge how long the database took to answer."""
    warning, critical = limits.database_warning_ms / 1000, limits.database_critical_ms / 1000
    level: Level = "critical" if seconds > critical else "warning" if seconds > warning else "ok"
    said = f"answers in {seconds * 1000:.0f} ms" + (f" (limit {limits.database_warning_ms} ms)" if level != "ok" else "")
    return Check(
        "database",
        level,
        said,
        round(seconds, 4),
        "s",
        warning=warning,
        critical=critical,
        advice="look what else the server does, and at the way to it",
    )


def schema(deployed: Mapping[str, str], wanted: Mapping[str, str]) -> Check:
    """Compare what is deployed with what this version needs: name → hash, of tables' scripts as of all others."""
    if not deployed:
        return Check("schema", "ok", "an embedded database, which the program keeps up to date itself", 0, critical=0)
    missing = [name for name in wanted if name not in deployed]
    changed = [name for name, sha in wanted.items() if not name.startswith("schema/") and deployed.get(name, sha) != sha]
    behind = sorted({*missing, *changed})
    level: Level = "critical" if missing else "warning" if changed else "ok"
    said = f"all {len(wanted)} scripts of this version are deployed"
    if behind:
        names = ", ".join(behind[:_NAMED]) + (f" and {len(behind) - _NAMED} more" if len(behind) > _NAMED else "")
        said = f"{len(behind)} scripts of this version are not deployed: {names}"
    return Check("schema", level, said, len(behind), critical=0, advice="`syncctl db deploy`; `syncctl db check` tells more")


def version(ends: date | None, now: datetime, warnings: Sequence[str], limits: Thresholds) -> Iterator[Check]:
    """Judge the version of the store's API, and what else the store warned of. `ends` is the day it goes out of use."""
    left = None if ends is None else (datetime.combine(ends, time(), UTC) - now) / _DAY
    level: Level = "ok"
    said = "nothing goes out of use"
    if left is not None:
        level = "critical" if left < 0 else "warning" if left < limits.version_warning_days else "ok"
        said = f"the version of the API in use {'went' if left < 0 else 'goes'} out of use on {ends}"
    if warnings:
        level, said = worst([level, "warning"]), "; ".join(warnings)
    if left is None and not warnings:
        return
    yield Check(
        "store version",
        level,
        said,
        None if left is None else round(left, 1),
        "d",
        warning=limits.version_warning_days,
        critical=0,
        falls=True,
        advice="update syncctl, or set SYNCCTL_SHOPIFY_API_VERSION to a newer version",
    )


def certificate(expires: datetime | None, now: datetime, limits: Thresholds) -> Iterator[Check]:
    """Judge how long the store's certificate is still good; nothing where the store isn't reached over HTTPS."""
    if expires is None:
        return
    left = (expires - now) / _DAY
    level = _low(left, limits.certificate_warning_days, limits.certificate_critical_days)
    yield Check(
        "certificate",
        level,
        f"good until {expires:%Y-%m-%d}, {left:.0f} days (limit {limits.certificate_warning_days})",
        round(left, 1),
        "d",
        warning=limits.certificate_warning_days,
        critical=limits.certificate_critical_days,
        falls=True,
        advice="renew the certificate on the shop's server; look why it didn't renew itself",
    )


def _low(left: float, warning: float, critical: float) -> Level:
    """Judge what runs short; a critical limit counts wherever it lies."""
    return "critical" if left < critical else "warning" if left < warning else "ok"


@dataclass(frozen=True, slots=True)
class Disk:
    """Room on a disk, by the folder that lies on it."""

    what: str
    folder: Path
    free: int | None
    """Bytes that this account may still write; None where the folder can't be reached, as on a share that is away."""
    refused: str = ""
    """Why it can't be reached, or why this account can make no file there, of a folder that each job needs."""


def free(folders: Mapping[str, Path]) -> list[Disk]:
    """Look how much room there is where each folder lies, or is going to lie, and whether logs and locks can be written."""
    found = []
    for what, folder in folders.items():
        try:
            room = shutil.disk_usage(nearest_there(folder)).free
        except OSError as error:
            found.append(Disk(what, folder, None, error.strerror or str(error)))
        else:
            found.append(Disk(what, folder, room, unwritable(folder) if what in _OF_EACH_JOB else ""))
    return found


def disks(found: Sequence[Disk], limits: Thresholds) -> Iterator[Check]:
    """Judge the room on the disks by the fullest, and whether each folder can be reached, and logs and locks be written."""
    if not found:
        return
    away = any(disk.free is None for disk in found)
    said = [
        f"the {disk.what} can't be {'reached' if disk.free is None else 'written'} in {disk.folder}: {disk.refused}"
        for disk in found
        if disk.refused or disk.free is None
    ]
    levels: list[Level] = ["critical" if away else "warning" if said else "ok"]
    advice = "look at the folder, and whether this account may write there; `syncctl config check` tries it"
    room = [(disk.free // _MEGABYTE, disk) for disk in found if disk.free is not None]
    left, least = min(room, key=lambda each: each[0], default=(None, None))
    if left is not None and least is not None:
        said.append(f"{left:,} MB free for the {least.what} in {least.folder} (limit {limits.disk_warning_mb:,} MB)")
        levels.append(_low(left, limits.disk_warning_mb, limits.disk_critical_mb))
        if levels[-1] != "ok" or levels[0] == "ok":
            advice = "make room there; `syncctl db purge` shortens the history, SYNCCTL_LOG_DAYS the logs"
    yield Check(
        "disk",
        worst(levels),
        "; ".join(said),
        left,
        "MB",
        warning=limits.disk_warning_mb,
        critical=limits.disk_critical_mb,
        falls=True,
        advice=advice,
        also=tuple(Figure(name=f"disk_{disk.what.replace(' ', '_')}", value=megabytes, unit="MB") for megabytes, disk in room),
    )


def notifications(counted: NotificationCount, now: datetime, limits: Thresholds) -> Check:
    """Judge the backlog of messages to people."""
    due = age_of(counted.oldest_due_dt, now)
    late = over(due, limits.notification_minutes)
    said = f"{counted.waiting} messages to people wait"
    if late:
        said += f", one due for {span(due)} (limit {limits.notification_minutes} min)"
    if counted.failed_lately:
        said += f"; {counted.failed_lately} were given up in 24 hours"
    return Check(
        "notifications",
        "warning" if late or counted.failed_lately else "ok",
        said,
        counted.waiting,
        advice="`syncctl alerts messages` and `syncctl pod notifications` tell why; `syncctl alerts test` tries the addresses",
        also=(
            aged("oldest_notification_due", due, warning=limits.notification_minutes),
            Figure(name="notifications_failed", value=counted.failed_lately, warning=0),
        ),
    )


def customers(actions: Sequence[CustomerAction]) -> Iterator[Check]:
    """Judge the queues of customers; nothing where there is none that needs a person."""
    parts = tuple(
        Part(
            name=f"{action.queue_id} {action.queue_name}",
            level="warning",
            message=f"queue {action.queue_id} ({action.queue_name}): {action.customers} customers failed at each of their tries",
            number=action.customers,
        )
        for action in actions
    )
    more = [f"and {len(parts) - _NAMED} queues more"] if len(parts) > _NAMED else []
    yield Check(
        "customers",
        "warning" if parts else "ok",
        "; ".join([*(part.message for part in parts[:_NAMED]), *more]) or "no queue of customers needs a person",
        sum(part.number for part in parts),
        warning=0,
        advice="`syncctl customers list`, then `customers lines QUEUE --state failed`; `customers retry` or `force-done` goes on",
        parts=parts,
    )


def carriers(used: Iterable[tuple[str, CarrierUse]], limits: Thresholds) -> Iterator[Check]:
    """Judge the budgets of the carriers that claims wait for: name and use of each."""
    parts, figures = [], []
    for label, use in used:
        share = round(100 * use.used_day / use.limit_day) if use.limit_day else 0
        figures.append(Figure(name=f"carrier_{use.carrier}", value=share, unit="%", warning=limits.budget_percent))
        if use.paused_until_dt is not None:
            said = f"{label} asked for a pause until {use.paused_until_dt:%Y-%m-%d %H:%M} UTC"
        elif use.limit_day and share >= limits.budget_percent:
            said = f"{label} has used {use.used_day} of {use.limit_day} calls, free again at {use.day_end_dt:%Y-%m-%d %H:%M} UTC"
        else:
            continue
        parts.append(Part(name=use.carrier, level="warning", message=said))
    if figures:
        yield Check(
            "carriers",
            "warning" if parts else "ok",
            "; ".join(part.message for part in parts) or "calls are left with each carrier that claims wait for",
            max(figure.value for figure in figures),
            "%",
            warning=limits.budget_percent,
            advice="nothing, where it passes with the day; else ask the carrier for more calls, or fetch less often",
            also=tuple(figures),
            parts=tuple(parts),
        )
