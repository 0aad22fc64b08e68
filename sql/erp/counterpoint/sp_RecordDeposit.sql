SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RecordDeposit
    Remembers what a person took or gave back at the till for an order whose deposit is in the books, so that later edits ask only for
    what is new.

Called by    syncctl dead-letter deposit
Parameters   @STAGING_ID; @TAKEN what was taken, below 0 what was given back, 0: another way of paying was corrected there; @DECIDED_BY;
             @REASON; @DRY_RUN 1 only shows
Returns      STAGING_ID, TKT_NO (the ticket), BEFORE_AMT and AFTER_AMT (what the books have for the order), WANTED_AMT (what it is paid with
             in the store; 0 where it is to be closed), PAY_COD
Errors       50001 bad argument; 50004 no such staging id; 50020 there is no such deposit, or not as much to take or to give back
Locks        the order's row of USER_ORDER_PAYMENT
Repeatable   no: the second call finds less to take
Note         The order itself is not touched: `syncctl dead-letter retry` lets it follow the store then.
             All of it may be given back whatever the order wants (a rollback comes next), or all but the ticket's own amount (what was
             recorded and never done).
             On the order counts what isn't there already as a payment that the till took on it.
Example      EXECUTE dbo.sp_RecordDeposit @STAGING_ID = 1, @TAKEN = 19.99, @DECIDED_BY = N'ada';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RecordDeposit
    @STAGING_ID int,
    @TAKEN decimal(15, 4),
    @DECIDED_BY nvarchar(100),
    @REASON nvarchar(500) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @NAMED nvarchar(200),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @DOC_ID bigint,
        @TICKET_TKT_NO varchar(15),
        @TICKET_AMT decimal(15, 2),
        @BEFORE_AMT decimal(15, 2),
        @AFTER_AMT decimal(15, 2),
        @WANTED_AMT decimal(15, 2),
        @BY_PEOPLE decimal(15, 2),
        @DONE_AMT decimal(15, 2),
        @PAY_COD varchar(10),
        @WANTED_COD varchar(10);

    IF @TAKEN IS NULL OR @TAKEN <> ROUND(@TAKEN, 2) OR NULLIF(@DECIDED_BY, N'') IS NULL
    BEGIN
        SET @MESSAGE = CONCAT
        (
            CASE WHEN @TAKEN IS NULL OR @TAKEN <> ROUND(@TAKEN, 2) THEN N'@TAKEN is an amount of whole cents. ' END,
            CASE WHEN NULLIF(@DECIDED_BY, N'') IS NULL THEN N'@DECIDED_BY is required. ' END
        );
        THROW 50001, @MESSAGE, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @NAMED = CONCAT(N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(varchar(20), staged.WOO_ORDER_ID)), N' (staging id ', @STAGING_ID, N')'),
            @STORE_ID = staged.STORE_ID,
            @WOO_ORDER_ID = staged.WOO_ORDER_ID,
            @WANTED_COD = code.PAY_COD,
            @WANTED_AMT = CASE
                WHEN staged.PENDING_ACTION = 'cancel' OR staged.STATE = 'CANCELLED' OR code.PAY_COD = '' THEN 0
                ELSE ROUND(COALESCE(staged.TOT_AMT, 0), 2)
            END
        FROM dbo.USER_ORDER_STAGING AS staged
        OUTER APPLY dbo.fn_PayCode(staged.STORE_ID, staged.PMT_METH) AS code
        WHERE staged.STAGING_ID = @STAGING_ID;

        IF @NAMED IS NULL
        BEGIN
            SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
            THROW 50004, @MESSAGE, 1;
        END;

        SELECT
            @DOC_ID = written.DOC_ID,
            @TICKET_TKT_NO = written.DEPOSIT_TKT_NO,
            @TICKET_AMT = written.AMT,
            @BEFORE_AMT = COALESCE(written.BOOKED_AMT, written.AMT),
            @PAY_COD = written.PAY_COD,
            /* The deposit of a document that is gone, where the order gets another one, is to be given back. */
            @WANTED_AMT = CASE
                WHEN staged.PENDING_ACTION = 'create' AND document.DOC_ID IS NULL THEN 0
                ELSE @WANTED_AMT
            END
        FROM dbo.USER_ORDER_PAYMENT AS written WITH (UPDLOCK)
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = @STAGING_ID
        CROSS APPLY dbo.fn_ErpDocument(written.DEPOSIT_DOC_ID) AS stands
        LEFT JOIN dbo.PS_DOC_HDR AS document
            ON document.DOC_ID = written.DOC_ID
        WHERE written.STORE_ID = @STORE_ID
        AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   written.DEPOSIT_DOC_ID IS NOT NULL
        AND   stands.IS_POSTED = 1;

        SET @AFTER_AMT = @BEFORE_AMT + CONVERT(decimal(15, 2), @TAKEN);
        SET @DONE_AMT = ABS(@AFTER_AMT - @BEFORE_AMT);
        SET @MESSAGE = CASE
            WHEN @DOC_ID IS NULL THEN CONCAT(@NAMED, N' has no deposit that the books have: there is nothing to record.')
            WHEN @TAKEN = 0 AND (@WANTED_COD IS NULL OR @WANTED_COD IN ('', @PAY_COD))
            THEN CONCAT(@NAMED, N': the books have it as paid by ', @PAY_COD, N', and the store says no other code: there is nothing to record.')
            WHEN (@TAKEN > 0 AND @AFTER_AMT > @WANTED_AMT)
            OR   (@TAKEN < 0 AND @AFTER_AMT < @WANTED_AMT AND @AFTER_AMT NOT IN (0, @TICKET_AMT))
            THEN CONCAT
            (
                @NAMED, N': the books have ', CONVERT(varchar(30), @BEFORE_AMT), N' for it, and it wants ', CONVERT(varchar(30), @WANTED_AMT),
                CASE
                    WHEN @BEFORE_AMT = @WANTED_AMT THEN N': there is nothing to take or to give back.'
                    ELSE CONCAT
                    (
                        N': there is ', CONVERT(varchar(30), CONVERT(decimal(15, 2), ABS(@WANTED_AMT - @BEFORE_AMT))),
                        CASE WHEN @WANTED_AMT > @BEFORE_AMT THEN N' to take' ELSE N' to give back' END,
                        N', not ', CONVERT(varchar(30), @DONE_AMT),
                        CASE WHEN @TAKEN > 0 THEN N' to take.' ELSE N' to give back.' END
                    )
                END
            )
        END;

        IF @MESSAGE IS NOT NULL
        BEGIN
            THROW 50020, @MESSAGE, 1;
        END;

        SELECT
            @BY_PEOPLE = COALESCE(SUM(paid.AMT), 0)
        FROM dbo.PS_DOC_PMT AS paid
        INNER JOIN dbo.USER_ORDER_PAYMENT AS written
            ON  written.DOC_ID = paid.DOC_ID
            AND written.PMT_SEQ_NO <> paid.PMT_SEQ_NO
        WHERE paid.DOC_ID = @DOC_ID;

        UPDATE
            written
        SET
            BOOKED_AMT = @AFTER_AMT,
            PAY_COD = CASE WHEN @TAKEN = 0 THEN @WANTED_COD ELSE written.PAY_COD END,
            ON_ORDER_TND = CASE WHEN counted.TENDERED = 1 THEN @AFTER_AMT - @BY_PEOPLE ELSE 0 END,
            ON_ORDER_DUE = CASE WHEN counted.TAKEN_OFF = 1 THEN @AFTER_AMT - @BY_PEOPLE ELSE 0 END,
            UPDATED_DT = @NOW
        FROM dbo.USER_ORDER_PAYMENT AS written
        CROSS JOIN
        (
            SELECT
                TENDERED = MAX(CASE WHEN model.COLUMN_NAME = 'TOT_TND' AND model.SOURCE = 'AMOUNT' THEN 1 ELSE 0 END),
                TAKEN_OFF = MAX(CASE WHEN model.COLUMN_NAME = 'AMT_DUE' AND model.SOURCE = 'REST' THEN 1 ELSE 0 END)
            FROM dbo.USER_DEPOSIT_MODEL AS model
            WHERE model.PART = 'ORDER'
        ) AS counted
        WHERE written.STORE_ID = @STORE_ID
        AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   @DRY_RUN = 0;

        INSERT INTO dbo.USER_ORDER_EVENT
        (
            STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
        )
        SELECT
            @STORE_ID,
            @WOO_ORDER_ID,
            @STAGING_ID,
            @NOW,
            'DEPOSIT_RECORDED',
            CONCAT
            (
                CASE
                    WHEN @TAKEN > 0 THEN CONCAT(CONVERT(varchar(30), @DONE_AMT), N' taken')
                    WHEN @TAKEN < 0 THEN CONCAT(CONVERT(varchar(30), @DONE_AMT), N' given back')
                    ELSE CONCAT(N'paid by ', @WANTED_COD, N' instead of ', @PAY_COD, N':')
                END,
                N' at the till, says ', @DECIDED_BY, N': ' + NULLIF(@REASON, N''), N'. The books have ', CONVERT(varchar(30), @AFTER_AMT),
                N' for it, ticket ', @TICKET_TKT_NO, N' included.'
            )
        WHERE @DRY_RUN = 0;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        STAGING_ID = @STAGING_ID,
        TKT_NO = @TICKET_TKT_NO,
        BEFORE_AMT = CONVERT(decimal(15, 4), @BEFORE_AMT),
        AFTER_AMT = CONVERT(decimal(15, 4), @AFTER_AMT),
        WANTED_AMT = CONVERT(decimal(15, 4), @WANTED_AMT),
        PAY_COD = CASE WHEN @TAKEN = 0 THEN @WANTED_COD ELSE @PAY_COD END;
END;
GO
