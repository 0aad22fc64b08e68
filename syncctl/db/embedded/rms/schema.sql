-- A trial ERP beside the embedded database: Microsoft RMS's tables, as far as orders touch them. Quantities are floats, as there.

CREATE TABLE dbo.[Order] (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    StoreID INTEGER NOT NULL,
    Closed BIT NOT NULL,
    Time DATETIME_TEXT NOT NULL,
    Type INTEGER NOT NULL,
    Comment TEXT NOT NULL COLLATE NOCASE,
    CustomerID INTEGER NOT NULL,
    ShipToID INTEGER NOT NULL,
    DepositOverride BIT NOT NULL,
    Deposit DECIMAL_TEXT NOT NULL,
    Tax DECIMAL_TEXT NOT NULL,
    Total DECIMAL_TEXT NOT NULL,
    LastUpdated DATETIME_TEXT NOT NULL,
    ExpirationOrDueDate DATETIME_TEXT NOT NULL,
    Taxable BIT NOT NULL,
    SalesRepID INTEGER NOT NULL,
    ReferenceNumber TEXT NOT NULL COLLATE NOCASE,
    ShippingChargeOnOrder DECIMAL_TEXT NOT NULL,
    ShippingChargeOverride BIT NOT NULL,
    ShippingServiceID INTEGER NOT NULL,
    ShippingTrackingNumber TEXT NOT NULL,
    ShippingNotes TEXT NOT NULL,
    ReasonCodeID INTEGER NOT NULL,
    ExchangeID INTEGER NOT NULL,
    ChannelType INTEGER NOT NULL,
    DefaultDiscountReasonCodeID INTEGER NOT NULL,
    DefaultReturnReasonCodeID INTEGER NOT NULL,
    DefaultTaxChangeReasonCodeID INTEGER NOT NULL
);
CREATE INDEX dbo.IX_Order_ReferenceNumber ON [Order] (ReferenceNumber);
CREATE INDEX dbo.IX_Order_Comment ON [Order] (Comment);

CREATE TABLE dbo.OrderEntry (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    StoreID INTEGER NOT NULL,
    OrderID INTEGER NOT NULL,
    ItemID INTEGER NOT NULL,
    DetailID INTEGER NOT NULL,
    Description TEXT NOT NULL,
    Price DECIMAL_TEXT NOT NULL,
    FullPrice DECIMAL_TEXT NOT NULL,
    Cost DECIMAL_TEXT NOT NULL,
    QuantityOnOrder REAL NOT NULL,
    QuantityRTD REAL NOT NULL,
    PriceSource INTEGER NOT NULL,
    Taxable INTEGER NOT NULL,
    DiscountReasonCodeID INTEGER NOT NULL,
    ReturnReasonCodeID INTEGER NOT NULL,
    TaxChangeReasonCodeID INTEGER NOT NULL,
    SalesRepID INTEGER NOT NULL,
    IsAddMoney BIT NOT NULL,
    VoucherID INTEGER NOT NULL,
    LastUpdated DATETIME_TEXT NOT NULL,
    TransactionTime DATETIME_TEXT NOT NULL,
    Comment TEXT NOT NULL
);
CREATE INDEX dbo.IX_OrderEntry_OrderID ON OrderEntry (OrderID);

CREATE TABLE dbo.OrderHistory (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    StoreID INTEGER NOT NULL,
    BatchNumber INTEGER NOT NULL,
    Date DATETIME_TEXT NOT NULL,
    OrderID INTEGER NOT NULL,
    CashierID INTEGER NOT NULL,
    DeltaDeposit DECIMAL_TEXT NOT NULL,
    TransactionNumber INTEGER NOT NULL,
    Comment TEXT NOT NULL
);
CREATE INDEX dbo.IX_OrderHistory_OrderID ON OrderHistory (OrderID);

CREATE TABLE dbo.Item (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    ItemLookupCode TEXT NOT NULL COLLATE NOCASE CONSTRAINT IX_Item_LookupCode UNIQUE,
    Description TEXT NOT NULL DEFAULT '',
    Price DECIMAL_TEXT NOT NULL DEFAULT '0.0000',
    SalePrice DECIMAL_TEXT NOT NULL DEFAULT '0.0000',
    Cost DECIMAL_TEXT NOT NULL DEFAULT '0.0000',
    LastCost DECIMAL_TEXT NOT NULL DEFAULT '0.0000',
    Quantity REAL NOT NULL DEFAULT 0,
    QuantityCommitted REAL NOT NULL DEFAULT 0,
    TaxID INTEGER NOT NULL DEFAULT 0,
    Taxable BIT NOT NULL DEFAULT 1,
    ItemType INTEGER NOT NULL DEFAULT 0,
    Inactive BIT NOT NULL DEFAULT 0,
    LastUpdated DATETIME_TEXT,
    SaleStartDate DATETIME_TEXT,
    SaleEndDate DATETIME_TEXT,
    PriceA DECIMAL_TEXT NOT NULL DEFAULT '0.0000',
    PriceB DECIMAL_TEXT NOT NULL DEFAULT '0.0000',
    PriceC DECIMAL_TEXT NOT NULL DEFAULT '0.0000'
);

CREATE TABLE dbo.Alias (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    ItemID INTEGER NOT NULL,
    Alias TEXT NOT NULL COLLATE NOCASE
);
CREATE INDEX dbo.IX_Alias_Alias ON Alias (Alias);

CREATE TABLE dbo.Customer (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    AccountNumber TEXT NOT NULL COLLATE NOCASE CONSTRAINT IX_Customer_AccountNumber UNIQUE,
    FirstName TEXT NOT NULL DEFAULT '',
    LastName TEXT NOT NULL DEFAULT '',
    Company TEXT NOT NULL DEFAULT '',
    Address TEXT NOT NULL DEFAULT '',
    Address2 TEXT NOT NULL DEFAULT '',
    City TEXT NOT NULL DEFAULT '',
    State TEXT NOT NULL DEFAULT '',
    Zip TEXT NOT NULL DEFAULT '',
    Country TEXT NOT NULL DEFAULT '',
    PhoneNumber TEXT NOT NULL DEFAULT '',
    EmailAddress TEXT NOT NULL DEFAULT '' COLLATE NOCASE,
    LastUpdated DATETIME_TEXT
);
CREATE INDEX dbo.IX_Customer_EmailAddress ON Customer (EmailAddress);

CREATE TABLE dbo.ShipTo (
    ID INTEGER PRIMARY KEY AUTOINCREMENT,
    CustomerID INTEGER NOT NULL,
    Name TEXT NOT NULL DEFAULT '',
    Company TEXT NOT NULL DEFAULT '',
    Address TEXT NOT NULL DEFAULT '',
    Address2 TEXT NOT NULL DEFAULT '',
    City TEXT NOT NULL DEFAULT '',
    State TEXT NOT NULL DEFAULT '',
    Zip TEXT NOT NULL DEFAULT '',
    Country TEXT NOT NULL DEFAULT '',
    PhoneNumber TEXT NOT NULL DEFAULT '',
    EmailAddress TEXT NOT NULL DEFAULT ''
);
CREATE INDEX dbo.IX_ShipTo_CustomerID ON ShipTo (CustomerID);

CREATE TABLE dbo.Configuration (
    StoreID INTEGER NOT NULL,
    StoreName TEXT NOT NULL DEFAULT '',
    TaxBasis INTEGER NOT NULL DEFAULT 0
);

-- What a site replaces by a view of its own: codes that stand neither in Item nor in Alias.
CREATE VIEW dbo.USER_V_ITEM_ALIAS AS SELECT '' AS ALIAS, 0 AS ITEM_ID WHERE 0;

INSERT INTO dbo.USER_ERP_SETTING VALUES
    ('ERP', 'rms', 'Which ERP this database belongs to, as it was deployed'),
    ('ERP_NAME', 'Microsoft RMS', 'What people call it, in notes and messages'),
    ('STORE_ID', NULL, 'Store of web orders (Order.StoreID); it has no default'),
    ('ORDER_TYPE', '2', 'Type of an order: 2 a work order, which commits stock; 3 a quote, which does not'),
    ('PRICES_INCLUDE_TAX', 'Y', 'Y: prices of entries include tax, as the customer paid them; N: they are without'),
    ('TAX_RATE', NULL, 'Rate that the tax of an order is reckoned by where prices include it, such as 0.13; empty: the tax of the store'),
    ('SHIPPING_ITEM_ID', NULL, 'Item (Item.ID) of the entry for shipping; empty: the order has its shipping charge alone'),
    ('CHARGE_ITEM_ID', NULL, 'Item (Item.ID) of entries for fees and refunds of an amount; empty: such an order goes to a person'),
    ('ORDER_COMMENT', '{store} Order #{number}', 'Comment of an order, by which one of an older integration is known, too'),
    ('REFERENCE_FROM', 'SOURCE', 'What ReferenceNumber begins with: SOURCE (SHOPIFY or WOOCOMMERCE), or STORE (the name of the store here)'),
    ('FORMER_ORDERS', 'Y', 'Y takes over an order that an older integration entered; N enters it anew'),
    ('SALES_REP_ID', '0', 'Sales representative of web orders (SalesRepID)'),
    ('CASHIER_ID', '0', 'Cashier of web orders (OrderHistory.CashierID)'),
    ('SHIPPING_SERVICE_ID', '0', 'Shipping service of web orders (ShippingServiceID)'),
    ('CHANNEL_TYPE', '0', 'Channel of web orders (ChannelType)'),
    ('DUE_DAYS', '30', 'Days after its date when an order is due (ExpirationOrDueDate)'),
    ('CUST_MATCH_NAME', 'N', 'Y matches a customer of the store by name and postcode, too, where the e-mail address finds nobody'),
    ('CUST_CHANGES', 'ERP', 'Whose word counts where both the store and a person in the ERP changed a customer: ERP or STORE'),
    ('TIME_ZONE', NULL, 'Time zone of the ERP, as Windows names it; empty: that of the server'),
    ('STOCK_CHECK', 'N', 'Y warns of orders of more than is available: Quantity without QuantityCommitted'),
    ('WEB_PRICE_LIST', 'Price', 'Column of Item that has the regular price of the web (price push): Price, PriceA, PriceB or PriceC');
INSERT INTO dbo.USER_NUMBER_SERIES VALUES
    ('CUST_NO', 'W', 8, 1, 'Customers made from web orders');
INSERT INTO dbo.Configuration (StoreID, StoreName) VALUES (1, 'Trial store');
