"""Parts of a CounterPoint document that a person may correct, and that are written anew as a whole: its contacts and notes.

Of each is remembered (`USER_ORDER_PART`) what the order said of it and what the document held, so that the store's changes and a
person's are told apart; see `sp_DecideOrderPart` and `sp_RememberOrderPart`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime
from typing import Any

from syncctl.db.embedded.registry import Session

PART_NAMES = {
    "BILL-TO": "billing address",
    "SHIP-TO": "ship-to address",
    "WEB-ORDER": "note WEB-ORDER",
    "WEB-CUSTOMER": "note WEB-CUSTOMER",
}
"""A part, and what people call it."""


def is_to_be_written(session: Session, staged: sqlite3.Row, doc_id: int, part: str, asked: str, held: str) -> bool:
    """Say whether to write a part anew: the order says something else than before, and nobody has changed the document.

    `asked` is what the order says, `held` what the document holds; '' for nothing. Where both changed, the document's is kept,
    and that is remembered.
    """
    known = session.one(
        """
        SELECT ASKED_HASH, HELD_HASH
        FROM dbo.USER_ORDER_PART
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND PART = :part AND DOC_ID = :doc
        """,
        _key(staged, doc_id, part),
    )
    if asked == held:
        remember_part(session, staged, doc_id, part, asked, held)
        return False
    if known is not None and known["ASKED_HASH"] == _hash(asked):
        return False
    if known is None:
        if not held or _is_last_saved_by_us(session, doc_id):
            return True
        _remember(session, staged, doc_id, part, _hash(asked), _hash(asked), kept=session.now)
        return False
    if known["HELD_HASH"] == _hash(held):
        return True
    _remember(session, staged, doc_id, part, _hash(asked), known["HELD_HASH"], kept=session.now)
    return False


def remember_part(session: Session, staged: sqlite3.Row, doc_id: int, part: str, asked: str, held: str) -> None:
    """Remember what the order says of a part, and what the document holds."""
    _remember(session, staged, doc_id, part, _hash(asked), _hash(held), kept=None)


def kept_parts(session: Session, staged: sqlite3.Row, doc_id: int) -> dict[str, bool]:
    """Return the parts of which a person's change was kept though the store changed them, too, and whether that was just now."""
    rows = session.all(
        """
        SELECT PART, KEPT_DT
        FROM dbo.USER_ORDER_PART
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DOC_ID = :doc AND KEPT_DT IS NOT NULL
        """,
        _key(staged, doc_id, ""),
    )
    kept = {row["PART"]: row["KEPT_DT"] == session.now for row in rows}
    return {part: kept[part] for part in PART_NAMES if part in kept}


def _is_last_saved_by_us(session: Session, doc_id: int) -> bool:
    """Say whether nobody has saved the document since: all that tells of one that an older version wrote."""
    row = session.one("SELECT LST_MAINT_USR_ID FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", {"doc": doc_id})
    return row is not None and (row["LST_MAINT_USR_ID"] or "SYNCCTL") == "SYNCCTL"


def _remember(
    session: Session, staged: sqlite3.Row, doc_id: int, part: str, asked: bytes, held: bytes, *, kept: datetime | None
) -> None:
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_PART (STORE_ID, WOO_ORDER_ID, PART, DOC_ID, ASKED_HASH, HELD_HASH, KEPT_DT, UPDATED_DT)
        VALUES (:store, :order, :part, :doc, :asked, :held, :kept, :now)
        ON CONFLICT (STORE_ID, WOO_ORDER_ID, PART) DO UPDATE
        SET DOC_ID = :doc, ASKED_HASH = :asked, HELD_HASH = :held, KEPT_DT = :kept, UPDATED_DT = :now
        """,
        {**_key(staged, doc_id, part), "asked": asked, "held": held, "kept": kept, "now": session.now},
    )


def _key(staged: sqlite3.Row, doc_id: int, part: str) -> dict[str, Any]:
    return {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "part": part, "doc": doc_id}


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-16-le")).digest()
