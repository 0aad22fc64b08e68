SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckDocumentState
    Holds an order's ERP document for the caller's transaction, and makes sure that it is as syncctl left it: open, not shipped, not
    released, not changed by hand.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @ACTION change or cancel: what a person is asked to do by hand where it is not
Returns      no rows
Errors       50030 with every reason at once, and what to do by hand: where the store took something off, what that was, to be entered as a
             return if the goods are out already
Locks        the document, until the caller's transaction ends: nobody ships it in between
Repeatable   yes
Example      EXECUTE dbo.sp_CheckDocumentState @STAGING_ID = 1, @ACTION = 'change';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckDocumentState
    @STAGING_ID int,
    @ACTION varchar(20),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @DOC_ID bigint,
        @LESS decimal(15, 2),
        @BACK nvarchar(500) = N'',
        @BOOKED nvarchar(500) = N'',
        @RECORD nvarchar(200) = N'',
        @LINE_NO int = 1;
    DECLARE @LINE table
    (
        LINE_NO int NOT NULL PRIMARY KEY,
        QUANTITY decimal(15, 4) NOT NULL,
        ITEM_NO varchar(20) NOT NULL
    );

    SELECT
        @DOC_ID = link.DOC_ID,
        @LESS = link.TOT - CASE WHEN @ACTION = 'cancel' THEN 0 ELSE ROUND(COALESCE(staged.TOT_AMT, 0), 2) END
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    EXECUTE dbo.sp_HoldErpDocument
        @DOC_ID = @DOC_ID;

    /* What came off in the store: of goods that are out already that is a return, which a person has to enter. */
    INSERT INTO @LINE
    (
        LINE_NO, QUANTITY, ITEM_NO
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY linked.LIN_SEQ_NO),
        linked.QTY_SOLD - CASE WHEN @ACTION = 'cancel' OR wanted.QTY IS NULL THEN 0 ELSE wanted.QTY END,
        linked.ITEM_NO
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINE_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
    LEFT JOIN
    (
        SELECT
            known.STAGING_ID,
            line.WOO_LINE_ID,
            line.QTY
        FROM dbo.USER_ORDER_STAGING AS known
        CROSS APPLY dbo.fn_StagedLines(known.STORE_ID, known.LINE_ITEMS_JSON) AS line
        WHERE known.STAGING_ID = @STAGING_ID
    ) AS wanted
        ON wanted.WOO_LINE_ID = linked.WOO_LINE_ID
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   linked.WOO_LINE_ID >= 0 /* below 0: an ERP's lines for charges */
    AND   linked.QTY_SOLD > CASE WHEN @ACTION = 'cancel' OR wanted.QTY IS NULL THEN 0 ELSE wanted.QTY END;

    WHILE EXISTS (SELECT 1 FROM @LINE AS line WHERE line.LINE_NO = @LINE_NO)
    BEGIN
        SELECT
            @BACK = LEFT(CONCAT(@BACK, CASE WHEN @LINE_NO = 1 THEN N': ' ELSE N', ' END, CONVERT(varchar(30), line.QUANTITY), N' ', line.ITEM_NO), 500)
        FROM @LINE AS line
        WHERE line.LINE_NO = @LINE_NO;

        SET @LINE_NO = @LINE_NO + 1;
    END;

    /*
    A deposit that is in the books stays there: what the store wants beyond that is taken or given back at the till, and recorded
    (sp_RecordDeposit). Where nothing else is in the way the order follows by itself then.
    */
    SELECT
        @BOOKED = CONCAT
        (
            N'the deposit of ', CONVERT(varchar(30), CONVERT(decimal(15, 2), state.BOOKED)), N' on ticket ', state.BOOKED_ON, N' is in the books: ',
            CASE
                WHEN @ACTION = 'cancel' THEN N'give it back at the till'
                WHEN staged.TOT_AMT > state.BOOKED
                THEN CONCAT(N'take ', CONVERT(varchar(30), CONVERT(decimal(15, 2), ROUND(staged.TOT_AMT, 2) - state.BOOKED)), N' more at the till')
                ELSE CONCAT
                (
                    N'give ', CONVERT(varchar(30), CONVERT(decimal(15, 2), state.BOOKED - ROUND(COALESCE(staged.TOT_AMT, 0), 2))),
                    N' back at the till'
                )
            END
        ),
        @RECORD = CONCAT
        (
            N'`syncctl dead-letter deposit ', staged.STAGING_ID,
            CASE
                WHEN @ACTION <> 'cancel' AND ROUND(staged.TOT_AMT, 2) > state.BOOKED
                THEN CONCAT(N' --taken ', CONVERT(varchar(30), CONVERT(decimal(15, 2), ROUND(staged.TOT_AMT, 2) - state.BOOKED)))
                ELSE CONCAT
                (
                    N' --given-back ',
                    CONVERT
                    (
                        varchar(30),
                        CONVERT(decimal(15, 2), state.BOOKED - CASE WHEN @ACTION = 'cancel' THEN 0 ELSE ROUND(COALESCE(staged.TOT_AMT, 0), 2) END)
                    )
                )
            END,
            N'` and '
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY dbo.fn_ErpDocumentState(staged.STORE_ID, staged.WOO_ORDER_ID) AS state
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   state.BOOKED IS NOT NULL
    AND   state.BOOKED <> CASE WHEN @ACTION = 'cancel' THEN 0 ELSE ROUND(COALESCE(staged.TOT_AMT, 0), 2) END;

    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', staged.WOO_ORDER_NO, N': document ', state.DOC_ID, N' (', state.TKT_NO, N') can''t follow the store: ',
            state.REASONS,
            CASE
                WHEN @ACTION = 'cancel' AND state.PAID <> 0
                THEN CONCAT
                (
                    CASE WHEN state.REASONS <> N'' THEN N'; ' END, N'it has payments of ', CONVERT(varchar(30), CONVERT(decimal(15, 2), state.PAID))
                )
            END,
            CASE
                WHEN @BOOKED <> N''
                THEN CONCAT(CASE WHEN state.REASONS <> N'' OR (@ACTION = 'cancel' AND state.PAID <> 0) THEN N'; ' END, @BOOKED)
            END,
            CASE
                WHEN state.REASONS = N'' AND NOT (@ACTION = 'cancel' AND state.PAID <> 0)
                THEN CONCAT(N', then ', @RECORD, N'`syncctl dead-letter retry ', staged.STAGING_ID, N'`.')
                ELSE CONCAT
                (
                    N'. ', UPPER(LEFT(@ACTION, 1)), SUBSTRING(@ACTION, 2, 20), N' it in ', erp.ERP_NAME, N' by hand',
                    CASE
                        WHEN @LESS > 0
                        THEN CONCAT
                        (
                            N' (the store took off ', CONVERT(varchar(30), @LESS), @BACK, N'. Of goods that are out already, enter a return of that)'
                        )
                    END,
                    N', then ', @RECORD, N'`syncctl dead-letter cancel ', staged.STAGING_ID, N' --reason …`.'
                )
            END
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN dbo.fn_ErpName() AS erp
    CROSS APPLY dbo.fn_ErpDocumentState(staged.STORE_ID, staged.WOO_ORDER_ID) AS state
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   (state.REASONS <> N'' OR (@ACTION = 'cancel' AND state.PAID <> 0) OR @BOOKED <> N'');

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;
END;
GO
