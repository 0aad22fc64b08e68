SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NextNumber
    Takes the next free number of a series, inside the caller's transaction: where that goes back, the number does too, so that
    there are no gaps.

Called by    sp_CreateErpDocument, sp_WriteOrderDeposit, sp_CreateErpCustomer
Parameters   @SERIES DOC_ID, TKT_NO or CUST_NO; @NUMBER OUTPUT: the series' PREFIX and its number, WIDTH digits wide
Returns      no rows
Errors       50040 its next number doesn't fit the ERP; 50041 the series isn't set, or for a document something else that it needs
Locks        the series' row, until the caller's transaction ends: creators take turns from here on
Repeatable   no: each call takes a number
Note         A number that is taken is passed over: by an open document, a posted one, one that was ever linked to an order, or the deposit of one (its rows may
             be gone from the ERP by now). No order fails for it, and however far the series lags behind, its row is written twice at most:
             where the next number is taken, the series goes on behind it and those that follow it without a gap, in one step.
             A customer's number is looked for under a lock (UPDLOCK, HOLDLOCK): whoever enters a customer of that number at a till waits,
             and is told that it is taken. The series' row is locked first, here and in sp_NextCustomerNumber: no circle.
Example      DECLARE @NUMBER varchar(20); EXECUTE dbo.sp_NextNumber @SERIES = 'DOC_ID', @NUMBER = @NUMBER OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_NextNumber
    @SERIES varchar(20),
    @NUMBER varchar(20) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @IS_FREE bit = 0,
        @PREFIX varchar(10),
        @WIDTH int,
        @TAKEN bigint,
        @WIDEST int = CASE @SERIES WHEN 'DOC_ID' THEN 18 ELSE 15 END;

    SET @NUMBER = NULL;

    IF @SERIES = 'DOC_ID'
    BEGIN
        SELECT TOP (1)
            @MESSAGE = CONCAT(N'No document can be written: ', missing.NAME, N' is not set. `', missing.COMMAND,
                N'`, or `syncctl config erp import` where the ERP has a web shop of its own.')
        FROM dbo.fn_MissingErpSettings() AS missing
        ORDER BY
            missing.SEQ_NO;

        IF @MESSAGE IS NOT NULL
        BEGIN
            THROW 50041, @MESSAGE, 1;
        END;
    END;

    WHILE @IS_FREE = 0
    BEGIN
        UPDATE
            dbo.USER_NUMBER_SERIES
        SET
            NEXT_NO = NEXT_NO + 1
        WHERE SERIES = @SERIES;

        IF @@ROWCOUNT = 0
        BEGIN
            SET @MESSAGE = CONCAT(N'The number series ', @SERIES, N' is not set: `syncctl config erp series ', @SERIES, N' --prefix TEXT`.');
            THROW 50041, @MESSAGE, 1;
        END;

        -- Read back by itself: the row is ours by now, whoever had it before.
        SELECT
            @PREFIX = series.PREFIX,
            @WIDTH = series.WIDTH,
            @TAKEN = series.NEXT_NO - 1,
            @NUMBER = LEFT(CONCAT
            (
                series.PREFIX,
                CASE WHEN LEN(CONVERT(varchar(20), series.NEXT_NO - 1)) < series.WIDTH
                    THEN REPLICATE('0', series.WIDTH - LEN(CONVERT(varchar(20), series.NEXT_NO - 1))) END,
                CONVERT(varchar(20), series.NEXT_NO - 1)
            ), 20)
        FROM dbo.USER_NUMBER_SERIES AS series
        WHERE series.SERIES = @SERIES;

        IF LEN(@NUMBER) > @WIDEST OR (@SERIES = 'DOC_ID' AND TRY_CONVERT(bigint, @NUMBER) IS NULL)
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'The next ', @SERIES, N' would be ', @NUMBER, N', too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series.'
            );
            THROW 50040, @MESSAGE, 1;
        END;

        SET @IS_FREE = 1;

        IF @SERIES = 'DOC_ID'
        AND
        (
            EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = CONVERT(bigint, @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = CONVERT(bigint, @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = CONVERT(bigint, @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = CONVERT(bigint, @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = CONVERT(bigint, @NUMBER))
        )
        BEGIN
            SET @IS_FREE = 0;
        END;

        IF @SERIES = 'TKT_NO'
        AND
        (
            EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.TKT_NO = CONVERT(varchar(15), @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.TKT_NO = CONVERT(varchar(15), @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_TKT_NO = CONVERT(varchar(15), @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.TKT_NO = CONVERT(varchar(15), @NUMBER))
            OR EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.TKT_NO = CONVERT(varchar(15), @NUMBER))
        )
        BEGIN
            SET @IS_FREE = 0;
        END;

        IF @SERIES = 'CUST_NO' AND EXISTS (SELECT 1 FROM dbo.AR_CUST AS customer WITH (UPDLOCK, HOLDLOCK) WHERE customer.CUST_NO = @NUMBER)
        BEGIN
            SET @IS_FREE = 0;
        END;

        IF @IS_FREE = 0
        BEGIN
            SELECT
                @TAKEN = COALESCE(MIN(run.N), @TAKEN)
            FROM
            (
                SELECT
                    taken.N,
                    BEHIND = LEAD(taken.N) OVER (ORDER BY taken.N)
                FROM dbo.fn_CounterPointTaken(@SERIES, @PREFIX, @WIDTH, @TAKEN) AS taken
            ) AS run
            WHERE run.BEHIND IS NULL OR run.BEHIND > run.N + 1;

            UPDATE
                dbo.USER_NUMBER_SERIES
            SET
                NEXT_NO = @TAKEN + 1
            WHERE SERIES = @SERIES;
        END;
    END;
END;
GO
