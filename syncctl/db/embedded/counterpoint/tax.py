"""The store's tax on a CounterPoint document; the twin of `sql/erp/counterpoint/sp_WriteOrderTax.sql`."""

from __future__ import annotations

import sqlite3
from decimal import Decimal
from typing import Any

from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.erp import Document, Settings
from syncctl.db.embedded.order_content import Content, cents
from syncctl.db.embedded.registry import Session

_NOTHING = Decimal("0.00")
_CHARGES = range(1, 6)


def write_tax(session: Session, staged: sqlite3.Row, content: Content, document: Document, settings: Settings) -> None:
    """Put the tax on lines and charges, and write a row for each authority and rule; either comes to the document's tax."""
    tax = cents(staged["TAX_AMT"] or Decimal(0))
    key: dict[str, Any] = {"doc_id": document.doc_id, "tot_typ": settings["TOT_TYP"]}
    _allocate(session, staged, content, key, tax)
    session.run("DELETE FROM dbo.PS_DOC_TAX WHERE DOC_ID = :doc_id", key)
    if not tax:
        return
    lines = session.all("SELECT EXT_PRC, QTY_SOLD, IS_TXBL FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc_id", key)
    taxed = [line for line in lines if line["IS_TXBL"] == "Y"]
    charges = {
        row["MISC_CHRG_NO"]: row["MISC_AMT"]
        for row in session.all("SELECT * FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ", key)
        if row["MISC_TAX_AMT_ALLOC"]
    }
    on_lines = sum((line["EXT_PRC"] for line in taxed), _NOTHING)
    on_charges = {number: charges.get(number, _NOTHING) for number in _CHARGES}
    for (authority, rule), amount in _by_authority(session, staged, content, settings, tax).items():
        insert(
            session,
            "PS_DOC_TAX",
            {
                "DOC_ID": document.doc_id,
                "AUTH_COD": authority,
                "RUL_COD": rule,
                "TAX_DOC_PART": settings["TOT_TYP"],
                "LIN_AMT": sum((line["EXT_PRC"] for line in lines), _NOTHING),
                "TXBL_LIN_AMT": on_lines,
                **{f"TXBL_MISC_CHG_AMT_{number}": on_charges[number] for number in _CHARGES},
                **dict.fromkeys(("TXBL_GFC_AMT", "TXBL_SVC_AMT", "TXBL_TAX_AMT"), _NOTHING),
                "TXBL_QTY": sum((line["QTY_SOLD"] for line in taxed), _NOTHING),
                **dict.fromkeys(("TAX_AMT", "NORM_TAX_AMT", "TAX_AMT_EXACT", "NORM_TAX_AMT_EXACT"), amount),
                "TOT_TXBL_AMT": on_lines + sum(on_charges.values(), _NOTHING),
            },
        )


def _allocate(session: Session, staged: sqlite3.Row, content: Content, key: dict[str, Any], tax: Decimal) -> None:
    """Put on each line what the store reckoned on it; what is left of the tax goes to the last taxed line, else the last charge.

    The charges have theirs already.
    """
    reckoned = {line.line_id: cents(line.tax) for line in content.sold_lines}
    order = {**key, "store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]}
    allocated: dict[int, Decimal] = {}
    for row in session.all(
        "SELECT WOO_LINE_ID, LIN_SEQ_NO FROM dbo.USER_ORDER_LINE_LINK"
        " WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DOC_ID = :doc_id",
        order,
    ):
        if row["WOO_LINE_ID"] in reckoned:
            allocated[row["LIN_SEQ_NO"]] = reckoned[row["WOO_LINE_ID"]]
    charged = {
        row["MISC_CHRG_NO"]: row["MISC_TAX_AMT_ALLOC"]
        for row in session.all("SELECT * FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ", key)
    }
    rest = tax - sum(allocated.values(), _NOTHING) - sum(charged.values(), _NOTHING)
    last = max([number for number, amount in allocated.items() if amount] or allocated, default=None)
    for number, amount in allocated.items():
        takes_rest = bool(rest) and number == last
        session.run(
            "UPDATE dbo.PS_DOC_LIN SET TAX_AMT_ALLOC = :amount, NORM_TAX_AMT_ALLOC = :amount, IS_TXBL = :taxed"
            " WHERE DOC_ID = :doc_id AND LIN_SEQ_NO = :number",
            {
                **key,
                "number": number,
                "amount": amount + rest if takes_rest else amount,
                "taxed": "Y" if amount or takes_rest else "N",
            },
        )
    if rest and not allocated and charged:
        session.run(
            "UPDATE dbo.PS_DOC_HDR_MISC_CHRG SET MISC_TAX_AMT_ALLOC = :amount, MISC_NORM_TAX_AMT_ALLOC = :amount"
            " WHERE DOC_ID = :doc_id AND TOT_TYP = :tot_typ AND MISC_CHRG_NO = :number",
            {**key, "amount": charged[max(charged)] + rest, "number": max(charged)},
        )


def _by_authority(
    session: Session, staged: sqlite3.Row, content: Content, settings: Settings, tax: Decimal
) -> dict[tuple[str, str], Decimal]:
    """Share the tax out to authorities and rules, as the amounts of the store's rates are to each other.

    What rounding leaves goes to the last rate. An order that names no rate has the site's own authority.
    """
    own = (settings.get("TAX_AUTH_COD") or "WEB", settings.get("TAX_RUL_COD") or "TAX")
    rates = [rate for rate in content.taxes if rate.amount]
    whole = sum((rate.amount for rate in rates), _NOTHING)
    if not whole:
        return {own: tax}
    shares: dict[tuple[str, str], Decimal] = {}
    left = tax
    for position, rate in enumerate(rates, start=1):
        share = left if position == len(rates) else cents(tax * rate.amount / whole)
        left -= share
        mapped = session.one(
            "SELECT AUTH_COD, RUL_COD FROM dbo.USER_TAX_MAP WHERE RATE_COD = :rate AND STORE_ID IN (:store, '*')"
            " ORDER BY STORE_ID = '*' LIMIT 1",
            {"rate": rate.code, "store": staged["STORE_ID"]},
        )
        where = (str(mapped["AUTH_COD"]), str(mapped["RUL_COD"])) if mapped else own
        shares[where] = shares.get(where, _NOTHING) + share
    return shares
