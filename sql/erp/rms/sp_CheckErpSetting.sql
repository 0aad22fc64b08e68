SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpSetting
    Refuses a value that no order could be written by.

Called by    sp_SetErpSetting
Parameters   @SETTING_NAME; @VALUE, NULL for none
Returns      no rows
Errors       50001 the setting doesn't take this value
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_CheckErpSetting @SETTING_NAME = 'ORDER_TYPE', @VALUE = N'2';
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
        @MOMENT datetime2(3);

    IF @SETTING_NAME = 'ORDER_TYPE' AND @VALUE NOT IN (N'2', N'3')
    BEGIN
        SET @MESSAGE = N'ORDER_TYPE takes 2 or 3.';
    END;

    IF @SETTING_NAME IN ('PRICES_INCLUDE_TAX', 'FORMER_ORDERS', 'STOCK_CHECK') AND @VALUE NOT IN (N'Y', N'N')
    BEGIN
        SET @MESSAGE = CONCAT(@SETTING_NAME, N' takes Y or N.');
    END;

    SELECT
        @MESSAGE = lacking.FAULT
    FROM dbo.fn_ErpSettingFault(@SETTING_NAME, @VALUE) AS lacking;

    IF @SETTING_NAME = 'REFERENCE_FROM' AND @VALUE NOT IN (N'SOURCE', N'STORE')
    BEGIN
        SET @MESSAGE = N'REFERENCE_FROM takes SOURCE or STORE.';
    END;

    IF @SETTING_NAME IN
    (
        'STORE_ID', 'SALES_REP_ID', 'CASHIER_ID', 'SHIPPING_SERVICE_ID', 'CHANNEL_TYPE', 'SHIPPING_ITEM_ID', 'CHARGE_ITEM_ID'
    )
    AND (@VALUE LIKE N'%[^0-9]%' OR LEN(@VALUE) > 9)
    BEGIN
        SET @MESSAGE = CONCAT(@SETTING_NAME, N' takes a number of at most 9 digits: the ID that RMS has for it.');
    END;

    IF @SETTING_NAME = 'DUE_DAYS' AND (@VALUE LIKE N'%[^0-9]%' OR LEN(@VALUE) > 3)
    BEGIN
        SET @MESSAGE = N'DUE_DAYS takes 0 to 999.';
    END;

    IF @SETTING_NAME = 'TAX_RATE' AND (@VALUE NOT LIKE N'0.[0-9]%' OR SUBSTRING(@VALUE, 3, 500) LIKE N'%[^0-9]%' OR LEN(@VALUE) > 8)
    BEGIN
        SET @MESSAGE = N'TAX_RATE takes a rate below 1 with a point, such as 0.13, or nothing.';
    END;

    IF @SETTING_NAME = 'ORDER_COMMENT' AND CHARINDEX(N'{number}', @VALUE) = 0
    BEGIN
        SET @MESSAGE = N'ORDER_COMMENT takes a text with {number} in it, by which orders are told apart.';
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
