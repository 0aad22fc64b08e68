SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FillCustomerQueue
    Adds a page of the store's customers to a queue and moves the place in the store's list on, both in one transaction.

Called by    syncctl customers start, syncctl customers resume
Parameters   @CUSTOMERS a JSON array of {WOO_CUSTOMER_ID, EMAIL, HAS_ORDERED, PROBLEM, CUSTOMER}; a customer who is in the queue already is
             left out, one with a PROBLEM, whom the store couldn't give, comes in as failed. @FROM_CURSOR where the place has to stand,
             @TO_CURSOR where it stands afterwards. @WITH_ORDERS takes only those who ordered, by the store's word or by an order
             that is staged here. @MOST lines at most; @IS_LAST, or that many, ends the filling.
Returns      ADDED, TOTAL: lines; IS_FILLED
Errors       50001 bad argument; 50004 no such queue; 50010 another worker fills it; 50020 it was ended
Locks        the queue's row, for the transaction: pages are added one after the other
Repeatable   yes: where the place stands at @TO_CURSOR already, nothing is added
Example      EXECUTE dbo.sp_FillCustomerQueue @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @CUSTOMERS = N'[]', @FROM_CURSOR = N'',
                 @TO_CURSOR = N'', @IS_LAST = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FillCustomerQueue
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @CUSTOMERS nvarchar(max),
    @FROM_CURSOR nvarchar(500),
    @TO_CURSOR nvarchar(500),
    @IS_LAST bit = 0,
    @WITH_ORDERS bit = 0,
    @MOST int = NULL,
    @WORKER_ID nvarchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @CUSTOMERS IS NULL OR ISJSON(@CUSTOMERS) = 0 OR LEFT(@CUSTOMERS, 1) <> N'[' THEN N'@CUSTOMERS takes a JSON array. ' END,
        CASE WHEN @FROM_CURSOR = @TO_CURSOR AND @IS_LAST = 0 THEN N'@TO_CURSOR has to differ from @FROM_CURSOR. ' END,
        CASE WHEN @MOST < 1 THEN N'@MOST takes 1 or more. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @CURSOR nvarchar(500),
        @FILLED_AT datetime2(3),
        @IS_FILLED bit = 0,
        @ADDED int = 0,
        @TOTAL int;
    DECLARE @INCOMING table
    (
        PLACE_NO int NOT NULL PRIMARY KEY,
        WOO_CUSTOMER_ID bigint NOT NULL,
        EMAIL nvarchar(254) NOT NULL,
        CUSTOMER nvarchar(max) NOT NULL,
        PROBLEM nvarchar(2000) NULL
    );

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_RequireCustomerQueue
            @QUEUE_ID = @QUEUE_ID,
            @ORG_ID = @ORG_ID,
            @IS_OPEN = 1;

        SELECT
            @STORE_ID = queue.store_id,
            @CURSOR = queue.fill_cursor,
            @FILLED_AT = queue.filled_at
        FROM dbo.USER_CUSTOMER_QUEUE AS queue
        WHERE queue.id = @QUEUE_ID;

        SELECT
            @TOTAL = COUNT(*)
        FROM dbo.woo_customer_sync_queue_line AS line
        WHERE line.queue_id = @QUEUE_ID;

        IF @FILLED_AT IS NOT NULL
        BEGIN
            SET @IS_FILLED = 1;
        END;
        ELSE IF @CURSOR <> @FROM_CURSOR AND @CURSOR <> @TO_CURSOR
        BEGIN
            SET @MESSAGE = CONCAT(N'Another worker fills customer queue ', @QUEUE_ID, N'; it has come further. Nothing was written.');
            THROW 50010, @MESSAGE, 1;
        END;
        ELSE IF @CURSOR = @FROM_CURSOR
        BEGIN
            INSERT INTO @INCOMING
            (
                PLACE_NO, WOO_CUSTOMER_ID, EMAIL, CUSTOMER, PROBLEM
            )
            SELECT TOP (CASE WHEN @MOST IS NULL THEN 2147483647 WHEN @MOST > @TOTAL THEN @MOST - @TOTAL ELSE 0 END)
                ROW_NUMBER() OVER (ORDER BY wanted.PLACE_NO),
                wanted.WOO_CUSTOMER_ID,
                wanted.EMAIL,
                wanted.CUSTOMER,
                wanted.PROBLEM
            FROM
            (
                SELECT
                    incoming.PLACE_NO,
                    incoming.WOO_CUSTOMER_ID,
                    incoming.EMAIL,
                    incoming.CUSTOMER,
                    incoming.PROBLEM,
                    ROW_NUMBER() OVER
                    (
                        PARTITION BY incoming.WOO_CUSTOMER_ID, CASE WHEN incoming.WOO_CUSTOMER_ID > 0 THEN N'' ELSE incoming.EMAIL END
                        ORDER BY incoming.PLACE_NO
                    ) AS TIMES_NO
                FROM
                (
                    SELECT
                        CONVERT(int, element.[key]) AS PLACE_NO,
                        CONVERT(bigint, JSON_VALUE(element.[value], N'$.WOO_CUSTOMER_ID')) AS WOO_CUSTOMER_ID,
                        CONVERT(nvarchar(254), COALESCE(JSON_VALUE(element.[value], N'$.EMAIL'), N'')) AS EMAIL,
                        JSON_QUERY(element.[value], N'$.CUSTOMER') AS CUSTOMER,
                        JSON_VALUE(element.[value], N'$.HAS_ORDERED') AS HAS_ORDERED,
                        CONVERT(nvarchar(2000), NULLIF(JSON_VALUE(element.[value], N'$.PROBLEM'), N'')) AS PROBLEM
                    FROM OPENJSON(@CUSTOMERS) AS element
                ) AS incoming
                WHERE @WITH_ORDERS = 0
                OR    incoming.HAS_ORDERED = N'true'
                OR    incoming.PROBLEM IS NOT NULL
                OR
                (
                    incoming.WOO_CUSTOMER_ID > 0
                    AND EXISTS
                    (
                        SELECT 1
                        FROM dbo.USER_ORDER_STAGING AS staged
                        WHERE staged.STORE_ID = @STORE_ID
                        AND   staged.WOO_CUST_ID = incoming.WOO_CUSTOMER_ID
                    )
                )
            ) AS wanted
            WHERE wanted.TIMES_NO = 1
            AND   NOT EXISTS
            (
                SELECT 1
                FROM dbo.woo_customer_sync_queue_line AS line
                WHERE line.queue_id = @QUEUE_ID
                AND   line.woo_customer_id = wanted.WOO_CUSTOMER_ID
                AND   line.woo_customer_id > 0
            )
            AND   NOT EXISTS
            (
                SELECT 1
                FROM dbo.woo_customer_sync_queue_line AS line
                WHERE line.queue_id = @QUEUE_ID
                AND   line.woo_customer_id = 0
                AND   line.email = wanted.EMAIL
                AND   wanted.WOO_CUSTOMER_ID = 0
            )
            ORDER BY
                wanted.PLACE_NO;

            INSERT INTO dbo.woo_customer_sync_queue_line
            (
                queue_id, org_id, store_id, woo_customer_id, email, customer_json, state, process_count, error_message,
                last_error_timestamp, next_attempt_dt, created_at
            )
            SELECT
                @QUEUE_ID, @ORG_ID, @STORE_ID, incoming.WOO_CUSTOMER_ID, incoming.EMAIL, incoming.CUSTOMER,
                CASE WHEN incoming.PROBLEM IS NULL THEN 'draft' ELSE 'failed' END,
                CASE WHEN incoming.PROBLEM IS NULL THEN 0 ELSE 1 END,
                incoming.PROBLEM,
                CASE WHEN incoming.PROBLEM IS NOT NULL THEN @NOW END,
                @NOW,
                @NOW
            FROM @INCOMING AS incoming
            ORDER BY
                incoming.PLACE_NO;

            SET @ADDED = @@ROWCOUNT;
            SET @TOTAL = @TOTAL + @ADDED;
            SET @IS_FILLED = CASE WHEN @IS_LAST = 1 OR @TOTAL >= @MOST THEN 1 ELSE 0 END;

            UPDATE dbo.USER_CUSTOMER_QUEUE
            SET
                fill_cursor = @TO_CURSOR,
                filled_at = CASE WHEN @IS_FILLED = 1 THEN @NOW END,
                updated_at = @NOW
            WHERE id = @QUEUE_ID;

            IF @ADDED > 0
            BEGIN
                SET @MESSAGE = CONCAT(@ADDED, N' customers were added; ', @TOTAL, N' by now.');

                EXECUTE dbo.sp_WriteCustomerActivity
                    @QUEUE_ID = @QUEUE_ID,
                    @ACTIVITY_TYPE = 'customers_added',
                    @STATUS = 'success',
                    @MESSAGE = @MESSAGE,
                    @WORKER_ID = @WORKER_ID,
                    @NOW = @NOW;
            END;

            IF @IS_FILLED = 1
            BEGIN
                SET @MESSAGE = CONCAT(N'The queue is filled: ', @TOTAL, N' customers.');

                EXECUTE dbo.sp_WriteCustomerActivity
                    @QUEUE_ID = @QUEUE_ID,
                    @ACTIVITY_TYPE = 'queue_filled',
                    @STATUS = 'success',
                    @MESSAGE = @MESSAGE,
                    @WORKER_ID = @WORKER_ID,
                    @NOW = @NOW;
            END;
        END;

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
        ADDED = @ADDED,
        TOTAL = @TOTAL,
        IS_FILLED = @IS_FILLED;
END;
GO
