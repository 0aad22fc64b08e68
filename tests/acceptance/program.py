"""The program as a person or a scheduler starts it: a process of its own, in a folder of its own."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from syncctl.cli.app import run_app
from syncctl.demo.store import SimulatedStore
from tests.clocks import PATIENCE

SLOW_IS_WELL = {f"SYNCCTL_HEALTH_DATABASE_{level}_MS": "600000" for level in ("WARNING", "CRITICAL")}
"""Settings for tests of health and alerts: how long the database took says something of the machine alone."""


@dataclass(frozen=True)
class Ended:
    """A run that is over."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout."""
        told: dict[str, Any] = json.loads(self.out)
        assert told["schema_version"] == 1
        assert told["exit_code"] == self.code
        return told


@dataclass
class Program:
    """Runs syncctl with settings that touch nothing outside `folder`."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    """How many seconds the last run within this process would have waited, wait by wait."""

    @property
    def database(self) -> str:
        """The database that is used where no setting says otherwise."""
        return f"sqlite:///{(self.folder / 'shop.db').as_posix()}"

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment without settings, and ours."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SYNCCTL_", "COLUMNS"))}
        ours = {
            "SYNCCTL_DATABASE": self.database,
            "SYNCCTL_LOG_DIR": str(self.folder / "logs"),
            "SYNCCTL_LOCK_DIR": str(self.folder / "locks"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "PATH": os.pathsep.join((str(self._schedulers()), os.environ.get("PATH", ""))),
            "PYTHONWARNINGS": "error",
        }
        return {**kept, **ours, **self.settings}

    def _schedulers(self) -> Path:
        """Make a crontab of the folder's own: nothing may be installed on the host that runs the tests."""
        programs = self.folder / "bin"
        if not programs.exists():
            programs.mkdir()
            crontab = programs / "crontab"
            kept = f"'{self.folder}/crontab'"
            missing = f'test -f {kept} || {{ echo "no crontab" >&2; exit 1; }}'
            crontab.write_text(f'#!/bin/sh\n[ "$1" = -l ] || exec cat > {kept}\n{missing}\ncat {kept}\n')
            for name in ("systemctl", "kubectl"):
                (programs / name).write_text("#!/bin/sh\necho not here >&2\nexit 1\n")
                (programs / name).chmod(0o755)
            crontab.chmod(0o755)
        return programs

    def connect_to(self, store: SimulatedStore) -> None:
        """Name a store in the settings."""
        self.settings.update(
            SYNCCTL_WOO_URL=store.url, SYNCCTL_WOO_CONSUMER_KEY=store.key, SYNCCTL_WOO_CONSUMER_SECRET=store.secret
        )

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Look into the database."""
        with self.connected() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextlib.contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Work on the database by hand; what was changed is kept."""
        with contextlib.closing(sqlite3.connect(self.folder / "shop.db")) as connection, connection:
            yield connection

    def start(self, *arguments: str, python: tuple[str, ...] = ("-m", "syncctl"), **how: Any) -> subprocess.Popen[str]:
        """Start the program and return at once."""
        return subprocess.Popen(
            [sys.executable, *python, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            **how,
        )

    def run(self, *arguments: str, python: tuple[str, ...] = ("-m", "syncctl")) -> Ended:
        """Run the program to its end, in a process of its own."""
        with self.start(*arguments, python=python) as process:
            out, err = process.communicate(timeout=2 * PATIENCE)
        return Ended(process.returncode, out, err)

    def __call__(self, *arguments: str) -> Ended:
        """Run a command to its end as the program does, but within this process, and without the waits between its tries."""
        self.waited.clear()
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
        with (
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch("sys.stdin", io.StringIO()),
            mock.patch("syncctl.services.schedule.available", lambda: ["cron"]),
            mock.patch("syncctl.stop.Stop.sleep", lambda _stop, seconds: self._wait(seconds)),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run_app(arguments)
        texts = []
        for stream in (out, err):
            stream.flush()
            stream.seek(0)
            texts.append(stream.read())
        return Ended(code, *texts)

    def _wait(self, seconds: float) -> None:
        """Stand in for a run's sleeper. A moment does go by: some wait until it is time, as often as it takes."""
        self.waited.append(seconds)
        time.sleep(min(seconds, 0.01))
