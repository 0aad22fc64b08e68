"""The amounts of a CounterPoint document: charges, prices, totals, counts; the twin of `sp_WriteOrderTotals` and its function."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from syncctl.db.embedded.counterpoint.deposit import find_deposit
from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.counterpoint.site import local_time
from syncctl.db.embedded.counterpoint.tax import write_tax
from syncctl.db.embedded.erp import Document, Settings
from syncctl.db.embedded.order_content import Content, cents
from syncctl.db.embedded.registry import Session
from syncctl.errors import Conflict

NOTHING = Decimal("0.00")
_LAST_CHARGE = 5
"""CounterPoint knows misc charges 1 to 5."""


@dataclass(frozen=True, slots=True)
class Totals:
    """A document's totals row. TOT = SUB_TOT − TOT_LIN_DISC + TAX_AMT + TOT_MISC."""

    sub_tot: Decimal
    tot_lin_disc: Decimal
    tot_misc: Decimal
    tax_amt: Decimal
    tot: Decimal


def document_totals(staged: sqlite3.Row, content: Content) -> Totals:
    """Add up the document's totals. Conflict (50030) where they don't come to the staged total, to the cent."""
    gross = sum((cents(line.subtotal) for line in content.sold_lines), NOTHING)
    net = sum((cents(line.total) for line in content.sold_lines), NOTHING)
    misc = sum((cents(charge.amount) for charge in content.charges), NOTHING)
    tax = cents(staged["TAX_AMT"] or Decimal(0))
    totals = Totals(gross, gross - net, misc, tax, net + misc + tax)
    expected = cents(staged["TOT_AMT"] or Decimal(0))
    if totals.tot != expected:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: lines, charges and tax come to {totals.tot}, the store's total is {expected}."
            " Correct the order in the store.",
            code=50030,
        )
    return totals


def write_totals(
    session: Session, staged: sqlite3.Row, document: Document, content: Content, totals: Totals, settings: Settings
) -> None:
    """Write misc charges, tax, prices, totals row, the header's counts and the audit row, anew or over those that are there.

    Raises:
        Conflict: the document's rows don't agree, which only somebody else's trigger brings about.
    """
    key = {"doc_id": document.doc_id, "tot_typ": settings["TOT_TYP"]}
    session.run("DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ", key)
    _write_charges(session, content, document, settings)
    write_tax(session, staged, content, document, settings)
    lines = session.all("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id AND QTY_SOLD <> 0", key)
    _write_prices(session, document, lines)
    paid = sum((row["AMT"] for row in session.all("SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc_id", key)), NOTHING)
    deposit = find_deposit(session, document.doc_id)
    values = {
        **key,
        "sub_tot": totals.sub_tot,
        "tax": totals.tax_amt,
        "tot": totals.tot,
        "discount": totals.tot_lin_disc,
        "misc": totals.tot_misc,
        "paid": paid if deposit is None else deposit.tendered,
        "due": totals.tot - (paid if deposit is None else deposit.taken_off),
        "lines": len(lines),
        "cost": sum((row["EXT_COST"] for row in lines if row["EXT_COST"] is not None), NOTHING),
        "net": totals.sub_tot - totals.tot_lin_disc,
        "tax_shipped": totals.tax_amt if settings["TAX_AMT_SHIPPED"] == "TAX" else NOTHING,
    }
    changed = session.run(
        """
        UPDATE dbo.PS_DOC_HDR_TOT
        SET SUB_TOT = :sub_tot, TAX_AMT = :tax, TOT = :tot, TOT_HDR_DISC = '0.00', TOT_LIN_DISC = :discount, TOT_MISC = :misc,
            AMT_DUE = :due, TAX_AMT_SHIPPED = :tax_shipped, LINS = :lines, NORM_TAX_AMT = :tax, TOT_TND = :paid,
            TOT_EXT_COST = :cost, TOT_HDR_DISCNTBL_AMT = :net
        WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ
        """,
        values,
    )
    if changed == 0:
        session.run(
            """
            INSERT INTO dbo.PS_DOC_HDR_TOT
                (DOC_ID, TOT_TYP, SUB_TOT, TAX_AMT, TOT, TOT_HDR_DISC, TOT_LIN_DISC, TOT_MISC, AMT_DUE, TAX_AMT_SHIPPED,
                 INITIAL_MIN_DUE, TOT_WEIGHT, TOT_CUBE, HAS_TAX_OVRD, LINS, TAX_OVRD_LINS, NORM_TAX_AMT, TOT_TND, TOT_CHNG,
                 TOT_GFC_AMT, TOT_SVC_AMT, TOT_EXT_COST, TOT_HDR_DISCNTBL_AMT)
            VALUES (:doc_id, :tot_typ, :sub_tot, :tax, :tot, '0.00', :discount, :misc, :due, :tax_shipped,
                    '0.00', '0.0000', '0.0000', '!', :lines, 0, :tax, :paid, '0.00', '0.00', '0.00', :cost, :net)
            """,
            values,
        )
    write_line_counts(session, document.doc_id, settings)
    _write_audit_row(session, document, settings)
    faults = document_faults(session, document.doc_id, settings)
    if faults:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: its document would not agree with itself: {faults}. Nothing was written.",
            code=50030,
        )


def write_line_counts(session: Session, doc_id: int, settings: Settings) -> None:
    """Count the document's lines into its header: sale lines (type S) are counted and summed apart from order lines."""
    lines = session.all("SELECT EXT_PRC FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id AND QTY_SOLD <> 0", {"doc_id": doc_id})
    sale = settings["LIN_TYP"] == "S"
    session.run(
        """
        UPDATE dbo.PS_DOC_HDR
        SET ORD_LINS = :order_lines, SAL_LINS = :sale_lines, SAL_LIN_TOT = :sale_total, TO_REL_LINS = :lines, RS_UTC_DT = :now,
            LST_MAINT_DT = :local, LST_MAINT_USR_ID = 'SYNCCTL'
        WHERE DOC_ID = :doc_id
        """,
        {
            "doc_id": doc_id,
            "lines": len(lines),
            "order_lines": 0 if sale else len(lines),
            "sale_lines": len(lines) if sale else 0,
            "sale_total": sum((row["EXT_PRC"] for row in lines), NOTHING) if sale else NOTHING,
            "now": session.now,
            "local": local_time(session.now, settings),
        },
    )


def _write_charges(session: Session, content: Content, document: Document, settings: Settings) -> None:
    """Write a row for each number; what comes after the fifth is added to it."""
    amounts: dict[int, Decimal] = {}
    taxes: dict[int, Decimal] = {}
    for number, charge in enumerate(content.charges, start=int(settings["MISC_CHRG_NO"] or 1)):
        row = min(number, _LAST_CHARGE)
        amounts[row] = amounts.get(row, NOTHING) + cents(charge.amount)
        taxes[row] = taxes.get(row, NOTHING) + cents(charge.tax)
    for row, amount in amounts.items():
        insert(
            session,
            "PS_DOC_HDR_MISC_CHRG",
            {
                "DOC_ID": document.doc_id,
                "TOT_TYP": settings["TOT_TYP"],
                "MISC_CHRG_NO": row,
                "MISC_TYP": settings["MISC_TYP"],
                "MISC_AMT": amount,
                "MISC_PCT": NOTHING,
                "MISC_AMT_SHIPPED": NOTHING,
                "MISC_TAX_AMT_ALLOC": taxes[row],
                "MISC_NORM_TAX_AMT_ALLOC": taxes[row],
            },
        )


def _write_prices(session: Session, document: Document, lines: Iterable[sqlite3.Row]) -> None:
    """Say of each line how its price came about; without that CounterPoint reckons it anew."""
    session.run("DELETE FROM dbo.PS_DOC_LIN_PRICE WHERE DOC_ID = :doc_id", {"doc_id": document.doc_id})
    for line in lines:
        insert(
            session,
            "PS_DOC_LIN_PRICE",
            {
                "DOC_ID": document.doc_id,
                "LIN_SEQ_NO": line["LIN_SEQ_NO"],
                "PRC_SEQ_NO": 1,
                "PRC_JUST_STR": "Price-1",
                "PRC_GRP_TYP": "!",
                "PRC_RUL_SEQ_NO": -1,
                "PRC_BRK_DESCR": "I",
                "QTY_PRCD": line["QTY_SOLD"],
                "UNIT_PRC": line["PRC"],
                "DIM_1_UPR": "*",
                "DIM_2_UPR": "*",
                "DIM_3_UPR": "*",
            },
        )


def _write_audit_row(session: Session, document: Document, settings: Settings) -> None:
    """Write who entered the document, and what it came to then, once."""
    key = {"doc_id": document.doc_id, "tot_typ": settings["TOT_TYP"]}
    added = session.run(
        """
        INSERT INTO dbo.PS_DOC_AUDIT_LOG
            (DOC_ID, LOG_SEQ_NO, DOC_TYP, DOC_GUID, CURR_DT, CURR_STR_ID, CURR_STA_ID, CURR_DRW_ID, CURR_USR_ID, CURR_WKSTN_NAM,
             CURR_DB_NAM, ACTIV, LOG_ENTRY)
        SELECT DOC_ID, 1, DOC_TYP, DOC_GUID, :now, STR_ID, STA_ID, DRW_ID, USR_ID, 'SYNCCTL', 'embedded', 'N',
            'Entered web order ' || COALESCE(CUST_PO_NO, '')
        FROM dbo.PS_DOC_HDR
        WHERE DOC_ID = :doc_id
        AND NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_AUDIT_LOG AS known WHERE known.DOC_ID = :doc_id)
        """,
        {**key, "now": local_time(session.now, settings)},
    )
    if added:
        session.run(
            """
            INSERT INTO dbo.PS_DOC_AUDIT_LOG_TOT
                (DOC_ID, LOG_SEQ_NO, TOT_TYP, LINS, SUB_TOT, TOT_MISC, TAX_AMT, NORM_TAX_AMT, TOT, TOT_TND, TOT_CHNG, AMT_DUE,
                 TOT_EXT_COST, TOT_GFC_AMT, TOT_SVC_AMT, DEP_NET_CHANGE)
            SELECT DOC_ID, 1, TOT_TYP, LINS, SUB_TOT, TOT_MISC, TAX_AMT, NORM_TAX_AMT, TOT, TOT_TND, '0.00', AMT_DUE,
                TOT_EXT_COST, '0.00', '0.00', CASE WHEN TOT_TYP = 'S' THEN '0.00' ELSE TOT_TND END
            FROM dbo.PS_DOC_HDR_TOT
            WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ
            """,
            key,
        )


def document_faults(session: Session, doc_id: int, settings: Settings) -> str:
    """Say where a document that we wrote doesn't agree with itself; "" where all agrees. See `dbo.fn_CounterPointTally`."""
    key = {"doc_id": doc_id, "tot_typ": settings["TOT_TYP"]}

    def total(column: str, table: str, only: str = "") -> Decimal:
        rows = session.all(f"SELECT {column} FROM dbo.{table} WHERE DOC_ID = :doc_id {only}", key)  # noqa: S608  (constants)
        return sum((row[column] for row in rows), NOTHING)

    written = session.one(
        """
        SELECT totals.TAX_AMT, totals.TOT_TND, totals.TOT, totals.TOT_CHNG, totals.AMT_DUE, totals.LINS,
            header.ORD_LINS + header.SAL_LINS AS COUNTED,
            (SELECT COUNT(*) FROM dbo.PS_DOC_LIN_PRICE AS price WHERE price.DOC_ID = header.DOC_ID) AS PRICES
        FROM dbo.PS_DOC_HDR AS header
        INNER JOIN dbo.PS_DOC_HDR_TOT AS totals ON totals.DOC_ID = header.DOC_ID AND totals.TOT_TYP = :tot_typ
        WHERE header.DOC_ID = :doc_id
        AND EXISTS (
            SELECT 1 FROM dbo.PS_DOC_AUDIT_LOG AS entry WHERE entry.DOC_ID = header.DOC_ID AND entry.CURR_WKSTN_NAM = 'SYNCCTL'
        )
        """,
        key,
    )
    if written is None:
        return ""
    allocated = total("TAX_AMT_ALLOC", "PS_DOC_LIN") + total(
        "MISC_TAX_AMT_ALLOC", "PS_DOC_HDR_MISC_CHRG", "AND TOT_TYP = :tot_typ"
    )
    by_authority, paid, applied = total("TAX_AMT", "PS_DOC_TAX"), total("AMT", "PS_DOC_PMT"), total("AMT", "PS_DOC_PMT_APPLY")
    deposit = find_deposit(session, doc_id)
    expected = paid if deposit is None else deposit.tendered
    taken_off = written["TOT_TND"] if deposit is None else deposit.taken_off
    lines = sum(1 for row in session.all("SELECT QTY_SOLD FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id", key) if row["QTY_SOLD"])
    if (
        written["TAX_AMT"] == allocated == by_authority
        and written["TOT_TND"] == expected
        and paid == applied
        and written["AMT_DUE"] == written["TOT"] - taken_off + written["TOT_CHNG"]
        and lines == written["LINS"] == written["COUNTED"] == written["PRICES"]
    ):
        return ""
    return (
        f"tax {written['TAX_AMT']:.2f}, on lines and charges {allocated:.2f}, by authority {by_authority:.2f}; tendered"
        f" {written['TOT_TND']:.2f}, payments {expected:.2f}, applied {applied:.2f}, due {written['AMT_DUE']:.2f} of"
        f" {written['TOT']:.2f}; lines {lines}, counted {written['LINS']} and {written['COUNTED']}, priced {written['PRICES']}"
    )
