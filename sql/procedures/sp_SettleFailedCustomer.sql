SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SettleFailedCustomer
    Writes a failure on a line that is held, with its next try, and into the activity log.

Called by    sp_ApplyCustomers, sp_FailCustomer, inside their transaction, behind the fence
Parameters   @STATE OUTPUT draft (tried again at @NEXT_ATTEMPT_DT OUTPUT) or failed
Returns      no rows
Errors       none of its own
Locks        the line's row
Repeatable   no: each call counts one try
Note         Of the queue's row only what never changes is read, and past its lock: whoever fills, retries or ends a queue holds that row
             and then waits for lines, so nobody who holds a line may wait for it.
Example      EXECUTE dbo.sp_SettleFailedCustomer @LINE_ID = 42, @MESSAGE = N'no name', @STATE = @STATE OUTPUT,
                 @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SettleFailedCustomer
    @LINE_ID int,
    @MESSAGE nvarchar(max),
    @IS_PASSING bit = 0,
    @STATE varchar(20) OUTPUT,
    @NEXT_ATTEMPT_DT datetime2(3) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @QUEUE_ID int,
        @TRIES int,
        @MAX_RETRIES int,
        @STATUS varchar(20),
        @NAME nvarchar(300),
        @WORKER_ID nvarchar(100),
        @SAID nvarchar(max),
        @TEXT nvarchar(2000) = LEFT(@MESSAGE, 2000);

    /* Never half a character: the first half of a pair at the end goes too. */
    IF UNICODE(RIGHT(@TEXT, 1)) BETWEEN 55296 AND 56319
    BEGIN
        SET @TEXT = LEFT(@TEXT, LEN(@TEXT) - 1);
    END;

    SELECT
        @QUEUE_ID = line.queue_id,
        @TRIES = line.process_count + 1,
        @MAX_RETRIES = queue.max_retries,
        @WORKER_ID = line.lease_owner,
        @NAME = CONCAT(N'Customer ', COALESCE(CONVERT(nvarchar(254), NULLIF(line.woo_customer_id, 0)), line.email))
    FROM dbo.woo_customer_sync_queue_line AS line
    INNER JOIN dbo.USER_CUSTOMER_QUEUE AS queue WITH (READUNCOMMITTED)
        ON queue.id = line.queue_id
    WHERE line.id = @LINE_ID;

    SET @STATE = CASE WHEN @IS_PASSING = 1 AND @TRIES <= @MAX_RETRIES THEN 'draft' ELSE 'failed' END;
    SET @NEXT_ATTEMPT_DT = CASE
        WHEN @STATE = 'draft' THEN DATEADD(SECOND, CASE WHEN @TRIES > 6 THEN 64 ELSE POWER(2, @TRIES - 1) END, @NOW)
    END;

    UPDATE dbo.woo_customer_sync_queue_line
    SET
        state = @STATE,
        process_count = @TRIES,
        error_message = @TEXT,
        last_error_timestamp = @NOW,
        is_action_required = CASE WHEN @STATE = 'failed' AND @TRIES > @MAX_RETRIES THEN 1 ELSE 0 END,
        next_attempt_dt = COALESCE(@NEXT_ATTEMPT_DT, next_attempt_dt),
        lease_until_dt = NULL,
        processed_at = @NOW
    WHERE id = @LINE_ID;

    SET @STATUS = CASE WHEN @STATE = 'draft' THEN 'warning' ELSE 'error' END;
    SET @SAID = CONCAT(@NAME, N': ', CASE WHEN @STATE = 'draft' THEN CONCAT(N'Try ', @TRIES, N': ') END, @MESSAGE);

    EXECUTE dbo.sp_WriteCustomerActivity
        @QUEUE_ID = @QUEUE_ID,
        @ACTIVITY_TYPE = 'customer_failed',
        @STATUS = @STATUS,
        @MESSAGE = @SAID,
        @WORKER_ID = @WORKER_ID,
        @NOW = @NOW;
END;
GO
