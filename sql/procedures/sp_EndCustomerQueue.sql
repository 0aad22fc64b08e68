SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_EndCustomerQueue
    Ends a queue for good: done gives up what is open and what failed, cancel gives up what is open.

Called by    syncctl customers force-done|cancel
Parameters   @DECISION done or cancel; @REASON is required for done
Returns      CANCELLED: lines that were given up
Errors       50001 bad argument; 50004 no such queue; 50020 it was ended, or there is nothing left to do
Locks        the queue's row, then the lines it changes
Repeatable   no: the second call gets 50020
Note         A worker that holds one of the lines can't settle it any more: its fence refuses (50010).
Example      EXECUTE dbo.sp_EndCustomerQueue @QUEUE_ID = 7, @ORG_ID = 'woocommerce', @DECISION = 'done', @DECIDED_BY = N'ada', @REASON = N'spam';
*/
CREATE OR ALTER PROCEDURE dbo.sp_EndCustomerQueue
    @QUEUE_ID int,
    @ORG_ID varchar(50),
    @DECISION varchar(20),
    @DECIDED_BY nvarchar(100),
    @REASON nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());
    SET @REASON = NULLIF(LTRIM(RTRIM(@REASON)), N'');

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN COALESCE(@DECISION, '') NOT IN ('done', 'cancel') THEN N'@DECISION takes done, cancel. ' END,
        CASE WHEN NULLIF(@DECIDED_BY, N'') IS NULL THEN N'@DECIDED_BY is required. ' END,
        CASE WHEN @DECISION = 'done' AND @REASON IS NULL THEN N'@REASON is required. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @STATE varchar(20);
    DECLARE @ACTIVITY_TYPE varchar(50) = CASE WHEN @DECISION = 'done' THEN 'force_done' ELSE 'cancelled' END;
    DECLARE @CANCELLED int;
    DECLARE @SAID nvarchar(700) = CONCAT
    (
        CASE WHEN @DECISION = 'done' THEN N'done' ELSE N'cancelled' END, N' by ', @DECIDED_BY, N': ' + @REASON
    );

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_RequireCustomerQueue
            @QUEUE_ID = @QUEUE_ID,
            @ORG_ID = @ORG_ID,
            @IS_OPEN = 1;

        SELECT
            @STATE = queue.state
        FROM dbo.woo_customer_sync_queue AS queue
        WHERE queue.id = @QUEUE_ID;

        IF @STATE = 'done' OR (@STATE = 'failed' AND @DECISION = 'cancel')
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Customer queue ', @QUEUE_ID, N' is ', @STATE, N': there is nothing left to do.',
                CASE WHEN @STATE = 'failed' THEN N' `customers force-done` gives up what failed.' END
            );
            THROW 50020, @MESSAGE, 1;
        END;

        UPDATE dbo.woo_customer_sync_queue_line
        SET
            state = 'cancelled',
            error_message = COALESCE(error_message, LEFT(@SAID, 500)),
            is_action_required = 0,
            lease_owner = NULL,
            lease_until_dt = NULL
        WHERE queue_id = @QUEUE_ID
        AND   (state IN ('draft', 'processing') OR (state = 'failed' AND @DECISION = 'done'));

        SET @CANCELLED = @@ROWCOUNT;

        UPDATE dbo.USER_CUSTOMER_QUEUE
        SET
            phase = CASE WHEN @DECISION = 'done' THEN 'done' ELSE 'cancelled' END,
            end_reason = LEFT(@SAID, 500),
            filled_at = COALESCE(filled_at, @NOW),
            updated_at = @NOW
        WHERE id = @QUEUE_ID;

        SET @MESSAGE = CONCAT(N'The queue was ', @SAID, N'. ', @CANCELLED, N' customers were given up.');

        EXECUTE dbo.sp_WriteCustomerActivity
            @QUEUE_ID = @QUEUE_ID,
            @ACTIVITY_TYPE = @ACTIVITY_TYPE,
            @STATUS = 'warning',
            @MESSAGE = @MESSAGE,
            @WORKER_ID = @DECIDED_BY,
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
        CANCELLED = @CANCELLED;
END;
GO
