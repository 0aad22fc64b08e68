SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderDeposit
    Writes the deposit ticket of an order's payment, lets it follow the order as long as it is open, and takes it away again. One that
    is in the books stays as it is: an order that wants anything else goes to a person.

Called by    sp_WriteOrderPayment, inside its caller's transaction
Parameters   @STAGING_ID; @DOC_ID the order's document; @AMT 0 takes the deposit away; @PAY_COD, @PAY_COD_TYP, @DESCR, @EDC_AUTH_FLG how it
             was paid
Returns      no rows
Errors       50030 the ticket is in the books, or gone, and the order wants another one; or the ticket would not agree with itself;
             50040, 50041 no number is to be had, or there is no model
Locks        the ticket, the order's row of USER_ORDER_PAYMENT; for a new ticket the number series, to the caller's commit
Repeatable   yes: the second time nothing differs
Note         Of a ticket in the books amount and pay code count, with what people took and gave back since (sp_RecordDeposit); another
             reference of the store's changes nothing there.
             A ticket that follows keeps its numbers and its date. One that comes with the order is of the order's date, one that comes later of
             the day on which it comes.
Example      EXECUTE dbo.sp_WriteOrderDeposit @STAGING_ID = 1, @DOC_ID = 101000000001, @AMT = 24.99, @PAY_COD = 'WEB', @PAY_COD_TYP = 'B',
                 @DESCR = 'txn', @EDC_AUTH_FLG = 'O';
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderDeposit
    @STAGING_ID int,
    @DOC_ID bigint,
    @AMT decimal(15, 2),
    @PAY_COD varchar(10),
    @PAY_COD_TYP varchar(1),
    @DESCR varchar(50),
    @EDC_AUTH_FLG varchar(1),
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
        @MOMENT datetime2(3),
        @NUMBER varchar(20),
        @TICKET_DOC_ID bigint,
        @TICKET_TKT_NO varchar(15),
        @WRITTEN_AMT decimal(15, 2),
        @IS_SAME bit = 0,
        @IS_OTHER_DESCR bit = 0,
        @IS_OPEN bit,
        @IS_POSTED bit;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @MOMENT = CASE WHEN linked.DOC_ID = @DOC_ID THEN moment.LOCAL_DT ELSE staged.TKT_DT END
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN dbo.fn_CounterPointTime(@NOW) AS moment
    LEFT JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @TICKET_DOC_ID = written.DEPOSIT_DOC_ID,
        @TICKET_TKT_NO = written.DEPOSIT_TKT_NO,
        @WRITTEN_AMT = COALESCE(written.BOOKED_AMT, written.AMT),
        @IS_SAME = CASE WHEN COALESCE(written.BOOKED_AMT, written.AMT) = @AMT AND (@AMT = 0 OR written.PAY_COD = @PAY_COD) THEN 1 ELSE 0 END,
        @IS_OTHER_DESCR = CASE WHEN COALESCE(written.DESCR, '') = COALESCE(@DESCR, '') THEN 0 ELSE 1 END,
        @IS_OPEN = stands.IS_OPEN,
        @IS_POSTED = stands.IS_POSTED
    FROM dbo.USER_ORDER_PAYMENT AS written
    CROSS APPLY dbo.fn_ErpDocument(written.DEPOSIT_DOC_ID) AS stands
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   written.DOC_ID = @DOC_ID
    AND   written.DEPOSIT_DOC_ID IS NOT NULL;

    IF @TICKET_DOC_ID IS NOT NULL AND @IS_OPEN = 0
    BEGIN
        IF @IS_POSTED = 1 AND @IS_SAME = 1
        BEGIN
            RETURN;
        END;

        SET @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': the deposit of ', CONVERT(varchar(30), @WRITTEN_AMT), N' on ticket ', @TICKET_TKT_NO,
            CASE WHEN @IS_POSTED = 1 THEN N' is in the books, and the order ' ELSE N' was voided or deleted by hand, and the order ' END,
            CASE
                WHEN @AMT = 0 THEN N'has no payment any more: give it back at the till'
                WHEN @AMT > @WRITTEN_AMT
                THEN CONCAT
                (
                    N'is paid with ', CONVERT(varchar(30), @AMT), N' now: take ', CONVERT(varchar(30), CONVERT(decimal(15, 2), @AMT - @WRITTEN_AMT)),
                    N' more at the till'
                )
                WHEN @AMT < @WRITTEN_AMT
                THEN CONCAT
                (
                    N'is paid with ', CONVERT(varchar(30), @AMT), N' now: give ', CONVERT(varchar(30), CONVERT(decimal(15, 2), @WRITTEN_AMT - @AMT)),
                    N' back at the till'
                )
                ELSE CONCAT(N'is paid by ', @PAY_COD, N' now: correct that at the till')
            END,
            CASE
                WHEN @IS_POSTED = 1
                THEN CONCAT
                (
                    N', then `syncctl dead-letter deposit ', @STAGING_ID,
                    CASE
                        WHEN @AMT > @WRITTEN_AMT THEN CONCAT(N' --taken ', CONVERT(varchar(30), CONVERT(decimal(15, 2), @AMT - @WRITTEN_AMT)))
                        WHEN @AMT < @WRITTEN_AMT THEN CONCAT(N' --given-back ', CONVERT(varchar(30), CONVERT(decimal(15, 2), @WRITTEN_AMT - @AMT)))
                        ELSE N' --corrected'
                    END,
                    N'` and `syncctl dead-letter retry ', @STAGING_ID, N'`.'
                )
                ELSE CONCAT(N', change the order by hand, then `syncctl dead-letter cancel ', @STAGING_ID, N' --reason …`.')
            END
        );
        THROW 50030, @MESSAGE, 1;
    END;

    IF @TICKET_DOC_ID IS NOT NULL AND @IS_SAME = 1 AND @IS_OTHER_DESCR = 0 AND EXISTS
    (
        SELECT
            1
        FROM dbo.PS_DOC_HDR AS ticket
        INNER JOIN dbo.PS_DOC_HDR AS document
            ON document.DOC_ID = @DOC_ID
        WHERE ticket.DOC_ID = @TICKET_DOC_ID
        AND   COALESCE(ticket.CUST_NO, '') = COALESCE(document.CUST_NO, '')
    )
    BEGIN
        RETURN;
    END;

    IF @AMT <> 0 AND NOT EXISTS (SELECT 1 FROM dbo.USER_DEPOSIT_MODEL AS model WHERE model.PART = 'TICKET')
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': its deposit can''t be written: there is no model of a deposit ticket (`syncctl config erp deposit-model',
            N' TICKET`).'
        );
        THROW 50041, @MESSAGE, 1;
    END;

    SELECT
        @MOMENT = COALESCE(ticket.TKT_DT, @MOMENT)
    FROM dbo.PS_DOC_HDR AS ticket
    WHERE ticket.DOC_ID = @TICKET_DOC_ID;

    EXECUTE dbo.sp_RemoveDepositTicket @DOC_ID = @DOC_ID, @NOW = @NOW;

    DELETE FROM dbo.USER_ORDER_PAYMENT
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID;

    IF @AMT = 0
    BEGIN
        RETURN;
    END;

    /* A model that was read later may put a line of the deposit on the order, where by now a person's payment stands. */
    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': its deposit of ', CONVERT(varchar(30), @AMT), N' belongs on document ', @DOC_ID, N' as payment ',
            paid.PMT_SEQ_NO, N', and a person took one of that number: change the order and its deposit by hand, then',
            N' `syncctl dead-letter cancel ', @STAGING_ID, N' --reason …`.'
        )
    FROM dbo.USER_DEPOSIT_MODEL AS model
    INNER JOIN dbo.PS_DOC_PMT AS paid
        ON  paid.DOC_ID = @DOC_ID
        AND paid.PMT_SEQ_NO = TRY_CONVERT(int, model.VALUE)
    WHERE model.PART = 'ORDER'
    AND   model.TABLE_NAME = 'PS_DOC_PMT'
    AND   model.COLUMN_NAME = 'PMT_SEQ_NO';

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;

    IF @TICKET_DOC_ID IS NULL
    BEGIN
        EXECUTE dbo.sp_NextNumber @SERIES = 'DOC_ID', @NUMBER = @NUMBER OUTPUT, @NOW = @NOW;
        SET @TICKET_DOC_ID = CONVERT(bigint, @NUMBER);
        EXECUTE dbo.sp_NextNumber @SERIES = 'TKT_NO', @NUMBER = @NUMBER OUTPUT, @NOW = @NOW;
        SET @TICKET_TKT_NO = CONVERT(varchar(15), @NUMBER);
    END;

    EXECUTE dbo.sp_WriteDepositTicket
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @TICKET_DOC_ID = @TICKET_DOC_ID,
        @TICKET_TKT_NO = @TICKET_TKT_NO,
        @AMT = @AMT,
        @PAY_COD = @PAY_COD,
        @PAY_COD_TYP = @PAY_COD_TYP,
        @DESCR = @DESCR,
        @EDC_AUTH_FLG = @EDC_AUTH_FLG,
        @MOMENT = @MOMENT,
        @NOW = @NOW;

    INSERT INTO dbo.USER_ORDER_PAYMENT
    (
        STORE_ID, WOO_ORDER_ID, DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, UPDATED_DT, DEPOSIT_DOC_ID, DEPOSIT_TKT_NO, ON_ORDER_TND, ON_ORDER_DUE, DESCR
    )
    SELECT
        @STORE_ID,
        @WOO_ORDER_ID,
        @DOC_ID,
        COALESCE
        (
            MAX(CASE WHEN model.TABLE_NAME = 'PS_DOC_PMT' AND model.COLUMN_NAME = 'PMT_SEQ_NO' THEN TRY_CONVERT(int, model.VALUE) END),
            0
        ),
        @PAY_COD,
        @AMT,
        @NOW,
        @TICKET_DOC_ID,
        @TICKET_TKT_NO,
        CASE WHEN COUNT(CASE WHEN model.COLUMN_NAME = 'TOT_TND' AND model.SOURCE = 'AMOUNT' THEN 1 END) > 0 THEN @AMT ELSE 0 END,
        CASE WHEN COUNT(CASE WHEN model.COLUMN_NAME = 'AMT_DUE' AND model.SOURCE = 'REST' THEN 1 END) > 0 THEN @AMT ELSE 0 END,
        @DESCR
    FROM dbo.USER_DEPOSIT_MODEL AS model
    WHERE model.PART = 'ORDER';

    IF NOT EXISTS
    (
        SELECT
            1
        FROM dbo.PS_DOC_HDR AS ticket
        WHERE ticket.DOC_ID = @TICKET_DOC_ID
        AND   ticket.TKT_NO = @TICKET_TKT_NO
        AND   @AMT = (SELECT SUM(payment.AMT) FROM dbo.PS_DOC_PMT AS payment WHERE payment.DOC_ID = @TICKET_DOC_ID)
        AND   @AMT = (SELECT SUM(applied.AMT) FROM dbo.PS_DOC_PMT_APPLY AS applied WHERE applied.DOC_ID = @TICKET_DOC_ID)
        AND   @AMT = (SELECT SUM(totals.TOT_TND) FROM dbo.PS_DOC_HDR_TOT AS totals WHERE totals.DOC_ID = @TICKET_DOC_ID)
    )
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': its deposit ticket would not agree with itself: payment, what it is applied to and what is tendered don''t come to ',
            CONVERT(varchar(30), @AMT), N'. Nothing was written.'
        );
        THROW 50030, @MESSAGE, 1;
    END;
END;
GO
