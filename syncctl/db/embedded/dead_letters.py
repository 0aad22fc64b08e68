"""Orders set aside for a person, on the embedded engine: the list, the attempts, the payload, the decision."""

from __future__ import annotations

import sqlite3

from syncctl.db.contract import (
    DeadLetter,
    DecideDeadLetter,
    Decision,
    GetPayload,
    ListDeadLetters,
    ListOrderAttempts,
    OrderAttempt,
    Payload,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.records import cut, write_dead_letter, write_event
from syncctl.db.embedded.registry import Session, require, require_batch_size, serves
from syncctl.errors import NotFound, WrongState


@serves(ListDeadLetters)
def list_dead_letters(session: Session, call: ListDeadLetters) -> list[DeadLetter]:
    """See `sql/procedures/sp_ListDeadLetters.sql`."""
    require_batch_size(call.batch_size)
    rows = session.all(
        """
        SELECT * FROM dbo.USER_ORDER_DEAD_LETTER
        WHERE (:staging_id IS NULL OR STAGING_ID = :staging_id)
        AND (:error_class IS NULL OR ERROR_CLASS = :error_class)
        AND (:decided OR DECISION IS NULL)
        AND (:decision IS NULL OR DECISION = :decision)
        AND DEAD_LETTER_ID > :after
        ORDER BY DEAD_LETTER_ID
        LIMIT :batch
        """,
        {
            "staging_id": call.staging_id,
            "error_class": call.error_class,
            "decided": call.include_decided,
            "decision": call.decision,
            "after": call.after_id,
            "batch": call.batch_size,
        },
    )
    return [make(DeadLetter, row) for row in rows]


@serves(ListOrderAttempts)
def list_order_attempts(session: Session, call: ListOrderAttempts) -> list[OrderAttempt]:
    """See `sql/procedures/sp_ListOrderAttempts.sql`."""
    rows = session.all(
        "SELECT * FROM dbo.USER_ORDER_ATTEMPT WHERE STAGING_ID = :staging_id ORDER BY ATTEMPT_ID", {"staging_id": call.staging_id}
    )
    return [make(OrderAttempt, row) for row in rows]


@serves(GetPayload)
def get_payload(session: Session, call: GetPayload) -> list[Payload]:
    """See `sql/procedures/sp_GetPayload.sql`."""
    if call.dead_letter_id is None:
        row = session.one("SELECT * FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = :staging_id", {"staging_id": call.staging_id})
        if row is None:
            raise NotFound(f"Staging id {call.staging_id} does not exist.", code=50004)
    else:
        row = session.one(
            "SELECT * FROM dbo.USER_ORDER_DEAD_LETTER WHERE STAGING_ID = :staging_id AND DEAD_LETTER_ID = :dead_letter_id",
            {"staging_id": call.staging_id, "dead_letter_id": call.dead_letter_id},
        )
        if row is None:
            raise NotFound(f"Staging id {call.staging_id} has no dead letter {call.dead_letter_id}.", code=50004)
    return [make(Payload, row)]


@serves(DecideDeadLetter)
def decide_dead_letter(session: Session, call: DecideDeadLetter) -> list[Decision]:
    """See `sql/procedures/sp_DecideDeadLetter.sql`."""
    require(
        (call.decision in {"retry", "cancel", "reopen"}, "@DECISION takes retry, cancel, reopen."),
        (call.decided_by != "", "@DECIDED_BY is required."),
    )
    order = session.one("SELECT * FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = :id", {"id": call.staging_id})
    if order is None:
        raise NotFound(f"Staging id {call.staging_id} does not exist.", code=50004)
    name = f"Order {order['WOO_ORDER_NO'] or order['WOO_ORDER_ID']} (staging id {call.staging_id})"
    said = f"{call.decision} decided by {call.decided_by}" + (f": {call.reason}" if call.reason else "")
    if call.decision == "reopen":
        if order["STATE"] != "NEEDS_MANUAL_REVIEW":
            _reopen(session, order, name, said)
        return [Decision(call.staging_id, "NEEDS_MANUAL_REVIEW")]
    if order["STATE"] != "NEEDS_MANUAL_REVIEW":
        raise WrongState(f"{name} is {order['STATE']}, not NEEDS_MANUAL_REVIEW: there is nothing to decide.", code=50020)
    if call.decision == "retry" and order["DUPLICATE_OF_ID"] is None and order["WOO_ORDER_ID"] <= 0:
        raise WrongState(
            f"{name} has no id that the store could be asked for; find it in the store, `syncctl stage --order-id ID`, then "
            f"`syncctl dead-letter cancel {call.staging_id}`.",
            code=50020,
        )
    if call.decision == "retry" and order["DUPLICATE_OF_ID"] is not None:
        raise WrongState(
            f"{name} repeats staging id {order['DUPLICATE_OF_ID']} and is never applied again; "
            f"settle the ERP by hand, then `syncctl dead-letter cancel {call.staging_id}`.",
            code=50020,
        )

    asks_again = call.decision == "retry" and order["ERROR_CLASS"] == "unreadable"
    state, action = "PENDING", order["PENDING_ACTION"] or ("update" if order["IS_APPLIED"] else "create")
    if asks_again:
        state, action = order["STATE"], order["PENDING_ACTION"]
    elif call.decision == "cancel":
        state, action = "APPLIED" if order["IS_APPLIED"] and order["DUPLICATE_OF_ID"] is None else "SKIPPED", None
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = :state, PENDING_ACTION = :action, STATE_REASON = :reason, ATTEMPT_NO = 0, NEXT_ATTEMPT_DT = :next,
            LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, ERROR_CLASS = :class, VALIDATION_ERROR = :error, IS_VALIDATED = 0,
            UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "state": state,
            "action": action,
            # The Cancel of the ERP document quotes why the store cancelled.
            "reason": order["STATE_REASON"] if call.decision == "retry" else cut(said, 500),
            "next": session.now if asks_again else None,
            "class": order["ERROR_CLASS"] if asks_again else None,
            "error": order["VALIDATION_ERROR"] if asks_again else None,
            "now": session.now,
            "id": call.staging_id,
        },
    )
    session.run(
        """
        UPDATE dbo.USER_ORDER_DEAD_LETTER
        SET DECISION = :decision, DECIDED_BY = :decided_by, DECIDED_DT = :now, DECISION_REASON = :reason
        WHERE STAGING_ID = :id AND DECISION IS NULL AND NOT :asks_again
        """,
        {
            # The letter of an order that is asked for again stays open: whether it can be read remains to be seen.
            "asks_again": asks_again,
            "decision": call.decision,
            "decided_by": call.decided_by,
            "now": session.now,
            "reason": call.reason,
            "id": call.staging_id,
        },
    )
    write_event(session, order, f"{call.decision.upper()}_DECIDED", said)
    return [Decision(call.staging_id, state)]


def _reopen(session: Session, order: sqlite3.Row, name: str, said: str) -> None:
    """See `sql/procedures/sp_ReopenDeadLetter.sql`."""
    letter = session.one(
        "SELECT * FROM dbo.USER_ORDER_DEAD_LETTER WHERE STAGING_ID = :id ORDER BY DEAD_LETTER_ID DESC LIMIT 1",
        {"id": order["STAGING_ID"]},
    )
    if letter and letter["DECISION"] == "cancel" and order["STATE_REASON"] == _given_up(letter):
        action = letter["PENDING_ACTION"]
        reason = _why_cancelled(session, order) if action == "cancel" else None
        told = (letter["ERROR_CLASS"], letter["ERROR_CODE"], letter["ERROR_MESSAGE"])
    elif order["STATE"] == "CANCELLED" and _rolled_back(session, order):
        if order["STATUS_GROUP"] != "live":
            raise WrongState(
                f"{name} is {order['ORD_STATUS']} in the store: it must not be created again, so there is nothing to reopen.",
                code=50020,
            )
        action, reason, told = "create", None, ("conflict", None, order["STATE_REASON"])
    else:
        why = f" ({order['STATE_REASON']})" if order["STATE_REASON"] else ""
        raise WrongState(
            f"{name} is {order['STATE']}{why}: nobody gave it up, or it has moved on since; there is nothing to reopen.",
            code=50020,
        )
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = 'NEEDS_MANUAL_REVIEW', PENDING_ACTION = :action, STATE_REASON = :reason, ERROR_CLASS = :class,
            VALIDATION_ERROR = :message, NEXT_ATTEMPT_DT = :next, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "action": action,
            "reason": reason,
            "class": told[0],
            "message": cut(told[2], 500),
            # What could not be read is asked for again.
            "next": session.now if told[0] == "unreadable" else None,
            "now": session.now,
            "id": order["STAGING_ID"],
        },
    )
    write_dead_letter(session, order, *told)
    write_event(session, order, "REOPEN_DECIDED", said)


def _given_up(letter: sqlite3.Row) -> str:
    """What an order's STATE_REASON says for as long as it is as this letter's cancel left it."""
    reason = f": {letter['DECISION_REASON']}" if letter["DECISION_REASON"] else ""
    return cut(f"cancel decided by {letter['DECIDED_BY']}{reason}", 500)


def _why_cancelled(session: Session, order: sqlite3.Row) -> str | None:
    """Why the store cancelled the order: the note on a cancelled ERP document quotes it."""
    row = session.one(
        """
        SELECT MESSAGE FROM dbo.USER_ORDER_EVENT
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND EVENT_TYPE = 'CANCEL_STAGED'
        ORDER BY EVENT_ID DESC LIMIT 1
        """,
        {"store": order["STORE_ID"], "order": order["WOO_ORDER_ID"]},
    )
    return cut(row["MESSAGE"], 500) if row and row["MESSAGE"] else None


def _rolled_back(session: Session, order: sqlite3.Row) -> bool:
    return (
        session.one(
            "SELECT 1 FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND LINK_STATE = 'ROLLED_BACK'",
            {"store": order["STORE_ID"], "order": order["WOO_ORDER_ID"]},
        )
        is not None
    )
