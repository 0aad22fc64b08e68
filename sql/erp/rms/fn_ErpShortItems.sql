SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpShortItems
    The items of which an order wants more than is available (Quantity without QuantityCommitted), where the site wants to know
    (STOCK_CHECK). What the order itself holds already counts as available.

Called by    sp_CheckOrder
Parameters   @STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON: the order
Returns      POSITION_NO and WOO_LINE_ID of the first line that wants it, ITEM_NO, QTY, AVAILABLE
Example      SELECT short.ITEM_NO FROM dbo.fn_ErpShortItems('woocommerce', 1, N'[]') AS short;
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
            first_line.ITEM_NO,
            QTY = CONVERT(decimal(15, 4), wanted.QTY),
            AVAILABLE = CONVERT
            (
                decimal(15, 4),
                item.QTY - item.QTY_COMMITTED + COALESCE
                (
                    (
                        SELECT
                            SUM(linked.QTY_SOLD)
                        FROM dbo.USER_ORDER_LINE_LINK AS linked
                        WHERE linked.STORE_ID = @STORE_ID
                        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
                        AND   linked.ITEM_NO = first_line.ITEM_NO
                        AND   linked.STOCK_COLUMNS = 'QuantityCommitted'
                    ),
                    0
                )
            )
        FROM
        (
            SELECT
                line.ITEM_ID,
                POSITION_NO = MIN(line.POSITION_NO),
                QTY = SUM(line.QTY)
            FROM dbo.fn_ErpLines(@STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON) AS line
            WHERE line.QTY > 0
            AND   line.ITEM_ID IS NOT NULL
            GROUP BY
                line.ITEM_ID
        ) AS wanted
        INNER JOIN dbo.fn_ErpLines(@STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON) AS first_line
            ON first_line.POSITION_NO = wanted.POSITION_NO
        INNER JOIN dbo.fn_DynamicsAllItems() AS item
            ON item.ID = wanted.ITEM_ID
        CROSS JOIN dbo.fn_DynamicsConfig() AS site
        WHERE site.STOCK_CHECK = N'Y'
    ) AS asked
    WHERE asked.QTY > asked.AVAILABLE
);
GO
