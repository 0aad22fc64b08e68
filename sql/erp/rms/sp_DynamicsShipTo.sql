SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_DynamicsShipTo
    The customer's ship-to address with a person's content as RMS holds it, found again or added. The billing address stands in where there
    is no shipping address.

Called by    sp_WriteOrderShipping, sp_AddErpAddress, inside their transactions
Parameters   @CUSTOMER_ID; @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it; @EMAIL; OUTPUT:
             @SHIP_TO_ID, 0 where there is no address at all; @IS_ADDED
Returns      no rows
Errors       none
Locks        the customer's ship-to addresses
Repeatable   yes
Example      DECLARE @SHIP_TO_ID int;
             EXECUTE dbo.sp_DynamicsShipTo @CUSTOMER_ID = 1, @PERSON_JSON = N'{}', @EMAIL = N'', @SHIP_TO_ID = @SHIP_TO_ID OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_DynamicsShipTo
    @CUSTOMER_ID int,
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(255),
    @SHIP_TO_ID int OUTPUT,
    @IS_ADDED bit = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @KIND varchar(4);

    SET @SHIP_TO_ID = 0;
    SET @IS_ADDED = 0;

    SELECT
        @KIND = MAX(address.KIND)
    FROM dbo.fn_StagedAddress(@PERSON_JSON) AS address
    WHERE CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N'';

    IF @KIND IS NULL
    BEGIN
        RETURN;
    END;

    SELECT
        @SHIP_TO_ID = COALESCE(MIN(there.ID), 0)
    FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
    INNER JOIN dbo.ShipTo AS there WITH (UPDLOCK, HOLDLOCK)
        ON  there.CustomerID = @CUSTOMER_ID
        AND there.Name = CASE WHEN address.NAM <> N'' THEN address.NAM ELSE LEFT(LTRIM(RTRIM(CONCAT(address.FST_NAM, N' ', address.LST_NAM))), 50) END
        AND there.Company = address.COMPANY
        AND there.Address = address.ADRS_1
        AND there.Address2 = address.ADRS_2
        AND there.City = address.CITY
        AND there.State = address.STATE
        AND there.Zip = address.ZIP_COD
        AND there.Country = address.CNTRY
        AND there.PhoneNumber = address.PHONE
        AND there.EmailAddress = @EMAIL
    WHERE address.KIND = @KIND;

    IF @SHIP_TO_ID = 0
    BEGIN
        INSERT INTO dbo.ShipTo
        (
            CustomerID, Name, Company, Address, Address2, City, State, Zip, Country, PhoneNumber, EmailAddress
        )
        SELECT
            @CUSTOMER_ID,
            CASE WHEN address.NAM <> N'' THEN address.NAM ELSE LEFT(LTRIM(RTRIM(CONCAT(address.FST_NAM, N' ', address.LST_NAM))), 50) END,
            address.COMPANY,
            address.ADRS_1,
            address.ADRS_2,
            address.CITY,
            address.STATE,
            address.ZIP_COD,
            address.CNTRY,
            address.PHONE,
            @EMAIL
        FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
        WHERE address.KIND = @KIND;

        SET @SHIP_TO_ID = CONVERT(int, SCOPE_IDENTITY());
        SET @IS_ADDED = 1;
    END;
END;
GO
