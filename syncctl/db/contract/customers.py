"""Queues of a store's customers: filled from the store, worked off in batches under leases, looked at and ended by people.

A queue belongs to an organisation, and each call names it: another organisation's queue doesn't exist for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class CustomerQueue:
    """A queue and its counts, which are read from its lines.

    `state`: draft, processing, done, failed, cancelled. `filled_at` is None until the store's list was read to its end.
    `due_in_ms` is the time until the next line that waits for another try is due, None where none waits.
    """

    queue_id: Int
    org_id: Name
    store_id: Name
    queue_name: Key
    state: Code
    total_count: Int
    draft_count: Int
    processing_count: Int
    done_count: Int
    failed_count: Int
    cancelled_count: Int
    created_count: Int
    updated_count: Int
    linked_count: Int
    unchanged_count: Int
    process_count: Int
    is_action_required: Flag
    action_required_reason: Text | None
    last_process_date: Moment | None
    batch_size: Int
    batch_delay_ms: Int
    max_retries: Int
    options_json: Text
    fill_cursor: Line
    filled_at: Moment | None
    end_reason: Line | None
    created_by: Key | None
    created_at: Moment
    due_in_ms: Int | None


@dataclass(frozen=True, slots=True)
class StartedQueue:
    """A new queue."""

    queue_id: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCustomerQueue(Procedure[StartedQueue]):
    """Make an empty queue. A store that has brought customers into another organisation is refused (50030)."""

    name: ClassVar[str] = "sp_StartCustomerQueue"
    returns: ClassVar[type] = StartedQueue

    org_id: Name
    store_id: Name
    queue_name: Key
    batch_size: Int = 50
    batch_delay_ms: Int = 2000
    max_retries: Int = 3
    options_json: Text = "{}"
    created_by: Key | None = None


@dataclass(frozen=True, slots=True)
class FilledPage:
    """What a page of the store's list added, how many lines the queue has by now, and whether it is filled."""

    added: Int
    total: Int
    is_filled: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class FillCustomerQueue(Procedure[FilledPage]):
    """Add a page of customers and move the place in the store's list on, both at once; each customer is added once.

    `customers` is a JSON array of `{WOO_CUSTOMER_ID, EMAIL, HAS_ORDERED, CUSTOMER}`; one that the store couldn't give has a
    `PROBLEM`, and comes in as failed. The place must stand at `from_cursor`, else
    another worker fills the queue (50010); where it stands at `to_cursor` already, the answer was lost and nothing is added. With
    `with_orders` only those come in who ordered, by the store's word or by an order that is staged here. `most` lines are taken
    at most; `is_last`, or that many, ends the filling.
    """

    name: ClassVar[str] = "sp_FillCustomerQueue"
    returns: ClassVar[type] = FilledPage
    repeatable: ClassVar[bool] = True

    queue_id: Int
    org_id: Name
    customers: Text
    from_cursor: Line
    to_cursor: Line
    is_last: Flag = False
    with_orders: Flag = False
    most: Int | None = None
    worker_id: Key | None = None


@dataclass(frozen=True, slots=True)
class GuestOrder:
    """A staged order that no registered customer placed: the newest of its e-mail address among those of the answer."""

    staging_id: Int
    cust_email: Key
    order_json: Text
    woo_created_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListGuestOrders(Procedure[GuestOrder]):
    """Guests' live orders of a store that are staged here, newest first, from before `before_id` on (None: from the newest)."""

    name: ClassVar[str] = "sp_ListGuestOrders"
    returns: ClassVar[type] = GuestOrder
    repeatable: ClassVar[bool] = True

    store_id: Name
    before_id: Int | None = None
    batch_size: Int = 100


@dataclass(frozen=True, slots=True)
class ClaimedCustomer:
    """A line under this worker's lease. `(worker_id, attempt_no)` is the fence for every later write."""

    line_id: Int
    woo_customer_id: BigInt
    email: Line
    attempt_no: Int
    process_count: Int
    lease_until_dt: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimCustomers(Procedure[ClaimedCustomer]):
    """Lease up to `batch_size` (1 to 1,000) due lines of a queue to one worker for `lease_seconds` (1 to 86,400).

    A line whose worker died comes back when the lease ends; one that was lost twice is given out alone, so that it can't take
    others with it, and one that was lost five times is given up: failed, a person has to look.
    """

    name: ClassVar[str] = "sp_ClaimCustomers"
    returns: ClassVar[type] = ClaimedCustomer

    queue_id: Int
    org_id: Name
    worker_id: Key
    batch_size: Int = 50
    lease_seconds: Int = 300


@dataclass(frozen=True, slots=True)
class AppliedCustomer:
    """What became of a line.

    `state`: done, draft (tried again at `next_attempt_dt`), failed, lost (another worker's by now). `outcome` of a done one:
    created, updated, linked, unchanged. `message`: why it failed, or what else is to be said. `orders`: how many orders that
    waited for the customer go on.
    """

    line_id: Int
    woo_customer_id: BigInt
    email: Line
    state: Code
    outcome: Code | None
    cust_no: Code | None
    message: Text | None
    next_attempt_dt: Moment | None
    orders: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyCustomers(Procedure[AppliedCustomer]):
    """Bring claimed lines into the ERP and settle each of them, one transaction a line: one that fails never loses the others.

    `lines` is a JSON array of `{LINE_ID, ATTEMPT_NO}`. What this same attempt has settled is told again. A set-up that keeps
    customers from being made (50041) gives back what is not done yet.
    """

    name: ClassVar[str] = "sp_ApplyCustomers"
    returns: ClassVar[type] = AppliedCustomer
    repeatable: ClassVar[bool] = True

    queue_id: Int
    org_id: Name
    worker_id: Key
    lines: Text


@dataclass(frozen=True, slots=True)
class FailedCustomer:
    """Where a line stands after a failure."""

    line_id: Int
    state: Code
    next_attempt_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailCustomer(Procedure[FailedCustomer]):
    """Note a failure on a claimed line.

    One that may pass (`is_passing`) is tried again after 1, 2, 4 … seconds, `max_retries` times; one that was tried more often
    needs a person.
    """

    name: ClassVar[str] = "sp_FailCustomer"
    returns: ClassVar[type] = FailedCustomer

    line_id: Int
    worker_id: Key
    attempt_no: Int
    message: Text
    is_passing: Flag = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCustomers(Procedure[NoRow]):
    """Give claimed lines back untried, the attempt not counted; those that are no longer this worker's are left alone."""

    name: ClassVar[str] = "sp_ReleaseCustomers"
    returns: ClassVar[type] = NoRow
    repeatable: ClassVar[bool] = True

    queue_id: Int
    worker_id: Key
    lines: Text


@dataclass(frozen=True, slots=True)
class RetriedQueue:
    """How many failed lines are tried again, and how many are left because a person has to insist (`is_forced`)."""

    retried: Int
    kept: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryCustomerQueue(Procedure[RetriedQueue]):
    """Make a queue's failed lines due again; those tried more often than the maximum only with `is_forced`, from nought."""

    name: ClassVar[str] = "sp_RetryCustomerQueue"
    returns: ClassVar[type] = RetriedQueue
    by_operator: ClassVar[bool] = True

    queue_id: Int
    org_id: Name
    decided_by: Key
    is_forced: Flag = False


@dataclass(frozen=True, slots=True)
class EndedQueue:
    """How many lines were given up."""

    cancelled: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCustomerQueue(Procedure[EndedQueue]):
    """End a queue for good. `decision`: `done` gives up what is open and what failed; `cancel` what is open."""

    name: ClassVar[str] = "sp_EndCustomerQueue"
    returns: ClassVar[type] = EndedQueue
    by_operator: ClassVar[bool] = True

    queue_id: Int
    org_id: Name
    decision: Code
    decided_by: Key
    reason: Line | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCustomerQueues(Procedure[CustomerQueue]):
    """An organisation's queues, latest first; with `queue_id` that one (else 50004), with `open_only` those that have work."""

    name: ClassVar[str] = "sp_ListCustomerQueues"
    returns: ClassVar[type] = CustomerQueue
    repeatable: ClassVar[bool] = True

    org_id: Name
    queue_id: Int | None = None
    open_only: Flag = False
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """A customer in a queue as people look at it."""

    line_id: Int
    woo_customer_id: BigInt
    email: Line
    state: Code
    outcome: Code | None
    cust_no: Code | None
    error_message: Text | None
    process_count: Int
    last_error_timestamp: Moment | None
    next_attempt_dt: Moment | None
    processed_at: Moment | None
    customer_json: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCustomerLines(Procedure[CustomerLine]):
    """A queue's lines in the order in which they came, those in `state` or all, from behind `after_id` on."""

    name: ClassVar[str] = "sp_ListCustomerLines"
    returns: ClassVar[type] = CustomerLine
    repeatable: ClassVar[bool] = True

    queue_id: Int
    org_id: Name
    state: Code | None = None
    after_id: Int = 0
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True)
class CustomerActivity:
    """One thing that happened to a queue. `status`: success, warning, error. `customers` and `failures` count a batch's lines."""

    activity_id: BigInt
    activity_type: Name
    status: Code
    message: Text
    customers: Int
    failures: Int
    worker_id: Key | None
    created_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class ListCustomerActivity(Procedure[CustomerActivity]):
    """The last `batch_size` things that happened to a queue behind `after_id`, oldest first."""

    name: ClassVar[str] = "sp_ListCustomerActivity"
    returns: ClassVar[type] = CustomerActivity
    repeatable: ClassVar[bool] = True

    queue_id: Int
    org_id: Name
    after_id: BigInt = 0
    batch_size: Int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteCustomerActivity(Procedure[NoRow]):
    """Note something that happened to a queue outside the database: the store was down, is back, shows less than it counts."""

    name: ClassVar[str] = "sp_NoteCustomerActivity"
    returns: ClassVar[type] = NoRow

    queue_id: Int
    org_id: Name
    activity_type: Name
    status: Code
    message: Text
    worker_id: Key | None = None
