SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_V_HEALTH
    The state of the database side now, in one row.

Used by      sp_GetHealth, and people: SELECT * FROM dbo.USER_V_HEALTH;
Columns      orders PENDING, CLAIMED, FAILED, REVIEW (NEEDS_MANUAL_REVIEW) and STUCK (claimed, the lease ran out);
             messages to the store WRITE_BACK_PENDING, WRITE_BACK_FAILED; since when the oldest of each waits; the last run without
             failures, the last such poll, the last order applied; RECENT_ERRORS: failed runs of 24 hours
             (one that found another at work, exit 75, did not fail)
*/
CREATE OR ALTER VIEW dbo.USER_V_HEALTH
AS
SELECT
    COUNT(CASE WHEN staged.STATE = 'PENDING' THEN 1 END) AS PENDING,
    COUNT(CASE WHEN staged.STATE = 'CLAIMED' THEN 1 END) AS CLAIMED,
    COUNT(CASE WHEN staged.STATE = 'FAILED' THEN 1 END) AS FAILED,
    COUNT(CASE WHEN staged.STATE = 'NEEDS_MANUAL_REVIEW' THEN 1 END) AS REVIEW,
    COUNT(CASE WHEN staged.STATE = 'CLAIMED' AND staged.LEASE_UNTIL_DT <= SYSUTCDATETIME() THEN 1 END) AS STUCK,
    (SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX AS message WHERE message.STATE IN ('PENDING', 'CLAIMED')) AS WRITE_BACK_PENDING,
    (SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX AS message WHERE message.STATE = 'FAILED') AS WRITE_BACK_FAILED,
    (
        SELECT MIN(waiting.SINCE_DT)
        FROM
        (
            SELECT
                COALESCE
                (
                    (
                        SELECT MAX(event.EVENT_DT)
                        FROM dbo.USER_ORDER_EVENT AS event
                        WHERE event.STORE_ID = pending.STORE_ID
                        AND   event.WOO_ORDER_ID = pending.WOO_ORDER_ID
                        AND   event.EVENT_TYPE IN ('STAGED', 'RESTAGED', 'CANCEL_STAGED', 'RETRY_DECIDED', 'ROLLED_BACK')
                    ),
                    pending.CREATED_DT
                ) AS SINCE_DT
            FROM dbo.USER_ORDER_STAGING AS pending
            WHERE pending.STATE = 'PENDING'
        ) AS waiting
    ) AS OLDEST_PENDING_DT,
    (SELECT MIN(message.CREATED_DT) FROM dbo.USER_STORE_OUTBOX AS message WHERE message.STATE IN ('PENDING', 'CLAIMED'))
        AS OLDEST_WRITE_BACK_DT,
    (SELECT MAX(run.END_TIME) FROM dbo.USER_SYNC_LOG AS run WHERE run.SUCCESS = 1 AND run.DRY_RUN = 0) AS LAST_SUCCESS_DT,
    (
        SELECT MAX(run.END_TIME)
        FROM dbo.USER_SYNC_LOG AS run
        WHERE run.SUCCESS = 1 AND run.DRY_RUN = 0 AND run.OPERATION_TYPE = 'stage'
    ) AS LAST_STAGE_DT,
    MAX(staged.APPLIED_DT) AS LAST_APPLIED_DT,
    (
        SELECT COUNT(*)
        FROM dbo.USER_SYNC_LOG AS run
        WHERE run.SUCCESS = 0 AND COALESCE(run.EXIT_CODE, 1) <> 75 AND run.END_TIME >= DATEADD(HOUR, -24, SYSUTCDATETIME())
    ) AS RECENT_ERRORS
FROM dbo.USER_ORDER_STAGING AS staged;
GO
