SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_TallyCustomer
    Counts one line more in its batch's row of the activity log; the first one of a batch makes the row.

Called by    sp_ApplyCustomers, inside each line's transaction
Parameters   @ACTIVITY_ID OUTPUT the batch's row; NULL, or one that was rolled back with its line, makes another
Returns      no rows
Errors       none of its own
Locks        the batch's row
Repeatable   no: each call counts one line
Note         Of the queue's row only what never changes is read, and past its lock: whoever fills, retries or ends a queue holds that row
             and then waits for lines, so nobody who holds a line may wait for it.
Example      EXECUTE dbo.sp_TallyCustomer @QUEUE_ID = 7, @ACTIVITY_ID = @ACTIVITY_ID OUTPUT, @STATE = 'done';
*/
CREATE OR ALTER PROCEDURE dbo.sp_TallyCustomer
    @QUEUE_ID int,
    @ACTIVITY_ID bigint OUTPUT,
    @STATE varchar(20),
    @WORKER_ID nvarchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    SET @ACTIVITY_ID = COALESCE(@ACTIVITY_ID, 0);

    DECLARE @FAILURES int = CASE WHEN @STATE = 'done' THEN 0 ELSE 1 END;

    UPDATE dbo.woo_sync_activity
    SET
        customers = customers + 1,
        failures = failures + @FAILURES,
        status = CASE WHEN failures + @FAILURES > 0 THEN 'warning' ELSE 'success' END,
        message = CONCAT(customers + 1, N' customers were processed, ', failures + @FAILURES, N' of them failed.')
    WHERE id = @ACTIVITY_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.woo_sync_activity
        (
            queue_id, org_id, activity_type, status, message, customers, failures, worker_id, created_at
        )
        SELECT
            queue.id,
            queue.org_id,
            'batch_processed',
            CASE WHEN @FAILURES > 0 THEN 'warning' ELSE 'success' END,
            CONCAT(N'1 customers were processed, ', @FAILURES, N' of them failed.'),
            1,
            @FAILURES,
            @WORKER_ID,
            @NOW
        FROM dbo.USER_CUSTOMER_QUEUE AS queue WITH (READUNCOMMITTED)
        WHERE queue.id = @QUEUE_ID;

        SET @ACTIVITY_ID = CONVERT(bigint, SCOPE_IDENTITY());
    END;
END;
GO
