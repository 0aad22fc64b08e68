SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListCustomerActivity
    The last @BATCH_SIZE things that happened to a queue of customers behind @AFTER_ID, oldest first.

Called by    syncctl customers activity
Returns      ACTIVITY_ID, ACTIVITY_TYPE, STATUS, MESSAGE, CUSTOMERS, FAILURES, WORKER_ID, CREATED_AT
Errors       50001 bad argument; 50004 no such queue
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListCustomerActivity @QUEUE_ID = 7, @ORG_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListCustomerActivity
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @AFTER_ID bigint = 0,
    @BATCH_SIZE int = 100,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    EXECUTE dbo.sp_RequireCustomerQueue
        @QUEUE_ID = @QUEUE_ID,
        @ORG_ID = @ORG_ID;

    SELECT
        ACTIVITY_ID = activity.id,
        ACTIVITY_TYPE = activity.activity_type,
        STATUS = activity.status,
        MESSAGE = activity.message,
        CUSTOMERS = activity.customers,
        FAILURES = activity.failures,
        WORKER_ID = activity.worker_id,
        CREATED_AT = activity.created_at
    FROM
    (
        SELECT TOP (@BATCH_SIZE)
            latest.id,
            latest.activity_type,
            latest.status,
            latest.message,
            latest.customers,
            latest.failures,
            latest.worker_id,
            latest.created_at
        FROM dbo.woo_sync_activity AS latest
        WHERE latest.queue_id = @QUEUE_ID
        AND   latest.org_id = @ORG_ID
        AND   latest.id > @AFTER_ID
        ORDER BY
            latest.id DESC
    ) AS activity
    ORDER BY
        activity.id;
END;
GO
