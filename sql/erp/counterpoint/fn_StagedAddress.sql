SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StagedAddress
    A staged order's addresses out of its ORDER_JSON, cut to the ERP's widths when they were staged.

Called by    sp_OrderCustomer, sp_ShipToAddress, sp_WriteOrderNotes
Returns      a row of KIND 'BILL' and one of KIND 'SHIP'; a part that is missing is ''
Example      SELECT address.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_StagedAddress(staged.ORDER_JSON) AS address WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_StagedAddress
(
    @ORDER_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        KIND = CONVERT(varchar(4), 'BILL'),
        FST_NAM = COALESCE(LEFT(address.FST_NAM, 15), N''),
        LST_NAM = COALESCE(LEFT(address.LST_NAM, 25), N''),
        NAM = COALESCE(LEFT(address.NAM, 40), N''),
        COMPANY = COALESCE(LEFT(address.COMPANY, 100), N''),
        ADRS_1 = COALESCE(LEFT(address.ADRS_1, 40), N''),
        ADRS_2 = COALESCE(LEFT(address.ADRS_2, 40), N''),
        ADRS_3 = COALESCE(LEFT(address.ADRS_3, 40), N''),
        CITY = COALESCE(LEFT(address.CITY, 20), N''),
        STATE = COALESCE(LEFT(address.STATE, 10), N''),
        ZIP_COD = COALESCE(LEFT(address.ZIP_COD, 15), N''),
        CNTRY = COALESCE(LEFT(address.CNTRY, 20), N''),
        PHONE = COALESCE(LEFT(address.PHONE, 25), N'')
    FROM OPENJSON(CASE WHEN ISJSON(@ORDER_JSON) = 1 THEN @ORDER_JSON ELSE N'{}' END, '$.BILL')
    WITH
    (
        FST_NAM nvarchar(4000) '$.FST_NAM',
        LST_NAM nvarchar(4000) '$.LST_NAM',
        NAM nvarchar(4000) '$.NAM',
        COMPANY nvarchar(4000) '$.COMPANY',
        ADRS_1 nvarchar(4000) '$.ADRS_1',
        ADRS_2 nvarchar(4000) '$.ADRS_2',
        ADRS_3 nvarchar(4000) '$.ADRS_3',
        CITY nvarchar(4000) '$.CITY',
        STATE nvarchar(4000) '$.STATE',
        ZIP_COD nvarchar(4000) '$.ZIP_COD',
        CNTRY nvarchar(4000) '$.CNTRY',
        PHONE nvarchar(4000) '$.PHONE'
    ) AS address
    UNION ALL
    SELECT
        KIND = CONVERT(varchar(4), 'SHIP'),
        FST_NAM = COALESCE(LEFT(address.FST_NAM, 15), N''),
        LST_NAM = COALESCE(LEFT(address.LST_NAM, 25), N''),
        NAM = COALESCE(LEFT(address.NAM, 40), N''),
        COMPANY = COALESCE(LEFT(address.COMPANY, 100), N''),
        ADRS_1 = COALESCE(LEFT(address.ADRS_1, 40), N''),
        ADRS_2 = COALESCE(LEFT(address.ADRS_2, 40), N''),
        ADRS_3 = COALESCE(LEFT(address.ADRS_3, 40), N''),
        CITY = COALESCE(LEFT(address.CITY, 20), N''),
        STATE = COALESCE(LEFT(address.STATE, 10), N''),
        ZIP_COD = COALESCE(LEFT(address.ZIP_COD, 15), N''),
        CNTRY = COALESCE(LEFT(address.CNTRY, 20), N''),
        PHONE = COALESCE(LEFT(address.PHONE, 25), N'')
    FROM OPENJSON(CASE WHEN ISJSON(@ORDER_JSON) = 1 THEN @ORDER_JSON ELSE N'{}' END, '$.SHIP')
    WITH
    (
        FST_NAM nvarchar(4000) '$.FST_NAM',
        LST_NAM nvarchar(4000) '$.LST_NAM',
        NAM nvarchar(4000) '$.NAM',
        COMPANY nvarchar(4000) '$.COMPANY',
        ADRS_1 nvarchar(4000) '$.ADRS_1',
        ADRS_2 nvarchar(4000) '$.ADRS_2',
        ADRS_3 nvarchar(4000) '$.ADRS_3',
        CITY nvarchar(4000) '$.CITY',
        STATE nvarchar(4000) '$.STATE',
        ZIP_COD nvarchar(4000) '$.ZIP_COD',
        CNTRY nvarchar(4000) '$.CNTRY',
        PHONE nvarchar(4000) '$.PHONE'
    ) AS address
);
GO
