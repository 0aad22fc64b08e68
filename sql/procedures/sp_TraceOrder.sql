SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_TraceOrder
    One order's story in time order: events, attempts, when it was set aside, and what the store was told.

Called by    syncctl trace
Returns      EVENT_DT, SOURCE (event, attempt, dead_letter, outbox), EVENT_TYPE, STAGING_ID, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_TraceOrder @STORE_ID = 'woocommerce', @WOO_ORDER_ID = 4711;
*/
CREATE OR ALTER PROCEDURE dbo.sp_TraceOrder
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        story.EVENT_DT,
        story.SOURCE,
        story.EVENT_TYPE,
        story.STAGING_ID,
        story.SYNC_ID,
        story.WORKER_ID,
        story.ATTEMPT_NO,
        story.MESSAGE
    FROM
    (
        SELECT
            event.EVENT_DT,
            CONVERT(varchar(20), 'event') AS SOURCE,
            CONVERT(varchar(20), event.EVENT_TYPE) AS EVENT_TYPE,
            event.STAGING_ID,
            CONVERT(varchar(50), event.SYNC_ID) AS SYNC_ID,
            CONVERT(nvarchar(100), event.WORKER_ID) AS WORKER_ID,
            event.ATTEMPT_NO,
            CONVERT(nvarchar(max), event.MESSAGE) AS MESSAGE,
            1 AS RANK_NO,
            CONVERT(bigint, event.EVENT_ID) AS ROW_ID
        FROM dbo.USER_ORDER_EVENT AS event
        WHERE event.STORE_ID = @STORE_ID
        AND   event.WOO_ORDER_ID = @WOO_ORDER_ID
        UNION ALL
        SELECT
            attempt.ATTEMPT_DT,
            'attempt',
            'ATTEMPT',
            attempt.STAGING_ID,
            NULL,
            attempt.WORKER_ID,
            attempt.ATTEMPT_NO,
            CONCAT(CONVERT(nvarchar(max), attempt.ERROR_CLASS), N': ', attempt.ERROR_MESSAGE),
            2,
            attempt.ATTEMPT_ID
        FROM dbo.USER_ORDER_ATTEMPT AS attempt
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = attempt.STAGING_ID
        WHERE staged.STORE_ID = @STORE_ID
        AND   staged.WOO_ORDER_ID = @WOO_ORDER_ID
        UNION ALL
        SELECT
            letter.CREATED_DT,
            'dead_letter',
            'SET_ASIDE',
            letter.STAGING_ID,
            NULL,
            NULL,
            NULL,
            CONCAT(CONVERT(nvarchar(max), N'after '), letter.ATTEMPTS, N' attempt(s), ', letter.ERROR_CLASS, N': ', letter.ERROR_MESSAGE),
            3,
            letter.DEAD_LETTER_ID
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.STORE_ID = @STORE_ID
        AND   letter.WOO_ORDER_ID = @WOO_ORDER_ID
        UNION ALL
        SELECT
            queued.CREATED_DT,
            'outbox',
            'QUEUED',
            queued.STAGING_ID,
            NULL,
            NULL,
            NULL,
            CONCAT(CONVERT(nvarchar(max), queued.KIND), N', status ' + queued.TARGET_STATUS, N', note: ' + queued.NOTE),
            4,
            queued.OUTBOX_ID
        FROM dbo.USER_STORE_OUTBOX AS queued
        WHERE queued.STORE_ID = @STORE_ID
        AND   queued.WOO_ORDER_ID = @WOO_ORDER_ID
        UNION ALL
        SELECT
            told.DELIVERED_DT,
            'outbox',
            CASE WHEN told.STATE = 'DONE' THEN 'DELIVERED' ELSE told.STATE END,
            told.STAGING_ID,
            NULL,
            NULL,
            told.ATTEMPT_NO,
            CONCAT(CONVERT(nvarchar(max), told.KIND), N': ' + told.DETAIL),
            5,
            told.OUTBOX_ID
        FROM dbo.USER_STORE_OUTBOX AS told
        WHERE told.STORE_ID = @STORE_ID
        AND   told.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   told.DELIVERED_DT IS NOT NULL
    ) AS story
    ORDER BY
        story.EVENT_DT,
        story.RANK_NO,
        story.ROW_ID;
END;
GO
