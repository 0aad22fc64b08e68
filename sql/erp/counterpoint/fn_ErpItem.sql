SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpItem
    What a document's line takes from its item: IM_ITEM, its prices at one location and its cost at another.

Used by      sp_CreateOrderLines, sp_ChangeErpDocument
Returns      one row, or none where there is no such item
Example      SELECT item.* FROM dbo.fn_ErpItem('TEE-BLK', '01', '01') AS item;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpItem
(
    @ITEM_NO varchar(20),
    @PRC_LOC_ID varchar(10),
    @STK_LOC_ID varchar(10)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        item.ITEM_TYP,
        item.TRK_METH,
        item.IS_TXBL,
        item.IS_DISCNTBL,
        item.IS_WEIGHED,
        item.IS_KIT_PAR,
        item.QTY_DECS,
        item.PRC_DECS,
        item.STK_UNIT,
        item.BARCOD,
        item.CATEG_COD,
        item.SUBCAT_COD,
        item.ITEM_VEND_NO,
        item.TAX_CATEG_COD,
        price.PRC_1,
        price.REG_PRC,
        UNIT_COST = COALESCE(stock.LST_COST, item.LST_COST, CONVERT(decimal(15, 4), 0))
    FROM dbo.IM_ITEM AS item
    LEFT JOIN dbo.IM_PRC AS price
        ON  price.ITEM_NO = item.ITEM_NO
        AND price.LOC_ID = @PRC_LOC_ID
    LEFT JOIN dbo.IM_INV AS stock
        ON  stock.ITEM_NO = item.ITEM_NO
        AND stock.LOC_ID = @STK_LOC_ID
    WHERE item.ITEM_NO = @ITEM_NO
);
GO
