SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_V_HEALTH
    The state of the database side now, in one row.

Used by      sp_GetHealth, and people: SELECT * FROM dbo.USER_V_HEALTH;
Columns      orders PENDING, CLAIMED, FAILED, REVIEW (NEEDS_MANUAL_REVIEW) and STUCK (claimed, the lease ran out);
             messages to the store WRITE_BACK_PENDING, WRITE_BACK_FAILED; since when the oldest of each waits; since when the longest
             overdue order or message could have been tried again (OLDEST_FAILED_DUE_DT, OLDEST_WRITE_BACK_DUE_DT: it may lie ahead);
             the last run without failures, the moment when a store was last polled to its end (LAST_STAGE_DT), the last order applied;
             RECENT_ERRORS: failed runs of 24 hours (one that found another at work, exit 75, did not fail)
Note         Each figure is read from an index of its own: what was applied or run long ago costs nothing.
*/
CREATE OR ALTER VIEW dbo.USER_V_HEALTH
AS
SELECT
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.STATE = 'PENDING') AS PENDING,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.STATE = 'CLAIMED') AS CLAIMED,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.STATE = 'FAILED') AS FAILED,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.STATE = 'NEEDS_MANUAL_REVIEW') AS REVIEW,
    (
        SELECT COUNT(*)
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STATE = 'CLAIMED' AND staged.LEASE_UNTIL_DT <= SYSUTCDATETIME()
    ) AS STUCK,
    (SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX AS message WHERE message.STATE IN ('PENDING', 'CLAIMED')) AS WRITE_BACK_PENDING,
    (SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX AS message WHERE message.STATE = 'FAILED') AS WRITE_BACK_FAILED,
    (
        SELECT MIN(waiting.SINCE_DT)
        FROM
        (
            SELECT MIN(head.SINCE_DT) AS SINCE_DT
            FROM
            (
                SELECT TOP (100)
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
                ORDER BY
                    pending.STAGING_ID
            ) AS head
        ) AS oldest
        CROSS APPLY
        (
            SELECT oldest.SINCE_DT
            UNION ALL
            /* None behind the first that came in later than the oldest so far began to wait is older. */
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
                )
            FROM dbo.USER_ORDER_STAGING AS pending
            WHERE pending.STATE = 'PENDING'
            AND   pending.STAGING_ID < COALESCE
            (
                (
                    SELECT TOP (1)
                        later.STAGING_ID
                    FROM dbo.USER_ORDER_STAGING AS later
                    WHERE later.STATE = 'PENDING'
                    AND   later.CREATED_DT >= oldest.SINCE_DT
                    ORDER BY
                        later.STAGING_ID
                ),
                2147483647
            )
        ) AS waiting
    ) AS OLDEST_PENDING_DT,
    (
        SELECT MIN(due.DUE_DT)
        FROM
        (
            SELECT MIN(failed.NEXT_ATTEMPT_DT) AS DUE_DT
            FROM dbo.USER_ORDER_STAGING AS failed
            WHERE failed.STATE = 'FAILED'
            AND   failed.NEXT_ATTEMPT_DT IS NOT NULL
            UNION ALL
            SELECT MIN(COALESCE(failed.UPDATED_DT, failed.CREATED_DT))
            FROM dbo.USER_ORDER_STAGING AS failed
            WHERE failed.STATE = 'FAILED'
            AND   failed.NEXT_ATTEMPT_DT IS NULL
        ) AS due
    ) AS OLDEST_FAILED_DUE_DT,
    (SELECT MIN(message.CREATED_DT) FROM dbo.USER_STORE_OUTBOX AS message WHERE message.STATE IN ('PENDING', 'CLAIMED'))
        AS OLDEST_WRITE_BACK_DT,
    (
        SELECT MIN(CASE WHEN message.STATE = 'CLAIMED' THEN message.LEASE_UNTIL_DT ELSE message.NEXT_ATTEMPT_DT END)
        FROM dbo.USER_STORE_OUTBOX AS message
        WHERE message.STATE IN ('PENDING', 'CLAIMED')
    ) AS OLDEST_WRITE_BACK_DUE_DT,
    (
        SELECT TOP (1)
            run.END_TIME
        FROM dbo.USER_SYNC_LOG AS run
        WHERE run.SUCCESS = 1
        AND   run.DRY_RUN = 0
        AND   run.END_TIME IS NOT NULL
        ORDER BY
            run.END_TIME DESC
    ) AS LAST_SUCCESS_DT,
    (SELECT MAX(walk.FINISHED_DT) FROM dbo.USER_SYNC_WALK AS walk WHERE walk.WALK_NAME = 'orders') AS LAST_STAGE_DT,
    (SELECT MAX(staged.APPLIED_DT) FROM dbo.USER_ORDER_STAGING AS staged WHERE staged.APPLIED_DT IS NOT NULL) AS LAST_APPLIED_DT,
    (
        SELECT COUNT(*)
        FROM dbo.USER_SYNC_LOG AS run
        WHERE run.SUCCESS = 0 AND COALESCE(run.EXIT_CODE, 1) <> 75 AND run.END_TIME >= DATEADD(HOUR, -24, SYSUTCDATETIME())
    ) AS RECENT_ERRORS;
GO
