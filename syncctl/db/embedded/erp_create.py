"""Creating ERP documents on the embedded engine."""

from __future__ import annotations

import sqlite3
import uuid
from decimal import Decimal

from syncctl.db.contract import AppliedOrder, CreateOrderFromStaging
from syncctl.db.embedded.erp_change import follow_staged_order
from syncctl.db.embedded.erp_content import cents, read_content
from syncctl.db.embedded.erp_customer import contact_id, order_customer, ship_to_address
from syncctl.db.embedded.erp_document import (
    Document,
    Settings,
    committed_quantities,
    create_order_lines,
    document_totals,
    erp_settings,
    move_inventory,
    next_number,
    write_order_notes,
    write_totals,
)
from syncctl.db.embedded.records import queue_message, write_event
from syncctl.db.embedded.registry import Session, serves
from syncctl.db.embedded.work import fence
from syncctl.errors import MappingError, WrongState


@serves(CreateOrderFromStaging)
def create_order_from_staging(session: Session, call: CreateOrderFromStaging) -> list[AppliedOrder]:
    """See `sql/erp/counterpoint/sp_CreateOrderFromStaging.sql`."""
    staged = fence(session, call, finished="APPLIED")
    link = _link(session, staged)
    if staged["STATE"] == "APPLIED" or staged["IS_APPLIED"] or (link is not None and link["LINK_STATE"] == "OPEN"):
        return [_already_applied(session, staged, link)]
    _require_ready(staged)

    revision = 1 + (link["REVISION"] if link is not None else 0)
    settings = erp_settings(session)
    if link is not None and link["LINK_STATE"] == "CLOSED" and _header_exists(session, link["DOC_ID"]):
        outcome, document = "reopened", Document(link["DOC_ID"], link["TKT_NO"])
        follow_staged_order(session, staged, link)
    else:
        outcome, document = "created", _create_document(session, staged, settings)
    _write_link(session, staged, document, revision)
    _finish(session, staged, document)
    _tell(session, staged, document, outcome, revision, settings)
    return [AppliedOrder(staged["STAGING_ID"], document.doc_id, document.tkt_no, outcome)]


def _create_document(session: Session, staged: sqlite3.Row, settings: Settings) -> Document:
    """Write a new document with everything that belongs to it, and commit its stock."""
    content = read_content(staged)
    totals = document_totals(staged, content)
    cust_no = order_customer(session, staged, content, settings)
    contact = contact_id(ship_to_address(session, cust_no, content))
    document = Document(int(next_number(session, "DOC_ID")), next_number(session, "TKT_NO"))
    _insert_header(session, staged, document, settings, cust_no, contact)
    session.run(
        "DELETE FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id",
        {"store": staged["STORE_ID"], "order_id": staged["WOO_ORDER_ID"]},
    )
    create_order_lines(session, staged, content, document, settings)
    _write_payment(session, staged, document, settings, totals.tot)
    write_totals(session, document, content, totals, settings)
    write_order_notes(session, staged, content, document)
    move_inventory(session, {}, committed_quantities(session, staged), settings)
    return document


def _link(session: Session, staged: sqlite3.Row) -> sqlite3.Row | None:
    return session.one(
        "SELECT * FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id",
        {"store": staged["STORE_ID"], "order_id": staged["WOO_ORDER_ID"]},
    )


def _already_applied(session: Session, staged: sqlite3.Row, link: sqlite3.Row | None) -> AppliedOrder:
    """The order is in the ERP: bring the staging row to its end and change nothing else."""
    document = (
        Document(link["DOC_ID"], link["TKT_NO"])
        if link is not None
        else Document(int(staged["CP_DOC_ID"]) if (staged["CP_DOC_ID"] or "").isdecimal() else 0, staged["TKT_NO"] or "")
    )
    if staged["STATE"] == "CLAIMED":
        if staged["PENDING_ACTION"] != "create":
            raise _wrong_state(staged, f"waits for {staged['PENDING_ACTION']}, not to be created")
        _finish(session, staged, document)
        write_event(
            session,
            staged,
            "ALREADY_APPLIED",
            f"The ERP has it already: DOC_ID {document.doc_id}, TKT_NO {document.tkt_no}. Nothing was created.",
            worker_id=staged["LEASE_OWNER"],
            attempt_no=staged["ATTEMPT_NO"],
        )
    return AppliedOrder(staged["STAGING_ID"], document.doc_id or None, document.tkt_no or None, "already_applied")


def _require_ready(staged: sqlite3.Row) -> None:
    if staged["PENDING_ACTION"] != "create":
        raise _wrong_state(staged, f"waits for {staged['PENDING_ACTION'] or 'nothing'}, not to be created")
    if not staged["IS_VALIDATED"]:
        raise _wrong_state(staged, "is not validated; run `syncctl validate`")


def _wrong_state(staged: sqlite3.Row, why: str) -> WrongState:
    return WrongState(f"Order {staged['WOO_ORDER_NO']} (staging id {staged['STAGING_ID']}) {why}.", code=50020)


def _header_exists(session: Session, doc_id: int) -> bool:
    return session.one("SELECT 1 FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc_id", {"doc_id": doc_id}) is not None


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


def _write_link(session: Session, staged: sqlite3.Row, document: Document, revision: int) -> None:
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_LINK
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, REVISION, LINK_STATE, TOT, ERP_STATUS_TOLD, CREATED_DT,
             UPDATED_DT)
        VALUES (:store, :order_id, :id, :doc_id, :tkt_no, :revision, 'OPEN', :tot, 'open', :now, :now)
        ON CONFLICT (STORE_ID, WOO_ORDER_ID) DO UPDATE
        SET STAGING_ID = :id, DOC_ID = :doc_id, TKT_NO = :tkt_no, REVISION = :revision, LINK_STATE = 'OPEN', TOT = :tot,
            ERP_STATUS_TOLD = 'open', UPDATED_DT = :now
        """,
        {
            "store": staged["STORE_ID"],
            "order_id": staged["WOO_ORDER_ID"],
            "id": staged["STAGING_ID"],
            "doc_id": document.doc_id,
            "tkt_no": document.tkt_no,
            "revision": revision,
            "tot": cents(staged["TOT_AMT"]),
            "now": session.now,
        },
    )


def _finish(session: Session, staged: sqlite3.Row, document: Document) -> None:
    """Mark the staging row applied. Owner and attempt stay on it, so that the same call, sent again, is told from another's."""
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = 'APPLIED', STATE_REASON = NULL, IS_APPLIED = 1, APPLIED_DT = :now, CP_DOC_ID = COALESCE(:doc_id, CP_DOC_ID),
            TKT_NO = COALESCE(:tkt_no, TKT_NO),
            CUST_NO = COALESCE((SELECT CUST_NO FROM dbo.PS_DOC_HDR WHERE DOC_ID = :number), CUST_NO),
            APPLIED_HASH = CONTENT_HASH, PENDING_ACTION = NULL, VALIDATION_ERROR = NULL, ERROR_CLASS = NULL,
            NEXT_ATTEMPT_DT = NULL, LEASE_UNTIL_DT = NULL, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {
            "id": staged["STAGING_ID"],
            "doc_id": str(document.doc_id) if document.doc_id else None,
            "tkt_no": document.tkt_no or None,
            "number": document.doc_id,
            "now": session.now,
        },
    )


def _tell(session: Session, staged: sqlite3.Row, document: Document, outcome: str, revision: int, settings: Settings) -> None:
    """Queue what the store is told, and add to the order's story."""
    numbers = f"DOC_ID: {document.doc_id}, TKT_NO: {document.tkt_no}"
    queue_message(
        session,
        staged,
        "applied",
        f"applied:{revision}",
        target_status=settings["APPLIED_STATUS"],
        note=f"Order {outcome} in CounterPoint. {numbers}",
        tag_value=f"{document.doc_id}/{revision}",
    )
    write_event(session, staged, outcome.upper(), numbers, worker_id=staged["LEASE_OWNER"], attempt_no=staged["ATTEMPT_NO"])
