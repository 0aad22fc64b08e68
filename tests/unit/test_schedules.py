"""The schedules that the README tells people to install: well-formed, safe, and of commands that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from scripts.cli_reference import commands

SCHEDULES = Path(__file__).resolve().parents[2] / "schedules"
TASKS = sorted((SCHEDULES / "task-scheduler").glob("*.xml"))
NAMESPACE = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
EVERY = {
    "stage": 10,
    "process": 10,
    "retry-failed": 15,
    "sync-status": 30,
    "health": 5,
    "pod-fetch": 30,
    "pod-retry": 60,
    "reconcile-open": 60,
    "reconcile": 24 * 60,
    "db-purge": 7 * 24 * 60,
}
"""Minutes, by the task's name."""
OTHER_WORDS = {
    "reconcile-open": "stage --reconcile --open",
    "reconcile": "stage --reconcile",
    "db-purge": "db purge",
}
"""What tasks run whose name is not the command's."""


def assert_command_exists(words: list[str]) -> None:
    """The words are a command of syncctl with options that it has."""
    options = {
        name.removeprefix("syncctl "): {each for one in parameters for each in one.names} for name, _, parameters in commands()
    }
    command = " ".join(words[:2]) if words[0] == "db" else words[0]
    assert command in options, words
    assert {word for word in words[1:] if word.startswith("-")} <= options[command], words


def text(task: ElementTree.Element, path: str) -> str:
    found = task.find(path, NAMESPACE)
    assert found is not None, path
    assert found.text
    return found.text


def test_there_is_a_task_for_each_job():
    assert {path.stem for path in TASKS} == set(EVERY)


@pytest.mark.parametrize("path", TASKS, ids=lambda path: path.stem)
def test_a_task_is_safe_to_install(path: Path):
    task = ElementTree.fromstring(path.read_bytes())
    assert text(task, "t:Settings/t:MultipleInstancesPolicy") == "IgnoreNew"
    assert text(task, "t:Settings/t:StartWhenAvailable") == "true"
    assert re.fullmatch(r"PT\d+[MH]", text(task, "t:Settings/t:ExecutionTimeLimit"))
    assert text(task, "t:Triggers/t:TimeTrigger/t:Repetition/t:Interval") == f"PT{EVERY[path.stem]}M"
    assert text(task, "t:RegistrationInfo/t:URI") == f"\\syncctl\\{path.stem}"
    assert text(task, "t:Principals/t:Principal/t:RunLevel") == "LeastPrivilege"
    command = text(task, "t:Actions/t:Exec/t:Command")
    assert command == text(task, "t:Actions/t:Exec/t:WorkingDirectory") + r"\run.cmd"
    words = shlex.split(text(task, "t:Actions/t:Exec/t:Arguments"))
    wanted = OTHER_WORDS.get(path.stem, path.stem).split()
    assert words[: len(wanted)] == wanted
    assert_command_exists(words)


def test_run_cmd_runs_in_its_own_folder_in_utf_8_and_hands_the_exit_code_on():
    lines = [line.strip().lower() for line in (SCHEDULES / "task-scheduler" / "run.cmd").read_text(encoding="ascii").splitlines()]
    assert 'cd /d "%~dp0"' in lines
    assert 'set "pythonutf8=1"' in lines
    assert lines.index("syncctl %*") + 1 == lines.index("exit /b %errorlevel%") == len(lines) - 1


def cron_lines() -> list[str]:
    lines = (SCHEDULES / "crontab.example").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#") and not re.match(r"[A-Z_]+=", line)]


def test_the_crontab_has_no_variable_that_syncctl_would_take_for_a_setting():
    lines = (SCHEDULES / "crontab.example").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line.startswith("SYNCCTL_")]


@pytest.mark.parametrize("line", cron_lines())
def test_a_cron_line_is_valid_and_runs_commands_that_exist(line: str):
    *when, command = line.split(maxsplit=5)
    assert len(when) == 5
    for field, highest in zip(when, (59, 23, 31, 12, 7), strict=True):
        assert re.fullmatch(r"\*(/\d+)?|\d+(-\d+)?(/\d+)?", field), field
        assert all(int(number) <= highest for number in re.findall(r"\d+", field)), field
    assert "%" not in command, "cron takes a bare % for the end of the command"
    ran = re.findall(r'"\$PROGRAM" ([^;}]+)', command)
    assert ran
    for words in ran:
        assert_command_exists(words.split())


def test_cron_runs_every_job():
    ran = [" ".join(words.split()) for line in cron_lines() for words in re.findall(r'"\$PROGRAM" ([^;}]+)', line)]
    for job in EVERY:
        wanted = OTHER_WORDS.get(job, job)
        assert any(words == wanted or words.startswith(f"{wanted} ") for words in ran), wanted


def test_the_readme_names_every_task():
    readme = (SCHEDULES / "README.md").read_text(encoding="utf-8")
    for word in ("Install", "Verify", "Change", "Disable", "Delete"):
        assert readme.count(f"**{word}") == 2, word
    for path in TASKS:
        assert path.name in readme
