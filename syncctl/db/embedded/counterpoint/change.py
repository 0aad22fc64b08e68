"""Changing and closing CounterPoint documents on the embedded engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from syncctl.db.embedded.counterpoint.contacts import write_contacts
from syncctl.db.embedded.counterpoint.deposit import find_deposit
from syncctl.db.embedded.counterpoint.document import (
    committed_quantities,
    move_inventory,
    remove_note,
    settings_at,
    write_profile,
)
from syncctl.db.embedded.counterpoint.lines import create_order_lines, item_values, line_values
from syncctl.db.embedded.counterpoint.notes import write_order_notes
from syncctl.db.embedded.counterpoint.parts import PART_NAMES, kept_parts
from syncctl.db.embedded.counterpoint.payment import write_payment
from syncctl.db.embedded.counterpoint.site import local_time
from syncctl.db.embedded.counterpoint.totals import NOTHING, document_totals, write_totals
from syncctl.db.embedded.erp import Document, Settings
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.errors import Conflict


def change_document(session: Session, staged: sqlite3.Row, content: Content, link: sqlite3.Row, cust_no: str) -> str:
    """See `Erp.change_document`."""
    settings = settings_at(session, link["DOC_ID"])
    totals = document_totals(staged, content)
    document = Document(link["DOC_ID"], link["TKT_NO"])
    before = committed_quantities(session, staged)
    changed, removed = _follow_lines(session, staged, content, document)
    added = create_order_lines(session, staged, content, document, settings)
    header = _follow_header(session, staged, content, document, cust_no, settings)
    write_payment(session, staged, document.doc_id, settings)
    move_inventory(session, before, committed_quantities(session, staged), settings)
    write_totals(session, staged, document, content, totals, settings)
    write_profile(session, staged, document, settings)
    for settled in ("SYNC-CANCEL", "SYNC-REVIEW"):
        remove_note(session, document.doc_id, settled)
    return f"{changed} lines changed, {added} added, {removed} removed; {header}"


def _follow_lines(session: Session, staged: sqlite3.Row, content: Content, document: Document) -> tuple[int, int]:
    """Change the lines that differ and delete those that the store no longer has. Returns how many of each."""
    key = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "doc": document.doc_id}
    wanted = {line.line_id: line for line in content.sold_lines}
    changed = removed = 0
    for row in session.all(
        """
        SELECT link.WOO_LINE_ID, line.*
        FROM dbo.USER_ORDER_LINE_LINK AS link
        INNER JOIN dbo.PS_DOC_LIN AS line ON line.DOC_ID = link.DOC_ID AND line.LIN_SEQ_NO = link.LIN_SEQ_NO
        WHERE link.STORE_ID = :store AND link.WOO_ORDER_ID = :order AND link.DOC_ID = :doc
        ORDER BY line.LIN_SEQ_NO
        """,
        key,
    ):
        line_key = {**key, "line": row["WOO_LINE_ID"], "seq": row["LIN_SEQ_NO"]}
        line = wanted.get(row["WOO_LINE_ID"])
        if line is None:
            session.run("DELETE FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc AND LIN_SEQ_NO = :seq", line_key)
            session.run(
                "DELETE FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line",
                line_key,
            )
            removed += 1
            continue
        values = line_values(session, staged, line)
        if any(row[column] != value for column, value in values.items()):
            followed = item_values(session, staged, line, prc_loc=row["PRC_LOC_ID"], stk_loc=row["STK_LOC_ID"])
            _write_line(session, line_key, values, followed)
            changed += 1
        if line.product_id:  # one that was deleted in the store stays known
            session.run(
                """
                UPDATE dbo.USER_ORDER_LINE_LINK SET PRODUCT_ID = :product, VARIATION_ID = :variation
                WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line
                AND (:variation <> 0 OR COALESCE(PRODUCT_ID, 0) <> :product)
                """,
                {**line_key, "product": line.product_id, "variation": line.variation_id},
            )
    return changed, removed


def _write_line(session: Session, line_key: Mapping[str, Any], values: Mapping[str, Any], followed: Mapping[str, Any]) -> None:
    """Write a changed line, with what follows from its item, and its link."""
    columns = ", ".join(f"{column} = :{column}" for column in (*values, *followed))
    session.run(
        f"UPDATE dbo.PS_DOC_LIN SET {columns} WHERE DOC_ID = :doc AND LIN_SEQ_NO = :seq",  # noqa: S608  (constants)
        {**line_key, **values, **followed},
    )
    session.run(
        """
        UPDATE dbo.USER_ORDER_LINE_LINK
        SET ITEM_NO = :ITEM_NO, QTY_SOLD = :QTY_SOLD, EXT_PRC = :EXT_PRC
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line
        """,
        {**line_key, **values},
    )


def _follow_header(
    session: Session, staged: sqlite3.Row, content: Content, document: Document, cust_no: str, settings: Settings
) -> str:
    """Let customer and contacts follow, and return what changed of them, to be put before the total."""
    moved = write_contacts(session, staged, content, document.doc_id, cust_no, settings)
    # Before the totals, which say that syncctl was the last to save the document.
    write_order_notes(session, staged, content, document)
    kept = [PART_NAMES[part] for part, is_new in kept_parts(session, staged, document.doc_id).items() if is_new]
    number = staged["WOO_ORDER_NO"]
    key = {"doc": document.doc_id, "cust": cust_no, "number": number[:20], "ref": number[:50]}
    header = session.one("SELECT CUST_NO FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", key)
    before = header["CUST_NO"] if header else None
    _require_deposit_may_follow(session, staged, document.doc_id, before, cust_no)
    session.run("UPDATE dbo.PS_DOC_HDR SET CUST_NO = :cust, CUST_PO_NO = :number, REF = :ref WHERE DOC_ID = :doc", key)
    customer = f"customer {before or 'none'} → {cust_no}; " if before != cust_no else ""
    told = f"kept as a person changed it in CounterPoint, though the store did, too: {', '.join(kept)}; " if kept else ""
    return customer + ("other ship-to address; " if moved else "") + told


def _require_deposit_may_follow(session: Session, staged: sqlite3.Row, doc_id: int, before: str | None, cust_no: str) -> None:
    """Raise Conflict where the order becomes another customer's and its deposit is in the books: only a person can move that."""
    deposit = find_deposit(session, doc_id)
    if before in (None, cust_no) or deposit is None or deposit.is_open or not deposit.is_posted or not deposit.booked:
        return
    raise Conflict(
        f"Order {staged['WOO_ORDER_NO']}: the deposit of {deposit.booked:.2f} on ticket {deposit.tkt_no} is in the books for"
        f" customer {before}, and the order is customer {cust_no}'s now: correct that at the till, give the order that customer"
        f" there, too, then `syncctl dead-letter retry {staged['STAGING_ID']}`.",
        code=50030,
    )


def close_document(session: Session, staged: sqlite3.Row, link: sqlite3.Row) -> None:
    """See `Erp.close_document`."""
    settings = settings_at(session, link["DOC_ID"])
    key = {
        "doc": link["DOC_ID"],
        "type": settings["TOT_TYP"],
        "store": link["STORE_ID"],
        "order": link["WOO_ORDER_ID"],
        "zero": NOTHING,
        "now": session.now,
        "local": local_time(session.now, settings),
    }
    move_inventory(session, committed_quantities(session, staged), {}, settings)
    session.run(
        """
        UPDATE dbo.PS_DOC_LIN
        SET QTY_SOLD = :zero, EXT_PRC = :zero, GROSS_EXT_PRC = :zero, CALC_EXT_PRC = :zero, DISP_EXT_PRC = :zero,
            GROSS_DISP_EXT_PRC = :zero, EXT_COST = :zero, QTY_TO_REL = :zero, TAX_AMT_ALLOC = :zero, NORM_TAX_AMT_ALLOC = :zero
        WHERE DOC_ID = :doc
        """,
        key,
    )
    session.run(
        "UPDATE dbo.USER_ORDER_LINE_LINK SET QTY_SOLD = :zero, EXT_PRC = :zero WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        key,
    )
    session.run("DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc AND TOT_TYP = :type", key)
    session.run("DELETE FROM dbo.PS_DOC_TAX WHERE DOC_ID = :doc", key)
    session.run("DELETE FROM dbo.PS_DOC_LIN_PRICE WHERE DOC_ID = :doc", key)
    write_payment(session, staged, link["DOC_ID"], settings, closed=True)
    session.run(
        """
        UPDATE dbo.PS_DOC_HDR_TOT
        SET SUB_TOT = :zero, TAX_AMT = :zero, TOT = :zero, TOT_HDR_DISC = :zero, TOT_LIN_DISC = :zero, TOT_MISC = :zero,
            AMT_DUE = :zero, TAX_AMT_SHIPPED = :zero, LINS = 0, NORM_TAX_AMT = :zero, TOT_TND = :zero, TOT_EXT_COST = :zero,
            TOT_HDR_DISCNTBL_AMT = :zero
        WHERE DOC_ID = :doc AND TOT_TYP = :type
        """,
        key,
    )
    session.run(
        """
        UPDATE dbo.PS_DOC_HDR
        SET ORD_LINS = 0, SAL_LINS = 0, SAL_LIN_TOT = :zero, TO_REL_LINS = 0, RS_UTC_DT = :now, LST_MAINT_DT = :local,
            LST_MAINT_USR_ID = 'SYNCCTL'
        WHERE DOC_ID = :doc
        """,
        key,
    )
