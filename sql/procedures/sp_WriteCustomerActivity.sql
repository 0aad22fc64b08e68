SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteCustomerActivity
    Notes what happened to a queue of customers.

Called by    the procedures of the customer queue, inside their transaction
Returns      nothing
Errors       none of its own
Locks        none beyond the new row
Repeatable   no: each call writes a row
Note         Of the queue's row only what never changes is read, and past its lock: whoever fills, retries or ends a queue holds that row
             and then waits for lines, so nobody who holds a line may wait for it.
Example      EXECUTE dbo.sp_WriteCustomerActivity @QUEUE_ID = 7, @ACTIVITY_TYPE = 'retry', @STATUS = 'success', @MESSAGE = N'…';
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteCustomerActivity
    @QUEUE_ID int,
    @ACTIVITY_TYPE varchar(50),
    @STATUS varchar(20),
    @MESSAGE nvarchar(max),
    @WORKER_ID nvarchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    INSERT INTO dbo.woo_sync_activity
    (
        queue_id, org_id, activity_type, status, message, worker_id, created_at
    )
    SELECT
        queue.id, queue.org_id, @ACTIVITY_TYPE, @STATUS, LEFT(@MESSAGE, 2000), @WORKER_ID, @NOW
    FROM dbo.USER_CUSTOMER_QUEUE AS queue WITH (READUNCOMMITTED)
    WHERE queue.id = @QUEUE_ID;
END;
GO
