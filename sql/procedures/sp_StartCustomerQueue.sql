SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_StartCustomerQueue
    Makes an empty queue of customers for a store of an organisation.

Called by    syncctl customers start
Parameters   @OPTIONS_JSON which of the store's customers are wanted; the program reads it again when it goes on filling
Returns      QUEUE_ID
Errors       50001 bad argument; 50030 the store brings customers into another organisation: it has, or a queue of it is open there
Locks        the store's queues of other organisations, until its end: of two organisations that start at once, the second is refused
Repeatable   no: each call makes a queue
Example      EXECUTE dbo.sp_StartCustomerQueue @ORG_ID = 'woocommerce', @STORE_ID = 'woocommerce', @QUEUE_NAME = N'customers';
*/
CREATE OR ALTER PROCEDURE dbo.sp_StartCustomerQueue
    @ORG_ID varchar(50),
    @STORE_ID varchar(50),
    @QUEUE_NAME nvarchar(100),
    @BATCH_SIZE int = 50,
    @BATCH_DELAY_MS int = 2000,
    @MAX_RETRIES int = 3,
    @OPTIONS_JSON nvarchar(max) = N'{}',
    @CREATED_BY nvarchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@ORG_ID, '') IS NULL THEN N'@ORG_ID is required. ' END,
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN NULLIF(@QUEUE_NAME, N'') IS NULL THEN N'@QUEUE_NAME is required. ' END,
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 1000 THEN N'@BATCH_SIZE takes 1 to 1000. ' END,
        CASE WHEN @BATCH_DELAY_MS IS NULL OR @BATCH_DELAY_MS NOT BETWEEN 0 AND 600000 THEN N'@BATCH_DELAY_MS takes 0 to 600000. ' END,
        CASE WHEN @MAX_RETRIES IS NULL OR @MAX_RETRIES NOT BETWEEN 0 AND 10 THEN N'@MAX_RETRIES takes 0 to 10. ' END,
        CASE WHEN @OPTIONS_JSON IS NULL OR ISJSON(@OPTIONS_JSON) = 0 OR LEFT(@OPTIONS_JSON, 1) <> N'{'
            THEN N'@OPTIONS_JSON takes a JSON object. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @QUEUE_ID int;
    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @OTHER_ORG_ID varchar(50);

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT TOP (1)
            @OTHER_ORG_ID = queue.org_id,
            @QUEUE_ID = queue.id
        FROM dbo.USER_CUSTOMER_QUEUE AS queue WITH (UPDLOCK, HOLDLOCK)
        WHERE queue.store_id = @STORE_ID
        AND   queue.org_id <> @ORG_ID
        AND
        (
            (queue.filled_at IS NULL AND (queue.phase = 'draft' OR queue.phase = 'processing'))
            OR EXISTS
            (
                SELECT
                    1
                FROM dbo.woo_customer_sync_queue_line AS line
                WHERE line.queue_id = queue.id
                AND   (line.state = 'done' OR queue.phase = 'draft' OR queue.phase = 'processing')
            )
        )
        ORDER BY
            queue.id;

        IF @OTHER_ORG_ID IS NOT NULL
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Store ', @STORE_ID, N' brings customers into organisation ', @OTHER_ORG_ID, N' (queue ', @QUEUE_ID,
                N'); a store and its customer map belong to one. Use that one, or another SYNCCTL_STORE_ID for ', @ORG_ID, N'.'
            );
            THROW 50030, @MESSAGE, 1;
        END;

        INSERT INTO dbo.USER_CUSTOMER_QUEUE
        (
            org_id, store_id, queue_name, batch_size, batch_delay_ms, max_retries, options_json, created_by, created_at, updated_at
        )
        VALUES
        (
            @ORG_ID, @STORE_ID, @QUEUE_NAME, @BATCH_SIZE, @BATCH_DELAY_MS, @MAX_RETRIES, @OPTIONS_JSON, @CREATED_BY, @NOW, @NOW
        );

        SET @QUEUE_ID = CONVERT(int, SCOPE_IDENTITY());
        SET @MESSAGE = CONCAT(N'Queue ''', @QUEUE_NAME, N''' was made.');

        EXECUTE dbo.sp_WriteCustomerActivity
            @QUEUE_ID = @QUEUE_ID,
            @ACTIVITY_TYPE = 'queue_created',
            @STATUS = 'success',
            @MESSAGE = @MESSAGE,
            @WORKER_ID = @CREATED_BY,
            @NOW = @NOW;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        QUEUE_ID = @QUEUE_ID;
END;
GO
