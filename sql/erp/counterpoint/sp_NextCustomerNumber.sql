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
             overwritten: the row is changed only where it still holds what was read.
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
        END;

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
            SELECT
                @ROWS = COUNT(*),
                @GROUP_ID = COALESCE(MIN(workgroup.WRKGRP_ID), @WRKGRP_ID),
                @FOUND = MIN(RTRIM(workgroup.NXT_CUST_NO)),
                @IS_AUTO = MIN(workgroup.NXT_CUST_NO_AUTO)
            FROM dbo.SY_WRKGRP AS workgroup
            WHERE @WRKGRP_ID IS NULL
            OR    workgroup.WRKGRP_ID = @WRKGRP_ID;
            /* End. */

            SET @SERIES = CONCAT(N'NXT_CUST_NO of SY_WRKGRP ', @GROUP_ID);

            IF @ROWS > 1
            BEGIN
                SET @PROBLEM = N'SY_WRKGRP has several workgroups: say whose NXT_CUST_NO numbers customers, with'
                    + N' `syncctl config erp set WRKGRP_ID ID`.';
                RETURN;
            END;

            IF @IS_AUTO <> 'Y'
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
        SET @NUMBER = NULL;

        -- Past all that a customer has, in one step of the series: however far it lags behind, its row is written once.
        WHILE @NUMBER IS NULL
        BEGIN
            SET @NEXT = CONCAT(LEFT(@FOUND, LEN(@FOUND) - @DIGITS), RIGHT(CONCAT(REPLICATE('0', @DIGITS), @VALUE), @DIGITS));
            SET @VALUE = @VALUE + 1;

            IF LEN(CONVERT(varchar(20), @VALUE)) > @DIGITS
            BEGIN
                SET @PROBLEM = CONCAT
                (
                    @SERIES, N' is ', @FOUND, N' and has no free number left that is as wide. Give it a new one in CounterPoint.'
                );
                RETURN;
            END;

            IF NOT EXISTS (SELECT 1 FROM dbo.AR_CUST AS customer WHERE customer.CUST_NO = @NEXT)
            BEGIN
                SET @NUMBER = @NEXT;
            END;
        END;

        IF @TAKES = 0
        BEGIN
            RETURN;
        END;

        SET @NEXT = CONCAT(LEFT(@FOUND, LEN(@FOUND) - @DIGITS), RIGHT(CONCAT(REPLICATE('0', @DIGITS), @VALUE), @DIGITS));

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
    END;
END;
GO
