"""Work on staged orders: claim, give back, fail. One function per procedure, named as its T-SQL twin."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Protocol

from syncctl.db.contract import (
    ClaimedOrder,
    ClaimStagedOrders,
    FailedOrder,
    FailStagedOrder,
    NoRow,
    ReleaseStagedOrder,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.lease import ORDER, require_lease
from syncctl.db.embedded.policy import plan_retry
from syncctl.db.embedded.records import cut, queue_message, write_attempt, write_dead_letter, write_event
from syncctl.db.embedded.registry import Session, is_json_list, require, serves


class Fenced(Protocol):
    """A call that writes to a claimed order."""

    @property
    def staging_id(self) -> int:
        """The order."""
        ...

    @property
    def worker_id(self) -> str:
        """Who claims to hold it."""
        ...

    @property
    def attempt_no(self) -> int:
        """In which attempt."""
        ...


def fence(session: Session, call: Fenced, *, finished: str | None = None) -> sqlite3.Row:
    """Return the staged order if this worker's attempt still holds it.

    With `finished` (a state), an order that this same attempt has brought into that state passes too: the answer to the first
    try was lost. The caller looks at the row's STATE.

    Raises:
        NotFound: no such staging id.
        LeaseLost: another worker or attempt holds the order, or nobody does.
    """
    return ORDER.fence(
        session, call.staging_id, call.worker_id, call.attempt_no, finished=() if finished is None else (finished,)
    )


def staged_order(session: Session, staging_id: int) -> sqlite3.Row:
    """Return a staged order, whoever holds it.

    Raises:
        NotFound: no such staging id.
    """
    return ORDER.row(session, staging_id)


_MAY_BE_TAKEN = """
        DUPLICATE_OF_ID IS NULL
        AND (:store IS NULL OR STORE_ID = :store)
        AND (:passed IS NULL OR STAGING_ID NOT IN (SELECT value FROM json_each(:passed)))
"""
_IN_TURN = "ORDER BY NEXT_ATTEMPT_DT, STAGING_ID LIMIT :most"
_LEASE_RAN_OUT = "STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now"


def _first_of(*conditions: str) -> str:
    """The first orders of those for which one of the conditions holds. Each is read from its index's start, and no further."""
    parts = [f"SELECT * FROM dbo.USER_ORDER_STAGING WHERE {condition} AND {_MAY_BE_TAKEN}" for condition in conditions]  # noqa: S608
    return f"{' UNION ALL '.join(parts)} {_IN_TURN}"


_DUE = {
    "pending": _first_of("STATE = 'PENDING'", _LEASE_RAN_OUT),
    "failed": _first_of(
        "STATE = 'FAILED' AND NEXT_ATTEMPT_DT IS NULL",
        "STATE = 'FAILED' AND NEXT_ATTEMPT_DT <= CASE WHEN :all_due THEN '9999' ELSE :now END",
        _LEASE_RAN_OUT,
    ),
}
_LISTED = f"""
        SELECT * FROM dbo.USER_ORDER_STAGING
        WHERE STAGING_ID IN (SELECT value FROM json_each(COALESCE(:ids, '[]')))
        AND (+STATE IN ('PENDING', 'FAILED') OR (+{_LEASE_RAN_OUT})) AND {_MAY_BE_TAKEN}
        {_IN_TURN}
"""  # noqa: S608  (constants)


@serves(ClaimStagedOrders)
def claim_staged_orders(session: Session, call: ClaimStagedOrders) -> list[ClaimedOrder]:
    """See `sql/procedures/sp_ClaimStagedOrders.sql`."""
    require_lease(
        call.worker_id,
        call.batch_size,
        call.lease_seconds,
        (call.scope in ("pending", "failed", "listed"), "@SCOPE takes pending, failed, listed."),
        (call.scope != "listed" or is_json_list(call.staging_ids), "@STAGING_IDS takes a JSON array with @SCOPE listed."),
        (call.passed is None or is_json_list(call.passed), "@PASSED takes a JSON array."),
        (1 <= call.workers <= 1000, "@WORKERS takes 1 to 1000."),
    )
    review_crashed_orders(session)
    found = session.all(
        _LISTED if call.scope == "listed" else _DUE[call.scope],
        {
            "store": call.store_id,
            "ids": call.staging_ids,
            "passed": call.passed,
            "all_due": call.ignore_due,
            "now": session.now,
            "most": call.batch_size * call.workers,
        },
    )
    # Of few orders no worker takes more than its share.
    due = found[: min(call.batch_size, max(1, -(-len(found) // call.workers)))]
    for row in due:
        if row["STATE"] == "CLAIMED" and row["IS_IN_HAND"]:
            write_attempt(session, row, "crash", None, "The worker died (or was stopped hard) while it held this order.")
        if row["ATTEMPT_NO"] > 0:
            attempt = row["ATTEMPT_NO"] + _is_an_attempt(row)
            lost = f"The lease of {row['LEASE_OWNER']} ran out." if row["STATE"] == "CLAIMED" else None
            write_event(session, row, "CLAIMED", lost, worker_id=call.worker_id, attempt_no=attempt)
        if not _is_an_attempt(row):
            _set(session, row["STAGING_ID"], "ATTEMPT_NO = ATTEMPT_NO - 1")
    taken = ORDER.take(session, (row["STAGING_ID"] for row in due), call.worker_id, call.lease_seconds)
    for place, row in enumerate(taken):
        _set(session, row["STAGING_ID"], f"IS_IN_HAND = {int(place == 0)}")
    return [make(ClaimedOrder, row) for row in taken]


def _is_an_attempt(row: sqlite3.Row) -> bool:
    """Say whether taking this order is one attempt more: not where it only waited behind another when its worker died."""
    return row["STATE"] != "CLAIMED" or bool(row["IS_IN_HAND"])


def _set(session: Session, staging_id: int, what: str) -> None:
    session.run(f"UPDATE dbo.USER_ORDER_STAGING SET {what} WHERE STAGING_ID = :id", {"id": staging_id})  # noqa: S608  (constants)


def review_crashed_orders(session: Session) -> None:
    """Set aside the orders whose worker died with them in its hands when they had no attempt left."""
    crashed = session.all(
        """
        SELECT *
        FROM dbo.USER_ORDER_STAGING
        WHERE DUPLICATE_OF_ID IS NULL AND STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now AND IS_IN_HAND = 1
        AND ATTEMPT_NO >= COALESCE(MAX_ATTEMPTS, (SELECT MAX_ATTEMPTS FROM dbo.USER_RETRY_POLICY WHERE ERROR_CLASS = 'crash'))
        ORDER BY STAGING_ID
        """,
        {"now": session.now},
    )
    for row in crashed:
        write_attempt(session, row, "crash", None, "The worker died (or was stopped hard) while it held this order.")
        times = session.one(
            """
            SELECT COUNT(*) AS TIMES
            FROM dbo.USER_ORDER_ATTEMPT
            WHERE STAGING_ID = :id AND ERROR_CLASS = 'crash' AND ATTEMPT_ID >=
                (SELECT COALESCE(MAX(ATTEMPT_ID), 0) FROM dbo.USER_ORDER_ATTEMPT WHERE STAGING_ID = :id AND ATTEMPT_NO = 1)
            """,
            {"id": row["STAGING_ID"]},
        )
        deaths = times["TIMES"] if times else 1
        often = "once" if deaths == 1 else f"{deaths} times"
        message = f"The worker died (or was stopped hard) {often} while it held this order."
        _settle(session, row, "NEEDS_MANUAL_REVIEW", "crash", message, None)
        write_dead_letter(session, row, "crash", None, message)
        write_event(session, row, "REVIEW", message, worker_id=row["LEASE_OWNER"], attempt_no=row["ATTEMPT_NO"])


def _settle(session: Session, row: sqlite3.Row, state: str, error_class: str, text: str, next_attempt: datetime | None) -> None:
    """End a claim without success."""
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = :state, ERROR_CLASS = :class, VALIDATION_ERROR = :text, NEXT_ATTEMPT_DT = :next,
            LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "state": state,
            "class": error_class,
            "text": cut(text, 500),
            "next": next_attempt,
            "now": session.now,
            "id": row["STAGING_ID"],
        },
    )


def take_in_hand(session: Session, staging_id: int, worker_id: str) -> bool:
    """Note that a claimed order's turn has come: a worker that dies from here on has used up an attempt. False where it had."""
    return bool(
        session.run(
            """
            UPDATE dbo.USER_ORDER_STAGING SET IS_IN_HAND = 1
            WHERE STAGING_ID = :id AND STATE = 'CLAIMED' AND LEASE_OWNER = :worker AND IS_IN_HAND = 0
            """,
            {"id": staging_id, "worker": worker_id},
        )
    )


@serves(ReleaseStagedOrder)
def release_staged_order(session: Session, call: ReleaseStagedOrder) -> list[NoRow]:
    """See `sql/procedures/sp_ReleaseStagedOrder.sql`. A row that was FAILED still has its NEXT_ATTEMPT_DT."""
    row = fence(session, call)
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = CASE WHEN NEXT_ATTEMPT_DT IS NULL THEN 'PENDING' ELSE 'FAILED' END, ATTEMPT_NO = ATTEMPT_NO - 1,
            LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {"now": session.now, "id": call.staging_id},
    )
    write_event(session, row, "RELEASED", call.reason, worker_id=call.worker_id, attempt_no=call.attempt_no)
    return []


@serves(FailStagedOrder)
def fail_staged_order(session: Session, call: FailStagedOrder) -> list[FailedOrder]:
    """See `sql/procedures/sp_FailStagedOrder.sql`."""
    require(
        (call.error_class != "", "@ERROR_CLASS is required."),
        (call.message != "", "@MESSAGE is required."),
        (call.run_attempt >= 1, "@RUN_ATTEMPT takes 1 or more."),
        (call.run_attempt <= call.run_attempts, "@RUN_ATTEMPTS takes @RUN_ATTEMPT or more."),
        (0 <= (call.jitter or 0) <= 1, "@JITTER takes 0 to 1."),
        (call.max_attempts is None or 1 <= call.max_attempts <= 100, "@MAX_ATTEMPTS takes 1 to 100."),
    )
    row = fence(session, call)
    plan = plan_retry(session, call.error_class, row["ATTEMPT_NO"], call.retry_after_seconds, call.jitter)
    review = plan.destination == "review" or row["ATTEMPT_NO"] >= (call.max_attempts or row["MAX_ATTEMPTS"] or plan.max_attempts)
    prefix = "" if plan.destination == "review" else f"[Attempt {call.run_attempt}/{call.run_attempts}] "
    text = prefix + call.message
    state = "NEEDS_MANUAL_REVIEW" if review else "FAILED"
    next_attempt = None if review else plan.next_attempt_dt
    write_attempt(session, row, call.error_class, call.error_code, call.message)
    _settle(session, row, state, call.error_class, text, next_attempt)
    write_event(session, row, "REVIEW" if review else "FAILED", text, worker_id=call.worker_id, attempt_no=call.attempt_no)
    if review:
        write_dead_letter(session, row, call.error_class, call.error_code, call.message)
        if call.error_class == "conflict":
            _tell_both_sides(session, row, f"syncctl: this order needs a person. {call.message}")
    return [FailedOrder(call.staging_id, state, next_attempt)]


def _tell_both_sides(session: Session, row: sqlite3.Row, note: str) -> None:
    """Write a conflict on the ERP document and to the store, where the order is in the ERP."""
    link = session.one(
        "SELECT DOC_ID FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        {"store": row["STORE_ID"], "order": row["WOO_ORDER_ID"]},
    )
    if link is not None:
        erp_of(session).write_note(session, link["DOC_ID"], "SYNC-REVIEW", note)
        # Once for this action on this content: an edit that was told about must not hide that the order was cancelled since.
        key = f"review:{row['PENDING_ACTION'] or ''}:{row['CONTENT_HASH'] or ''}"
        queue_message(session, row, "review", key, note=note)
