SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListReviewCauses
    Why orders wait for a person: how many for each class of error, and one of each as an example.

Called by    syncctl health
Returns      ERROR_CLASS, ORDERS, and of the order that was staged first STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, MESSAGE;
             the class with most orders first
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListReviewCauses;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListReviewCauses
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        cause.ERROR_CLASS,
        cause.ORDERS,
        example.STAGING_ID,
        example.STORE_ID,
        example.WOO_ORDER_ID,
        example.WOO_ORDER_NO,
        COALESCE(example.VALIDATION_ERROR, example.STATE_REASON) AS MESSAGE
    FROM
    (
        SELECT
            waiting.ERROR_CLASS,
            COUNT(*) AS ORDERS,
            MIN(waiting.STAGING_ID) AS STAGING_ID
        FROM
        (
            SELECT
                COALESCE(staged.ERROR_CLASS, 'unknown') AS ERROR_CLASS,
                staged.STAGING_ID
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STATE = 'NEEDS_MANUAL_REVIEW'
        ) AS waiting
        GROUP BY
            waiting.ERROR_CLASS
    ) AS cause
    INNER JOIN dbo.USER_ORDER_STAGING AS example
        ON example.STAGING_ID = cause.STAGING_ID
    ORDER BY
        cause.ORDERS DESC,
        cause.ERROR_CLASS;
END;
GO
