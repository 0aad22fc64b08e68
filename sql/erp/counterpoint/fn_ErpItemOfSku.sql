SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpItemOfSku
    The item that a store's SKU means: the one that USER_ITEM_MAP names, else the one of that number.

Used by      sp_ListStockChanges
Parameters   @STORE_ID; @SKU
Returns      one row: ITEM_NO; none where there is no such item
Example      SELECT item.ITEM_NO FROM dbo.fn_ErpItemOfSku('woocommerce', N'TEE-BLK') AS item;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpItemOfSku
(
    @STORE_ID varchar(50),
    @SKU nvarchar(100)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        item.ITEM_NO
    FROM dbo.IM_ITEM AS item
    WHERE LEN(@SKU) BETWEEN 1 AND 20
    AND   item.ITEM_NO = CONVERT(varchar(20), @SKU)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ITEM_MAP AS mapped WHERE mapped.STORE_ID IN (@STORE_ID, '*') AND mapped.SKU = @SKU)
    UNION ALL
    SELECT
        known.ITEM_NO
    FROM
    (
        SELECT TOP (1)
            mapped.ITEM_NO
        FROM dbo.USER_ITEM_MAP AS mapped
        WHERE mapped.STORE_ID IN (@STORE_ID, '*')
        AND   mapped.SKU = @SKU
        ORDER BY
            CASE WHEN mapped.STORE_ID = '*' THEN 1 ELSE 0 END
    ) AS meant
    INNER JOIN dbo.IM_ITEM AS known
        ON known.ITEM_NO = meant.ITEM_NO
);
GO
