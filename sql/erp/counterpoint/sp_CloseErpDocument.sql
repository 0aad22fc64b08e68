SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CloseErpDocument
    Takes everything off an order's CounterPoint document but its lines' items, the payment that came with it too (its deposit ticket
    is deleted), and gives its stock back.

Called by    sp_ApplyOrder, inside its caller's transaction, which holds the document and has looked at its state
Parameters   @STAGING_ID
Returns      no rows
Errors       none
Locks        the document's rows and the stock rows (in the order of ITEM_NO), until the transaction ends
Repeatable   yes: the second time there is nothing left to take off
Example      EXECUTE dbo.sp_CloseErpDocument @STAGING_ID = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CloseErpDocument
    @STAGING_ID int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @DOC_ID bigint,
        @LOCAL_NOW datetime2(3),
        @STK_LOC_ID varchar(10),
        @TOT_TYP varchar(1);

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @DOC_ID = link.DOC_ID,
        @STK_LOC_ID = document.STK_LOC_ID
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_HDR AS document
        ON document.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID;

    SELECT
        @TOT_TYP = site.TOT_TYP
    FROM dbo.fn_CounterPointSite() AS site;

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    EXECUTE dbo.sp_ReturnStock
        @STORE_ID = @STORE_ID,
        @WOO_ORDER_ID = @WOO_ORDER_ID,
        @LOC_ID = @STK_LOC_ID,
        @NOW = @NOW;

    UPDATE
        dbo.PS_DOC_LIN
    SET
        QTY_SOLD = 0,
        EXT_PRC = 0,
        GROSS_EXT_PRC = 0,
        CALC_EXT_PRC = 0,
        DISP_EXT_PRC = 0,
        GROSS_DISP_EXT_PRC = 0,
        EXT_COST = 0,
        QTY_TO_REL = 0,
        TAX_AMT_ALLOC = 0,
        NORM_TAX_AMT_ALLOC = 0
    WHERE DOC_ID = @DOC_ID;

    UPDATE
        dbo.USER_ORDER_LINE_LINK
    SET
        QTY_SOLD = 0,
        EXT_PRC = 0
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID;

    DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG
    WHERE DOC_ID = @DOC_ID
    AND   TOT_TYP = @TOT_TYP;

    DELETE FROM dbo.PS_DOC_TAX
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_LIN_PRICE
    WHERE DOC_ID = @DOC_ID;

    EXECUTE dbo.sp_WriteOrderPayment @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @IS_CLOSED = 1, @NOW = @NOW;

    UPDATE
        dbo.PS_DOC_HDR_TOT
    SET
        SUB_TOT = 0,
        TAX_AMT = 0,
        TOT = 0,
        TOT_HDR_DISC = 0,
        TOT_LIN_DISC = 0,
        TOT_MISC = 0,
        AMT_DUE = 0,
        TAX_AMT_SHIPPED = 0,
        LINS = 0,
        NORM_TAX_AMT = 0,
        TOT_TND = 0,
        TOT_EXT_COST = 0,
        TOT_HDR_DISCNTBL_AMT = 0
    WHERE DOC_ID = @DOC_ID
    AND   TOT_TYP = @TOT_TYP;

    UPDATE
        dbo.PS_DOC_HDR
    SET
        ORD_LINS = 0,
        SAL_LINS = 0,
        SAL_LIN_TOT = 0,
        TO_REL_LINS = 0,
        RS_UTC_DT = @NOW,
        LST_MAINT_DT = @LOCAL_NOW,
        LST_MAINT_USR_ID = 'SYNCCTL'
    WHERE DOC_ID = @DOC_ID;
END;
GO
