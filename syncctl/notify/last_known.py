"""What is known of the ways to people when nothing else is: a file for a job that fails before it has settings.

It holds the addresses as `alerts run` last read them, and of which incidents that can't stand in the database people were told:
settings that make no sense, and the database itself. Addresses are secrets: the file is for this account alone, as `.env` is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from syncctl.atomic_file import write_whole
from syncctl.notify.ways import Addresses
from syncctl.private_files import FILE_MODE, make_folder
from syncctl.secret import Secret
from syncctl.setting_kinds import data_folder

_WAIT = 5
"""Seconds to wait for another process that has the file in its hands."""
_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
"""After which a way that did not take a message is tried again, as in the queue."""


@dataclass(frozen=True, slots=True)
class Untold:
    """A way that did not take what others took: how often it was tried, and when last."""

    tries: int
    last: datetime

    def is_due(self, now: datetime) -> bool:
        """True where it is to be tried again by now; never once it was tried as often as the queue tries."""
        return self.tries <= len(_AGAIN) and now - self.last >= _AGAIN[self.tries - 1]


@dataclass(slots=True)
class LastKnown:
    """The file's content."""

    addresses: Addresses = field(default_factory=Addresses)
    ping: Secret | None = None
    told: dict[str, str] = field(default_factory=dict)
    """Incidents that people were told of and that aren't over: what → since when (ISO)."""
    untold: dict[str, dict[str, Untold]] = field(default_factory=dict)
    """Of these incidents: way that did not take its message yet → how it was tried."""
    digest: str = ""
    """The day of the last digest."""

    def begun(self, what: str) -> datetime | None:
        """Return since when an incident is known that people were told of."""
        with suppress(ValueError):
            return datetime.fromisoformat(self.told[what]) if what in self.told else None
        return None

    def due(self, what: str, names: Sequence[str], now: datetime) -> list[str]:
        """Return those of the ways that are to be told of an incident now: all of them where nobody was told yet."""
        if self.begun(what) is None:
            return list(names)
        held = self.untold.get(what, {})
        return [name for name in names if name in held and held[name].is_due(now)]

    def note(self, what: str, *, took: Sequence[str], refused: Sequence[str], now: datetime) -> None:
        """Note which ways took an incident's message and which didn't. Where none ever did, nobody was told of it."""
        if took and self.begun(what) is None:
            self.told[what] = now.isoformat()
        if self.begun(what) is None:
            return
        held = self.untold.setdefault(what, {})
        for name in took:
            held.pop(name, None)
        for name in refused:
            held[name] = Untold(held[name].tries + 1 if name in held else 1, now)
        if not held:
            del self.untold[what]

    def forget(self, what: str) -> None:
        """Note that an incident is over."""
        self.told.pop(what, None)
        self.untold.pop(what, None)


def place(env_file: Path, profile: str | None) -> Path:
    """Return the file that belongs to these settings: each `.env`, and each profile of it, has its own."""
    digest = hashlib.sha256(f"{os.path.normcase(env_file.absolute())}\n{profile or ''}".encode()).hexdigest()[:16]
    return data_folder() / "alerts" / f"{digest}.json"


@contextmanager
def opened(path: Path) -> Iterator[LastKnown | None]:
    """Give what is known, and keep what the block makes of it; None where another process has it, or it can't be kept.

    A file that makes no sense counts as none.
    """
    lock = FileLock(path.with_suffix(".lock"), timeout=_WAIT, mode=FILE_MODE)
    try:
        make_folder(path.parent)
        lock.acquire()
    except (OSError, Timeout):
        yield None
        return
    try:
        known = read(path)
        before = _written(known)
        yield known
        after = _written(known)
        if after != before or not path.exists():
            with suppress(OSError):
                write_whole(path, after, private=True)
    finally:
        lock.release()


def read(path: Path) -> LastKnown:
    """Return what is known; nothing where there is no such file."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        ways = held["ways"]
        return LastKnown(
            Addresses(
                operator=[Secret(str(url)) for url in ways["operator"]],
                critical=[Secret(str(url)) for url in ways["critical"]],
                syslog=ways["syslog"],
                event_log=bool(ways["event_log"]),
            ),
            Secret(str(held["ping"])) if held["ping"] else None,
            {str(what): str(since) for what, since in held["told"].items()},
            {
                str(what): {str(way): Untold(int(tries), datetime.fromisoformat(last)) for way, (tries, last) in ways.items()}
                for what, ways in held.get("untold", {}).items()
            },
            str(held["digest"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return LastKnown()


def _written(known: LastKnown) -> str:
    addresses = known.addresses
    held: dict[str, Any] = {
        "ways": {
            "operator": [url.reveal() for url in addresses.operator],
            "critical": [url.reveal() for url in addresses.critical],
            "syslog": addresses.syslog,
            "event_log": addresses.event_log,
        },
        "ping": known.ping.reveal() if known.ping else None,
        "told": known.told,
        "untold": {
            what: {way: [each.tries, each.last.isoformat()] for way, each in ways.items()} for what, ways in known.untold.items()
        },
        "digest": known.digest,
    }
    return json.dumps(held, indent=1)
