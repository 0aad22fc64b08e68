"""Workers of `pod-fetch` killed hard: no document is lost, and no call to a carrier is made that isn't on record."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import AddClaim, Database, ListPods
from syncctl.demo.carriers import SimulatedCarriers, pdf
from tests.clocks import MovableClock
from tests.crash import pod_worker
from tests.crash.hosts import eventually
from tests.crash.worker import KILLED
from tests.crash.workers import Worker

ROOT = Path(__file__).resolve().parents[2]
NEVER = "before:never:1"
NOT_ALL = "stuck:http:6"
"""So many calls are more than it gets to before it is killed; and it isn't through however late that is."""


class Site:
    """Claims, simulated carriers, and workers that can be killed."""

    def __init__(self, database: Database, query: Callable[..., list[Any]], url: str, clock: MovableClock, folder: Path) -> None:
        self.database, self.query, self.url, self.clock, self.folder = database, query, url, clock, folder
        self.run_number = 0
        self.store = "folder"

    def add(self, count: int) -> None:
        for number in range(count):
            self.database.run(AddClaim(claim_reference=f"CLM-{number}", carrier="acme", tracking_number=f"T{number}"))

    def worker(self, kill: str = NEVER) -> Worker:
        self.run_number += 1
        given = {
            "url": self.url,
            "folder": str(self.folder),
            "store": self.store,
            "now": self.clock().isoformat(),
            "run_id": f"run-{self.run_number}",
            "kill": kill,
        }
        return Worker(pod_worker.main, given)

    def next_run(self) -> None:
        """What the scheduler runs after the leases are over."""
        self.clock.move(timedelta(seconds=601))
        assert self.worker().wait() == 0

    def statuses(self) -> set[str]:
        return {claim.pod_fetch_status for claim in self.database.run(ListPods())}

    def recorded(self) -> int:
        return len(self.query("SELECT CALL_ID FROM dbo.USER_CARRIER_CALL"))

    def wait_for(self, workers: int) -> None:
        """Wait until so many workers, in all, have called a carrier."""
        eventually(lambda: len(self.query("SELECT DISTINCT WORKER_ID FROM dbo.USER_CARRIER_CALL")) == workers)

    def documents(self) -> list[bytes]:
        return [path.read_bytes() for path in (self.folder / "pods").rglob("*.pdf")]


@pytest.fixture
def carriers(tmp_path: Path) -> Iterator[SimulatedCarriers]:
    with SimulatedCarriers() as carriers:
        carriers.describe(tmp_path / "carriers", "acme", limits={"per_day": 1000})
        yield carriers


@pytest.fixture
def site(
    database: Database,
    query: Callable[..., list[Any]],
    url: str,
    clock: MovableClock,
    tmp_path: Path,
    carriers: SimulatedCarriers,
) -> Site:
    return Site(database, query, url, clock, tmp_path)


@pytest.mark.parametrize(
    ("kill", "asked"),
    [
        ("after:sp_ClaimPods:1", 1),
        ("before:http:1", 1),
        ("after:http:1", 2),
        ("before:keep:1", 2),
        ("after:keep:1", 1),
        ("after:sp_FinishCarrierCalls:1", 1),
        ("before:sp_RecordPodSuccess:1", 1),
        ("after:sp_RecordPodSuccess:1", 1),
    ],
)
def test_a_worker_killed_at_any_step_loses_no_document_and_makes_no_call_off_the_record(
    site: Site, carriers: SimulatedCarriers, kill: str, asked: int
):
    site.add(1)
    assert site.worker(kill).wait() == KILLED
    assert site.recorded() >= carriers.simulation.asked("acme")
    site.next_run()
    assert site.statuses() == {"success"}
    assert site.documents() == [pdf("T0")]
    assert carriers.simulation.asked("acme") == asked
    # Killed between the reservation and the call: the reservation counts, the call was never made.
    assert site.recorded() == asked + (1 if kill == "before:http:1" else 0)


def test_a_document_kept_in_the_database_is_found_too(site: Site, carriers: SimulatedCarriers):
    site.store = "database"
    site.add(1)
    assert site.worker("before:sp_RecordPodSuccess:1").wait() == KILLED
    site.next_run()
    assert site.statuses() == {"success"}
    assert carriers.simulation.asked("acme") == site.recorded() == 1


def test_workers_killed_at_random_lose_nothing(site: Site, carriers: SimulatedCarriers):
    carriers.simulation.slow = 0.05
    site.add(40)
    chance = random.Random(4711)
    for turn in range(1, 4):
        workers = [site.worker(NOT_ALL) for _ in range(2)]
        site.wait_for(2 * turn)
        time.sleep(chance.uniform(0.0, 0.3))
        for worker in workers:
            worker.kill()
        assert 0 not in [worker.wait() for worker in workers]
        site.clock.move(timedelta(seconds=601))
    carriers.simulation.slow = 0.0
    site.next_run()
    assert site.statuses() == {"success"}
    assert sorted(site.documents()) == sorted(pdf(f"T{number}") for number in range(40))
    assert site.recorded() >= carriers.simulation.asked("acme") >= 40


def test_two_commands_on_two_hosts_never_make_one_call_more_than_the_days_hundred(
    site: Site, carriers: SimulatedCarriers, tmp_path: Path
):
    # A zone where it is about noon, so that the carrier's day doesn't end in the middle of this test.
    hours = datetime.now(UTC).hour - 12
    zone = f"Etc/GMT{hours:+d}" if hours else "UTC"
    carriers.describe(tmp_path / "carriers", "acme", limits={"per_day": 100, "zone": zone})
    site.add(130)
    runs = []
    for host in ("one", "two"):
        environment = {
            **os.environ,
            "SYNCCTL_DATABASE": site.url,
            "SYNCCTL_POD_DIR": str(tmp_path / "pods"),
            "SYNCCTL_POD_CARRIER_DIR": str(tmp_path / "carriers"),
            "SYNCCTL_LOG_DIR": str(tmp_path / host / "logs"),
            "SYNCCTL_LOCK_DIR": str(tmp_path / host / "locks"),
        }
        command = [sys.executable, "-m", "syncctl", "pod-fetch", "--batch-size", "200", "--json"]
        runs.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE))
    reports = [json.loads(run.communicate(timeout=240)[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sum(report["counts"]["success"] for report in reports) == 100
    assert carriers.simulation.asked("acme") == site.recorded() == len(site.documents()) == 100
    waiting = [claim for claim in site.database.run(ListPods()) if claim.pod_fetch_status == "pending"]
    assert len(waiting) == 30 and all(claim.pod_retry_count == 0 for claim in waiting)
