"""Whose order it is: an order's customer in the ERP, found again or made."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.erp import Erp
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.records import write_event
from syncctl.db.embedded.registry import Session
from syncctl.errors import MappingError


def resolve_customer(session: Session, erp: Erp, staged: sqlite3.Row, guest_cust_no: str | None = None) -> str | None:
    """Return an order's customer: by the store's customer id, by e-mail, else the guest account. See `sp_ResolveCustomer`."""
    email = (staged["CUST_EMAIL"] or "").strip() or None
    mapped = session.one(
        """
        SELECT CUST_NO
        FROM
        (
            SELECT 1 AS RANK_NO, CUST_NO FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND WOO_USER_ID = :user
            UNION ALL
            SELECT 2, CUST_NO FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND WOO_EMAIL = :email
        )
        ORDER BY RANK_NO, CUST_NO
        LIMIT 1
        """,
        {"user": staged["WOO_CUST_ID"], "email": email},
    )
    if mapped is not None:
        return str(mapped["CUST_NO"])
    return (erp.find_customer(session, email) if email else None) or guest_cust_no or None


def order_customer(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> str:
    """Return the order's customer as validation found it; where it found none and let that pass, match again or make one.

    Raises:
        MappingError: the customer is not in the ERP.
    """
    cust_no = staged["CUST_NO"] or resolve_customer(session, erp, staged)
    if cust_no is None:
        return _create_customer(session, erp, staged, content)
    if not erp.has_customer(session, cust_no):
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: customer {cust_no} is not in the ERP. Correct USER_CUSTOMER_MAP or add the"
            " customer, then `syncctl dead-letter retry`.",
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
