SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_V_FAILED_ORDERS
    Orders that failed: FAILED (tried again at NEXT_ATTEMPT_DT) and NEEDS_MANUAL_REVIEW (a person decides), with their last
    error and how long ago it was.

Used by      people: SELECT * FROM dbo.USER_V_FAILED_ORDERS ORDER BY FAILED_DT;
*/
CREATE OR ALTER VIEW dbo.USER_V_FAILED_ORDERS
AS
SELECT
    failed.STAGING_ID,
    failed.STORE_ID,
    failed.WOO_ORDER_ID,
    failed.WOO_ORDER_NO,
    failed.STATE,
    failed.PENDING_ACTION,
    failed.ERROR_CLASS,
    failed.VALIDATION_ERROR,
    failed.ATTEMPT_NO,
    failed.NEXT_ATTEMPT_DT,
    failed.IS_APPLIED,
    failed.CP_DOC_ID,
    failed.TKT_NO,
    failed.TOT_AMT,
    failed.FAILED_DT,
    DATEDIFF(MINUTE, failed.FAILED_DT, SYSUTCDATETIME()) AS FAILED_MINUTES
FROM
(
    SELECT
        staged.STAGING_ID,
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.WOO_ORDER_NO,
        staged.STATE,
        staged.PENDING_ACTION,
        staged.ERROR_CLASS,
        staged.VALIDATION_ERROR,
        staged.ATTEMPT_NO,
        staged.NEXT_ATTEMPT_DT,
        staged.IS_APPLIED,
        staged.CP_DOC_ID,
        staged.TKT_NO,
        staged.TOT_AMT,
        COALESCE
        (
            (SELECT MAX(attempt.ATTEMPT_DT) FROM dbo.USER_ORDER_ATTEMPT AS attempt WHERE attempt.STAGING_ID = staged.STAGING_ID),
            staged.UPDATED_DT,
            staged.CREATED_DT
        ) AS FAILED_DT
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STATE IN ('FAILED', 'NEEDS_MANUAL_REVIEW')
) AS failed;
GO
