SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpAddress
    A staged order's addresses as CounterPoint's columns take them.

Used by      sp_CreateErpCustomer, sp_ShipToAddress
Returns      a row of KIND 'BILL' and one of KIND 'SHIP'; a part that is missing is ''
Example      SELECT address.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpAddress(staged.ORDER_JSON) AS address WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpAddress
(
    @ORDER_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        address.KIND,
        FST_NAM = LEFT(address.FST_NAM, 15),
        LST_NAM = LEFT(address.LST_NAM, 25),
        NAM = LEFT(address.NAM, 40),
        COMPANY = LEFT(address.COMPANY, 100),
        ADRS_1 = LEFT(address.ADRS_1, 40),
        ADRS_2 = LEFT(address.ADRS_2, 40),
        ADRS_3 = LEFT(address.ADRS_3, 40),
        CITY = LEFT(address.CITY, 20),
        STATE = LEFT(address.STATE, 10),
        ZIP_COD = LEFT(address.ZIP_COD, 15),
        CNTRY = LEFT(address.CNTRY, 20),
        PHONE = LEFT(address.PHONE, 25)
    FROM dbo.fn_StagedAddress(@ORDER_JSON) AS address
);
GO
