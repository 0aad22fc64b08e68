SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountAttempts
    At which attempt orders came through: how many documents were made, changed or closed at the first, the second, and so on.

Called by    syncctl stats, syncctl report
Parameters   @SINCE_DT up to @UNTIL_DT; @STORE_ID NULL: every store
Returns      STORE_ID, ATTEMPT_NO, ORDERS
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountAttempts @SINCE_DT = '2026-11-01', @UNTIL_DT = '2026-12-01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountAttempts
    @SINCE_DT datetime2(3),
    @UNTIL_DT datetime2(3),
    @STORE_ID varchar(50) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @FIRST_ID bigint;

    IF @SINCE_DT IS NULL OR @UNTIL_DT IS NULL OR @SINCE_DT >= @UNTIL_DT
    BEGIN
        THROW 50001, N'@SINCE_DT must be before @UNTIL_DT.', 1;
    END;

    EXECUTE dbo.sp_FirstRowOf @WHAT = 'events', @SINCE_DT = @SINCE_DT, @FIRST_ID = @FIRST_ID OUTPUT;

    SELECT
        event.STORE_ID,
        COALESCE(event.ATTEMPT_NO, 1) AS ATTEMPT_NO,
        COUNT(*) AS ORDERS
    FROM dbo.USER_ORDER_EVENT AS event
    WHERE event.EVENT_ID >= @FIRST_ID
    AND   event.EVENT_DT >= @SINCE_DT
    AND   event.EVENT_DT < @UNTIL_DT
    AND   event.EVENT_TYPE IN ('CREATED', 'REOPENED', 'UPDATED', 'CANCELLED', 'ALREADY_APPLIED')
    AND   (@STORE_ID IS NULL OR event.STORE_ID = @STORE_ID)
    GROUP BY
        event.STORE_ID,
        COALESCE(event.ATTEMPT_NO, 1)
    ORDER BY
        event.STORE_ID,
        ATTEMPT_NO;
END;
GO
