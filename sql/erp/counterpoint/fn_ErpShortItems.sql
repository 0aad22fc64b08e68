SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpShortItems
    The items of a staged order of which the site's location has fewer than are ordered, where the site wants to know (STOCK_CHECK = Y).

Used by      sp_CheckOrder
Returns      a row an item: POSITION_NO and WOO_LINE_ID of its first line, ITEM_NO, QTY (ordered, all lines together), AVAILABLE
Note         Available is what is on hand without what open orders hold: QTY_COMMIT where the site's orders move that, else QTY_ON_ORD, else
             QTY_ON_SO (STOCK_COLUMNS). What this order holds itself is available to it. Items without stock of their own (ITEM_TYP other
             than I) are never short.
Example      SELECT short.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpShortItems(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS short
             WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpShortItems
(
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @LINE_ITEMS_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        asked.POSITION_NO,
        asked.WOO_LINE_ID,
        asked.ITEM_NO,
        asked.QTY,
        asked.AVAILABLE
    FROM
    (
        SELECT
            wanted.POSITION_NO,
            first_line.WOO_LINE_ID,
            wanted.ITEM_NO,
            QTY = CONVERT(decimal(15, 4), wanted.QTY),
            AVAILABLE = CONVERT(decimal(15, 4),
                COALESCE(stock.QTY_ON_HND, 0)
                - CASE meaning.NAME
                    WHEN 'QTY_COMMIT' THEN COALESCE(stock.QTY_COMMIT, 0)
                    WHEN 'QTY_ON_ORD' THEN COALESCE(stock.QTY_ON_ORD, 0)
                    ELSE COALESCE(stock.QTY_ON_SO, 0)
                END
                + COALESCE
                (
                    (
                        SELECT
                            SUM(linked.QTY_SOLD)
                        FROM dbo.USER_ORDER_LINE_LINK AS linked
                        WHERE linked.STORE_ID = @STORE_ID
                        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
                        AND   linked.ITEM_NO = wanted.ITEM_NO
                        AND   COALESCE(linked.STOCK_LOCATION, site.STK_LOC_ID) = site.STK_LOC_ID
                        AND   CHARINDEX(meaning.NAME, COALESCE(linked.STOCK_COLUMNS, 'QTY_ON_SO')) > 0
                    ),
                    0
                ))
        FROM
        (
            SELECT
                line.ITEM_NO,
                POSITION_NO = MIN(line.POSITION_NO),
                QTY = SUM(line.QTY)
            FROM dbo.fn_ErpLines(@STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON) AS line
            WHERE line.QTY > 0
            AND   line.ITEM_NO IS NOT NULL
            GROUP BY
                line.ITEM_NO
        ) AS wanted
        INNER JOIN dbo.fn_ErpLines(@STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON) AS first_line
            ON first_line.POSITION_NO = wanted.POSITION_NO
        INNER JOIN dbo.IM_ITEM AS item
            ON  item.ITEM_NO = wanted.ITEM_NO
            AND item.ITEM_TYP = 'I'
        CROSS JOIN dbo.fn_CounterPointSite() AS site
        CROSS APPLY
        (
            SELECT
                NAME = CASE
                    WHEN CHARINDEX('QTY_COMMIT', site.STOCK_COLUMNS) > 0 THEN 'QTY_COMMIT'
                    WHEN CHARINDEX('QTY_ON_ORD', site.STOCK_COLUMNS) > 0 THEN 'QTY_ON_ORD'
                    ELSE 'QTY_ON_SO'
                END
        ) AS meaning
        LEFT JOIN dbo.IM_INV AS stock
            ON  stock.ITEM_NO = wanted.ITEM_NO
            AND stock.LOC_ID = site.STK_LOC_ID
        WHERE EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'STOCK_CHECK' AND setting.VALUE = N'Y')
    ) AS asked
    WHERE asked.QTY > asked.AVAILABLE
);
GO
