SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpSetting
    Refuses a site setting of CounterPoint's side that no order could be written by.

Called by    sp_SetErpSetting, before it writes
Parameters   @SETTING_NAME; @VALUE, NULL for none
Returns      no rows
Errors       50001 with what the setting takes
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_CheckErpSetting @SETTING_NAME = 'WRITE_PAYMENT', @VALUE = N'Y';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpSetting
    @SETTING_NAME varchar(50),
    @VALUE nvarchar(500),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @MOMENT datetime2(3),
        @REST nvarchar(1000);

    IF @SETTING_NAME = 'WRITE_PAYMENT' AND @VALUE NOT IN (N'Y', N'D', N'N')
    BEGIN
        SET @MESSAGE = N'WRITE_PAYMENT takes N (no payment), Y (on the order) or D (a deposit ticket beside the order).';
    END;

    IF @SETTING_NAME = 'WRITE_PAYMENT' AND @VALUE = N'D'
    BEGIN
        SELECT
            @MESSAGE = CONCAT
            (
                N'WRITE_PAYMENT takes D once there is a deposit ticket to write others like: ', model.PROBLEM,
                N'. Key an order with a deposit at the till, then `syncctl config erp deposit-model TICKET`.'
            )
        FROM dbo.fn_DepositModelProblem() AS model;
    END;

    IF @SETTING_NAME = 'DEPOSIT_MODEL' AND @VALUE IS NOT NULL
    BEGIN
        SET @MESSAGE = N'DEPOSIT_MODEL is set by `syncctl config erp deposit-model TICKET`, which reads that ticket.';
    END;

    IF @SETTING_NAME = 'STOCK_CHECK' AND @VALUE NOT IN (N'Y', N'N')
    BEGIN
        SET @MESSAGE = N'STOCK_CHECK takes Y or N.';
    END;

    IF @SETTING_NAME = 'CUST_NO_FROM' AND @VALUE NOT IN (N'SERIES', N'EC_CTL', N'SY_WRKGRP')
    BEGIN
        SET @MESSAGE = N'CUST_NO_FROM takes SERIES, EC_CTL or SY_WRKGRP.';
    END;

    IF @SETTING_NAME = 'SHIP_VIA_PROF'
    AND @VALUE NOT IN (N'PROF_ALPHA_1', N'PROF_ALPHA_2', N'PROF_ALPHA_3', N'PROF_ALPHA_4', N'PROF_ALPHA_5')
    BEGIN
        SET @MESSAGE = N'SHIP_VIA_PROF takes PROF_ALPHA_1 to PROF_ALPHA_5, or nothing.';
    END;

    IF @SETTING_NAME = 'STOCK_COLUMNS' AND @VALUE IS NOT NULL
    BEGIN
        SET @REST = CONCAT(N',', REPLACE(@VALUE, N' ', N''), N',');
        SET @REST = REPLACE(REPLACE(REPLACE(@REST, N',', N',,'), N',QTY_ON_SO,', N''), N',QTY_ON_ORD,', N'');
        SET @REST = REPLACE(@REST, N',QTY_COMMIT,', N'');

        IF REPLACE(@REST, N',', N'') <> N'' OR REPLACE(REPLACE(@VALUE, N',', N''), N' ', N'') = N''
        BEGIN
            SET @MESSAGE = N'STOCK_COLUMNS takes QTY_ON_SO, QTY_ON_ORD, QTY_COMMIT, or several of them with commas.';
        END;
    END;

    /* Without locations of the web's own its stock is that of the documents' location, which may have none yet. */
    SELECT
        @MESSAGE = lacking.FAULT
    FROM dbo.fn_ErpSettingFault(@SETTING_NAME, @VALUE) AS lacking
    WHERE @SETTING_NAME <> 'STK_LOC_ID';

    IF @SETTING_NAME = 'WEB_PRICES_INCLUDE_TAX' AND @VALUE NOT IN (N'Y', N'N')
    BEGIN
        SET @MESSAGE = N'WEB_PRICES_INCLUDE_TAX takes Y or N.';
    END;

    IF @SETTING_NAME = 'TIME_ZONE' AND @VALUE IS NOT NULL
    BEGIN
        BEGIN TRY
            SET @MOMENT = CONVERT(datetime2(3), SYSUTCDATETIME() AT TIME ZONE N'UTC' AT TIME ZONE @VALUE);
        END TRY
        BEGIN CATCH
            SET @MESSAGE = N'TIME_ZONE takes the name that Windows has for a time zone, such as Eastern Standard Time, or nothing.';
        END CATCH;
    END;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50001, @MESSAGE, 1;
    END;
END;
GO
