"""Commands run to their ends as a scheduler runs them, some killed hard on the way: for `chaos.py` and `store_day.py`."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from syncctl.db.contract import Database
from syncctl.errors import SyncError

UNAVAILABLE = 69
MOST_MEMORY = 150
"""Megabytes of a whole process, the interpreter included."""
BAD_WORDS = re.compile(r"Traceback|Unexpected")
KILLED = ("stage", "process", "retry-failed", "pod-fetch", "pod-retry")
"""Commands that may be killed."""


@dataclass
class Ended:
    """One run of a command that is over."""

    name: str
    code: int
    text: str
    killed: bool
    memory: float
    """Megabytes at its peak, as far as it was seen; 0 where the system doesn't tell."""
    down: bool = False
    """Whether the store was down for a part of the run."""

    @property
    def right(self) -> bool:
        """Whether it ended as a run may."""
        return self.killed or self.code in (0, 1) or (self.code == UNAVAILABLE and self.down)


@dataclass
class Runner:
    """Runs commands in a folder, and kills some."""

    folder: Path
    environment: Callable[[], Mapping[str, str]]
    chance: random.Random
    kills_left: int
    limit_minutes: float
    """A command that takes so long is given up on."""
    ended: list[Ended] = field(default_factory=list)
    _expected: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: 2.0))
    """Seconds that a command took when it last ran, by its name: a kill has to come before."""

    def run(
        self, *commands: tuple[str, ...], meanwhile: Callable[[float], None] = lambda _: None, down: bool = False
    ) -> list[Ended]:
        """Run commands side by side to their ends, or until one is killed; `meanwhile` is told the seconds so far.

        Raises:
            SyncError: one went on and on.
        """
        began = time.monotonic()
        running = [_Running(self, command, self._kill_time(command[0])) for command in commands]
        try:
            while [process for process in running if process.goes_on(self)]:
                meanwhile(time.monotonic() - began)
                if time.monotonic() - began > 60 * self.limit_minutes:
                    raise SyncError(f"{commands} went on for more than {self.limit_minutes} minutes.")
                time.sleep(0.02)
        finally:
            for process in running:
                process.end()
        over = [process.over() for process in running]
        for process, run in zip(running, over, strict=True):
            run.down = down
            if not run.killed:
                self._expected[run.name] = process.seconds
        self.ended += over
        return over

    def _kill_time(self, name: str) -> float | None:
        """Seconds until the command is killed, for some of them, and as long as there are kills left."""
        if name not in KILLED or self.kills_left <= 0:
            return None
        # Before it is begun there is nothing to break; after the time that it takes as a rule it may be over.
        return self.chance.uniform(0.2, 0.9) * self._expected[name] if self.chance.random() < 0.5 else None

    def findings(self) -> dict[str, list[str]]:
        """Look at how the commands ended, at what they said, and at how much memory they took."""
        logs = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in (self.folder / "logs").glob("*")}
        said = [(run.name, run.text) for run in self.ended] + list(logs.items())
        return {
            "every run ended with 0 or 1, or 69 while the store was down": [
                f"{run.name}: exit code {run.code}{' while the store was down' if run.down else ''}: {run.text[-600:]}"
                for run in self.ended
                if not run.right
            ],
            "as many were killed as asked for": [f"{self.kills_left} were not"] if self.kills_left > 0 else [],
            "no traceback, nothing unexpected": [
                f"{name}: …{text[max(0, found.start() - 200) : found.end() + 700]}"
                for name, text in said
                if (found := BAD_WORDS.search(text))
            ],
            f"less than {MOST_MEMORY} MB each": [
                f"{run.name}: {run.memory:.0f} MB" for run in self.ended if run.memory >= MOST_MEMORY
            ],
        }

    def told(self, since: int = 0) -> str:
        """Return how the runs from that one on ended, in a line."""
        return ", ".join(f"{run.name} {'killed' if run.killed else run.code}" for run in self.ended[since:])

    def print_commands(self) -> None:
        """Print how often each command ran, how it ended, and the most memory that it took."""
        for name in dict.fromkeys(run.name for run in self.ended):
            runs = [run for run in self.ended if run.name == name]
            codes = Counter("killed" if run.killed else f"exit {run.code}" for run in runs)
            peak = max(run.memory for run in runs)
            said = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))
            print(f"  {name:<12}  {len(runs):>3} runs: {said}" + (f", at most {peak:.0f} MB" if peak else ""))


class _Running:
    """A command under way."""

    def __init__(self, runner: Runner, arguments: tuple[str, ...], kill_after: float | None) -> None:
        self.name = arguments[0]
        self.kill_after = kill_after
        self.killed = False
        self.memory = 0.0
        self.seconds = 0.0
        self._began = time.monotonic()
        self._told = (runner.folder / f"told-{uuid.uuid4().hex}.txt").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "syncctl", *arguments],
            cwd=runner.folder,
            env=runner.environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._told,
            stderr=self._told,
        )

    def goes_on(self, runner: Runner) -> bool:
        """Look at it, and kill it where its time has come; False once it is over."""
        self.memory = max(self.memory, _peak(self._process.pid))
        if self._process.poll() is not None:
            self.seconds = self.seconds or time.monotonic() - self._began
            return False
        due = self.kill_after is not None and time.monotonic() - self._began > self.kill_after
        if due and not self.killed and runner.kills_left > 0:
            self._process.kill()
            self.killed = True
            runner.kills_left -= 1
        return True

    def end(self) -> None:
        """Make sure that it is over."""
        self._process.kill()
        self._process.wait()

    def over(self) -> Ended:
        """Say how it ended."""
        self._told.seek(0)
        text = self._told.read().decode("utf-8", "replace")
        self._told.close()
        Path(self._told.name).unlink()
        return Ended(self.name, self._process.returncode, text, self.killed, self.memory)


def _peak(process_id: int) -> float:
    """The most memory that a process has had so far, in megabytes; 0 where the system doesn't tell, or no longer."""
    try:
        told = Path(f"/proc/{process_id}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s*(\d+)", told)
    return int(found[1]) / 1024 if found else 0.0


def let_time_pass(opened: closing[Any], *, others: Iterable[str] = ()) -> None:
    """Let the leases of killed workers end: no worker is at work now. `others` are further statements with a past moment."""
    with opened as database:
        for sql in (
            "UPDATE dbo.USER_ORDER_STAGING SET LEASE_UNTIL_DT = ? WHERE STATE = 'CLAIMED'",
            "UPDATE dbo.USER_STORE_OUTBOX SET LEASE_UNTIL_DT = ? WHERE STATE = 'CLAIMED'",
            *others,
        ):
            database.query(sql, ("2026-01-01 00:00:00.000",))


def rows_of(database: Database, sql: str, *parameters: object) -> list[Any]:
    """Look into the database."""
    rows: list[Any] = database.query(sql, parameters)  # type: ignore[attr-defined]
    return rows


def print_findings(broken: Mapping[str, list[str]], *, most: int = 8, unchecked: Mapping[str, str] | None = None) -> int:
    """Print each promise and what breaks it, or why it was not looked at; return the exit code."""
    for name, findings in broken.items():
        why = (unchecked or {}).get(name)
        if why is not None and not findings:
            print(f"  not checked  {name}: {why}")
            continue
        print(f"  {'BROKEN' if findings else 'kept  '}  {name}")
        for finding in findings[:most]:
            print(f"          {finding[:1000]}")
        if len(findings) > most:
            print(f"          … and {len(findings) - most} more")
    return 1 if any(broken.values()) else 0
