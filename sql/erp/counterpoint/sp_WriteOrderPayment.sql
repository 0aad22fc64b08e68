SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderPayment
    Writes the payment that came with an order, lets it follow the order, and takes it off again. Payments that people took in
    CounterPoint stay as they are.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, sp_CloseErpDocument, inside their transactions, before the totals are written
Parameters   @STAGING_ID; @DOC_ID; @IS_CLOSED 1 takes the payment off: nothing is to be paid any more
Returns      no rows
Errors       50030 the deposit's ticket is in the books, or gone, and the order wants another one (sp_WriteOrderDeposit); 50040 the payment
             method has no pay code, CounterPoint has no such code, or WRITE_PAYMENT is something else than Y, D or N
Locks        the payment, and the order's row of USER_ORDER_PAYMENT
Repeatable   yes
Note         A document gets a payment with the site setting WRITE_PAYMENT = Y, and where it has none yet; with D a ticket beside it carries the
             payment, as a deposit (sp_WriteOrderDeposit). What is written stands in
             USER_ORDER_PAYMENT, too: only that is ours to change, with the setting or without.
             An order that costs nothing has no payment; nor has one whose payment method stands in USER_PAY_CODE_MAP with an empty
             code: it isn't paid when it comes (cash on delivery).
             A payment that a person takes at a till is applied to its document (PS_DOC_PMT_APPLY); one that isn't, and is the first and only
             one, of the total that we wrote, on the order's day and with its pay code, an older version wrote: it is ours.
             DESCR takes the store's transaction id, so that a payment is found by it; without one, what CounterPoint calls the code.
Example      EXECUTE dbo.sp_WriteOrderPayment @STAGING_ID = 1, @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderPayment
    @STAGING_ID int,
    @DOC_ID bigint,
    @IS_CLOSED bit = 0,
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
        @PMT_METH varchar(50),
        @TRANSACTION_ID nvarchar(200),
        @PAY_DAT datetime,
        @AMT decimal(15, 2),
        @WRITE_PAYMENT nvarchar(10),
        @APPL_TYP varchar(1),
        @PMT_SEQ_NO int,
        @PAY_COD varchar(10),
        @PAY_COD_TYP varchar(1),
        @DESCR varchar(50),
        @EDC_AUTH_FLG varchar(1) = 'O',
        @IS_DEPOSIT bit = 0;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @PMT_METH = staged.PMT_METH,
        @TRANSACTION_ID = NULLIF(staged.TRANSACTION_ID, N''),
        @PAY_DAT = CONVERT(datetime, CONVERT(date, staged.TKT_DT)),
        @AMT = CASE WHEN @IS_CLOSED = 1 THEN 0 ELSE ROUND(COALESCE(staged.TOT_AMT, 0), 2) END
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @WRITE_PAYMENT = MAX(CASE WHEN setting.NAME = 'WRITE_PAYMENT' THEN setting.VALUE END),
        @APPL_TYP = MAX(CASE WHEN setting.NAME = 'TOT_TYP' THEN setting.VALUE END),
        @PAY_COD_TYP = COALESCE(NULLIF(MAX(CASE WHEN setting.NAME = 'PAY_COD_TYP' THEN setting.VALUE END), N''), N'B')
    FROM dbo.USER_ERP_SETTING AS setting;

    IF @IS_CLOSED = 0 AND COALESCE(@WRITE_PAYMENT, N'N') NOT IN (N'Y', N'D', N'N')
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'The site setting WRITE_PAYMENT is ''', @WRITE_PAYMENT, N'''; it takes N (no payment), Y (on the order) or D (a deposit ticket beside the',
            N' order).'
        );
        THROW 50040, @MESSAGE, 1;
    END;

    /* The deposit of a document that is gone: another one beside it would be the same money twice. */
    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': the deposit of ', CONVERT(varchar(30), COALESCE(former.BOOKED_AMT, former.AMT)), N' on ticket ',
            former.DEPOSIT_TKT_NO, N', which came with its former document ', former.DOC_ID,
            CASE
                WHEN stands.IS_POSTED = 1
                THEN CONCAT
                (
                    N', is in the books: give it back at the till, then `syncctl dead-letter deposit ', @STAGING_ID, N' --given-back ',
                    CONVERT(varchar(30), COALESCE(former.BOOKED_AMT, former.AMT)), N'`'
                )
                ELSE N', is still open: void it at the till'
            END,
            CASE WHEN stands.IS_POSTED = 1 THEN N' and' ELSE N', then' END, N' `syncctl dead-letter retry ', @STAGING_ID, N'`.'
        )
    FROM dbo.USER_ORDER_PAYMENT AS former
    CROSS APPLY dbo.fn_ErpDocument(former.DEPOSIT_DOC_ID) AS stands
    WHERE former.STORE_ID = @STORE_ID
    AND   former.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   former.DOC_ID <> @DOC_ID
    AND   (stands.IS_OPEN = 1 OR (stands.IS_POSTED = 1 AND COALESCE(former.BOOKED_AMT, former.AMT) <> 0));

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;

    SELECT
        @PMT_SEQ_NO = written.PMT_SEQ_NO,
        @IS_DEPOSIT = CASE WHEN written.DEPOSIT_DOC_ID IS NULL THEN 0 ELSE 1 END
    FROM dbo.USER_ORDER_PAYMENT AS written
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   written.DOC_ID = @DOC_ID;

    /* What a version wrote that remembered nothing and applied no payment to its document: if it is what would be written, it is ours. */
    IF @PMT_SEQ_NO IS NULL
    BEGIN
        SELECT
            @PMT_SEQ_NO = payment.PMT_SEQ_NO
        FROM dbo.PS_DOC_PMT AS payment
        INNER JOIN dbo.USER_ORDER_LINK AS linked
            ON  linked.DOC_ID = payment.DOC_ID
            AND linked.TOT = payment.AMT
        CROSS APPLY dbo.fn_PayCode(@STORE_ID, @PMT_METH) AS code
        WHERE payment.DOC_ID = @DOC_ID
        AND   payment.PMT_SEQ_NO = 1
        AND   payment.PAY_COD = code.PAY_COD
        AND   CONVERT(date, payment.PAY_DAT) = CONVERT(date, @PAY_DAT)
        AND   NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT_APPLY AS applied WHERE applied.DOC_ID = @DOC_ID)
        AND   NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT AS other WHERE other.DOC_ID = @DOC_ID AND other.PMT_SEQ_NO <> 1);
    END;

    IF @PMT_SEQ_NO IS NULL
    AND
    (
        COALESCE(@WRITE_PAYMENT, N'N') = N'N'
        OR EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT AS payment WHERE payment.DOC_ID = @DOC_ID)
    )
    BEGIN
        SET @AMT = 0;
    END;

    IF @AMT <> 0
    BEGIN
        SELECT
            @PAY_COD = code.PAY_COD
        FROM dbo.fn_PayCode(@STORE_ID, @PMT_METH) AS code;

        IF @PAY_COD IS NULL
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N': payment method ''', @PMT_METH, N''' has no pay code. Name one:',
                N' `syncctl map pay`, or set WRITE_PAYMENT to N.'
            );
            THROW 50040, @MESSAGE, 1;
        END;

        IF @PAY_COD = ''
        BEGIN
            SET @AMT = 0;
        END;
    END;

    /* Where there is SY_PAY_COD: */
    IF @AMT <> 0
    BEGIN
        SELECT
            @PAY_COD_TYP = COALESCE(code.PAY_TYP, @PAY_COD_TYP),
            @DESCR = code.DESCR,
            @EDC_AUTH_FLG = COALESCE(code.EDC_AUTH_FLG, @EDC_AUTH_FLG)
        FROM dbo.SY_PAY_COD AS code
        WHERE code.PAY_COD = @PAY_COD;

        IF @@ROWCOUNT = 0
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N': the ERP has no pay code ''', @PAY_COD, N''', which payment method ''', @PMT_METH,
                N''' stands for. Name another (`syncctl map pay`), or add the code to the ERP.'
            );
            THROW 50040, @MESSAGE, 1;
        END;
    END;
    /* End. */

    SET @DESCR = COALESCE(CONVERT(varchar(50), LEFT(@TRANSACTION_ID, 50)), @DESCR, @PAY_COD);

    IF @IS_DEPOSIT = 1 OR (@PMT_SEQ_NO IS NULL AND @WRITE_PAYMENT = N'D')
    BEGIN
        EXECUTE dbo.sp_WriteOrderDeposit
            @STAGING_ID = @STAGING_ID,
            @DOC_ID = @DOC_ID,
            @AMT = @AMT,
            @PAY_COD = @PAY_COD,
            @PAY_COD_TYP = @PAY_COD_TYP,
            @DESCR = @DESCR,
            @EDC_AUTH_FLG = @EDC_AUTH_FLG,
            @NOW = @NOW;

        RETURN;
    END;

    /* Of a document that is no more, too. */
    DELETE FROM dbo.USER_ORDER_PAYMENT
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID;

    DELETE FROM dbo.PS_DOC_PMT_APPLY
    WHERE DOC_ID = @DOC_ID
    AND   PMT_SEQ_NO = @PMT_SEQ_NO;

    IF @AMT = 0
    BEGIN
        DELETE FROM dbo.PS_DOC_PMT
        WHERE DOC_ID = @DOC_ID
        AND   PMT_SEQ_NO = @PMT_SEQ_NO;

        RETURN;
    END;

    IF @PMT_SEQ_NO IS NOT NULL
    BEGIN
        UPDATE
            dbo.PS_DOC_PMT
        SET
            PAY_COD = @PAY_COD,
            PAY_COD_TYP = @PAY_COD_TYP,
            DESCR = @DESCR,
            AMT = @AMT,
            HOME_CURNCY_AMT = @AMT,
            EDC_AUTH_FLG = @EDC_AUTH_FLG
        WHERE DOC_ID = @DOC_ID
        AND   PMT_SEQ_NO = @PMT_SEQ_NO;
    END
    ELSE
    BEGIN
        SET @PMT_SEQ_NO = 1;

        INSERT INTO dbo.PS_DOC_PMT
        (
            DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, PAY_DAT, PAY_COD_TYP, STR_ID, STA_ID, TKT_NO, DESCR, FINAL_PMT, PMT_LIN_TYP, CURNCY_COD,
            EXCH_RATE_NUMER, EXCH_RATE_DENOM, HOME_CURNCY_AMT, EXCH_LOSS, ROUND_GAIN_LOSS, HOME_CURNCY_ROUND_GAIN_LOSS, CARD_IS_NEW,
            SECURE_ECOMM_TRX, SWIPED, DEP_LIN_COPIED_TO_REL_DOC, EDC_AUTH_FLG
        )
        SELECT
            document.DOC_ID,
            @PMT_SEQ_NO,
            @PAY_COD,
            @AMT,
            @PAY_DAT,
            @PAY_COD_TYP,
            document.STR_ID,
            document.STA_ID,
            document.TKT_NO,
            @DESCR,
            'N',
            'T',
            'HOME',
            1,
            1,
            @AMT,
            0,
            0,
            0,
            'N',
            'N',
            'N',
            'N',
            @EDC_AUTH_FLG
        FROM dbo.PS_DOC_HDR AS document
        WHERE document.DOC_ID = @DOC_ID;
    END;

    INSERT INTO dbo.PS_DOC_PMT_APPLY
    (
        DOC_ID, PMT_SEQ_NO, APPL_TYP, AMT, HOME_CURNCY_AMT, EXCH_LOSS
    )
    VALUES
    (
        @DOC_ID, @PMT_SEQ_NO, @APPL_TYP, @AMT, @AMT, 0
    );

    INSERT INTO dbo.USER_ORDER_PAYMENT
    (
        STORE_ID, WOO_ORDER_ID, DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, UPDATED_DT
    )
    VALUES
    (
        @STORE_ID, @WOO_ORDER_ID, @DOC_ID, @PMT_SEQ_NO, @PAY_COD, @AMT, @NOW
    );
END;
GO
