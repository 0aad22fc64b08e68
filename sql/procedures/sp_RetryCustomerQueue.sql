SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RetryCustomerQueue
    Makes a queue's failed lines due again. Those that were tried more often than the maximum need a person's word: @IS_FORCED.

Called by    syncctl customers retry
Returns      RETRIED, KEPT: failed lines that are due again, and that are left
Errors       50001 bad argument; 50004 no such queue; 50020 it was ended
Locks        the queue's row, then the lines it changes
Repeatable   yes: the second call finds none
Example      EXECUTE dbo.sp_RetryCustomerQueue @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @DECIDED_BY = N'ada';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RetryCustomerQueue
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @DECIDED_BY nvarchar(100),
    @IS_FORCED bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @RETRIED int;
    DECLARE @KEPT int;

    IF NULLIF(@DECIDED_BY, N'') IS NULL
    BEGIN
        THROW 50001, N'@DECIDED_BY is required.', 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_RequireCustomerQueue
            @QUEUE_ID = @QUEUE_ID,
            @ORG_ID = @ORG_ID,
            @IS_OPEN = 1;

        UPDATE dbo.woo_customer_sync_queue_line
        SET
            state = 'draft',
            next_attempt_dt = @NOW,
            lost_count = 0,
            lease_owner = NULL,
            lease_until_dt = NULL,
            process_count = CASE WHEN is_action_required = 1 THEN 0 ELSE process_count END,
            is_action_required = 0
        WHERE queue_id = @QUEUE_ID
        AND   state = 'failed'
        AND   (@IS_FORCED = 1 OR is_action_required = 0);

        SET @RETRIED = @@ROWCOUNT;

        SELECT
            @KEPT = COUNT(*)
        FROM dbo.woo_customer_sync_queue_line AS line
        WHERE line.queue_id = @QUEUE_ID
        AND   line.state = 'failed';

        IF @RETRIED > 0
        BEGIN
            UPDATE dbo.USER_CUSTOMER_QUEUE
            SET
                phase = 'draft',
                updated_at = @NOW
            WHERE id = @QUEUE_ID;

            SET @MESSAGE = CONCAT
            (
                @RETRIED, N' failed customers are tried again', CASE WHEN @IS_FORCED = 1 THEN N' (forced)' END, N', by ', @DECIDED_BY, N'; ',
                @KEPT, N' are left.'
            );

            EXECUTE dbo.sp_WriteCustomerActivity
                @QUEUE_ID = @QUEUE_ID,
                @ACTIVITY_TYPE = 'retry',
                @STATUS = 'success',
                @MESSAGE = @MESSAGE,
                @WORKER_ID = @DECIDED_BY,
                @NOW = @NOW;
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
        RETRIED = @RETRIED,
        KEPT = @KEPT;
END;
GO
