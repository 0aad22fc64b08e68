"""Orders in review for want of a customer, on the embedded engine: they go on by themselves once the customer is there."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.customers import resolve_customer
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.order_content import read_content
from syncctl.db.embedded.records import write_event
from syncctl.db.embedded.registry import Session


def go_on(session: Session, line: sqlite3.Row, cust_no: str | None) -> int:
    """Make the orders due again that waited for this line's customer; return how many. See `sp_ContinueCustomerOrders.sql`."""
    waiting = session.all(
        """
        SELECT *
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE STORE_ID = :store AND STATE = 'NEEDS_MANUAL_REVIEW' AND DUPLICATE_OF_ID IS NULL AND WOO_ORDER_ID > 0
        AND ((:customer > 0 AND WOO_CUST_ID = :customer) OR (:email <> '' AND CUST_EMAIL = :email COLLATE NOCASE))
        AND EXISTS (
            SELECT 1 FROM dbo.USER_ORDER_DEAD_LETTER AS letter
            WHERE letter.STAGING_ID = staged.STAGING_ID AND letter.DECISION IS NULL
            AND letter.ERROR_CODE IN ('unknown_customer', 'ambiguous_customer'))
        ORDER BY STAGING_ID
        """,
        {"store": line["store_id"], "customer": line["woo_customer_id"], "email": line["email"]},
    )
    erp = erp_of(session) if waiting else None
    orders = 0
    for staged in waiting:
        found, _ = resolve_customer(session, erp, staged, read_content(staged)) if erp else (None, None)
        if found is None:
            continue
        said = f"Customer {cust_no} came with customer queue {line['queue_id']}: the order goes on by itself."
        session.run(
            """
            UPDATE dbo.USER_ORDER_STAGING
            SET STATE = 'PENDING',
                PENDING_ACTION = COALESCE(PENDING_ACTION, CASE WHEN IS_APPLIED THEN 'update' ELSE 'create' END),
                ATTEMPT_NO = 0, NEXT_ATTEMPT_DT = NULL, LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, ERROR_CLASS = NULL,
                VALIDATION_ERROR = NULL, IS_VALIDATED = 0, UPDATED_DT = :now
            WHERE STAGING_ID = :id
            """,
            {"now": session.now, "id": staged["STAGING_ID"]},
        )
        session.run(
            """
            UPDATE dbo.USER_ORDER_DEAD_LETTER
            SET DECISION = 'retry', DECIDED_BY = 'syncctl', DECIDED_DT = :now, DECISION_REASON = :said
            WHERE STAGING_ID = :id AND DECISION IS NULL
            """,
            {"now": session.now, "said": said, "id": staged["STAGING_ID"]},
        )
        write_event(session, staged, "CUSTOMER_CAME", said)
        orders += 1
    return orders
