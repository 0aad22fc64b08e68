SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpLines
    A staged order's lines with CounterPoint's items: the port's answer to which item a SKU means, and what it costs there.

Used by      sp_CheckOrder, sp_CreateOrderLines, sp_ChangeErpDocument, sp_WriteOrderTotals
Parameters   @STORE_ID; @LINE_ITEMS_JSON, both as fn_StagedLines takes them
Returns      the columns of fn_StagedLines but MAPPED_ITEM_NO; ITEM_NO (NULL where IM_ITEM has no such item); LIST_PRC, IM_PRC.PRC_1 at
             the site's price location (NULL where there is none); CATEG_COD
Note         A SKU that the code page of ITEM_NO can't hold never equals an ITEM_NO: 'TEA-??' is not what it means.
Example      SELECT lines.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.LINE_ITEMS_JSON) AS lines WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpLines
(
    @STORE_ID varchar(50),
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
        DESCR = LEFT(line.DESCR, 250),
        line.QTY,
        line.SUBTOT_AMT,
        line.TOT_AMT,
        line.GROSS_EXT_PRC,
        line.EXT_PRC,
        line.TAX_AMT,
        line.PRC,
        ITEM_NO = item.ITEM_NO,
        LIST_PRC = CONVERT(decimal(15, 4), price.PRC_1),
        CATEG_COD = item.CATEG_COD
    FROM dbo.fn_StagedLines(@STORE_ID, @LINE_ITEMS_JSON) AS line
    LEFT JOIN dbo.IM_ITEM AS item
        ON  item.ITEM_NO = COALESCE(line.MAPPED_ITEM_NO, CONVERT(varchar(20), line.SKU))
        AND (line.MAPPED_ITEM_NO IS NOT NULL OR CONVERT(nvarchar(100), item.ITEM_NO) = line.SKU)
    LEFT JOIN dbo.USER_ERP_SETTING AS setting
        ON setting.NAME = 'PRC_LOC_ID'
    LEFT JOIN dbo.IM_PRC AS price
        ON  price.ITEM_NO = item.ITEM_NO
        AND price.LOC_ID = CONVERT(varchar(10), setting.VALUE)
);
GO
