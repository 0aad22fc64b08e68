"""Walks through a store on the embedded engine: how far each has come, with the runs that go on from there."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from syncctl.db.contract import FinishPoll, FinishRun, ListWalks, NoRow, NoteWalks, StartPoll, StartRun, Walk
from syncctl.db.embedded.engine import moment_text
from syncctl.db.embedded.registry import Session, is_json_list, require, serves
from syncctl.db.embedded.runs import finish_run, start_run


@serves(ListWalks)
def list_walks(session: Session, call: ListWalks) -> list[Walk]:
    """See `sql/procedures/sp_ListWalks.sql`."""
    return _walks(session, call.store_id)


@serves(NoteWalks)
def note_walks(session: Session, call: NoteWalks) -> list[NoRow]:
    """See `sql/procedures/sp_NoteWalks.sql`."""
    _note(session, call.store_id, call.walks)
    return []


@serves(StartPoll)
def start_poll(session: Session, call: StartPoll) -> list[Walk]:
    """See `sql/procedures/sp_StartPoll.sql`."""
    start_run(session, StartRun(**{field.name: getattr(call, field.name) for field in fields(StartRun)}))
    return _walks(session, call.store_id)


@serves(FinishPoll)
def finish_poll(session: Session, call: FinishPoll) -> list[NoRow]:
    """See `sql/procedures/sp_FinishPoll.sql`."""
    _note(session, call.store_id, call.walks)
    finish_run(session, FinishRun(**{field.name: getattr(call, field.name) for field in fields(FinishRun)}))
    return []


def _walks(session: Session, store_id: str) -> list[Walk]:
    due = session.one(
        """
        SELECT EXISTS
        (
            SELECT 1 FROM dbo.USER_ORDER_STAGING
            WHERE STATE = 'NEEDS_MANUAL_REVIEW' AND NEXT_ATTEMPT_DT <= :now AND ERROR_CLASS = 'unreadable'
            AND STORE_ID = :store AND WOO_ORDER_ID > 0 AND DUPLICATE_OF_ID IS NULL
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


def _note(session: Session, store_id: str, walks: str) -> None:
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
