SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsItem
    The item of a number as fn_DynamicsAllItems writes it.

Called by    the functions and procedures of this ERP
Parameters   @ITEM_NO
Returns      the item, or no row
Example      SELECT item.ID FROM dbo.fn_DynamicsItem('TEE-BLK') AS item;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsItem
(
    @ITEM_NO varchar(20)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        item.ID,
        item.ITEM_NO,
        item.PRICE,
        item.COST,
        item.QTY,
        item.QTY_COMMITTED
    FROM dbo.fn_DynamicsAllItems() AS item
    WHERE @ITEM_NO LIKE '#[0-9]%'
    AND   item.ID = TRY_CONVERT(int, SUBSTRING(@ITEM_NO, 2, 9))
    UNION ALL
    SELECT
        coded.ID,
        coded.ITEM_NO,
        coded.PRICE,
        coded.COST,
        coded.QTY,
        coded.QTY_COMMITTED
    FROM dbo.fn_DynamicsAllItems() AS coded
    WHERE @ITEM_NO NOT LIKE '#[0-9]%'
    AND   coded.ItemLookupCode = CONVERT(nvarchar(25), @ITEM_NO)
);
GO
