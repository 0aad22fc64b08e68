SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpLines
    A staged order's lines, each with its item in RMS: the one that it has already in the document, else what USER_ITEM_MAP says, else the
    one of its SKU (fn_DynamicsSku).

Called by    sp_CheckOrder, fn_ErpShortItems, fn_OrderEntries
Parameters   @STORE_ID, @WOO_ORDER_ID: the order; @LINE_ITEMS_JSON its lines
Returns      what fn_StagedLines says, with DESCR cut to its column and WHOLE_DESCR; ITEM_ID, ITEM_NO, NULL where there is no item; COST;
             LIST_PRC without tax, NULL where prices include it and no rate says how much
Example      SELECT line.ITEM_NO FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS line;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpLines
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
        line.POSITION_NO,
        line.WOO_LINE_ID,
        line.SKU,
        DESCR = dbo.fn_Shorten(line.DESCR, 30 /* width of ORDERENTRY.Description */),
        WHOLE_DESCR = line.DESCR,
        line.QTY,
        line.SUBTOT_AMT,
        line.TOT_AMT,
        line.GROSS_EXT_PRC,
        line.EXT_PRC,
        line.TAX_AMT,
        line.PRC,
        line.PRODUCT_ID,
        line.VARIATION_ID,
        ITEM_ID = item.ID,
        ITEM_NO = item.ITEM_NO,
        COST = item.COST,
        EXT_COST = CASE
            WHEN ABS(line.QTY * COALESCE(item.COST, 0)) < 9999999999999.995 THEN CONVERT(decimal(15, 2), ROUND(line.QTY * COALESCE(item.COST, 0), 2))
        END,
        LIST_PRC = CASE
            WHEN site.PRICES_INCLUDE_TAX = 0 THEN item.PRICE
            WHEN site.TAX_RATE IS NOT NULL THEN CONVERT(decimal(15, 4), ROUND(item.PRICE / (1 + site.TAX_RATE), 4))
        END
    FROM dbo.fn_StagedLines(@STORE_ID, @LINE_ITEMS_JSON) AS line
    CROSS JOIN dbo.fn_DynamicsConfig() AS site
    LEFT JOIN dbo.USER_ORDER_LINE_LINK AS linked
        ON  linked.STORE_ID = @STORE_ID
        AND linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND linked.WOO_LINE_ID = line.WOO_LINE_ID
        AND
        (
            linked.PRODUCT_ID IS NULL
            OR
            (
                linked.PRODUCT_ID <> 0
                AND (line.PRODUCT_ID = linked.PRODUCT_ID OR line.PRODUCT_ID = 0)
                AND (line.VARIATION_ID = linked.VARIATION_ID OR line.VARIATION_ID = 0)
            )
        )
    OUTER APPLY
    (
        SELECT
            known.ID,
            known.ITEM_NO,
            known.PRICE,
            known.COST
        FROM dbo.fn_DynamicsItem(COALESCE(linked.ITEM_NO, line.MAPPED_ITEM_NO)) AS known
        UNION ALL
        SELECT
            meant.ID,
            meant.ITEM_NO,
            meant.PRICE,
            meant.COST
        FROM dbo.fn_DynamicsSku(line.SKU) AS sku
        INNER JOIN dbo.fn_DynamicsAllItems() AS meant
            ON meant.ID = sku.ID
        WHERE COALESCE(linked.ITEM_NO, line.MAPPED_ITEM_NO) IS NULL
    ) AS item
);
GO
