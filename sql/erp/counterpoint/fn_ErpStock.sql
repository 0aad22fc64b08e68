SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpStock
    How many of an item CounterPoint has for the web: on hand, and held by open orders, over the locations that the site setting
    STOCK_LOCATIONS names (empty: STK_LOC_ID).

Used by      sp_ListStockChanges
Parameters   @ITEM_NO
Returns      one row: ON_HAND and HELD (NULL: more than any column holds), IS_COUNTED (0: not an item that stock is kept of), IS_ACTIVE; none
             where there is no such item
Note         HELD is what open orders hold by the columns that ours move (STOCK_COLUMNS). Orders of the till commit (QTY_COMMIT): where ours
             stand in QTY_ON_SO, both are held; where ours stand in QTY_ON_ORD, which the till's move too, the larger of the two is.
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
        ON_HAND = TRY_CONVERT(decimal(15, 4), COALESCE(counted.ON_HAND, 0)),
        HELD = TRY_CONVERT(decimal(15, 4), CASE
            WHEN CHARINDEX('QTY_COMMIT', site.STOCK_COLUMNS) > 0 THEN COALESCE(counted.COMMITTED, 0)
            WHEN CHARINDEX('QTY_ON_ORD', site.STOCK_COLUMNS) > 0 AND COALESCE(counted.ON_ORDER, 0) > COALESCE(counted.COMMITTED, 0)
            THEN counted.ON_ORDER
            WHEN CHARINDEX('QTY_ON_ORD', site.STOCK_COLUMNS) > 0 THEN COALESCE(counted.COMMITTED, 0)
            ELSE COALESCE(counted.ON_SO, 0) + COALESCE(counted.COMMITTED, 0)
        END),
        IS_COUNTED = CONVERT(bit, CASE WHEN item.ITEM_TYP = 'I' THEN 1 ELSE 0 END),
        IS_ACTIVE = CONVERT(bit, CASE WHEN item.STAT = 'A' THEN 1 ELSE 0 END)
    FROM dbo.IM_ITEM AS item
    CROSS JOIN dbo.fn_CounterPointSite() AS site
    OUTER APPLY
    (
        SELECT
            LOCATIONS = CONCAT(N',', REPLACE(COALESCE(NULLIF(MAX(setting.VALUE), N''), CONVERT(nvarchar(10), site.STK_LOC_ID)), N' ', N''), N',')
        FROM dbo.USER_ERP_SETTING AS setting
        WHERE setting.NAME = 'STOCK_LOCATIONS'
    ) AS chosen
    OUTER APPLY
    (
        SELECT
            ON_HAND = SUM(stock.QTY_ON_HND),
            COMMITTED = SUM(stock.QTY_COMMIT),
            ON_SO = SUM(stock.QTY_ON_SO),
            ON_ORDER = SUM(stock.QTY_ON_ORD)
        FROM dbo.IM_INV AS stock
        WHERE stock.ITEM_NO = item.ITEM_NO
        AND   CHARINDEX(CONCAT(N',', stock.LOC_ID, N','), chosen.LOCATIONS) > 0
    ) AS counted
    WHERE item.ITEM_NO = @ITEM_NO
);
GO
