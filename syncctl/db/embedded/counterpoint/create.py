"""Writing and removing CounterPoint documents on the embedded engine."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal

from syncctl.db.embedded.counterpoint.contacts import write_contacts
from syncctl.db.embedded.counterpoint.deposit import find_deposit, remove_deposit
from syncctl.db.embedded.counterpoint.document import (
    committed_quantities,
    move_inventory,
    next_number,
    settings_at,
    write_profile,
)
from syncctl.db.embedded.counterpoint.lines import create_order_lines, insert
from syncctl.db.embedded.counterpoint.notes import write_order_notes
from syncctl.db.embedded.counterpoint.payment import write_payment
from syncctl.db.embedded.counterpoint.site import STOCK_COLUMNS
from syncctl.db.embedded.counterpoint.totals import NOTHING, document_totals, write_totals
from syncctl.db.embedded.erp import ChangedRow, Document, Settings, settings_of
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session
from syncctl.errors import Conflict

_TABLES = (
    "PS_DOC_LIN_PRICE",
    "PS_DOC_TAX",
    "PS_DOC_CONTACT",
    "PS_DOC_AUDIT_LOG_TOT",
    "PS_DOC_AUDIT_LOG",
    "PS_DOC_PMT_APPLY",
    "PS_DOC_PMT",
    "PS_DOC_HDR_PROF",
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

_FORGOTTEN = "WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND CAST(COALESCE(BOOKED_AMT, AMT) AS REAL) <> 0"
"""A deposit that was in the books and was given back stays known: its ticket is no other program's."""


def create_document(session: Session, staged: sqlite3.Row, content: Content, cust_no: str) -> Document:
    """See `Erp.create_document`."""
    settings = settings_of(session)
    totals = document_totals(staged, content)
    _require_new(session, staged, settings)
    document = Document(int(next_number(session, "DOC_ID")), next_number(session, "TKT_NO"))
    _insert_header(session, staged, document, settings, cust_no)
    write_contacts(session, staged, content, document.doc_id, cust_no, settings)
    create_order_lines(session, staged, content, document, settings)
    write_payment(session, staged, document.doc_id, settings)
    write_totals(session, staged, document, content, totals, settings)
    write_order_notes(session, staged, content, document)
    write_profile(session, staged, document, settings)
    move_inventory(session, {}, committed_quantities(session, staged), settings)
    return document


def _require_new(session: Session, staged: sqlite3.Row, settings: Settings) -> None:
    """Raise Conflict where the station, or one that is named, has the order's number that another program or a person entered."""
    number, wanted = staged["WOO_ORDER_NO"], settings.get("FORMER_ORDERS") or "Y"
    if wanted == "N" or not number:
        return
    stations = "" if wanted == "Y" else wanted
    found = session.one(
        """
        SELECT former.DOC_ID, former.TKT_NO, former.IS_POSTED
        FROM (
            SELECT DOC_ID, TKT_NO, STA_ID, CUST_PO_NO, REF, 0 AS IS_POSTED FROM dbo.PS_DOC_HDR
            UNION ALL SELECT DOC_ID, TKT_NO, STA_ID, CUST_PO_NO, REF, 1 FROM dbo.PS_ORD_HIST
            UNION ALL SELECT DOC_ID, TKT_NO, STA_ID, CUST_PO_NO, REF, 1 FROM dbo.PS_TKT_HIST
        ) AS former
        WHERE former.STA_ID IN (SELECT value FROM json_each(:stations))
        AND (former.CUST_PO_NO IN (:short, :short_marked) OR former.REF IN (:long, :long_marked))
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = former.DOC_ID)
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = former.DOC_ID)
        ORDER BY former.IS_POSTED, former.DOC_ID
        LIMIT 1
        """,
        {
            "stations": json.dumps([settings["STA_ID"], *(each.strip() for each in stations.split(",") if each.strip())]),
            "short": number[:20],
            "short_marked": f"#{number}"[:20],
            "long": number[:50],
            "long_marked": f"#{number}"[:50],
        },
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


def document_rows(session: Session, link: sqlite3.Row) -> Iterator[ChangedRow]:
    """See `Erp.document_rows`."""
    loc_id = settings_at(session, link["DOC_ID"])["STK_LOC_ID"]
    doc = f"DOC_ID = {link['DOC_ID']}"
    held: dict[tuple[str, str], dict[str, Decimal]] = {}
    for (item, location, columns), quantity in committed_quantities(session, link).items():
        at = held.setdefault((item, location or loc_id or ""), {})
        for column in columns.split(","):
            at[column] = at.get(column, Decimal(0)) + quantity
    for (item, location), quantities in sorted(held.items()):
        stock = session.one("SELECT * FROM dbo.IM_INV WHERE ITEM_NO = :item AND LOC_ID = :loc", {"item": item, "loc": location})
        changes = [
            f"{column} {before:.4f} → {before - quantities[column]:.4f}"
            for column in STOCK_COLUMNS
            if quantities.get(column)
            for before in (stock[column] if stock else Decimal(0),)
        ]
        if changes:
            yield ChangedRow("IM_INV", f"ITEM_NO = {item}, LOC_ID = {location}", ", ".join(changes))

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
    yield from _payment_rows(session, link, rows)
    for row in rows("PS_DOC_AUDIT_LOG", "LOG_SEQ_NO"):
        yield ChangedRow("PS_DOC_AUDIT_LOG", f"{doc}, LOG_SEQ_NO = {row['LOG_SEQ_NO']}", "deleted")
    for row in rows("PS_DOC_AUDIT_LOG_TOT", "LOG_SEQ_NO, TOT_TYP"):
        key = f"{doc}, LOG_SEQ_NO = {row['LOG_SEQ_NO']}, TOT_TYP = {row['TOT_TYP']}"
        yield ChangedRow("PS_DOC_AUDIT_LOG_TOT", key, "deleted")
    for _ in rows("PS_DOC_HDR_PROF", "DOC_ID"):
        yield ChangedRow("PS_DOC_HDR_PROF", doc, "deleted")
    yield ChangedRow("PS_DOC_HDR", doc, f"deleted: {link['TKT_NO']}")
    yield from _deposit_rows(session, link)


def _deposit_rows(session: Session, link: sqlite3.Row) -> Iterator[ChangedRow]:
    deposit = find_deposit(session, link["DOC_ID"])
    if deposit is None or not deposit.is_open:
        return
    doc = f"DOC_ID = {deposit.doc_id}"
    for row in session.all("SELECT * FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc ORDER BY PMT_SEQ_NO", {"doc": deposit.doc_id}):
        change = f"deleted: {row['PAY_COD']}, {row['AMT']:.2f}"
        yield ChangedRow("PS_DOC_PMT", f"{doc}, PMT_SEQ_NO = {row['PMT_SEQ_NO']}", change)
    yield ChangedRow("PS_DOC_HDR", doc, f"deleted with its other rows: deposit ticket {deposit.tkt_no}")


def _payment_rows(session: Session, link: sqlite3.Row, rows: Callable[[str, str], list[sqlite3.Row]]) -> Iterator[ChangedRow]:
    doc = f"DOC_ID = {link['DOC_ID']}"
    for row in rows("PS_DOC_PMT", "PMT_SEQ_NO"):
        change = f"deleted: {row['PAY_COD']}, {row['AMT']:.2f}"
        yield ChangedRow("PS_DOC_PMT", f"{doc}, PMT_SEQ_NO = {row['PMT_SEQ_NO']}", change)
    for row in rows("PS_DOC_PMT_APPLY", "PMT_SEQ_NO, APPL_TYP"):
        key = f"{doc}, PMT_SEQ_NO = {row['PMT_SEQ_NO']}, APPL_TYP = {row['APPL_TYP']}"
        yield ChangedRow("PS_DOC_PMT_APPLY", key, f"deleted: {row['AMT']:.2f}")
    order = {"store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]}
    if session.one(f"SELECT 1 FROM dbo.USER_ORDER_PAYMENT {_FORGOTTEN}", order):  # noqa: S608  (constants)
        yield ChangedRow("USER_ORDER_PAYMENT", f"WOO_ORDER_ID = {link['WOO_ORDER_ID']}", "deleted")
    for row in session.all(
        "SELECT PART FROM dbo.USER_ORDER_PART WHERE STORE_ID = :store AND WOO_ORDER_ID = :order ORDER BY PART", order
    ):
        yield ChangedRow("USER_ORDER_PART", f"WOO_ORDER_ID = {link['WOO_ORDER_ID']}, PART = {row['PART']}", "deleted")


def remove_document(session: Session, link: sqlite3.Row) -> None:
    """See `Erp.remove_document`."""
    move_inventory(session, committed_quantities(session, link), {}, settings_at(session, link["DOC_ID"]))
    remove_deposit(session, link["DOC_ID"])
    for table in _TABLES:
        session.run(f"DELETE FROM dbo.{table} WHERE DOC_ID = :doc", {"doc": link["DOC_ID"]})  # noqa: S608  (constants)
    order = {"store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]}
    session.run(f"DELETE FROM dbo.USER_ORDER_PAYMENT {_FORGOTTEN}", order)  # noqa: S608  (constants)
    session.run("DELETE FROM dbo.USER_ORDER_PART WHERE STORE_ID = :store AND WOO_ORDER_ID = :order", order)
