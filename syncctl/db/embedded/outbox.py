"""The outbox on the embedded engine: what the store must be told, one message of an order after the other."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from syncctl.db.contract import (
    ClaimOutbox,
    CompletedMessage,
    CompleteOutbox,
    FailedMessage,
    FailOutbox,
    ListOutbox,
    NoRow,
    OutboxEntry,
    OutboxMessage,
    ReleaseOutbox,
    RetryOutbox,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.lease import MESSAGE, require_lease
from syncctl.db.embedded.policy import plan_retry
from syncctl.db.embedded.records import cut, write_event
from syncctl.db.embedded.registry import Session, is_json_list, require, require_batch_size, serves
from syncctl.errors import LeaseLost, NotFound

_RESULTS = {"delivered": "DONE", "dropped": "DROPPED"}
_STATES = ("PENDING", "CLAIMED", "DONE", "DROPPED", "FAILED")


def _due(condition: str, index: str = "IX_USER_STORE_OUTBOX_STATE") -> str:
    """Messages of a state that may go out now: read from the state's index in its order, and no further than they are wanted."""
    return f"""
        SELECT message.OUTBOX_ID, message.LOOK_FIRST, message.NEXT_ATTEMPT_DT
        FROM dbo.USER_STORE_OUTBOX AS message INDEXED BY {index}
        WHERE ({condition})
        AND +message.STORE_ID = :store
        AND NOT EXISTS
            (SELECT 1 FROM dbo.USER_STORE_OUTBOX AS other
             WHERE other.STORE_ID = message.STORE_ID AND other.WOO_ORDER_ID = message.WOO_ORDER_ID
             AND (   (other.OUTBOX_ID < message.OUTBOX_ID AND other.STATE IN ('PENDING', 'CLAIMED'))
                  OR (other.OUTBOX_ID > message.OUTBOX_ID AND other.STATE = 'CLAIMED' AND other.LEASE_UNTIL_DT > :now)))
        AND (:passed IS NULL OR message.OUTBOX_ID NOT IN (SELECT value FROM json_each(:passed)))
    """  # noqa: S608  (constants)


_PENDING = "message.STATE = 'PENDING' AND message.NEXT_ATTEMPT_DT <= CASE WHEN :all_due THEN '9999' ELSE :now END"
_LEASE_RAN_OUT = "message.STATE = 'CLAIMED' AND message.LEASE_UNTIL_DT <= :now"
_IN_TURN = "ORDER BY NEXT_ATTEMPT_DT, OUTBOX_ID LIMIT :batch"
_ALL_DUE = f"{_due(_PENDING)} UNION ALL {_due(_LEASE_RAN_OUT)} {_IN_TURN}"
_OF_ORDERS = "message.STATE IN ('PENDING', 'CLAIMED') AND message.STAGING_ID IN (SELECT value FROM json_each(:staging))"
_OF_ORDERS += f" AND (+{_PENDING} OR +{_LEASE_RAN_OUT})"
_DUE_OF_ORDERS = f"{_due(_OF_ORDERS, 'IX_USER_STORE_OUTBOX_OPEN')} {_IN_TURN}"


@serves(ClaimOutbox)
def claim_outbox(session: Session, call: ClaimOutbox) -> list[OutboxMessage]:
    """See `sql/procedures/sp_ClaimOutbox.sql`."""
    require_lease(
        call.worker_id,
        call.batch_size,
        call.lease_seconds,
        (call.store_id != "", "@STORE_ID is required."),
        (call.staging_ids is None or is_json_list(call.staging_ids), "@STAGING_IDS takes a JSON array."),
        (call.passed is None or is_json_list(call.passed), "@PASSED takes a JSON array."),
    )
    _give_up_crashed(session, call.store_id)
    due = session.all(
        _ALL_DUE if call.staging_ids is None else _DUE_OF_ORDERS,
        {
            "store": call.store_id,
            "staging": call.staging_ids,
            "all_due": call.ignore_due,
            "passed": call.passed,
            "now": session.now,
            "batch": call.batch_size,
        },
    )
    taken = MESSAGE.take(session, (row["OUTBOX_ID"] for row in due), call.worker_id, call.lease_seconds)
    look_first = {row["OUTBOX_ID"]: row["LOOK_FIRST"] for row in due}
    if untold := [(outbox_id,) for outbox_id, known in look_first.items() if not known]:
        session.many("UPDATE dbo.USER_STORE_OUTBOX SET LOOK_FIRST = 1 WHERE OUTBOX_ID = ?", untold)
    return [_message(session, row, look_first=look_first[row["OUTBOX_ID"]]) for row in taken]


def _message(session: Session, row: sqlite3.Row, *, look_first: bool) -> OutboxMessage:
    """Make the message, with the order's status as it was last staged."""
    staged = session.one(
        "SELECT ORD_STATUS, STATUS_MEANING, ORDER_KEY FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = :id",
        {"id": row["STAGING_ID"]},
    )
    status, meaning, key = tuple(staged) if staged is not None else (None, None, None)
    return OutboxMessage(
        outbox_id=row["OUTBOX_ID"],
        store_id=row["STORE_ID"],
        woo_order_id=row["WOO_ORDER_ID"],
        staging_id=row["STAGING_ID"],
        kind=row["KIND"],
        target_status=row["TARGET_STATUS"],
        note=row["NOTE"],
        tag_value=row["TAG_VALUE"],
        tracking_no=row["TRACKING_NO"],
        staged_status=status,
        staged_meaning=meaning,
        order_key=key,
        attempt_no=row["ATTEMPT_NO"],
        lease_until_dt=row["LEASE_UNTIL_DT"],
        look_first=look_first,
    )


def _give_up_crashed(session: Session, store_id: str) -> None:
    """Leave to a person the messages on which every attempt that the store is given has gone, the last one by a dead worker."""
    crashed = session.all(
        """
        SELECT *
        FROM dbo.USER_STORE_OUTBOX
        WHERE STORE_ID = :store AND STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now
        AND ATTEMPT_NO >= (SELECT MAX_ATTEMPTS FROM dbo.USER_RETRY_POLICY WHERE ERROR_CLASS = 'store')
        ORDER BY +OUTBOX_ID
        """,
        {"store": store_id, "now": session.now},
    )
    for row in crashed:
        _fail(session, row, "FAILED", "crash", None, "The worker died (or was stopped hard) while it delivered this message.")


def _fail(session: Session, row: sqlite3.Row, state: str, error_class: str, error_code: str | None, message: str) -> None:
    """Note a failed delivery on the message and in the order's story."""
    session.run(
        """
        UPDATE dbo.USER_STORE_OUTBOX
        SET STATE = :state, ERROR_CLASS = :class, ERROR_CODE = :code, ERROR_MESSAGE = :message,
            LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL
        WHERE OUTBOX_ID = :id
        """,
        {"state": state, "class": error_class, "code": error_code, "message": cut(message, 500), "id": row["OUTBOX_ID"]},
    )
    write_event(
        session,
        row,
        "WRITE_BACK_FAILED",
        f"{row['KIND']}: {message}",
        worker_id=row["LEASE_OWNER"],
        attempt_no=row["ATTEMPT_NO"],
    )


@serves(CompleteOutbox)
def complete_outbox(session: Session, call: CompleteOutbox) -> list[CompletedMessage]:
    """See `sql/procedures/sp_CompleteOutbox.sql`."""
    require((is_json_list(call.messages), "@MESSAGES takes a JSON array."))
    told = {given["id"]: given for given in json.loads(call.messages)}
    known = all(given.get("result") in _RESULTS for given in told.values())
    require((known, "@MESSAGES: each result is delivered or dropped."))
    return [CompletedMessage(outbox_id, _complete(session, call.worker_id, told[outbox_id])) for outbox_id in sorted(told)]


def _complete(session: Session, worker_id: str, told: dict[str, Any]) -> str:
    """Finish one message and return where it stands; LOST where this attempt no longer holds it."""
    try:
        row = MESSAGE.fence(session, told["id"], worker_id, told["attempt"], finished=("DONE", "DROPPED"))
    except (LeaseLost, NotFound):
        return "LOST"
    if row["STATE"] != "CLAIMED":
        return str(row["STATE"])
    state = _RESULTS[told["result"]]
    detail = told.get("detail")
    session.run(
        """
        UPDATE dbo.USER_STORE_OUTBOX
        SET STATE = :state, DETAIL = :detail, DELIVERED_DT = :delivered, LEASE_UNTIL_DT = NULL,
            ERROR_CLASS = NULL, ERROR_CODE = NULL, ERROR_MESSAGE = NULL
        WHERE OUTBOX_ID = :id
        """,
        {"state": state, "detail": detail, "delivered": session.now if state == "DONE" else None, "id": told["id"]},
    )
    write_event(
        session,
        row,
        "WRITTEN_BACK" if state == "DONE" else "WRITE_BACK_DROPPED",
        f"{row['KIND']}: {detail or row['NOTE'] or row['TARGET_STATUS'] or ''}",
        worker_id=worker_id,
        attempt_no=row["ATTEMPT_NO"],
    )
    return state


@serves(FailOutbox)
def fail_outbox(session: Session, call: FailOutbox) -> list[FailedMessage]:
    """See `sql/procedures/sp_FailOutbox.sql`."""
    require(
        (call.error_class != "", "@ERROR_CLASS is required."),
        (call.message != "", "@MESSAGE is required."),
        (0 <= (call.jitter or 0) <= 1, "@JITTER takes 0 to 1."),
    )
    row = MESSAGE.fence(session, call.outbox_id, call.worker_id, call.attempt_no)
    plan = plan_retry(session, call.error_class, row["ATTEMPT_NO"], call.retry_after_seconds, call.jitter)
    if plan.destination == "review" or row["ATTEMPT_NO"] >= plan.max_attempts:
        _fail(session, row, "FAILED", call.error_class, call.error_code, call.message)
        return [FailedMessage(call.outbox_id, "FAILED", None)]
    _fail(session, row, "PENDING", call.error_class, call.error_code, call.message)
    session.run(
        "UPDATE dbo.USER_STORE_OUTBOX SET NEXT_ATTEMPT_DT = :due WHERE OUTBOX_ID = :id",
        {"due": plan.next_attempt_dt, "id": call.outbox_id},
    )
    return [FailedMessage(call.outbox_id, "PENDING", plan.next_attempt_dt)]


@serves(ReleaseOutbox)
def release_outbox(session: Session, call: ReleaseOutbox) -> list[NoRow]:
    """See `sql/procedures/sp_ReleaseOutbox.sql`."""
    MESSAGE.fence(session, call.outbox_id, call.worker_id, call.attempt_no)
    session.run(
        """
        UPDATE dbo.USER_STORE_OUTBOX
        SET STATE = 'PENDING', ATTEMPT_NO = ATTEMPT_NO - 1, LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL
        WHERE OUTBOX_ID = :id
        """,
        {"id": call.outbox_id},
    )
    return []


@serves(ListOutbox)
def list_outbox(session: Session, call: ListOutbox) -> list[OutboxEntry]:
    """See `sql/procedures/sp_ListOutbox.sql`."""
    require_batch_size(call.batch_size)
    states = "PENDING,CLAIMED,FAILED" if call.states is None else call.states
    require((all(state in _STATES for state in states.split(",")), "@STATES takes PENDING, CLAIMED, DONE, DROPPED, FAILED."))
    rows = session.all(
        """
        SELECT *
        FROM dbo.USER_STORE_OUTBOX
        WHERE INSTR(',' || :states || ',', ',' || STATE || ',') > 0
        AND (:order IS NULL OR WOO_ORDER_ID = :order)
        ORDER BY OUTBOX_ID
        LIMIT :batch
        """,
        {"states": states, "order": call.woo_order_id, "batch": call.batch_size},
    )
    return [make(OutboxEntry, row) for row in rows]


@serves(RetryOutbox)
def retry_outbox(session: Session, call: RetryOutbox) -> list[OutboxEntry]:
    """See `sql/procedures/sp_RetryOutbox.sql`."""
    if call.outbox_id is not None:
        MESSAGE.row(session, call.outbox_id)
    rows = session.all(
        """
        SELECT OUTBOX_ID
        FROM dbo.USER_STORE_OUTBOX
        WHERE (:id IS NULL OR OUTBOX_ID = :id)
        AND (STATE = 'FAILED' OR (STATE = 'PENDING' AND NEXT_ATTEMPT_DT > :now))
        ORDER BY OUTBOX_ID
        """,
        {"id": call.outbox_id, "now": session.now},
    )
    for row in rows:
        session.run(
            "UPDATE dbo.USER_STORE_OUTBOX SET STATE = 'PENDING', ATTEMPT_NO = 0, NEXT_ATTEMPT_DT = :now WHERE OUTBOX_ID = :id",
            {"now": session.now, "id": row["OUTBOX_ID"]},
        )
    return [make(OutboxEntry, MESSAGE.row(session, row["OUTBOX_ID"])) for row in rows]
