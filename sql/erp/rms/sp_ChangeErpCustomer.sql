SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ChangeErpCustomer
    Writes fields of an RMS customer, as fn_ErpCustomerFields wants them.

Called by    sp_FollowCustomer, inside its caller's transaction
Parameters   @CUST_NO; @FIELDS a comma before and behind each field's name; @PERSON_JSON and @EMAIL as fn_ErpCustomerFields takes them
Returns      no rows
Errors       none
Locks        the customer's row
Repeatable   yes
Example      EXECUTE dbo.sp_ChangeErpCustomer @CUST_NO = 'W00000001', @FIELDS = ',City,Zip,', @PERSON_JSON = N'{}', @EMAIL = N'';
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
    FROM dbo.fn_DynamicsTime(@NOW) AS moment;

    UPDATE
        customer
    SET
        FirstName = CASE WHEN CHARINDEX(',FirstName,', @FIELDS) > 0 THEN wanted.FST_NAM ELSE customer.FirstName END,
        LastName = CASE WHEN CHARINDEX(',LastName,', @FIELDS) > 0 THEN wanted.LAST_NAME ELSE customer.LastName END,
        Company = CASE WHEN CHARINDEX(',Company,', @FIELDS) > 0 THEN wanted.COMPANY ELSE customer.Company END,
        Address = CASE WHEN CHARINDEX(',Address,', @FIELDS) > 0 THEN wanted.ADRS_1 ELSE customer.Address END,
        Address2 = CASE WHEN CHARINDEX(',Address2,', @FIELDS) > 0 THEN wanted.ADRS_2 ELSE customer.Address2 END,
        City = CASE WHEN CHARINDEX(',City,', @FIELDS) > 0 THEN wanted.CITY ELSE customer.City END,
        State = CASE WHEN CHARINDEX(',State,', @FIELDS) > 0 THEN wanted.STATE ELSE customer.State END,
        Zip = CASE WHEN CHARINDEX(',Zip,', @FIELDS) > 0 THEN wanted.ZIP_COD ELSE customer.Zip END,
        Country = CASE WHEN CHARINDEX(',Country,', @FIELDS) > 0 THEN wanted.CNTRY ELSE customer.Country END,
        PhoneNumber = CASE WHEN CHARINDEX(',PhoneNumber,', @FIELDS) > 0 THEN wanted.PHONE ELSE customer.PhoneNumber END,
        EmailAddress = CASE WHEN CHARINDEX(',EmailAddress,', @FIELDS) > 0 THEN @EMAIL ELSE customer.EmailAddress END,
        LastUpdated = @LOCAL_NOW
    FROM dbo.Customer AS customer
    INNER JOIN dbo.fn_DynamicsCustomer(@CUST_NO) AS known
        ON known.ID = customer.ID
    CROSS JOIN
    (
        SELECT
            address.FST_NAM,
            LAST_NAME = CASE
                WHEN CONCAT(address.FST_NAM, address.LST_NAM) <> N'' THEN address.LST_NAM
                WHEN address.NAM <> address.COMPANY THEN address.NAM
                ELSE N''
            END,
            address.COMPANY,
            address.ADRS_1,
            address.ADRS_2,
            address.CITY,
            address.STATE,
            address.ZIP_COD,
            address.CNTRY,
            address.PHONE
        FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
        WHERE address.KIND = 'BILL'
    ) AS wanted;
END;
GO
