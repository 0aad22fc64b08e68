SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListCustomerLines
    The customers of a queue in the order in which they came, those in @STATE or all, from behind @AFTER_ID on.

Called by    syncctl customers lines
Returns      LINE_ID, WOO_CUSTOMER_ID, EMAIL, STATE, OUTCOME, CUST_NO, ERROR_MESSAGE, PROCESS_COUNT, LAST_ERROR_TIMESTAMP, NEXT_ATTEMPT_DT,
             PROCESSED_AT, CUSTOMER_JSON
Errors       50001 bad argument; 50004 no such queue
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListCustomerLines @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @STATE = 'failed';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListCustomerLines
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @STATE varchar(20) = NULL,
    @AFTER_ID int = 0,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000 THEN N'@BATCH_SIZE takes 1 to 10000. ' END,
        CASE WHEN @STATE NOT IN ('draft', 'processing', 'done', 'failed', 'cancelled')
            THEN N'@STATE takes draft, processing, done, failed, cancelled. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    EXECUTE dbo.sp_RequireCustomerQueue
        @QUEUE_ID = @QUEUE_ID,
        @ORG_ID = @ORG_ID;

    SELECT TOP (@BATCH_SIZE)
        LINE_ID = line.id,
        WOO_CUSTOMER_ID = line.woo_customer_id,
        EMAIL = line.email,
        STATE = line.state,
        OUTCOME = line.outcome,
        CUST_NO = line.cust_no,
        ERROR_MESSAGE = line.error_message,
        PROCESS_COUNT = line.process_count,
        LAST_ERROR_TIMESTAMP = line.last_error_timestamp,
        NEXT_ATTEMPT_DT = line.next_attempt_dt,
        PROCESSED_AT = line.processed_at,
        CUSTOMER_JSON = line.customer_json
    FROM dbo.woo_customer_sync_queue_line AS line
    WHERE line.queue_id = @QUEUE_ID
    AND   line.org_id = @ORG_ID
    AND   (@STATE IS NULL OR line.state = @STATE)
    AND   line.id > @AFTER_ID
    ORDER BY
        line.id;
END;
GO
