SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsAllItems
    RMS's items, each with what it is called on our side: its lookup code, or where that is longer than 20 letters or has others than
    those of ASCII, # and its ID.

Called by    the functions and procedures of this ERP
Returns      a row for each item: ID, ITEM_NO, PRICE, COST, QTY, QTY_COMMITTED; quantities to four decimals, as floats differ behind them
Example      SELECT item.ITEM_NO FROM dbo.fn_DynamicsAllItems() AS item WHERE item.ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsAllItems
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        item.ID,
        ITEM_NO = CONVERT(varchar(20), CASE
            WHEN LEN(item.ItemLookupCode) BETWEEN 1 AND 20
            AND  item.ItemLookupCode NOT LIKE N'#%'
            AND  PATINDEX(N'%[^!-~]%' COLLATE Latin1_General_BIN2, item.ItemLookupCode) = 0 THEN item.ItemLookupCode
            ELSE CONCAT(N'#', item.ID)
        END),
        item.ItemLookupCode,
        PRICE = TRY_CONVERT(decimal(15, 4), item.Price),
        COST = CONVERT(decimal(15, 4), item.Cost),
        QTY = TRY_CONVERT(decimal(15, 4), item.Quantity),
        QTY_COMMITTED = TRY_CONVERT(decimal(15, 4), item.QuantityCommitted)
    FROM dbo.Item AS item
);
GO
