SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReleaseNotification
    Gives a claimed message back untried. The attempt doesn't count.

Called by    syncctl pod-fetch, syncctl pod-retry, when a way to people is down or they stop early
Returns      nothing
Errors       50004 no such message; 50010 lease lost
Locks        the message's row, for this short transaction
Repeatable   no: the second time the lease is lost
Example      EXECUTE dbo.sp_ReleaseNotification @NOTIFICATION_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReleaseNotification
    @NOTIFICATION_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceNotification
            @NOTIFICATION_ID = @NOTIFICATION_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        UPDATE dbo.USER_NOTIFICATION
        SET
            STATE = 'PENDING',
            ATTEMPT_NO = ATTEMPT_NO - 1,
            LEASE_OWNER = NULL,
            LEASE_UNTIL_DT = NULL
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
