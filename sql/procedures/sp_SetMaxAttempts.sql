SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetMaxAttempts
    Gives one order its own number of attempts in all, or with NULL the policy's.

Called by    syncctl process --max-retries
Returns      nothing
Errors       50001 bad argument; 50004 no such staging id
Locks        the order's row
Repeatable   yes
Example      EXECUTE dbo.sp_SetMaxAttempts @STAGING_ID = 123, @MAX_ATTEMPTS = 5;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetMaxAttempts
    @STAGING_ID int,
    @MAX_ATTEMPTS int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @MESSAGE nvarchar(2000);

    IF @MAX_ATTEMPTS NOT BETWEEN 1 AND 100
    BEGIN
        THROW 50001, N'@MAX_ATTEMPTS takes 1 to 100, or NULL.', 1;
    END;

    UPDATE dbo.USER_ORDER_STAGING
    SET
        MAX_ATTEMPTS = @MAX_ATTEMPTS,
        UPDATED_DT = @NOW
    WHERE STAGING_ID = @STAGING_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;
END;
GO
