"""What became of a linked ERP document since we wrote it; the twin of `dbo.fn_DocumentState`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal

from syncctl.db.embedded.registry import Session

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A linked document, and in `reasons` everything that forbids to change it from here (empty: nothing does)."""

    doc_id: int
    tkt_no: str
    found: bool
    stk_loc_id: str | None
    tot: Decimal
    """What the totals row says; 0 where there is none."""
    paid: Decimal
    """Payments that a person took on the document; not those that came with the order."""
    payments: int
    reasons: tuple[str, ...]


def document_state(session: Session, link: sqlite3.Row) -> DocumentState:
    """Compare the document with its link rows, which hold what we last wrote."""
    order = {"store": link["STORE_ID"], "order": link["WOO_ORDER_ID"], "doc": link["DOC_ID"]}
    header = session.one("SELECT * FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc", order)
    payments = session.all("SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc", order)
    if header is None:
        gone = "it is no longer among the open documents: it was posted, or deleted by hand"
        return DocumentState(link["DOC_ID"], link["TKT_NO"], False, None, NOTHING, NOTHING, len(payments), (gone,))
    settings = {row["NAME"]: row["VALUE"] for row in session.all("SELECT NAME, VALUE FROM dbo.USER_ERP_SETTING")}
    totals = session.one(
        "SELECT TOT, TOT_MISC FROM dbo.PS_DOC_HDR_TOT WHERE DOC_ID = :doc AND TOT_TYP = :type",
        {**order, "type": settings["TOT_TYP"]},
    )
    charges = session.all("SELECT MISC_AMT FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc", order)
    reasons: list[str] = []
    if header["SHIP_DAT"] is not None:
        reasons.append(f"it was shipped on {header['SHIP_DAT']:%Y-%m-%d}")
    if header["DOC_TYP"] != settings["DOC_TYP"]:
        reasons.append(f"it was released: its type is {header['DOC_TYP']}, not {settings['DOC_TYP']}")
    reasons += _line_reasons(session, order)
    if totals is None or totals["TOT"] != link["TOT"]:
        found = "missing" if totals is None else f"{totals['TOT']:.2f}"
        reasons.append(f"its total was changed by hand: {found} instead of {link['TOT']:.2f}")
    elif totals["TOT_MISC"] != sum((row["MISC_AMT"] for row in charges), NOTHING):
        reasons.append("its misc charges were changed by hand")
    paid = sum((row["AMT"] for row in payments), NOTHING)
    if settings["WRITE_PAYMENT"] == "Y" and len(payments) == 1 and paid == link["TOT"]:
        paid = NOTHING
    return DocumentState(
        doc_id=link["DOC_ID"],
        tkt_no=link["TKT_NO"],
        found=True,
        stk_loc_id=header["STK_LOC_ID"],
        tot=NOTHING if totals is None else totals["TOT"],
        paid=paid,
        payments=len(payments),
        reasons=tuple(reasons),
    )


def _line_reasons(session: Session, order: dict[str, object]) -> list[str]:
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
