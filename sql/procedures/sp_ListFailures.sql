SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListFailures
    Why attempts at orders failed, by cause, and how many of those orders still wait.

Called by    syncctl stats, syncctl report
Parameters   @SINCE_DT up to @UNTIL_DT; @STORE_ID NULL: every store
Returns      STORE_ID, ERROR_CLASS, ERROR_CODE, ATTEMPTS, ORDERS, OPEN_ORDERS (failed or in review now), LAST_DT, and of the last one as the
             example STAGING_ID, WOO_ORDER_NO, MESSAGE; most orders first
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListFailures @SINCE_DT = '2026-11-26', @UNTIL_DT = '2026-11-27';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListFailures
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

    EXECUTE dbo.sp_FirstRowOf @WHAT = 'attempts', @SINCE_DT = @SINCE_DT, @FIRST_ID = @FIRST_ID OUTPUT;

    SELECT
        cause.STORE_ID,
        cause.ERROR_CLASS,
        cause.ERROR_CODE,
        cause.ATTEMPTS,
        cause.ORDERS,
        cause.OPEN_ORDERS,
        example.ATTEMPT_DT AS LAST_DT,
        example.STAGING_ID,
        held.WOO_ORDER_NO,
        LEFT(example.ERROR_MESSAGE, 500) AS MESSAGE
    FROM
    (
        SELECT
            staged.STORE_ID,
            attempt.ERROR_CLASS,
            attempt.ERROR_CODE,
            COUNT(*) AS ATTEMPTS,
            COUNT(DISTINCT attempt.STAGING_ID) AS ORDERS,
            COUNT(DISTINCT CASE WHEN staged.STATE IN ('FAILED', 'NEEDS_MANUAL_REVIEW') THEN attempt.STAGING_ID END) AS OPEN_ORDERS,
            MAX(attempt.ATTEMPT_ID) AS LAST_ID
        FROM dbo.USER_ORDER_ATTEMPT AS attempt
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = attempt.STAGING_ID
        WHERE attempt.ATTEMPT_ID >= @FIRST_ID
        AND   attempt.ATTEMPT_DT >= @SINCE_DT
        AND   attempt.ATTEMPT_DT < @UNTIL_DT
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        GROUP BY
            staged.STORE_ID,
            attempt.ERROR_CLASS,
            attempt.ERROR_CODE
    ) AS cause
    INNER JOIN dbo.USER_ORDER_ATTEMPT AS example
        ON example.ATTEMPT_ID = cause.LAST_ID
    INNER JOIN dbo.USER_ORDER_STAGING AS held
        ON held.STAGING_ID = example.STAGING_ID
    ORDER BY
        cause.ORDERS DESC,
        cause.STORE_ID,
        cause.ERROR_CLASS,
        cause.LAST_ID DESC;
END;
GO
