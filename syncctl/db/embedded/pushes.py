"""How the stores stand with being told, on the embedded engine: pushes that came to their end, are held, or were refused."""

from __future__ import annotations

import sqlite3

from syncctl.db.contract import (
    CountStorePushes,
    ListRefusedItems,
    ListStorePushes,
    NoRow,
    NoteStorePush,
    PushCount,
    RefusedItem,
    StorePush,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.hours import STARTS, require_grain, shifts
from syncctl.db.embedded.registry import Session, is_json_object, require, serves

_REFUSED = """
    SELECT KIND, STORE_ID, PRODUCT_ID, SKU, NAME, ATTEMPT_NO, NEXT_ATTEMPT_DT AS "NEXT_ATTEMPT_DT [DATETIME_TEXT]", ERROR_MESSAGE
    FROM (
        SELECT 'stock' AS KIND, STORE_ID, PRODUCT_ID, SKU, NAME, ATTEMPT_NO, NEXT_ATTEMPT_DT, ERROR_MESSAGE
        FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :store AND ERROR_MESSAGE IS NOT NULL AND :kind = 'stock'
        UNION ALL
        SELECT 'price', STORE_ID, PRODUCT_ID, SKU, NAME, PRICE_ATTEMPT_NO, PRICE_NEXT_ATTEMPT_DT, PRICE_ERROR_MESSAGE
        FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :store AND PRICE_ERROR_MESSAGE IS NOT NULL AND :kind = 'price'
    )
    ORDER BY ATTEMPT_NO DESC, SKU, PRODUCT_ID
    LIMIT :most
"""
_KEPT = {"stock": ("IS_MANAGED AND NOT IS_BACKORDER", ""), "price": ("IS_PRICED", "PRICE_")}
"""Kind → which items the store keeps something of, and what stands before the names of its columns."""


@serves(NoteStorePush)
def note_store_push(session: Session, call: NoteStorePush) -> list[NoRow]:
    """See `sql/procedures/sp_NoteStorePush.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.kind != "", "@KIND is required."),
        (call.left_json is None or is_json_object(call.left_json), "@LEFT_JSON takes a JSON object."),
    )
    held = call.held_why or None
    session.run(
        """
        INSERT INTO dbo.USER_STORE_PUSH
            (STORE_ID, KIND, TRIED_DT, ENDED_DT, HELD_DT, HELD_WHY, HELD_MESSAGE, ITEM_COUNT, CHANGE_COUNT, LEFT_JSON)
        VALUES (:store, :kind, :now, :ended, :held_dt, :held, :message, :items, :changes, :left)
        ON CONFLICT (STORE_ID, KIND) DO UPDATE
        SET TRIED_DT = excluded.TRIED_DT, ENDED_DT = COALESCE(excluded.ENDED_DT, ENDED_DT),
            HELD_DT = CASE WHEN excluded.HELD_DT IS NULL THEN NULL ELSE COALESCE(HELD_DT, excluded.HELD_DT) END,
            HELD_WHY = excluded.HELD_WHY, HELD_MESSAGE = excluded.HELD_MESSAGE, ITEM_COUNT = excluded.ITEM_COUNT,
            CHANGE_COUNT = excluded.CHANGE_COUNT, LEFT_JSON = excluded.LEFT_JSON
        """,
        {
            "store": call.store_id,
            "kind": call.kind,
            "now": session.now,
            "ended": None if held and not call.is_part else session.now,
            "held_dt": session.now if held else None,
            "held": held,
            "message": call.held_message if held else None,
            "items": call.item_count,
            "changes": call.change_count,
            "left": call.left_json,
        },
    )
    return []


@serves(ListStorePushes)
def list_store_pushes(session: Session, call: ListStorePushes) -> list[StorePush]:
    """See `sql/procedures/sp_ListStorePushes.sql`."""
    require((call.attempts >= 1, "@ATTEMPTS takes 1 or more."))
    rows = session.all(
        "SELECT * FROM dbo.USER_STORE_PUSH WHERE :store IS NULL OR STORE_ID = :store ORDER BY STORE_ID, KIND",
        {"store": call.store_id},
    )
    return [_counted(session, row, call.attempts) for row in rows]


def _counted(session: Session, push: sqlite3.Row, attempts: int) -> StorePush:
    """Count a store's items, as they stand with what is pushed."""
    kept, prefix = _KEPT.get(push["KIND"], _KEPT["stock"])
    counted = session.one(
        f"""
        SELECT
            COUNT(*) AS ITEMS, COUNT(CASE WHEN {kept} THEN 1 END) AS MANAGED, COUNT({prefix}TOLD_DT) AS TOLD,
            COUNT({prefix}ERROR_MESSAGE) AS REFUSED,
            COUNT(CASE WHEN {prefix}ERROR_MESSAGE IS NOT NULL AND {prefix}ATTEMPT_NO >= :attempts THEN 1 END) AS STUBBORN,
            MIN(LISTED_DT) AS "LISTED_DT [DATETIME_TEXT]", MAX({prefix}TOLD_DT) AS "TOLD_DT [DATETIME_TEXT]"
        FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :store
        """,  # noqa: S608  (constants)
        {"store": push["STORE_ID"], "attempts": attempts},
    )
    assert counted is not None  # noqa: S101  (an aggregate always has a row)
    worst = session.all(_REFUSED, {"store": push["STORE_ID"], "kind": push["KIND"], "most": 1}) if counted["REFUSED"] else []
    return StorePush(
        store_id=push["STORE_ID"],
        kind=push["KIND"],
        items=counted["ITEMS"],
        managed=counted["MANAGED"],
        told=counted["TOLD"],
        refused=counted["REFUSED"],
        stubborn=counted["STUBBORN"],
        sku=worst[0]["SKU"] if worst else None,
        message=worst[0]["ERROR_MESSAGE"] if worst else None,
        listed_dt=counted["LISTED_DT"],
        told_dt=counted["TOLD_DT"],
        tried_dt=push["TRIED_DT"],
        ended_dt=push["ENDED_DT"],
        held_dt=push["HELD_DT"],
        held_why=push["HELD_WHY"],
        held_message=push["HELD_MESSAGE"],
        change_count=push["CHANGE_COUNT"] or 0,
        left_json=push["LEFT_JSON"],
    )


@serves(CountStorePushes)
def count_store_pushes(session: Session, call: CountStorePushes) -> list[PushCount]:
    """See `sql/procedures/sp_CountStorePushes.sql`."""
    require_grain(call)
    rows = session.all(
        f"""
        SELECT
            STORE_ID, KIND, strftime('%Y-%m-%d %H:%M:%f', LOCAL_DT, :back) AS "START_DT [DATETIME_TEXT]",
            COUNT(*) AS PUSHES, COUNT(HELD_WHY) AS HELD, SUM(TOLD) AS TOLD, SUM(REFUSED) AS REFUSED
        FROM (
            SELECT
                STORE_ID, CASE OPERATION_TYPE WHEN 'stock push' THEN 'stock' ELSE 'price' END AS KIND,
                COALESCE(RECORDS_UPDATED, 0) AS TOLD, COALESCE(RECORDS_FAILED, 0) AS REFUSED,
                CASE WHEN json_valid(METRICS_JSON) THEN json_extract(METRICS_JSON, '$.held') END AS HELD_WHY,
                strftime({STARTS[call.grain]}, END_TIME, :ahead) AS LOCAL_DT
            FROM dbo.USER_SYNC_LOG
            WHERE END_TIME >= :since AND END_TIME < :until AND OPERATION_TYPE IN ('stock push', 'price push')
            AND STORE_ID IS NOT NULL AND DRY_RUN = 0 AND (:store IS NULL OR STORE_ID = :store)
        )
        GROUP BY STORE_ID, KIND, LOCAL_DT
        ORDER BY STORE_ID, KIND, LOCAL_DT
        """,  # noqa: S608  (constants)
        {
            "since": call.since_dt,
            "until": call.until_dt,
            "store": call.store_id,
            **shifts(call.offset_minutes),
        },
    )
    return [make(PushCount, row) for row in rows]


@serves(ListRefusedItems)
def list_refused_items(session: Session, call: ListRefusedItems) -> list[RefusedItem]:
    """See `sql/procedures/sp_ListRefusedItems.sql`."""
    require((call.batch_size >= 1, "@BATCH_SIZE takes 1 or more."))
    rows = session.all(_REFUSED, {"store": call.store_id, "kind": call.kind, "most": call.batch_size})
    return [make(RefusedItem, row) for row in rows]
