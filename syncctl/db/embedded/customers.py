"""Whose order it is: an order's customer in the ERP, found again or made."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.erp import Erp
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.records import write_event
from syncctl.db.embedded.registry import Session
from syncctl.errors import MappingError


def resolve_customer(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> tuple[str | None, str | None]:
    """Return an order's customer: by the store's customer id, else by e-mail; and what to say where that can't be told.

    See `sql/procedures/sp_ResolveCustomer.sql`.
    """
    email = (staged["CUST_EMAIL"] or "").strip(" ") or None
    rows = session.all(
        "SELECT CUST_NO, WOO_EMAIL FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND WOO_USER_ID = :user",
        {"user": staged["WOO_CUST_ID"]},
    )
    named = session.all("SELECT CUST_NO FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND WOO_EMAIL = :email", {"email": email})
    agreed = {row["CUST_NO"] for row in rows if email is None or _same((row["WOO_EMAIL"] or "").strip(" ") or email, email)}
    if len(agreed) == 1:
        return str(agreed.pop()), None
    candidates = {str(row["CUST_NO"]) for row in (*rows, *named)}
    if email is not None and (rows or not candidates):
        candidates |= set(erp.find_customers(session, email))
    if not rows and len(candidates) < 2:
        return next(iter(candidates), None), None
    fitting = [cust_no for cust_no in candidates if erp.is_fitting(session, cust_no, content)]
    if len(fitting) == 1:
        return fitting[0], None
    if staged["IS_APPLIED"] and staged["CUST_NO"] in candidates:
        return str(staged["CUST_NO"]), None
    return None, (
        f"By its customer id and e-mail the order may be of customer {', '.join(sorted(candidates)[:10])}; name and postcode fit "
        f"{'more than one' if fitting else 'none'}. Say whose it is: `syncctl map customer`, by "
        "its e-mail or customer id; `syncctl map customer remove` takes a wrong row away."
    )


def _same(one: str, other: str) -> bool:
    """Compare two addresses as the map's columns do."""
    return one.strip(" ").lower() == other.lower()


def order_customer(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> str:
    """Return the order's customer as validation found it; where it found none and let that pass, match again or make one.

    Raises:
        MappingError: the customer is not in the ERP, or it can't be told who of several it is.
    """
    cust_no, whose = (staged["CUST_NO"], None) if staged["CUST_NO"] else resolve_customer(session, erp, staged, content)
    if whose is not None:
        raise MappingError(f"Order {staged['WOO_ORDER_NO']}: {whose}", code=50040)
    if cust_no is None:
        return _create_customer(session, erp, staged, content)
    if not erp.has_customer(session, cust_no):
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: customer {cust_no} is not in the ERP. Correct it (`syncctl map customer`) or add"
            " the customer, then `syncctl dead-letter retry`.",
            code=50040,
        )
    return str(cust_no)


def _create_customer(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> str:
    cust_no = erp.create_customer(session, staged, content)
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
