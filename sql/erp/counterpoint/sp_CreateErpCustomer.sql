SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateErpCustomer
    Makes a CounterPoint customer from a staged order's billing address and e-mail, under the next number of the CUST_NO series.

Called by    sp_OrderCustomer, inside its caller's transaction
Parameters   @STAGING_ID; @CUST_NO OUTPUT: the new number
Returns      no rows
Errors       50040 the number series is missing or has run out
Locks        the CUST_NO series and the new row, until the transaction ends
Repeatable   no: each call makes a customer
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_CreateErpCustomer @STAGING_ID = 1, @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateErpCustomer
    @STAGING_ID int,
    @CUST_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @CUST_EMAIL nvarchar(100),
        @ORDER_JSON nvarchar(max),
        @NUMBER varchar(20);

    SELECT
        @CUST_EMAIL = staged.CUST_EMAIL,
        @ORDER_JSON = staged.ORDER_JSON
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    EXECUTE dbo.sp_NextNumber @SERIES = 'CUST_NO', @NUMBER = @NUMBER OUTPUT;
    SET @CUST_NO = CONVERT(varchar(15), @NUMBER);

    INSERT INTO dbo.AR_CUST
    (
        CUST_NO, NAM, FST_NAM, LST_NAM, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1, EMAIL_ADRS_1, CATEG_COD, TAX_COD,
        STR_ID, LST_MAINT_DT
    )
    SELECT
        @CUST_NO,
        LEFT(COALESCE(NULLIF(address.NAM, N''), NULLIF(address.COMPANY, N''), @CUST_EMAIL), 40),
        NULLIF(address.FST_NAM, N''),
        NULLIF(address.LST_NAM, N''),
        NULLIF(address.ADRS_1, N''),
        NULLIF(address.ADRS_2, N''),
        NULLIF(address.ADRS_3, N''),
        NULLIF(address.CITY, N''),
        NULLIF(address.STATE, N''),
        NULLIF(address.ZIP_COD, N''),
        NULLIF(address.CNTRY, N''),
        NULLIF(address.PHONE, N''),
        @CUST_EMAIL,
        (SELECT NULLIF(setting.VALUE, N'') FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'CUST_CATEG_COD'),
        (SELECT NULLIF(setting.VALUE, N'') FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'TAX_COD'),
        (SELECT NULLIF(setting.VALUE, N'') FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'STR_ID'),
        @NOW
    FROM (SELECT KIND = 'BILL') AS wanted
    LEFT JOIN dbo.fn_ErpAddress(@ORDER_JSON) AS address
        ON address.KIND = wanted.KIND;
END;
GO
