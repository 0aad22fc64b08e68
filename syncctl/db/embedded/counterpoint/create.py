"""Writing and removing CounterPoint documents on the embedded engine."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from decimal import Decimal

from syncctl.db.embedded.counterpoint.customer import contact_id, ship_to_address
from syncctl.db.embedded.counterpoint.document import (
    committed_quantities,
    create_order_lines,
    document_totals,
    move_inventory,
    next_number,
    settings_at,
    write_order_notes,
    write_totals,
)
from syncctl.db.embedded.erp import ChangedRow, Document, Settings, settings_of
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.errors import MappingError

_TABLES = ("PS_DOC_LIN", "PS_DOC_HDR_MISC_CHRG", "PS_DOC_HDR_TOT", "PS_DOC_NOTE", "PS_DOC_HDR")


def create_document(session: Session, staged: sqlite3.Row, content: Content, cust_no: str) -> Document:
    """See `Erp.create_document`."""
    settings = settings_of(session)
    totals = document_totals(staged, content)
    contact = contact_id(ship_to_address(session, cust_no, content))
    document = Document(int(next_number(session, "DOC_ID")), next_number(session, "TKT_NO"))
    _insert_header(session, staged, document, settings, cust_no, contact)
    create_order_lines(session, staged, content, document, settings)
    _write_payment(session, staged, document, settings, totals.tot)
    write_totals(session, document, content, totals, settings)
    write_order_notes(session, staged, content, document)
    move_inventory(session, {}, committed_quantities(session, staged), settings)
    return document


def _insert_header(
    session: Session, staged: sqlite3.Row, document: Document, settings: Settings, cust_no: str, contact: int | None
) -> None:
    session.run(
        """
        INSERT INTO dbo.PS_DOC_HDR
            (DOC_ID, DOC_GUID, DOC_TYP, STR_ID, STA_ID, TKT_NO, CUST_NO, TKT_DT, STK_LOC_ID, PRC_LOC_ID, TAX_COD, CUST_PO_NO,
             SHIP_TO_CONTACT_ID)
        VALUES (:doc_id, :guid, :doc_typ, :str_id, :sta_id, :tkt_no, :cust_no, :tkt_dt, :stk_loc, :prc_loc, :tax_cod, :order_no,
                :contact)
        """,
        {
            "doc_id": document.doc_id,
            "guid": str(uuid.uuid4()),
            "doc_typ": settings["DOC_TYP"],
            "str_id": settings["STR_ID"],
            "sta_id": settings["STA_ID"],
            "tkt_no": document.tkt_no,
            "cust_no": cust_no,
            "tkt_dt": staged["TKT_DT"],
            "stk_loc": settings["STK_LOC_ID"],
            "prc_loc": settings["PRC_LOC_ID"],
            "tax_cod": settings["TAX_COD"],
            "order_no": staged["WOO_ORDER_NO"][:20],
            "contact": contact,
        },
    )


def _write_payment(session: Session, staged: sqlite3.Row, document: Document, settings: Settings, total: Decimal) -> None:
    """Write the payment where the site wants it; an order that costs nothing has none."""
    if settings["WRITE_PAYMENT"] != "Y" or total == 0:
        return
    mapped = session.one(
        """
        SELECT PAY_COD
        FROM dbo.USER_PAY_CODE_MAP
        WHERE PMT_METH = :method AND STORE_ID IN (:store, '*')
        ORDER BY STORE_ID = '*'
        """,
        {"method": staged["PMT_METH"], "store": staged["STORE_ID"]},
    )
    if mapped is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: payment method {staged['PMT_METH']!r} has no pay code. Add it to USER_PAY_CODE_MAP,"
            " or set WRITE_PAYMENT to N.",
            code=50040,
        )
    session.run(
        "INSERT INTO dbo.PS_DOC_PMT (DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, PAY_DAT) VALUES (:doc_id, 1, :pay_cod, :amount, :paid_dt)",
        {"doc_id": document.doc_id, "pay_cod": mapped["PAY_COD"], "amount": total, "paid_dt": staged["TKT_DT"]},
    )


def document_rows(session: Session, link: sqlite3.Row) -> Iterator[ChangedRow]:
    """See `Erp.document_rows`."""
    loc_id = settings_at(session, link["DOC_ID"])["STK_LOC_ID"]
    doc = f"DOC_ID = {link['DOC_ID']}"
    held = {
        row["ITEM_NO"]: row["QTY_ON_SO"] for row in session.all("SELECT * FROM dbo.IM_INV WHERE LOC_ID = :loc", {"loc": loc_id})
    }
    for item, quantity in sorted(committed_quantities(session, link).items()):
        if quantity:
            on_order = held.get(item, Decimal(0))
            change = f"QTY_ON_SO {on_order:.4f} → {on_order - quantity:.4f}"
            yield ChangedRow("IM_INV", f"ITEM_NO = {item}, LOC_ID = {loc_id}", change)

    def rows(table: str, key: str) -> list[sqlite3.Row]:
        return session.all(f"SELECT * FROM dbo.{table} WHERE DOC_ID = :doc ORDER BY {key}", {"doc": link["DOC_ID"]})  # noqa: S608

    for row in rows("PS_DOC_LIN", "LIN_SEQ_NO"):
        change = f"deleted: {row['ITEM_NO']}, quantity {row['QTY_SOLD']:.4f}, {row['EXT_PRC']:.2f}"
        yield ChangedRow("PS_DOC_LIN", f"{doc}, LIN_SEQ_NO = {row['LIN_SEQ_NO']}", change)
    for row in rows("PS_DOC_HDR_MISC_CHRG", "MISC_CHRG_NO"):
        key = f"{doc}, MISC_CHRG_NO = {row['MISC_CHRG_NO']}"
        yield ChangedRow("PS_DOC_HDR_MISC_CHRG", key, f"deleted: {row['MISC_AMT']:.2f}")
    for row in rows("PS_DOC_HDR_TOT", "TOT_TYP"):
        yield ChangedRow("PS_DOC_HDR_TOT", f"{doc}, TOT_TYP = {row['TOT_TYP']}", f"deleted: total {row['TOT']:.2f}")
    for row in rows("PS_DOC_NOTE", "NOTE_ID"):
        yield ChangedRow("PS_DOC_NOTE", f"{doc}, NOTE_ID = {row['NOTE_ID']}", "deleted")
    yield ChangedRow("PS_DOC_HDR", doc, f"deleted: {link['TKT_NO']}")


def remove_document(session: Session, link: sqlite3.Row) -> None:
    """See `Erp.remove_document`."""
    move_inventory(session, committed_quantities(session, link), {}, settings_at(session, link["DOC_ID"]))
    for table in _TABLES:
        session.run(f"DELETE FROM dbo.{table} WHERE DOC_ID = :doc", {"doc": link["DOC_ID"]})  # noqa: S608  (constants)
