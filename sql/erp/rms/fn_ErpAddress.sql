SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpAddress
    A staged order's addresses as the columns of Customer and ShipTo hold them. RMS has two address lines: the third joins the second.

Called by    fn_ErpFittingCustomer, sp_CreateErpCustomer, sp_WriteOrderShipping
Parameters   @ORDER_JSON
Returns      a row of KIND 'BILL' and one of KIND 'SHIP'; a part that is missing is ''
Example      SELECT address.NAM FROM dbo.USER_ORDER_STAGING AS staged CROSS APPLY dbo.fn_ErpAddress(staged.ORDER_JSON) AS address;
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
        FST_NAM = CONVERT(nvarchar(30), dbo.fn_Shorten(address.FST_NAM, 30 /* width of CUSTOMER.FirstName */)),
        LST_NAM = CONVERT(nvarchar(50), dbo.fn_Shorten(address.LST_NAM, 50 /* width of CUSTOMER.LastName */)),
        NAM = CONVERT(nvarchar(50), dbo.fn_Shorten(address.NAM, 50 /* width of SHIPTO.Name */)),
        COMPANY = CONVERT(nvarchar(50), dbo.fn_Shorten(address.COMPANY, 50 /* width of CUSTOMER.Company */)),
        ADRS_1 = CONVERT(nvarchar(50), dbo.fn_Shorten(address.ADRS_1, 50 /* width of CUSTOMER.Address */)),
        ADRS_2 = CONVERT(nvarchar(50), dbo.fn_Shorten
        (
            CONCAT(address.ADRS_2, CASE WHEN address.ADRS_2 <> N'' AND address.ADRS_3 <> N'' THEN N', ' END, address.ADRS_3),
            50 /* width of CUSTOMER.Address2 */
        )),
        CITY = CONVERT(nvarchar(50), dbo.fn_Shorten(address.CITY, 50 /* width of CUSTOMER.City */)),
        STATE = CONVERT(nvarchar(20), dbo.fn_Shorten(address.STATE, 20 /* width of CUSTOMER.State */)),
        ZIP_COD = CONVERT(nvarchar(20), dbo.fn_Shorten(address.ZIP_COD, 20 /* width of CUSTOMER.Zip */)),
        CNTRY = CONVERT(nvarchar(20), dbo.fn_Shorten(address.CNTRY, 20 /* width of CUSTOMER.Country */)),
        PHONE = CONVERT(nvarchar(30), dbo.fn_Shorten(address.PHONE, 30 /* width of CUSTOMER.PhoneNumber */))
    FROM dbo.fn_StagedAddress(@ORDER_JSON) AS address
);
GO
