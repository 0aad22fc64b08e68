"""What health looks at: how much waits and since when, how each store stands with being polled, why orders wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Hash, Int, Key, Line, Moment, Name, Procedure, Sql, Text


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the database side at one moment. Times are None where there is nothing to date."""

    pending: Int
    claimed: Int
    failed: Int
    review: Int
    stuck: Int
    write_back_pending: Int
    write_back_failed: Int
    oldest_pending_dt: Moment | None
    oldest_failed_due_dt: Moment | None
    oldest_write_back_dt: Moment | None
    oldest_write_back_due_dt: Moment | None
    last_success_dt: Moment | None
    last_stage_dt: Moment | None
    last_applied_dt: Moment | None
    recent_errors: Int
    now_dt: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class GetHealth(Procedure[Health]):
    """One row of counts and times: `stuck` are claimed orders whose lease ran out, `recent_errors` failed runs of 24 hours.

    `oldest_failed_due_dt` and `oldest_write_back_due_dt` say since when the longest overdue order or message could have been
    tried again, `last_stage_dt` when a store was last polled to its end, `now_dt` what time it is for the database.
    """

    name: ClassVar[str] = "sp_GetHealth"
    returns: ClassVar[type] = Health
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class StorePoll:
    """How a store stands with being polled. All but its name is None for one that never was.

    `finished_dt` is when a walk through its orders last came to its end; `since_dt` and `last_id` are set while one is under way,
    and `updated_dt` is when that one last got on.
    """

    store_id: Name
    finished_dt: Moment | None
    since_dt: Moment | None
    last_id: BigInt | None
    updated_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStorePolls(Procedure[StorePoll]):
    """Every store that the database knows, from a walk or from a staged order, by name."""

    name: ClassVar[str] = "sp_ListStorePolls"
    returns: ClassVar[type] = StorePoll
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ReviewCause:
    """Why orders wait for a person: how many for this class of error, and the one that has waited longest as the example."""

    error_class: Code
    orders: Int
    staging_id: Int
    store_id: Name
    woo_order_id: BigInt
    woo_order_no: Name | None
    message: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReviewCauses(Procedure[ReviewCause]):
    """The orders in NEEDS_MANUAL_REVIEW by their class of error, most first."""

    name: ClassVar[str] = "sp_ListReviewCauses"
    returns: ClassVar[type] = ReviewCause
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class PodCount:
    """How many claims of a carrier (as claims spell it) are in one status and standing."""

    carrier: Name | None
    pod_fetch_status: Code
    standing: Code
    error_class: Code | None
    claims: Int
    next_attempt_dt: Moment | None
    """The earliest next attempt among them; None of those that are done."""
    deadline_near: Int
    """How many of them have a dispute that must be answered within `deadline_days`, and still can be."""
    next_deadline_dt: Moment | None
    """The first of their disputes' deadlines that has not passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPods(Procedure[PodCount]):
    """Count all claims by carrier, status, standing and error class.

    With `open_only` not those that are done, which are most in the end.
    """

    name: ClassVar[str] = "sp_CountPods"
    returns: ClassVar[type] = PodCount
    repeatable: ClassVar[bool] = True

    max_retries: Int = 4
    open_only: Flag = False
    deadline_days: Int = 7


@dataclass(frozen=True, slots=True)
class JobRuns:
    """When a job last ran for a store, and how that went. `runs` counts up to 3; moments are None where there is none.

    `store_id` is None of what works for no store in particular, of runs from before stores were noted, and where none ever ran.
    `last_end_dt`, `last_exit_code` and `message` are of the latest run, which is under way, or was killed, where it has no end.
    `last_good_dt` is the end of the latest run that did its work, some of whose orders may have failed.
    """

    operation_type: Name
    store_id: Name | None
    runs: Int
    last_start_dt: Moment | None
    last_end_dt: Moment | None
    last_exit_code: Int | None
    message: Line | None
    last_good_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListJobRuns(Procedure[JobRuns]):
    """How each of `operations` (a JSON array of `OPERATION_TYPE`s) last ran, dry runs left out: in order, a row for each store.

    One that never ran for a store has one row, of its other runs, or of none.
    """

    name: ClassVar[str] = "sp_ListJobRuns"
    returns: ClassVar[type] = JobRuns
    repeatable: ClassVar[bool] = True

    operations: Text


@dataclass(frozen=True, slots=True)
class NotificationCount:
    """Messages to people: how many wait, since when the one that waits longest has been due, how many failed for good lately."""

    waiting: Int
    oldest_due_dt: Moment | None
    failed_lately: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountNotifications(Procedure[NotificationCount]):
    """One row: the backlog of messages to people. Lately are the last `hours`."""

    name: ClassVar[str] = "sp_CountNotifications"
    returns: ClassVar[type] = NotificationCount
    repeatable: ClassVar[bool] = True

    hours: Int = 24


ScriptName = Annotated[str, Sql("varchar(200)")]


@dataclass(frozen=True, slots=True)
class DeployedScript:
    """A script that `db deploy` has run, and the hash of the text in force."""

    script: ScriptName
    sha256: Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeployedScripts(Procedure[DeployedScript]):
    """What is deployed, by name; no row on an embedded database, whose tables the program keeps by itself."""

    name: ClassVar[str] = "sp_ListDeployedScripts"
    returns: ClassVar[type] = DeployedScript
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class CustomerAction:
    """A queue of customers that needs a person: `customers` failed more often than they are tried."""

    queue_id: Int
    queue_name: Key
    store_id: Name
    customers: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCustomerActions(Procedure[CustomerAction]):
    """The queues of customers that need a person, and are neither done nor cancelled, by their number."""

    name: ClassVar[str] = "sp_ListCustomerActions"
    returns: ClassVar[type] = CustomerAction
    repeatable: ClassVar[bool] = True
