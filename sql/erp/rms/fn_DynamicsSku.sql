SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsSku
    The item that a SKU means: the one with that lookup code, else with that alias, else the one of the site's own view
    (USER_V_ITEM_ALIAS). An alias of several items names none.

Called by    fn_ErpLines
Parameters   @SKU
Returns      one row: ID, NULL where there is none
Example      SELECT sku.ID FROM dbo.fn_DynamicsSku(N'TEE-BLK') AS sku;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsSku
(
    @SKU nvarchar(4000)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        ID = COALESCE(coded.ID, other.ID, own.ID)
    FROM (SELECT ONE = 1) AS single
    LEFT JOIN dbo.Item AS coded
        ON  coded.ItemLookupCode = CONVERT(nvarchar(25), @SKU)
        AND LEN(@SKU) BETWEEN 1 AND 25
    OUTER APPLY
    (
        SELECT
            ID = MIN(item.ID)
        FROM dbo.Alias AS named
        INNER JOIN dbo.Item AS item
            ON item.ID = named.ItemID
        WHERE named.Alias = CONVERT(nvarchar(25), @SKU)
        AND   LEN(@SKU) BETWEEN 1 AND 25
        HAVING MIN(item.ID) = MAX(item.ID)
    ) AS other
    OUTER APPLY
    (
        SELECT
            ID = MIN(item.ID)
        FROM dbo.USER_V_ITEM_ALIAS AS named
        INNER JOIN dbo.Item AS item
            ON item.ID = named.ITEM_ID
        WHERE named.ALIAS = CONVERT(nvarchar(100), @SKU)
        AND   LEN(@SKU) BETWEEN 1 AND 100
        HAVING MIN(item.ID) = MAX(item.ID)
    ) AS own
);
GO
