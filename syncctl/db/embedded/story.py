"""What every procedure writes beside its own work: the order's story, and what the store must be told."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.registry import Session


def note_event(
    session: Session,
    staged: sqlite3.Row,
    event_type: str,
    message: str | None = None,
    *,
    worker_id: str | None = None,
    attempt_no: int | None = None,
) -> None:
    """Add one line to the story of a staged order."""
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, WORKER_ID, ATTEMPT_NO, MESSAGE)
        VALUES (:store, :order, :staging, :now, :type, :worker, :attempt, :message)
        """,
        {
            "store": staged["STORE_ID"],
            "order": staged["WOO_ORDER_ID"],
            "staging": staged["STAGING_ID"],
            "now": session.now,
            "type": event_type,
            "worker": worker_id,
            "attempt": attempt_no,
            "message": message,
        },
    )


def tell_store(
    session: Session,
    staged: sqlite3.Row,
    kind: str,
    dedup_key: str,
    *,
    status: str | None = None,
    note: str | None = None,
    tag: str | None = None,
) -> int | None:
    """Put one message into the outbox, and return its id; None where the same one (by `dedup_key`) is there already."""
    order = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "key": dedup_key}
    if session.one(
        "SELECT 1 FROM dbo.USER_STORE_OUTBOX WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DEDUP_KEY = :key", order
    ):
        return None
    cursor = session.db.execute(
        """
        INSERT INTO dbo.USER_STORE_OUTBOX
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, TARGET_STATUS, NOTE, TAG_VALUE, NEXT_ATTEMPT_DT, CREATED_DT)
        VALUES (:store, :order, :staging, :kind, :key, :status, :note, :tag, :now, :now)
        """,
        {**order, "staging": staged["STAGING_ID"], "kind": kind, "status": status, "note": note, "tag": tag, "now": session.now},
    )
    return cursor.lastrowid
