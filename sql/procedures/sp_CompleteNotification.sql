SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CompleteNotification
    Notes a message as sent, or as dropped with the reason.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      nothing
Errors       50001 bad argument; 50004 no such message; 50010 lease lost
Locks        the message's row, for this short transaction
Repeatable   no: the second call finds the lease gone (50010)
Example      EXECUTE dbo.sp_CompleteNotification @NOTIFICATION_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @RESULT = 'sent';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CompleteNotification
    @NOTIFICATION_ID bigint,
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

    IF @RESULT IS NULL OR @RESULT NOT IN ('sent', 'dropped')
    BEGIN
        THROW 50001, N'@RESULT takes sent, dropped.', 1;
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
            STATE = UPPER(@RESULT),
            DETAIL = @DETAIL,
            LEASE_UNTIL_DT = NULL,
            NEXT_ATTEMPT_DT = NULL,
            ENDED_DT = @NOW
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
