SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpAddress
    A staged order's addresses as CounterPoint's columns hold them: cut to their widths, and in their code page, so that what is written
    is also what is found again. A deploy puts this site's types, widths and collations in the place of the trial ERP's.

Used by      sp_CreateErpCustomer, sp_ShipToAddress, sp_WriteOrderContacts, fn_ErpTexts
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
        FST_NAM = CONVERT(varchar(15), dbo.fn_Shorten(address.FST_NAM, 15) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.FST_NAM */,
        LST_NAM = CONVERT(varchar(25), dbo.fn_Shorten(address.LST_NAM, 25) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.LST_NAM */,
        NAM = CONVERT(varchar(40), dbo.fn_Shorten(address.NAM, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.NAM */,
        COMPANY = CONVERT(varchar(40), dbo.fn_Shorten(address.COMPANY, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.NAM */,
        ADRS_1 = CONVERT(varchar(40), dbo.fn_Shorten(address.ADRS_1, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.ADRS_1 */,
        ADRS_2 = CONVERT(varchar(40), dbo.fn_Shorten(address.ADRS_2, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.ADRS_2 */,
        ADRS_3 = CONVERT(varchar(40), dbo.fn_Shorten(address.ADRS_3, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.ADRS_3 */,
        CITY = CONVERT(varchar(20), dbo.fn_Shorten(address.CITY, 20) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.CITY */,
        STATE = CONVERT(varchar(10), dbo.fn_Shorten(address.STATE, 10) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.STATE */,
        ZIP_COD = CONVERT(varchar(15), dbo.fn_Shorten(address.ZIP_COD, 15) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.ZIP_COD */,
        CNTRY = CONVERT(varchar(20), dbo.fn_Shorten(address.CNTRY, 20) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.CNTRY */,
        PHONE = CONVERT(varchar(25), dbo.fn_Shorten(address.PHONE, 25) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.PHONE_1 */
    FROM dbo.fn_StagedAddress(@ORDER_JSON) AS address
);
GO
