SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountNotifications
    How messages to people stand: how many wait, since when the longest overdue one has been due, how many failed for good lately.

Called by    syncctl health, syncctl alerts run
Returns      one row: WAITING, OLDEST_DUE_DT (it may lie ahead), FAILED_LATELY (given up within @HOURS)
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountNotifications;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountNotifications
    @HOURS int = 24,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    IF @HOURS IS NULL OR @HOURS NOT BETWEEN 1 AND 8760
    BEGIN
        THROW 50001, N'@HOURS takes 1 to 8760.', 1;
    END;

    SELECT
        (SELECT COUNT(*) FROM dbo.USER_NOTIFICATION AS message WHERE message.STATE IN ('PENDING', 'CLAIMED')) AS WAITING,
        (
            SELECT MIN(CASE WHEN message.STATE = 'CLAIMED' THEN message.LEASE_UNTIL_DT ELSE message.NEXT_ATTEMPT_DT END)
            FROM dbo.USER_NOTIFICATION AS message
            WHERE message.STATE IN ('PENDING', 'CLAIMED')
        ) AS OLDEST_DUE_DT,
        (
            SELECT COUNT(*)
            FROM dbo.USER_NOTIFICATION AS message
            WHERE message.STATE = 'FAILED' AND message.ENDED_DT >= DATEADD(HOUR, -@HOURS, @NOW)
        ) AS FAILED_LATELY;
END;
GO
