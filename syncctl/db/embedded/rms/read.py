"""Everything that stands of one order in RMS, table by table, for a comparison with another one."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

from syncctl.db.contract import DocumentPart, GetErpDocument
from syncctl.db.embedded.records import rows_json
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.site import WORK_ORDER, quantity_of
from syncctl.errors import NotFound

_KEYS = {"Order": "ID", "OrderEntry": "OrderID", "OrderHistory": "OrderID"}
"""Table → the column that holds the order's ID."""


def get_document(session: Session, call: GetErpDocument) -> list[DocumentPart]:
    """See `sql/erp/rms/sp_GetErpDocument.sql`."""
    order, other = _find(session, call.number)
    ours = session.one("SELECT 1 FROM dbo.USER_ORDER_LINK WHERE DOC_ID = :id", {"id": order["ID"]}) is not None
    parts = [
        (
            table,
            [
                dict(row)
                for row in session.all(
                    f"SELECT * FROM dbo.[{table}] WHERE {column} = :id ORDER BY ID",  # noqa: S608  (constants)
                    {"id": order["ID"]},
                )
            ],
        )
        for table, column in _KEYS.items()
    ]
    parts.append(("Item", _stock(session, order)))
    return [
        DocumentPart(
            doc_id=order["ID"],
            tkt_no=str(order["ID"]),
            is_ours=ours,
            other_doc_id=other,
            table_name=table,
            key_columns="ID",
            content=rows_json(rows),
        )
        for table, rows in sorted(parts)
    ]


def _find(session: Session, number: str) -> tuple[sqlite3.Row, int | None]:
    """Return the order of that ID, else of that reference; and where the number fits both, the one that doesn't count."""
    asked = {"number": number, "id": int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else None}
    by_id = session.one("SELECT * FROM dbo.[Order] WHERE ID = :id", asked)
    by_reference = session.one("SELECT * FROM dbo.[Order] WHERE ReferenceNumber = :number ORDER BY ID LIMIT 1", asked)
    found = by_id or by_reference
    if found is None:
        raise NotFound(f"The ERP has no order {number}. Give its ID or its reference.", code=50004)
    other = by_reference["ID"] if by_reference is not None and by_reference["ID"] != found["ID"] else None
    return found, other


def _stock(session: Session, order: sqlite3.Row) -> list[dict[str, Any]]:
    """Return the stock of an order's items, with how much of each open work orders hold."""
    held: dict[int, dict[str, Decimal]] = {}
    for row in session.all(
        """
        SELECT entry.ItemID, entry.OrderID, entry.QuantityOnOrder, linked.DOC_ID IS NOT NULL AS IS_OURS
        FROM dbo.OrderEntry AS entry
        INNER JOIN dbo.[Order] AS header ON header.ID = entry.OrderID AND header.Type = :type AND header.Closed = 0
        LEFT JOIN dbo.USER_ORDER_LINK AS linked ON linked.DOC_ID = entry.OrderID
        LEFT JOIN dbo.USER_ORDER_LINE_LINK AS line
            ON line.STORE_ID = linked.STORE_ID AND line.WOO_ORDER_ID = linked.WOO_ORDER_ID AND line.LIN_SEQ_NO = entry.ID
        WHERE entry.PriceSource <> 10 AND COALESCE(line.WOO_LINE_ID, 0) >= 0
        AND entry.ItemID IN (SELECT own.ItemID FROM dbo.OrderEntry AS own WHERE own.OrderID = :id)
        """,
        {"id": order["ID"], "type": WORK_ORDER},
    ):
        sums = held.setdefault(row["ItemID"], dict.fromkeys(("HELD_HERE", "HELD_BY_US", "HELD_BY_OTHERS"), Decimal(0)))
        quantity = quantity_of(row["QuantityOnOrder"])
        sums["HELD_BY_US" if row["IS_OURS"] else "HELD_BY_OTHERS"] += quantity
        if row["OrderID"] == order["ID"]:
            sums["HELD_HERE"] += quantity
    found = []
    for item_id, sums in sorted(held.items()):
        item = session.one("SELECT * FROM dbo.Item WHERE ID = :id", {"id": item_id})
        if item is not None and sums["HELD_HERE"]:
            committed = quantity_of(item["QuantityCommitted"])
            found.append({"ID": item_id, **sums, "MOVED_BY_US": "QTY_COMMITTED", "QTY_COMMITTED": committed})
    return found
