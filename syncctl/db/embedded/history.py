"""Forgetting what is old on the embedded engine."""

from __future__ import annotations

from datetime import timedelta

from syncctl.db.contract import PurgedBatch, PurgeHistory
from syncctl.db.contract.history import KINDS
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.db.embedded.statistic_counts import note_statistics

AT_REST = """
    NOT EXISTS (
        SELECT 1 FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.WOO_ORDER_ID = old.WOO_ORDER_ID AND staged.STORE_ID = old.STORE_ID
        AND (staged.STATE NOT IN ('APPLIED', 'CANCELLED', 'SKIPPED') OR COALESCE(staged.UPDATED_DT, staged.CREATED_DT) >= :before)
    )
    AND NOT EXISTS (
        SELECT 1 FROM dbo.USER_ORDER_LINK AS link
        WHERE link.STORE_ID = old.STORE_ID AND link.WOO_ORDER_ID = old.WOO_ORDER_ID
        AND link.LINK_STATE = 'OPEN' AND COALESCE(link.ERP_STATUS_TOLD, 'open') <> 'gone'
    )
    AND NOT EXISTS (
        SELECT 1 FROM dbo.USER_STORE_OUTBOX AS message
        WHERE message.STORE_ID = old.STORE_ID AND message.WOO_ORDER_ID = old.WOO_ORDER_ID
        AND message.STATE NOT IN ('DONE', 'DROPPED')
    )
    AND NOT EXISTS (
        SELECT 1 FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.STORE_ID = old.STORE_ID AND letter.WOO_ORDER_ID = old.WOO_ORDER_ID AND letter.DECISION IS NULL
    )
"""
"""See `sql/functions/fn_OrderAtRest.sql`: of the order that the row `old` names."""

_TABLES = {
    "events": ("USER_ORDER_EVENT", "EVENT_ID", "EVENT_DT"),
    "attempts": ("USER_ORDER_ATTEMPT", "ATTEMPT_ID", "ATTEMPT_DT"),
    "messages": ("USER_STORE_OUTBOX", "OUTBOX_ID", "CREATED_DT"),
    "runs": ("USER_SYNC_LOG", "LOG_ID", "COALESCE(row.START_TIME, row.CREATED_DT, '1900-01-01')"),
    "calls": ("USER_CARRIER_CALL", "CALL_ID", "CALLED_DT"),
    "notifications": ("USER_NOTIFICATION", "NOTIFICATION_ID", "CREATED_DT"),
    "incidents": ("USER_INCIDENT", "INCIDENT_ID", "OPENED_DT"),
    "documents": ("USER_POD_DOCUMENT", "DOCUMENT_ID", "CREATED_DT"),
    "activities": ("woo_sync_activity", "id", "created_at"),
}
"""Table, the id that grows with time, and when a row is from."""

_MAY_GO = {
    "events": f"""
        row.EVENT_TYPE NOT IN ('CREATED', 'REOPENED', 'CANCEL_STAGED', 'ROLLED_BACK')
        AND EXISTS (SELECT 1 FROM (SELECT row.STORE_ID AS STORE_ID, row.WOO_ORDER_ID AS WOO_ORDER_ID) AS old WHERE {AT_REST})
    """,  # noqa: S608  (constants)
    "attempts": f"EXISTS (SELECT 1 FROM dbo.USER_ORDER_STAGING AS old WHERE old.STAGING_ID = row.STAGING_ID AND {AT_REST})",  # noqa: S608
    "messages": f"""
        row.STATE IN ('DONE', 'DROPPED')
        AND EXISTS (SELECT 1 FROM (SELECT row.STORE_ID AS STORE_ID, row.WOO_ORDER_ID AS WOO_ORDER_ID) AS old WHERE {AT_REST})
    """,  # noqa: S608  (constants)
    "runs": """
        COALESCE(row.END_TIME, row.START_TIME, row.CREATED_DT) < :before
        AND (
            row.OPERATION_TYPE IS NULL OR row.START_TIME IS NULL
            OR EXISTS (
                SELECT 1 FROM dbo.USER_SYNC_LOG AS later
                WHERE later.STORE_ID IS row.STORE_ID AND later.OPERATION_TYPE = row.OPERATION_TYPE
                AND later.START_TIME >= row.START_TIME
                AND later.LOG_ID > row.LOG_ID
                AND (row.SUCCESS IS NOT TRUE OR row.DRY_RUN OR (later.SUCCESS AND NOT later.DRY_RUN))
            )
        )
    """,
    "calls": "TRUE",
    "notifications": """
        row.STATE IN ('SENT', 'DROPPED')
        AND NOT EXISTS (
            SELECT 1 FROM dbo.claims AS claim
            WHERE row.DEDUP_KEY LIKE 'pod:%:%'
            AND claim.id = CAST(SUBSTR(row.DEDUP_KEY, 5, INSTR(SUBSTR(row.DEDUP_KEY, 5), ':') - 1) AS INTEGER)
            AND COALESCE(claim.pod_fetch_status, 'pending') <> 'success'
        )
    """,
    "incidents": "row.RECOVERED_DT < :before",
    "documents": """
        NOT EXISTS (
            SELECT 1 FROM dbo.claims AS claim
            WHERE claim.id = row.CLAIM_ID
            AND (COALESCE(claim.pod_fetch_status, 'pending') <> 'success' OR (NOT :documents AND claim.pod_sha256 = row.SHA256))
        )
    """,
    "activities": """
        NOT EXISTS (
            SELECT 1 FROM dbo.USER_CUSTOMER_QUEUE AS queue
            WHERE queue.id = row.queue_id AND (queue.updated_at >= :before OR queue.filled_at IS NULL OR EXISTS (
                SELECT 1 FROM dbo.woo_customer_sync_queue_line AS line
                WHERE line.queue_id = queue.id AND line.state IN ('draft', 'processing')))
        )
    """,
}


@serves(PurgeHistory)
def purge_history(session: Session, call: PurgeHistory) -> list[PurgedBatch]:
    """See `sql/procedures/sp_PurgeHistory.sql`."""
    require(
        (call.kind in KINDS, f"@KIND takes {', '.join(KINDS)}."),
        (call.before_dt <= session.now - timedelta(days=30), "@BEFORE_DT takes a moment at least 30 days ago."),
        (1 <= call.batch_size <= 4000, "@BATCH_SIZE takes 1 to 4000."),
    )
    if call.kind == "events" and call.after_id == 0 and not call.dry_run:
        note_statistics(session, most=1_000_000)  # what is to be forgotten is counted first
    table, key, moment = _TABLES[call.kind]
    moment = moment if "." in moment else f"row.{moment}"
    rows = session.all(
        f"""
        SELECT row.{key} AS ROW_ID, {moment} < :before AS IS_OLD, {moment} < :before AND {_MAY_GO[call.kind]} AS MAY_GO
        FROM dbo.{table} AS row
        WHERE row.{key} > :after
        ORDER BY row.{key}
        LIMIT :batch
        """,  # noqa: S608  (constants)
        {"before": call.before_dt, "after": call.after_id, "batch": call.batch_size, "documents": call.documents},
    )
    going = [row["ROW_ID"] for row in rows if row["MAY_GO"]]
    if not call.dry_run:
        for row_id in going:
            session.run(f"DELETE FROM dbo.{table} WHERE {key} = :id", {"id": row_id})  # noqa: S608  (constants)
    goes_on = len(rows) == call.batch_size and any(row["IS_OLD"] for row in rows)
    return [PurgedBatch(len(going), rows[-1]["ROW_ID"] if goes_on else None)]
