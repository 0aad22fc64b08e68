SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListRefusedItems
    The items that a store refused when it was told of them last, with what it said.

Called by    syncctl report, syncctl stats
Parameters   @STORE_ID; @KIND of what: stock, price; @BATCH_SIZE rows at most
Returns      KIND, STORE_ID, PRODUCT_ID, SKU, NAME, ATTEMPT_NO (refusals in a row), NEXT_ATTEMPT_DT, ERROR_MESSAGE; refused most often
             first
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListRefusedItems @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListRefusedItems
    @STORE_ID varchar(50),
    @KIND varchar(20) = 'stock',
    @BATCH_SIZE int = 100,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE < 1
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 or more.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        refused.KIND,
        refused.STORE_ID,
        refused.PRODUCT_ID,
        refused.SKU,
        refused.NAME,
        refused.ATTEMPT_NO,
        refused.NEXT_ATTEMPT_DT,
        refused.ERROR_MESSAGE
    FROM
    (
        SELECT
            KIND = CONVERT(varchar(20), 'stock'),
            item.STORE_ID,
            item.PRODUCT_ID,
            item.SKU,
            item.NAME,
            item.ATTEMPT_NO,
            item.NEXT_ATTEMPT_DT,
            item.ERROR_MESSAGE
        FROM dbo.USER_STORE_ITEM AS item
        WHERE item.STORE_ID = @STORE_ID
        AND   item.ERROR_MESSAGE IS NOT NULL
        AND   @KIND = 'stock'
        UNION ALL
        SELECT
            CONVERT(varchar(20), 'price'),
            item.STORE_ID,
            item.PRODUCT_ID,
            item.SKU,
            item.NAME,
            item.PRICE_ATTEMPT_NO,
            item.PRICE_NEXT_ATTEMPT_DT,
            item.PRICE_ERROR_MESSAGE
        FROM dbo.USER_STORE_ITEM AS item
        WHERE item.STORE_ID = @STORE_ID
        AND   item.PRICE_ERROR_MESSAGE IS NOT NULL
        AND   @KIND = 'price'
    ) AS refused
    ORDER BY
        refused.ATTEMPT_NO DESC,
        refused.SKU,
        refused.PRODUCT_ID;
END;
GO
