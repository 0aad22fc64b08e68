SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ChangeErpCustomer
    Writes fields of a CounterPoint customer, as fn_ErpCustomerFields wants them; the columns that are searched in capitals follow.

Called by    sp_FollowCustomer, inside its caller's transaction
Parameters   @CUST_NO; @FIELDS a comma before and behind each field's name; @PERSON_JSON and @EMAIL as fn_ErpCustomerFields takes them
Returns      no rows
Errors       none
Locks        the customer's row
Repeatable   yes
Example      EXECUTE dbo.sp_ChangeErpCustomer @CUST_NO = 'C100', @FIELDS = ',CITY,ZIP_COD,', @PERSON_JSON = N'{}', @EMAIL = N'';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ChangeErpCustomer
    @CUST_NO varchar(15),
    @FIELDS varchar(1000),
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @LOCAL_NOW datetime2(3);

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    UPDATE
        customer
    SET
        NAM = CASE WHEN CHARINDEX(',NAM,', @FIELDS) > 0 THEN NULLIF(COALESCE(NULLIF(address.NAM, ''), address.COMPANY), '') ELSE customer.NAM END,
        NAM_UPR = CASE WHEN CHARINDEX(',NAM,', @FIELDS) > 0
            THEN UPPER(NULLIF(COALESCE(NULLIF(address.NAM, ''), address.COMPANY), ''))
            ELSE customer.NAM_UPR END,
        FST_NAM = CASE WHEN CHARINDEX(',FST_NAM,', @FIELDS) > 0 THEN NULLIF(address.FST_NAM, '') ELSE customer.FST_NAM END,
        FST_NAM_UPR = CASE WHEN CHARINDEX(',FST_NAM,', @FIELDS) > 0 THEN UPPER(NULLIF(address.FST_NAM, '')) ELSE customer.FST_NAM_UPR END,
        LST_NAM = CASE WHEN CHARINDEX(',LST_NAM,', @FIELDS) > 0 THEN NULLIF(address.LST_NAM, '') ELSE customer.LST_NAM END,
        LST_NAM_UPR = CASE WHEN CHARINDEX(',LST_NAM,', @FIELDS) > 0 THEN UPPER(NULLIF(address.LST_NAM, '')) ELSE customer.LST_NAM_UPR END,
        ADRS_1 = CASE WHEN CHARINDEX(',ADRS_1,', @FIELDS) > 0 THEN NULLIF(address.ADRS_1, '') ELSE customer.ADRS_1 END,
        ADRS_2 = CASE WHEN CHARINDEX(',ADRS_2,', @FIELDS) > 0 THEN NULLIF(address.ADRS_2, '') ELSE customer.ADRS_2 END,
        ADRS_3 = CASE WHEN CHARINDEX(',ADRS_3,', @FIELDS) > 0 THEN NULLIF(address.ADRS_3, '') ELSE customer.ADRS_3 END,
        CITY = CASE WHEN CHARINDEX(',CITY,', @FIELDS) > 0 THEN NULLIF(address.CITY, '') ELSE customer.CITY END,
        STATE = CASE WHEN CHARINDEX(',STATE,', @FIELDS) > 0 THEN NULLIF(address.STATE, '') ELSE customer.STATE END,
        ZIP_COD = CASE WHEN CHARINDEX(',ZIP_COD,', @FIELDS) > 0 THEN NULLIF(address.ZIP_COD, '') ELSE customer.ZIP_COD END,
        CNTRY = CASE WHEN CHARINDEX(',CNTRY,', @FIELDS) > 0 THEN NULLIF(address.CNTRY, '') ELSE customer.CNTRY END,
        PHONE_1 = CASE WHEN CHARINDEX(',PHONE_1,', @FIELDS) > 0 THEN NULLIF(address.PHONE, '') ELSE customer.PHONE_1 END,
        EMAIL_ADRS_1 = CASE WHEN CHARINDEX(',EMAIL_ADRS_1,', @FIELDS) > 0
            THEN NULLIF(CONVERT(varchar(100), @EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */, '')
            ELSE customer.EMAIL_ADRS_1 END,
        LST_MAINT_DT = @LOCAL_NOW
    FROM dbo.AR_CUST AS customer
    INNER JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
        ON address.KIND = 'BILL'
    WHERE customer.CUST_NO = @CUST_NO;
END;
GO
