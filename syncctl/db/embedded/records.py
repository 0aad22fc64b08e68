"""What several procedures write beside their own work: events, dead letters, messages to the store; and rows as JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from syncctl.db.embedded.registry import Session


def cut(text: str, width: int) -> str:
    """Cut a text to what `nvarchar(width)` holds: UTF-16 units, never half a character."""
    return text.encode("utf-16-le")[: 2 * width].decode("utf-16-le", errors="ignore")


def write_event(
    session: Session,
    order: sqlite3.Row,
    event_type: str,
    message: str | None = None,
    *,
    worker_id: str | None = None,
    attempt_no: int | None = None,
    sync_id: str | None = None,
) -> None:
    """Add a line to an order's story. `order` has STORE_ID, WOO_ORDER_ID and STAGING_ID."""
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        VALUES (:store, :order, :staging, :now, :type, :sync, :worker, :attempt, :message)
        """,
        {
            "store": order["STORE_ID"],
            "order": order["WOO_ORDER_ID"],
            "staging": order["STAGING_ID"],
            "now": session.now,
            "type": event_type,
            "sync": sync_id,
            "worker": worker_id,
            "attempt": attempt_no,
            "message": message,
        },
    )


def queue_message(
    session: Session,
    order: sqlite3.Row,
    kind: str,
    dedup_key: str,
    *,
    target_status: str | None = None,
    note: str | None = None,
    tag_value: str | None = None,
    tracking_no: str | None = None,
) -> int | None:
    """Put a message for the store into the outbox, due now. Returns its id, or None where `dedup_key` was queued before."""
    cursor = session.db.execute(
        """
        INSERT INTO dbo.USER_STORE_OUTBOX
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, TARGET_STATUS, NOTE, TAG_VALUE, NEXT_ATTEMPT_DT, CREATED_DT,
             LOOK_FIRST, TRACKING_NO)
        VALUES (:store, :order, :staging, :kind, :key, :status, :note, :tag, :now, :now, :tag IS NULL, :tracking)
        ON CONFLICT (STORE_ID, WOO_ORDER_ID, DEDUP_KEY) DO NOTHING
        """,
        {
            "store": order["STORE_ID"],
            "order": order["WOO_ORDER_ID"],
            "staging": order["STAGING_ID"],
            "kind": kind,
            "key": dedup_key,
            "status": target_status,
            "note": note,
            "tag": tag_value,
            "tracking": tracking_no,
            "now": session.now,
        },
    )
    return cursor.lastrowid if cursor.rowcount == 1 else None


def write_dead_letter(session: Session, order: sqlite3.Row, error_class: str, error_code: str | None, message: str) -> None:
    """Set an order aside with its payload. Its failed attempts count from the first one of the present content or decision."""
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_DEAD_LETTER
            (STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE, ATTEMPTS,
             ORDER_JSON, LINE_ITEMS_JSON, CREATED_DT)
        SELECT STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, :class, :code, :message,
            (SELECT COUNT(*) FROM dbo.USER_ORDER_ATTEMPT AS attempt
             WHERE attempt.STAGING_ID = staged.STAGING_ID AND attempt.ATTEMPT_ID >=
                 (SELECT COALESCE(MAX(first.ATTEMPT_ID), 0) FROM dbo.USER_ORDER_ATTEMPT AS first
                  WHERE first.STAGING_ID = staged.STAGING_ID AND first.ATTEMPT_NO = 1)),
            ORDER_JSON, LINE_ITEMS_JSON, :now
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE STAGING_ID = :staging
        ON CONFLICT (STAGING_ID) WHERE DECISION IS NULL DO UPDATE SET
            ERROR_CLASS = excluded.ERROR_CLASS, ERROR_CODE = excluded.ERROR_CODE, ERROR_MESSAGE = excluded.ERROR_MESSAGE,
            ATTEMPTS = excluded.ATTEMPTS
        """,
        {"staging": order["STAGING_ID"], "class": error_class, "code": error_code, "message": message, "now": session.now},
    )


def write_attempt(session: Session, order: sqlite3.Row, error_class: str, error_code: str | None, message: str) -> None:
    """Keep a failed attempt for good. `order` is the row as the worker held it."""
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_ATTEMPT
            (STAGING_ID, ATTEMPT_DT, ATTEMPT_NO, WORKER_ID, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE)
        VALUES (:staging, :now, :attempt, :worker, :action, :class, :code, :message)
        """,
        {
            "staging": order["STAGING_ID"],
            "now": session.now,
            "attempt": order["ATTEMPT_NO"],
            "worker": order["LEASE_OWNER"],
            "action": order["PENDING_ACTION"],
            "class": error_class,
            "code": error_code,
            "message": message,
        },
    )


def rows_json(rows: Sequence[Mapping[str, object]]) -> str | None:
    """Write rows as SQL Server's FOR JSON does: amounts as numbers, moments without a zone; None where there are none."""
    return json.dumps(rows, default=_to_json, ensure_ascii=False) if rows else None


def _to_json(value: object) -> object:
    """Write what JSON doesn't know."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return str(value)
