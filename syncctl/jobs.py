"""The jobs that keep a shop running, once: what a scheduler starts, how often, and what the log of runs calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

HOUR = 60
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledJob:
    """A job as a scheduler knows it. Times are in minutes."""

    name: str
    """What its task, unit or line is called."""
    arguments: tuple[str, ...]
    """What stands behind `syncctl`."""
    operation: str
    """`USER_SYNC_LOG.OPERATION_TYPE` of its runs; empty where they leave no row."""
    minutes: int
    """How often it runs: by the hour, or once a day."""
    offset: int
    """When it runs first: after midnight, in this host's time. Jobs that would wait for each other start apart."""
    limit: int = 60
    """How long it may take before it is ended."""
    about: str
    """What it is for, as its entry in a scheduler says."""
    once: bool = False
    """Whether it works on the whole database, and so once for all stores that share it."""
    needs: str = ""
    """Without what it has nothing to do, in a person's words."""

    @property
    def daily(self) -> bool:
        """True where it runs at a time of day."""
        return self.minutes >= DAY

    @property
    def jitter(self) -> int:
        """Seconds at most by which a start is put off by chance, so that not everything starts in one second everywhere."""
        return 300 if self.daily else min(30, self.minutes * 6)


JOBS: tuple[ScheduledJob, ...] = (
    ScheduledJob(
        name="stage",
        arguments=("stage",),
        operation="stage",
        minutes=10,
        offset=0,
        about="Poll the store and stage what changed",
    ),
    ScheduledJob(
        name="process",
        arguments=("process", "--max-runtime", "45m"),
        operation="process",
        minutes=10,
        offset=1,
        about="Bring staged orders into the ERP and tell the store",
    ),
    ScheduledJob(
        name="retry-failed",
        arguments=("retry-failed", "--max-runtime", "45m"),
        operation="retry-failed",
        minutes=15,
        offset=5,
        about="Try failed orders and messages to the store again whose time has come",
    ),
    ScheduledJob(
        name="customers",
        arguments=("customers", "resume", "--max-runtime", "45m"),
        operation="customers resume",
        minutes=10,
        offset=4,
        about="Go on with the queues of customers that are open",
    ),
    ScheduledJob(
        name="sync-status",
        arguments=("sync-status",),
        operation="sync-status",
        minutes=30,
        offset=7,
        about="Tell the store what was shipped or closed in the ERP",
    ),
    ScheduledJob(
        name="reconcile-open",
        arguments=("stage", "--reconcile", "--open"),
        operation="stage --reconcile --open",
        minutes=HOUR,
        offset=35,
        about="Compare the orders whose document is open with the store",
    ),
    ScheduledJob(
        name="reconcile",
        arguments=("stage", "--reconcile"),
        operation="stage --reconcile",
        minutes=DAY,
        offset=2 * HOUR + 15,
        limit=4 * HOUR,
        about="Compare the last 30 days of the store with what is staged",
    ),
    ScheduledJob(
        name="health",
        arguments=("health",),
        operation="",
        minutes=5,
        offset=2,
        limit=4,
        about="See whether all is well; the last result 1 says that something needs attention",
    ),
    ScheduledJob(
        name="alerts",
        arguments=("alerts", "run"),
        operation="alerts run",
        minutes=5,
        offset=3,
        limit=4,
        about="Tell the people in charge what is wrong, once, and when it is over",
        needs="a way to people (SYNCCTL_NOTIFY_OPERATOR_URL)",
    ),
    ScheduledJob(
        name="stock-push",
        arguments=("stock", "push"),
        operation="stock push",
        minutes=10,
        offset=6,
        limit=30,
        about="Tell the store how many of each item it may offer",
        needs="SYNCCTL_STOCK_PUSH",
    ),
    ScheduledJob(
        name="price-push",
        arguments=("price", "push"),
        operation="price push",
        minutes=HOUR,
        offset=49,
        limit=45,
        about="Tell the store what to ask for its items",
        needs="SYNCCTL_PRICE_PUSH",
    ),
    ScheduledJob(
        name="pod-fetch",
        arguments=("pod-fetch",),
        operation="pod-fetch",
        minutes=30,
        offset=10,
        about="Ask the carriers for the proofs of delivery of pending claims",
        once=True,
        needs="a table of claims",
    ),
    ScheduledJob(
        name="pod-retry",
        arguments=("pod-retry",),
        operation="pod-retry",
        minutes=HOUR,
        offset=20,
        about="Try failed proofs of delivery again whose time has come",
        once=True,
        needs="a table of claims",
    ),
    ScheduledJob(
        name="report",
        arguments=("report",),
        operation="report",
        minutes=HOUR,
        offset=50,
        limit=15,
        about="Write the figures as one page (SYNCCTL_REPORT_FILE)",
        once=True,
    ),
    ScheduledJob(
        name="db-purge",
        arguments=("db", "purge", "--older-than", "180d", "--yes"),
        operation="db purge",
        minutes=DAY,
        offset=3 * HOUR + 40,
        limit=2 * HOUR,
        about="Forget history that is older than half a year",
        once=True,
        needs="the role syncctl_operator on a SQL Server",
    ),
)
"""Every job, in the order in which orders meet them."""
BY_NAME: Mapping[str, ScheduledJob] = MappingProxyType({job.name: job for job in JOBS})
