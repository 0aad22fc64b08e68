SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStorePushes
    How each store stands with being told: its items, how many were told or are refused, when a push last came to its end, whether one
    is held.

Called by    syncctl health, syncctl alerts, syncctl status, syncctl stats, syncctl report
Parameters   @STORE_ID NULL: every store; @ATTEMPTS from how many refusals in a row on an item counts as refused again and again
Returns      STORE_ID, KIND, ITEMS that the store listed, MANAGED (of which it keeps the stock, or the price), TOLD, REFUSED, STUBBORN (refused
             @ATTEMPTS times in a row), SKU and MESSAGE of the one that was refused most often, LISTED_DT (the oldest listing of any),
             TOLD_DT, TRIED_DT and ENDED_DT of the last push, HELD_DT, HELD_WHY, HELD_MESSAGE, CHANGE_COUNT and LEFT_JSON of the last push;
             by STORE_ID, KIND
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListStorePushes @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStorePushes
    @STORE_ID varchar(50) = NULL,
    @ATTEMPTS int = 3,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @ATTEMPTS IS NULL OR @ATTEMPTS < 1
    BEGIN
        THROW 50001, N'@ATTEMPTS takes 1 or more.', 1;
    END;

    SELECT
        push.STORE_ID,
        push.KIND,
        counted.ITEMS,
        counted.MANAGED,
        counted.TOLD,
        counted.REFUSED,
        counted.STUBBORN,
        worst.SKU,
        worst.MESSAGE,
        counted.LISTED_DT,
        counted.TOLD_DT,
        push.TRIED_DT,
        push.ENDED_DT,
        push.HELD_DT,
        push.HELD_WHY,
        push.HELD_MESSAGE,
        CHANGE_COUNT = COALESCE(push.CHANGE_COUNT, 0),
        push.LEFT_JSON
    FROM dbo.USER_STORE_PUSH AS push
    CROSS APPLY
    (
        SELECT
            ITEMS = COUNT(*),
            MANAGED = COUNT(CASE WHEN item.IS_KEPT = 1 THEN 1 END),
            TOLD = COUNT(CASE WHEN item.TOLD_DT IS NOT NULL THEN 1 END),
            REFUSED = COUNT(CASE WHEN item.ERROR_MESSAGE IS NOT NULL THEN 1 END),
            STUBBORN = COUNT(CASE WHEN item.ERROR_MESSAGE IS NOT NULL AND item.ATTEMPT_NO >= @ATTEMPTS THEN 1 END),
            LISTED_DT = MIN(item.LISTED_DT),
            TOLD_DT = MAX(item.TOLD_DT)
        FROM
        (
            SELECT
                IS_KEPT = CASE
                    WHEN push.KIND = 'price' AND known.IS_PRICED = 1 THEN 1
                    WHEN push.KIND = 'stock' AND known.IS_MANAGED = 1 AND known.IS_BACKORDER = 0 THEN 1
                    ELSE 0
                END,
                TOLD_DT = CASE WHEN push.KIND = 'price' THEN known.PRICE_TOLD_DT ELSE known.TOLD_DT END,
                ATTEMPT_NO = CASE WHEN push.KIND = 'price' THEN known.PRICE_ATTEMPT_NO ELSE known.ATTEMPT_NO END,
                ERROR_MESSAGE = CASE WHEN push.KIND = 'price' THEN known.PRICE_ERROR_MESSAGE ELSE known.ERROR_MESSAGE END,
                known.LISTED_DT
            FROM dbo.USER_STORE_ITEM AS known
            WHERE known.STORE_ID = push.STORE_ID
        ) AS item
    ) AS counted
    OUTER APPLY
    (
        SELECT TOP (1)
            item.SKU,
            MESSAGE = CASE WHEN push.KIND = 'price' THEN item.PRICE_ERROR_MESSAGE ELSE item.ERROR_MESSAGE END
        FROM dbo.USER_STORE_ITEM AS item
        WHERE item.STORE_ID = push.STORE_ID
        AND   CASE WHEN push.KIND = 'price' THEN item.PRICE_ERROR_MESSAGE ELSE item.ERROR_MESSAGE END IS NOT NULL
        ORDER BY
            CASE WHEN push.KIND = 'price' THEN item.PRICE_ATTEMPT_NO ELSE item.ATTEMPT_NO END DESC,
            item.SKU,
            item.PRODUCT_ID
    ) AS worst
    WHERE @STORE_ID IS NULL
    OR    push.STORE_ID = @STORE_ID
    ORDER BY
        push.STORE_ID,
        push.KIND;
END;
GO
