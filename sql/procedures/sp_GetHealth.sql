SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetHealth
    The state of the database side at one moment.

Called by    syncctl health
Returns      one row: the columns of USER_V_HEALTH, and NOW_DT, what time it is here
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_GetHealth;
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetHealth
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    SELECT
        health.PENDING,
        health.CLAIMED,
        health.FAILED,
        health.REVIEW,
        (
            SELECT COUNT(*)
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STATE = 'CLAIMED'
            AND   staged.LEASE_UNTIL_DT <= @NOW
        ) AS STUCK,
        health.WRITE_BACK_PENDING,
        health.WRITE_BACK_FAILED,
        health.OLDEST_PENDING_DT,
        health.OLDEST_FAILED_DUE_DT,
        health.OLDEST_WRITE_BACK_DT,
        health.OLDEST_WRITE_BACK_DUE_DT,
        health.LAST_SUCCESS_DT,
        health.LAST_STAGE_DT,
        health.LAST_APPLIED_DT,
        (
            SELECT COUNT(*)
            FROM dbo.USER_SYNC_LOG AS run
            WHERE run.SUCCESS = 0
            AND   COALESCE(run.EXIT_CODE, 1) <> 75
            AND   run.END_TIME >= DATEADD(HOUR, -24, @NOW)
        ) AS RECENT_ERRORS,
        NOW_DT = @NOW
    FROM dbo.USER_V_HEALTH AS health;
END;
GO
