"""The parts of a CounterPoint document: numbers, lines, totals, notes, stock."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncctl.db.embedded.erp import Document, Item, Settings, mapped_item, settings_of
from syncctl.db.embedded.order_content import Content, cents, unit_price
from syncctl.db.embedded.records import cut
from syncctl.db.embedded.registry import Session
from syncctl.errors import Conflict, MappingError

_FREE = {
    "DOC_ID": "SELECT 1 FROM dbo.PS_DOC_HDR WHERE DOC_ID = CAST(:number AS INTEGER)",
    "TKT_NO": "SELECT 1 FROM dbo.PS_DOC_HDR WHERE TKT_NO = :number",
    "CUST_NO": "SELECT 1 FROM dbo.AR_CUST WHERE CUST_NO = :number",
}
_NUMBER_WIDTH = {"DOC_ID": 18, "TKT_NO": 15, "CUST_NO": 15}


@dataclass(frozen=True, slots=True)
class Totals:
    """A document's totals row. TOT = SUB_TOT − TOT_LIN_DISC + TAX_AMT + TOT_MISC."""

    sub_tot: Decimal
    tot_lin_disc: Decimal
    tot_misc: Decimal
    tax_amt: Decimal
    tot: Decimal


def settings_at(session: Session, doc_id: int) -> Settings:
    """Return the site settings, with the stock location that this document was written with."""
    header = session.one("SELECT STK_LOC_ID FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc_id", {"doc_id": doc_id})
    return {**settings_of(session), "STK_LOC_ID": header["STK_LOC_ID"] if header else None}


def find_item(session: Session, mapped: str | None, sku: str) -> Item | None:
    """See `Erp.find_item`."""
    row = session.one(
        """
        SELECT item.ITEM_NO, price.PRC_1
        FROM dbo.IM_ITEM AS item
        LEFT JOIN dbo.USER_ERP_SETTING AS setting ON setting.NAME = 'PRC_LOC_ID'
        LEFT JOIN dbo.IM_PRC AS price ON price.ITEM_NO = item.ITEM_NO AND price.LOC_ID = setting.VALUE
        WHERE item.ITEM_NO = COALESCE(:mapped, :sku)
        """,
        {"mapped": mapped, "sku": sku},
    )
    return None if row is None else Item(str(row["ITEM_NO"]), row["PRC_1"])


def next_number(session: Session, series: str) -> str:
    """Take the next free number of a series. The number goes back where the transaction does: no gaps."""
    while True:
        row = session.one("SELECT PREFIX, WIDTH, NEXT_NO FROM dbo.USER_NUMBER_SERIES WHERE SERIES = :series", {"series": series})
        if row is None:
            raise MappingError(
                f"USER_NUMBER_SERIES has no series {series}. Add its row; `syncctl db check` shows the defaults.", code=50040
            )
        session.run("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = NEXT_NO + 1 WHERE SERIES = :series", {"series": series})
        number = f"{row['PREFIX']}{row['NEXT_NO']:0{row['WIDTH']}d}"
        if len(number) > _NUMBER_WIDTH[series] or (series == "DOC_ID" and not number.isdecimal()):
            raise MappingError(
                f"The next {series} would be {number}, too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series.",
                code=50040,
            )
        if session.one(_FREE[series], {"number": number}) is None:
            return number


def create_order_lines(session: Session, staged: sqlite3.Row, content: Content, document: Document, settings: Settings) -> int:
    """Write the sold lines that have no line link yet, with links, after the document's last line. See `sp_CreateOrderLines`."""
    key = {"store": staged["STORE_ID"], "order_id": staged["WOO_ORDER_ID"], "doc_id": document.doc_id}
    linked = {
        row["WOO_LINE_ID"]
        for row in session.all(
            "SELECT WOO_LINE_ID FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id", key
        )
    }
    last = session.one("SELECT MAX(LIN_SEQ_NO) AS LAST_NO FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id", key)
    new = [line for line in content.sold_lines if line.line_id not in linked]
    for number, line in enumerate(new, start=1 + ((last and last["LAST_NO"]) or 0)):
        item_no = require_item(session, staged, line.line_id, line.sku)
        values: dict[str, Any] = {
            **key,
            "seq": number,
            "str_id": settings["STR_ID"],
            "sta_id": settings["STA_ID"],
            "tkt_no": document.tkt_no,
            "lin_typ": settings["LIN_TYP"],
            "item_no": item_no,
            "descr": cut(line.descr, 250),
            "qty": line.quantity,
            "prc": unit_price(line.total, line.quantity),
            "ext": cents(line.total),
            "gross": cents(line.subtotal),
            "guid": str(uuid.uuid4()),
            "stk_loc": settings["STK_LOC_ID"],
            "line_id": line.line_id,
        }
        session.run(
            """
            INSERT INTO dbo.PS_DOC_LIN
                (DOC_ID, LIN_SEQ_NO, STR_ID, STA_ID, TKT_NO, LIN_TYP, ITEM_NO, DESCR, QTY_SOLD, SELL_UNIT, PRC, EXT_PRC,
                 GROSS_EXT_PRC, CALC_EXT_PRC, LIN_GUID, STK_LOC_ID, CATEG_COD)
            SELECT :doc_id, :seq, :str_id, :sta_id, :tkt_no, :lin_typ, item.ITEM_NO, :descr, :qty, '0', :prc, :ext,
                   :gross, :ext, :guid, :stk_loc, item.CATEG_COD
            FROM dbo.IM_ITEM AS item
            WHERE item.ITEM_NO = :item_no
            """,
            values,
        )
        session.run(
            """
            INSERT INTO dbo.USER_ORDER_LINE_LINK
                (STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC)
            VALUES (:store, :order_id, :line_id, :doc_id, :seq, :item_no, :qty, :ext)
            """,
            values,
        )
    return len(new)


def require_item(session: Session, staged: sqlite3.Row, line_id: int, sku: str) -> str:
    """Return the item of a line, or raise MappingError: it was there when the order was validated."""
    mapped = mapped_item(session, staged["STORE_ID"], sku)
    item = find_item(session, mapped, sku)
    if item is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}, line {line_id}: SKU {sku!r} has no item in the ERP any more. Add the item, or a row"
            " in USER_ITEM_MAP, then `syncctl dead-letter retry`.",
            code=50040,
        )
    return item.item_no


def document_totals(staged: sqlite3.Row, content: Content) -> Totals:
    """Add up the document's totals. Conflict (50030) where they don't come to the staged total, to the cent."""
    gross = sum((cents(line.subtotal) for line in content.sold_lines), Decimal("0.00"))
    net = sum((cents(line.total) for line in content.sold_lines), Decimal("0.00"))
    misc = sum((cents(charge.amount) for charge in content.charges), Decimal("0.00"))
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


def write_totals(session: Session, document: Document, content: Content, totals: Totals, settings: Settings) -> None:
    """Write the totals row, the misc charges and the header's counts: anew, or over those that are there."""
    key = {"doc_id": document.doc_id, "tot_typ": settings["TOT_TYP"]}
    session.run("DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ", key)
    for number, charge in enumerate(content.charges, start=int(settings["MISC_CHRG_NO"] or 1)):
        session.run(
            "INSERT INTO dbo.PS_DOC_HDR_MISC_CHRG (DOC_ID, TOT_TYP, MISC_CHRG_NO, MISC_TYP, MISC_AMT)"
            " VALUES (:doc_id, :tot_typ, :number, :misc_typ, :amount)",
            {**key, "number": number, "misc_typ": settings["MISC_TYP"], "amount": cents(charge.amount)},
        )
    paid = session.all("SELECT AMT FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc_id", key)
    values = {
        **key,
        "sub_tot": totals.sub_tot,
        "tax": totals.tax_amt,
        "tot": totals.tot,
        "discount": totals.tot_lin_disc,
        "misc": totals.tot_misc,
        "due": totals.tot - sum((row["AMT"] for row in paid), Decimal("0.00")),
        "tax_shipped": totals.tax_amt if settings["TAX_AMT_SHIPPED"] == "TAX" else Decimal("0.00"),
    }
    changed = session.run(
        """
        UPDATE dbo.PS_DOC_HDR_TOT
        SET SUB_TOT = :sub_tot, TAX_AMT = :tax, TOT = :tot, TOT_HDR_DISC = '0.00', TOT_LIN_DISC = :discount, TOT_MISC = :misc,
            AMT_DUE = :due, TAX_AMT_SHIPPED = :tax_shipped
        WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ
        """,
        values,
    )
    if changed == 0:
        session.run(
            """
            INSERT INTO dbo.PS_DOC_HDR_TOT
                (DOC_ID, TOT_TYP, SUB_TOT, TAX_AMT, TOT, TOT_HDR_DISC, TOT_LIN_DISC, TOT_MISC, AMT_DUE, TAX_AMT_SHIPPED,
                 INITIAL_MIN_DUE, TOT_WEIGHT, TOT_CUBE)
            VALUES (:doc_id, :tot_typ, :sub_tot, :tax, :tot, '0.00', :discount, :misc, :due, :tax_shipped,
                    '0.00', '0.0000', '0.0000')
            """,
            values,
        )
    write_line_counts(session, document.doc_id, settings)


def write_line_counts(session: Session, doc_id: int, settings: Settings) -> None:
    """Count the document's lines into its header: sale lines (type S) are counted and summed apart from order lines."""
    lines = session.all("SELECT EXT_PRC FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id AND QTY_SOLD <> 0", {"doc_id": doc_id})
    sale = settings["LIN_TYP"] == "S"
    session.run(
        """
        UPDATE dbo.PS_DOC_HDR
        SET ORD_LINS = :order_lines, SAL_LINS = :sale_lines, SAL_LIN_TOT = :sale_total, LST_MAINT_DT = :now,
            LST_MAINT_USR_ID = 'SYNCCTL'
        WHERE DOC_ID = :doc_id
        """,
        {
            "doc_id": doc_id,
            "order_lines": 0 if sale else len(lines),
            "sale_lines": len(lines) if sale else 0,
            "sale_total": sum((row["EXT_PRC"] for row in lines), Decimal("0.00")) if sale else Decimal("0.00"),
            "now": session.now,
        },
    )


def write_order_notes(session: Session, staged: sqlite3.Row, content: Content, document: Document) -> None:
    """Write what has no column of its own: payment, coupons, charges, ship-to; and the customer's own words."""
    address = content.shipping
    parts = [
        ("Web order", f"{staged['WOO_ORDER_NO']} ({staged['STORE_ID']})"),
        ("Payment", " / ".join(part for part in (content.payment_title, staged["PMT_METH"]) if part)),
        ("Transaction", staged["TRANSACTION_ID"]),
        ("Coupons", ", ".join(content.coupons)),
        ("Shipping", staged["SHIP_VIA"]),
        *(("Charge", f"{charge.kind}: {charge.descr} {cents(charge.amount)}") for charge in content.charges),
        (
            "Ship to",
            ", ".join(
                address[part]
                for part in ("NAM", "COMPANY", "ADRS_1", "ADRS_2", "CITY", "STATE", "ZIP_COD", "CNTRY")
                if part in address
            ),
        ),
    ]
    write_note(session, document.doc_id, "WEB-ORDER", "\n".join(f"{name}: {text}" for name, text in parts if text))
    if content.customer_note:
        write_note(session, document.doc_id, "WEB-CUSTOMER", content.customer_note)
    else:
        remove_note(session, document.doc_id, "WEB-CUSTOMER")


def write_note(session: Session, doc_id: int, note_id: str, note: str) -> None:
    """See `Erp.write_note`."""
    session.run(
        """
        INSERT INTO dbo.PS_DOC_NOTE (DOC_ID, NOTE_ID, NOTE_DAT, USR_ID, NOTE)
        SELECT DOC_ID, :note_id, :now, 'SYNCCTL', :note
        FROM dbo.PS_DOC_HDR
        WHERE DOC_ID = :doc
        ON CONFLICT (DOC_ID, NOTE_ID) DO UPDATE SET NOTE_DAT = excluded.NOTE_DAT, USR_ID = excluded.USR_ID, NOTE = excluded.NOTE
        """,
        {"doc": doc_id, "note_id": note_id, "now": session.now, "note": note},
    )


def remove_note(session: Session, doc_id: int, note_id: str) -> None:
    """Remove a document's note, where it has one of that id."""
    session.run(
        "DELETE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = :doc_id AND NOTE_ID = :note_id", {"doc_id": doc_id, "note_id": note_id}
    )


def committed_quantities(session: Session, order: sqlite3.Row) -> dict[str, Decimal]:
    """Return how many of each item an order's linked lines hold."""
    held: dict[str, Decimal] = {}
    for row in session.all(
        "SELECT ITEM_NO, QTY_SOLD FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id",
        {"store": order["STORE_ID"], "order_id": order["WOO_ORDER_ID"]},
    ):
        held[row["ITEM_NO"]] = held.get(row["ITEM_NO"], Decimal(0)) + row["QTY_SOLD"]
    return held


def move_inventory(session: Session, before: Mapping[str, Decimal], after: Mapping[str, Decimal], settings: Settings) -> None:
    """Move `QTY_ON_SO` by what changed between two sets of quantities, item by item in order, adding rows that are missing."""
    for item_no in sorted(before.keys() | after.keys()):
        difference = after.get(item_no, Decimal(0)) - before.get(item_no, Decimal(0))
        if not difference:
            continue
        key = {"item_no": item_no, "loc": settings["STK_LOC_ID"]}
        held = session.one("SELECT QTY_ON_SO FROM dbo.IM_INV WHERE ITEM_NO = :item_no AND LOC_ID = :loc", key)
        if held is None:
            session.run(
                "INSERT INTO dbo.IM_INV (ITEM_NO, LOC_ID, QTY_ON_SO) VALUES (:item_no, :loc, :qty)", {**key, "qty": difference}
            )
        else:
            session.run(
                "UPDATE dbo.IM_INV SET QTY_ON_SO = :qty WHERE ITEM_NO = :item_no AND LOC_ID = :loc",
                {**key, "qty": held["QTY_ON_SO"] + difference},
            )
