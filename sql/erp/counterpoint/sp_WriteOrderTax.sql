SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderTax
    Writes the store's tax on a document: on each line and charge what the store reckoned on it, and a PS_DOC_TAX row for each authority
    and rule that its rates belong to. Either comes to the document's tax, to the cent.

Called by    sp_WriteOrderTotals, inside its transaction, after lines and charges
Parameters   @STAGING_ID; @DOC_ID
Returns      no rows
Errors       none
Locks        the document's rows
Repeatable   yes
Note         USER_TAX_MAP says which authority and rule a rate is; one without a row there is TAX_AUTH_COD and TAX_RUL_COD, and so is the
             whole tax of an order that names no rate. Refunds lower a document's tax, not what its rates say: the tax is shared out
             as the rates' amounts are to each other. What rounding leaves goes to the last taxed line, and to the last rate.
Example      EXECUTE dbo.sp_WriteOrderTax @STAGING_ID = 1, @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderTax
    @STAGING_ID int,
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @TOT_TYP varchar(1),
        @AUTH_COD varchar(10),
        @RUL_COD varchar(10),
        @TAX_AMT decimal(15, 2),
        @REST decimal(15, 2),
        @REST_LINE int,
        @RATES decimal(15, 2),
        @LIN_AMT decimal(15, 2),
        @TXBL_LIN_AMT decimal(15, 2),
        @TXBL_QTY decimal(15, 4),
        @MISC_1 decimal(15, 2),
        @MISC_2 decimal(15, 2),
        @MISC_3 decimal(15, 2),
        @MISC_4 decimal(15, 2),
        @MISC_5 decimal(15, 2);
    DECLARE @RATE table
    (
        POSITION_NO int NOT NULL,
        AUTH_COD varchar(10) NOT NULL,
        RUL_COD varchar(10) NOT NULL,
        SHARE decimal(15, 2) NOT NULL,
        TAX_AMT decimal(15, 2) NOT NULL
    );

    SELECT
        @TOT_TYP = MAX(CASE WHEN setting.NAME = 'TOT_TYP' THEN setting.VALUE END),
        @AUTH_COD = COALESCE(NULLIF(MAX(CASE WHEN setting.NAME = 'TAX_AUTH_COD' THEN setting.VALUE END), N''), N'WEB'),
        @RUL_COD = COALESCE(NULLIF(MAX(CASE WHEN setting.NAME = 'TAX_RUL_COD' THEN setting.VALUE END), N''), N'TAX')
    FROM dbo.USER_ERP_SETTING AS setting;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @TAX_AMT = ROUND(COALESCE(staged.TAX_AMT, 0), 2)
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    UPDATE
        line
    SET
        TAX_AMT_ALLOC = taxed.TAX_AMT,
        NORM_TAX_AMT_ALLOC = taxed.TAX_AMT,
        IS_TXBL = CASE WHEN taxed.TAX_AMT <> 0 THEN 'Y' ELSE 'N' END
    FROM dbo.PS_DOC_LIN AS line
    INNER JOIN dbo.USER_ORDER_LINE_LINK AS linked
        ON  linked.STORE_ID = @STORE_ID
        AND linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND linked.DOC_ID = line.DOC_ID
        AND linked.LIN_SEQ_NO = line.LIN_SEQ_NO
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = @STAGING_ID
    CROSS APPLY dbo.fn_StagedLines(staged.STORE_ID, staged.LINE_ITEMS_JSON) AS taxed
    WHERE line.DOC_ID = @DOC_ID
    AND   taxed.WOO_LINE_ID = linked.WOO_LINE_ID
    AND   taxed.QTY > 0;

    SELECT
        @REST = @TAX_AMT
            - COALESCE((SELECT SUM(line.TAX_AMT_ALLOC) FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = @DOC_ID), 0)
            - COALESCE
            (
                (
                    SELECT
                        SUM(charge.MISC_TAX_AMT_ALLOC)
                    FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
                    WHERE charge.DOC_ID = @DOC_ID
                    AND   charge.TOT_TYP = @TOT_TYP
                ),
                0
            );

    IF @REST <> 0
    BEGIN
        SELECT TOP (1)
            @REST_LINE = line.LIN_SEQ_NO
        FROM dbo.PS_DOC_LIN AS line
        WHERE line.DOC_ID = @DOC_ID
        AND   line.QTY_SOLD <> 0
        ORDER BY
            CASE WHEN line.TAX_AMT_ALLOC <> 0 THEN 0 ELSE 1 END,
            line.LIN_SEQ_NO DESC;

        UPDATE
            dbo.PS_DOC_LIN
        SET
            TAX_AMT_ALLOC = TAX_AMT_ALLOC + @REST,
            NORM_TAX_AMT_ALLOC = NORM_TAX_AMT_ALLOC + @REST,
            IS_TXBL = 'Y'
        WHERE DOC_ID = @DOC_ID
        AND   LIN_SEQ_NO = @REST_LINE;

        IF @REST_LINE IS NULL
        BEGIN
            UPDATE
                dbo.PS_DOC_HDR_MISC_CHRG
            SET
                MISC_TAX_AMT_ALLOC = MISC_TAX_AMT_ALLOC + @REST,
                MISC_NORM_TAX_AMT_ALLOC = MISC_NORM_TAX_AMT_ALLOC + @REST
            WHERE DOC_ID = @DOC_ID
            AND   TOT_TYP = @TOT_TYP
            AND   MISC_CHRG_NO =
            (
                SELECT
                    MAX(charge.MISC_CHRG_NO)
                FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
                WHERE charge.DOC_ID = @DOC_ID
                AND   charge.TOT_TYP = @TOT_TYP
            );
        END;
    END;

    DELETE FROM dbo.PS_DOC_TAX
    WHERE DOC_ID = @DOC_ID;

    IF @TAX_AMT = 0
    BEGIN
        RETURN;
    END;

    INSERT INTO @RATE
    (
        POSITION_NO, AUTH_COD, RUL_COD, SHARE, TAX_AMT
    )
    SELECT
        rate.POSITION_NO,
        COALESCE(own.AUTH_COD, shared.AUTH_COD, @AUTH_COD),
        COALESCE(own.RUL_COD, shared.RUL_COD, @RUL_COD),
        rate.TAX_AMT,
        0
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY dbo.fn_StagedTaxes(staged.ORDER_JSON) AS rate
    LEFT JOIN dbo.USER_TAX_MAP AS own
        ON  own.STORE_ID = staged.STORE_ID
        AND own.RATE_COD = rate.RATE_COD
    LEFT JOIN dbo.USER_TAX_MAP AS shared
        ON  shared.STORE_ID = '*'
        AND shared.RATE_COD = rate.RATE_COD
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   rate.TAX_AMT <> 0;

    SELECT
        @RATES = COALESCE(SUM(rate.SHARE), 0)
    FROM @RATE AS rate;

    IF @RATES = 0
    BEGIN
        DELETE FROM @RATE;

        INSERT INTO @RATE
        (
            POSITION_NO, AUTH_COD, RUL_COD, SHARE, TAX_AMT
        )
        VALUES
        (
            1, @AUTH_COD, @RUL_COD, 1, @TAX_AMT
        );
    END;
    ELSE
    BEGIN
        UPDATE
            rate
        SET
            TAX_AMT = ROUND(@TAX_AMT * rate.SHARE / @RATES, 2)
        FROM @RATE AS rate;

        UPDATE
            rate
        SET
            TAX_AMT = rate.TAX_AMT + @TAX_AMT - whole.TAX_AMT
        FROM @RATE AS rate
        CROSS JOIN
        (
            SELECT
                TAX_AMT = SUM(each_rate.TAX_AMT),
                LAST_NO = MAX(each_rate.POSITION_NO)
            FROM @RATE AS each_rate
        ) AS whole
        WHERE rate.POSITION_NO = whole.LAST_NO;
    END;

    SELECT
        @LIN_AMT = COALESCE(SUM(line.EXT_PRC), 0),
        @TXBL_LIN_AMT = COALESCE(SUM(CASE WHEN line.IS_TXBL = 'Y' THEN line.EXT_PRC ELSE 0 END), 0),
        @TXBL_QTY = COALESCE(SUM(CASE WHEN line.IS_TXBL = 'Y' THEN line.QTY_SOLD ELSE 0 END), 0)
    FROM dbo.PS_DOC_LIN AS line
    WHERE line.DOC_ID = @DOC_ID;

    SELECT
        @MISC_1 = COALESCE(SUM(CASE WHEN charge.MISC_CHRG_NO = 1 THEN charge.MISC_AMT ELSE 0 END), 0),
        @MISC_2 = COALESCE(SUM(CASE WHEN charge.MISC_CHRG_NO = 2 THEN charge.MISC_AMT ELSE 0 END), 0),
        @MISC_3 = COALESCE(SUM(CASE WHEN charge.MISC_CHRG_NO = 3 THEN charge.MISC_AMT ELSE 0 END), 0),
        @MISC_4 = COALESCE(SUM(CASE WHEN charge.MISC_CHRG_NO = 4 THEN charge.MISC_AMT ELSE 0 END), 0),
        @MISC_5 = COALESCE(SUM(CASE WHEN charge.MISC_CHRG_NO = 5 THEN charge.MISC_AMT ELSE 0 END), 0)
    FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
    WHERE charge.DOC_ID = @DOC_ID
    AND   charge.TOT_TYP = @TOT_TYP
    AND   charge.MISC_TAX_AMT_ALLOC <> 0;

    INSERT INTO dbo.PS_DOC_TAX
    (
        DOC_ID, AUTH_COD, RUL_COD, TAX_DOC_PART, LIN_AMT, TXBL_LIN_AMT, TXBL_MISC_CHG_AMT_1, TXBL_MISC_CHG_AMT_2, TXBL_MISC_CHG_AMT_3,
        TXBL_MISC_CHG_AMT_4, TXBL_MISC_CHG_AMT_5, TXBL_GFC_AMT, TXBL_SVC_AMT, TXBL_TAX_AMT, TXBL_QTY, TAX_AMT, NORM_TAX_AMT,
        TAX_AMT_EXACT, NORM_TAX_AMT_EXACT, TOT_TXBL_AMT
    )
    SELECT
        @DOC_ID,
        rate.AUTH_COD,
        rate.RUL_COD,
        @TOT_TYP,
        @LIN_AMT,
        @TXBL_LIN_AMT,
        @MISC_1,
        @MISC_2,
        @MISC_3,
        @MISC_4,
        @MISC_5,
        0,
        0,
        0,
        @TXBL_QTY,
        CONVERT(decimal(15, 2), SUM(rate.TAX_AMT)),
        CONVERT(decimal(15, 2), SUM(rate.TAX_AMT)),
        CONVERT(decimal(15, 4), SUM(rate.TAX_AMT)),
        CONVERT(decimal(15, 4), SUM(rate.TAX_AMT)),
        @TXBL_LIN_AMT + @MISC_1 + @MISC_2 + @MISC_3 + @MISC_4 + @MISC_5
    FROM @RATE AS rate
    GROUP BY
        rate.AUTH_COD,
        rate.RUL_COD;
END;
GO
