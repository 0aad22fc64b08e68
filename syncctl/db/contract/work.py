"""Work on staged orders: claim under a lease, validate, create, update, cancel, fail, give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Money, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class ClaimedOrder:
    """A staged order under this worker's lease. `(worker_id, attempt_no)` is the fence for every later write."""

    staging_id: Int
    store_id: Name
    woo_order_id: BigInt
    woo_order_no: Name | None
    pending_action: Code
    attempt_no: Int
    max_attempts: Int | None
    lease_until_dt: Moment
    is_validated: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimStagedOrders(Procedure[ClaimedOrder]):
    """Lease up to `batch_size` (1 to 1,000) orders to one worker for `lease_seconds` (1 to 86,400).

    What never failed comes first, oldest first; what did comes in the order in which it is due.

    With `store_id` those of one store only: its settings may not fit another's.

    `scope`: `pending` takes PENDING orders, `failed` takes FAILED ones that are due (all of them with `ignore_due`),
    `listed` takes those in the JSON array `staging_ids` that are PENDING or FAILED, due or not. Orders whose lease has run
    out are taken with `pending`, `failed` and `listed` alike; one that has used up its attempts that way goes to
    NEEDS_MANUAL_REVIEW instead (error class `crash`). Those in the JSON array `passed` are left out: this run has had them.

    Work on them in the order in which they come: an attempt is used up by a worker that dies only of the one in its hands, the
    first, then each from its `ProcessStagedOrder` on. With `workers` (1 to 1,000), of few orders each takes its share alone.
    """

    name: ClassVar[str] = "sp_ClaimStagedOrders"
    returns: ClassVar[type] = ClaimedOrder

    worker_id: Key
    batch_size: Int
    lease_seconds: Int = 300
    scope: Code = "pending"
    staging_ids: Text | None = None
    ignore_due: Flag = False
    store_id: Name | None = None
    passed: Text | None = None
    workers: Int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStagedOrder(Procedure[NoRow]):
    """Give a claimed order back untried: PENDING (FAILED where it was), the attempt not counted."""

    name: ClassVar[str] = "sp_ReleaseStagedOrder"
    returns: ClassVar[type] = NoRow

    staging_id: Int
    worker_id: Key
    attempt_no: Int
    reason: Line | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with an order. `severity` is `error` (blocks it) or `warning`."""

    code: Name
    field: Name
    value: Line | None
    message: Line
    severity: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateStagedOrder(Procedure[Violation]):
    """Find everything that is wrong with a staged order, all at once, and note it on the row where that is the caller's to write.

    `unknown_customer`: `review` | `create` | `guest` (then `guest_cust_no`). `price_check`: `off` | `warning` | `error`, for a
    unit price that differs from the ERP's by more than `price_tolerance` (a fraction: 0.05 is 5 %).

    With `worker_id` and `attempt_no` (both or neither) it is this attempt that validates: LeaseLost where it no longer holds the
    order. Without, it is a person who asks: an order that somebody works on, or that no longer waits for the ERP, is left as it
    is, and only the violations are told. With `dry_run` nothing is noted on any.

    Raises:
        Conflict: with `dry_run`, where an update or a cancellation can't be brought to the order's document, with the reasons.
    """

    name: ClassVar[str] = "sp_ValidateStagedOrder"
    returns: ClassVar[type] = Violation
    repeatable: ClassVar[bool] = True

    staging_id: Int
    unknown_customer: Code = "review"
    guest_cust_no: Code | None = None
    erp_currency: Code = "USD"
    price_check: Code = "warning"
    price_tolerance: Money | None = None
    worker_id: Key | None = None
    attempt_no: Int | None = None
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class ProcessedRow:
    """A violation (`kind` violation: the columns of `Violation`), or at the end the outcome (`kind` outcome).

    `outcome`: created, reopened, already_applied, updated, unchanged, cancelled; or invalid, where an error blocks the order.
    """

    kind: Code
    code: Name | None = None
    field: Name | None = None
    value: Line | None = None
    message: Line | None = None
    severity: Code | None = None
    doc_id: BigInt | None = None
    tkt_no: Code | None = None
    outcome: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStagedOrder(Procedure[ProcessedRow]):
    """Do a claimed order in one call and one transaction: fence, validate by the rules, create or update or cancel, settle.

    An order that an error blocks is still claimed afterwards; what was found stands on its row. `next_staging_id` is the order of
    the same claim that the worker comes to after this one, where there is one.

    Raises:
        Conflict: the document is shipped, posted, gone, or was changed by hand in the ERP.
        MappingError: something has no counterpart in the ERP.
    """

    name: ClassVar[str] = "sp_ProcessStagedOrder"
    returns: ClassVar[type] = ProcessedRow
    repeatable: ClassVar[bool] = True

    staging_id: Int
    worker_id: Key
    attempt_no: Int
    unknown_customer: Code = "review"
    guest_cust_no: Code | None = None
    erp_currency: Code = "USD"
    price_check: Code = "warning"
    price_tolerance: Money | None = None
    next_staging_id: Int | None = None


@dataclass(frozen=True, slots=True)
class AppliedOrder:
    """What the ERP holds now. `outcome`: created, already_applied, reopened, updated, unchanged, cancelled."""

    staging_id: Int
    doc_id: BigInt | None
    tkt_no: Code | None
    outcome: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOrderFromStaging(Procedure[AppliedOrder]):
    """Create the ERP document with lines, charges, notes, inventory, link and the message to the store: one transaction."""

    name: ClassVar[str] = "sp_CreateOrderFromStaging"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = AppliedOrder
    repeatable: ClassVar[bool] = True

    staging_id: Int
    worker_id: Key
    attempt_no: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOrderFromStaging(Procedure[AppliedOrder]):
    """Bring the ERP document in line with the staged order: header, changed, added, removed lines, inventory by the difference.

    Raises:
        Conflict: the document is shipped, posted, gone, or was changed by hand in the ERP.
    """

    name: ClassVar[str] = "sp_UpdateOrderFromStaging"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = AppliedOrder
    repeatable: ClassVar[bool] = True

    staging_id: Int
    worker_id: Key
    attempt_no: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrderFromStaging(Procedure[AppliedOrder]):
    """Close the ERP document and give its stock back.

    Raises:
        Conflict: the document is shipped, posted, gone, or was changed by hand in the ERP.
    """

    name: ClassVar[str] = "sp_CancelOrderFromStaging"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = AppliedOrder
    repeatable: ClassVar[bool] = True

    staging_id: Int
    worker_id: Key
    attempt_no: Int


@dataclass(frozen=True, slots=True)
class FailedOrder:
    """Where a failed order stands: FAILED with the time of the next attempt, or NEEDS_MANUAL_REVIEW."""

    staging_id: Int
    state: Code
    next_attempt_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailStagedOrder(Procedure[FailedOrder]):
    """Note a failed attempt and decide what follows, by `USER_RETRY_POLICY` and the order's own `MAX_ATTEMPTS`.

    `VALIDATION_ERROR` becomes `[Attempt n/m] message` with n = `run_attempt`, m = `run_attempts` (no prefix where the class's
    destination is review at once). With `retry_after_seconds` the order waits that long, inside this run; without, as long as
    the policy says for this attempt, plus up to 10 % by `jitter` (0 to 1). `max_attempts` (1 to 100) takes the place of the
    policy's and the order's own number, this time.
    """

    name: ClassVar[str] = "sp_FailStagedOrder"
    returns: ClassVar[type] = FailedOrder

    staging_id: Int
    worker_id: Key
    attempt_no: Int
    error_class: Code
    error_code: Name | None
    message: Text
    run_attempt: Int = 1
    run_attempts: Int = 1
    retry_after_seconds: Money | None = None
    jitter: Money | None = None
    max_attempts: Int | None = None
