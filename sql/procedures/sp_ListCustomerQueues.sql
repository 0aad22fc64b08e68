SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListCustomerQueues
    An organisation's queues of customers, latest first, each with its counts; or one of them.

Called by    syncctl customers start|resume|status|list
Parameters   @OPEN_ONLY 1: only those that have something left to do
Returns      the columns of woo_customer_sync_queue; DUE_IN_MS until the next line that waits is due, NULL where none waits
Errors       50001 bad argument; 50004 the organisation has no queue @QUEUE_ID
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListCustomerQueues @ORG_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListCustomerQueues
    @ORG_ID varchar(50),
    @QUEUE_ID int = NULL,
    @OPEN_ONLY bit = 0,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000 THEN N'@BATCH_SIZE takes 1 to 10000. ' END,
        CASE WHEN NULLIF(@ORG_ID, '') IS NULL THEN N'@ORG_ID is required. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    IF @QUEUE_ID IS NOT NULL
    BEGIN
        EXECUTE dbo.sp_RequireCustomerQueue
            @QUEUE_ID = @QUEUE_ID,
            @ORG_ID = @ORG_ID;
    END;

    SELECT TOP (@BATCH_SIZE)
        QUEUE_ID = queue.id,
        ORG_ID = queue.org_id,
        STORE_ID = queue.store_id,
        QUEUE_NAME = queue.queue_name,
        STATE = queue.state,
        TOTAL_COUNT = queue.total_count,
        DRAFT_COUNT = queue.draft_count,
        PROCESSING_COUNT = queue.processing_count,
        DONE_COUNT = queue.done_count,
        FAILED_COUNT = queue.failed_count,
        CANCELLED_COUNT = queue.cancelled_count,
        CREATED_COUNT = queue.created_count,
        UPDATED_COUNT = queue.updated_count,
        LINKED_COUNT = queue.linked_count,
        UNCHANGED_COUNT = queue.unchanged_count,
        PROCESS_COUNT = queue.process_count,
        IS_ACTION_REQUIRED = queue.is_action_required,
        ACTION_REQUIRED_REASON = queue.action_required_reason,
        LAST_PROCESS_DATE = queue.last_process_date,
        BATCH_SIZE = queue.batch_size,
        BATCH_DELAY_MS = queue.batch_delay_ms,
        MAX_RETRIES = queue.max_retries,
        OPTIONS_JSON = queue.options_json,
        FILL_CURSOR = queue.fill_cursor,
        FILLED_AT = queue.filled_at,
        END_REASON = queue.end_reason,
        CREATED_BY = queue.created_by,
        CREATED_AT = queue.created_at,
        DUE_IN_MS = waiting.DUE_IN_MS
    FROM dbo.woo_customer_sync_queue AS queue
    OUTER APPLY
    (
        SELECT
            DUE_IN_MS = CASE
                WHEN MIN(line.next_attempt_dt) <= @NOW THEN 0
                WHEN MIN(line.next_attempt_dt) > DATEADD(DAY, 1, @NOW) THEN 86400000
                ELSE DATEDIFF(MILLISECOND, @NOW, MIN(line.next_attempt_dt))
            END
        FROM dbo.woo_customer_sync_queue_line AS line
        WHERE line.queue_id = queue.id
        AND   line.state = 'draft'
    ) AS waiting
    WHERE queue.org_id = @ORG_ID
    AND   (@QUEUE_ID IS NULL OR queue.id = @QUEUE_ID)
    AND   (@OPEN_ONLY = 0 OR queue.state = 'draft' OR queue.state = 'processing')
    ORDER BY
        queue.id DESC;
END;
GO
