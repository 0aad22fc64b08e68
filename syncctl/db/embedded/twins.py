"""Two orders that may be one: in the ERP already, paid by the same payment, or with numbers that the ERP can't tell apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from syncctl.db.contract import Violation
from syncctl.db.embedded.erp import Erp
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.records import cut
from syncctl.db.embedded.registry import Session


def error(code: str, field: str, value: object, message: str) -> Violation:
    """Return a violation that blocks the order."""
    return Violation(code, field, None if value is None else cut(str(value), 500), cut(message, 500), "error")


def warning(code: str, field: str, value: object, message: str) -> Violation:
    """Return one that is told, and blocks nothing."""
    return Violation(code, field, None if value is None else cut(str(value), 500), cut(message, 500), "warning")


def duplicates(session: Session, staged: sqlite3.Row) -> Iterator[Violation]:
    """Name what an order may be a second time. See `sql/procedures/sp_CheckOrder.sql`."""
    key = {
        "id": staged["STAGING_ID"],
        "store": staged["STORE_ID"],
        "order_id": staged["WOO_ORDER_ID"],
        "transaction": staged["TRANSACTION_ID"] or None,
    }
    other = session.one(
        """
        SELECT STAGING_ID, CP_DOC_ID
        FROM
        (
            SELECT STAGING_ID, CP_DOC_ID
            FROM dbo.USER_ORDER_STAGING
            WHERE DUPLICATE_OF_ID IS NULL
            AND STORE_ID = :store AND WOO_ORDER_ID = :order_id AND STAGING_ID <> :id AND IS_APPLIED = 1
            UNION ALL
            SELECT STAGING_ID, CP_DOC_ID
            FROM dbo.USER_ORDER_STAGING
            WHERE DUPLICATE_OF_ID IS NOT NULL
            AND STORE_ID = :store AND WOO_ORDER_ID = :order_id AND STAGING_ID <> :id AND IS_APPLIED = 1
            UNION ALL
            SELECT STAGING_ID, CAST(DOC_ID AS TEXT)
            FROM dbo.USER_ORDER_LINK
            WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id AND STAGING_ID <> :id AND LINK_STATE = 'OPEN'
        )
        ORDER BY STAGING_ID
        LIMIT 1
        """,
        key,
    )
    if other is not None:
        yield error(
            "duplicate",
            "WOO_ORDER_ID",
            staged["WOO_ORDER_ID"],
            f"The order is in the ERP already, as document {other['CP_DOC_ID'] or '?'} of staging id {other['STAGING_ID']}."
            " Keep one: `syncctl dead-letter cancel` this one.",
        )
    same = session.all(
        """
        SELECT WOO_ORDER_NO, WOO_ORDER_ID, IS_APPLIED OR STAGING_ID < :id AS IS_BEFORE
        FROM dbo.USER_ORDER_STAGING
        WHERE STORE_ID = :store AND TRANSACTION_ID = :transaction AND WOO_ORDER_ID <> :order_id
        AND STATUS_GROUP = 'live' AND DUPLICATE_OF_ID IS NULL
        ORDER BY STAGING_ID
        """,
        key,
    )
    if same:
        numbers = ", ".join(row["WOO_ORDER_NO"] or str(row["WOO_ORDER_ID"]) for row in same)
        is_later = any(row["IS_BEFORE"] for row in same) and not staged["IS_APPLIED"]
        waits = is_later and not _was_decided(session, staged, "has the same payment transaction")
        yield (error if waits else warning)(
            "duplicate_transaction",
            "TRANSACTION_ID",
            staged["TRANSACTION_ID"],
            f"Order {cut(numbers, 250)} has the same payment transaction: the store may have made it twice. If so, cancel one "
            f"there; if both are meant: `syncctl dead-letter retry {staged['STAGING_ID']}`.",
        )


def _was_decided(session: Session, staged: sqlite3.Row, said: str) -> bool:
    """Say whether a person was told this of the order, and had it tried again."""
    letters = session.all(
        "SELECT ERROR_MESSAGE FROM dbo.USER_ORDER_DEAD_LETTER WHERE STAGING_ID = :id AND DECISION = 'retry'",
        {"id": staged["STAGING_ID"]},
    )
    return any(said in letter["ERROR_MESSAGE"] for letter in letters)


def alike_number(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> Iterator[Violation]:
    """Name an order before this one whose number is cut to the same."""
    number = staged["WOO_ORDER_NO"] or ""
    width = next((held.cut_to for held in erp.lossy_texts(staged, content) if held.text == number), None)
    if width is None or staged["IS_APPLIED"]:
        return
    other = session.one(
        """
        SELECT WOO_ORDER_NO
        FROM dbo.USER_ORDER_STAGING
        WHERE STORE_ID = :store AND UPPER(SUBSTR(WOO_ORDER_NO, 1, :width)) = UPPER(SUBSTR(:number, 1, :width))
        AND WOO_ORDER_ID <> :order AND STATUS_GROUP = 'live' AND DUPLICATE_OF_ID IS NULL AND (IS_APPLIED OR STAGING_ID < :id)
        ORDER BY STAGING_ID
        LIMIT 1
        """,
        {
            "store": staged["STORE_ID"],
            "number": number,
            "width": width,
            "order": staged["WOO_ORDER_ID"],
            "id": staged["STAGING_ID"],
        },
    )
    if other is None or _was_decided(session, staged, "which can't be told apart by it"):
        return
    yield error(
        "alike_number",
        "WOO_ORDER_NO",
        number,
        f"{erp.name} takes {width} letters of an order's number, and those are the same for order {other['WOO_ORDER_NO']}, which "
        f"can't be told apart by it. If that may be: `syncctl dead-letter retry {staged['STAGING_ID']}`; else let the store's "
        "numbers begin with less.",
    )
