SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpItems
    The items that RMS sells: those that aren't inactive.

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
        known.ITEM_NO,
        DESCR = CONVERT(nvarchar(200), item.Description)
    FROM dbo.fn_DynamicsAllItems() AS known
    INNER JOIN dbo.Item AS item
        ON item.ID = known.ID
    WHERE item.Inactive = 0
);
GO
