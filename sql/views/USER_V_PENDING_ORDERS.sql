SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_V_PENDING_ORDERS
    Orders that wait to be applied, with how long: since they were staged, restaged, or sent round again.

Used by      people: SELECT * FROM dbo.USER_V_PENDING_ORDERS ORDER BY WAITING_SINCE_DT;
*/
CREATE OR ALTER VIEW dbo.USER_V_PENDING_ORDERS
AS
SELECT
    waiting.STAGING_ID,
    waiting.STORE_ID,
    waiting.WOO_ORDER_ID,
    waiting.WOO_ORDER_NO,
    waiting.PENDING_ACTION,
    waiting.ATTEMPT_NO,
    waiting.TOT_AMT,
    waiting.CURRENCY,
    waiting.WAITING_SINCE_DT,
    DATEDIFF(MINUTE, waiting.WAITING_SINCE_DT, SYSUTCDATETIME()) AS WAITING_MINUTES
FROM
(
    SELECT
        staged.STAGING_ID,
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.WOO_ORDER_NO,
        staged.PENDING_ACTION,
        staged.ATTEMPT_NO,
        staged.TOT_AMT,
        staged.CURRENCY,
        COALESCE
        (
            (
                SELECT MAX(event.EVENT_DT)
                FROM dbo.USER_ORDER_EVENT AS event
                WHERE event.STORE_ID = staged.STORE_ID
                AND   event.WOO_ORDER_ID = staged.WOO_ORDER_ID
                AND   event.EVENT_TYPE IN ('STAGED', 'RESTAGED', 'CANCEL_STAGED', 'RETRY_DECIDED', 'ROLLED_BACK')
            ),
            staged.CREATED_DT
        ) AS WAITING_SINCE_DT
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STATE = 'PENDING'
) AS waiting;
GO
