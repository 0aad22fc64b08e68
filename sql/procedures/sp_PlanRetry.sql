SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_PlanRetry
    Says how a failure of one class is treated, and when to try again: after what the caller asks, else after the policy's back-off.

Called by    sp_FailStagedOrder, sp_FailOutbox
Returns      nothing; @MAX_ATTEMPTS, @DESTINATION and @NEXT_ATTEMPT_DT are output parameters
Errors       50004 neither the class nor 'unknown' has a policy
Locks        none
Repeatable   yes
Note         Nothing waits longer than a week. @JITTER (0 to 1) adds up to a tenth, so that many failures of one moment spread out.
Example      DECLARE @MOST int, @END varchar(20), @DUE datetime2(3);
             EXECUTE dbo.sp_PlanRetry @ERROR_CLASS = 'deadlock', @ATTEMPT_NO = 2, @RETRY_AFTER_SECONDS = NULL, @JITTER = 0.5,
                 @MAX_ATTEMPTS = @MOST OUTPUT, @DESTINATION = @END OUTPUT, @NEXT_ATTEMPT_DT = @DUE OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_PlanRetry
    @ERROR_CLASS varchar(20),
    @ATTEMPT_NO int,
    @RETRY_AFTER_SECONDS decimal(15, 4),
    @JITTER decimal(15, 4),
    @MAX_ATTEMPTS int OUTPUT,
    @DESTINATION varchar(20) OUTPUT,
    @NEXT_ATTEMPT_DT datetime2(3) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @BACKOFF_SECONDS int;
    DECLARE @BACKOFF_FACTOR int;
    DECLARE @BACKOFF_CAP_SECONDS int;

    SELECT TOP (1)
        @MAX_ATTEMPTS = policy.MAX_ATTEMPTS,
        @DESTINATION = policy.DESTINATION,
        @BACKOFF_SECONDS = policy.BACKOFF_SECONDS,
        @BACKOFF_FACTOR = policy.BACKOFF_FACTOR,
        @BACKOFF_CAP_SECONDS = policy.BACKOFF_CAP_SECONDS
    FROM dbo.USER_RETRY_POLICY AS policy
    WHERE policy.ERROR_CLASS IN (@ERROR_CLASS, 'unknown')
    ORDER BY
        CASE WHEN policy.ERROR_CLASS = @ERROR_CLASS THEN 0 ELSE 1 END;

    IF @BACKOFF_SECONDS IS NULL
    BEGIN
        THROW 50004, N'USER_RETRY_POLICY has no row ''unknown''; `syncctl db deploy` puts it back.', 1;
    END;

    DECLARE @DOUBLINGS int = CASE WHEN @ATTEMPT_NO < 1 THEN 0 WHEN @ATTEMPT_NO > 11 THEN 10 ELSE @ATTEMPT_NO - 1 END;
    DECLARE @BACKOFF float = @BACKOFF_SECONDS * POWER(CAST(@BACKOFF_FACTOR AS float), @DOUBLINGS);
    DECLARE @WAIT decimal(15, 4) = CASE WHEN @BACKOFF > @BACKOFF_CAP_SECONDS THEN @BACKOFF_CAP_SECONDS ELSE @BACKOFF END;

    SET @WAIT = @WAIT * (1 + 0.1 * COALESCE(@JITTER, 0));

    IF @RETRY_AFTER_SECONDS IS NOT NULL
    BEGIN
        SET @WAIT = CASE WHEN @RETRY_AFTER_SECONDS < 0 THEN 0 WHEN @RETRY_AFTER_SECONDS > 604800 THEN 604800 ELSE @RETRY_AFTER_SECONDS END;
    END;

    SET @NEXT_ATTEMPT_DT = DATEADD(MILLISECOND, CAST(ROUND(@WAIT * 1000, 0) AS int), @NOW);
END;
GO
