"""Worker processes for `load_test.py`: started as a scheduler would, some killed hard, and what they left taken up by others."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.runs import let_time_pass, rows_of
from syncctl.db.connect import open_database
from syncctl.db.contract import Database
from syncctl.errors import SyncError

ROOT = Path(__file__).resolve().parent.parent
MOST_TURNS = 20
"""So many times what was left is taken up; then something is wrong."""


@dataclass(kw_only=True)
class Load:
    """What one run is about. `store_id` keeps it apart from everything else in the database."""

    orders: int
    processes: int
    faults: float
    """The share of requests to the store that go wrong."""
    url: str
    erp: str
    folder: Path
    seed: int
    kills: int
    kill_every: float
    lease_seconds: int
    limit_minutes: float
    store: Mapping[str, str] = field(default_factory=dict)
    """The settings by which the store is reached."""
    store_id: str = field(default_factory=lambda: f"load-{uuid.uuid4().hex[:8]}")
    killed: int = 0
    exits: Counter[int] = field(default_factory=Counter)
    """How the workers ended that nobody killed."""
    polls: Counter[int] = field(default_factory=Counter)
    """How the polls ended."""
    turns: int = 0
    """How often what was left was taken up."""


def work(load: Load) -> None:
    """Run the workers until each has found nothing more to do; with `kills`, hit one now and then and replace it."""
    chance = random.Random(load.seed)  # noqa: S311 - no secrets
    until = time.monotonic() + load.limit_minutes * 60
    with _workers(load) as workers, closing(open_database(load.url)) as database:
        next_kill = time.monotonic() + chance.uniform(0.5, 1.5) * load.kill_every
        while workers:
            time.sleep(0.05)
            if time.monotonic() > until:
                raise SyncError(f"{len(workers)} workers were still at it after {load.limit_minutes:g} minutes.")
            for worker in [worker for worker in workers if worker.poll() is not None]:
                workers.remove(worker)
                load.exits[worker.returncode] += 1
            if load.killed >= load.kills or time.monotonic() < next_kill:
                continue
            next_kill = time.monotonic() + chance.uniform(0.5, 1.5) * load.kill_every
            busy = _at_work(database)
            if victims := [worker for worker in workers if worker.pid in busy]:
                victim = chance.choice(victims)
                victim.kill()
                victim.wait()
                workers.remove(victim)
                load.killed += 1
                workers.append(start(load, "process", "--parallel"))


def poll(load: Load) -> None:
    """Poll until every order is staged, as one poll after the other does where the store misbehaves.

    Raises:
        SyncError: some never were.
    """
    for _ in range(MOST_TURNS):
        load.polls[_run(load, "stage")] += 1
        with closing(open_database(load.url)) as database:
            sql = "SELECT STATE, COUNT(*) AS ORDERS FROM dbo.USER_ORDER_STAGING WHERE STORE_ID = ? GROUP BY STATE"
            states = {row["STATE"]: row["ORDERS"] for row in rows_of(database, sql, load.store_id)}
        if states == {"PENDING": load.orders}:
            return
    raise SyncError(f"Staging went wrong: {states}; {told(load)}")


def take_up(load: Load) -> None:
    """Let the scheduler's next runs take up what is left: leases and pauses are over as if time had passed."""
    while load.turns < MOST_TURNS and _left(load):
        load.turns += 1
        let_time_pass(closing(open_database(load.url)))
        for command in (("process", "--parallel"), ("retry-failed", "--all")):
            load.exits[_run(load, *command)] += 1


def told(load: Load) -> str:
    """Return the last that the workers said."""
    return " | ".join((load.folder / "workers.txt").read_text("utf-8", "replace").splitlines()[-4:])


def start(load: Load, *command: str) -> subprocess.Popen[bytes]:
    """Start a command as a scheduler would, with settings of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
    ours = {
        "SYNCCTL_DATABASE": load.url,
        "SYNCCTL_STORE_ID": load.store_id,
        "SYNCCTL_UNKNOWN_CUSTOMER": "create",
        "SYNCCTL_LEASE_SECONDS": str(load.lease_seconds),
        "SYNCCTL_LOG_DIR": str(load.folder / "logs"),
        "SYNCCTL_LOCK_DIR": str(load.folder / "locks"),
        "PYTHONPATH": str(ROOT),
    }
    with (load.folder / "workers.txt").open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "syncctl", *command, "--quiet"],
            cwd=load.folder,
            env={**kept, **ours, **load.store},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )


def _run(load: Load, *command: str) -> int:
    process = start(load, *command)
    try:
        return process.wait(timeout=load.limit_minutes * 60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise SyncError(f"{' '.join(command)} went on for more than {load.limit_minutes:g} minutes.") from None


def _left(load: Load) -> bool:
    """True where an order, or a message to the store, waits."""
    with closing(open_database(load.url)) as database:
        return any(
            rows_of(database, sql, load.store_id)[0]["LEFT_OVER"]
            for sql in (
                "SELECT COUNT(*) AS LEFT_OVER FROM dbo.USER_ORDER_STAGING "
                "WHERE STORE_ID = ? AND STATE IN ('PENDING', 'CLAIMED', 'FAILED')",
                "SELECT COUNT(*) AS LEFT_OVER FROM dbo.USER_STORE_OUTBOX WHERE STORE_ID = ? AND STATE IN ('PENDING', 'CLAIMED')",
            )
        )


def _at_work(database: Database) -> set[int]:
    """Return the processes that have begun and not ended: nothing is proven by killing one that is still starting."""
    runs = rows_of(database, "SELECT PROCESS_ID FROM dbo.USER_SYNC_LOG WHERE OPERATION_TYPE = 'process' AND END_TIME IS NULL")
    return {row["PROCESS_ID"] for row in runs}


@contextmanager
def _workers(load: Load) -> Iterator[list[subprocess.Popen[bytes]]]:
    workers = [start(load, "process", "--parallel") for _ in range(load.processes)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
