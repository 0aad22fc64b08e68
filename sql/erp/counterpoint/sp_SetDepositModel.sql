SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetDepositModel
    Reads what a deposit ticket of this site looks like, from one that a person keyed at the till: which of its cells are copied as they
    stand, and which are the new order's own. Nothing of the codes of a deposit is known beforehand.

Called by    syncctl config erp deposit-model
Parameters   @NUMBER the ticket: its number or DOC_ID; @ORDER_NUMBER the order that was keyed with the deposit, NULL for the one that
             the ticket names; @DRY_RUN 1 only shows
Returns      a row for each cell: DOC_ID, TKT_NO, ORDER_DOC_ID, ORDER_TKT_NO (NULL where the ticket names no order), PART (TICKET or ORDER),
             TABLE_NAME, ROW_NO, COLUMN_NAME, SOURCE (MODEL: copied), VALUE (what is copied; of anything else what goes there where the
             order has nothing and the column takes no NULL)
Errors       50001 it is no ticket that syncctl could write others like, with what is in the way; 50004 there is no such open document
Locks        the model's rows
Repeatable   yes: the model that was read last counts
Note         It is read while it is open: posting takes the ticket's rows away. From then on it lives in USER_DEPOSIT_MODEL.
             What counts as the amount is told by its value: the deposit must have cents, so that no count looks like it.
             Web orders are paid whole: what is the order's total in the model, or the deposit, is the amount; what is left of it is nothing.
             Of the order counts what it has of the deposit: tendered or not, taken off what is due or not, a line of payment or none.
             A document is told by its id or number in a column of any name; a short one (five letters) only in one that is named so.
             Signatures, card numbers and names are never copied. A column that takes no NULL and would be empty gets what `config erp column`
             gave, else nothing as a text or a number has it; a date or an id that would be empty is refused.
Example      EXECUTE dbo.sp_SetDepositModel @NUMBER = N'101-000042', @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetDepositModel
    @NUMBER nvarchar(50),
    @ORDER_NUMBER nvarchar(50) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @UNFILLED nvarchar(1000) = N'',
        @NEXT nvarchar(300) = N'',
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @GUID nvarchar(36),
        @DOC_TYP varchar(1),
        @TKT_DT nvarchar(40),
        @ORDER_DOC_ID bigint,
        @ORDER_TKT_NO varchar(15),
        @ORDER_GUID nvarchar(36),
        @AMT decimal(15, 2),
        @TOT decimal(15, 2),
        @TENDERED decimal(15, 2),
        @DUE decimal(15, 2);
    DECLARE @CELL table
    (
        PART varchar(10) NOT NULL,
        TABLE_NAME varchar(128) NOT NULL,
        ROW_NO int NOT NULL,
        COLUMN_NAME varchar(128) NOT NULL,
        KIND int NOT NULL,
        VALUE nvarchar(1000) NULL,
        AMOUNT decimal(15, 2) NULL,
        SOURCE varchar(20) NULL,
        PRIMARY KEY (PART, TABLE_NAME, ROW_NO, COLUMN_NAME)
    );

    SELECT TOP (1)
        @DOC_ID = header.DOC_ID,
        @TKT_NO = header.TKT_NO,
        @DOC_TYP = header.DOC_TYP,
        @GUID = CONVERT(nvarchar(36), header.DOC_GUID)
    FROM dbo.PS_DOC_HDR AS header
    WHERE header.TKT_NO = CONVERT(varchar(50), @NUMBER)
    OR    header.DOC_ID = TRY_CONVERT(bigint, @NUMBER)
    ORDER BY
        CASE WHEN header.TKT_NO = CONVERT(varchar(50), @NUMBER) THEN 0 ELSE 1 END,
        header.DOC_ID;

    IF @DOC_ID IS NULL
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'The ERP has no open document ', @NUMBER,
            CASE
                WHEN EXISTS
                (
                    SELECT
                        1
                    FROM dbo.PS_TKT_HIST AS posted
                    WHERE posted.TKT_NO = CONVERT(varchar(50), @NUMBER)
                    OR    posted.DOC_ID = TRY_CONVERT(bigint, @NUMBER)
                )
                THEN N': that ticket is posted, and its rows are gone'
            END,
            N'. Key an order with a deposit at the till, and name its ticket before it is posted.'
        );
        THROW 50004, @MESSAGE, 1;
    END;

    IF @ORDER_NUMBER IS NOT NULL
    BEGIN
        SELECT TOP (1)
            @ORDER_DOC_ID = header.DOC_ID
        FROM dbo.PS_DOC_HDR AS header
        WHERE header.TKT_NO = CONVERT(varchar(50), @ORDER_NUMBER)
        OR    header.DOC_ID = TRY_CONVERT(bigint, @ORDER_NUMBER)
        ORDER BY
            CASE WHEN header.TKT_NO = CONVERT(varchar(50), @ORDER_NUMBER) THEN 0 ELSE 1 END,
            header.DOC_ID;

        IF @ORDER_DOC_ID IS NULL
        BEGIN
            SET @MESSAGE = CONCAT(N'The ERP has no open document ', @ORDER_NUMBER, N'. Give the ticket number or DOC_ID of the order.');
            THROW 50004, @MESSAGE, 1;
        END;
    END;

    IF EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID IN (@DOC_ID, @ORDER_DOC_ID))
    OR EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID IN (@DOC_ID, @ORDER_DOC_ID))
    BEGIN
        SET @MESSAGE = N'syncctl wrote that document. A deposit ticket is written like one that a person keyed at the till.';
        THROW 50001, @MESSAGE, 1;
    END;

    INSERT INTO @CELL
    (
        PART, TABLE_NAME, ROW_NO, COLUMN_NAME, KIND, VALUE
    )
    SELECT
        'TICKET',
        part.TABLE_NAME,
        CONVERT(int, listed.[key]) + 1,
        UPPER(cell.[key]),
        cell.[type],
        LEFT(cell.[value], 1000)
    FROM dbo.fn_CounterPointRows(@DOC_ID) AS part
    CROSS APPLY OPENJSON(part.CONTENT) AS listed
    CROSS APPLY OPENJSON(listed.[value]) AS cell;

    /* Which order it belongs to: it names that by number or id. */
    IF @ORDER_DOC_ID IS NULL
    BEGIN
        SELECT TOP (1)
            @ORDER_DOC_ID = header.DOC_ID
        FROM @CELL AS cell
        CROSS JOIN dbo.fn_CounterPointSite() AS site
        INNER JOIN dbo.PS_DOC_HDR AS header
            ON  header.DOC_TYP = site.DOC_TYP
            AND header.DOC_ID <> @DOC_ID
            AND
            (
                (
                    cell.KIND = 2
                    AND (cell.COLUMN_NAME LIKE '%DOC[_]ID' OR LEN(cell.VALUE) >= 6)
                    AND header.DOC_ID = TRY_CONVERT(bigint, cell.VALUE)
                )
                OR
                (
                    cell.KIND = 1
                    AND cell.COLUMN_NAME <> 'CUST_NO'
                    AND (cell.COLUMN_NAME LIKE '%NO' OR cell.COLUMN_NAME = 'REF' OR LEN(cell.VALUE) >= 6)
                    AND header.TKT_NO = CONVERT(varchar(50), cell.VALUE)
                )
            )
        WHERE cell.TABLE_NAME IN ('PS_DOC_HDR', 'PS_DOC_HDR_TOT', 'PS_DOC_PMT', 'PS_DOC_PMT_APPLY', 'PS_DOC_HDR_ORIG_DOC')
        ORDER BY
            CASE WHEN cell.KIND = 2 THEN 0 ELSE 1 END,
            header.DOC_ID;
    END;

    IF @ORDER_DOC_ID IS NOT NULL
    BEGIN
        SELECT
            @ORDER_TKT_NO = header.TKT_NO,
            @ORDER_GUID = CONVERT(nvarchar(36), header.DOC_GUID)
        FROM dbo.PS_DOC_HDR AS header
        WHERE header.DOC_ID = @ORDER_DOC_ID;

        INSERT INTO @CELL
        (
            PART, TABLE_NAME, ROW_NO, COLUMN_NAME, KIND, VALUE
        )
        SELECT
            'ORDER',
            part.TABLE_NAME,
            CONVERT(int, listed.[key]) + 1,
            UPPER(cell.[key]),
            cell.[type],
            LEFT(cell.[value], 1000)
        FROM dbo.fn_CounterPointRows(@ORDER_DOC_ID) AS part
        CROSS APPLY OPENJSON(part.CONTENT) AS listed
        CROSS APPLY OPENJSON(listed.[value]) AS cell
        WHERE part.TABLE_NAME IN ('PS_DOC_HDR', 'PS_DOC_HDR_TOT', 'PS_DOC_PMT', 'PS_DOC_PMT_APPLY', 'PS_DOC_HDR_ORIG_DOC');
    END;

    UPDATE
        @CELL
    SET
        AMOUNT = TRY_CONVERT(decimal(15, 2), VALUE)
    WHERE KIND = 2
    AND   COLUMN_NAME NOT LIKE '%DOC[_]ID'
    AND   COLUMN_NAME NOT LIKE '%[_]NO';

    SELECT
        @AMT = MAX(cell.AMOUNT)
    FROM @CELL AS cell
    WHERE cell.PART = 'TICKET'
    AND   cell.TABLE_NAME = 'PS_DOC_PMT'
    AND   cell.COLUMN_NAME = 'AMT';

    SELECT
        @TKT_DT = MAX(cell.VALUE)
    FROM @CELL AS cell
    WHERE cell.PART = 'TICKET'
    AND   cell.TABLE_NAME = 'PS_DOC_HDR'
    AND   cell.COLUMN_NAME = 'TKT_DT';

    SELECT
        @TOT = MAX(CASE WHEN cell.COLUMN_NAME = 'TOT' THEN cell.AMOUNT END),
        @TENDERED = MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_TND' THEN cell.AMOUNT END),
        @DUE = MAX(CASE WHEN cell.COLUMN_NAME = 'AMT_DUE' THEN cell.AMOUNT END)
    FROM @CELL AS cell
    INNER JOIN @CELL AS kind
        ON  kind.PART = cell.PART
        AND kind.TABLE_NAME = cell.TABLE_NAME
        AND kind.ROW_NO = cell.ROW_NO
        AND kind.COLUMN_NAME = 'TOT_TYP'
    CROSS JOIN dbo.fn_CounterPointSite() AS site
    WHERE cell.PART = 'ORDER'
    AND   cell.TABLE_NAME = 'PS_DOC_HDR_TOT'
    AND   kind.VALUE = site.TOT_TYP;

    /* Whether it is a ticket of a deposit at all. */
    SELECT
        @MESSAGE = CASE
            WHEN @DOC_TYP = site.DOC_TYP
            THEN CONCAT(N'it is an order (DOC_TYP ', @DOC_TYP, N'): name the ticket that the till made beside it')
            WHEN counted.RELEASED > 0 THEN N'it is the ticket of a release (IS_REL_TKT), not of a deposit'
            WHEN counted.LINES > 0 THEN N'it has lines: the ticket of a deposit has none'
            WHEN counted.PAYMENTS <> 1 THEN CONCAT(N'it has ', counted.PAYMENTS, N' payments; it must have one')
            WHEN counted.TOTALS = 0 THEN N'it has no totals row'
            WHEN @AMT IS NULL OR @AMT <= 0 THEN N'its payment has no amount'
            WHEN @AMT = ROUND(@AMT, 0)
            THEN CONCAT
            (
                N'its payment of ', CONVERT(varchar(30), @AMT), N' has no cents, so that a count could be taken for it: key one of an odd amount'
            )
            WHEN counted.APPLIED IS NULL OR counted.APPLIED <> @AMT
            THEN CONCAT
            (
                N'its payment is ', CONVERT(varchar(30), @AMT), N', and ', CONVERT(varchar(30), CONVERT(decimal(15, 2), COALESCE(counted.APPLIED, 0))),
                N' of that is applied'
            )
            WHEN counted.TENDERED IS NULL OR counted.TENDERED <> @AMT
            THEN CONCAT
            (
                N'its payment is ', CONVERT(varchar(30), @AMT), N', and its totals say ',
                CONVERT(varchar(30), CONVERT(decimal(15, 2), COALESCE(counted.TENDERED, 0))), N' tendered'
            )
            WHEN @ORDER_DOC_ID IS NOT NULL AND (counted.ORDER_TYP IS NULL OR counted.ORDER_TYP <> site.DOC_TYP)
            THEN CONCAT(N'document ', @ORDER_TKT_NO, N' beside it is no order (DOC_TYP ', counted.ORDER_TYP, N')')
            WHEN @ORDER_DOC_ID IS NOT NULL AND (@TOT IS NULL OR @TENDERED IS NULL OR @DUE IS NULL)
            THEN CONCAT(N'its order ', @ORDER_TKT_NO, N' has no totals row of type ', site.TOT_TYP)
            WHEN counted.ORDER_PAYMENTS > 1
            THEN CONCAT(N'its order ', @ORDER_TKT_NO, N' has ', counted.ORDER_PAYMENTS, N' payments; it may have one')
            WHEN counted.ORDER_PAID <> @AMT
            THEN CONCAT(N'its order ', @ORDER_TKT_NO, N' has a payment of another amount')
            WHEN @ORDER_DOC_ID IS NOT NULL AND @TENDERED NOT IN (0, @AMT)
            THEN CONCAT(N'its order ', @ORDER_TKT_NO, N' has ', CONVERT(varchar(30), @TENDERED), N' tendered, neither nothing nor the deposit')
            WHEN @ORDER_DOC_ID IS NOT NULL AND @DUE NOT IN (@TOT, @TOT - @AMT)
            THEN CONCAT
            (
                N'of its order ', @ORDER_TKT_NO, N' ', CONVERT(varchar(30), @DUE), N' is due, neither the total nor what the deposit leaves of it'
            )
        END
    FROM
    (
        SELECT
            RELEASED = COUNT(CASE WHEN cell.PART = 'TICKET' AND cell.COLUMN_NAME = 'IS_REL_TKT' AND cell.VALUE = N'Y' THEN 1 END),
            LINES = COUNT(CASE WHEN cell.PART = 'TICKET' AND cell.TABLE_NAME = 'PS_DOC_LIN' THEN 1 END),
            PAYMENTS = COUNT(DISTINCT CASE WHEN cell.PART = 'TICKET' AND cell.TABLE_NAME = 'PS_DOC_PMT' THEN cell.ROW_NO END),
            TOTALS = COUNT(CASE WHEN cell.PART = 'TICKET' AND cell.TABLE_NAME = 'PS_DOC_HDR_TOT' THEN 1 END),
            APPLIED = SUM(CASE WHEN cell.PART = 'TICKET' AND cell.TABLE_NAME = 'PS_DOC_PMT_APPLY' AND cell.COLUMN_NAME = 'AMT' THEN cell.AMOUNT END),
            TENDERED = SUM(CASE WHEN cell.PART = 'TICKET' AND cell.TABLE_NAME = 'PS_DOC_HDR_TOT' AND cell.COLUMN_NAME = 'TOT_TND' THEN cell.AMOUNT END),
            ORDER_TYP = MAX(CASE WHEN cell.PART = 'ORDER' AND cell.TABLE_NAME = 'PS_DOC_HDR' AND cell.COLUMN_NAME = 'DOC_TYP' THEN cell.VALUE END),
            ORDER_PAYMENTS = COUNT(DISTINCT CASE WHEN cell.PART = 'ORDER' AND cell.TABLE_NAME = 'PS_DOC_PMT' THEN cell.ROW_NO END),
            ORDER_PAID = SUM(CASE WHEN cell.PART = 'ORDER' AND cell.TABLE_NAME = 'PS_DOC_PMT' AND cell.COLUMN_NAME = 'AMT' THEN cell.AMOUNT END)
        FROM @CELL AS cell
    ) AS counted
    CROSS JOIN dbo.fn_CounterPointSite() AS site;

    /* Rows that would be missing: notes, profile, nothing of tax and charges may be; anything else is part of the ticket. */
    IF @MESSAGE IS NULL
    BEGIN
        SELECT
            @MESSAGE = CONCAT(N'it has rows in ', MIN(cell.TABLE_NAME), N', which syncctl does not write')
        FROM @CELL AS cell
        WHERE cell.PART = 'TICKET'
        AND   cell.TABLE_NAME NOT IN
        (
            'PS_DOC_HDR', 'PS_DOC_HDR_TOT', 'PS_DOC_PMT', 'PS_DOC_PMT_APPLY', 'PS_DOC_AUDIT_LOG', 'PS_DOC_AUDIT_LOG_TOT', 'PS_DOC_HDR_ORIG_DOC',
            'PS_DOC_CONTACT', 'PS_DOC_NOTE', 'PS_DOC_HDR_PROF', 'PS_DOC_TAX', 'PS_DOC_HDR_MISC_CHRG'
        )
        HAVING COUNT(*) > 0;
    END;

    IF @MESSAGE IS NULL
    BEGIN
        SELECT TOP (1)
            @MESSAGE = CONCAT(N'it has an amount in ', cell.TABLE_NAME, N'.', cell.COLUMN_NAME)
        FROM @CELL AS cell
        WHERE cell.TABLE_NAME IN ('PS_DOC_TAX', 'PS_DOC_HDR_MISC_CHRG')
        AND   cell.AMOUNT <> 0
        ORDER BY
            cell.TABLE_NAME,
            cell.ROW_NO,
            cell.COLUMN_NAME;
    END;

    DELETE cell
    FROM @CELL AS cell
    LEFT JOIN @CELL AS first_row
        ON  first_row.PART = cell.PART
        AND first_row.TABLE_NAME = cell.TABLE_NAME
        AND first_row.ROW_NO = cell.ROW_NO
        AND first_row.COLUMN_NAME = 'LOG_SEQ_NO'
        AND first_row.VALUE = N'1'
    WHERE cell.TABLE_NAME IN ('PS_DOC_LIN', 'PS_DOC_NOTE', 'PS_DOC_HDR_PROF', 'PS_DOC_TAX', 'PS_DOC_HDR_MISC_CHRG')
    OR    (cell.TABLE_NAME IN ('PS_DOC_AUDIT_LOG', 'PS_DOC_AUDIT_LOG_TOT') AND first_row.ROW_NO IS NULL);

    DELETE FROM @CELL
    WHERE TABLE_NAME = 'PS_DOC_CONTACT'
    AND   COLUMN_NAME <> 'CONTACT_ID';

    UPDATE
        cell
    SET
        SOURCE = CASE
            WHEN cell.VALUE = CONVERT(nvarchar(30), @DOC_ID) AND (cell.COLUMN_NAME LIKE '%DOC[_]ID' OR LEN(cell.VALUE) >= 6) THEN 'TICKET_ID'
            WHEN cell.VALUE = CONVERT(nvarchar(30), @ORDER_DOC_ID) AND (cell.COLUMN_NAME LIKE '%DOC[_]ID' OR LEN(cell.VALUE) >= 6) THEN 'ORDER_ID'
            WHEN cell.COLUMN_NAME LIKE '%DOC[_]ID' AND cell.VALUE IS NOT NULL AND cell.VALUE NOT IN (N'', N'0') THEN 'STRANGER'
            WHEN cell.COLUMN_NAME LIKE '%GUID' AND cell.VALUE = @GUID THEN 'TICKET_GUID'
            WHEN cell.COLUMN_NAME LIKE '%GUID' AND cell.VALUE = @ORDER_GUID THEN 'ORDER_GUID'
            WHEN cell.COLUMN_NAME LIKE '%GUID' AND cell.VALUE <> N'' THEN 'NEW_GUID'
            WHEN cell.COLUMN_NAME = 'CUST_NO' THEN 'CUST_NO'
            WHEN cell.KIND = 1
            AND  (cell.COLUMN_NAME LIKE '%NO' OR cell.COLUMN_NAME = 'REF' OR LEN(cell.VALUE) >= 6)
            AND  cell.VALUE IN (@TKT_NO, @ORDER_TKT_NO)
            THEN CASE WHEN cell.VALUE = @TKT_NO THEN 'TICKET_NO' ELSE 'ORDER_NO' END
            WHEN cell.TABLE_NAME = 'PS_DOC_HDR' AND cell.COLUMN_NAME = 'REF' THEN 'WEB_ORDER'
            WHEN cell.COLUMN_NAME = 'CUST_PO_NO' AND cell.VALUE <> N'' THEN 'WEB_ORDER'
            WHEN cell.COLUMN_NAME = 'TIMES_PRTD' THEN 'NONE'
            WHEN cell.COLUMN_NAME = 'SLS_REP' THEN 'SLS_REP'
            WHEN cell.COLUMN_NAME = 'LOG_ENTRY' THEN 'LOG_ENTRY'
            WHEN cell.COLUMN_NAME = 'CURR_DB_NAM' THEN 'DB_NAM'
            WHEN cell.TABLE_NAME = 'PS_DOC_PMT' AND cell.COLUMN_NAME IN ('PAY_COD', 'PAY_COD_TYP', 'EDC_AUTH_FLG') THEN cell.COLUMN_NAME
            WHEN cell.TABLE_NAME = 'PS_DOC_PMT' AND cell.COLUMN_NAME = 'DESCR' THEN 'PAY_DESCR'
            WHEN cell.VALUE IS NULL OR cell.VALUE = N'' THEN 'MODEL'
            WHEN cell.COLUMN_NAME IN ('STK_LOC_ID', 'PRC_LOC_ID') THEN cell.COLUMN_NAME
            WHEN cell.COLUMN_NAME LIKE '%SESSION[_]ID' THEN 'SESSION'
            WHEN cell.COLUMN_NAME LIKE '%STR[_]ID' THEN 'STR_ID'
            WHEN cell.COLUMN_NAME LIKE '%STA[_]ID' THEN 'STA_ID'
            WHEN cell.COLUMN_NAME LIKE '%DRW[_]ID' THEN 'DRW_ID'
            WHEN cell.COLUMN_NAME = 'LST_MAINT_USR_ID' OR cell.COLUMN_NAME LIKE '%WKSTN[_]NAM' THEN 'SYNCCTL'
            WHEN cell.COLUMN_NAME LIKE '%USR[_]ID' THEN 'USR_ID'
            WHEN cell.TABLE_NAME = 'PS_DOC_PMT'
            AND  cell.KIND = 1
            AND  LEN(cell.VALUE) > 1
            AND
            (
                cell.COLUMN_NAME LIKE 'SIG[_]%' OR cell.COLUMN_NAME LIKE 'CARD[_]NO%' OR cell.COLUMN_NAME LIKE 'CR[_]CARD%'
                OR cell.COLUMN_NAME LIKE '%EXP[_]DAT%' OR cell.COLUMN_NAME LIKE '%AUTH[_]COD%' OR cell.COLUMN_NAME LIKE 'CHK[_]%'
                OR cell.COLUMN_NAME LIKE 'EDC[_]%'
            ) THEN 'EMPTY'
            WHEN cell.TABLE_NAME = 'PS_DOC_HDR'
            AND  cell.KIND = 1
            AND  LEN(cell.VALUE) > 1
            AND
            (
                cell.COLUMN_NAME LIKE '%NAM' OR cell.COLUMN_NAME LIKE '%EMAIL%' OR cell.COLUMN_NAME LIKE '%PHONE%'
                OR cell.COLUMN_NAME LIKE '%ADRS%'
            ) THEN 'EMPTY'
            WHEN cell.KIND = 1
            AND  cell.COLUMN_NAME LIKE '%[_]D%'
            AND  cell.VALUE LIKE N'2[0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]%'
            THEN CASE
                WHEN cell.COLUMN_NAME LIKE '%UTC%' THEN 'UTC'
                WHEN cell.VALUE = @TKT_DT THEN 'MOMENT'
                WHEN LEN(cell.VALUE) <= 10 OR SUBSTRING(cell.VALUE, 12, 8) = N'00:00:00' THEN 'DAY'
                ELSE 'LOCAL'
            END
            WHEN cell.AMOUNT IS NULL OR cell.AMOUNT = 0 OR cell.TABLE_NAME NOT LIKE 'PS_DOC_%' THEN 'MODEL'
            WHEN cell.AMOUNT = @AMT THEN 'AMOUNT'
            WHEN cell.AMOUNT = -@AMT THEN 'MINUS'
            WHEN cell.TABLE_NAME IN ('PS_DOC_HDR_TOT', 'PS_DOC_AUDIT_LOG_TOT', 'PS_DOC_PMT_APPLY')
            THEN CASE WHEN cell.AMOUNT = @TOT THEN 'AMOUNT' WHEN cell.AMOUNT = @TOT - @AMT THEN 'NONE' ELSE 'STRANGER' END
            WHEN cell.AMOUNT <> ROUND(cell.AMOUNT, 0) THEN 'STRANGER'
            ELSE 'MODEL'
        END
    FROM @CELL AS cell;

    /* Of the order only what tells of the deposit. */
    DELETE FROM @CELL
    WHERE PART = 'ORDER'
    AND   TABLE_NAME = 'PS_DOC_HDR'
    AND   (SOURCE NOT IN ('TICKET_ID', 'TICKET_NO') OR COLUMN_NAME IN ('DOC_ID', 'TKT_NO'));

    IF @MESSAGE IS NULL
    BEGIN
        SELECT
            @MESSAGE = CONCAT(N'its order names it in PS_DOC_HDR.', MIN(cell.COLUMN_NAME), N', which syncctl does not write')
        FROM @CELL AS cell
        WHERE cell.PART = 'ORDER'
        AND   cell.TABLE_NAME = 'PS_DOC_HDR'
        HAVING COUNT(*) > 0;
    END;

    DELETE FROM @CELL
    WHERE PART = 'ORDER'
    AND   TABLE_NAME IN ('PS_DOC_HDR', 'PS_DOC_HDR_TOT');

    INSERT INTO @CELL
    (
        PART, TABLE_NAME, ROW_NO, COLUMN_NAME, KIND, SOURCE
    )
    SELECT
        'ORDER',
        'PS_DOC_HDR_TOT',
        1,
        told.COLUMN_NAME,
        2,
        told.SOURCE
    FROM
    (
        VALUES
            ('TOT_TND', CASE WHEN @TENDERED = @AMT THEN 'AMOUNT' ELSE 'NONE' END),
            ('AMT_DUE', CASE WHEN @DUE = @TOT THEN 'TOTAL' ELSE 'REST' END)
    ) AS told (COLUMN_NAME, SOURCE)
    WHERE @ORDER_DOC_ID IS NOT NULL;

    IF @MESSAGE IS NULL
    BEGIN
        SELECT TOP (1)
            @MESSAGE = CASE
                WHEN cell.COLUMN_NAME LIKE '%DOC[_]ID'
                THEN CONCAT
                (
                    cell.TABLE_NAME, N'.', cell.COLUMN_NAME, N' names document ', cell.VALUE, N', which is neither the ticket nor an open order',
                    CASE WHEN @ORDER_DOC_ID IS NULL THEN N': name its order, too (--order)' END
                )
                ELSE CONCAT
                (
                    cell.TABLE_NAME, N'.', cell.COLUMN_NAME, N' is ', cell.VALUE, N', neither the deposit nor nothing',
                    CASE WHEN @ORDER_DOC_ID IS NULL THEN N': name its order, too (--order)' END
                )
            END
        FROM @CELL AS cell
        WHERE cell.SOURCE = 'STRANGER'
        ORDER BY
            cell.PART DESC,
            cell.TABLE_NAME,
            cell.ROW_NO,
            cell.COLUMN_NAME;
    END;

    /* What takes no NULL gets something where the new order has nothing. */
    UPDATE
        cell
    SET
        VALUE = CASE
            WHEN cell.SOURCE IN ('EMPTY', 'CUST_NO', 'SLS_REP', 'PRC_LOC_ID', 'STK_LOC_ID', 'PAY_DESCR') THEN required.VALUE
        END
    FROM @CELL AS cell
    LEFT JOIN dbo.fn_CounterPointRequired() AS required
        ON  required.TABLE_NAME = cell.TABLE_NAME
        AND required.COLUMN_NAME = cell.COLUMN_NAME
    WHERE cell.SOURCE NOT IN ('MODEL', 'SESSION');

    IF @MESSAGE IS NULL
    BEGIN
        /* STRING_AGG would need SQL Server 2017. */
        WHILE @NEXT IS NOT NULL
        BEGIN
            SELECT
                @NEXT = MIN(CONCAT(cell.TABLE_NAME, N'.', cell.COLUMN_NAME))
            FROM @CELL AS cell
            INNER JOIN dbo.fn_CounterPointRequired() AS required
                ON  required.TABLE_NAME = cell.TABLE_NAME
                AND required.COLUMN_NAME = cell.COLUMN_NAME
            WHERE cell.SOURCE = 'EMPTY'
            AND   cell.VALUE IS NULL
            AND   CONCAT(cell.TABLE_NAME, N'.', cell.COLUMN_NAME) > @NEXT;

            SET @UNFILLED = CONCAT(@UNFILLED, N', ' + @NEXT);
        END;

        IF @UNFILLED <> N''
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'what it has in ', STUFF(@UNFILLED, 1, 2, N''), N' is never copied, and nothing else can go there. Give a value (`syncctl config erp column',
                N' TABLE.COLUMN VALUE`), deploy (`syncctl db deploy`), and read it again'
            );
        END;
    END;

    IF @MESSAGE IS NOT NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'Document ', @DOC_ID, N' (', @TKT_NO, N') is no model for deposits: ', @MESSAGE, N'.');
        THROW 50001, @MESSAGE, 1;
    END;

    IF @DRY_RUN = 0
    BEGIN
        BEGIN TRY
            BEGIN TRANSACTION;

            DELETE FROM dbo.USER_DEPOSIT_MODEL
            WHERE PART IN ('TICKET', 'ORDER');

            INSERT INTO dbo.USER_DEPOSIT_MODEL
            (
                PART, TABLE_NAME, ROW_NO, COLUMN_NAME, SOURCE, VALUE
            )
            SELECT
                cell.PART,
                cell.TABLE_NAME,
                cell.ROW_NO,
                cell.COLUMN_NAME,
                cell.SOURCE,
                cell.VALUE
            FROM @CELL AS cell;

            UPDATE
                dbo.USER_ERP_SETTING
            SET
                VALUE = CONVERT(nvarchar(30), @DOC_ID)
            WHERE NAME = 'DEPOSIT_MODEL';

            COMMIT TRANSACTION;
        END TRY
        BEGIN CATCH
            IF XACT_STATE() <> 0
            BEGIN
                ROLLBACK TRANSACTION;
            END;

            THROW;
        END CATCH;
    END;

    SELECT
        DOC_ID = @DOC_ID,
        TKT_NO = @TKT_NO,
        ORDER_DOC_ID = @ORDER_DOC_ID,
        ORDER_TKT_NO = @ORDER_TKT_NO,
        cell.PART,
        cell.TABLE_NAME,
        cell.ROW_NO,
        cell.COLUMN_NAME,
        cell.SOURCE,
        VALUE = CASE WHEN cell.SOURCE <> 'SESSION' THEN cell.VALUE END
    FROM @CELL AS cell
    ORDER BY
        cell.PART DESC,
        cell.TABLE_NAME,
        cell.ROW_NO,
        cell.COLUMN_NAME;
END;
GO
