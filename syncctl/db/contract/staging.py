"""Staging: orders as the store tells them, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from syncctl.db.contract.base import (
    BigInt,
    Code,
    Day,
    Flag,
    Hash,
    Int,
    Key,
    Line,
    Moment,
    Money,
    Name,
    Procedure,
    Text,
    each_order,
)

State = Literal["PENDING", "CLAIMED", "APPLIED", "FAILED", "NEEDS_MANUAL_REVIEW", "CANCELLED", "SKIPPED"]
StageOutcome = Literal["staged", "restaged", "cancel_staged", "unchanged", "skipped", "set_aside"]


@each_order
class StagedResult:
    """What became of one order of a page. `staging_id` is None for an order that a dry run would stage."""

    woo_order_id: BigInt
    staging_id: Int | None
    outcome: Code
    reason: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOrders(Procedure[StagedResult]):
    """Stage one page of orders and note how far the walk came, in one transaction.

    `orders` is a JSON array, one object an order, keyed by the columns of `USER_ORDER_STAGING` (see `sql/README.md`), with
    `STATUS_GROUP` (`live` | `wait` | `dead`), `STATUS_MEANING` (`models.Meaning`), `STATUS_REASON` and `VANISHED` (1: gone from
    the store, only its id is known) or `UNREADABLE` (1: the store has it and it can't be read, `STATUS_REASON` and `ERROR_CODE`
    say why): that one is set aside, and goes on where it was when a version comes that can be read.
    One that has the id of an order in the ERP and is another (`ORDER_KEY`, or date and customer) is set aside just so, unless
    `SAME_ORDER` (1: a person says that it is the same).
    `READ_MARK` is kept with the version, for `ListKnownOrders`; without one the order is looked into the next time.
    `walk` is a JSON object with the columns of `USER_SYNC_WALK`, or None where the page belongs to no walk.
    With `dry_run` the same decisions are returned and nothing is written.
    """

    name: ClassVar[str] = "sp_StageOrders"
    returns: ClassVar[type] = StagedResult
    repeatable: ClassVar[bool] = True

    store_id: Name
    source_system: Name
    sync_id: Name
    orders: Text
    walk: Text | None = None
    dry_run: Flag = False


@each_order
class KnownOrder:
    """A staged order that need not be looked into where the store's list tells of it what `read_mark` stands for."""

    woo_order_id: BigInt
    staging_id: Int
    read_mark: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ListKnownOrders(Procedure[KnownOrder]):
    """Of a page of the store's list the orders whose staged version may be the one that is listed. `orders`: a JSON array of ids.

    Left out is what is to be looked into whatever the list says: orders not staged, set aside or in review, and those whose
    `READ_MARK` was not given with the version staged last.
    """

    name: ClassVar[str] = "sp_ListKnownOrders"
    returns: ClassVar[type] = KnownOrder
    repeatable: ClassVar[bool] = True

    store_id: Name
    orders: Text


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """A staged order as the reconciliation compares it with the store."""

    woo_order_id: BigInt
    staging_id: Int
    state: Code
    status_group: Code
    woo_created_dt: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStoreOrders(Procedure[StoreOrder]):
    """Staged orders of a store created there from `since` (inclusive) to `until` (exclusive), by id, from `after_id` on."""

    name: ClassVar[str] = "sp_ListStoreOrders"
    returns: ClassVar[type] = StoreOrder
    repeatable: ClassVar[bool] = True

    store_id: Name
    since_dt: Moment
    until_dt: Moment
    after_id: BigInt = 0
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order whose document is open in the ERP: neither shipped, closed nor gone."""

    woo_order_id: BigInt
    staging_id: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOpenOrders(Procedure[OpenOrder]):
    """A store's orders whose document is open in the ERP, by staging id, from above `after_id` on."""

    name: ClassVar[str] = "sp_ListOpenOrders"
    returns: ClassVar[type] = OpenOrder
    repeatable: ClassVar[bool] = True

    store_id: Name
    after_id: Int = 0
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True)
class OrderToReadAgain:
    """An order that could not be read, to be asked for by its id."""

    woo_order_id: BigInt
    staging_id: Int
    woo_order_no: Name | None
    attempt_no: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrdersToReadAgain(Procedure[OrderToReadAgain]):
    """A store's orders that were set aside because they could not be read, and are due to be asked for again, oldest first."""

    name: ClassVar[str] = "sp_ListOrdersToReadAgain"
    returns: ClassVar[type] = OrderToReadAgain
    repeatable: ClassVar[bool] = True

    store_id: Name
    batch_size: Int


@dataclass(frozen=True, slots=True)
class StagedOrder:
    """A staged order as people and services look at it."""

    staging_id: Int
    store_id: Name
    woo_order_id: BigInt
    woo_order_no: Name | None
    ord_status: Code | None
    status_meaning: Code | None
    state: Code
    state_reason: Line | None
    pending_action: Code | None
    attempt_no: Int
    next_attempt_dt: Moment | None
    lease_owner: Key | None
    lease_until_dt: Moment | None
    is_validated: Flag
    is_applied: Flag
    validation_error: Line | None
    error_class: Code | None
    cust_no: Code | None
    cust_email: Key | None
    cp_doc_id: Code | None
    tkt_no: Code | None
    currency: Code | None
    tot_amt: Money | None
    ord_dat: Day | None
    woo_created_dt: Moment | None
    woo_modified_dt: Moment | None
    created_dt: Moment
    last_seen_dt: Moment | None
    applied_dt: Moment | None
    content_hash: Hash | None
    applied_hash: Hash | None
    duplicate_of_id: Int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStagedOrders(Procedure[StagedOrder]):
    """Staged orders that match every filter given, by staging id, from `after_id` on.

    `order_ref` is an order's number as people read it, or its id. `states` is a comma-separated list.
    """

    name: ClassVar[str] = "sp_ListStagedOrders"
    returns: ClassVar[type] = StagedOrder
    repeatable: ClassVar[bool] = True

    store_id: Name | None = None
    staging_id: Int | None = None
    order_ref: Name | None = None
    states: Key | None = None
    after_id: Int = 0
    batch_size: Int = 1000


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """One thing that happened to an order. `source` is the table it comes from."""

    event_dt: Moment
    source: Code
    event_type: Code
    staging_id: Int | None
    sync_id: Name | None
    worker_id: Key | None
    attempt_no: Int | None
    message: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOrder(Procedure[TraceEvent]):
    """An order's story in time order: events, attempts, and what the store was told."""

    name: ClassVar[str] = "sp_TraceOrder"
    returns: ClassVar[type] = TraceEvent
    repeatable: ClassVar[bool] = True

    store_id: Name
    woo_order_id: BigInt
