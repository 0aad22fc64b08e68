SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FenceNotification
    Locks a message for the caller's transaction and makes sure that this worker's attempt still holds it.

Called by    sp_CompleteNotification, sp_FailNotification, sp_ReleaseNotification, first thing in their transaction
Returns      nothing
Errors       50004 no such message; 50010 another worker or attempt holds the message, or nobody does
Locks        the message's row, exclusively, until the caller's transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_FenceNotification @NOTIFICATION_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FenceNotification
    @NOTIFICATION_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @STATE varchar(20);
    DECLARE @LEASE_OWNER nvarchar(100);
    DECLARE @HELD_ATTEMPT_NO int;

    /* An UPDATE, not a hint: it holds the row on every engine and isolation level. */
    UPDATE dbo.USER_NOTIFICATION
    SET ATTEMPT_NO = ATTEMPT_NO
    WHERE NOTIFICATION_ID = @NOTIFICATION_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'Notification id ', @NOTIFICATION_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @STATE = message.STATE,
        @LEASE_OWNER = message.LEASE_OWNER,
        @HELD_ATTEMPT_NO = message.ATTEMPT_NO
    FROM dbo.USER_NOTIFICATION AS message
    WHERE message.NOTIFICATION_ID = @NOTIFICATION_ID;

    IF  @LEASE_OWNER = @WORKER_ID
    AND @HELD_ATTEMPT_NO = @ATTEMPT_NO
    AND @STATE = 'CLAIMED'
    BEGIN
        RETURN;
    END;

    SET @MESSAGE = CONCAT
    (
        N'Notification ', @NOTIFICATION_ID, N': attempt ', @ATTEMPT_NO, N' of ', @WORKER_ID,
        N' no longer holds it; it is ', @STATE, N' at attempt ', @HELD_ATTEMPT_NO, N' now. Nothing was written.'
    );
    THROW 50010, @MESSAGE, 1;
END;
GO
