SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FailNotification
    Notes a failed delivery: tried again after @RETRY_AFTER_SECONDS, or given up and kept where that is NULL.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      nothing
Errors       50001 bad argument; 50004 no such message; 50010 lease lost
Locks        the message's row, for this short transaction
Repeatable   no: the second call finds the lease gone (50010)
Example      EXECUTE dbo.sp_FailNotification @NOTIFICATION_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @MESSAGE = N'no route';
*/
CREATE OR ALTER PROCEDURE dbo.sp_FailNotification
    @NOTIFICATION_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @MESSAGE nvarchar(max),
    @RETRY_AFTER_SECONDS int = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    IF @RETRY_AFTER_SECONDS NOT BETWEEN 0 AND 604800
    BEGIN
        THROW 50001, N'@RETRY_AFTER_SECONDS takes 0 to 604800.', 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceNotification
            @NOTIFICATION_ID = @NOTIFICATION_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        UPDATE dbo.USER_NOTIFICATION
        SET
            STATE = CASE WHEN @RETRY_AFTER_SECONDS IS NULL THEN 'FAILED' ELSE 'PENDING' END,
            ERROR_MESSAGE = @MESSAGE,
            LEASE_UNTIL_DT = NULL,
            NEXT_ATTEMPT_DT = DATEADD(SECOND, @RETRY_AFTER_SECONDS, @NOW),
            ENDED_DT = CASE WHEN @RETRY_AFTER_SECONDS IS NULL THEN @NOW END
        WHERE NOTIFICATION_ID = @NOTIFICATION_ID;

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
