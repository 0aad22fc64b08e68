"""Reading staging back on the embedded engine: walks, staged orders, and one order's story."""

from __future__ import annotations

from syncctl.db.contract import (
    KnownOrder,
    ListKnownOrders,
    ListOpenOrders,
    ListStagedOrders,
    ListStoreOrders,
    OpenOrder,
    StagedOrder,
    StoreOrder,
    TraceEvent,
    TraceOrder,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.registry import Session, is_json_list, require, require_batch_size, serves

_BY_REFERENCE = """STAGING_ID IN
(
    SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_NO = :order_ref
    UNION ALL
    SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING
    WHERE WOO_ORDER_ID = CAST(:order_ref AS INTEGER) AND CAST(WOO_ORDER_ID AS TEXT) = :order_ref
)"""


@serves(ListKnownOrders)
def list_known_orders(session: Session, call: ListKnownOrders) -> list[KnownOrder]:
    """See `sql/procedures/sp_ListKnownOrders.sql`."""
    require((is_json_list(call.orders), "@ORDERS takes a JSON array."))
    rows = session.all(
        """
        SELECT staged.WOO_ORDER_ID, staged.STAGING_ID, staged.READ_MARK
        FROM json_each(:orders) AS asked
        CROSS JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STORE_ID = :store AND staged.WOO_ORDER_ID = asked.value AND staged.DUPLICATE_OF_ID IS NULL
        WHERE staged.READ_MARK IS NOT NULL AND staged.STATE <> 'NEEDS_MANUAL_REVIEW'
        """,
        {"store": call.store_id, "orders": call.orders},
    )
    return [KnownOrder(*row) for row in rows]


@serves(ListStoreOrders)
def list_store_orders(session: Session, call: ListStoreOrders) -> list[StoreOrder]:
    """See `sql/procedures/sp_ListStoreOrders.sql`."""
    require_batch_size(call.batch_size)
    rows = session.all(
        """
        SELECT * FROM dbo.USER_ORDER_STAGING
        WHERE STORE_ID = :store AND DUPLICATE_OF_ID IS NULL AND WOO_ORDER_ID > :after
        AND WOO_CREATED_DT >= :since AND WOO_CREATED_DT < :until
        ORDER BY WOO_ORDER_ID
        LIMIT :batch
        """,
        {
            "store": call.store_id,
            "after": call.after_id,
            "since": call.since_dt,
            "until": call.until_dt,
            "batch": call.batch_size,
        },
    )
    return [make(StoreOrder, row) for row in rows]


@serves(ListOpenOrders)
def list_open_orders(session: Session, call: ListOpenOrders) -> list[OpenOrder]:
    """See `sql/procedures/sp_ListOpenOrders.sql`."""
    require_batch_size(call.batch_size)
    statuses = erp_of(session).statuses(session, call.store_id, after_id=call.after_id)
    links = session.all(
        """
        SELECT WOO_ORDER_ID, STAGING_ID
        FROM dbo.USER_ORDER_LINK
        WHERE STORE_ID = :store AND LINK_STATE = 'OPEN' AND COALESCE(ERP_STATUS_TOLD, 'open') = 'open' AND STAGING_ID > :after
        AND COALESCE(ERP_STATUS_TOLD, 'open') <> 'gone'  -- the index's own words
        ORDER BY STAGING_ID
        """,
        {"store": call.store_id, "after": call.after_id},
    )
    still = [link for link in links if statuses.get(link["WOO_ORDER_ID"], "open") == "open"]
    return [make(OpenOrder, link) for link in still[: call.batch_size]]


@serves(ListStagedOrders)
def list_staged_orders(session: Session, call: ListStagedOrders) -> list[StagedOrder]:
    """See `sql/procedures/sp_ListStagedOrders.sql`."""
    require_batch_size(call.batch_size)
    wanted = {
        "STORE_ID = :store": call.store_id,
        "STAGING_ID = :staging_id": call.staging_id,
        _BY_REFERENCE: call.order_ref,
    }
    # Only what is asked for stands in the statement: SQLite plans it without looking at the values. Each state is read from its
    # index, from where the last page ended.
    filters = "".join(f" AND {condition}" for condition, value in wanted.items() if value is not None)
    states = None if call.states is None else sorted({state.strip() for state in call.states.split(",")})
    by_state = [""] if states is None else [f" AND STATE = :state_{number}" for number in range(len(states))]
    parts = [f"SELECT * FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID > :after{state}{filters}" for state in by_state]  # noqa: S608
    rows = session.all(
        f"{' UNION ALL '.join(parts)} ORDER BY STAGING_ID LIMIT :batch",
        {
            "after": call.after_id,
            "store": call.store_id,
            "staging_id": call.staging_id,
            "order_ref": call.order_ref,
            "batch": call.batch_size,
            **{f"state_{number}": state for number, state in enumerate(states or ())},
        },
    )
    return [make(StagedOrder, row) for row in rows]


@serves(TraceOrder)
def trace_order(session: Session, call: TraceOrder) -> list[TraceEvent]:
    """See `sql/procedures/sp_TraceOrder.sql`."""
    rows = session.all(_TRACE, {"store": call.store_id, "order_id": call.woo_order_id})
    return [make(TraceEvent, row) for row in rows]


_TRACE = """
WITH
staged AS (SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id),
story AS (
    SELECT
        EVENT_DT, 'event' AS SOURCE, EVENT_TYPE, STAGING_ID, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE,
        1 AS RANK_NO, EVENT_ID AS ROW_ID
    FROM dbo.USER_ORDER_EVENT
    WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id
    UNION ALL
    SELECT
        ATTEMPT_DT, 'attempt', 'ATTEMPT', STAGING_ID, NULL, WORKER_ID, ATTEMPT_NO,
        ERROR_CLASS || ': ' || ERROR_MESSAGE, 2, ATTEMPT_ID
    FROM dbo.USER_ORDER_ATTEMPT
    WHERE STAGING_ID IN (SELECT STAGING_ID FROM staged)
    UNION ALL
    SELECT
        CREATED_DT, 'dead_letter', 'SET_ASIDE', STAGING_ID, NULL, NULL, NULL,
        'after ' || ATTEMPTS || ' attempt(s), ' || ERROR_CLASS || ': ' || ERROR_MESSAGE, 3, DEAD_LETTER_ID
    FROM dbo.USER_ORDER_DEAD_LETTER
    WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id
    UNION ALL
    SELECT
        CREATED_DT, 'outbox', 'QUEUED', STAGING_ID, NULL, NULL, NULL,
        KIND || COALESCE(', status ' || TARGET_STATUS, '') || COALESCE(', note: ' || NOTE, ''), 4, OUTBOX_ID
    FROM dbo.USER_STORE_OUTBOX
    WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id
    UNION ALL
    SELECT
        DELIVERED_DT, 'outbox', CASE STATE WHEN 'DONE' THEN 'DELIVERED' ELSE STATE END, STAGING_ID, NULL, NULL, ATTEMPT_NO,
        KIND || COALESCE(': ' || DETAIL, ''), 5, OUTBOX_ID
    FROM dbo.USER_STORE_OUTBOX
    WHERE STORE_ID = :store AND WOO_ORDER_ID = :order_id AND DELIVERED_DT IS NOT NULL
)
SELECT EVENT_DT AS "EVENT_DT [DATETIME_TEXT]", SOURCE, EVENT_TYPE, STAGING_ID, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE
FROM story
ORDER BY story.EVENT_DT, RANK_NO, ROW_ID
"""
