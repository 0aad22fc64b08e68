SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListBacklog
    What waits now, store by store: orders to be entered, orders to be tried again, orders for a person, messages to the store.

Called by    syncctl stats, syncctl report
Parameters   @STORE_ID NULL: every store
Returns      STORE_ID, STATE (PENDING, CLAIMED, FAILED, NEEDS_MANUAL_REVIEW; WRITE_BACK for messages), ROWS_WAITING, OLDEST_DT (since when
             the longest of them has been known)
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListBacklog;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListBacklog
    @STORE_ID varchar(50) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        waiting.STORE_ID,
        waiting.STATE,
        waiting.ROWS_WAITING,
        waiting.OLDEST_DT
    FROM
    (
        SELECT
            staged.STORE_ID,
            staged.STATE,
            COUNT(*) AS ROWS_WAITING,
            MIN(staged.CREATED_DT) AS OLDEST_DT
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STATE IN ('PENDING', 'CLAIMED', 'FAILED', 'NEEDS_MANUAL_REVIEW')
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        GROUP BY
            staged.STORE_ID,
            staged.STATE
        UNION ALL
        SELECT
            message.STORE_ID,
            'WRITE_BACK',
            COUNT(*),
            MIN(message.CREATED_DT)
        FROM dbo.USER_STORE_OUTBOX AS message
        WHERE message.STATE IN ('PENDING', 'CLAIMED', 'FAILED')
        AND   (@STORE_ID IS NULL OR message.STORE_ID = @STORE_ID)
        GROUP BY
            message.STORE_ID
    ) AS waiting
    ORDER BY
        waiting.STORE_ID,
        waiting.STATE;
END;
GO
