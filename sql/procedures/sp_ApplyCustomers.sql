SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ApplyCustomers
    Brings claimed lines of a queue into the ERP and settles each of them: one call for a batch, one transaction for a line.

Called by    syncctl customers start, syncctl customers resume
Parameters   @LINES a JSON array of {LINE_ID, ATTEMPT_NO}
Returns      one row a line: LINE_ID, WOO_CUSTOMER_ID, EMAIL, STATE (done, draft: tried again at NEXT_ATTEMPT_DT, failed, lost), OUTCOME, CUST_NO,
             MESSAGE, NEXT_ATTEMPT_DT, ORDERS: how many orders that waited for the customer go on
Errors       50001 bad argument; 50004 no such queue; 50041 this site's set-up keeps customers from being made: what isn't done yet is
             given back
Locks        as sp_SyncCustomer, for each line's own transaction
Repeatable   yes: what this same attempt has settled is told again
Note         A line's error undoes that line alone. It is noted in a transaction of its own: fn_PassingErrors says which may pass.
             The batch's row in the activity log is written along with each line, so that it counts what was done whenever this ends.
Example      EXECUTE dbo.sp_ApplyCustomers @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @WORKER_ID = N'host-1234',
                 @LINES = N'[{"LINE_ID":42,"ATTEMPT_NO":1}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ApplyCustomers
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @WORKER_ID nvarchar(100),
    @LINES nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@WORKER_ID, N'') IS NULL THEN N'@WORKER_ID is required. ' END,
        CASE WHEN @LINES IS NULL OR ISJSON(@LINES) = 0 OR LEFT(@LINES, 1) <> N'[' THEN N'@LINES takes a JSON array. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    EXECUTE dbo.sp_RequireCustomerQueue
        @QUEUE_ID = @QUEUE_ID,
        @ORG_ID = @ORG_ID;

    DECLARE
        @LINE_ID int,
        @ATTEMPT_NO int,
        @ACTIVITY_ID bigint,
        @MOMENT datetime2(3),
        @NUMBER int,
        @IS_SETTLED bit,
        @IS_PASSING bit,
        @STATE varchar(20),
        @OUTCOME varchar(20),
        @CUST_NO varchar(15),
        @PROBLEM nvarchar(2000),
        @SAID nvarchar(max),
        @NEXT_ATTEMPT_DT datetime2(3),
        @ORDERS int;
    DECLARE @CLAIMED table
    (
        LINE_ID int NOT NULL PRIMARY KEY,
        ATTEMPT_NO int NOT NULL
    );
    DECLARE @ANSWER table
    (
        LINE_ID int NOT NULL PRIMARY KEY,
        STATE varchar(20) NOT NULL,
        OUTCOME varchar(20) NULL,
        CUST_NO varchar(15) NULL,
        MESSAGE nvarchar(max) NULL,
        NEXT_ATTEMPT_DT datetime2(3) NULL,
        ORDERS int NOT NULL
    );

    INSERT INTO @CLAIMED
    (
        LINE_ID, ATTEMPT_NO
    )
    SELECT
        CONVERT(int, JSON_VALUE(element.[value], N'$.LINE_ID')),
        MAX(CONVERT(int, JSON_VALUE(element.[value], N'$.ATTEMPT_NO')))
    FROM OPENJSON(@LINES) AS element
    GROUP BY
        CONVERT(int, JSON_VALUE(element.[value], N'$.LINE_ID'));

    SET @LINE_ID = (SELECT MIN(claimed.LINE_ID) FROM @CLAIMED AS claimed);

    WHILE @LINE_ID IS NOT NULL
    BEGIN
        SET @ATTEMPT_NO = (SELECT claimed.ATTEMPT_NO FROM @CLAIMED AS claimed WHERE claimed.LINE_ID = @LINE_ID);
        SET @MOMENT = COALESCE(@NOW, SYSUTCDATETIME());
        SET @NUMBER = NULL;
        SET @IS_PASSING = 0;
        SET @STATE = 'done';
        SET @OUTCOME = NULL;
        SET @CUST_NO = NULL;
        SET @PROBLEM = NULL;
        SET @NEXT_ATTEMPT_DT = NULL;
        SET @ORDERS = 0;
        SET @IS_SETTLED = 0;

        SELECT
            @IS_SETTLED = 1,
            @STATE = line.state,
            @OUTCOME = line.outcome,
            @CUST_NO = line.cust_no,
            @PROBLEM = line.error_message,
            @NEXT_ATTEMPT_DT = CASE WHEN line.state = 'draft' THEN line.next_attempt_dt END
        FROM dbo.woo_customer_sync_queue_line AS line
        WHERE line.id = @LINE_ID
        AND   line.lease_owner = @WORKER_ID
        AND   line.attempt_no = @ATTEMPT_NO
        AND   line.state <> 'processing';

        IF @IS_SETTLED = 0
        BEGIN
            BEGIN TRY
                BEGIN TRANSACTION;

                EXECUTE dbo.sp_FenceCustomer
                    @LINE_ID = @LINE_ID,
                    @WORKER_ID = @WORKER_ID,
                    @ATTEMPT_NO = @ATTEMPT_NO,
                    @NOW = @MOMENT;

                EXECUTE dbo.sp_SyncCustomer
                    @LINE_ID = @LINE_ID,
                    @OUTCOME = @OUTCOME OUTPUT,
                    @CUST_NO = @CUST_NO OUTPUT,
                    @PROBLEM = @PROBLEM OUTPUT,
                    @NOW = @MOMENT;

                IF @OUTCOME = 'failed'
                BEGIN
                    SET @PROBLEM = COALESCE(@PROBLEM, N'The customer was refused.');
                    SET @OUTCOME = NULL;
                    SET @CUST_NO = NULL;

                    EXECUTE dbo.sp_SettleFailedCustomer
                        @LINE_ID = @LINE_ID,
                        @MESSAGE = @PROBLEM,
                        @STATE = @STATE OUTPUT,
                        @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT,
                        @NOW = @MOMENT;
                END;
                ELSE
                BEGIN
                    UPDATE dbo.woo_customer_sync_queue_line
                    SET
                        state = 'done',
                        outcome = @OUTCOME,
                        cust_no = @CUST_NO,
                        error_message = NULL,
                        is_action_required = 0,
                        lease_until_dt = NULL,
                        processed_at = @MOMENT
                    WHERE id = @LINE_ID;

                    EXECUTE dbo.sp_ContinueCustomerOrders
                        @LINE_ID = @LINE_ID,
                        @CUST_NO = @CUST_NO,
                        @ORDERS = @ORDERS OUTPUT,
                        @NOW = @MOMENT;

                    IF @PROBLEM IS NOT NULL
                    BEGIN
                        SELECT
                            @SAID = CONCAT
                            (
                                N'Customer ', COALESCE(CONVERT(nvarchar(254), NULLIF(line.woo_customer_id, 0)), line.email), N': ', @PROBLEM
                            )
                        FROM dbo.woo_customer_sync_queue_line AS line
                        WHERE line.id = @LINE_ID;

                        EXECUTE dbo.sp_WriteCustomerActivity
                            @QUEUE_ID = @QUEUE_ID,
                            @ACTIVITY_TYPE = 'customer_note',
                            @STATUS = 'warning',
                            @MESSAGE = @SAID,
                            @WORKER_ID = @WORKER_ID,
                            @NOW = @MOMENT;
                    END;
                END;

                EXECUTE dbo.sp_TallyCustomer
                    @QUEUE_ID = @QUEUE_ID,
                    @ACTIVITY_ID = @ACTIVITY_ID OUTPUT,
                    @STATE = @STATE,
                    @WORKER_ID = @WORKER_ID,
                    @NOW = @MOMENT;

                COMMIT TRANSACTION;
            END TRY
            BEGIN CATCH
                SET @NUMBER = ERROR_NUMBER();
                SET @PROBLEM = LEFT(ERROR_MESSAGE(), 2000);

                IF XACT_STATE() <> 0
                BEGIN
                    ROLLBACK TRANSACTION;
                END;

                IF @NUMBER = 50041
                BEGIN
                    EXECUTE dbo.sp_ReleaseCustomers
                        @QUEUE_ID = @QUEUE_ID,
                        @WORKER_ID = @WORKER_ID,
                        @LINES = @LINES;

                    EXECUTE dbo.sp_WriteCustomerActivity
                        @QUEUE_ID = @QUEUE_ID,
                        @ACTIVITY_TYPE = 'set_up',
                        @STATUS = 'error',
                        @MESSAGE = @PROBLEM,
                        @WORKER_ID = @WORKER_ID,
                        @NOW = @MOMENT;

                    THROW;
                END;
            END CATCH;
        END;

        IF @NUMBER IN (50004, 50010)
        BEGIN
            SET @STATE = 'lost';
            SET @OUTCOME = NULL;
        END;
        ELSE IF @NUMBER IS NOT NULL
        BEGIN
            SELECT
                @IS_PASSING = 1
            FROM dbo.fn_PassingErrors() AS passing
            WHERE passing.ERROR_NO = @NUMBER;

            SET @OUTCOME = NULL;
            SET @CUST_NO = NULL;

            BEGIN TRY
                BEGIN TRANSACTION;

                EXECUTE dbo.sp_FenceCustomer
                    @LINE_ID = @LINE_ID,
                    @WORKER_ID = @WORKER_ID,
                    @ATTEMPT_NO = @ATTEMPT_NO,
                    @NOW = @MOMENT;

                EXECUTE dbo.sp_SettleFailedCustomer
                    @LINE_ID = @LINE_ID,
                    @MESSAGE = @PROBLEM,
                    @IS_PASSING = @IS_PASSING,
                    @STATE = @STATE OUTPUT,
                    @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT,
                    @NOW = @MOMENT;

                EXECUTE dbo.sp_TallyCustomer
                    @QUEUE_ID = @QUEUE_ID,
                    @ACTIVITY_ID = @ACTIVITY_ID OUTPUT,
                    @STATE = @STATE,
                    @WORKER_ID = @WORKER_ID,
                    @NOW = @MOMENT;

                COMMIT TRANSACTION;
            END TRY
            BEGIN CATCH
                IF XACT_STATE() <> 0
                BEGIN
                    ROLLBACK TRANSACTION;
                END;

                THROW;
            END CATCH;
        END;

        INSERT INTO @ANSWER
        (
            LINE_ID, STATE, OUTCOME, CUST_NO, MESSAGE, NEXT_ATTEMPT_DT, ORDERS
        )
        VALUES
        (
            @LINE_ID, @STATE, @OUTCOME, @CUST_NO, @PROBLEM, @NEXT_ATTEMPT_DT, CASE WHEN @STATE = 'done' THEN @ORDERS ELSE 0 END
        );

        SET @LINE_ID = (SELECT MIN(claimed.LINE_ID) FROM @CLAIMED AS claimed WHERE claimed.LINE_ID > @LINE_ID);
    END;

    SELECT
        LINE_ID = answer.LINE_ID,
        WOO_CUSTOMER_ID = COALESCE(line.woo_customer_id, 0),
        EMAIL = COALESCE(line.email, N''),
        STATE = answer.STATE,
        OUTCOME = answer.OUTCOME,
        CUST_NO = answer.CUST_NO,
        MESSAGE = answer.MESSAGE,
        NEXT_ATTEMPT_DT = answer.NEXT_ATTEMPT_DT,
        ORDERS = answer.ORDERS
    FROM @ANSWER AS answer
    LEFT JOIN dbo.woo_customer_sync_queue_line AS line
        ON line.id = answer.LINE_ID
    ORDER BY
        answer.LINE_ID;
END;
GO
