"""Kubernetes: a CronJob for each job."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from syncctl.clock import Clock, system_clock
from syncctl.errors import ConfigError
from syncctl.jobs import BY_NAME, ScheduledJob
from syncctl.schedulers.base import Action, Change, Entry, Piece, Place, Tool, cron_times, next_start, run_tool

IMAGE = "syncctl:latest"
"""What stands in the definitions until an image is named."""
_MANAGER = "syncctl-schedule"
_LONGEST_NAME = 52
"""Characters of a CronJob's name; its jobs get eleven more."""


class Kubernetes:
    """CronJobs, through kubectl as it is set up here: its context and namespace. Settings are a secret of the place's name."""

    name = "kubernetes"

    def __init__(self, image: str = IMAGE, tool: Tool = run_tool, clock: Clock = system_clock) -> None:
        self._image = image
        self._tool = tool
        self._clock = clock

    def pieces(self, place: Place, jobs: Sequence[ScheduledJob]) -> list[Piece]:
        """See `Scheduler.pieces`: one file with all of them."""
        return [Piece("cronjobs.yaml", "".join(f"---\n{_yaml(self.cron_job(place, job))}" for job in jobs))]

    def install(self, place: Place, jobs: Sequence[ScheduledJob], *, dry_run: bool) -> list[Change]:
        """See `Scheduler.install`.

        Raises:
            ConfigError: no image is named, kubectl isn't there, or the cluster refuses.
        """
        if place.account:
            raise ConfigError("In Kubernetes the image's own account runs the jobs: leave --account out.")
        if self._image == IMAGE:
            raise ConfigError("Say which image runs the jobs: --image REGISTRY/NAME:TAG, one that syncctl is installed in.")
        there = self._there(place)
        changes = []
        for job in jobs:
            wanted = self.cron_job(place, job)
            action: Action = "added"
            if job.name in there:
                action = "unchanged" if _written(there[job.name]) == _written(wanted) else "changed"
            if action != "unchanged" and not dry_run:
                self._ask_for(["apply", "-f", "-"], json.dumps(wanted))
            changes.append(Change(job.name, action, str(wanted["metadata"]["name"])))
        gone = sorted(set(there) - {job.name for job in jobs})
        return changes + self._take_away(place, gone, dry_run=dry_run)

    def remove(self, place: Place, *, dry_run: bool) -> list[Change]:
        """See `Scheduler.remove`."""
        return self._take_away(place, sorted(self._there(place)), dry_run=dry_run)

    def ask(self, place: Place) -> dict[str, Entry]:
        """See `Scheduler.ask`. What a run came to is with its pod; a CronJob tells the last success."""
        now = self._clock()
        found = {}
        for job, there in self._there(place).items():
            status = there.get("status", {})
            started, succeeded = _moment(status.get("lastScheduleTime")), _moment(status.get("lastSuccessfulTime"))
            running = bool(status.get("active"))
            table = BY_NAME.get(job)
            found[job] = Entry(
                job,
                last_start=started,
                next_start=next_start(table, now) if table and not there["spec"].get("suspend") else None,
                last_result=0 if started and succeeded and succeeded >= started and not running else None,
                running=running,
                problem="it is suspended" if there["spec"].get("suspend") else "",
            )
        return found

    def cron_job(self, place: Place, job: ScheduledJob) -> dict[str, Any]:
        """Return a job's CronJob. Its start is made good where it was missed; two of it never run side by side.

        Raises:
            ConfigError: a profile's name that Kubernetes can't use.
        """
        name = f"{place.title}-{job.name}".lower().replace("_", "-")
        if len(name) > _LONGEST_NAME or not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name):
            raise ConfigError(
                f"Kubernetes takes no CronJob named {name!r}: Latin letters, digits and dashes, {_LONGEST_NAME} at most."
            )
        labels = _labels(place) | {"app.kubernetes.io/component": job.name}
        title = place.title.lower().replace("_", "-")
        container = {
            "name": "syncctl",
            "image": self._image,
            "command": ["syncctl"],
            "args": ["schedule", "run", job.name, "--jitter", str(job.jitter)],
            "envFrom": [{"secretRef": {"name": title}}],
            "env": [{"name": "HOME", "value": "/data"}, {"name": "XDG_DATA_HOME", "value": "/data"}],
            "workingDir": "/data",
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
        }
        pod = {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 90,
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}],
        }
        late = 6 * 3600 if job.daily else job.minutes * 60
        return {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": name, "labels": labels, "annotations": {"syncctl/about": job.about}},
            "spec": {
                "schedule": cron_times(job),
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": late,
                "successfulJobsHistoryLimit": 1,
                "failedJobsHistoryLimit": 3,
                "jobTemplate": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "backoffLimit": 0,
                        "activeDeadlineSeconds": job.limit * 60 + 300,
                        "template": {"metadata": {"labels": labels}, "spec": pod},
                    },
                },
            },
        }

    def _there(self, place: Place) -> dict[str, dict[str, Any]]:
        selector = ",".join(f"{name}={value}" for name, value in _labels(place).items())
        answer = self._ask_for(["get", "cronjobs", "-l", selector, "-o", "json"])
        try:
            items = json.loads(answer)["items"]
            return {each["metadata"]["labels"]["app.kubernetes.io/component"]: each for each in items}
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"kubectl answered something that can't be read: {error}.") from error

    def _take_away(self, place: Place, jobs: Sequence[str], *, dry_run: bool) -> list[Change]:
        for job in () if dry_run else jobs:
            selector = ",".join(
                f"{name}={value}" for name, value in (_labels(place) | {"app.kubernetes.io/component": job}).items()
            )
            self._ask_for(["delete", "cronjobs", "-l", selector])
        return [Change(job, "removed") for job in jobs]

    def _ask_for(self, words: Sequence[str], given: str = "") -> str:
        answer = self._tool(["kubectl", *words], given)
        if answer.code != 0:
            raise ConfigError(f"`kubectl {words[0]}` failed: {answer.said or f'exit code {answer.code}'}.")
        return answer.out


def _labels(place: Place) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "syncctl",
        "app.kubernetes.io/instance": place.profile or "default",
        "app.kubernetes.io/managed-by": _MANAGER,
    }


def _written(resource: dict[str, Any]) -> Any:
    """Return what we wrote of a resource: the cluster adds defaults, which kubectl's own annotation doesn't have."""
    applied = resource["metadata"].get("annotations", {}).get("kubectl.kubernetes.io/last-applied-configuration")
    found = json.loads(applied) if applied else resource
    return {"labels": found["metadata"].get("labels"), "spec": found["spec"]}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _yaml(value: Any, indent: int = 0) -> str:
    """Write objects as YAML that a person can read; a text always in quotes, as JSON has it, which YAML reads."""
    lines = []
    space = " " * indent
    for name, item in value.items():
        if isinstance(item, dict) and item:
            lines.append(f"{space}{name}:\n{_yaml(item, indent + 2)}")
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{space}{name}:\n")
            for each in item:
                text = _yaml(each, indent + 4)
                lines.append(f"{space}  - {text[indent + 4 :]}")
        else:
            lines.append(f"{space}{name}: {json.dumps(item)}\n")
    return "".join(lines)
