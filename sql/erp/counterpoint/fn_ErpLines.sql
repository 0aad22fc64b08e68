SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpLines
    A staged order's lines with CounterPoint's items: the port's answer to which item a line is of, and what that costs there. A line
    that is in the document already keeps its item as long as it is of the same product; else its SKU says which.

Used by      sp_CheckOrder, sp_CreateOrderLines, sp_ChangeErpDocument, sp_WriteOrderTotals
Parameters   @STORE_ID and @WOO_ORDER_ID, whose links are looked at; @LINE_ITEMS_JSON, as fn_StagedLines takes it
Returns      the columns of fn_StagedLines but MAPPED_ITEM_NO; ITEM_NO (NULL where IM_ITEM has no such item); LIST_PRC, IM_PRC.PRC_1 at
             the site's price location (NULL where there is none); CATEG_COD; EXT_COST (NULL where it doesn't fit)
Note         A product that the store names no more (0) was deleted there; a line linked before products were kept (NULL) is of the same.
             A SKU that the code page of ITEM_NO can't hold never equals an ITEM_NO: 'TEA-??' is not what it means.
Example      SELECT lines.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS lines WHERE staged.STAGING_ID = 1;
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
        DESCR = dbo.fn_Shorten(line.DESCR, 250 /* width of PS_DOC_LIN.DESCR */),
        line.QTY,
        line.SUBTOT_AMT,
        line.TOT_AMT,
        line.GROSS_EXT_PRC,
        line.EXT_PRC,
        line.TAX_AMT,
        line.PRC,
        line.PRODUCT_ID,
        line.VARIATION_ID,
        ITEM_NO = item.ITEM_NO,
        LIST_PRC = CONVERT(decimal(15, 4), price.PRC_1),
        CATEG_COD = item.CATEG_COD,
        EXT_COST = CASE
            WHEN ABS(line.QTY * COALESCE(stock.LST_COST, item.LST_COST, 0)) < 9999999999999.995
            THEN CONVERT(decimal(15, 2), ROUND(line.QTY * COALESCE(stock.LST_COST, item.LST_COST, 0), 2))
        END
    FROM dbo.fn_StagedLines(@STORE_ID, @LINE_ITEMS_JSON) AS line
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
    LEFT JOIN dbo.IM_ITEM AS item
        ON  item.ITEM_NO = COALESCE(linked.ITEM_NO, line.MAPPED_ITEM_NO, CONVERT(varchar(20), line.SKU))
        AND (linked.ITEM_NO IS NOT NULL OR line.MAPPED_ITEM_NO IS NOT NULL OR CONVERT(nvarchar(100), item.ITEM_NO) = line.SKU)
    LEFT JOIN dbo.USER_ERP_SETTING AS setting
        ON setting.NAME = 'PRC_LOC_ID'
    LEFT JOIN dbo.IM_PRC AS price
        ON  price.ITEM_NO = item.ITEM_NO
        AND price.LOC_ID = CONVERT(varchar(10), setting.VALUE)
    LEFT JOIN dbo.USER_ERP_SETTING AS stocked
        ON stocked.NAME = 'STK_LOC_ID'
    LEFT JOIN dbo.IM_INV AS stock
        ON  stock.ITEM_NO = item.ITEM_NO
        AND stock.LOC_ID = CONVERT(varchar(10), stocked.VALUE)
);
GO
