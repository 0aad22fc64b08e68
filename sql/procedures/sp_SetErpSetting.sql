SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetErpSetting
    Changes one site setting of the ERP side.

Called by    syncctl config erp set
Returns      the row as it is now: NAME, VALUE, DESCR, FAULT (see sp_ListErpSettings)
Errors       50001 a setting that needs a value gets none, or one that the ERP's documents can't be written by; 50004 no such setting
Locks        the setting's row
Repeatable   yes
Example      EXECUTE dbo.sp_SetErpSetting @SETTING_NAME = 'STA_ID', @VALUE = N'103';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetErpSetting
    @SETTING_NAME varchar(50),
    @VALUE nvarchar(500),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(500);

    IF NULLIF(@VALUE, N'') IS NULL
    AND @SETTING_NAME NOT IN
    (
        'TAX_COD', 'CUST_CATEG_COD', 'APPLIED_STATUS', 'SLS_REP', 'NORM_TAX_COD', 'TAX_OVRD_REAS', 'WRKGRP_ID', 'TMPLT_CUST_NO',
        'TIME_ZONE', 'SHIP_VIA_PROF', 'SHIPPING_ITEM_ID', 'CHARGE_ITEM_ID', 'TAX_RATE',
        'STOCK_LOCATIONS', 'WEB_HOLD_STATUSES', 'WEB_SALE_LIST', 'WEB_TAX_RATE'
    )
    BEGIN
        SET @MESSAGE = CONCAT(@SETTING_NAME, N' takes a value.');
        THROW 50001, @MESSAGE, 1;
    END;

    SET @VALUE = NULLIF(@VALUE, N'');

    IF @SETTING_NAME = 'CUST_MATCH_NAME' AND @VALUE NOT IN (N'Y', N'N')
    BEGIN
        THROW 50001, N'CUST_MATCH_NAME takes Y or N.', 1;
    END;

    IF @SETTING_NAME = 'CUST_CHANGES' AND @VALUE NOT IN (N'ERP', N'STORE')
    BEGIN
        THROW 50001, N'CUST_CHANGES takes ERP or STORE.', 1;
    END;

    IF @SETTING_NAME = 'WEB_RESERVE' AND COALESCE(TRY_CONVERT(decimal(15, 4), @VALUE), -1) < 0
    BEGIN
        THROW 50001, N'WEB_RESERVE takes a number from 0 on.', 1;
    END;

    IF @SETTING_NAME = 'WEB_TAX_RATE' AND @VALUE IS NOT NULL
    AND (@VALUE LIKE N'%[^0-9.]%' OR @VALUE NOT LIKE N'[0-9]%' OR COALESCE(TRY_CONVERT(decimal(15, 4), @VALUE), 100) NOT BETWEEN 0 AND 99.9999)
    BEGIN
        THROW 50001, N'WEB_TAX_RATE takes a percentage below 100, such as 19 or 7.7, or nothing.', 1;
    END;

    EXECUTE dbo.sp_CheckErpSetting @SETTING_NAME = @SETTING_NAME, @VALUE = @VALUE;

    UPDATE
        dbo.USER_ERP_SETTING
    SET
        VALUE = @VALUE
    WHERE NAME = @SETTING_NAME;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'No ERP setting is called ', @SETTING_NAME, N'.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        setting.NAME,
        setting.VALUE,
        setting.DESCR,
        lacking.FAULT
    FROM dbo.USER_ERP_SETTING AS setting
    OUTER APPLY dbo.fn_ErpSettingFault(@SETTING_NAME, setting.VALUE) AS lacking
    WHERE setting.NAME = @SETTING_NAME;
END;
GO
