SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CompleteOutbox
    Notes a message as delivered, or as dropped with the reason.

Called by    syncctl process, syncctl retry-failed, syncctl sync-status
Returns      nothing
Errors       50001 bad argument; 50004 no such message; 50010 lease lost
Locks        the message's row, for this short transaction
Repeatable   yes: the same attempt may say so twice
Example      EXECUTE dbo.sp_CompleteOutbox @OUTBOX_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @RESULT = 'delivered';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CompleteOutbox
    @OUTBOX_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @RESULT varchar(20),
    @DETAIL nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    IF @RESULT IS NULL OR @RESULT NOT IN ('delivered', 'dropped')
    BEGIN
        THROW 50001, N'@RESULT takes delivered, dropped.', 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceOutbox
            @OUTBOX_ID = @OUTBOX_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @FINISHED = 1,
            @NOW = @NOW;

        UPDATE dbo.USER_STORE_OUTBOX
        SET
            STATE = CASE WHEN @RESULT = 'delivered' THEN 'DONE' ELSE 'DROPPED' END,
            DETAIL = @DETAIL,
            DELIVERED_DT = CASE WHEN @RESULT = 'delivered' THEN @NOW END,
            LEASE_UNTIL_DT = NULL,
            ERROR_CLASS = NULL,
            ERROR_CODE = NULL,
            ERROR_MESSAGE = NULL
        WHERE OUTBOX_ID = @OUTBOX_ID
        AND   STATE = 'CLAIMED';

        /* No row: it was finished by the first of two calls, whose event stands. */
        IF @@ROWCOUNT = 1
        BEGIN
            INSERT INTO dbo.USER_ORDER_EVENT
                (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
            SELECT
                message.STORE_ID,
                message.WOO_ORDER_ID,
                message.STAGING_ID,
                @NOW,
                CASE WHEN @RESULT = 'delivered' THEN 'WRITTEN_BACK' ELSE 'WRITE_BACK_DROPPED' END,
                NULL,
                @WORKER_ID,
                @ATTEMPT_NO,
                CONCAT(message.KIND, N': ', COALESCE(NULLIF(@DETAIL, N''), NULLIF(message.NOTE, N''), message.TARGET_STATUS))
            FROM dbo.USER_STORE_OUTBOX AS message
            WHERE message.OUTBOX_ID = @OUTBOX_ID;
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
END;
GO
