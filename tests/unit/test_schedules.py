"""What schedulers are given: valid by the rules of each, safe, whole in itself, and the same as the examples in schedules/."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import pytest
import yaml  # type: ignore[import-untyped]

from scripts.cli_reference import commands
from scripts.schedules import FOLDER, UNIX, WINDOWS, examples
from syncctl.errors import ConfigError
from syncctl.jobs import BY_NAME, JOBS, ScheduledJob
from syncctl.schedulers.base import Place, cron_times, even, last_time, next_start
from syncctl.schedulers.cron import Cron
from syncctl.schedulers.kubernetes import Kubernetes
from syncctl.schedulers.systemd import Systemd, quoted
from syncctl.schedulers.task_scheduler import TaskScheduler, definition
from tests.task_schema import faults

ODD = '/srv/shop 2/50% off/it\'s "here"/$HOME;x'
"""A folder that each scheduler's quoting has to bring through."""


def assert_command_exists(words: list[str]) -> None:
    """The words are a command of syncctl with options that it has."""
    options = {
        name.removeprefix("syncctl "): {each for one in parameters for each in one.names} for name, _, parameters in commands()
    }
    command = " ".join(words[:2]) if " ".join(words[:2]) in options else words[0]
    assert command in options, words
    assert {word for word in words[1:] if word.startswith("-")} <= options[command], words


def test_the_files_in_schedules_are_those_of_the_table():
    wanted = examples()
    found = {
        path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix != ".cmd" and path.name != "README.md"
    }
    assert found == wanted, "python scripts/schedules.py writes them anew"


def test_the_readme_names_every_job():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for job in JOBS:
        assert f"| `{job.name}` |" in readme, job.name


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_every_scheduler_takes_a_job_at_its_interval(job: ScheduledJob):
    assert even(job.minutes) == job.minutes


def test_a_daily_job_is_over_before_the_orders_of_the_day():
    assert all(job.offset + job.limit < 8 * 60 for job in JOBS if job.daily)


# cron


def cron_lines(place: Place = UNIX) -> list[str]:
    return [line for line in Cron().pieces(place, JOBS)[0].text.splitlines() if not line.startswith("#")]


def test_the_crontab_sets_no_variable_that_would_hold_for_the_lines_of_others():
    assert not [line for line in cron_lines() if re.match(r"\s*\w+\s*=", line)]
    assert len(cron_lines()) == len(JOBS)


@pytest.mark.parametrize("line", cron_lines())
def test_a_cron_line_is_valid_and_runs_a_job_that_exists(line: str):
    *when, command = line.split(maxsplit=5)
    for field, highest in zip(when, (59, 23, 31, 12, 7), strict=True):
        assert re.fullmatch(r"\*(/\d+)?|\d+(-\d+)?(/\d+)?", field), field
        assert all(int(number) <= highest for number in re.findall(r"\d+", field)), field
    words = shlex.split(command)
    assert words[:3] == ["cd", "/srv/syncctl", "&&"]
    ran = words[words.index("syncctl") + 1 :]
    assert ran[2] in BY_NAME
    assert_command_exists([*ran[:2], *ran[3:]])


@pytest.mark.skipif(os.name == "nt", reason="NOT tested on Windows: it has neither cron nor folders of such names")
def test_a_folder_with_blanks_quotes_and_percent_signs_comes_through_cron_and_the_shell(tmp_path: Path):
    folder = tmp_path / "shop 2" / "50% off" / 'it\'s "here"' / "$HOME;x"
    folder.mkdir(parents=True)
    echo = shutil.which("echo")
    assert echo
    [line, *_] = cron_lines(Place(str(folder), echo, options=("--env-file", f"{folder}/.env")))
    command = line.split(maxsplit=5)[5]
    assert not re.search(r"(?<!\\)%", command), "cron takes a bare % for the end of the command"
    said = subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True, check=True).stdout
    assert said == f"-P -m syncctl --env-file {folder}/.env schedule run stage --jitter 30\n"


@pytest.mark.skipif(
    shutil.which("crontab") is None, reason="NOT tested here whether crontab takes the lines, because no crontab is installed"
)
def test_crontab_itself_takes_the_lines():
    for place in (UNIX, Place(ODD, "/usr/bin/python3")):
        text = Cron().pieces(place, JOBS)[0].text
        found = subprocess.run(["crontab", "-n", "-"], input=text, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stderr


@pytest.mark.parametrize("folder", ["/srv/a\\b", "/srv/a\nb", "/srv/" + "x" * 1000])
def test_a_folder_that_no_line_of_a_crontab_can_hold_is_refused(folder: str):
    with pytest.raises(ConfigError, match=r"cron"):
        Cron().pieces(Place(folder, "/usr/bin/python3"), JOBS)


# times


@pytest.mark.parametrize(
    ("minutes", "offset", "fields"),
    [
        (10, 0, "*/10 * * * *"),
        (15, 5, "5-59/15 * * * *"),
        (1, 7, "* * * * *"),
        (60, 35, "35 * * * *"),
        (120, 20, "20 */2 * * *"),
        (24 * 60, 135, "15 2 * * *"),
    ],
)
def test_times_of_cron(minutes: int, offset: int, fields: str):
    assert cron_times(replace(JOBS[0], minutes=minutes, offset=offset)) == fields


@pytest.mark.parametrize(
    ("asked", "given"), [(7, 6), (45, 30), (59, 30), (90, 60), (300, 240), (1439, 720), (1440, 1440), (10080, 1440)]
)
def test_an_interval_that_no_scheduler_knows_becomes_the_next_shorter_one(asked: int, given: int):
    assert even(asked) == given


def test_the_next_time_of_a_job():
    retry, nightly = BY_NAME["retry-failed"], BY_NAME["reconcile"]
    at = datetime(2026, 11, 26, 10, 50).astimezone()
    assert next_start(retry, at) == at.replace(hour=11, minute=5)
    assert last_time(retry, at) == at
    assert next_start(nightly, at) == at.replace(hour=2, minute=15) + timedelta(days=1)
    assert next_start(nightly, at.replace(hour=1)) == at.replace(hour=2, minute=15)


# systemd


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="NOT tested here whether systemd takes the units, because systemd-analyze is not installed",
)
def test_systemd_itself_takes_the_units(tmp_path: Path):
    odd = tmp_path / "shop 2" / "50% off" / "it's"
    odd.mkdir(parents=True)
    place = Place(str(odd), "/bin/true", profile="shop2", options=("--env-file", f"{odd}/.env"))
    names = []
    for piece in Systemd(folder=tmp_path, system=True).pieces(place, JOBS):
        (tmp_path / piece.name).write_text(piece.text, encoding="utf-8")
        names.append(str(tmp_path / piece.name))
    found = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_word_comes_through_systemds_quoting():
    assert quoted("/srv/syncctl/.env") == "/srv/syncctl/.env"
    assert quoted('a b%c$d"e\\f') == '"a b%%c$$d\\"e\\\\f"'


def test_units_make_missed_starts_good_and_have_a_limit():
    for job in JOBS:
        service, timer = (piece.text for piece in Systemd(folder=Path("/"), system=True).pieces(UNIX, [job]))
        assert "Persistent=true" in timer
        assert f"RandomizedDelaySec={job.jitter}" in timer
        assert f"TimeoutStartSec={job.limit + 5}min" in service
        assert "SuccessExitStatus=75" in service


# Task Scheduler


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_task_is_valid_by_microsofts_schema_and_safe(job: ScheduledJob):
    text = definition(WINDOWS, job)
    assert faults(text) == []
    assert "<MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>" in text
    assert "<StartWhenAvailable>true</StartWhenAvailable>" in text
    assert f"<ExecutionTimeLimit>PT{job.limit + 5}M</ExecutionTimeLimit>" in text
    assert "pythonw.exe" in text, "python.exe would open a window"


def test_the_check_knows_an_order_that_the_schema_refuses():
    text = definition(WINDOWS, JOBS[0])
    enabled = "      <Enabled>true</Enabled>\n"
    moved = text.replace(enabled, "", 1).replace("      </Repetition>\n", f"      </Repetition>\n{enabled}")
    assert any("in the order" in fault for fault in faults(moved))
    assert faults(text.replace("IgnoreNew", "Never")) == ["Task/Settings/MultipleInstancesPolicy is 'Never'"]


@pytest.mark.parametrize(
    ("folder", "options", "arguments"),
    [
        (r"\\server\share\shop 2", (), "-P -m syncctl schedule run stage"),
        (
            r"D:\A & B <1>",
            ("--env-file", r"D:\A & B <1>\.env"),
            r'-P -m syncctl --env-file "D:\A & B <1>\.env" schedule run stage',
        ),
    ],
)
def test_shares_blanks_and_signs_of_xml_come_through(folder: str, options: tuple[str, ...], arguments: str):
    text = definition(replace(WINDOWS, folder=folder, options=options), JOBS[0])
    assert faults(text) == []
    found = {element.tag.rpartition("}")[2]: element.text for element in ElementTree.fromstring(text).iter()}
    assert found["WorkingDirectory"] == folder
    assert found["Arguments"] == arguments
    assert PureWindowsPath(str(found["Command"])).name == "pythonw.exe"


@pytest.mark.parametrize("folder", [r"C:\100%PATH%", "syncctl", r"C:syncctl"])
def test_a_folder_that_task_scheduler_would_read_as_another_is_refused(folder: str):
    with pytest.raises(ConfigError):
        definition(replace(WINDOWS, folder=folder), JOBS[0])


@pytest.mark.parametrize(
    ("account", "me", "who"),
    [
        (r"DOMAIN\svc", "", r"<UserId>DOMAIN\svc</UserId>|<LogonType>Password</LogonType>"),
        (r"NT AUTHORITY\SYSTEM", "", "<UserId>S-1-5-18</UserId>|"),
        ("", r"DOMAIN\ada", r"<UserId>DOMAIN\ada</UserId>|<LogonType>S4U</LogonType>"),
    ],
)
def test_who_runs_a_task(account: str, me: str, who: str):
    text = definition(replace(WINDOWS, account=account, me=me), JOBS[0])
    assert all(part in text for part in who.split("|"))
    assert faults(text) == []


def test_run_cmd_reaches_a_share_stops_without_its_folder_and_hands_the_exit_code_on():
    lines = [line.strip().lower() for line in (FOLDER / "task-scheduler" / "run.cmd").read_text(encoding="ascii").splitlines()]
    assert 'pushd "%~dp0" || exit /b 78' in lines, "cd knows no \\\\server\\share"
    assert 'set "pythonutf8=1"' in lines
    assert lines[-3:] == ['set "result=%errorlevel%"', "popd", "exit /b %result%"]


# Kubernetes


def test_cron_jobs_read_back_as_they_were_meant():
    kubernetes = Kubernetes("registry.example/syncctl:1")
    [piece] = kubernetes.pieces(UNIX, JOBS)
    assert list(yaml.safe_load_all(piece.text)) == [kubernetes.cron_job(UNIX, job) for job in JOBS]


def test_kubernetes_own_schema_takes_the_cron_jobs():
    validator = pytest.importorskip(
        "kubernetes_validate", reason="NOT tested here against Kubernetes' schemas, because kubernetes-validate is not installed"
    )
    for job in JOBS:
        validator.validate(Kubernetes("registry.example/syncctl:1").cron_job(UNIX, job), "1.30", strict=True)


def test_a_profile_that_kubernetes_has_no_name_for_is_refused():
    with pytest.raises(ConfigError, match="CronJob"):
        Kubernetes().pieces(replace(UNIX, profile="x" * 60), JOBS)


def test_showing_definitions_asks_no_scheduler():
    def never(_command: object, _given: object) -> None:
        raise AssertionError("showing asks nobody")

    for scheduler in (Cron(never), Systemd(never, Path("/")), Kubernetes("x", never)):
        assert scheduler.pieces(UNIX, JOBS)
    assert TaskScheduler(never).pieces(WINDOWS, JOBS)
