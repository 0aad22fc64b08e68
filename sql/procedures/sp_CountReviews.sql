SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountReviews
    What came to a person lately: for each class of error how many orders wait with it and the latest of their dead letters, and how many
    orders of @HOURS were applied, or came to a person for their amounts.

Called by    syncctl alerts run
Returns      one row for each class of error that orders wait with: ERROR_CLASS, ORDERS, LATEST_ID; and one with ERROR_CLASS NULL: ORDERS
             (applied or come to a person for their amounts within @HOURS), and MISMATCHED, how many of these are the latter
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountReviews @HOURS = 24;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountReviews
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

    DECLARE @SINCE datetime2(3) = DATEADD(HOUR, -@HOURS, @NOW);
    DECLARE @MISMATCHED int =
    (
        SELECT COUNT(*)
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.CREATED_DT >= @SINCE
        AND   letter.ERROR_CODE IN ('total', 'price', 'amount')
    );
    DECLARE @APPLIED int =
    (
        SELECT COUNT(*)
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.APPLIED_DT IS NOT NULL
        AND   staged.APPLIED_DT >= @SINCE
    );

    SELECT
        counted.ERROR_CLASS,
        counted.ORDERS,
        counted.LATEST_ID,
        counted.MISMATCHED
    FROM
    (
        SELECT
            letter.ERROR_CLASS AS ERROR_CLASS,
            COUNT(*) AS ORDERS,
            MAX(letter.DEAD_LETTER_ID) AS LATEST_ID,
            0 AS MISMATCHED
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.DECISION IS NULL
        GROUP BY
            letter.ERROR_CLASS
        UNION ALL
        SELECT
            CONVERT(varchar(20), NULL),
            @APPLIED + @MISMATCHED,
            0,
            @MISMATCHED
    ) AS counted
    ORDER BY
        counted.ERROR_CLASS;
END;
GO
