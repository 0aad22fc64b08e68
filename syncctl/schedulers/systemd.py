"""systemd: a service and a timer for each job, the account's own or, installed by root, the system's."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from syncctl.atomic_file import write_whole
from syncctl.errors import EXIT_ALREADY_RUNNING, ConfigError
from syncctl.jobs import HOUR, ScheduledJob
from syncctl.schedulers.base import Action, Change, Entry, Piece, Place, Tool, run_tool
from syncctl.schedulers.cron import other_folder

SYSTEM_FOLDER = Path("/etc/systemd/system")
_MARK = "# Written by `syncctl schedule install`, which writes it anew: changes in here are lost"
_FOLDER = "# jobs of the folder "


class Systemd:
    """Timers of systemd."""

    name = "systemd"

    def __init__(self, tool: Tool = run_tool, folder: Path | None = None, *, system: bool | None = None) -> None:
        self._tool = tool
        self._system = getattr(os, "geteuid", lambda: 1)() == 0 if system is None else system
        self._folder = folder or (SYSTEM_FOLDER if self._system else _user_folder())

    def pieces(self, place: Place, jobs: Sequence[ScheduledJob]) -> list[Piece]:
        """See `Scheduler.pieces`."""
        made = []
        for job in jobs:
            made.append(Piece(f"{_unit(place, job.name)}.service", self._service(place, job)))
            made.append(Piece(f"{_unit(place, job.name)}.timer", self._timer(place, job)))
        return made

    def install(self, place: Place, jobs: Sequence[ScheduledJob], *, dry_run: bool) -> list[Change]:
        """See `Scheduler.install`.

        Raises:
            ConfigError: systemd isn't there or refuses, the files can't be written, or they are another folder's.
        """
        if place.account and not self._system:
            raise ConfigError("--account needs root: without it the jobs run as the account that installs them.")
        installed = self._installed(place)
        for job in installed:
            self._require_ours(place, job)
        changes = [self._one(place, job, installed, dry_run=dry_run) for job in jobs]
        gone = sorted(installed - {job.name for job in jobs})
        changes += self._take_away(place, gone, dry_run=dry_run)
        if dry_run:
            return changes
        if any(change.action != "unchanged" for change in changes):
            self._ask_for("daemon-reload")
        timers = [f"{_unit(place, job.name)}.timer" for job in jobs]
        if timers:
            self._ask_for("enable", *timers)
            restart = [f"{_unit(place, change.job)}.timer" for change in changes if change.action in ("added", "changed")]
            self._ask_for("start", *timers)
            if restart:
                self._ask_for("restart", *restart)
        return changes

    def remove(self, place: Place, *, dry_run: bool) -> list[Change]:
        """See `Scheduler.remove`."""
        changes = self._take_away(place, sorted(self._installed(place)), dry_run=dry_run)
        if changes and not dry_run:
            self._ask_for("daemon-reload")
        return changes

    def ask(self, place: Place) -> dict[str, Entry]:
        """See `Scheduler.ask`."""
        return {job: self._entry(place, job) for job in sorted(self._installed(place))}

    def _one(self, place: Place, job: ScheduledJob, installed: set[str], *, dry_run: bool) -> Change:
        action: Action = "unchanged" if job.name in installed else "added"
        for piece in self.pieces(place, [job]):
            path = self._folder / piece.name
            if _read(path) == piece.text:
                continue
            if action == "unchanged":
                action = "changed"
            if not dry_run:
                _write(path, piece.text)
        return Change(job.name, action, str(self._folder / f"{_unit(place, job.name)}.timer"))

    def _take_away(self, place: Place, jobs: Sequence[str], *, dry_run: bool) -> list[Change]:
        if jobs and not dry_run:
            self._ask_for("disable", "--now", *(f"{_unit(place, job)}.timer" for job in jobs))
            for job in jobs:
                for kind in ("timer", "service"):
                    (self._folder / f"{_unit(place, job)}.{kind}").unlink(missing_ok=True)
        return [Change(job, "removed") for job in jobs]

    def _installed(self, place: Place) -> set[str]:
        """Return the jobs that have a unit with our mark. The dot behind the title keeps one profile's from another's."""
        try:
            found = [*self._folder.glob(f"{place.title}.*.timer"), *self._folder.glob(f"{place.title}.*.service")]
        except OSError:
            return set()
        return {path.stem.removeprefix(f"{place.title}.") for path in found if _read(path).startswith(_MARK)}

    def _require_ours(self, place: Place, job: str) -> None:
        for line in _read(self._folder / f"{_unit(place, job)}.service").splitlines():
            if line.startswith(_FOLDER) and line.removeprefix(_FOLDER) != place.folder:
                raise ConfigError(other_folder(place, line.removeprefix(_FOLDER)))

    def _entry(self, place: Place, job: str) -> Entry:
        timer = self._show(
            f"{_unit(place, job)}.timer", "ActiveState", "UnitFileState", "NextElapseUSecRealtime", "LastTriggerUSec"
        )
        service = self._show(f"{_unit(place, job)}.service", "ActiveState", "ExecMainStatus", "ExecMainStartTimestamp", "Result")
        problem = ""
        if timer.get("ActiveState") != "active":
            problem = "its timer is not started"
        elif timer.get("UnitFileState") not in ("enabled", "enabled-runtime"):
            problem = "its timer does not start with the host"
        ran = service.get("ExecMainStartTimestamp", "") != ""
        return Entry(
            job,
            last_start=_moment(service.get("ExecMainStartTimestamp", "")) or _moment(timer.get("LastTriggerUSec", "")),
            next_start=_moment(timer.get("NextElapseUSecRealtime", "")),
            last_result=int(service["ExecMainStatus"]) if ran and service.get("ExecMainStatus", "").isdigit() else None,
            running=service.get("ActiveState") == "activating",
            problem=problem or ("the last run was ended at its time limit" if service.get("Result") == "timeout" else ""),
        )

    def _show(self, unit: str, *properties: str) -> dict[str, str]:
        wanted = f"--property={','.join(properties)}"
        try:
            text = self._ask_for("show", unit, "--timestamp=unix", wanted)
        except ConfigError as error:
            if "timestamp" not in str(error):
                raise
            text = self._ask_for("show", unit, wanted)  # before 247: its times can't be read
        return dict(line.partition("=")[::2] for line in text.splitlines())

    def _ask_for(self, *words: str) -> str:
        command = ["systemctl", *([] if self._system else ["--user"]), *words]
        answer = self._tool(command, "")
        if answer.code != 0:
            hint = (
                "" if self._system else " Without a session of its own an account needs `loginctl enable-linger`, once, by root."
            )
            raise ConfigError(f"`{' '.join(command[:4])}` failed: {answer.said or f'exit code {answer.code}'}.{hint}")
        return answer.out

    def _service(self, place: Place, job: ScheduledJob) -> str:
        if re.search(r"[\r\n]", "".join((place.folder, place.python, *place.options))):
            raise ConfigError(f"systemd can't run jobs from {place.folder!r}: a line break is no part of a path there.")
        account = f"User={place.account}\n" if place.account and self._system else ""
        return (
            f"{_MARK}\n{_FOLDER}{place.folder}\n"
            f"[Unit]\nDescription=syncctl: {job.about}\nWants=network-online.target\nAfter=network-online.target\n\n"
            f"[Service]\nType=oneshot\n{account}WorkingDirectory={place.folder.replace('%', '%%')}\n"
            f"ExecStart={' '.join(quoted(word) for word in place.words(job))}\n"
            # One that finds the same job at work has nothing to do.
            f"SuccessExitStatus={EXIT_ALREADY_RUNNING}\n"
            # The job ends itself at its limit; this is for one that can't.
            f"TimeoutStartSec={job.limit + 5}min\nTimeoutStopSec=90\nKillMode=mixed\nUMask=0077\nNoNewPrivileges=yes\n"
        )

    def _timer(self, place: Place, job: ScheduledJob) -> str:
        return (
            f"{_MARK}\n{_FOLDER}{place.folder}\n"
            f"[Unit]\nDescription=syncctl: {job.about}\n\n"
            f"[Timer]\nOnCalendar={calendar(job)}\n"
            # A start that was missed while the host was off is made good.
            f"Persistent=true\nRandomizedDelaySec={job.jitter}\nAccuracySec=1\n\n"
            "[Install]\nWantedBy=timers.target\n"
        )


def calendar(job: ScheduledJob) -> str:
    """Return a job's times as OnCalendar has them."""
    if job.daily:
        return f"*-*-* {job.offset // HOUR:02}:{job.offset % HOUR:02}:00"
    if job.minutes >= HOUR:
        hours = job.minutes // HOUR
        return f"*-*-* {'*' if hours == 1 else f'0/{hours}'}:{job.offset % HOUR:02}:00"
    return f"*-*-* *:{job.offset % job.minutes:02}/{job.minutes}:00"


def quoted(word: str) -> str:
    """Return a word as ExecStart reads it back: blanks, quotes, backslashes, dollars and percent signs stand for themselves."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$").replace("%", "%%")
    return escaped if re.fullmatch(r"[A-Za-z0-9_./:=@+-]+", word) else f'"{escaped}"'


def _unit(place: Place, job: str) -> str:
    return f"{place.title}.{job}"


def _user_folder() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "systemd" / "user"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} can't be read: {error}.") from error


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {error.strerror or error}.") from error


def _moment(text: str) -> datetime | None:
    """Read `@1764153600`; nothing where it never was."""
    seconds = text.removeprefix("@")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() and int(seconds) else None
