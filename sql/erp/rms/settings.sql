SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
RMS's site settings and number series
    Which ERP this database belongs to (ERP, ERP_NAME), and the settings that its orders are written by.

Note         A setting or series that a site has changed stays as it is. The store has no default: syncctl config erp import takes it from
             Configuration. Until it is set no order is processed.
Repeatable   yes: each step looks first
*/
INSERT INTO dbo.USER_ERP_SETTING
(
    NAME, VALUE, DESCR
)
SELECT
    seed.NAME,
    seed.VALUE,
    seed.DESCR
FROM
(
    VALUES
        (N'ERP', N'rms', N'Which ERP this database belongs to, as it was deployed'),
        (N'ERP_NAME', N'Microsoft RMS', N'What people call it, in notes and messages'),
        (N'STORE_ID', NULL, N'Store of web orders (Order.StoreID); it has no default'),
        (N'ORDER_TYPE', N'2', N'Type of an order: 2 a work order, which commits stock; 3 a quote, which does not'),
        (N'PRICES_INCLUDE_TAX', N'Y', N'Y: prices of entries include tax, as the customer paid them; N: they are without'),
        (N'TAX_RATE', NULL, N'Rate that the tax of an order is reckoned by where prices include it, such as 0.13; empty: the tax of the store'),
        (N'SHIPPING_ITEM_ID', NULL, N'Item (Item.ID) of the entry for shipping; empty: the order has its shipping charge alone'),
        (N'CHARGE_ITEM_ID', NULL, N'Item (Item.ID) of entries for fees and refunds of an amount; empty: such an order goes to a person'),
        (N'ORDER_COMMENT', N'{store} Order #{number}', N'Comment of an order, by which one of an older integration is known, too'),
        (N'REFERENCE_FROM', N'SOURCE', N'What ReferenceNumber begins with: SOURCE (SHOPIFY or WOOCOMMERCE), or STORE (the name of the store here)'),
        (N'FORMER_ORDERS', N'Y', N'Y takes over an order that an older integration entered; N enters it anew'),
        (N'SALES_REP_ID', N'0', N'Sales representative of web orders (SalesRepID)'),
        (N'CASHIER_ID', N'0', N'Cashier of web orders (OrderHistory.CashierID)'),
        (N'SHIPPING_SERVICE_ID', N'0', N'Shipping service of web orders (ShippingServiceID)'),
        (N'CHANNEL_TYPE', N'0', N'Channel of web orders (ChannelType)'),
        (N'DUE_DAYS', N'30', N'Days after its date when an order is due (ExpirationOrDueDate)'),
        (N'CUST_MATCH_NAME', N'N', N'Y matches a customer of the store by name and postcode, too, where the e-mail address finds nobody'),
        (N'CUST_CHANGES', N'ERP', N'Whose word counts where both the store and a person in the ERP changed a customer: ERP or STORE'),
        (N'TIME_ZONE', NULL, N'Time zone of the ERP, as Windows names it; empty: that of the server'),
        (N'STOCK_CHECK', N'N', N'Y warns of orders of more than is available: Quantity without QuantityCommitted'),
        (N'WEB_PRICE_LIST', N'Price', N'Column of Item that has the regular price of the web (price push): Price, PriceA, PriceB or PriceC')
) AS seed (NAME, VALUE, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_ERP_SETTING AS known
    WHERE known.NAME = seed.NAME
);
GO
INSERT INTO dbo.USER_NUMBER_SERIES
(
    SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
)
SELECT
    seed.SERIES,
    seed.PREFIX,
    seed.WIDTH,
    seed.NEXT_NO,
    seed.DESCR
FROM
(
    VALUES
        (N'CUST_NO', N'W', 8, 1, N'Customers made from web orders')
) AS seed (SERIES, PREFIX, WIDTH, NEXT_NO, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_NUMBER_SERIES AS known
    WHERE known.SERIES = seed.SERIES
);
GO
