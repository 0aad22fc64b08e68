"""Writing and removing CounterPoint documents on the embedded engine."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from decimal import Decimal

from syncctl.db.embedded.counterpoint.contacts import write_contacts
from syncctl.db.embedded.counterpoint.document import (
    committed_quantities,
    move_inventory,
    next_number,
    settings_at,
    write_order_notes,
)
from syncctl.db.embedded.counterpoint.lines import create_order_lines, insert
from syncctl.db.embedded.counterpoint.totals import NOTHING, document_totals, write_totals
from syncctl.db.embedded.erp import ChangedRow, Document, Settings, settings_of
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.errors import Conflict, MappingError

_TABLES = (
    "PS_DOC_LIN_PRICE",
    "PS_DOC_TAX",
    "PS_DOC_CONTACT",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_LIN",
    "PS_DOC_HDR_MISC_CHRG",
    "PS_DOC_HDR_TOT",
    "PS_DOC_NOTE",
    "PS_DOC_HDR",
)
_COUNTS = (
    "RET_LINS", "GFC_LINS", "SVC_LINS", "BO_LINS", "SO_LINS", "DS_LINS", "TO_REL_LINS", "TO_LEAVE_LINS", "TIMES_PRTD",
)  # fmt: skip
_FLAGS = (
    "IS_DOC_COMMITTED", "IS_REL_TKT", "REQ_REPRICE", "HAS_ENTD_LINS", "HAS_PCKD_LINS", "HAS_PCKVRFD_LINS", "HAS_INVCD_LINS",
    "HAS_RLSD_LINS",
)  # fmt: skip


def create_document(session: Session, staged: sqlite3.Row, content: Content, cust_no: str) -> Document:
    """See `Erp.create_document`."""
    settings = settings_of(session)
    totals = document_totals(staged, content)
    _require_settings(settings)
    _require_new(session, staged, settings)
    document = Document(int(next_number(session, "DOC_ID")), next_number(session, "TKT_NO"))
    _insert_header(session, staged, document, settings, cust_no)
    write_contacts(session, staged, content, document.doc_id, cust_no, settings)
    create_order_lines(session, staged, content, document, settings)
    _write_payment(session, staged, document, settings, totals.tot)
    write_totals(session, staged, document, content, totals, settings)
    write_order_notes(session, staged, content, document)
    move_inventory(session, {}, committed_quantities(session, staged), settings)
    return document


def _require_settings(settings: Settings) -> None:
    """Raise MappingError for a way to write payments that there is not."""
    if settings.get("WRITE_PAYMENT") not in ("Y", "N", None):
        raise MappingError(
            f"The site setting WRITE_PAYMENT is {settings['WRITE_PAYMENT']!r}; it takes N (no payment) or Y (on the order)."
            " A deposit ticket beside the order is not offered.",
            code=50040,
        )


def _require_new(session: Session, staged: sqlite3.Row, settings: Settings) -> None:
    """Raise Conflict where the station has a document of the order's number that another program or a person entered."""
    number = staged["WOO_ORDER_NO"]
    if settings.get("FORMER_ORDERS") == "N" or not number:
        return
    found = session.one(
        """
        SELECT former.DOC_ID, former.TKT_NO, former.IS_POSTED
        FROM (
            SELECT DOC_ID, TKT_NO, STA_ID, CUST_PO_NO, REF, 0 AS IS_POSTED FROM dbo.PS_DOC_HDR
            UNION ALL SELECT DOC_ID, TKT_NO, STA_ID, CUST_PO_NO, REF, 1 FROM dbo.PS_ORD_HIST
            UNION ALL SELECT DOC_ID, TKT_NO, STA_ID, CUST_PO_NO, REF, 1 FROM dbo.PS_TKT_HIST
        ) AS former
        WHERE former.STA_ID = :station
        AND (former.CUST_PO_NO = :short OR former.REF = :long)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = former.DOC_ID)
        ORDER BY former.IS_POSTED, former.DOC_ID
        LIMIT 1
        """,
        {"station": settings["STA_ID"], "short": number[:20], "long": number[:50]},
    )
    if found is not None:
        raise Conflict(
            f"Order {number}: the ERP has it already as {'posted' if found['IS_POSTED'] else 'open'} document {found['DOC_ID']}"
            f" ({found['TKT_NO']}), which syncctl did not write. Where that is this order: `syncctl dead-letter cancel"
            f" {staged['STAGING_ID']} --reason …`; where it is another: set FORMER_ORDERS to N,"
            " then `syncctl dead-letter retry`.",
            code=50030,
        )


def _insert_header(session: Session, staged: sqlite3.Row, document: Document, settings: Settings, cust_no: str) -> None:
    insert(
        session,
        "PS_DOC_HDR",
        {
            "DOC_ID": document.doc_id,
            "DOC_GUID": str(uuid.uuid4()),
            "TKT_NO": document.tkt_no,
            "CUST_NO": cust_no,
            "TKT_DT": staged["TKT_DT"],
            **{
                name: settings.get(name)
                for name in (
                    "DOC_TYP",
                    "TKT_TYP",
                    "STR_ID",
                    "STA_ID",
                    "DRW_ID",
                    "USR_ID",
                    "SLS_REP",
                    "STK_LOC_ID",
                    "PRC_LOC_ID",
                    "TAX_COD",
                    "TAX_OVRD_REAS",
                )
            },
            "NORM_TAX_COD": settings.get("NORM_TAX_COD") or settings.get("TAX_COD"),
            "CUST_PO_NO": staged["WOO_ORDER_NO"][:20],
            "REF": staged["WOO_ORDER_NO"][:50],
            **dict.fromkeys(_COUNTS, 0),
            "RET_LIN_TOT": NOTHING,
            **dict.fromkeys(_FLAGS, "N"),
            "IS_OFFLINE": 0,
            "RS_UTC_DT": session.now,
            "RS_STAT": 1,
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
    held = "SELECT QTY_ON_SO FROM dbo.IM_INV WHERE ITEM_NO = :item AND LOC_ID = :loc"
    for item, quantity in sorted(committed_quantities(session, link).items()):
        if quantity:
            stock = session.one(held, {"item": item, "loc": loc_id})
            on_order = stock["QTY_ON_SO"] if stock else Decimal(0)
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
    for row in rows("PS_DOC_LIN_PRICE", "LIN_SEQ_NO"):
        yield ChangedRow("PS_DOC_LIN_PRICE", f"{doc}, LIN_SEQ_NO = {row['LIN_SEQ_NO']}", f"deleted: {row['UNIT_PRC']:.4f}")
    for row in rows("PS_DOC_TAX", "AUTH_COD, RUL_COD"):
        key = f"{doc}, AUTH_COD = {row['AUTH_COD']}, RUL_COD = {row['RUL_COD']}"
        yield ChangedRow("PS_DOC_TAX", key, f"deleted: {row['TAX_AMT']:.2f}")
    for row in rows("PS_DOC_CONTACT", "CONTACT_ID"):
        yield ChangedRow("PS_DOC_CONTACT", f"{doc}, CONTACT_ID = {row['CONTACT_ID']}", "deleted")
    for row in rows("PS_DOC_AUDIT_LOG", "LOG_SEQ_NO"):
        yield ChangedRow("PS_DOC_AUDIT_LOG", f"{doc}, LOG_SEQ_NO = {row['LOG_SEQ_NO']}", "deleted")
    yield ChangedRow("PS_DOC_HDR", doc, f"deleted: {link['TKT_NO']}")


def remove_document(session: Session, link: sqlite3.Row) -> None:
    """See `Erp.remove_document`."""
    move_inventory(session, committed_quantities(session, link), {}, settings_at(session, link["DOC_ID"]))
    for table in _TABLES:
        session.run(f"DELETE FROM dbo.{table} WHERE DOC_ID = :doc", {"doc": link["DOC_ID"]})  # noqa: S608  (constants)
