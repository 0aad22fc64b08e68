SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListOrderAttempts
    Every failed attempt at a staged order, in time order.

Called by    syncctl dead-letter show
Returns      ATTEMPT_DT, ATTEMPT_NO, WORKER_ID, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListOrderAttempts @STAGING_ID = 123;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListOrderAttempts
    @STAGING_ID int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        attempt.ATTEMPT_DT,
        attempt.ATTEMPT_NO,
        attempt.WORKER_ID,
        attempt.PENDING_ACTION,
        attempt.ERROR_CLASS,
        attempt.ERROR_CODE,
        attempt.ERROR_MESSAGE
    FROM dbo.USER_ORDER_ATTEMPT AS attempt
    WHERE attempt.STAGING_ID = @STAGING_ID
    ORDER BY
        attempt.ATTEMPT_ID;
END;
GO
