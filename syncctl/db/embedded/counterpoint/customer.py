"""Customers and ship-to addresses in CounterPoint."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.counterpoint.document import next_number
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session

_ADDRESS = ("NAM", "FST_NAM", "LST_NAM", "ADRS_1", "ADRS_2", "ADRS_3", "CITY", "STATE", "ZIP_COD", "CNTRY")


def find_customer(session: Session, email: str) -> str | None:
    """See `Erp.find_customer`."""
    row = session.one("SELECT MIN(CUST_NO) AS CUST_NO FROM dbo.AR_CUST WHERE EMAIL_ADRS_1 = :email", {"email": email})
    return None if row is None or row["CUST_NO"] is None else str(row["CUST_NO"])


def has_customer(session: Session, cust_no: str) -> bool:
    """See `Erp.has_customer`."""
    return session.one("SELECT 1 FROM dbo.AR_CUST WHERE CUST_NO = :cust_no", {"cust_no": cust_no}) is not None


def create_customer(session: Session, staged: sqlite3.Row, content: Content) -> str:
    """See `Erp.create_customer`."""
    settings = settings_of(session)
    cust_no = next_number(session, "CUST_NO")
    address = content.billing
    session.run(
        """
        INSERT INTO dbo.AR_CUST
            (CUST_NO, NAM, FST_NAM, LST_NAM, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1, EMAIL_ADRS_1,
             CATEG_COD, TAX_COD, STR_ID, LST_MAINT_DT)
        VALUES (:cust_no, :NAM, :FST_NAM, :LST_NAM, :ADRS_1, :ADRS_2, :ADRS_3, :CITY, :STATE, :ZIP_COD, :CNTRY, :PHONE, :email,
                :categ_cod, :tax_cod, :str_id, :now)
        """,
        {
            **{part: address.get(part) for part in (*_ADDRESS, "PHONE")},
            "NAM": address.get("NAM") or address.get("COMPANY") or (staged["CUST_EMAIL"] or "")[:40],
            "cust_no": cust_no,
            "email": staged["CUST_EMAIL"],
            "categ_cod": settings["CUST_CATEG_COD"],
            "tax_cod": settings["TAX_COD"],
            "str_id": settings["STR_ID"],
            "now": session.now,
        },
    )
    return cust_no


def ship_to_address(session: Session, cust_no: str, content: Content) -> str | None:
    """Return the id of the customer's ship-to address with this content, added where there is none; None without an address."""
    address = {part: content.shipping.get(part, "") for part in (*_ADDRESS, "PHONE")}
    if not any(address[part] for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        return None
    address["NAM"] = address["NAM"] or content.shipping.get("COMPANY", "")
    rows = session.all("SELECT * FROM dbo.AR_SHIP_ADRS WHERE CUST_NO = :cust_no", {"cust_no": cust_no})
    for row in sorted(rows, key=lambda row: (len(row["SHIP_ADRS_ID"]), row["SHIP_ADRS_ID"])):
        if (row["PHONE_1"] or "") == address["PHONE"] and all((row[part] or "") == address[part] for part in _ADDRESS):
            return str(row["SHIP_ADRS_ID"])
    taken = [int(row["SHIP_ADRS_ID"]) for row in rows if row["SHIP_ADRS_ID"].isdecimal()]
    ship_adrs_id = str(1 + max(taken, default=0))
    session.run(
        """
        INSERT INTO dbo.AR_SHIP_ADRS
            (CUST_NO, SHIP_ADRS_ID, NAM, FST_NAM, LST_NAM, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1)
        VALUES (:cust_no, :ship_adrs_id, :NAM, :FST_NAM, :LST_NAM, :ADRS_1, :ADRS_2, :ADRS_3, :CITY, :STATE, :ZIP_COD, :CNTRY,
                :PHONE)
        """,
        {"cust_no": cust_no, "ship_adrs_id": ship_adrs_id, **{part: text or None for part, text in address.items()}},
    )
    return ship_adrs_id
