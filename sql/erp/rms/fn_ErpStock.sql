SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpStock
    How many of an item RMS has for the web: what is there, and what is committed to orders.

Used by      sp_ListStockChanges
Parameters   @ITEM_NO
Returns      one row: ON_HAND and HELD (NULL: no figure that makes sense), IS_COUNTED, IS_ACTIVE; none where there is no such item
Note         Quantities are floats in RMS: they count to four decimals.
Example      SELECT stock.* FROM dbo.fn_ErpStock('TEE-BLK') AS stock;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpStock
(
    @ITEM_NO varchar(20)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        ON_HAND = known.QTY,
        HELD = known.QTY_COMMITTED,
        IS_COUNTED = CONVERT(bit, 1),
        IS_ACTIVE = CONVERT(bit, CASE WHEN item.Inactive = 1 THEN 0 ELSE 1 END)
    FROM dbo.fn_DynamicsItem(@ITEM_NO) AS known
    INNER JOIN dbo.Item AS item
        ON item.ID = known.ID
);
GO
