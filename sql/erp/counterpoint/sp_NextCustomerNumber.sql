SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NextCustomerNumber
    The number of the next customer, from the series that the site setting CUST_NO_FROM names: SERIES (USER_NUMBER_SERIES, the default),
    EC_CTL (EC_CTL.NXT_CUST_NO) or SY_WRKGRP (the workgroup's NXT_CUST_NO; WRKGRP_ID says which, where there are several).

Called by    sp_CreateErpCustomer, inside its caller's transaction; sp_CheckErpNewCustomer, which only looks
Parameters   @NUMBER OUTPUT; @PROBLEM OUTPUT: why there is none and what to do, NULL where there is one; @TAKES 0 looks and takes nothing
Returns      no rows
Errors       50040 USER_NUMBER_SERIES has no such series, or it has run out
Locks        the series' row, until the caller's transaction ends
Repeatable   no: each call takes a number
Note         CounterPoint's own number is counted up as CounterPoint writes it: what stands before the digits stays, and so does their
             width. Numbers that a customer has already are passed over. Whoever else takes numbers there, at a till say, is never
             overwritten: the row is changed only where it still holds what was read. A till that read the same number before finds it
             taken when it saves its customer; one that saves first makes us take the next (the second look, under UPDLOCK, HOLDLOCK).
             Everybody locks in this order: the CUST_NO row of USER_NUMBER_SERIES (sp_OrderCustomer), CounterPoint's own row, the customer.
             CounterPoint's row is held until the order's transaction ends, so that a number goes back with it: a till that makes a customer
             meanwhile waits for that one order.
Example      DECLARE @NUMBER varchar(20), @PROBLEM nvarchar(500);
             EXECUTE dbo.sp_NextCustomerNumber @NUMBER = @NUMBER OUTPUT, @PROBLEM = @PROBLEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_NextCustomerNumber
    @NUMBER varchar(20) OUTPUT,
    @PROBLEM nvarchar(500) OUTPUT,
    @TAKES bit = 1,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @SOURCE varchar(20),
        @WRKGRP_ID varchar(10),
        @GROUP_ID varchar(10),
        @SERIES nvarchar(60),
        @KEY_ID int,
        @ROWS int,
        @IS_AUTO varchar(1),
        @FOUND varchar(100),
        @DIGITS int,
        @PREFIX varchar(15),
        @VALUE bigint,
        @NEXT varchar(15),
        @IS_DONE bit = 0;

    SET @NUMBER = NULL;
    SET @PROBLEM = NULL;

    SELECT
        @SOURCE = COALESCE(CONVERT(varchar(20), MAX(CASE WHEN setting.NAME = 'CUST_NO_FROM' THEN NULLIF(setting.VALUE, N'') END)), 'SERIES'),
        @WRKGRP_ID = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'WRKGRP_ID' THEN NULLIF(setting.VALUE, N'') END))
    FROM dbo.USER_ERP_SETTING AS setting
    WHERE setting.NAME IN ('CUST_NO_FROM', 'WRKGRP_ID');

    IF @SOURCE = 'SERIES'
    BEGIN
        IF @TAKES = 1
        BEGIN
            EXECUTE dbo.sp_NextNumber @SERIES = 'CUST_NO', @NUMBER = @NUMBER OUTPUT;
            RETURN;
        END;

        EXECUTE dbo.sp_CheckCustomerSeries @PROBLEM = @PROBLEM OUTPUT;
        RETURN;
    END;

    IF @SOURCE NOT IN ('EC_CTL', 'SY_WRKGRP')
    BEGIN
        SET @PROBLEM = CONCAT
        (
            N'The site setting CUST_NO_FROM is ', @SOURCE, N'; it takes SERIES, EC_CTL or SY_WRKGRP. Set it: `syncctl config erp set`.'
        );
        RETURN;
    END;

    WHILE @IS_DONE = 0
    BEGIN
        SELECT
            @FOUND = NULL,
            @KEY_ID = NULL,
            @ROWS = 0;

        IF @SOURCE = 'EC_CTL'
        BEGIN
            SET @SERIES = N'EC_CTL.NXT_CUST_NO';

            /* Where there is EC_CTL: */
            SELECT TOP (1)
                @KEY_ID = control.KEY_ID,
                @FOUND = RTRIM(control.NXT_CUST_NO),
                @ROWS = 1
            FROM dbo.EC_CTL AS control
            ORDER BY
                control.KEY_ID;
            /* End. */
        END;
        ELSE
        BEGIN
            /* Where there is SY_WRKGRP: */
            IF @WRKGRP_ID IS NULL
            BEGIN
                SELECT
                    @ROWS = COUNT(*),
                    @GROUP_ID = MIN(workgroup.WRKGRP_ID)
                FROM dbo.SY_WRKGRP AS workgroup;
            END;
            ELSE
            BEGIN
                SET @GROUP_ID = @WRKGRP_ID;
            END;

            IF @ROWS <= 1
            BEGIN
                SET @ROWS = 0;

                -- By the key alone: another group's row that a till holds is waited for by nobody.
                SELECT
                    @ROWS = 1,
                    @FOUND = RTRIM(workgroup.NXT_CUST_NO),
                    @IS_AUTO = workgroup.NXT_CUST_NO_AUTO
                FROM dbo.SY_WRKGRP AS workgroup
                WHERE workgroup.WRKGRP_ID = @GROUP_ID;
            END;
            /* End. */

            SET @SERIES = CONCAT(N'NXT_CUST_NO of SY_WRKGRP ', @GROUP_ID);

            IF @ROWS > 1
            BEGIN
                SET @PROBLEM = N'SY_WRKGRP has several workgroups: say whose NXT_CUST_NO numbers customers, with'
                    + N' `syncctl config erp set WRKGRP_ID ID`.';
                RETURN;
            END;

            IF @ROWS = 1 AND @IS_AUTO <> 'Y'
            BEGIN
                SET @PROBLEM = CONCAT
                (
                    N'Workgroup ', @GROUP_ID, N' gives customers no number by itself (NXT_CUST_NO_AUTO). Let it in CounterPoint, or',
                    N' number customers otherwise: `syncctl config erp set CUST_NO_FROM EC_CTL` (or SERIES).'
                );
                RETURN;
            END;
        END;

        IF @ROWS = 0 OR COALESCE(@FOUND, '') = ''
        BEGIN
            SET @PROBLEM = CONCAT
            (
                N'There is no ', @SERIES, N' to number customers by. Set it in CounterPoint, or number them otherwise:',
                N' `syncctl config erp set CUST_NO_FROM SERIES`.'
            );
            RETURN;
        END;

        -- A longer one would be cut, and its row never be found again by what was read.
        IF LEN(@FOUND) > 15
        BEGIN
            SET @PROBLEM = CONCAT
            (
                @SERIES, N' is ', @FOUND, N', longer than the 15 letters that a customer''s number has. Give it a new one in CounterPoint.'
            );
            RETURN;
        END;

        SET @DIGITS = PATINDEX('%[^0-9]%' COLLATE Latin1_General_BIN2, REVERSE(@FOUND)) - 1;
        SET @DIGITS = CASE WHEN @DIGITS < 0 THEN LEN(@FOUND) ELSE @DIGITS END;

        IF @DIGITS = 0
        BEGIN
            SET @PROBLEM = CONCAT(@SERIES, N' is ', @FOUND, N', which ends in no digit to count up. Correct it in CounterPoint.');
            RETURN;
        END;

        SET @VALUE = CONVERT(bigint, RIGHT(@FOUND, @DIGITS));
        SET @PREFIX = LEFT(@FOUND, LEN(@FOUND) - @DIGITS);

        /* Past it and all that follow it without a gap, where a customer has it: in one step, however far the series lags behind. */
        IF EXISTS (SELECT 1 FROM dbo.AR_CUST AS customer WHERE customer.CUST_NO = CONVERT(varchar(15), @FOUND))
        BEGIN
            SELECT
                @VALUE = COALESCE(MIN(run.N), @VALUE) + 1
            FROM
            (
                SELECT
                    counted.N,
                    BEHIND = LEAD(counted.N) OVER (ORDER BY counted.N)
                FROM
                (
                    SELECT
                        N = TRY_CONVERT(bigint, RIGHT(RTRIM(customer.CUST_NO), @DIGITS))
                    FROM dbo.AR_CUST AS customer
                    WHERE LEN(customer.CUST_NO) = LEN(@FOUND)
                    AND   LEFT(customer.CUST_NO, LEN(@PREFIX)) = @PREFIX
                    AND   RIGHT(RTRIM(customer.CUST_NO), @DIGITS) NOT LIKE '%[^0-9]%'
                ) AS counted
                WHERE counted.N >= @VALUE
            ) AS run
            WHERE run.BEHIND IS NULL OR run.BEHIND > run.N + 1;
        END;

        SET @NUMBER = CONCAT(@PREFIX, RIGHT(CONCAT(REPLICATE('0', @DIGITS), @VALUE), @DIGITS));
        SET @VALUE = @VALUE + 1;

        IF LEN(CONVERT(varchar(20), @VALUE)) > @DIGITS
        BEGIN
            SET @NUMBER = NULL;
            SET @PROBLEM = CONCAT
            (
                @SERIES, N' is ', @FOUND, N' and has no free number left that is as wide. Give it a new one in CounterPoint.'
            );
            RETURN;
        END;

        IF @TAKES = 0
        BEGIN
            RETURN;
        END;

        SET @NEXT = CONCAT(@PREFIX, RIGHT(CONCAT(REPLICATE('0', @DIGITS), @VALUE), @DIGITS));

        IF @SOURCE = 'EC_CTL'
        BEGIN
            UPDATE
                dbo.EC_CTL
            SET
                NXT_CUST_NO = @NEXT
            WHERE KEY_ID = @KEY_ID
            AND   NXT_CUST_NO = @FOUND;

            SET @IS_DONE = CASE WHEN @@ROWCOUNT = 1 THEN 1 ELSE 0 END;
        END;
        ELSE
        BEGIN
            UPDATE
                dbo.SY_WRKGRP
            SET
                NXT_CUST_NO = @NEXT
            WHERE WRKGRP_ID = @GROUP_ID
            AND   NXT_CUST_NO = @FOUND;

            SET @IS_DONE = CASE WHEN @@ROWCOUNT = 1 THEN 1 ELSE 0 END;
        END;

        /* The row is ours by now; the number may have been given away by hand since it was looked for. From here on nobody else can. */
        IF @IS_DONE = 1
        AND EXISTS (SELECT 1 FROM dbo.AR_CUST AS customer WITH (UPDLOCK, HOLDLOCK) WHERE customer.CUST_NO = CONVERT(varchar(15), @NUMBER))
        BEGIN
            SET @IS_DONE = 0;
        END;
    END;
END;
GO
