"""Everything that stands of one CounterPoint document, table by table, for a comparison with another one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from syncctl.db.contract import DocumentPart, GetErpDocument
from syncctl.db.embedded.counterpoint.site import stock_columns
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.records import rows_json
from syncctl.db.embedded.registry import Session
from syncctl.errors import NotFound

_STOCK = """
    SELECT line.ITEM_NO, line.STK_LOC_ID, line.DOC_ID, line.QTY_SOLD, line.QTY_SHIPPED, linked.DOC_ID IS NOT NULL AS IS_OURS
    FROM dbo.PS_DOC_LIN AS line
    INNER JOIN dbo.PS_DOC_HDR AS header ON header.DOC_ID = line.DOC_ID AND header.DOC_TYP = :doc_typ
    LEFT JOIN dbo.USER_ORDER_LINK AS linked ON linked.DOC_ID = line.DOC_ID
    WHERE line.ITEM_NO IN (SELECT own.ITEM_NO FROM dbo.PS_DOC_LIN AS own WHERE own.DOC_ID = :doc_id)
"""


def get_document(session: Session, call: GetErpDocument) -> list[DocumentPart]:
    """See `sql/erp/counterpoint/sp_GetErpDocument.sql`."""
    doc_id, other = _find(session, call.number)
    header = session.one("SELECT TKT_NO, DOC_TYP FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc_id", {"doc_id": doc_id})
    assert header is not None  # noqa: S101  (it was found by this id)
    ours = session.one(
        """
        SELECT 1 FROM dbo.USER_ORDER_LINK WHERE DOC_ID = :doc_id
        UNION ALL SELECT 1 FROM dbo.USER_ORDER_PAYMENT WHERE DEPOSIT_DOC_ID = :doc_id
        """,
        {"doc_id": doc_id},
    )
    deposit = session.one("SELECT DEPOSIT_TKT_NO FROM dbo.USER_ORDER_PAYMENT WHERE DOC_ID = :doc_id", {"doc_id": doc_id})
    parts = [(table, key, rows_of(session, table, key, doc_id)) for table, key in tables_of_documents(session).items()]
    parts.append(("IM_INV", ("ITEM_NO", "LOC_ID"), _stock(session, doc_id, header["DOC_TYP"])))
    return [
        DocumentPart(
            doc_id=doc_id,
            tkt_no=header["TKT_NO"],
            is_ours=ours is not None,
            other_doc_id=other,
            table_name=table,
            key_columns=", ".join(key),
            content=rows_json(rows),
            deposit_tkt_no=deposit["DEPOSIT_TKT_NO"] if deposit is not None else None,
        )
        for table, key, rows in sorted(parts)
    ]


def _find(session: Session, number: str) -> tuple[int, int | None]:
    """Return the document of that ticket number, else of that id; and where the number fits both, the one that doesn't count."""
    asked = {"number": number, "id": int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None}
    ticket = session.one("SELECT DOC_ID FROM dbo.PS_DOC_HDR WHERE TKT_NO = :number ORDER BY DOC_ID LIMIT 1", asked)
    by_id = session.one("SELECT DOC_ID FROM dbo.PS_DOC_HDR WHERE DOC_ID = :id", asked)
    found = ticket or by_id
    if found is not None:
        other = by_id["DOC_ID"] if by_id is not None and by_id["DOC_ID"] != found["DOC_ID"] else None
        return found["DOC_ID"], other
    for table in ("PS_ORD_HIST", "PS_TKT_HIST"):
        posted = session.one(
            f"SELECT DOC_ID, TKT_NO FROM dbo.{table} WHERE TKT_NO = :number OR DOC_ID = :id ORDER BY DOC_ID LIMIT 1",  # noqa: S608
            asked,
        )
        if posted is not None:
            raise NotFound(
                f"Document {posted['DOC_ID']} ({posted['TKT_NO']}) is posted: only its history stands ({table}), which has other"
                " columns. Compare one that is still open.",
                code=50004,
            )
    raise NotFound(f"The ERP has no document {number}, open or posted. Give a ticket number or a DOC_ID.", code=50004)


def tables_of_documents(session: Session) -> dict[str, tuple[str, ...]]:
    """Return every table that documents have rows in, with its key."""
    found = {}
    for row in session.all("SELECT name FROM dbo.sqlite_master WHERE type = 'table' AND name LIKE 'PS\\_DOC\\_%' ESCAPE '\\'"):
        columns = session.all("SELECT name, pk FROM pragma_table_info(:table, 'dbo') ORDER BY pk", {"table": row["name"]})
        if any(column["name"] == "DOC_ID" for column in columns):
            found[row["name"]] = tuple(column["name"] for column in columns if column["pk"])
    return found


def rows_of(session: Session, table: str, key: tuple[str, ...], doc_id: int) -> list[dict[str, Any]]:
    """Return a document's rows in one table, in the order of its key."""
    rows = session.all(
        f"SELECT * FROM dbo.{table} WHERE DOC_ID = :doc_id ORDER BY {', '.join(key)}",  # noqa: S608  (names of the catalogue)
        {"doc_id": doc_id},
    )
    return [dict(row) for row in rows]


def _stock(session: Session, doc_id: int, doc_typ: str) -> list[dict[str, Any]]:
    """Return the stock of a document's items, with how much of each open documents hold."""
    held: dict[tuple[str, str], dict[str, Decimal]] = {}
    for line in session.all(_STOCK, {"doc_id": doc_id, "doc_typ": doc_typ}):
        sums = held.setdefault(
            (line["ITEM_NO"], line["STK_LOC_ID"]), dict.fromkeys(("HELD_HERE", "HELD_BY_US", "HELD_BY_OTHERS"), Decimal(0))
        )
        open_quantity = line["QTY_SOLD"] - line["QTY_SHIPPED"]
        sums["HELD_BY_US" if line["IS_OURS"] else "HELD_BY_OTHERS"] += open_quantity
        if line["DOC_ID"] == doc_id:
            sums["HELD_HERE"] += open_quantity
    found = []
    moved = stock_columns(settings_of(session))
    for (item_no, loc_id), sums in sorted(held.items()):
        stock = session.one(
            "SELECT * FROM dbo.IM_INV WHERE ITEM_NO = :item_no AND LOC_ID = :loc", {"item_no": item_no, "loc": loc_id}
        )
        if stock is not None and sums["HELD_HERE"]:
            quantities = {name: stock[name] for name in stock.keys() if name.startswith("QTY_")}  # noqa: SIM118
            found.append({"ITEM_NO": item_no, "LOC_ID": loc_id, **sums, "MOVED_BY_US": moved, **quantities})
    return found
