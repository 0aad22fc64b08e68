"""The jobs that keep a shop running, once: what a scheduler starts, how often, and what the log of runs calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job as a scheduler knows it."""

    name: str
    """What its task, unit or line is called."""
    arguments: tuple[str, ...]
    """What stands behind `syncctl`."""
    operation: str
    """`USER_SYNC_LOG.OPERATION_TYPE` of its runs; empty where they leave no row."""
    minutes: int
    """How often it runs."""


JOBS: tuple[ScheduledJob, ...] = (
    ScheduledJob(name="stage", arguments=("stage",), operation="stage", minutes=10),
    ScheduledJob(name="process", arguments=("process", "--max-runtime", "45m"), operation="process", minutes=10),
    ScheduledJob(name="retry-failed", arguments=("retry-failed", "--max-runtime", "45m"), operation="retry-failed", minutes=15),
    ScheduledJob(name="sync-status", arguments=("sync-status",), operation="sync-status", minutes=30),
    ScheduledJob(
        name="reconcile-open",
        arguments=("stage", "--reconcile", "--open"),
        operation="stage --reconcile --open",
        minutes=60,
    ),
    ScheduledJob(name="reconcile", arguments=("stage", "--reconcile"), operation="stage --reconcile", minutes=DAY),
    ScheduledJob(name="health", arguments=("health",), operation="", minutes=5),
    ScheduledJob(name="pod-fetch", arguments=("pod-fetch",), operation="pod-fetch", minutes=30),
    ScheduledJob(name="pod-retry", arguments=("pod-retry",), operation="pod-retry", minutes=60),
    ScheduledJob(
        name="db-purge", arguments=("db", "purge", "--older-than", "180d", "--yes"), operation="db purge", minutes=7 * DAY
    ),
)
"""Every job, in the order in which orders meet them."""
BY_NAME: Mapping[str, ScheduledJob] = MappingProxyType({job.name: job for job in JOBS})
