SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StagedAddress
    A person's addresses, whole: out of a staged order's ORDER_JSON, or out of the JSON of a customer of the store.

Called by    fn_ErpAddress, by which each ERP cuts them to its widths, and the notes
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
        FST_NAM = COALESCE(address.FST_NAM, N''),
        LST_NAM = COALESCE(address.LST_NAM, N''),
        NAM = COALESCE(address.NAM, N''),
        COMPANY = COALESCE(address.COMPANY, N''),
        ADRS_1 = COALESCE(address.ADRS_1, N''),
        ADRS_2 = COALESCE(address.ADRS_2, N''),
        ADRS_3 = COALESCE(address.ADRS_3, N''),
        CITY = COALESCE(address.CITY, N''),
        STATE = COALESCE(address.STATE, N''),
        ZIP_COD = COALESCE(address.ZIP_COD, N''),
        CNTRY = COALESCE(address.CNTRY, N''),
        PHONE = COALESCE(address.PHONE, N'')
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
        FST_NAM = COALESCE(address.FST_NAM, N''),
        LST_NAM = COALESCE(address.LST_NAM, N''),
        NAM = COALESCE(address.NAM, N''),
        COMPANY = COALESCE(address.COMPANY, N''),
        ADRS_1 = COALESCE(address.ADRS_1, N''),
        ADRS_2 = COALESCE(address.ADRS_2, N''),
        ADRS_3 = COALESCE(address.ADRS_3, N''),
        CITY = COALESCE(address.CITY, N''),
        STATE = COALESCE(address.STATE, N''),
        ZIP_COD = COALESCE(address.ZIP_COD, N''),
        CNTRY = COALESCE(address.CNTRY, N''),
        PHONE = COALESCE(address.PHONE, N'')
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
    UNION ALL
    SELECT
        address.KIND,
        address.FST_NAM,
        address.LST_NAM,
        address.NAM,
        address.COMPANY,
        address.ADRS_1,
        address.ADRS_2,
        address.ADRS_3,
        address.CITY,
        address.STATE,
        address.ZIP_COD,
        address.CNTRY,
        address.PHONE
    FROM dbo.fn_CustomerAddress(@ORDER_JSON) AS address
);
GO
