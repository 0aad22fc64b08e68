"""The jobs of a folder: installed, seen, run and removed by the program itself, on a crontab of the test's own."""

from __future__ import annotations

import os

import pytest

from syncctl.demo.store import SimulatedStore
from syncctl.jobs import JOBS
from tests.acceptance.program import Program
from tests.acceptance.test_several_stores import write

pytestmark = pytest.mark.skipif(
    os.name == "nt",
    reason="NOT tested on Windows, because these tests install into cron; the Task Scheduler has tests of its own",
)
OF_A_STORE = [job.name for job in JOBS if not job.once]


def crontab(syncctl: Program) -> str:
    path = syncctl.folder / "crontab"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_jobs_are_installed_once_run_are_seen_and_are_removed(syncctl: Program, store: SimulatedStore):
    assert syncctl("schedule", "install").code == 0
    installed = crontab(syncctl)
    assert installed.count(" schedule run ") == len(JOBS)
    assert syncctl("schedule", "install", "--json").json["counts"] == {
        "added": 0,
        "changed": 0,
        "removed": 0,
        "unchanged": len(JOBS),
    }
    assert syncctl("schedule", "status").code == 0
    ran = syncctl("schedule", "run", "stage", "--jitter", "5")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert syncctl.query("SELECT OPERATION_TYPE, EXIT_CODE FROM USER_SYNC_LOG") == [("stage", 0)]
    [stage, *_] = syncctl("schedule", "status", "--json").json["items"]
    assert stage["last_success"]
    assert syncctl("schedule", "remove").code == 2, "nobody was asked"
    assert crontab(syncctl) == installed
    assert syncctl("schedule", "remove", "--yes").code == 0
    assert crontab(syncctl) == ""
    assert syncctl("schedule", "status").code == 1


def test_a_job_whose_settings_are_wrong_runs_and_says_so_once(syncctl: Program):
    syncctl.settings["SYNCCTL_LEASE_SECONDS"] = "soon"
    first, second = (syncctl("schedule", "run", "process") for _ in range(2))
    assert (first.code, second.code) == (78, 78)
    assert "SYNCCTL_LEASE_SECONDS" in first.out
    assert (second.out, second.err) == ("", "")


def test_every_store_of_a_folder_gets_its_jobs_and_the_database_its_own_once(syncctl: Program):
    for name in ("main", "uk"):
        write(
            syncctl,
            f".env.{name}",
            store_id=name,
            woo_url=f"https://{name}.example",
            woo_consumer_key="ck",
            woo_consumer_secret="cs",
        )
    assert syncctl("schedule", "install").code == 0
    lines = [line for line in crontab(syncctl).splitlines() if not line.startswith("#")]
    assert len(lines) == 2 * len(OF_A_STORE) + len(JOBS) - len(OF_A_STORE)
    assert all(f"--profile {name} schedule run stage" in crontab(syncctl) for name in ("main", "uk"))
    assert syncctl("schedule", "remove", "--profile", "UK", "--yes").code == 0
    assert "--profile uk" not in crontab(syncctl)
    assert "--profile main" in crontab(syncctl)
    assert syncctl("schedule", "install", "--json").json["counts"]["added"] == len(OF_A_STORE)
    # What ran for one store did not run for the other.
    assert syncctl("db", "seed", "--empty").code == 0
    assert syncctl("process", "--profile", "main").code == 0
    seen = syncctl("schedule", "status", "--json").json["items"]
    assert {each["profile"]: bool(each["last_start"]) for each in seen if each["job"] == "process"} == {"main": True, "uk": False}
    write(
        syncctl,
        ".env.uk",
        store_id="uk",
        woo_url="https://uk.example",
        woo_consumer_key="ck",
        woo_consumer_secret="cs",
        job_intervals="process=10",
    )
    [job] = syncctl("health", "--profile", "main", "--check", "job-process", "--json").json["items"]
    assert job["message"] == "store uk: has never run"


def test_a_folder_without_settings_is_asked_about(syncctl: Program):
    for given, said in ((False, True), (True, False)):
        if given:
            (syncctl.folder / ".env").write_text("SYNCCTL_STORE_ID=shop\n")
        ended = syncctl("schedule", "install", "--scheduler", "cron", "--dry-run")
        assert ("There is no settings file" in ended.err) is said, ended
