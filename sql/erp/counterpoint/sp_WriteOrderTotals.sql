SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderTotals
    Writes a document's misc charges, prices, tax, totals row, the line counts of its header and its first audit row with its totals,
    from the staged order: anew, or over those that are there; then checks that its rows agree.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions, after the lines and the payment
Parameters   @STAGING_ID; @DOC_ID
Returns      no rows
Errors       50030 lines, charges and tax don't come to the store's total, to the cent; or the rows don't agree (fn_CounterPointTally)
Locks        the document's rows
Repeatable   yes
Note         TOT = SUB_TOT - TOT_HDR_DISC - TOT_LIN_DISC + TAX_AMT + TOT_MISC; AMT_DUE is what PS_DOC_PMT leaves of it.
             Of a deposit on a ticket of its own the site's model says whether it counts here (fn_CounterPointDeposit).
             CounterPoint knows five misc charges: what comes after the fifth is added to it, the note names each.
Example      EXECUTE dbo.sp_WriteOrderTotals @STAGING_ID = 1, @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderTotals
    @STAGING_ID int,
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @LOCAL_NOW datetime2(3),
        @TOT_TYP varchar(1),
        @LIN_TYP varchar(1),
        @MISC_TYP varchar(1),
        @MISC_CHRG_NO int,
        @TAX_AMT_SHIPPED nvarchar(10),
        @WOO_ORDER_NO varchar(50),
        @SUB_TOT decimal(15, 2),
        @NET decimal(15, 2),
        @TOT_MISC decimal(15, 2),
        @TAX_AMT decimal(15, 2),
        @TOT decimal(15, 2),
        @EXPECTED decimal(15, 2),
        @PAID decimal(15, 2),
        @TENDERED decimal(15, 2),
        @DUE decimal(15, 2),
        @LINES int,
        @LINE_TOTAL decimal(15, 2),
        @EXT_COST decimal(15, 2);

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    SELECT
        @TOT_TYP = MAX(CASE WHEN setting.NAME = 'TOT_TYP' THEN setting.VALUE END),
        @LIN_TYP = MAX(CASE WHEN setting.NAME = 'LIN_TYP' THEN setting.VALUE END),
        @MISC_TYP = MAX(CASE WHEN setting.NAME = 'MISC_TYP' THEN setting.VALUE END),
        @MISC_CHRG_NO = COALESCE(MAX(CASE WHEN setting.NAME = 'MISC_CHRG_NO' THEN TRY_CONVERT(int, setting.VALUE) END), 1),
        @TAX_AMT_SHIPPED = MAX(CASE WHEN setting.NAME = 'TAX_AMT_SHIPPED' THEN setting.VALUE END)
    FROM dbo.USER_ERP_SETTING AS setting;

    SELECT
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @TAX_AMT = ROUND(COALESCE(staged.TAX_AMT, 0), 2),
        @EXPECTED = ROUND(COALESCE(staged.TOT_AMT, 0), 2)
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @SUB_TOT = COALESCE(SUM(line.GROSS_EXT_PRC), 0),
        @NET = COALESCE(SUM(line.EXT_PRC), 0)
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS line
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   line.QTY > 0;

    DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG
    WHERE DOC_ID = @DOC_ID
    AND   TOT_TYP = @TOT_TYP;

    INSERT INTO dbo.PS_DOC_HDR_MISC_CHRG
    (
        DOC_ID, TOT_TYP, MISC_CHRG_NO, MISC_TYP, MISC_AMT, MISC_PCT, MISC_AMT_SHIPPED, MISC_TAX_AMT_ALLOC, MISC_NORM_TAX_AMT_ALLOC
    )
    SELECT
        @DOC_ID,
        @TOT_TYP,
        charge.MISC_CHRG_NO,
        @MISC_TYP,
        SUM(charge.AMT),
        0,
        0,
        SUM(charge.TAX_AMT),
        SUM(charge.TAX_AMT)
    FROM
    (
        SELECT
            MISC_CHRG_NO = CASE
                WHEN @MISC_CHRG_NO + ROW_NUMBER() OVER (ORDER BY staged_charge.POSITION_NO) > 6 THEN 5
                ELSE @MISC_CHRG_NO + ROW_NUMBER() OVER (ORDER BY staged_charge.POSITION_NO) - 1
            END,
            staged_charge.AMT,
            staged_charge.TAX_AMT
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS APPLY dbo.fn_StagedCharges(staged.ORDER_JSON) AS staged_charge
        WHERE staged.STAGING_ID = @STAGING_ID
    ) AS charge
    GROUP BY
        charge.MISC_CHRG_NO;

    SELECT
        @TOT_MISC = COALESCE(SUM(charge.MISC_AMT), 0)
    FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
    WHERE charge.DOC_ID = @DOC_ID
    AND   charge.TOT_TYP = @TOT_TYP;

    SET @TOT = @NET + @TOT_MISC + @TAX_AMT;

    IF @TOT <> @EXPECTED
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': lines, charges and tax come to ', CONVERT(varchar(30), @TOT), N', the store''s total is ',
            CONVERT(varchar(30), @EXPECTED), N'. Correct the order in the store.'
        );
        THROW 50030, @MESSAGE, 1;
    END;

    SELECT
        @PAID = COALESCE(SUM(payment.AMT), 0)
    FROM dbo.PS_DOC_PMT AS payment
    WHERE payment.DOC_ID = @DOC_ID;

    SET @TENDERED = @PAID;
    SET @DUE = @TOT - @PAID;

    SELECT
        @TENDERED = deposit.TENDERED,
        @DUE = @TOT - deposit.TAKEN_OFF
    FROM dbo.fn_CounterPointDeposit(@DOC_ID) AS deposit;

    SELECT
        @LINES = COUNT(*),
        @LINE_TOTAL = COALESCE(SUM(line.EXT_PRC), 0),
        @EXT_COST = COALESCE(SUM(line.EXT_COST), 0)
    FROM dbo.PS_DOC_LIN AS line
    WHERE line.DOC_ID = @DOC_ID
    AND   line.QTY_SOLD <> 0;

    EXECUTE dbo.sp_WriteOrderTax @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;

    DELETE FROM dbo.PS_DOC_LIN_PRICE
    WHERE DOC_ID = @DOC_ID;

    INSERT INTO dbo.PS_DOC_LIN_PRICE
    (
        DOC_ID, LIN_SEQ_NO, PRC_SEQ_NO, PRC_JUST_STR, PRC_GRP_TYP, PRC_RUL_SEQ_NO, PRC_BRK_DESCR, QTY_PRCD, UNIT_PRC, DIM_1_UPR,
        DIM_2_UPR, DIM_3_UPR
    )
    SELECT
        line.DOC_ID,
        line.LIN_SEQ_NO,
        1,
        'Price-1',
        '!',
        -1,
        'I',
        line.QTY_SOLD,
        CONVERT(decimal(15, 4), line.PRC),
        '*',
        '*',
        '*'
    FROM dbo.PS_DOC_LIN AS line
    WHERE line.DOC_ID = @DOC_ID
    AND   line.QTY_SOLD <> 0;

    UPDATE
        dbo.PS_DOC_HDR_TOT
    SET
        LINS = @LINES,
        NORM_TAX_AMT = @TAX_AMT,
        TOT_TND = @TENDERED,
        TOT_EXT_COST = @EXT_COST,
        TOT_HDR_DISCNTBL_AMT = @NET,
        SUB_TOT = @SUB_TOT,
        TAX_AMT = @TAX_AMT,
        TOT = @TOT,
        TOT_HDR_DISC = 0,
        TOT_LIN_DISC = @SUB_TOT - @NET,
        TOT_MISC = @TOT_MISC,
        AMT_DUE = @DUE,
        TAX_AMT_SHIPPED = CASE WHEN @TAX_AMT_SHIPPED = N'TAX' THEN @TAX_AMT ELSE 0 END
    WHERE DOC_ID = @DOC_ID
    AND   TOT_TYP = @TOT_TYP;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.PS_DOC_HDR_TOT
        (
            DOC_ID, TOT_TYP, SUB_TOT, TAX_AMT, TOT, TOT_HDR_DISC, TOT_LIN_DISC, TOT_MISC, AMT_DUE, INITIAL_MIN_DUE, TOT_WEIGHT, TOT_CUBE,
            TAX_AMT_SHIPPED, HAS_TAX_OVRD, LINS, TAX_OVRD_LINS, NORM_TAX_AMT, TOT_TND, TOT_CHNG, TOT_GFC_AMT, TOT_SVC_AMT, TOT_EXT_COST,
            TOT_HDR_DISCNTBL_AMT
        )
        VALUES
        (
            @DOC_ID, @TOT_TYP, @SUB_TOT, @TAX_AMT, @TOT, 0, @SUB_TOT - @NET, @TOT_MISC, @DUE, 0, 0, 0,
            CASE WHEN @TAX_AMT_SHIPPED = N'TAX' THEN @TAX_AMT ELSE 0 END, '!', @LINES, 0, @TAX_AMT, @TENDERED, 0, 0, 0, @EXT_COST, @NET
        );
    END;

    UPDATE
        dbo.PS_DOC_HDR
    SET
        ORD_LINS = CASE WHEN @LIN_TYP = 'S' THEN 0 ELSE @LINES END,
        SAL_LINS = CASE WHEN @LIN_TYP = 'S' THEN @LINES ELSE 0 END,
        SAL_LIN_TOT = CASE WHEN @LIN_TYP = 'S' THEN @LINE_TOTAL ELSE 0 END,
        TO_REL_LINS = @LINES,
        RS_UTC_DT = @NOW,
        LST_MAINT_DT = @LOCAL_NOW,
        LST_MAINT_USR_ID = 'SYNCCTL'
    WHERE DOC_ID = @DOC_ID;

    INSERT INTO dbo.PS_DOC_AUDIT_LOG
    (
        DOC_ID, LOG_SEQ_NO, DOC_TYP, DOC_GUID, CURR_DT, CURR_STR_ID, CURR_STA_ID, CURR_DRW_ID, CURR_USR_ID, CURR_WKSTN_NAM, CURR_DB_NAM,
        ACTIV, LOG_ENTRY
    )
    SELECT
        document.DOC_ID,
        1,
        document.DOC_TYP,
        document.DOC_GUID,
        @LOCAL_NOW,
        document.STR_ID,
        document.STA_ID,
        document.DRW_ID,
        document.USR_ID,
        'SYNCCTL',
        LEFT(DB_NAME(), 50),
        'N',
        CONCAT('Entered web order ', document.CUST_PO_NO)
    FROM dbo.PS_DOC_HDR AS document
    WHERE document.DOC_ID = @DOC_ID
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_AUDIT_LOG AS known WHERE known.DOC_ID = document.DOC_ID);

    IF @@ROWCOUNT > 0
    BEGIN
        INSERT INTO dbo.PS_DOC_AUDIT_LOG_TOT
        (
            DOC_ID, LOG_SEQ_NO, TOT_TYP, LINS, SUB_TOT, TOT_MISC, TAX_AMT, NORM_TAX_AMT, TOT, TOT_TND, TOT_CHNG, AMT_DUE,
            TOT_EXT_COST, TOT_GFC_AMT, TOT_SVC_AMT, DEP_NET_CHANGE
        )
        VALUES
        (
            @DOC_ID, 1, @TOT_TYP, @LINES, @SUB_TOT, @TOT_MISC, @TAX_AMT, @TAX_AMT, @TOT, @TENDERED, 0, @DUE, @EXT_COST, 0, 0,
            CASE WHEN @TOT_TYP = 'S' THEN 0 ELSE @TENDERED END
        );
    END;

    SET @MESSAGE = NULL;

    SELECT
        @MESSAGE = CONCAT(N'Order ', @WOO_ORDER_NO, N': its document would not agree with itself: ', found.DETAIL, N'. Nothing was written.')
    FROM dbo.fn_CounterPointTally(@DOC_ID) AS found;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;
END;
GO
