SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetRetryPolicy
    Changes how failures of one class are treated. What is NULL stays as it is.

Called by    syncctl config policy set
Returns      one row: ERROR_CLASS, MAX_ATTEMPTS, BACKOFF_SECONDS, BACKOFF_FACTOR, BACKOFF_CAP_SECONDS, DESTINATION, DESCR
Errors       50001 bad argument; 50004 no such class
Locks        the class's row
Repeatable   yes
Example      EXECUTE dbo.sp_SetRetryPolicy @ERROR_CLASS = 'deadlock', @MAX_ATTEMPTS = 20;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetRetryPolicy
    @ERROR_CLASS varchar(20),
    @MAX_ATTEMPTS int = NULL,
    @BACKOFF_SECONDS int = NULL,
    @BACKOFF_FACTOR int = NULL,
    @BACKOFF_CAP_SECONDS int = NULL,
    @DESTINATION varchar(20) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @MAX_ATTEMPTS NOT BETWEEN 1 AND 100 THEN N'@MAX_ATTEMPTS takes 1 to 100. ' END,
        CASE WHEN @BACKOFF_SECONDS NOT BETWEEN 0 AND 604800 THEN N'@BACKOFF_SECONDS takes 0 to 604800. ' END,
        CASE WHEN @BACKOFF_FACTOR NOT BETWEEN 1 AND 10 THEN N'@BACKOFF_FACTOR takes 1 to 10. ' END,
        CASE WHEN @BACKOFF_CAP_SECONDS NOT BETWEEN 0 AND 604800 THEN N'@BACKOFF_CAP_SECONDS takes 0 to 604800. ' END,
        CASE WHEN @DESTINATION NOT IN ('review', 'retry') THEN N'@DESTINATION takes review, retry. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    UPDATE dbo.USER_RETRY_POLICY
    SET
        MAX_ATTEMPTS = COALESCE(@MAX_ATTEMPTS, MAX_ATTEMPTS),
        BACKOFF_SECONDS = COALESCE(@BACKOFF_SECONDS, BACKOFF_SECONDS),
        BACKOFF_FACTOR = COALESCE(@BACKOFF_FACTOR, BACKOFF_FACTOR),
        BACKOFF_CAP_SECONDS = COALESCE(@BACKOFF_CAP_SECONDS, BACKOFF_CAP_SECONDS),
        DESTINATION = COALESCE(@DESTINATION, DESTINATION)
    WHERE ERROR_CLASS = @ERROR_CLASS;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'There is no error class ', @ERROR_CLASS, N'; `syncctl config policy list` lists them.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        policy.ERROR_CLASS,
        policy.MAX_ATTEMPTS,
        policy.BACKOFF_SECONDS,
        policy.BACKOFF_FACTOR,
        policy.BACKOFF_CAP_SECONDS,
        policy.DESTINATION,
        policy.DESCR
    FROM dbo.USER_RETRY_POLICY AS policy
    WHERE policy.ERROR_CLASS = @ERROR_CLASS;
END;
GO
