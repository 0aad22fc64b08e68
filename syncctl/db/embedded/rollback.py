"""Undoing an ERP document on the embedded engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from syncctl.db.contract import RollbackOrder, RollbackStep
from syncctl.db.embedded.erp import Erp, erp_of
from syncctl.db.embedded.records import queue_message, write_event
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.db.embedded.work import staged_order
from syncctl.errors import RollbackRefused, WrongState

_UNDELIVERED = "STORE_ID = :store AND WOO_ORDER_ID = :order AND STATE NOT IN ('DONE', 'DROPPED')"


@serves(RollbackOrder)
def rollback_order(session: Session, call: RollbackOrder) -> list[RollbackStep]:
    """See `sql/procedures/sp_RollbackOrder.sql`."""
    require(
        (call.reason.strip() != "", "@REASON is required: it is kept with the order."),
        (call.decided_by.strip() != "", "@DECIDED_BY is required."),
        (call.then in ("reset", "cancel"), "@THEN takes reset or cancel."),
    )
    staged = staged_order(session, call.staging_id)
    erp = erp_of(session)
    link = _link_if_safe(session, erp, call, staged)
    steps = _plan(session, erp, call, staged, link)
    if not call.dry_run:
        erp.remove_document(session, link)
        _undo(session, erp, call, staged, link)
    return steps


def _link_if_safe(session: Session, erp: Erp, call: RollbackOrder, staged: sqlite3.Row) -> sqlite3.Row:
    """Return the order's link, or raise with every reason why its document can't be undone."""
    named = f"Order {staged['WOO_ORDER_NO'] or staged['WOO_ORDER_ID']} (staging id {call.staging_id})"
    if not staged["IS_APPLIED"]:
        raise WrongState(f"{named} is {staged['STATE']} and not in the ERP: there is nothing to roll back.", code=50020)
    if staged["STATE"] == "CLAIMED" and staged["LEASE_UNTIL_DT"] is not None and staged["LEASE_UNTIL_DT"] > session.now:
        raise WrongState(f"{named} is being worked on by {staged['LEASE_OWNER']}: try again when that run has ended.", code=50020)
    link = session.one(
        "SELECT * FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND LINK_STATE = 'OPEN'",
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
    )
    if link is None:
        raise RollbackRefused(
            f"{named} can't be rolled back: document {staged['CP_DOC_ID'] or '?'} was not written by syncctl, which can't tell "
            "what to undo. Remove it in the ERP by hand (docs/ROLLBACK_PROCEDURES.md says how).",
            code=50031,
        )
    state = erp.document_state(session, link)
    reasons = list(state.reasons)
    if state.payments:
        reasons.append("it has payments")
    if state.booked:
        reasons.append(
            f"the deposit of {state.booked:.2f} on ticket {state.booked_on} is in the books: give it back at the till, then"
            f" `syncctl dead-letter deposit {staged['STAGING_ID']} --given-back {state.booked:.2f}`"
        )
    if state.parcels:
        reasons.append("it has a tracking number")
    if call.then == "reset" and staged["STATUS_GROUP"] != "live":
        reasons.append(f"it is {staged['ORD_STATUS']} in the store, so it must not be created again (cancel it instead of reset)")
    if reasons:
        raise RollbackRefused(
            f"{named}: document {link['DOC_ID']} ({link['TKT_NO']}) can't be rolled back: {'; '.join(reasons)}. "
            f"Settle that in {erp.name} by hand (docs/ROLLBACK_PROCEDURES.md says how); nothing was changed.",
            code=50031,
        )
    return link


def _plan(session: Session, erp: Erp, call: RollbackOrder, staged: sqlite3.Row, link: sqlite3.Row) -> list[RollbackStep]:
    """List each row that the rollback changes, in the order in which it does."""
    rows = _rows_reader(session, staged)
    order = f"WOO_ORDER_ID = {staged['WOO_ORDER_ID']}"
    decision, after = ("retry", "PENDING (create)") if call.then == "reset" else ("cancel", "CANCELLED")
    steps = [
        *erp.document_rows(session, link),
        *(
            ("USER_ORDER_LINE_LINK", f"{order}, WOO_LINE_ID = {row['WOO_LINE_ID']}", "deleted")
            for row in rows("USER_ORDER_LINE_LINK", "WOO_LINE_ID", "STORE_ID = :store AND WOO_ORDER_ID = :order")
        ),
        ("USER_ORDER_LINK", order, "LINK_STATE OPEN → ROLLED_BACK"),
        *(
            ("USER_STORE_OUTBOX", f"OUTBOX_ID = {row['OUTBOX_ID']}", f"STATE {row['STATE']} → DROPPED ({row['KIND']})")
            for row in rows("USER_STORE_OUTBOX", "OUTBOX_ID", _UNDELIVERED)
        ),
        *(
            ("USER_ORDER_DEAD_LETTER", f"DEAD_LETTER_ID = {row['DEAD_LETTER_ID']}", f"decided: {decision}")
            for row in rows("USER_ORDER_DEAD_LETTER", "DEAD_LETTER_ID", "STAGING_ID = :id AND DECISION IS NULL")
        ),
        ("USER_ORDER_STAGING", f"STAGING_ID = {call.staging_id}", f"STATE {staged['STATE']} → {after}"),
        ("USER_STORE_OUTBOX", order, "added: a note to the store"),
        ("USER_ORDER_EVENT", order, "added: ROLLED_BACK"),
    ]
    return [RollbackStep(number, *step) for number, step in enumerate(steps, start=1)]


def _rows_reader(session: Session, staged: sqlite3.Row) -> Callable[..., list[sqlite3.Row]]:
    """Return a reader of this order's rows in a table, which names the table, its order and a condition."""
    values = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "id": staged["STAGING_ID"]}

    def rows(table: str, key: str, condition: str) -> list[sqlite3.Row]:
        return session.all(f"SELECT * FROM dbo.{table} WHERE {condition} ORDER BY {key}", values)  # noqa: S608  (constants)

    return rows


def _undo(session: Session, erp: Erp, call: RollbackOrder, staged: sqlite3.Row, link: sqlite3.Row) -> None:
    """Let staging row, link and outbox say that the document is gone."""
    order: dict[str, Any] = {
        "store": staged["STORE_ID"],
        "order": staged["WOO_ORDER_ID"],
        "id": staged["STAGING_ID"],
        "now": session.now,
        "reason": call.reason,
        "why": f"rolled back: {call.reason}"[:500],
        "by": call.decided_by,
        "decision": "retry" if call.then == "reset" else "cancel",
        "state": "PENDING" if call.then == "reset" else "CANCELLED",
        "action": "create" if call.then == "reset" else None,
    }
    session.run("DELETE FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order", order)
    session.run(
        """
        UPDATE dbo.USER_ORDER_LINK
        SET LINK_STATE = 'ROLLED_BACK', UPDATED_DT = :now
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order
        """,
        order,
    )
    session.run(
        f"""
        UPDATE dbo.USER_STORE_OUTBOX
        SET STATE = 'DROPPED', DETAIL = :why, LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL
        WHERE {_UNDELIVERED}
        """,  # noqa: S608  (a constant)
        order,
    )
    session.run(
        """
        UPDATE dbo.USER_ORDER_DEAD_LETTER
        SET DECISION = :decision, DECIDED_BY = :by, DECIDED_DT = :now, DECISION_REASON = :why
        WHERE STAGING_ID = :id AND DECISION IS NULL
        """,
        order,
    )
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = :state, STATE_REASON = :why, PENDING_ACTION = :action, IS_APPLIED = 0, APPLIED_DT = NULL, APPLIED_HASH = NULL,
            CP_DOC_ID = NULL, TKT_NO = NULL, IS_VALIDATED = 0, VALIDATION_ERROR = NULL, ERROR_CLASS = NULL, ATTEMPT_NO = 0,
            NEXT_ATTEMPT_DT = NULL, LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        order,
    )
    removed = f"Order removed from {erp.name} again (DOC_ID: {link['DOC_ID']}, TKT_NO: {link['TKT_NO']}). Reason: {call.reason}"
    queue_message(session, staged, "rolled_back", f"rolled_back:{link['REVISION']}", note=removed)
    write_event(session, staged, "ROLLED_BACK", f"{removed} (by {call.decided_by}; now {order['state']})")
