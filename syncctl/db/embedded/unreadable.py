"""Orders whose latest version in the store can't be read, on the embedded engine: set aside, and asked for again when due."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Any

from syncctl.db.contract import ListOrdersToReadAgain, OrderToReadAgain, StageOrders
from syncctl.db.embedded.engine import make, to_database
from syncctl.db.embedded.policy import plan_retry
from syncctl.db.embedded.records import write_attempt, write_dead_letter, write_event
from syncctl.db.embedded.registry import Session, require_batch_size, serves

CLASS = "unreadable"


def was_set_aside(staged: sqlite3.Row) -> bool:
    """True where the order waits in review because it could not be read."""
    return bool(staged["STATE"] == "NEEDS_MANUAL_REVIEW" and staged["ERROR_CLASS"] == CLASS)


def former_state(staged: sqlite3.Row) -> str:
    """Return the state that an order had before it was set aside as unreadable. It kept all else, and from that it follows."""
    if not was_set_aside(staged):
        return str(staged["STATE"])
    if staged["PENDING_ACTION"] is not None:
        return "PENDING"
    if staged["IS_APPLIED"]:
        return "APPLIED"
    return "SKIPPED" if staged["LINK_STATE"] is None else "CANCELLED"


def given_up(session: Session, staged: sqlite3.Row, modified: str | None) -> bool:
    """True where a person gave the order up, and the store hasn't changed it since."""
    decided = session.one(
        """
        SELECT MAX(DECIDED_DT) AS "DECIDED_DT [DATETIME_TEXT]" FROM dbo.USER_ORDER_DEAD_LETTER
        WHERE STAGING_ID = :id AND ERROR_CLASS = :class AND DECISION = 'cancel'
        """,
        {"id": staged["STAGING_ID"], "class": CLASS},
    )
    when: datetime | None = decided["DECIDED_DT"] if decided else None
    return when is not None and (modified is None or modified <= to_database(when))


def set_aside(session: Session, call: StageOrders, order: dict[str, Any], staged: sqlite3.Row | None) -> int:
    """See `sql/procedures/sp_SetOrderAside.sql`; a row that isn't there yet is made as `sp_StageOrders` does. Returns its id."""
    if staged is None:
        staging_id = _insert(session, call, order)
        again, said, attempt_no, lost = False, None, 1, ""
    else:
        staging_id = staged["STAGING_ID"]
        again, said = was_set_aside(staged), staged["VALIDATION_ERROR"]
        attempt_no = staged["ATTEMPT_NO"] + 1 if again else 1
        held = staged["STATE"] == "CLAIMED"
        lost = f"; taken from worker {staged['LEASE_OWNER']}, which held it for attempt {staged['ATTEMPT_NO']}" if held else ""
    message = order["STATUS_REASON"]
    plan = plan_retry(session, CLASS, attempt_no, None, None)
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = 'NEEDS_MANUAL_REVIEW', ERROR_CLASS = :class, VALIDATION_ERROR = :message, ATTEMPT_NO = :attempt,
            NEXT_ATTEMPT_DT = :next, LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, READ_MARK = NULL, LAST_SEEN_DT = :now,
            UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "class": CLASS,
            "message": message,
            "attempt": attempt_no,
            "next": plan.next_attempt_dt if attempt_no < plan.max_attempts else None,
            "now": session.now,
            "id": staging_id,
        },
    )
    row = session.one("SELECT * FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = :id", {"id": staging_id})
    assert row is not None  # noqa: S101 - written just now
    write_attempt(session, row, CLASS, order.get("ERROR_CODE"), message)
    # The same finding again is an attempt more, and no news.
    if not again or said != message:
        write_event(session, row, "REVIEW", message + lost, sync_id=call.sync_id)
    write_dead_letter(session, row, CLASS, order.get("ERROR_CODE"), message)
    return staging_id


def _insert(session: Session, call: StageOrders, order: dict[str, Any]) -> int:
    modified = order.get("WOO_MODIFIED_DT")
    made = session.db.execute(
        """
        INSERT INTO dbo.USER_ORDER_STAGING
            (BATCH_ID, STORE_ID, SOURCE_SYSTEM, WOO_ORDER_ID, WOO_ORDER_NO, ORD_STATUS, STATUS_GROUP, WOO_MODIFIED_DT, CREATED_DT,
             CREATED_BY)
        VALUES (:batch, :store, :source, :order_id, :number, :status, 'wait', :modified, :now, 'syncctl')
        """,
        {
            "batch": call.sync_id,
            "store": call.store_id,
            "source": call.source_system,
            "order_id": order["WOO_ORDER_ID"],
            "number": order.get("WOO_ORDER_NO"),
            "status": order.get("ORD_STATUS"),
            "modified": to_database(datetime.fromisoformat(modified).replace(tzinfo=UTC)) if modified else None,
            "now": session.now,
        },
    )
    return int(made.lastrowid or 0)


@serves(ListOrdersToReadAgain)
def list_orders_to_read_again(session: Session, call: ListOrdersToReadAgain) -> list[OrderToReadAgain]:
    """See `sql/procedures/sp_ListOrdersToReadAgain.sql`."""
    require_batch_size(call.batch_size)
    rows = session.all(
        """
        SELECT WOO_ORDER_ID, STAGING_ID, WOO_ORDER_NO, ATTEMPT_NO FROM dbo.USER_ORDER_STAGING
        WHERE STATE = 'NEEDS_MANUAL_REVIEW' AND NEXT_ATTEMPT_DT <= :now AND ERROR_CLASS = :class
        AND STORE_ID = :store AND WOO_ORDER_ID > 0 AND DUPLICATE_OF_ID IS NULL
        ORDER BY NEXT_ATTEMPT_DT, STAGING_ID
        LIMIT :batch
        """,
        {"now": session.now, "class": CLASS, "store": call.store_id, "batch": call.batch_size},
    )
    return [make(OrderToReadAgain, row) for row in rows]
