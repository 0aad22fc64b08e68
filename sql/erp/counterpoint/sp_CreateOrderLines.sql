SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateOrderLines
    Writes the staged order's lines that the document doesn't have yet, whole, each with its link, after the document's last line. Lines
    with quantity 0 are left out.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions
Parameters   @STAGING_ID; @DOC_ID and @TKT_NO of a header that exists; @STK_LOC_ID, NULL for the site's setting;
             @ADDED OUTPUT: how many lines were written
Returns      no rows
Errors       50040 a line's SKU has no item in the ERP any more
Locks        the new rows
Repeatable   yes: a line that has its link is left alone
Example      EXECUTE dbo.sp_CreateOrderLines @STAGING_ID = 1, @DOC_ID = 101000000001, @TKT_NO = '101-000001';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateOrderLines
    @STAGING_ID int,
    @DOC_ID bigint,
    @TKT_NO varchar(15),
    @STK_LOC_ID varchar(10) = NULL,
    @ADDED int = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @STR_ID varchar(10),
        @STA_ID varchar(10),
        @LIN_TYP varchar(1),
        @PRC_LOC_ID varchar(10),
        @SLS_REP varchar(10),
        @STOCK_COLUMNS varchar(100),
        @LAST_NO int;
    DECLARE @LINE table
    (
        LIN_SEQ_NO int NOT NULL,
        WOO_LINE_ID bigint NOT NULL,
        SKU nvarchar(4000) NOT NULL,
        ITEM_NO varchar(20) NULL,
        CATEG_COD varchar(10) NULL,
        DESCR nvarchar(4000) NOT NULL,
        QTY decimal(15, 4) NOT NULL,
        PRC decimal(15, 4) NOT NULL,
        EXT_PRC decimal(15, 2) NOT NULL,
        GROSS_EXT_PRC decimal(15, 2) NOT NULL,
        PRODUCT_ID bigint NOT NULL,
        VARIATION_ID bigint NOT NULL
    );

    SELECT
        @STR_ID = MAX(CASE WHEN setting.NAME = 'STR_ID' THEN setting.VALUE END),
        @STA_ID = MAX(CASE WHEN setting.NAME = 'STA_ID' THEN setting.VALUE END),
        @PRC_LOC_ID = MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END),
        @SLS_REP = NULLIF(MAX(CASE WHEN setting.NAME = 'SLS_REP' THEN setting.VALUE END), N''),
        @LIN_TYP = MAX(CASE WHEN setting.NAME = 'LIN_TYP' THEN setting.VALUE END),
        @STK_LOC_ID = COALESCE(@STK_LOC_ID, MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END))
    FROM dbo.USER_ERP_SETTING AS setting;

    SELECT
        @STOCK_COLUMNS = site.STOCK_COLUMNS
    FROM dbo.fn_CounterPointSite() AS site;

    SELECT
        @LAST_NO = COALESCE(MAX(line.LIN_SEQ_NO), 0)
    FROM dbo.PS_DOC_LIN AS line
    WHERE line.DOC_ID = @DOC_ID;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    INSERT INTO @LINE
    (
        LIN_SEQ_NO, WOO_LINE_ID, SKU, ITEM_NO, CATEG_COD, DESCR, QTY, PRC, EXT_PRC, GROSS_EXT_PRC, PRODUCT_ID, VARIATION_ID
    )
    SELECT
        @LAST_NO + ROW_NUMBER() OVER (ORDER BY line.POSITION_NO),
        line.WOO_LINE_ID,
        line.SKU,
        line.ITEM_NO,
        line.CATEG_COD,
        line.DESCR,
        line.QTY,
        line.PRC,
        line.EXT_PRC,
        line.GROSS_EXT_PRC,
        line.PRODUCT_ID,
        line.VARIATION_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS line
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   line.QTY > 0
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = staged.STORE_ID
        AND   linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND   linked.WOO_LINE_ID = line.WOO_LINE_ID
    );

    SET @ADDED = @@ROWCOUNT;

    SELECT TOP (1)
        @MESSAGE = CONCAT
        (
            N'Order ', staged.WOO_ORDER_NO, N', line ', line.WOO_LINE_ID, N': SKU ''', line.SKU, N''' has no item in the ERP any more.',
            N' Add the item, or name one (`syncctl map item`), then `syncctl dead-letter retry`.'
        )
    FROM @LINE AS line
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = @STAGING_ID
    WHERE line.ITEM_NO IS NULL
    ORDER BY
        line.LIN_SEQ_NO;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50040, @MESSAGE, 1;
    END;

    INSERT INTO dbo.PS_DOC_LIN
    (
        DOC_ID, LIN_SEQ_NO, STR_ID, STA_ID, TKT_NO, LIN_TYP, ITEM_NO, DESCR, QTY_SOLD, SELL_UNIT, PRC, EXT_PRC, GROSS_EXT_PRC,
        CALC_EXT_PRC, LIN_GUID, STK_LOC_ID, CATEG_COD, QTY_NUMER, QTY_DENOM, QTY_UNIT, IS_TXBL, NORM_IS_TXBL, ITEM_TYP, TRK_METH,
        HAS_PRC_OVRD, USR_ENTD_PRC, IS_DISCNTBL, IS_WEIGHED, IS_KIT_PAR, IS_VAL_RET, TAX_AMT_ALLOC, NORM_TAX_AMT_ALLOC, ORIG_QTY,
        QTY_TO_REL, QTY_TO_LEAVE, QTY_SHIPPED, QTY_RET, QTY_ENTD, QTY_PCKD, QTY_PCKVRFD, QTY_INVCD, QTY_TO_FILL, UNIT_COST, EXT_COST,
        REG_PRC, PRC_1, CALC_PRC, UNIT_RETL_VAL, DISP_EXT_PRC, GROSS_DISP_EXT_PRC, BARCOD, SUBCAT_COD, ITEM_VEND_NO, TAX_CATEG,
        PRC_LOC_ID, SLS_REP, QTY_DECS, PRC_DECS, DIM_1_UPR, DIM_2_UPR, DIM_3_UPR
    )
    SELECT
        @DOC_ID,
        line.LIN_SEQ_NO,
        @STR_ID,
        @STA_ID,
        @TKT_NO,
        @LIN_TYP,
        line.ITEM_NO,
        CONVERT(varchar(250), line.DESCR COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_LIN.DESCR */,
        line.QTY,
        '0',
        CONVERT(money, line.PRC),
        line.EXT_PRC,
        line.GROSS_EXT_PRC,
        line.EXT_PRC,
        NEWID(),
        @STK_LOC_ID,
        line.CATEG_COD,
        1,
        1,
        item.STK_UNIT,
        item.IS_TXBL,
        item.IS_TXBL,
        item.ITEM_TYP,
        item.TRK_METH,
        'N',
        'Y',
        item.IS_DISCNTBL,
        item.IS_WEIGHED,
        item.IS_KIT_PAR,
        'N',
        0,
        0,
        line.QTY,
        line.QTY,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        item.UNIT_COST,
        CONVERT(decimal(15, 2), ROUND(line.QTY * item.UNIT_COST, 2)),
        item.REG_PRC,
        item.PRC_1,
        line.PRC,
        item.PRC_1,
        line.EXT_PRC,
        line.GROSS_EXT_PRC,
        item.BARCOD,
        item.SUBCAT_COD,
        item.ITEM_VEND_NO,
        item.TAX_CATEG_COD,
        @PRC_LOC_ID,
        @SLS_REP,
        item.QTY_DECS,
        item.PRC_DECS,
        '*',
        '*',
        '*'
    FROM @LINE AS line
    CROSS APPLY dbo.fn_ErpItem(line.ITEM_NO, @PRC_LOC_ID, @STK_LOC_ID) AS item;

    INSERT INTO dbo.USER_ORDER_LINE_LINK
    (
        STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC, STOCK_COLUMNS, STOCK_LOCATION,
        PRODUCT_ID, VARIATION_ID
    )
    SELECT
        @STORE_ID,
        @WOO_ORDER_ID,
        line.WOO_LINE_ID,
        @DOC_ID,
        line.LIN_SEQ_NO,
        line.ITEM_NO,
        line.QTY,
        line.EXT_PRC,
        @STOCK_COLUMNS,
        @STK_LOC_ID,
        line.PRODUCT_ID,
        line.VARIATION_ID
    FROM @LINE AS line;
END;
GO
