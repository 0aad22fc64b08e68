"""Doubting what a store has of the items of orders that changed, on the embedded engine.

A module of its own: whoever stages a page needs nothing else of the items.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.staged_page import json_text


def doubt_items(session: Session, store_id: str, changed: Sequence[tuple[dict[str, Any], sqlite3.Row | None]]) -> None:
    """Doubt what a store has of the items of orders that changed, each as it came and as it was staged.

    A store counts its own stock as orders come, change and go, so that what it was told last says nothing of these any more.
    """
    if not changed or not session.one("SELECT 1 FROM dbo.USER_STORE_ITEM WHERE STORE_ID = :store LIMIT 1", {"store": store_id}):
        return
    lines = [json_text(order.get("LINE_ITEMS_JSON")) for order, _ in changed]
    before = session.all(
        """
        SELECT staged.LINE_ITEMS_JSON
        FROM json_each(:ids) AS asked
        CROSS JOIN dbo.USER_ORDER_STAGING AS staged ON staged.STAGING_ID = asked.value
        """,
        {"ids": json.dumps([staged["STAGING_ID"] for _, staged in changed if staged])},
    )
    lines += [row["LINE_ITEMS_JSON"] for row in before]
    moved = {line.get("VARIATION_ID") or line.get("PRODUCT_ID") for text in lines for line in json.loads(text or "[]")}
    session.run(
        """
        UPDATE dbo.USER_STORE_ITEM SET DOUBTED_DT = :now
        WHERE STORE_ID = :store AND PRODUCT_ID IN (SELECT value FROM json_each(:moved))
        """,
        {"store": store_id, "moved": json.dumps([each for each in moved if each]), "now": session.now},
    )
