SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpItems
    The items that CounterPoint sells: those whose status is A.

Used by      sp_ListErpItems
Returns      a row for each: ITEM_NO, DESCR
Example      SELECT item.ITEM_NO FROM dbo.fn_ErpItems() AS item;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpItems
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        item.ITEM_NO,
        DESCR = CONVERT(nvarchar(200), item.DESCR)
    FROM dbo.IM_ITEM AS item
    WHERE item.STAT = 'A'
);
GO
