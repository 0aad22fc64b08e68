"""An order's life on the embedded engine: fence, link, document, settle, message, event; whatever ERP stands behind the port."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from syncctl.db.contract import (
    AppliedOrder,
    CancelOrderFromStaging,
    CreateOrderFromStaging,
    ProcessedRow,
    ProcessStagedOrder,
    UpdateOrderFromStaging,
    ValidateStagedOrder,
    Violation,
)
from syncctl.db.embedded.customers import order_customer
from syncctl.db.embedded.erp import Document, DocumentState, Erp, erp_of, settings_of
from syncctl.db.embedded.order_content import cents, read_content
from syncctl.db.embedded.records import queue_message, write_event
from syncctl.db.embedded.registry import Session, serves
from syncctl.db.embedded.validate import SET_UP, check_order, require_rules
from syncctl.db.embedded.work import Fenced, fence, staged_order, take_in_hand
from syncctl.errors import ConfigError, Conflict, WrongState

_FINISHED = {"create": "APPLIED", "update": "APPLIED", "cancel": "CANCELLED"}
_TOLD_AGAIN = {"create": "already_applied", "update": "unchanged", "cancel": "cancelled"}


@serves(CreateOrderFromStaging)
def create_order_from_staging(session: Session, call: CreateOrderFromStaging) -> list[AppliedOrder]:
    """See `sql/procedures/sp_CreateOrderFromStaging.sql`."""
    return [apply_order(session, call, "create")]


@serves(UpdateOrderFromStaging)
def update_order_from_staging(session: Session, call: UpdateOrderFromStaging) -> list[AppliedOrder]:
    """See `sql/procedures/sp_UpdateOrderFromStaging.sql`."""
    return [apply_order(session, call, "update")]


@serves(CancelOrderFromStaging)
def cancel_order_from_staging(session: Session, call: CancelOrderFromStaging) -> list[AppliedOrder]:
    """See `sql/procedures/sp_CancelOrderFromStaging.sql`."""
    return [apply_order(session, call, "cancel")]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A worker's attempt at an order, as the fence asks for it."""

    staging_id: int
    worker_id: str
    attempt_no: int


@serves(ValidateStagedOrder)
def validate_staged_order(session: Session, call: ValidateStagedOrder) -> list[Violation]:
    """See `sql/procedures/sp_ValidateStagedOrder.sql`."""
    require_rules(call, ((call.worker_id is None) == (call.attempt_no is None), "@WORKER_ID and @ATTEMPT_NO come together."))
    if call.worker_id is not None and call.attempt_no is not None:
        staged = fence(session, _Attempt(call.staging_id, call.worker_id, call.attempt_no))
        notes = True
    else:
        staged = staged_order(session, call.staging_id)
        lease_over = staged["LEASE_UNTIL_DT"] is not None and staged["LEASE_UNTIL_DT"] <= session.now
        notes = staged["STATE"] in ("PENDING", "FAILED") or (staged["STATE"] == "CLAIMED" and lease_over)
    violations = check_order(session, call, staged, notes=notes and not call.dry_run)
    action = staged["PENDING_ACTION"]
    if call.dry_run and action in ("update", "cancel") and not any(found.severity == "error" for found in violations):
        erp, link = erp_of(session), _link(session, staged)
        _require_untouched(
            session, erp, staged, _open_link(erp, staged, link, action), "change" if action == "update" else action
        )
    return violations


@serves(ProcessStagedOrder)
def process_staged_order(session: Session, call: ProcessStagedOrder) -> list[ProcessedRow]:
    """See `sql/procedures/sp_ProcessStagedOrder.sql`."""
    require_rules(call)
    staged = fence(session, call, finished=staged_order(session, call.staging_id)["STATE"])
    if take_in_hand(session, call.staging_id, call.worker_id):
        session.keep()
    action = staged["PENDING_ACTION"] or ("cancel" if staged["STATE"] == "CANCELLED" else "create")
    violations: list[Violation] = []
    if staged["STATE"] == "CLAIMED" and action in ("create", "update"):
        violations = check_order(session, call, staged)
    if wrong := next((found.message for found in violations if found.code == SET_UP), None):
        raise ConfigError(wrong, code=50041)
    rows = [
        ProcessedRow("violation", found.code, found.field, found.value, found.message, found.severity) for found in violations
    ]
    if any(found.severity == "error" for found in violations):
        return [*rows, ProcessedRow("outcome", outcome="invalid")]
    applied = apply_order(session, call, action)
    if call.next_staging_id is not None:
        take_in_hand(session, call.next_staging_id, call.worker_id)
    return [*rows, ProcessedRow("outcome", doc_id=applied.doc_id, tkt_no=applied.tkt_no, outcome=applied.outcome)]


@dataclass(frozen=True, slots=True)
class _Applied:
    """What became of an order's document."""

    outcome: str
    document: Document
    revision: int
    cust_no: str | None = None
    told: str = ""
    """The event's words."""


def apply_order(session: Session, call: Fenced, action: str) -> AppliedOrder:
    """Do what a claimed order waits for. See `sql/procedures/sp_ApplyOrder.sql`."""
    staged = fence(session, call, finished=_FINISHED[action])
    if staged["STATE"] == _FINISHED[action]:
        doc_id = int(staged["CP_DOC_ID"]) if (staged["CP_DOC_ID"] or "").isdecimal() else None
        return AppliedOrder(staged["STAGING_ID"], doc_id, staged["TKT_NO"], _TOLD_AGAIN[action])
    _require_action(staged, action)
    erp = erp_of(session)
    link = _link(session, staged)
    if action == "create" and (staged["IS_APPLIED"] or (link is not None and link["LINK_STATE"] == "OPEN")):
        return _already_applied(session, staged, link)
    if action != "cancel" and not staged["IS_VALIDATED"]:
        raise _wrong_state(staged, f"has not passed validation: run `syncctl validate {staged['STAGING_ID']}` first")
    if action == "create":
        done = _create(session, erp, staged, link)
    elif action == "update":
        done = _update(session, erp, staged, _open_link(erp, staged, link, action))
    else:
        done = _cancel(session, erp, staged, _open_link(erp, staged, link, action))
    _write_link(session, staged, done)
    _settle(session, staged, _FINISHED[action], done.document, done.outcome.upper(), done.told, cust_no=done.cust_no)
    _tell_store(session, erp, staged, done)
    return AppliedOrder(staged["STAGING_ID"], done.document.doc_id, done.document.tkt_no, done.outcome)


def _create(session: Session, erp: Erp, staged: sqlite3.Row, link: sqlite3.Row | None) -> _Applied:
    """Write a document, or reopen the one that a cancellation closed."""
    content = read_content(staged)
    cust_no = order_customer(session, erp, staged, content)
    revision = 1 + (link["REVISION"] if link is not None else 0)
    if link is not None and link["LINK_STATE"] == "CLOSED" and erp.document_state(session, link).found:
        _require_untouched(session, erp, staged, link, "change")
        erp.change_document(session, staged, content, link, cust_no)
        document, outcome = Document(link["DOC_ID"], link["TKT_NO"]), "reopened"
    else:
        session.run(
            "DELETE FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
            {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
        )
        document, outcome = erp.create_document(session, staged, content, cust_no), "created"
    return _Applied(outcome, document, revision, cust_no, _numbers(document))


def _update(session: Session, erp: Erp, staged: sqlite3.Row, link: sqlite3.Row) -> _Applied:
    content = read_content(staged)
    cust_no = order_customer(session, erp, staged, content)
    _require_untouched(session, erp, staged, link, "change")
    changes = erp.change_document(session, staged, content, link, cust_no)
    document = Document(link["DOC_ID"], link["TKT_NO"])
    total = f"total {link['TOT']:.2f} → {cents(staged['TOT_AMT']):.2f}"
    told = f"Order updated in {erp.name}. {_numbers(document)}: {changes}{total}"
    return _Applied("updated", document, link["REVISION"], cust_no, told)


def _cancel(session: Session, erp: Erp, staged: sqlite3.Row, link: sqlite3.Row) -> _Applied:
    _require_untouched(session, erp, staged, link, "cancel")
    erp.close_document(session, staged, link)
    erp.write_note(
        session,
        link["DOC_ID"],
        "SYNC-CANCEL",
        f"Web order {staged['WOO_ORDER_NO']} was closed: {staged['ORD_STATUS']} in the store. Its total was {link['TOT']:.2f}.",
    )
    document = Document(link["DOC_ID"], link["TKT_NO"])
    return _Applied("cancelled", document, link["REVISION"], None, f"Order closed in {erp.name}. {_numbers(document)}")


def _already_applied(session: Session, staged: sqlite3.Row, link: sqlite3.Row | None) -> AppliedOrder:
    """The order is in the ERP: bring the staging row to its end and change nothing else."""
    document = (
        Document(link["DOC_ID"], link["TKT_NO"])
        if link is not None
        else Document(int(staged["CP_DOC_ID"]) if (staged["CP_DOC_ID"] or "").isdecimal() else 0, staged["TKT_NO"] or "")
    )
    told = f"The ERP has it already: DOC_ID {document.doc_id or ''}, TKT_NO {document.tkt_no}. Nothing was created."
    _settle(session, staged, "APPLIED", document, "ALREADY_APPLIED", told)
    return AppliedOrder(staged["STAGING_ID"], document.doc_id or None, document.tkt_no or None, "already_applied")


def _numbers(document: Document) -> str:
    return f"DOC_ID: {document.doc_id}, TKT_NO: {document.tkt_no}"


def _wrong_state(staged: sqlite3.Row, why: str) -> WrongState:
    named = f"Order {staged['WOO_ORDER_NO'] or staged['WOO_ORDER_ID']} (staging id {staged['STAGING_ID']})"
    return WrongState(f"{named} {why}.", code=50020)


def _require_action(staged: sqlite3.Row, action: str) -> None:
    """Raise WrongState unless this is what the order waits for."""
    if staged["PENDING_ACTION"] != action:
        raise _wrong_state(staged, f"waits for {staged['PENDING_ACTION'] or 'nothing'}, not for {action}")


def _link(session: Session, staged: sqlite3.Row) -> sqlite3.Row | None:
    """Return an order's link, open or not."""
    return session.one(
        "SELECT * FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
    )


def _open_link(erp: Erp, staged: sqlite3.Row, link: sqlite3.Row | None, action: str) -> sqlite3.Row:
    """Return the order's link, or raise Conflict: without an open one nobody knows what was written."""
    if link is None or link["LINK_STATE"] != "OPEN":
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO'] or staged['WOO_ORDER_ID']}: its document {staged['CP_DOC_ID'] or '?'} was not "
            f"written by syncctl, which can't tell its lines apart. {action.capitalize()} it in {erp.name} by hand, "
            f"then `syncctl dead-letter cancel {staged['STAGING_ID']} --reason …`.",
            code=50030,
        )
    return link


def _require_untouched(session: Session, erp: Erp, staged: sqlite3.Row, link: sqlite3.Row, verb: str) -> None:
    """Raise Conflict with everything that forbids to change the document."""
    state = erp.document_state(session, link)
    reasons = list(state.reasons)
    if verb == "cancel" and state.paid:
        reasons.append(f"it has payments of {state.paid:.2f}")
    booked, record = _booked(staged, state, verb)
    named = f"Order {staged['WOO_ORDER_NO']}: document {link['DOC_ID']} ({link['TKT_NO']}) can't follow the store: "
    if booked and not reasons:
        raise Conflict(f"{named}{booked}, then {record}`syncctl dead-letter retry {staged['STAGING_ID']}`.", code=50030)
    if reasons:
        raise Conflict(
            f"{named}{'; '.join([*reasons, booked] if booked else reasons)}. {verb.capitalize()} it in {erp.name} by hand"
            f"{_taken_off(session, staged, link, verb)}, then {record}"
            f"`syncctl dead-letter cancel {staged['STAGING_ID']} --reason …`.",
            code=50030,
        )


def _booked(staged: sqlite3.Row, state: DocumentState, verb: str) -> tuple[str, str]:
    """Say what a deposit that is in the books wants at the till, and how that is recorded; nothing where it may stay."""
    total = Decimal(0) if verb == "cancel" else cents(staged["TOT_AMT"] or Decimal(0))
    if state.booked is None or state.booked == total:
        return "", ""
    if verb == "cancel":
        wants, done = "give it back at the till", f"--given-back {state.booked:.2f}"
    elif total > state.booked:
        wants, done = f"take {total - state.booked:.2f} more at the till", f"--taken {total - state.booked:.2f}"
    else:
        wants, done = f"give {state.booked - total:.2f} back at the till", f"--given-back {state.booked - total:.2f}"
    told = f"the deposit of {state.booked:.2f} on ticket {state.booked_on} is in the books: {wants}"
    return told, f"`syncctl dead-letter deposit {staged['STAGING_ID']} {done}` and "


def _taken_off(session: Session, staged: sqlite3.Row, link: sqlite3.Row, verb: str) -> str:
    """Say what came off in the store: of goods that are out already that is a return, which a person has to enter."""
    is_cancelled = verb == "cancel"
    less = link["TOT"] - (0 if is_cancelled else cents(staged["TOT_AMT"] or Decimal(0)))
    if less <= 0:
        return ""
    left = {} if is_cancelled else {line.line_id: line.quantity for line in read_content(staged).sold_lines}
    rows = session.all(
        """
        SELECT WOO_LINE_ID, ITEM_NO, QTY_SOLD FROM dbo.USER_ORDER_LINE_LINK
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID >= 0 -- below 0: an ERP's lines for charges
        ORDER BY LIN_SEQ_NO
        """,
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
    )
    back = [(row["QTY_SOLD"] - left.get(row["WOO_LINE_ID"], Decimal(0)), row["ITEM_NO"]) for row in rows]
    items = ", ".join(f"{quantity:.4f} {item}" for quantity, item in back if quantity > 0)
    told = f": {items}"[:500] if items else ""
    return f" (the store took off {less:.2f}{told}. Of goods that are out already, enter a return of that)"


def _write_link(session: Session, staged: sqlite3.Row, done: _Applied) -> None:
    """See `sql/procedures/sp_WriteOrderLink.sql`."""
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_LINK
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, REVISION, LINK_STATE, TOT, ERP_STATUS_TOLD, CREATED_DT,
             UPDATED_DT)
        VALUES (:store, :order, :id, :doc, :tkt, :revision, :state, :tot, :told, :now, :now)
        ON CONFLICT (STORE_ID, WOO_ORDER_ID) DO UPDATE
        SET STAGING_ID = :id, DOC_ID = :doc, TKT_NO = :tkt, REVISION = :revision, LINK_STATE = :state, TOT = :tot,
            ERP_STATUS_TOLD = COALESCE(:told, ERP_STATUS_TOLD), UPDATED_DT = :now
        """,
        {
            "store": staged["STORE_ID"],
            "order": staged["WOO_ORDER_ID"],
            "id": staged["STAGING_ID"],
            "doc": done.document.doc_id,
            "tkt": done.document.tkt_no,
            "revision": done.revision,
            "state": "CLOSED" if done.outcome == "cancelled" else "OPEN",
            "tot": cents(staged["TOT_AMT"]) * (done.outcome != "cancelled"),
            "told": {"cancelled": "closed", "updated": None}.get(done.outcome, "open"),
            "now": session.now,
        },
    )


def _settle(
    session: Session,
    staged: sqlite3.Row,
    state: str,
    document: Document,
    event_type: str,
    message: str,
    *,
    cust_no: str | None = None,
) -> None:
    """End the attempt with success. Owner and attempt stay on the row, so that the same call, sent again, is told apart."""
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = :state, STATE_REASON = CASE WHEN :applied THEN NULL ELSE STATE_REASON END, IS_APPLIED = :applied,
            APPLIED_DT = CASE WHEN :applied THEN :now ELSE APPLIED_DT END,
            APPLIED_HASH = CASE WHEN :applied THEN CONTENT_HASH END,
            CP_DOC_ID = COALESCE(:doc, CP_DOC_ID), TKT_NO = COALESCE(:tkt, TKT_NO), CUST_NO = COALESCE(:cust, CUST_NO),
            PENDING_ACTION = NULL, VALIDATION_ERROR = NULL, ERROR_CLASS = NULL, NEXT_ATTEMPT_DT = NULL, LEASE_UNTIL_DT = NULL,
            UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "id": staged["STAGING_ID"],
            "state": state,
            "applied": state == "APPLIED",
            "doc": str(document.doc_id) if document.doc_id else None,
            "tkt": document.tkt_no or None,
            "cust": cust_no,
            "now": session.now,
        },
    )
    write_event(session, staged, event_type, message, worker_id=staged["LEASE_OWNER"], attempt_no=staged["ATTEMPT_NO"])


def _tell_store(session: Session, erp: Erp, staged: sqlite3.Row, done: _Applied) -> None:
    """Queue what the store is told. Of an update it is told nothing: it knows. See `sql/procedures/sp_TellStoreOfOrder.sql`."""
    if done.outcome == "updated":
        return
    # The store takes words that an order has already for told: from the second revision on a note carries its number.
    what = {"cancelled": "closed"}.get(done.outcome, done.outcome) + (f" ({done.revision})" if done.revision > 1 else "")
    note = f"Order {what} in {erp.name}. {_numbers(done.document)}"
    if done.outcome == "cancelled":
        queue_message(session, staged, "cancelled", f"cancelled:{done.revision}", note=note)
        return
    settings = settings_of(session)
    queue_message(
        session,
        staged,
        "applied",
        f"applied:{done.revision}",
        target_status=settings.get("APPLIED_STATUS"),
        note=note,
        tag_value=f"{done.document.doc_id}/{done.revision}" + (f"@{name}" if (name := settings.get("DATABASE_ID")) else ""),
    )
