"""What became of a linked CounterPoint document since we wrote it; see `dbo.fn_ErpDocumentState` and `dbo.fn_ErpStatus`."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from syncctl.db.embedded.counterpoint.deposit import find_deposit
from syncctl.db.embedded.counterpoint.document import is_posted
from syncctl.db.embedded.counterpoint.payment import written_payment
from syncctl.db.embedded.erp import NOTHING, DocumentState, plain_number, settings_of
from syncctl.db.embedded.registry import Session


class Progress(NamedTuple):
    """How far an open document's lines have come; see `dbo.fn_CounterPointProgress`."""

    lines: int
    released: int
    is_picked: bool
    is_invoiced: bool


def progress(session: Session, header: sqlite3.Row) -> Progress:
    """Count the lines that are released in part or whole, and say whether any was picked or invoiced."""
    found = session.all("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc", {"doc": header["DOC_ID"]})
    lines = [line for line in found if line["QTY_SOLD"]]
    says_so = header["HAS_RLSD_LINS"] == "Y"
    released = [line for line in lines if line["QTY_SHIPPED"] > 0 or (says_so and line["QTY_TO_REL"] < line["QTY_SOLD"])]
    return Progress(
        len(lines),
        len(released),
        is_picked="Y" in (header["HAS_PCKD_LINS"], header["HAS_PCKVRFD_LINS"])
        or any(line["QTY_PCKD"] > 0 or line["QTY_PCKVRFD"] > 0 for line in lines),
        is_invoiced=header["HAS_INVCD_LINS"] == "Y" or any(line["QTY_INVCD"] > 0 for line in lines),
    )


def document_state(session: Session, link: sqlite3.Row) -> DocumentState:
    """See `Erp.document_state`."""
    order: dict[str, Any] = {"store": link["STORE_ID"], "order": link["WOO_ORDER_ID"], "doc": link["DOC_ID"]}
    header = session.one("SELECT * FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", order)
    written = written_payment(session, order)
    on_document = session.all("SELECT * FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc", order)
    payments = [row for row in on_document if written is None or row["PMT_SEQ_NO"] != written["PMT_SEQ_NO"]]
    if header is None:
        became = "it was posted" if is_posted(session, link["DOC_ID"]) else "it was voided or deleted by hand"
        gone = f"it is no longer among the open documents: {became}"
        deposit = find_deposit(session, link["DOC_ID"])
        if deposit is not None and deposit.is_open:
            ticket = f"its deposit ticket {deposit.tkt_no} of {deposit.amount:.2f}"
            gone += f"; {ticket} is still open: void it unless the order was delivered"
        return DocumentState(
            found=False,
            payments=len(payments),
            booked=deposit.booked if deposit is not None and deposit.is_posted else None,
            booked_on=deposit.tkt_no if deposit is not None and deposit.is_posted else "",
            reasons=(gone,),
        )
    settings = settings_of(session)
    totals = session.one(
        "SELECT TOT, TOT_MISC FROM dbo.PS_DOC_HDR_TOT WHERE DOC_ID = :doc AND TOT_TYP = :type",
        {**order, "type": settings["TOT_TYP"]},
    )
    charges = session.all("SELECT MISC_AMT FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc", order)
    reasons: list[str] = []
    stands = progress(session, header)
    if stands.released:
        reasons.append(f"{stands.released} of its {stands.lines} lines {'was' if stands.released == 1 else 'were'} released")
    elif header["HAS_RLSD_LINS"] == "Y":
        reasons.append("lines of it were released")
    if stands.is_invoiced:
        reasons.append("it was invoiced")
    if stands.is_picked and not stands.released:
        reasons.append("it was picked")
    if header["DOC_TYP"] != settings["DOC_TYP"]:
        reasons.append(f"it was released: its type is {header['DOC_TYP']}, not {settings['DOC_TYP']}")
    reasons += _line_reasons(session, order)
    if (
        written is not None
        and written["PMT_SEQ_NO"] > 0
        and not any(all(row[column] == written[column] for column in ("PMT_SEQ_NO", "PAY_COD", "AMT")) for row in on_document)
    ):
        reasons.append("the payment that came with it was changed by hand")
    deposit = find_deposit(session, link["DOC_ID"])
    if deposit is not None and deposit.is_gone:
        reasons.append(f"its deposit ticket {deposit.tkt_no} was voided or deleted by hand")
    elif deposit is not None and deposit.is_open and not deposit.is_whole:
        reasons.append(f"its deposit ticket {deposit.tkt_no} was changed by hand")
    if totals is None or totals["TOT"] != link["TOT"]:
        found = "missing" if totals is None else f"{totals['TOT']:.2f}"
        reasons.append(f"its total was changed by hand: {found} instead of {link['TOT']:.2f}")
    elif totals["TOT_MISC"] != sum((row["MISC_AMT"] for row in charges), NOTHING):
        reasons.append("its misc charges were changed by hand")
    return DocumentState(
        found=True,
        paid=sum((row["AMT"] for row in payments), NOTHING),
        payments=len(payments),
        booked=deposit.booked if deposit is not None and deposit.is_posted else None,
        booked_on=deposit.tkt_no if deposit is not None and deposit.is_posted else "",
        parcels=len(tracking_numbers(session, link["DOC_ID"])),
        reasons=tuple(reasons),
    )


def _line_reasons(session: Session, order: dict[str, Any]) -> list[str]:
    """Name the lines that are missing, extra or different."""
    found = {row["LIN_SEQ_NO"]: row for row in session.all("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc", order)}
    ours = {
        row["LIN_SEQ_NO"]: row
        for row in session.all(
            "SELECT * FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DOC_ID = :doc", order
        )
    }
    changed = [
        number
        for number in ours.keys() & found.keys()
        if any(ours[number][column] != found[number][column] for column in ("ITEM_NO", "QTY_SOLD", "EXT_PRC"))
    ]
    counts = (
        (len(ours.keys() - found.keys()), "removed"),
        (len(found.keys() - ours.keys()), "added"),
        (len(changed), "changed"),
    )
    return [f"{count} of its lines {'was' if count == 1 else 'were'} {what} by hand" for count, what in counts if count]


def tracking_numbers(session: Session, doc_id: int) -> list[str]:
    """See `Erp.tracking_numbers`."""
    rows = session.all("SELECT PKG_TRK_NO FROM dbo.PS_DOC_PKG_TRK_NO WHERE DOC_ID = :doc ORDER BY SEQ_NO", {"doc": doc_id})
    return [number for row in rows if (number := plain_number(str(row["PKG_TRK_NO"] or "")))]


def statuses(session: Session, store_id: str, *, after_id: int) -> dict[int, str]:
    """See `Erp.statuses`. A posted document was shipped; once that is told it is gone like the others."""
    rows = session.all(
        """
        SELECT
            link.WOO_ORDER_ID,
            CASE
                WHEN header.DOC_ID IS NULL AND COALESCE(link.ERP_STATUS_TOLD, 'open') = 'open'
                AND (
                    EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = link.DOC_ID)
                    OR EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = link.DOC_ID)
                ) THEN 'shipped'
                WHEN header.DOC_ID IS NULL THEN 'gone'
                WHEN EXISTS (
                    SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID AND CAST(line.QTY_SOLD AS REAL) <> 0
                )
                AND NOT EXISTS (
                    SELECT 1 FROM dbo.PS_DOC_LIN AS line
                    WHERE line.DOC_ID = link.DOC_ID AND CAST(line.QTY_SOLD AS REAL) <> 0
                    AND NOT (
                        CAST(line.QTY_SHIPPED AS REAL) >= CAST(line.QTY_SOLD AS REAL)
                        OR (header.HAS_RLSD_LINS = 'Y' AND CAST(line.QTY_TO_REL AS REAL) <= 0)
                    )
                ) THEN 'shipped'
                WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_PKG_TRK_NO AS parcel WHERE parcel.DOC_ID = link.DOC_ID) THEN 'shipped'
                WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID)
                AND NOT EXISTS (
                    SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID AND CAST(line.QTY_SOLD AS REAL) <> 0
                ) THEN 'closed'
                ELSE 'open'
            END AS ERP_STATUS
        FROM dbo.USER_ORDER_LINK AS link
        LEFT JOIN dbo.PS_DOC_HDR AS header ON header.DOC_ID = link.DOC_ID
        WHERE link.STORE_ID = :store
        AND link.LINK_STATE = 'OPEN'
        AND COALESCE(link.ERP_STATUS_TOLD, 'open') <> 'gone'
        AND link.STAGING_ID > :after
        """,
        {"store": store_id, "after": after_id},
    )
    return {row["WOO_ORDER_ID"]: row["ERP_STATUS"] for row in rows}
