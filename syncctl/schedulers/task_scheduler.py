r"""Task Scheduler of Windows: a task for each job, in the folder \syncctl (\syncctl\PROFILE with a profile)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PureWindowsPath
from xml.sax.saxutils import escape

from syncctl.errors import ConfigError
from syncctl.jobs import HOUR, ScheduledJob
from syncctl.schedulers.base import Action, Change, Entry, Piece, Place, Tool, run_tool
from syncctl.schedulers.cron import other_folder

NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
SOURCE = "syncctl schedule"
SERVICE_ACCOUNTS = {"SYSTEM": "S-1-5-18", "LOCAL SERVICE": "S-1-5-19", "NETWORK SERVICE": "S-1-5-20"}
"""Accounts of Windows itself, which have no password, by their names in English, and their identifiers."""
_NEVER_RAN = 267011
"""SCHED_S_TASK_HAS_NOT_RUN."""
_RUNNING = 267009
"""SCHED_S_TASK_RUNNING."""

# The commands come as JSON on the standard input: a password on a command line could be read by every program of the host.
# Answers are plain ASCII, since PowerShell writes what it says in the console's code page, in which a folder's ü isn't UTF-8's.
_SCRIPT = r"""
$ErrorActionPreference = 'Stop'
$given = [Console]::In.ReadToEnd() | ConvertFrom-Json
function Plain($text) { [regex]::Replace($text, '[^\x00-\x7f]', { param($found) '\u{0:x4}' -f [int][char]$found.Value }) }
function When($moment) { if ($moment -and $moment.Year -gt 2000) { $moment.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ') } }
try {
    switch ($given.do) {
        'list' {
            foreach ($task in @(Get-ScheduledTask -TaskPath $given.path -ErrorAction SilentlyContinue)) {
                $about = $task | Get-ScheduledTaskInfo
                Plain ([pscustomobject]@{
                    name = $task.TaskName; source = $task.Source; version = $task.Version
                    folder = @($task.Actions)[0].WorkingDirectory; state = [string]$task.State
                    last = (When $about.LastRunTime); next = (When $about.NextRunTime); result = $about.LastTaskResult
                } | ConvertTo-Json -Compress)
            }
        }
        'register' {
            $with = @{}
            if ($given.user) { $with.User = $given.user }
            if ($given.password) { $with.Password = $given.password }
            foreach ($task in $given.tasks) {
                $null = Register-ScheduledTask -TaskPath $given.path -TaskName $task.name -Xml $task.xml -Force @with
            }
        }
        'remove' {
            foreach ($name in $given.names) { Unregister-ScheduledTask -TaskPath $given.path -TaskName $name -Confirm:$false }
        }
    }
} catch { [Console]::Error.WriteLine((Plain $_.Exception.Message)); exit 1 }
"""


class TaskScheduler:
    """Tasks of Windows, through PowerShell's own commands for them: their answers are the same in every language."""

    name = "taskscheduler"

    def __init__(self, tool: Tool = run_tool, password: str = "") -> None:
        self._tool = tool
        self._password = password

    def pieces(self, place: Place, jobs: Sequence[ScheduledJob]) -> list[Piece]:
        """See `Scheduler.pieces`."""
        return [Piece(f"{job.name}.xml", definition(place, job)) for job in jobs]

    def install(self, place: Place, jobs: Sequence[ScheduledJob], *, dry_run: bool) -> list[Change]:
        """See `Scheduler.install`. A task that a person has switched off and that hasn't changed stays off.

        Raises:
            ConfigError: PowerShell isn't there, rights are missing, the password is wrong, or other folders' tasks are there.
        """
        there = self._ours(place)
        for task in there.values():
            if str(task.get("folder") or place.folder).casefold() != place.folder.casefold():
                raise ConfigError(other_folder(place, str(task["folder"])))
        changes, wanted = [], []
        for job in jobs:
            action: Action = "added"
            if job.name in there:
                action = "unchanged" if there[job.name].get("version") == _version(place, job) else "changed"
            if action != "unchanged":
                wanted.append({"name": job.name, "xml": definition(place, job)})
            changes.append(Change(job.name, action, f"{_path(place)}{job.name}"))
        if wanted and not dry_run:
            given: dict[str, object] = {"do": "register", "path": _path(place), "tasks": wanted}
            if self._password:
                given |= {"user": place.account, "password": self._password}
            self._ask_for(given)
            lost = sorted({task["name"] for task in wanted} - set(self._ours(place)))
            if lost:
                raise ConfigError(
                    f"PowerShell refused nothing, and yet Task Scheduler has no task {', '.join(lost)} in {_path(place)}: does a "
                    "policy of this host keep scripts from running? `schedule show --scheduler taskscheduler --write-to FOLDER` "
                    "writes the tasks into files, to be imported by hand."
                )
        gone = sorted(set(there) - {job.name for job in jobs})
        return changes + self._take_away(place, gone, dry_run=dry_run)

    def remove(self, place: Place, *, dry_run: bool) -> list[Change]:
        """See `Scheduler.remove`."""
        return self._take_away(place, sorted(self._ours(place)), dry_run=dry_run)

    def ask(self, place: Place) -> dict[str, Entry]:
        """See `Scheduler.ask`."""
        found = {}
        for name, task in self._ours(place).items():
            result = task.get("result")
            ran = isinstance(result, int) and result not in (_NEVER_RAN, _RUNNING)
            found[name] = Entry(
                name,
                last_start=_moment(task.get("last")),
                next_start=_moment(task.get("next")),
                last_result=int(result) if ran and isinstance(result, int) else None,
                running=task.get("state") == "Running" or result == _RUNNING,
                problem="it is disabled" if task.get("state") == "Disabled" else "",
            )
        return found

    def others(self, place: Place) -> list[str]:
        """Return tasks in our folder that no installation made: those of an earlier set-up by hand, say."""
        return sorted(str(task["name"]) for task in self._listed(place) if task.get("source") != SOURCE)

    def _ours(self, place: Place) -> dict[str, dict[str, object]]:
        return {str(task["name"]): task for task in self._listed(place) if task.get("source") == SOURCE}

    def _listed(self, place: Place) -> list[dict[str, object]]:
        text = self._ask_for({"do": "list", "path": _path(place)})
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError as error:
            raise ConfigError(f"PowerShell answered something that can't be read: {text[:200]!r}.") from error

    def _take_away(self, place: Place, jobs: Sequence[str], *, dry_run: bool) -> list[Change]:
        if jobs and not dry_run:
            self._ask_for({"do": "remove", "path": _path(place), "names": list(jobs)})
        return [Change(job, "removed") for job in jobs]

    def _ask_for(self, given: dict[str, object]) -> str:
        encoded = base64.b64encode(_SCRIPT.encode("utf-16-le")).decode("ascii")
        command = ["powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-EncodedCommand", encoded]
        answer = self._tool(command, json.dumps(given))
        if answer.code != 0:
            said = re.sub(r"(?:\\u[0-9a-f]{4})+", lambda found: str(json.loads(f'"{found[0]}"')), answer.said)
            said = said.replace(self._password, "…") if self._password else said
            raise ConfigError(
                f"Task Scheduler refused: {said or f'exit code {answer.code}'}. Tasks for another account need a command prompt "
                "that was opened with *Run as administrator*."
            )
        return answer.out


def definition(place: Place, job: ScheduledJob) -> str:
    """Return a task's XML, its elements in the order of Microsoft's schema, and the hash of it as its version.

    Raises:
        ConfigError: a path that Task Scheduler would read as something else.
    """
    return _definition(place, job).replace("<Version/>", f"<Version>{_version(place, job)}</Version>")


def _version(place: Place, job: ScheduledJob) -> str:
    """Return what tells definitions apart: Task Scheduler gives back the version as it was, the rest in its own words."""
    return hashlib.sha256(_definition(place, job).encode("utf-8")).hexdigest()[:16]


def _definition(place: Place, job: ScheduledJob) -> str:
    python = windowless(place.python)
    if "%" in f"{place.folder}{python}{''.join(place.options)}":
        raise ConfigError(
            f"Task Scheduler takes what stands between two % for a variable: use a folder without any ({place.folder})."
        )
    if not PureWindowsPath(place.folder).is_absolute():
        raise ConfigError(f"{place.folder} is no folder of Windows with its drive or server.")
    arguments = subprocess.list2cmdline(replace(place, python=python).words(job)[1:])
    return f"""<?xml version="1.0"?>
<Task version="1.3" xmlns="{NAMESPACE}">
  <RegistrationInfo>
    <URI>{escape(_path(place))}{job.name}</URI>
    <Source>{SOURCE}</Source>
    <Version/>
    <Description>{escape(job.about)}.</Description>
  </RegistrationInfo>
  <Triggers>
{_trigger(job)}  </Triggers>
  <Settings>
    <AllowStartOnDemand>true</AllowStartOnDemand>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <AllowHardTerminate>true</AllowHardTerminate>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>
    <Enabled>true</Enabled>
    <Hidden>false</Hidden>
    <ExecutionTimeLimit>PT{job.limit + 5}M</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Principals>
    <Principal id="Author">
{_principal(place)}      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Actions Context="Author">
    <Exec>
      <Command>{escape(python)}</Command>
      <Arguments>{escape(arguments)}</Arguments>
      <WorkingDirectory>{escape(place.folder)}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


def _trigger(job: ScheduledJob) -> str:
    first = job.offset if job.daily else job.offset % job.minutes
    start = f"2025-01-01T{first // HOUR:02}:{first % HOUR:02}:00"
    if job.daily:
        return (
            f"    <CalendarTrigger>\n      <Enabled>true</Enabled>\n      <StartBoundary>{start}</StartBoundary>\n"
            f"      <RandomDelay>PT{job.jitter}S</RandomDelay>\n"
            "      <ScheduleByDay>\n        <DaysInterval>1</DaysInterval>\n      </ScheduleByDay>\n    </CalendarTrigger>\n"
        )
    return (
        f"    <TimeTrigger>\n      <Enabled>true</Enabled>\n      <StartBoundary>{start}</StartBoundary>\n"
        f"      <Repetition>\n        <Interval>PT{job.minutes}M</Interval>\n"
        "        <StopAtDurationEnd>false</StopAtDurationEnd>\n      </Repetition>\n"
        f"      <RandomDelay>PT{job.jitter}S</RandomDelay>\n    </TimeTrigger>\n"
    )


def _principal(place: Place) -> str:
    """Return who runs a task: an account of Windows itself, one with a password, or whoever registers it, without one (S4U)."""
    service = SERVICE_ACCOUNTS.get(place.account.upper().rpartition("\\")[2])
    if service:
        return f"      <UserId>{service}</UserId>\n"
    who = place.account or place.me
    named = f"      <UserId>{escape(who)}</UserId>\n" if who else ""
    return f"{named}      <LogonType>{'Password' if place.account else 'S4U'}</LogonType>\n"


def needs_password(account: str) -> bool:
    """True where Task Scheduler has to be given the account's password."""
    return bool(account) and not account.endswith("$") and account.upper().rpartition("\\")[2] not in SERVICE_ACCOUNTS


def windowless(python: str) -> str:
    """Return the Python beside this one that opens no console window."""
    path = PureWindowsPath(python)
    return str(path.with_name("pythonw.exe")) if path.name.lower() == "python.exe" else python


def _path(place: Place) -> str:
    return f"\\syncctl\\{place.profile}\\" if place.profile else "\\syncctl\\"


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) and text else None
