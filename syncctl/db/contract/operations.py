"""Counts, audit, dead letters, rollback, and the ERP's site settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from syncctl.db.contract.base import BigInt, Code, Flag, Int, Key, Line, Moment, Name, Procedure, Sql, Text


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many staged orders are in a state."""

    state: Code
    orders: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class CountStates(Procedure[StateCount]):
    """Staged orders by state."""

    name: ClassVar[str] = "sp_CountStates"
    returns: ClassVar[type] = StateCount
    repeatable: ClassVar[bool] = True

    store_id: Name | None = None


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One promise that the data breaks. No row means that it is kept."""

    check_name: Name
    staging_id: Int | None
    detail: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOrders(Procedure[AuditFinding]):
    """Check the promises on the data itself.

    Checks: `one_state` (a known state, one live row an order), `one_document` (each applied order has one link and one document,
    each link one order), `totals_equal` (staged total, header total and its parts agree to the cent), `document_whole`
    (the rest of a document's rows agree: taxes, payments, counts), `deposit_ticket` (the ticket that carries an order's deposit
    is there, once, and of the order's amount), and with `inventory`
    `inventory_equals_open_lines` (the stock that is committed against the open order lines; only where every order of the ERP
    comes from here).
    """

    name: ClassVar[str] = "sp_AuditOrders"
    returns: ClassVar[type] = AuditFinding
    repeatable: ClassVar[bool] = True

    store_id: Name | None = None
    inventory: Flag = False


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An order set aside for a person. `decision` is None while it waits, then retry, cancel, restaged."""

    dead_letter_id: BigInt
    staging_id: Int
    store_id: Name
    woo_order_id: BigInt
    woo_order_no: Name | None
    pending_action: Code | None
    error_class: Code
    error_code: Name | None
    error_message: Text
    attempts: Int
    created_dt: Moment
    decision: Code | None
    decided_by: Key | None
    decided_dt: Moment | None
    decision_reason: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListDeadLetters(Procedure[DeadLetter]):
    """Dead letters, oldest first, from above `after_id` on: those that wait, or with `include_decided` all.

    Filters: one staging id, one class of failure, one decision (with `include_decided`).
    """

    name: ClassVar[str] = "sp_ListDeadLetters"
    returns: ClassVar[type] = DeadLetter
    repeatable: ClassVar[bool] = True

    staging_id: Int | None = None
    error_class: Code | None = None
    include_decided: Flag = False
    batch_size: Int = 1000
    after_id: BigInt = 0
    decision: Code | None = None


@dataclass(frozen=True, slots=True)
class OrderAttempt:
    """One failed attempt at an order, kept for good."""

    attempt_dt: Moment
    attempt_no: Int
    worker_id: Key | None
    pending_action: Code | None
    error_class: Code
    error_code: Name | None
    error_message: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOrderAttempts(Procedure[OrderAttempt]):
    """Every failed attempt at a staged order, in time order."""

    name: ClassVar[str] = "sp_ListOrderAttempts"
    returns: ClassVar[type] = OrderAttempt
    repeatable: ClassVar[bool] = True

    staging_id: Int


@dataclass(frozen=True, slots=True)
class Payload:
    """A staged order's content as it came from the store."""

    staging_id: Int
    order_json: Text | None
    line_items_json: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPayload(Procedure[Payload]):
    """The payload of a staged order; of a dead letter, as it was when it was set aside."""

    name: ClassVar[str] = "sp_GetPayload"
    returns: ClassVar[type] = Payload
    repeatable: ClassVar[bool] = True

    staging_id: Int
    dead_letter_id: BigInt | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """An order on which a person decided."""

    staging_id: Int
    state: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideDeadLetter(Procedure[Decision]):
    """Decide on an order in NEEDS_MANUAL_REVIEW, or take such a decision back.

    `retry` makes it PENDING again, attempts from nought; `cancel` SKIPPED where it never reached the ERP, APPLIED as it stands
    where it did. `reopen` puts what a person gave up (by `cancel`, or by a rollback for good) back into review, with a new dead
    letter that says what the old one said; an order that is in review already stays as it is. A decided letter stays, with who
    decided what and why.

    Raises:
        WrongState: the order isn't in review; for `reopen`: no person gave it up, or it has moved on since.
    """

    name: ClassVar[str] = "sp_DecideDeadLetter"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = Decision

    staging_id: Int
    decision: Code
    decided_by: Key
    reason: Line | None = None


@dataclass(frozen=True, slots=True)
class RollbackStep:
    """One row that a rollback changes (or would change)."""

    step_no: Int
    table_name: Name
    row_key: Key
    change: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOrder(Procedure[RollbackStep]):
    """Undo an applied order's ERP document. `then`: `reset` (PENDING again) or `cancel` (CANCELLED, not created again).

    Raises:
        RollbackRefused: shipped, posted, paid, or changed by hand; the message names each condition and what to do by hand.
        WrongState: nothing is applied.
    """

    name: ClassVar[str] = "sp_RollbackOrder"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = RollbackStep

    staging_id: Int
    reason: Line
    decided_by: Key
    then: Code = "cancel"
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class ErpSetting:
    """A site setting of the ERP side, such as `STA_ID`. `fault`: what it names that the ERP doesn't have, in words."""

    name: Name
    value: Line | None
    descr: Line | None
    fault: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListErpSettings(Procedure[ErpSetting]):
    """The site settings, by name."""

    name: ClassVar[str] = "sp_ListErpSettings"
    returns: ClassVar[type] = ErpSetting
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetErpSetting(Procedure[ErpSetting]):
    """Change one site setting. NotFound for a name that doesn't exist."""

    name: ClassVar[str] = "sp_SetErpSetting"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = ErpSetting
    repeatable: ClassVar[bool] = True

    setting_name: Name
    value: Line | None


@dataclass(frozen=True, slots=True)
class MissingSetting:
    """A site setting or number series without which no document can be written. `command` sets it."""

    name: Name
    command: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class ListMissingErpSettings(Procedure[MissingSetting]):
    """What nobody has set and no document can be written without; no row where orders can be processed."""

    name: ClassVar[str] = "sp_ListMissingErpSettings"
    returns: ClassVar[type] = MissingSetting
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ImportedSetting:
    """A site setting or number series: what the ERP says, beside what stood here before.

    `outcome`: set, same, kept (somebody set it differently), missing (the ERP doesn't say), by_hand (what the ERP says has its
    place elsewhere, see `detail`).
    """

    name: Name
    source: Annotated[str, Sql("varchar(100)")]
    erp_value: Line | None
    site_value: Line | None
    outcome: Code
    detail: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportErpSettings(Procedure[ImportedSetting]):
    """Take the site settings of web orders from the ERP's own set-up; `force` replaces what was set differently, too.

    Raises:
        BadArgument: the ERP has several stores, and `erp_store` names none of them; the message lists them.
        NotFound: there is no such store.
        ConfigError: the ERP says nothing of web orders (error 50041).
    """

    name: ClassVar[str] = "sp_ImportErpSettings"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = ImportedSetting
    repeatable: ClassVar[bool] = True

    erp_store: Annotated[str, Sql("varchar(10)")] | None = None
    force: Flag = False
    dry_run: Flag = False


@dataclass(frozen=True, slots=True)
class NumberSeries:
    """A series of numbers: `prefix`, then `next_no` with `width` digits."""

    series: Code
    prefix: Annotated[str, Sql("varchar(10)")]
    width: Int
    next_no: BigInt
    descr: Line | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListNumberSeries(Procedure[NumberSeries]):
    """The series that documents, tickets and customers take their numbers from."""

    name: ClassVar[str] = "sp_ListNumberSeries"
    returns: ClassVar[type] = NumberSeries
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNumberSeries(Procedure[NumberSeries]):
    """Set a number series, or change it: what is None stays. NotFound for a series that the ERP has no use for."""

    name: ClassVar[str] = "sp_SetNumberSeries"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = NumberSeries
    repeatable: ClassVar[bool] = True

    series: Code
    prefix: Annotated[str, Sql("varchar(10)")] | None = None
    width: Int | None = None
    next_no: BigInt | None = None


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """What one of the ERP's tables holds of a document; each part says which document it is.

    `content` is a JSON array of the rows, None where there is none; `key_columns` tells its rows apart. The part with the
    document's stock has, beside the ERP's own columns, HELD_HERE, HELD_BY_US, HELD_BY_OTHERS and MOVED_BY_US.
    """

    doc_id: BigInt
    tkt_no: Annotated[str, Sql("varchar(15)")]
    is_ours: Flag
    other_doc_id: BigInt | None
    """Another document whose id is the number that was asked for; that one is a ticket number, too, which counts."""
    table_name: Annotated[str, Sql("varchar(128)")]
    key_columns: Line
    content: Text | None
    deposit_tkt_no: Annotated[str, Sql("varchar(15)")] | None = None
    """The ticket that carries the deposit of this order; None where none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetErpDocument(Procedure[DocumentPart]):
    """Everything that stands of one open document in the ERP's tables, and the stock of its items.

    Raises:
        NotFound: there is none of that ticket number or id, or it is posted.
    """

    name: ClassVar[str] = "sp_GetErpDocument"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = DocumentPart
    repeatable: ClassVar[bool] = True

    number: Annotated[str, Sql("nvarchar(50)")]


@dataclass(frozen=True, slots=True)
class StatusMapping:
    """What an ERP document's state is called in a store; `woo_status` None says nothing to the store."""

    store_id: Name
    erp_status: Code
    woo_status: Code | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStatusMap(Procedure[StatusMapping]):
    """The status map."""

    name: ClassVar[str] = "sp_ListStatusMap"
    returns: ClassVar[type] = StatusMapping
    repeatable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class SeedCount:
    """What a seed added."""

    items: Int
    customers: Int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedDemoErp(Procedure[SeedCount]):
    """Fill a trial ERP with items and customers; rows that are there stay.

    `items` is a JSON array of `ITEM_NO`, `SKU`, `DESCR`, `PRC_1`, `QTY_ON_HND`; `customers` one of `CUST_NO`, `NAM`,
    `EMAIL_ADRS_1`, `WOO_USER_ID`, of the store `store_id` (empty: of the first one whose orders come). `with_deposit` adds an
    order with a deposit ticket, where the ERP has such tickets.

    Raises:
        UsageError: the ERP isn't a trial one (error 50060).
    """

    name: ClassVar[str] = "sp_SeedDemoErp"
    by_operator: ClassVar[bool] = True
    returns: ClassVar[type] = SeedCount
    repeatable: ClassVar[bool] = True

    items: Text
    customers: Text
    store_id: Name = ""
    with_deposit: Flag = False
