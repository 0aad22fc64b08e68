"""Installing jobs, a second time, over those of an earlier version, beside others' entries; and taking them away again."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncctl.errors import ConfigError, UsageError
from syncctl.jobs import BY_NAME, JOBS
from syncctl.schedulers.base import Answer, Entry, Place
from syncctl.schedulers.cron import Cron
from syncctl.schedulers.kubernetes import Kubernetes
from syncctl.schedulers.record import JobRecord, write
from syncctl.schedulers.systemd import Systemd
from syncctl.schedulers.task_scheduler import SOURCE, TaskScheduler
from syncctl.services.schedule import entry_problems, install, planned, status

PLACE = Place("/srv/shop", "/usr/bin/python3")
OTHER = replace(PLACE, profile="shop2")
WINDOWS = Place(r"C:\shop", r"C:\py\python.exe", me=r"HOST\ada")
NOW = datetime(2026, 11, 26, 11, 0, tzinfo=UTC)
OTHERS = 'MAILTO=ada@example.org\n\n# a line of somebody else\'s\n5 4 * * * backup "100\\%"\n'


class Crontab:
    """What `crontab` does with the crontab of one account."""

    def __init__(self, text: str | None = None) -> None:
        self.text = text
        self.writes = 0

    def __call__(self, command: Sequence[str], given: str) -> Answer:
        if list(command) == ["crontab", "-l"]:
            return Answer(1, "", "no crontab for ada\n") if self.text is None else Answer(0, self.text, "")
        assert list(command) == ["crontab", "-"]
        self.text, self.writes = given, self.writes + 1
        return Answer(0, "", "")


class Systemctl:
    """What `systemctl` notes of units: which are enabled."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, command: Sequence[str], given: str) -> Answer:
        self.calls.append(list(command[1:]))
        return Answer(0, "", "")


class Cluster:
    """The CronJobs of a namespace, as kubectl gives and takes them."""

    def __init__(self) -> None:
        self.items: dict[str, Any] = {}
        self.applied = 0

    def __call__(self, command: Sequence[str], given: str) -> Answer:
        if command[1] == "apply":
            made = json.loads(given)
            made["metadata"].setdefault("annotations", {})["kubectl.kubernetes.io/last-applied-configuration"] = given
            made["spec"]["suspend"] = False  # a default of the cluster's
            self.items[made["metadata"]["name"]] = made
            self.applied += 1
            return Answer(0, "", "")
        wanted = dict(pair.split("=") for pair in command[4].split(","))
        found = {name: item for name, item in self.items.items() if wanted.items() <= item["metadata"]["labels"].items()}
        if command[1] == "delete":
            self.items = {name: item for name, item in self.items.items() if name not in found}
            return Answer(0, "", "")
        return Answer(0, json.dumps({"items": list(found.values())}), "")


class Windows:
    """What our script for PowerShell does with the tasks of a host."""

    def __init__(self) -> None:
        self.tasks: dict[tuple[str, str], dict[str, Any]] = {}
        self.given: list[dict[str, Any]] = []

    def __call__(self, command: Sequence[str], given: str) -> Answer:
        assert "Register-ScheduledTask" in base64.b64decode(command[-1]).decode("utf-16-le")
        asked = json.loads(given)
        if asked["do"] == "list":
            found = [task for (path, _), task in self.tasks.items() if path == asked["path"]]
            return Answer(0, "".join(json.dumps(task) + "\r\n" for task in found), "")
        self.given.append(asked)
        for task in asked.get("tasks", ()):
            version = task["xml"].partition("<Version>")[2].partition("<")[0]
            folder = task["xml"].partition("<WorkingDirectory>")[2].partition("<")[0]
            made = {
                "name": task["name"],
                "source": SOURCE,
                "version": version,
                "folder": folder,
                "state": "Ready",
                "result": 267011,
            }
            self.tasks[asked["path"], task["name"]] = made
        for name in asked.get("names", ()):
            del self.tasks[asked["path"], name]
        return Answer(0, "", "")


def actions(changes: Sequence[Any]) -> set[str]:
    return {change.action for change in changes}


# cron


@pytest.mark.parametrize("before", [None, "", OTHERS, OTHERS.rstrip("\n")])
def test_cron_installs_once_and_leaves_others_lines_alone(before: str | None):
    crontab = Crontab(before)
    cron = Cron(crontab)
    assert actions(cron.install(PLACE, JOBS, dry_run=True)) == {"added"}
    assert crontab.text == before
    assert actions(cron.install(PLACE, JOBS, dry_run=False)) == {"added"}
    assert actions(cron.install(PLACE, JOBS, dry_run=False)) == {"unchanged"}
    assert crontab.writes == 1
    cron.install(OTHER, JOBS, dry_run=False)
    crontab.text = f"{crontab.text}# added later by somebody else\n"
    assert actions(cron.remove(PLACE, dry_run=False)) == {"removed"}
    assert cron.remove(PLACE, dry_run=False) == []
    cron.remove(OTHER, dry_run=False)
    assert crontab.text == "".join(f"{line}\n" for line in (before or "").splitlines()) + "# added later by somebody else\n"


def test_cron_changes_what_an_earlier_version_wrote_in_its_place():
    crontab = Crontab(OTHERS)
    cron = Cron(crontab)
    cron.install(PLACE, JOBS[:3], dry_run=False)
    crontab.text = f"{crontab.text}# behind\n".replace("*/10", "*/20")
    changes = {change.job: change.action for change in cron.install(PLACE, [*JOBS[:2], BY_NAME["sync-status"]], dry_run=False)}
    assert changes == {"stage": "changed", "process": "unchanged", "sync-status": "added", "retry-failed": "removed"}
    assert crontab.text.startswith(OTHERS)
    assert crontab.text.endswith("# behind\n")


def test_cron_says_when_a_line_comes_next_and_which_is_out_of_use():
    crontab = Crontab()
    cron = Cron(crontab, clock=lambda: NOW)
    cron.install(PLACE, JOBS, dry_run=False)
    lines = str(crontab.text).splitlines()
    lines[3] = f"# {lines[3]}"
    crontab.text = "\n".join(lines)
    found = cron.ask(PLACE)
    assert found["stage"].next_start == NOW + timedelta(minutes=10)
    assert found["retry-failed"].next_start == NOW + timedelta(minutes=5)
    assert found["process"].problem == "its line is out of use (#)"


def test_cron_stops_where_its_marks_are_damaged():
    crontab = Crontab()
    Cron(crontab).install(PLACE, JOBS, dry_run=False)
    crontab.text = "\n".join(str(crontab.text).splitlines()[:-1])
    with pytest.raises(ConfigError, match="damaged"):
        Cron(crontab).install(PLACE, JOBS, dry_run=False)


def test_the_header_of_an_old_crontab_l_does_not_pile_up():
    header = "# DO NOT EDIT THIS FILE - edit the master and reinstall.\n# (- installed on Thu)\n# (Cron version V5.0)\n"
    crontab = Crontab(header + OTHERS)
    Cron(crontab).install(PLACE, JOBS, dry_run=False)
    assert str(crontab.text).startswith(OTHERS)


@pytest.mark.parametrize("scheduler", ["cron", "systemd", "taskscheduler"])
def test_another_folders_jobs_of_the_same_name_stay(scheduler: str, tmp_path: Path):
    place = WINDOWS if scheduler == "taskscheduler" else PLACE
    opened: Any = {
        "cron": Cron(Crontab()),
        "systemd": Systemd(Systemctl(), tmp_path, system=True),
        "taskscheduler": TaskScheduler(Windows()),
    }[scheduler]
    opened.install(place, JOBS, dry_run=False)
    with pytest.raises(ConfigError, match="--profile"):
        opened.install(replace(place, folder=f"{place.folder}2"), JOBS, dry_run=False)


# systemd


def test_systemd_installs_once_and_takes_only_its_own_files_away(tmp_path: Path):
    own = tmp_path / "syncctl.backup.timer"
    own.write_text("[Timer]\nOnCalendar=daily\n", encoding="utf-8")
    systemctl = Systemctl()
    systemd = Systemd(systemctl, tmp_path, system=True)
    assert actions(systemd.install(PLACE, JOBS, dry_run=True)) == {"added"}
    assert (list(tmp_path.iterdir()), systemctl.calls) == ([own], [])
    systemd.install(PLACE, JOBS, dry_run=False)
    systemd.install(OTHER, JOBS, dry_run=False)
    systemctl.calls.clear()
    assert actions(systemd.install(PLACE, JOBS, dry_run=False)) == {"unchanged"}
    assert [call[0] for call in systemctl.calls] == ["enable", "start"]
    gone = systemd.install(PLACE, JOBS[1:], dry_run=False)
    assert [change.job for change in gone if change.action == "removed"] == ["stage"]
    systemd.remove(PLACE, dry_run=False)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {own.name} | {f"syncctl-shop2.{job.name}.{kind}" for job in JOBS for kind in ("timer", "service")}


def test_systemd_tells_what_it_knows(tmp_path: Path):
    def systemctl(command: Sequence[str], _given: str) -> Answer:
        if "show" not in command:
            return Answer(0, "", "")
        if str(command[command.index("show") + 1]).endswith(".timer"):
            return Answer(
                0,
                "ActiveState=active\nUnitFileState=enabled\nNextElapseUSecRealtime=@1764154200\nLastTriggerUSec=@1764153600\n",
                "",
            )
        return Answer(0, "ActiveState=inactive\nExecMainStatus=69\nExecMainStartTimestamp=@1764153605\nResult=exit-code\n", "")

    systemd = Systemd(systemctl, tmp_path, system=False)
    systemd.install(PLACE, JOBS[:1], dry_run=False)
    [entry] = systemd.ask(PLACE).values()
    start = datetime.fromtimestamp(1764153605, UTC)
    assert entry == Entry("stage", start, datetime.fromtimestamp(1764154200, UTC), 69)


def test_a_user_without_lingering_is_told_of_it(tmp_path: Path):
    refusing = Systemd(lambda *_: Answer(1, "", "Failed to connect to bus: No medium found"), tmp_path, system=False)
    with pytest.raises(ConfigError, match="enable-linger"):
        refusing.install(PLACE, JOBS, dry_run=False)


# Kubernetes


def test_kubernetes_applies_what_changed_and_deletes_only_ours():
    cluster = Cluster()
    cluster.items["theirs"] = {"metadata": {"name": "theirs", "labels": {"app.kubernetes.io/name": "syncctl"}}, "spec": {}}
    kubernetes = Kubernetes("registry.example/syncctl:1", cluster)
    kubernetes.install(PLACE, JOBS, dry_run=False)
    kubernetes.install(OTHER, JOBS, dry_run=False)
    applied = cluster.applied
    assert actions(kubernetes.install(PLACE, JOBS, dry_run=False)) == {"unchanged"}
    assert actions(Kubernetes("registry.example/syncctl:2", cluster).install(PLACE, JOBS, dry_run=True)) == {"changed"}
    assert cluster.applied == applied
    kubernetes.remove(PLACE, dry_run=False)
    assert set(cluster.items) == {"theirs"} | {f"syncctl-shop2-{job.name}" for job in JOBS}


def test_kubernetes_needs_an_image():
    with pytest.raises(ConfigError, match="--image"):
        Kubernetes(tool=Cluster()).install(PLACE, JOBS, dry_run=False)


# Task Scheduler


def test_task_scheduler_registers_once_with_the_password_on_no_command_line():
    windows = Windows()
    windows.tasks["\\syncctl\\", "mine"] = {"name": "mine", "source": None}
    place = replace(WINDOWS, account=r"DOMAIN\svc")
    opened = TaskScheduler(windows, password="hunter2")
    opened.install(place, JOBS, dry_run=False)
    assert windows.given[0]["user"] == r"DOMAIN\svc"
    assert actions(opened.install(place, JOBS, dry_run=False)) == {"unchanged"}
    assert len(windows.given) == 1
    assert opened.others(place) == ["mine"]
    assert opened.ask(place)["stage"].last_result is None
    opened.remove(place, dry_run=False)
    assert set(windows.tasks) == {("\\syncctl\\", "mine")}


def test_what_powershell_says_comes_through_whatever_the_code_page_of_its_console():
    windows = Windows()
    place = replace(WINDOWS, folder=r"C:\Büro\syncctl")

    def tool(command: Sequence[str], given: str) -> Answer:
        script = base64.b64decode(command[-1]).decode("utf-16-le")
        said = [line.strip() for line in script.splitlines() if "ConvertTo-Json" in line or "WriteLine" in line]
        assert len(said) == 2 and all(line.endswith("Compress)") or "(Plain $" in line for line in said)
        answer = windows(command, given)
        return Answer(answer.code, answer.out.encode("cp850").decode("utf-8", "replace"), answer.err)

    opened = TaskScheduler(tool)
    assert actions(opened.install(place, JOBS, dry_run=False)) == {"added"}
    assert actions(opened.install(place, JOBS, dry_run=False)) == {"unchanged"}
    refusing = TaskScheduler(lambda *_: Answer(1, "", r"Zugriff verweigert f\u00fcr C:\users"))
    with pytest.raises(ConfigError, match=r"Zugriff verweigert für C:\\users"):
        refusing.install(place, JOBS, dry_run=False)


def test_tasks_that_nobody_refused_and_that_are_not_there_are_no_success():
    opened = TaskScheduler(lambda *_: Answer(0, "", ""))
    with pytest.raises(ConfigError, match=r"has no task .*stage.* in .syncctl"):
        opened.install(WINDOWS, JOBS, dry_run=False)
    assert actions(opened.install(WINDOWS, JOBS, dry_run=True)) == {"added"}


def test_a_refusal_does_not_show_the_password():
    opened = TaskScheduler(lambda *_: Answer(1, "", "no such hunter2"), password="hunter2")
    with pytest.raises(ConfigError) as refused:
        opened.install(WINDOWS, JOBS, dry_run=False)
    assert "hunter2" not in str(refused.value)


# the jobs, and whether they run


def test_jobs_follow_the_settings_and_what_is_left_out():
    jobs, remarks = planned(polling_minutes=7, intervals={"reconcile-open": 0, "health": 10}, without=["db-purge"])
    by_name = {job.name: job.minutes for job in jobs}
    assert by_name["stage"] == 6
    assert by_name["health"] == 10
    assert not {"reconcile-open", "db-purge"} & set(by_name)
    assert remarks == ["stage runs every 6 minutes, not every 7 minutes, which no scheduler knows."]
    with pytest.raises(UsageError, match="no job named 'polls'"):
        planned(polling_minutes=10, without=["polls"])


def test_two_schedulers_are_not_given_the_same_jobs():
    with pytest.raises(ConfigError, match="would run twice"):
        install(Cron(Crontab()), PLACE, JOBS, dry_run=False, elsewhere=["systemd"])


STAGE = BY_NAME["stage"]
RAN = JobRecord("stage", NOW - timedelta(minutes=9), NOW - timedelta(minutes=8), 0, succeeded=NOW - timedelta(minutes=8))


@pytest.mark.parametrize(
    ("entry", "record", "said"),
    [
        (Entry("stage"), RAN, ""),
        (Entry("stage"), None, ""),
        (None, RAN, "not installed"),
        (Entry("stage", problem="it is disabled"), RAN, "it is disabled"),
        (
            Entry("stage", NOW - timedelta(hours=1), None, 127),
            None,
            "127 (there is no such program), and syncctl was never reached",
        ),
        (Entry("stage", NOW - timedelta(minutes=1), None, -2147024894), RAN, "syncctl was never reached"),
        (Entry("stage", NOW - timedelta(hours=1), None, 78), None, ""),
        (Entry("stage", NOW - timedelta(minutes=1), None, None, True), RAN, ""),
        (Entry("stage"), replace(RAN, started=NOW - timedelta(hours=3)), "has not started for 3 hours"),
        (Entry("stage"), replace(RAN, started=NOW - timedelta(minutes=75), ended=None), "was killed"),
        (Entry("stage"), replace(RAN, at_limit=True, exit_code=143), "60 minutes, its time limit"),
        (Entry("stage"), replace(RAN, exit_code=69), "69 (database or store unavailable)"),
        (Entry("stage"), replace(RAN, exit_code=75), ""),
    ],
)
def test_what_is_wrong_with_a_job(entry: Entry | None, record: JobRecord | None, said: str, tmp_path: Path):
    if record:
        write(tmp_path, record)
    [found] = status({"stage": entry} if entry else {}, [STAGE], tmp_path, now=NOW)
    assert found.problem == said if not said else said in found.problem


def test_a_job_that_never_started_after_its_installation_is_told_of_once_it_should_have(tmp_path: Path):
    for hours, said in ((1, ""), (5, "has not started since it was installed 5 hours ago: is the scheduler itself running?")):
        [found] = status({"stage": Entry("stage")}, [STAGE], tmp_path, now=NOW, since=NOW - timedelta(hours=hours))
        assert found.problem == said


@pytest.mark.parametrize(
    ("logged", "said"),
    [(None, ""), (RAN.started, ""), (NOW - timedelta(days=1), "another database"), ("never", "another database")],
)
def test_what_the_log_of_runs_lacks_ran_elsewhere(logged: Any, said: str, tmp_path: Path):
    write(tmp_path, RAN)
    runs = None if logged is None else {} if logged == "never" else {"stage": logged}
    [found] = status({"stage": Entry("stage")}, [STAGE], tmp_path, now=NOW, runs=runs)
    assert (said in found.problem) if said else found.problem == ""


def test_what_is_wrong_with_entries_is_told_to_health(tmp_path: Path):
    write(tmp_path, RAN)
    entries = {"stage": Entry("stage"), "process": Entry("process", problem="it is disabled"), "mine": Entry("mine", problem="x")}
    assert entry_problems(entries, tmp_path) == {"process": "it is disabled"}
