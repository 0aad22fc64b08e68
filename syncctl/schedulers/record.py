"""What the runs of jobs came to on this host: one small file a job, written before it starts and when it has ended."""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syncctl.atomic_file import write_whole
from syncctl.private_files import make_folder, open_text

REMIND_AFTER = timedelta(hours=24)
"""The same trouble is told again after so long."""
LONGEST_TEXT = 4000
"""Characters of what a run said that are kept."""
_INSTALLED = "installed"
_TIMES = ("started", "ended", "succeeded", "told_at")
_PASSING = (
    (re.compile(r"\b\d{8}T\d{6}-[0-9a-f]{8}\b"), "RUN"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?)?(?: ?(?:UTC|Z))?"), "TIME"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\b"), "TIME"),
    (re.compile(r"\b\d[\d,.]*\s?(?:ms|millis\w*|s|secs?|seconds?|min|mins|minutes?|h|hours?|d|days?)\b"), "AGE"),
    (re.compile(r"\(process \d+\)"), "PROCESS"),
)
"""What differs from run to run though nothing has happened: times, ages, names of runs."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """The last run of a job on this host."""

    job: str
    started: datetime
    ended: datetime | None = None
    """None: it is still running, or was killed."""
    exit_code: int | None = None
    at_limit: bool = False
    """It was ended at its time limit."""
    said: str = ""
    """What it printed, or the beginning of it."""
    succeeded: datetime | None = None
    """When a run last ended with 0."""
    told: str = ""
    """The gist of what was last told; empty where all was well."""
    told_at: datetime | None = None


def gist(text: str) -> str:
    """Return a short name for what a run said, the same for the same trouble a few minutes later; nothing for nothing."""
    for pattern, word in _PASSING:
        text = pattern.sub(word, text)
    text = " ".join(text.split())
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16] if text else ""


def to_tell(before: JobRecord | None, now: JobRecord) -> tuple[str, JobRecord]:
    """Return what a scheduler should hear of a run that has ended, which it may mail, and the record with that noted.

    Nothing where nothing has changed: trouble is told when it comes, when it changes, when it has gone, and once a day.
    """
    known = before.told if before else ""
    known_at = before.told_at if before else None
    new = gist(now.said)
    if new and new == known and known_at and now.started - known_at < REMIND_AFTER:
        return "", replace(now, told=known, told_at=known_at)
    if new:
        again = f"(unchanged since {known_at.astimezone():%Y-%m-%d %H:%M})\n" if known_at and new == known else ""
        return f"{now.said}\n{again}", replace(now, told=new, told_at=now.started)
    if known and now.exit_code == 0:
        return f"syncctl: {now.job} is well again.\n", replace(now, told="", told_at=None)
    return "", replace(now, told=known, told_at=known_at)


def folder(locks: Path, settings_file: Path, profile: str = "") -> Path:
    """Return where the records lie, beside the lock files: for each settings file that jobs read, there or not, and profile."""
    place = f"{os.path.normcase(os.path.realpath(settings_file))}\n{profile.lower()}"
    digest = hashlib.sha256(place.encode("utf-8")).hexdigest()[:12]
    return locks / "jobs" / digest


def note_installation(place: Path) -> None:
    """Remember that jobs were installed now.

    Raises:
        OSError: it can't be written.
    """
    make_folder(place)
    open_text(place / _INSTALLED, "w").close()
    os.utime(place / _INSTALLED)


def installed(place: Path) -> datetime | None:
    """Return when jobs were last installed; None where that isn't known."""
    try:
        return datetime.fromtimestamp((place / _INSTALLED).stat().st_mtime, UTC)
    except OSError:
        return None


def read(place: Path, job: str) -> JobRecord | None:
    """Return a job's record; None where it never ran here, or the file can't be read."""
    try:
        found = json.loads((place / f"{job}.json").read_text(encoding="utf-8"))
        values: dict[str, Any] = {name: _moment(text) if name in _TIMES and text else text for name, text in found.items()}
        return JobRecord(**values)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment


def write(place: Path, record: JobRecord) -> None:
    """Keep a job's record, whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    make_folder(place)
    write_whole(place / f"{record.job}.json", json.dumps(asdict(record), default=_plain), private=True)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
