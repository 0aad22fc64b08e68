"""cron: one marked block of lines in the crontab of the account that runs the jobs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import datetime

from syncctl.clock import Clock, system_clock
from syncctl.errors import ConfigError
from syncctl.jobs import BY_NAME, ScheduledJob
from syncctl.schedulers.base import Answer, Change, Entry, Piece, Place, Tool, cron_times, next_start, run_tool

LONGEST_LINE = 990
"""Characters of a line that every cron takes."""
_BEGIN = "# >>> {title} >>> written by `syncctl schedule install`, which writes it anew: changes in here are lost"
_END = "# <<< {title} <<<"
_FOLDER = "# jobs of the folder "
_LINE = re.compile(r"schedule run (?P<job>[a-z-]+)(?: |$)")


class Cron:
    """The crontab of the account that this runs under."""

    name = "cron"

    def __init__(self, tool: Tool = run_tool, clock: Clock = system_clock) -> None:
        self._tool = tool
        self._clock = clock

    def pieces(self, place: Place, jobs: Sequence[ScheduledJob]) -> list[Piece]:
        """See `Scheduler.pieces`."""
        return [Piece("crontab", "".join(f"{line}\n" for line in block(place, jobs)))]

    def install(self, place: Place, jobs: Sequence[ScheduledJob], *, dry_run: bool) -> list[Change]:
        """See `Scheduler.install`. The lines of others stay as they are, byte by byte.

        Raises:
            ConfigError: crontab isn't there, or refuses the lines.
        """
        if place.account:
            raise ConfigError(
                "cron runs jobs as the account whose crontab it is: leave --account out, and install as that account."
            )
        before = self._read()
        first, last = _find(before, place)
        old = before[first:last]
        _require_same_folder(old, place)
        new = block(place, jobs)
        changes = _changes(old, new)
        if old != new and not dry_run:
            self._write(before[:first] + new + before[last:])
        return changes

    def remove(self, place: Place, *, dry_run: bool) -> list[Change]:
        """See `Scheduler.remove`."""
        before = self._read()
        first, last = _find(before, place)
        if first == last:
            return []
        if not dry_run:
            self._write(before[:first] + before[last:])
        return [Change(job, "removed") for job in _lines(before[first:last])]

    def ask(self, place: Place) -> dict[str, Entry]:
        """See `Scheduler.ask`: cron keeps no record of what it ran, and when it will run again follows from the lines."""
        lines = self._read()
        first, last = _find(lines, place)
        now = self._clock().astimezone()
        return {
            job: Entry(job, next_start=_next(line, now), problem=_problem(line))
            for job, line in _lines(lines[first:last]).items()
        }

    def _read(self) -> list[str]:
        answer = self._tool(["crontab", "-l"], "")
        if answer.code == 0:
            return _without_header(answer.out).splitlines()
        if "no crontab" in answer.said.lower():
            return []
        raise ConfigError(f"The crontab can't be read: {answer.said or f'exit code {answer.code}'}.")

    def _write(self, lines: Sequence[str]) -> None:
        answer: Answer = self._tool(["crontab", "-"], "".join(f"{line}\n" for line in lines))
        if answer.code != 0:
            raise ConfigError(f"The crontab was not changed: {answer.said or f'exit code {answer.code}'}.")


def block(place: Place, jobs: Sequence[ScheduledJob]) -> list[str]:
    """Return the marked lines of a place: each whole in itself, since a variable set here would hold for others' lines too.

    Raises:
        ConfigError: a path that no line of a crontab can hold.
    """
    lines = [_BEGIN.format(title=place.title), f"{_FOLDER}{place.folder}"]
    lines += [_line(place, job) for job in jobs]
    return [*lines, _END.format(title=place.title)]


def _line(place: Place, job: ScheduledJob) -> str:
    words = place.words(job, "--jitter", str(job.jitter))
    times = cron_times(job)
    if job.daily:  # cron knows no start that was missed: asked for each hour, the job itself tells whether it is due
        words.append("--due")
        times = f"{job.offset % 60} * * * *"
    command = f"cd {shlex.quote(place.folder)} && {shlex.join(words)}"
    if re.search(r"[\\\r\n]", command):
        raise ConfigError(f"cron can't run jobs from {place.folder!r}: its crons read a backslash or a line break differently.")
    line = f"{times} {command.replace('%', chr(92) + '%')}"
    if len(line) > LONGEST_LINE:
        raise ConfigError(
            f"The line of {job.name} is {len(line):,} characters long; cron takes {LONGEST_LINE}. Use shorter paths."
        )
    return line


def _find(lines: Sequence[str], place: Place) -> tuple[int, int]:
    """Return where the block of a place begins and ends; twice the end of the crontab where there is none.

    Raises:
        ConfigError: a block that begins and doesn't end: what is behind may be somebody else's.
    """
    begins = [number for number, line in enumerate(lines) if line.startswith(f"# >>> {place.title} >>>")]
    if not begins:
        return len(lines), len(lines)
    ends = [number for number, line in enumerate(lines) if line.strip() == _END.format(title=place.title)]
    if len(begins) != 1 or len(ends) != 1 or ends[0] < begins[0]:
        raise ConfigError(
            f"The marks of {place.title} in the crontab are damaged ('>>> {place.title} >>>' … '<<< {place.title} <<<', "
            "once each). Take its lines out with `crontab -e`, then install again."
        )
    return begins[0], ends[0] + 1


def _require_same_folder(old: Sequence[str], place: Place) -> None:
    folder = next((line.removeprefix(_FOLDER) for line in old if line.startswith(_FOLDER)), place.folder)
    if folder != place.folder:
        raise ConfigError(other_folder(place, folder))


def other_folder(place: Place, folder: str) -> str:
    """Say that entries of this name belong to another folder."""
    return (
        f"The jobs named {place.title} run in {folder}, not in {place.folder}, and stay so. Remove them there "
        "(`syncctl schedule remove`), or give this store a profile of its own (--profile NAME)."
    )


def _lines(lines: Sequence[str]) -> dict[str, str]:
    """Return the lines by the job that they run; one that a person put out of use with a # too."""
    found = ((_LINE.search(line), line) for line in lines[1:-1])
    return {match["job"]: line for match, line in found if match}


def _changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    before, after = _lines(old), _lines(new)
    changes = [
        Change(job, "added" if job not in before else "unchanged" if before[job] == line else "changed", line)
        for job, line in after.items()
    ]
    return changes + [Change(job, "removed") for job in before if job not in after]


def _problem(line: str) -> str:
    return "its line is out of use (#)" if line.lstrip().startswith("#") else ""


def _next(line: str, now: datetime) -> datetime | None:
    """Return when a line of ours comes next; None where a person has changed its times."""
    match = _LINE.search(line)
    job = BY_NAME.get(match["job"]) if match else None
    fields = line.split()[:5]
    if job is None or _problem(line):
        return None
    if job.daily:
        return next_start(job, now)
    step = fields[0].partition("/")[2] or (fields[1].partition("/")[2] and str(60 * int(fields[1].partition("/")[2])))
    first = fields[0].partition("-")[0]
    minutes = int(step) if step.isdigit() else 60 if first.isdigit() else 1
    offset = int(first) if first.isdigit() else 0
    return next_start(ScheduledJob(name=job.name, arguments=(), operation="", minutes=minutes, offset=offset, about=""), now)


def _without_header(text: str) -> str:
    """Return a crontab without the three lines that an old `crontab -l` puts before it, which would pile up."""
    lines = text.splitlines(keepends=True)
    if lines and lines[0].startswith("# DO NOT EDIT THIS FILE"):
        while (
            lines
            and lines[0].startswith("#")
            and ("DO NOT EDIT" in lines[0] or "installed on" in lines[0] or "version" in lines[0])
        ):
            del lines[0]
    return "".join(lines)
