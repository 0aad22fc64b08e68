SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsConfig
    RMS's site settings as its document procedures need them, each as its own type.

Called by    the functions and procedures of this ERP
Returns      one row
Example      SELECT site.STORE_ID FROM dbo.fn_DynamicsConfig() AS site;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsConfig
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        STORE_ID = TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'STORE_ID' THEN NULLIF(setting.VALUE, N'') END)),
        ORDER_TYPE = COALESCE(TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'ORDER_TYPE' THEN setting.VALUE END)), 2),
        PRICES_INCLUDE_TAX = CONVERT(bit, CASE WHEN MAX(CASE WHEN setting.NAME = 'PRICES_INCLUDE_TAX' THEN setting.VALUE END) = N'N' THEN 0 ELSE 1 END),
        TAX_RATE = TRY_CONVERT(decimal(9, 6), MAX(CASE WHEN setting.NAME = 'TAX_RATE' THEN NULLIF(setting.VALUE, N'') END)),
        SHIPPING_ITEM_ID = TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'SHIPPING_ITEM_ID' THEN NULLIF(setting.VALUE, N'') END)),
        CHARGE_ITEM_ID = TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'CHARGE_ITEM_ID' THEN NULLIF(setting.VALUE, N'') END)),
        ORDER_COMMENT = COALESCE(MAX(CASE WHEN setting.NAME = 'ORDER_COMMENT' THEN setting.VALUE END), N''),
        REFERENCE_FROM = COALESCE(MAX(CASE WHEN setting.NAME = 'REFERENCE_FROM' THEN setting.VALUE END), N'SOURCE'),
        FORMER_ORDERS = COALESCE(MAX(CASE WHEN setting.NAME = 'FORMER_ORDERS' THEN setting.VALUE END), N'Y'),
        SALES_REP_ID = COALESCE(TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'SALES_REP_ID' THEN setting.VALUE END)), 0),
        CASHIER_ID = COALESCE(TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'CASHIER_ID' THEN setting.VALUE END)), 0),
        SHIPPING_SERVICE_ID = COALESCE(TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'SHIPPING_SERVICE_ID' THEN setting.VALUE END)), 0),
        CHANNEL_TYPE = COALESCE(TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'CHANNEL_TYPE' THEN setting.VALUE END)), 0),
        DUE_DAYS = COALESCE(TRY_CONVERT(int, MAX(CASE WHEN setting.NAME = 'DUE_DAYS' THEN setting.VALUE END)), 0),
        STOCK_CHECK = COALESCE(MAX(CASE WHEN setting.NAME = 'STOCK_CHECK' THEN setting.VALUE END), N'N')
    FROM dbo.USER_ERP_SETTING AS setting
);
GO
