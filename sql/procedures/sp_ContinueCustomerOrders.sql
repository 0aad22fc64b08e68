SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ContinueCustomerOrders
    Orders in review for want of a customer are made due again once a queue has brought him, each with one event.

Called by    sp_ApplyCustomers, inside the line's transaction
Parameters   @CUST_NO the customer in the ERP; @ORDERS OUTPUT how many go on
Returns      no rows
Errors       none of its own
Locks        the rows of those orders
Repeatable   yes: an order that goes on is no longer in review
Note         Only orders of which sp_ResolveCustomer tells now whose they are; any other stays with a person.
Example      EXECUTE dbo.sp_ContinueCustomerOrders @LINE_ID = 42, @CUST_NO = 'C100', @ORDERS = @ORDERS OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ContinueCustomerOrders
    @LINE_ID int,
    @CUST_NO varchar(15),
    @ORDERS int OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @STORE_ID varchar(50),
        @WOO_CUSTOMER_ID bigint,
        @EMAIL nvarchar(254),
        @QUEUE_ID int,
        @STAGING_ID int,
        @WHOSE varchar(15),
        @SAID nvarchar(500);
    DECLARE @WAITING table
    (
        STAGING_ID int NOT NULL PRIMARY KEY
    );

    SET @ORDERS = 0;

    SELECT
        @STORE_ID = line.store_id,
        @WOO_CUSTOMER_ID = line.woo_customer_id,
        @EMAIL = line.email,
        @QUEUE_ID = line.queue_id
    FROM dbo.woo_customer_sync_queue_line AS line
    WHERE line.id = @LINE_ID;

    INSERT INTO @WAITING
    (
        STAGING_ID
    )
    SELECT
        found.STAGING_ID
    FROM
    (
        SELECT
            staged.STAGING_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STATE = 'NEEDS_MANUAL_REVIEW'
        AND   staged.STORE_ID = @STORE_ID
        AND   staged.WOO_CUST_ID = @WOO_CUSTOMER_ID
        UNION
        SELECT
            staged.STAGING_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STATE = 'NEEDS_MANUAL_REVIEW'
        AND   staged.STORE_ID = @STORE_ID
        AND   staged.CUST_EMAIL = CONVERT(nvarchar(100), NULLIF(@EMAIL, N''))
    ) AS found
    WHERE EXISTS
    (
        SELECT 1
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.STAGING_ID = found.STAGING_ID
        AND   letter.DECISION IS NULL
        AND   (letter.ERROR_CODE = 'unknown_customer' OR letter.ERROR_CODE = 'ambiguous_customer')
    );

    SET @STAGING_ID = (SELECT MIN(waiting.STAGING_ID) FROM @WAITING AS waiting);
    SET @SAID = CONCAT(N'Customer ', @CUST_NO, N' came with customer queue ', @QUEUE_ID, N': the order goes on by itself.');

    WHILE @STAGING_ID IS NOT NULL
    BEGIN
        SET @WHOSE = NULL;

        EXECUTE dbo.sp_ResolveCustomer
            @STAGING_ID = @STAGING_ID,
            @CUST_NO = @WHOSE OUTPUT;

        IF @WHOSE IS NOT NULL
        BEGIN
            UPDATE staged
            SET
                STATE = 'PENDING',
                PENDING_ACTION = COALESCE(staged.PENDING_ACTION, CASE WHEN staged.IS_APPLIED = 1 THEN 'update' ELSE 'create' END),
                ATTEMPT_NO = 0,
                NEXT_ATTEMPT_DT = NULL,
                LEASE_OWNER = NULL,
                LEASE_UNTIL_DT = NULL,
                ERROR_CLASS = NULL,
                VALIDATION_ERROR = NULL,
                IS_VALIDATED = 0,
                UPDATED_DT = @NOW
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STAGING_ID = @STAGING_ID
            AND   staged.STATE = 'NEEDS_MANUAL_REVIEW'
            AND   staged.DUPLICATE_OF_ID IS NULL
            AND   staged.WOO_ORDER_ID > 0;

            IF @@ROWCOUNT > 0
            BEGIN
                SET @ORDERS = @ORDERS + 1;

                UPDATE letter
                SET
                    DECISION = 'retry',
                    DECIDED_BY = N'syncctl',
                    DECIDED_DT = @NOW,
                    DECISION_REASON = @SAID
                FROM dbo.USER_ORDER_DEAD_LETTER AS letter
                WHERE letter.STAGING_ID = @STAGING_ID
                AND   letter.DECISION IS NULL;

                INSERT INTO dbo.USER_ORDER_EVENT
                (
                    STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
                )
                SELECT
                    staged.STORE_ID, staged.WOO_ORDER_ID, staged.STAGING_ID, @NOW, 'CUSTOMER_CAME', @SAID
                FROM dbo.USER_ORDER_STAGING AS staged
                WHERE staged.STAGING_ID = @STAGING_ID;
            END;
        END;

        SET @STAGING_ID = (SELECT MIN(waiting.STAGING_ID) FROM @WAITING AS waiting WHERE waiting.STAGING_ID > @STAGING_ID);
    END;
END;
GO
