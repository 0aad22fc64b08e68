"""Walks through a store on the embedded engine: how far each has come."""

from __future__ import annotations

import json
from typing import Any

from syncctl.db.contract import ListWalks, NoRow, NoteWalks, Walk
from syncctl.db.embedded.engine import moment_text
from syncctl.db.embedded.registry import Session, is_json_list, require, serves


@serves(ListWalks)
def list_walks(session: Session, call: ListWalks) -> list[Walk]:
    """See `sql/procedures/sp_ListWalks.sql`."""
    return walks_of(session, call.store_id)


@serves(NoteWalks)
def note_walks(session: Session, call: NoteWalks) -> list[NoRow]:
    """See `sql/procedures/sp_NoteWalks.sql`."""
    note_all(session, call.store_id, call.walks)
    return []


def walks_of(session: Session, store_id: str) -> list[Walk]:
    """Return how far each walk through a store has come, by name."""
    due = session.one(
        """
        SELECT EXISTS
        (
            SELECT 1 FROM dbo.USER_ORDER_STAGING
            WHERE STATE = 'NEEDS_MANUAL_REVIEW' AND NEXT_ATTEMPT_DT <= :now AND ERROR_CLASS = 'unreadable'
            AND +STORE_ID = :store AND WOO_ORDER_ID > 0 AND DUPLICATE_OF_ID IS NULL
        )
        """,
        {"store": store_id, "now": session.now},
    )
    rows = session.all(
        """
        SELECT WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, :due AS "ANY_DUE [BIT]"
        FROM dbo.USER_SYNC_WALK WHERE STORE_ID = :store ORDER BY WALK_NAME
        """,
        {"store": store_id, "due": due[0] if due else 0},
    )
    return [Walk(*row) for row in rows]


def note_all(session: Session, store_id: str, walks: str) -> None:
    """Check and write how far walks have come; `walks` as `NoteWalks` takes them."""
    require((store_id != "", "@STORE_ID is required."), (is_json_list(walks), "@WALKS takes a JSON array."))
    noted = json.loads(walks)
    require((all(walk.get("WALK_NAME") for walk in noted), "Every walk needs WALK_NAME."))
    for walk in noted:
        note_walk(session, store_id, walk)


def note_walk(session: Session, store_id: str, walk: dict[str, Any]) -> None:
    """Write how far a walk has come; one that stands nowhere in particular has come to its end."""
    moments = {name: moment_text(walk[name]) if walk.get(name) else None for name in ("WATERMARK_DT", "SINCE_DT", "UNTIL_DT")}
    session.run(
        """
        INSERT INTO dbo.USER_SYNC_WALK
            (STORE_ID, WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, FINISHED_DT)
        VALUES (:store, :name, :WATERMARK_DT, :SINCE_DT, :UNTIL_DT, :last_id, :row_offset, :now, :finished)
        ON CONFLICT (STORE_ID, WALK_NAME) DO UPDATE SET
            WATERMARK_DT = excluded.WATERMARK_DT, SINCE_DT = excluded.SINCE_DT, UNTIL_DT = excluded.UNTIL_DT,
            LAST_ID = excluded.LAST_ID, ROW_OFFSET = excluded.ROW_OFFSET, UPDATED_DT = excluded.UPDATED_DT,
            FINISHED_DT = COALESCE(excluded.FINISHED_DT, FINISHED_DT)
        """,
        {
            "store": store_id,
            "name": walk["WALK_NAME"],
            "last_id": walk.get("LAST_ID"),
            "row_offset": walk.get("ROW_OFFSET"),
            "now": session.now,
            "finished": session.now if moments["SINCE_DT"] is None else None,
            **moments,
        },
    )
