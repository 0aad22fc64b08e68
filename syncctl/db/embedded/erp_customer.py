"""Whose order it is and where it goes: an order's customer and ship-to address in the ERP, found again or made."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.erp_content import Content
from syncctl.db.embedded.erp_document import Settings, next_number
from syncctl.db.embedded.records import write_event
from syncctl.db.embedded.registry import Session
from syncctl.errors import MappingError

_ADDRESS = ("NAM", "FST_NAM", "LST_NAM", "ADRS_1", "ADRS_2", "ADRS_3", "CITY", "STATE", "ZIP_COD", "CNTRY")


def resolve_customer(session: Session, staged: sqlite3.Row, guest_cust_no: str | None = None) -> str | None:
    """Return an order's customer: by the store's customer id, by e-mail, else the guest account. See `sp_ResolveCustomer`."""
    found = session.one(
        """
        SELECT CUST_NO
        FROM
        (
            SELECT 1 AS RANK_NO, CUST_NO FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND WOO_USER_ID = :user
            UNION ALL
            SELECT 2, CUST_NO FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND LOWER(WOO_EMAIL) = LOWER(:email)
            UNION ALL
            SELECT 3, CUST_NO FROM dbo.AR_CUST WHERE LOWER(EMAIL_ADRS_1) = LOWER(:email)
        )
        ORDER BY RANK_NO, CUST_NO
        LIMIT 1
        """,
        {"user": staged["WOO_CUST_ID"], "email": (staged["CUST_EMAIL"] or "").strip() or None},
    )
    return str(found["CUST_NO"]) if found else guest_cust_no or None


def customer_exists(session: Session, cust_no: str) -> bool:
    """Say whether the ERP has a customer of that number."""
    return session.one("SELECT 1 FROM dbo.AR_CUST WHERE CUST_NO = :cust_no", {"cust_no": cust_no}) is not None


def order_customer(session: Session, staged: sqlite3.Row, content: Content, settings: Settings) -> str:
    """Return the order's customer as validation found it; where it found none and let that pass, match again or make one."""
    cust_no = staged["CUST_NO"] or resolve_customer(session, staged)
    if cust_no is None:
        return _create_customer(session, staged, content, settings)
    if not customer_exists(session, cust_no):
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: customer {cust_no} is not in AR_CUST. Correct USER_CUSTOMER_MAP or add the"
            " customer, then `syncctl dead-letter retry`.",
            code=50040,
        )
    return str(cust_no)


def _create_customer(session: Session, staged: sqlite3.Row, content: Content, settings: Settings) -> str:
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
    if staged["WOO_CUST_ID"] is not None:
        session.run(
            """
            INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
            VALUES (:cust_no, :user, :email, 'syncctl', 1, :now)
            """,
            {"cust_no": cust_no, "user": staged["WOO_CUST_ID"], "email": staged["CUST_EMAIL"], "now": session.now},
        )
    write_event(session, staged, "CUSTOMER_CREATED", f"Customer {cust_no} was made from the order's billing address.")
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


def contact_id(ship_adrs_id: str | None) -> int | None:
    """Return the address's number for `SHIP_TO_CONTACT_ID`, a tinyint; None where it doesn't fit (the note has the address)."""
    return int(ship_adrs_id) if ship_adrs_id and ship_adrs_id.isdecimal() and int(ship_adrs_id) <= 255 else None
