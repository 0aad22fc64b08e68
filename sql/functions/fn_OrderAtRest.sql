SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_OrderAtRest
    Whether an order's history may be forgotten: nobody works on it, nothing waits for it, its document is no longer open in the ERP,
    and it has not changed since a moment. An order that was never staged is at rest.

Used by      sp_PurgeHistory
Returns      one row (AT_REST 1), or none
Example      SELECT rest.AT_REST FROM dbo.fn_OrderAtRest('woocommerce', 4711, '2026-01-01') AS rest;
*/
CREATE OR ALTER FUNCTION dbo.fn_OrderAtRest
(
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @BEFORE_DT datetime2(3)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        AT_REST = CONVERT(bit, 1)
    WHERE NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   staged.STORE_ID = @STORE_ID
        AND
        (
            staged.STATE NOT IN ('APPLIED', 'CANCELLED', 'SKIPPED')
            OR COALESCE(staged.UPDATED_DT, staged.CREATED_DT) >= @BEFORE_DT
        )
    )
    AND NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_LINK AS link
        WHERE link.STORE_ID = @STORE_ID
        AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   link.LINK_STATE = 'OPEN'
        AND   link.ERP_STATUS_TOLD <> 'gone'
    )
    AND NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_STORE_OUTBOX AS message
        WHERE message.STORE_ID = @STORE_ID
        AND   message.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   message.STATE NOT IN ('DONE', 'DROPPED')
    )
    AND NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.STORE_ID = @STORE_ID
        AND   letter.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   letter.DECISION IS NULL
    )
);
GO
