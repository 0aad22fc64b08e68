SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateErpDocument
    Writes a staged order's CounterPoint document: header, contacts, lines with their links and prices,
    payment, charges, tax, totals, audit row, notes, profile, committed stock.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @CUST_NO whose it is; @DOC_ID, @TKT_NO OUTPUT: the new document's numbers
Returns      no rows
Errors       50030 the amounts don't add up, or the station has a document of the order's number that syncctl didn't write;
             50040 item, pay code or number series without a counterpart
Locks        the number series, which creators hold in turn to their commit, and the items' stock rows in the order of their numbers
Repeatable   no: each call writes a document
Example      EXECUTE dbo.sp_CreateErpDocument @STAGING_ID = 1, @CUST_NO = 'C100', @DOC_ID = @DOC_ID OUTPUT, @TKT_NO = @TKT_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateErpDocument
    @STAGING_ID int,
    @CUST_NO varchar(15),
    @DOC_ID bigint OUTPUT,
    @TKT_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @WOO_ORDER_NO varchar(50),
        @TKT_DT datetime2(3),
        @ORDER_JSON nvarchar(max),
        @MARKED_ORDER_NO varchar(51),
        @NUMBER varchar(20),
        @FORMER_ORDERS nvarchar(500),
        @SHIP_ADRS_ID varchar(10),
        @ITEM_NO varchar(20),
        @QTY decimal(15, 4),
        @STOCK_COLUMNS varchar(100),
        @STR_ID varchar(10),
        @STA_ID varchar(10),
        @STK_LOC_ID varchar(10),
        @PRC_LOC_ID varchar(10),
        @DOC_TYP varchar(1),
        @TAX_COD varchar(10),
        @NORM_TAX_COD varchar(10),
        @TAX_OVRD_REAS varchar(10),
        @TKT_TYP varchar(1),
        @DRW_ID varchar(10),
        @USR_ID varchar(10),
        @SLS_REP varchar(10),
        @DOC_GUID uniqueidentifier = NEWID();
    DECLARE @STATION table
    (
        STA_ID varchar(10) NOT NULL PRIMARY KEY
    );

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @TKT_DT = staged.TKT_DT,
        @ORDER_JSON = staged.ORDER_JSON
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @STR_ID = MAX(CASE WHEN setting.NAME = 'STR_ID' THEN setting.VALUE END),
        @STA_ID = MAX(CASE WHEN setting.NAME = 'STA_ID' THEN setting.VALUE END),
        @STK_LOC_ID = MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END),
        @PRC_LOC_ID = MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END),
        @DOC_TYP = MAX(CASE WHEN setting.NAME = 'DOC_TYP' THEN setting.VALUE END),
        @TAX_COD = NULLIF(MAX(CASE WHEN setting.NAME = 'TAX_COD' THEN setting.VALUE END), N''),
        @NORM_TAX_COD = NULLIF(MAX(CASE WHEN setting.NAME = 'NORM_TAX_COD' THEN setting.VALUE END), N''),
        @TAX_OVRD_REAS = NULLIF(MAX(CASE WHEN setting.NAME = 'TAX_OVRD_REAS' THEN setting.VALUE END), N''),
        @TKT_TYP = MAX(CASE WHEN setting.NAME = 'TKT_TYP' THEN setting.VALUE END),
        @DRW_ID = MAX(CASE WHEN setting.NAME = 'DRW_ID' THEN setting.VALUE END),
        @USR_ID = MAX(CASE WHEN setting.NAME = 'USR_ID' THEN setting.VALUE END),
        @SLS_REP = NULLIF(MAX(CASE WHEN setting.NAME = 'SLS_REP' THEN setting.VALUE END), N''),
        @FORMER_ORDERS = MAX(CASE WHEN setting.NAME = 'FORMER_ORDERS' THEN setting.VALUE END)
    FROM dbo.USER_ERP_SETTING AS setting;

    /* Orders of the integration before this one, open or posted, are not entered again. */
    IF COALESCE(@FORMER_ORDERS, N'Y') <> N'N' AND @WOO_ORDER_NO <> ''
    BEGIN
        SET @MARKED_ORDER_NO = CONCAT('#', @WOO_ORDER_NO);

        INSERT INTO @STATION
        (
            STA_ID
        )
        SELECT DISTINCT
            LEFT(LTRIM(RTRIM(listed.value)), 10)
        FROM STRING_SPLIT(CONCAT(@STA_ID, N',', CASE WHEN @FORMER_ORDERS <> N'Y' THEN @FORMER_ORDERS END), N',') AS listed
        WHERE LTRIM(listed.value) <> N'';

        SELECT TOP (1)
            @MESSAGE = CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N': the ERP has it already as ', CASE former.IS_POSTED WHEN 1 THEN N'posted' ELSE N'open' END,
                N' document ', former.DOC_ID, N' (', former.TKT_NO, N'), which syncctl did not write. Where that is this order:',
                N' `syncctl dead-letter cancel ', @STAGING_ID, N' --reason …`; where it is another: set FORMER_ORDERS to N, then',
                N' `syncctl dead-letter retry`.'
            )
        FROM
        (
            SELECT
                header.DOC_ID,
                header.TKT_NO,
                IS_POSTED = 0
            FROM dbo.PS_DOC_HDR AS header
            INNER JOIN @STATION AS station
                ON station.STA_ID = header.STA_ID
            WHERE (header.CUST_PO_NO = LEFT(@WOO_ORDER_NO, 20) OR header.REF = LEFT(@WOO_ORDER_NO, 50))
            OR    (header.CUST_PO_NO = LEFT(@MARKED_ORDER_NO, 20) OR header.REF = LEFT(@MARKED_ORDER_NO, 50))
            UNION ALL
            SELECT
                posted.DOC_ID,
                posted.TKT_NO,
                1
            FROM dbo.PS_ORD_HIST AS posted
            INNER JOIN @STATION AS station
                ON station.STA_ID = posted.STA_ID
            WHERE (posted.CUST_PO_NO = LEFT(@WOO_ORDER_NO, 20) OR posted.REF = LEFT(@WOO_ORDER_NO, 50))
            OR    (posted.CUST_PO_NO = LEFT(@MARKED_ORDER_NO, 20) OR posted.REF = LEFT(@MARKED_ORDER_NO, 50))
            UNION ALL
            SELECT
                posted.DOC_ID,
                posted.TKT_NO,
                1
            FROM dbo.PS_TKT_HIST AS posted
            INNER JOIN @STATION AS station
                ON station.STA_ID = posted.STA_ID
            WHERE (posted.CUST_PO_NO = LEFT(@WOO_ORDER_NO, 20) OR posted.REF = LEFT(@WOO_ORDER_NO, 50))
            OR    (posted.CUST_PO_NO = LEFT(@MARKED_ORDER_NO, 20) OR posted.REF = LEFT(@MARKED_ORDER_NO, 50))
        ) AS former
        WHERE NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = former.DOC_ID)
        AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = former.DOC_ID)
        ORDER BY
            former.IS_POSTED,
            former.DOC_ID;

        IF @MESSAGE IS NOT NULL
        BEGIN
            THROW 50030, @MESSAGE, 1;
        END;
    END;

    EXECUTE dbo.sp_ShipToAddress
        @PERSON_JSON = @ORDER_JSON,
        @CUST_NO = @CUST_NO,
        @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT,
        @NOW = @NOW;
    EXECUTE dbo.sp_NextNumber @SERIES = 'DOC_ID', @NUMBER = @NUMBER OUTPUT, @NOW = @NOW;
    SET @DOC_ID = CONVERT(bigint, @NUMBER);
    EXECUTE dbo.sp_NextNumber @SERIES = 'TKT_NO', @NUMBER = @NUMBER OUTPUT, @NOW = @NOW;
    SET @TKT_NO = CONVERT(varchar(15), @NUMBER);

    INSERT INTO dbo.PS_DOC_HDR
    (
        DOC_ID, DOC_GUID, DOC_TYP, STR_ID, STA_ID, TKT_NO, CUST_NO, TKT_DT, STK_LOC_ID, PRC_LOC_ID, TAX_COD, CUST_PO_NO,
        TKT_TYP, DRW_ID, USR_ID, SLS_REP, NORM_TAX_COD, TAX_OVRD_REAS, REF, RET_LINS, GFC_LINS, SVC_LINS, BO_LINS, SO_LINS, DS_LINS,
        TO_REL_LINS, TO_LEAVE_LINS, RET_LIN_TOT, IS_DOC_COMMITTED, IS_REL_TKT, REQ_REPRICE, HAS_ENTD_LINS, HAS_PCKD_LINS,
        HAS_PCKVRFD_LINS, HAS_INVCD_LINS, HAS_RLSD_LINS, IS_OFFLINE, TIMES_PRTD, RS_UTC_DT, RS_STAT
    )
    VALUES
    (
        @DOC_ID, @DOC_GUID, @DOC_TYP, @STR_ID, @STA_ID, @TKT_NO, @CUST_NO, @TKT_DT, @STK_LOC_ID, @PRC_LOC_ID, @TAX_COD,
        LEFT(@WOO_ORDER_NO, 20), @TKT_TYP, @DRW_ID, @USR_ID, @SLS_REP, COALESCE(@NORM_TAX_COD, @TAX_COD), @TAX_OVRD_REAS,
        LEFT(@WOO_ORDER_NO, 50), 0, 0, 0, 0, 0, 0, 0, 0, 0, 'N', 'N', 'N', 'N', 'N', 'N', 'N', 'N', 0, 0, @NOW, 1
    );

    EXECUTE dbo.sp_WriteOrderContacts @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @CUST_NO = @CUST_NO, @NOW = @NOW;
    EXECUTE dbo.sp_CreateOrderLines @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @TKT_NO = @TKT_NO, @NOW = @NOW;
    EXECUTE dbo.sp_WriteOrderPayment @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;
    EXECUTE dbo.sp_WriteOrderTotals @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;
    EXECUTE dbo.sp_WriteOrderNotes @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;
    EXECUTE dbo.sp_WriteOrderProfile @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;

    SELECT
        @ITEM_NO = MIN(linked.ITEM_NO)
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

    WHILE @ITEM_NO IS NOT NULL
    BEGIN
        SELECT
            @QTY = SUM(linked.QTY_SOLD),
            @STOCK_COLUMNS = MAX(linked.STOCK_COLUMNS)
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   linked.ITEM_NO = @ITEM_NO;

        EXECUTE dbo.sp_MoveStock
            @ITEM_NO = @ITEM_NO,
            @LOC_ID = @STK_LOC_ID,
            @QUANTITY = @QTY,
            @STOCK_COLUMNS = @STOCK_COLUMNS,
            @NOW = @NOW;

        SELECT
            @ITEM_NO = MIN(linked.ITEM_NO)
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   linked.ITEM_NO > @ITEM_NO;
    END;
END;
GO
