SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateErpCustomer
    Makes a customer from a person's billing address and e-mail, with the next account number of the series CUST_NO.

Called by    sp_OrderCustomer, sp_SyncCustomer, inside their caller's transaction
Parameters   @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it; @EMAIL; @CUST_NO OUTPUT: the new
             account number
Returns      no rows
Errors       50040 the series has run out; 50041 there is none
Locks        the series to the end of the transaction: two orders of one new customer make one
Repeatable   no: each call makes a customer
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_CreateErpCustomer @PERSON_JSON = N'{}', @EMAIL = N'a@example.test', @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateErpCustomer
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100),
    @CUST_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @NUMBER varchar(50),
        @LOCAL_NOW datetime2(3);

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_DynamicsTime(@NOW) AS moment;

    SET @CUST_NO = NULL;

    WHILE @CUST_NO IS NULL
    BEGIN
        UPDATE
            dbo.USER_NUMBER_SERIES
        SET
            NEXT_NO = NEXT_NO + 1
        WHERE SERIES = 'CUST_NO';

        IF @@ROWCOUNT = 0
        BEGIN
            SET @MESSAGE = N'The number series CUST_NO is not set: `syncctl config erp series CUST_NO --prefix TEXT`.';
            THROW 50041, @MESSAGE, 1;
        END;

        /* Read back by itself: the row is ours by now, whoever had it before. */
        SELECT
            @NUMBER = CONCAT
            (
                series.PREFIX,
                CASE WHEN LEN(CONVERT(varchar(20), series.NEXT_NO - 1)) < series.WIDTH
                    THEN REPLICATE('0', series.WIDTH - LEN(CONVERT(varchar(20), series.NEXT_NO - 1))) END,
                CONVERT(varchar(20), series.NEXT_NO - 1)
            )
        FROM dbo.USER_NUMBER_SERIES AS series
        WHERE series.SERIES = 'CUST_NO';

        IF LEN(@NUMBER) > 15
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'The next CUST_NO would be ', @NUMBER, N', too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series.'
            );
            THROW 50040, @MESSAGE, 1;
        END;

        IF NOT EXISTS (SELECT 1 FROM dbo.Customer AS taken WHERE taken.AccountNumber = CONVERT(nvarchar(20), @NUMBER))
        BEGIN
            SET @CUST_NO = CONVERT(varchar(15), @NUMBER);
        END;
    END;

    INSERT INTO dbo.Customer
    (
        AccountNumber, FirstName, LastName, Company, Address, Address2, City, State, Zip, Country, PhoneNumber, EmailAddress, LastUpdated
    )
    SELECT
        @CUST_NO,
        COALESCE(address.FST_NAM, N''),
        CASE
            WHEN CONCAT(address.FST_NAM, address.LST_NAM) <> N'' THEN address.LST_NAM
            WHEN address.NAM <> address.COMPANY THEN address.NAM
            WHEN COALESCE(address.COMPANY, N'') <> N'' THEN N''
            ELSE CONVERT(nvarchar(50), dbo.fn_Shorten(COALESCE(@EMAIL, N''), 50))
        END,
        COALESCE(address.COMPANY, N''),
        COALESCE(address.ADRS_1, N''),
        COALESCE(address.ADRS_2, N''),
        COALESCE(address.CITY, N''),
        COALESCE(address.STATE, N''),
        COALESCE(address.ZIP_COD, N''),
        COALESCE(address.CNTRY, N''),
        COALESCE(address.PHONE, N''),
        COALESCE(@EMAIL, N''),
        @LOCAL_NOW
    FROM (SELECT KIND = 'BILL') AS wanted
    OUTER APPLY
    (
        SELECT
            billed.FST_NAM,
            billed.LST_NAM,
            billed.NAM,
            billed.COMPANY,
            billed.ADRS_1,
            billed.ADRS_2,
            billed.CITY,
            billed.STATE,
            billed.ZIP_COD,
            billed.CNTRY,
            billed.PHONE
        FROM dbo.fn_ErpAddress(@PERSON_JSON) AS billed
        WHERE billed.KIND = wanted.KIND
    ) AS address;
END;
GO
