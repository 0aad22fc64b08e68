SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpSettingFault
    What a site setting about items names that RMS doesn't have: a column of prices, or an item.

Used by      sp_CheckErpSetting, sp_ListErpSettings, sp_SetErpSetting
Parameters   @SETTING_NAME; @VALUE, NULL for none
Returns      one row: FAULT in words; none where there is none
Note         An item's number that is none is refused before (sp_CheckErpSetting).
Example      SELECT lacking.FAULT FROM dbo.fn_ErpSettingFault('WEB_PRICE_LIST', N'PriceA') AS lacking;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpSettingFault
(
    @SETTING_NAME varchar(50),
    @VALUE nvarchar(500)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        FAULT = CONVERT(nvarchar(500), CONCAT(@SETTING_NAME, N' takes Price, PriceA, PriceB or PriceC, as this Item has them.'))
    WHERE @SETTING_NAME IN ('WEB_PRICE_LIST')
    AND   @VALUE <> N''
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM
        (
            VALUES
                /* Where there is Item.PriceA: */
                (N'PriceA'),
                /* End. */
                /* Where there is Item.PriceB: */
                (N'PriceB'),
                /* End. */
                /* Where there is Item.PriceC: */
                (N'PriceC'),
                /* End. */
                (N'Price')
        ) AS listed (NAME)
        WHERE listed.NAME = @VALUE
    )
    UNION ALL
    SELECT
        CONVERT(nvarchar(500), CONCAT(@SETTING_NAME, N' names the item ', @VALUE, N', and no item has that ID (Item.ID).'))
    WHERE @SETTING_NAME IN ('SHIPPING_ITEM_ID', 'CHARGE_ITEM_ID')
    AND   @VALUE <> N''
    AND   NOT EXISTS (SELECT 1 FROM dbo.Item AS item WHERE item.ID = TRY_CONVERT(int, @VALUE))
);
GO
