"""Whose order it is: an order's customer in the ERP, found again or made."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.customer_fields import remember_customer
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
    store_id, user_id = staged["STORE_ID"], staged["WOO_CUST_ID"]
    rows = [] if user_id is None else mapped_customers(session, store_id, user_id=user_id, email=email)
    named = [] if email is None else mapped_customers(session, store_id, email=email)
    agreed = {
        row["CUST_NO"] for row in rows if email is None or same_address((row["WOO_EMAIL"] or "").strip(" ") or email, email)
    }
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


def mapped_customers(
    session: Session, store_id: str, *, email: str | None, user_id: int | None = None, cust_no: str | None = None
) -> list[sqlite3.Row]:
    """Return the rows of the customer map that count for a person of a store.

    They are looked for by the store's id, by the ERP's number, or with neither by the e-mail address.
    See `sql/functions/fn_StoreCustomers.sql`.
    """
    key = {"store": store_id, "user": user_id, "email": email, "cust_no": cust_no}
    named = (
        "WOO_USER_ID = :user" if user_id is not None else "CUST_NO = :cust_no" if cust_no is not None else "WOO_EMAIL = :email"
    )
    found = session.all(
        f"""
        SELECT * FROM dbo.USER_CUSTOMER_MAP AS mapped
        WHERE IS_ACTIVE = 1 AND {named} AND (
            STORE_ID = :store
            OR STORE_ID = ''
            AND NOT EXISTS (
                SELECT 1 FROM dbo.USER_CUSTOMER_MAP AS own
                WHERE own.IS_ACTIVE = 1 AND own.STORE_ID = :store AND own.WOO_USER_ID = mapped.WOO_USER_ID)
            AND NOT EXISTS (
                SELECT 1 FROM dbo.USER_CUSTOMER_MAP AS own
                WHERE own.IS_ACTIVE = 1 AND own.STORE_ID = :store AND own.WOO_EMAIL = mapped.WOO_EMAIL))
        """,  # noqa: S608
        key,
    )
    if any(row["STORE_ID"] == "" for row in found) and has_other_stores(session, store_id):
        found = [
            row for row in found if row["STORE_ID"] != "" or (email is not None and same_address(row["WOO_EMAIL"] or "", email))
        ]
    return found


def has_other_stores(session: Session, store_id: str) -> bool:
    """Tell whether the database has other stores. See `sql/functions/fn_OtherStores.sql`."""
    return any(
        session.one(f"SELECT 1 FROM dbo.{table} WHERE STORE_ID {beside} :store{live}", {"store": store_id})  # noqa: S608
        for table, live in (("USER_ORDER_STAGING", " AND DUPLICATE_OF_ID IS NULL"), ("USER_SYNC_WALK", ""))
        for beside in "<>"  # two ranges of an index, where "other than" would read all of it
    )


def adopt_customers(session: Session, store_id: str) -> None:
    """Give the customer map's rows without a store to the first one: once there is a second, nobody could tell any more."""
    if session.one("SELECT 1 FROM dbo.USER_CUSTOMER_MAP WHERE STORE_ID = ''") is None or has_other_stores(session, store_id):
        return
    session.run(
        """
        UPDATE dbo.USER_CUSTOMER_MAP AS mapped SET STORE_ID = :store
        WHERE STORE_ID = '' AND NOT EXISTS (
            SELECT 1 FROM dbo.USER_CUSTOMER_MAP AS own WHERE own.IS_ACTIVE = 1 AND own.STORE_ID = :store
            AND (own.CUST_NO = mapped.CUST_NO OR own.WOO_USER_ID = mapped.WOO_USER_ID OR own.WOO_EMAIL = mapped.WOO_EMAIL))
        """,
        {"store": store_id},
    )


def same_address(one: str, other: str) -> bool:
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
    if erp.customer_no(session, cust_no) is None:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: customer {cust_no} is not in the ERP. Correct it (`syncctl map customer`) or add"
            " the customer, then `syncctl dead-letter retry`.",
            code=50040,
        )
    return str(cust_no)


def _create_customer(session: Session, erp: Erp, staged: sqlite3.Row, content: Content) -> str:
    email = staged["CUST_EMAIL"] or ""
    cust_no = erp.create_customer(session, email, content)
    # A guest is found again by e-mail address. Where the ERP can't hold all of it, the map does.
    lossy = any(text.field == "CUST_EMAIL" and text.lost for text in erp.lossy_texts(staged, content))
    if staged["WOO_CUST_ID"] is not None or lossy:
        session.run(
            """
            INSERT INTO dbo.USER_CUSTOMER_MAP (STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
            VALUES (:store, :cust_no, :user, :email, 'syncctl', 1, :now)
            """,
            {
                "store": staged["STORE_ID"],
                "cust_no": cust_no,
                "user": staged["WOO_CUST_ID"],
                "email": staged["CUST_EMAIL"],
                "now": session.now,
            },
        )
    remember_customer(session, erp, staged["STORE_ID"], cust_no, email, content)
    write_event(session, staged, "CUSTOMER_CREATED", f"Customer {cust_no} was made from the order's billing address.")
    return cust_no
