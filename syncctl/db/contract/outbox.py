"""The outbox: what the store must be told. Written in the ERP's transaction, delivered after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Money, Name, NoRow, Procedure, Text


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message under this worker's lease. Delivering it twice leaves the store as delivering it once.

    `target_status` None leaves the status alone; `note` None posts none; `tag_value` goes into the order's meta data under
    `_syncctl_applied`; `tracking_no` are its parcels' numbers, between commas. `staged_status` and `staged_meaning` are the
    order's as it was last staged: only from there, and only where that is `ready`, its status may be changed. `order_key` is the
    store's own key of the order that is meant: under its id another key is another order. `look_first` is false where nobody can
    have told the store of this message yet, so that its note need not be looked for.
    """

    outbox_id: BigInt
    store_id: Name
    woo_order_id: BigInt
    staging_id: Int | None
    kind: Code
    target_status: Code | None
    note: Text | None
    tag_value: Key | None
    tracking_no: Text | None
    staged_status: Code | None
    staged_meaning: Code | None
    order_key: Key | None
    attempt_no: Int
    lease_until_dt: Moment
    look_first: Flag


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOutbox(Procedure[OutboxMessage]):
    """Lease up to `batch_size` due messages of one store, in the order in which they are due; never two of one order at once.

    With the JSON array `staging_ids` those orders' only; with `ignore_due` those that wait for their next attempt, too. Those in
    the JSON array `passed` are left out: this run has had them.
    """

    name: ClassVar[str] = "sp_ClaimOutbox"
    returns: ClassVar[type] = OutboxMessage

    store_id: Name
    worker_id: Key
    batch_size: Int
    lease_seconds: Int = 300
    staging_ids: Text | None = None
    ignore_due: Flag = False
    passed: Text | None = None


@dataclass(frozen=True, slots=True)
class CompletedMessage:
    """Where a message stands: DONE, DROPPED; or LOST, where this attempt no longer held it and nothing was written of it."""

    outbox_id: BigInt
    state: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteOutbox(Procedure[CompletedMessage]):
    """Note delivered messages, all those of one delivery at once; each has its own fence.

    `messages` is a JSON array of `{"id", "attempt", "result", "detail"}`: the message's number and attempt, `delivered`, or
    `dropped` with the reason as `detail` (a trashed order).
    """

    name: ClassVar[str] = "sp_CompleteOutbox"
    returns: ClassVar[type] = CompletedMessage
    repeatable: ClassVar[bool] = True

    worker_id: Key
    messages: Text


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """Where a message stands after a failed delivery: PENDING with its next attempt, or FAILED for a person."""

    outbox_id: BigInt
    state: Code
    next_attempt_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailOutbox(Procedure[FailedMessage]):
    """Note a failed delivery. The retry policy of `error_class` says when it is tried again, and when no more."""

    name: ClassVar[str] = "sp_FailOutbox"
    returns: ClassVar[type] = FailedMessage

    outbox_id: BigInt
    worker_id: Key
    attempt_no: Int
    error_class: Code
    error_code: Name | None
    message: Text
    retry_after_seconds: Money | None = None
    jitter: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOutbox(Procedure[NoRow]):
    """Give a claimed message back untried, the attempt not counted."""

    name: ClassVar[str] = "sp_ReleaseOutbox"
    returns: ClassVar[type] = NoRow

    outbox_id: BigInt
    worker_id: Key
    attempt_no: Int


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A message as people look at it. `state`: PENDING, CLAIMED, DONE, DROPPED, FAILED."""

    outbox_id: BigInt
    store_id: Name
    woo_order_id: BigInt
    staging_id: Int | None
    kind: Code
    target_status: Code | None
    note: Text | None
    state: Code
    attempt_no: Int
    next_attempt_dt: Moment | None
    error_message: Line | None
    created_dt: Moment
    delivered_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOutbox(Procedure[OutboxEntry]):
    """Messages in any of `states` (comma-separated; None: not delivered yet), oldest first."""

    name: ClassVar[str] = "sp_ListOutbox"
    returns: ClassVar[type] = OutboxEntry
    repeatable: ClassVar[bool] = True

    states: Key | None = None
    woo_order_id: BigInt | None = None
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOutbox(Procedure[OutboxEntry]):
    """Make FAILED and waiting messages due now, attempts counted afresh: one, or all with None. Returns those changed."""

    name: ClassVar[str] = "sp_RetryOutbox"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = OutboxEntry
    repeatable: ClassVar[bool] = True

    outbox_id: BigInt | None = None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A change of an ERP document's state. The store is told `woo_status`; None: nothing.

    Where `is_mapped` is false the status map has no row for the state: nothing was noted, and the change comes again.
    """

    staging_id: Int
    woo_order_id: BigInt
    doc_id: BigInt
    erp_status: Code
    woo_status: Code | None
    is_mapped: Flag
    tracking_no: Key | None
    outbox_id: BigInt | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatusChanges(Procedure[StatusChange]):
    """Compare each linked document's state with what the store was last told; put each change into the outbox, once.

    ERP states: `open`, `shipped`, `closed`, `gone`; `USER_STATUS_MAP` says what each is in the store. Up to `batch_size` (1 to
    10,000) changes of orders behind staging id `after_id`, in their order: go on behind the last one until none comes. With
    `dry_run` the changes are returned and nothing is queued (`outbox_id` None).
    """

    name: ClassVar[str] = "sp_QueueStatusChanges"
    returns: ClassVar[type] = StatusChange
    repeatable: ClassVar[bool] = True

    store_id: Name
    batch_size: Int = 1000
    dry_run: Flag = False
    after_id: Int = 0
