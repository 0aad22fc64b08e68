SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
A trial ERP: Microsoft RMS's tables, as far as orders touch them
    For an empty server only. syncctl db deploy --demo-erp --erp rms runs it; it refuses where the ERP's tables are there already.
    dbo.USER_DEMO_ERP marks a trial ERP: sp_SeedDemoErp fills no other.

Errors       50060 the ERP's tables exist and are no trial
Repeatable   yes: a trial ERP keeps its rows
*/
IF OBJECT_ID(N'dbo.USER_DEMO_ERP', N'U') IS NULL
AND
(
    OBJECT_ID(N'dbo.[Order]', N'U') IS NOT NULL
    OR OBJECT_ID(N'dbo.OrderEntry', N'U') IS NOT NULL
    OR OBJECT_ID(N'dbo.Item', N'U') IS NOT NULL
)
BEGIN
    THROW 50060, N'The ERP''s tables exist in this database already; a trial ERP is made in an empty one only.', 1;
END;
GO
IF OBJECT_ID(N'dbo.USER_DEMO_ERP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_DEMO_ERP
    (
        CREATED_DT datetime2(3) NOT NULL CONSTRAINT DF_USER_DEMO_ERP_CREATED_DT DEFAULT (SYSUTCDATETIME()),
        CONSTRAINT PK_USER_DEMO_ERP PRIMARY KEY CLUSTERED (CREATED_DT)
    );
END;
GO
INSERT INTO dbo.USER_DEMO_ERP
(
    CREATED_DT
)
SELECT
    SYSUTCDATETIME()
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_DEMO_ERP AS marked
);
GO
IF OBJECT_ID(N'dbo.[Order]', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.[Order]
    (
        ID int IDENTITY(1, 1) NOT NULL,
        StoreID int NOT NULL,
        Closed bit NOT NULL,
        Time datetime NOT NULL,
        Type int NOT NULL,
        Comment nvarchar(255) NOT NULL,
        CustomerID int NOT NULL,
        ShipToID int NOT NULL,
        DepositOverride bit NOT NULL,
        Deposit money NOT NULL,
        Tax money NOT NULL,
        Total money NOT NULL,
        LastUpdated datetime NOT NULL,
        ExpirationOrDueDate datetime NOT NULL,
        Taxable bit NOT NULL,
        SalesRepID int NOT NULL,
        ReferenceNumber nvarchar(50) NOT NULL,
        ShippingChargeOnOrder money NOT NULL,
        ShippingChargeOverride bit NOT NULL,
        ShippingServiceID int NOT NULL,
        ShippingTrackingNumber nvarchar(255) NOT NULL,
        ShippingNotes ntext NOT NULL,
        ReasonCodeID int NOT NULL,
        ExchangeID int NOT NULL,
        ChannelType int NOT NULL,
        DefaultDiscountReasonCodeID int NOT NULL,
        DefaultReturnReasonCodeID int NOT NULL,
        DefaultTaxChangeReasonCodeID int NOT NULL,
        CONSTRAINT PK_Order PRIMARY KEY CLUSTERED (ID)
    );

    CREATE NONCLUSTERED INDEX IX_Order_ReferenceNumber
    ON dbo.[Order] (ReferenceNumber);

    CREATE NONCLUSTERED INDEX IX_Order_Comment
    ON dbo.[Order] (Comment);

    CREATE NONCLUSTERED INDEX IX_Order_CustomerID
    ON dbo.[Order] (CustomerID);
END;
GO
IF OBJECT_ID(N'dbo.OrderEntry', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.OrderEntry
    (
        ID int IDENTITY(1, 1) NOT NULL,
        StoreID int NOT NULL,
        OrderID int NOT NULL,
        ItemID int NOT NULL,
        DetailID int NOT NULL,
        Description nvarchar(30) NOT NULL,
        Price money NOT NULL,
        FullPrice money NOT NULL,
        Cost money NOT NULL,
        QuantityOnOrder float NOT NULL,
        QuantityRTD float NOT NULL,
        PriceSource smallint NOT NULL,
        Taxable int NOT NULL,
        DiscountReasonCodeID int NOT NULL,
        ReturnReasonCodeID int NOT NULL,
        TaxChangeReasonCodeID int NOT NULL,
        SalesRepID int NOT NULL,
        IsAddMoney bit NOT NULL,
        VoucherID int NOT NULL,
        LastUpdated datetime NOT NULL,
        TransactionTime datetime NOT NULL,
        Comment nvarchar(255) NOT NULL,
        CONSTRAINT PK_OrderEntry PRIMARY KEY CLUSTERED (ID)
    );

    CREATE NONCLUSTERED INDEX IX_OrderEntry_OrderID
    ON dbo.OrderEntry (OrderID);
END;
GO
IF OBJECT_ID(N'dbo.OrderHistory', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.OrderHistory
    (
        ID int IDENTITY(1, 1) NOT NULL,
        StoreID int NOT NULL,
        BatchNumber int NOT NULL,
        Date datetime NOT NULL,
        OrderID int NOT NULL,
        CashierID int NOT NULL,
        DeltaDeposit money NOT NULL,
        TransactionNumber int NOT NULL,
        Comment nvarchar(30) NOT NULL,
        CONSTRAINT PK_OrderHistory PRIMARY KEY CLUSTERED (ID)
    );

    CREATE NONCLUSTERED INDEX IX_OrderHistory_OrderID
    ON dbo.OrderHistory (OrderID);
END;
GO
IF OBJECT_ID(N'dbo.Item', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.Item
    (
        ID int IDENTITY(1, 1) NOT NULL,
        ItemLookupCode nvarchar(25) NOT NULL,
        Description nvarchar(30) NOT NULL,
        Price money NOT NULL,
        SalePrice money NOT NULL CONSTRAINT DF_Item_SalePrice DEFAULT (0),
        Cost money NOT NULL CONSTRAINT DF_Item_Cost DEFAULT (0),
        LastCost money NOT NULL CONSTRAINT DF_Item_LastCost DEFAULT (0),
        Quantity float NOT NULL CONSTRAINT DF_Item_Quantity DEFAULT (0),
        QuantityCommitted float NOT NULL CONSTRAINT DF_Item_QuantityCommitted DEFAULT (0),
        TaxID int NOT NULL CONSTRAINT DF_Item_TaxID DEFAULT (0),
        Taxable bit NOT NULL CONSTRAINT DF_Item_Taxable DEFAULT (1),
        ItemType smallint NOT NULL CONSTRAINT DF_Item_ItemType DEFAULT (0),
        Inactive bit NOT NULL CONSTRAINT DF_Item_Inactive DEFAULT (0),
        LastUpdated datetime NULL,
        SaleStartDate datetime NULL,
        SaleEndDate datetime NULL,
        PriceA money NOT NULL CONSTRAINT DF_Item_PriceA DEFAULT (0),
        PriceB money NOT NULL CONSTRAINT DF_Item_PriceB DEFAULT (0),
        PriceC money NOT NULL CONSTRAINT DF_Item_PriceC DEFAULT (0),
        CONSTRAINT PK_Item PRIMARY KEY CLUSTERED (ID)
    );

    CREATE UNIQUE NONCLUSTERED INDEX IX_Item_ItemLookupCode
    ON dbo.Item (ItemLookupCode);
END;
GO
IF OBJECT_ID(N'dbo.Alias', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.Alias
    (
        ID int IDENTITY(1, 1) NOT NULL,
        ItemID int NOT NULL,
        Alias nvarchar(25) NOT NULL,
        CONSTRAINT PK_Alias PRIMARY KEY CLUSTERED (ID)
    );

    CREATE NONCLUSTERED INDEX IX_Alias_Alias
    ON dbo.Alias (Alias);
END;
GO
IF OBJECT_ID(N'dbo.Customer', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.Customer
    (
        ID int IDENTITY(1, 1) NOT NULL,
        AccountNumber nvarchar(20) NOT NULL,
        FirstName nvarchar(30) NOT NULL CONSTRAINT DF_Customer_FirstName DEFAULT (N''),
        LastName nvarchar(50) NOT NULL CONSTRAINT DF_Customer_LastName DEFAULT (N''),
        Company nvarchar(50) NOT NULL CONSTRAINT DF_Customer_Company DEFAULT (N''),
        Address nvarchar(50) NOT NULL CONSTRAINT DF_Customer_Address DEFAULT (N''),
        Address2 nvarchar(50) NOT NULL CONSTRAINT DF_Customer_Address2 DEFAULT (N''),
        City nvarchar(50) NOT NULL CONSTRAINT DF_Customer_City DEFAULT (N''),
        State nvarchar(20) NOT NULL CONSTRAINT DF_Customer_State DEFAULT (N''),
        Zip nvarchar(20) NOT NULL CONSTRAINT DF_Customer_Zip DEFAULT (N''),
        Country nvarchar(20) NOT NULL CONSTRAINT DF_Customer_Country DEFAULT (N''),
        PhoneNumber nvarchar(30) NOT NULL CONSTRAINT DF_Customer_PhoneNumber DEFAULT (N''),
        EmailAddress nvarchar(255) NOT NULL CONSTRAINT DF_Customer_EmailAddress DEFAULT (N''),
        LastUpdated datetime NULL,
        CONSTRAINT PK_Customer PRIMARY KEY CLUSTERED (ID)
    );

    CREATE UNIQUE NONCLUSTERED INDEX IX_Customer_AccountNumber
    ON dbo.Customer (AccountNumber);

    CREATE NONCLUSTERED INDEX IX_Customer_EmailAddress
    ON dbo.Customer (EmailAddress);
END;
GO
IF OBJECT_ID(N'dbo.ShipTo', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.ShipTo
    (
        ID int IDENTITY(1, 1) NOT NULL,
        CustomerID int NOT NULL,
        Name nvarchar(50) NOT NULL CONSTRAINT DF_ShipTo_Name DEFAULT (N''),
        Company nvarchar(50) NOT NULL CONSTRAINT DF_ShipTo_Company DEFAULT (N''),
        Address nvarchar(50) NOT NULL CONSTRAINT DF_ShipTo_Address DEFAULT (N''),
        Address2 nvarchar(50) NOT NULL CONSTRAINT DF_ShipTo_Address2 DEFAULT (N''),
        City nvarchar(50) NOT NULL CONSTRAINT DF_ShipTo_City DEFAULT (N''),
        State nvarchar(20) NOT NULL CONSTRAINT DF_ShipTo_State DEFAULT (N''),
        Zip nvarchar(20) NOT NULL CONSTRAINT DF_ShipTo_Zip DEFAULT (N''),
        Country nvarchar(20) NOT NULL CONSTRAINT DF_ShipTo_Country DEFAULT (N''),
        PhoneNumber nvarchar(30) NOT NULL CONSTRAINT DF_ShipTo_PhoneNumber DEFAULT (N''),
        EmailAddress nvarchar(255) NOT NULL CONSTRAINT DF_ShipTo_EmailAddress DEFAULT (N''),
        CONSTRAINT PK_ShipTo PRIMARY KEY CLUSTERED (ID)
    );

    CREATE NONCLUSTERED INDEX IX_ShipTo_CustomerID
    ON dbo.ShipTo (CustomerID);
END;
GO
IF OBJECT_ID(N'dbo.Configuration', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.Configuration
    (
        StoreID int NOT NULL,
        StoreName nvarchar(50) NOT NULL CONSTRAINT DF_Configuration_StoreName DEFAULT (N''),
        TaxBasis int NOT NULL CONSTRAINT DF_Configuration_TaxBasis DEFAULT (0),
        CONSTRAINT PK_Configuration PRIMARY KEY CLUSTERED (StoreID)
    );
END;
GO
INSERT INTO dbo.Configuration
(
    StoreID, StoreName
)
SELECT
    1,
    N'Trial store'
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.Configuration AS known
);
GO
/* A trial ERP that an older version made gets the columns it lacks. */
IF COL_LENGTH(N'dbo.Item', N'PriceA') IS NULL
BEGIN
    ALTER TABLE dbo.Item ADD
        SaleStartDate datetime NULL,
        SaleEndDate datetime NULL,
        PriceA money NOT NULL CONSTRAINT DF_Item_PriceA DEFAULT (0),
        PriceB money NOT NULL CONSTRAINT DF_Item_PriceB DEFAULT (0),
        PriceC money NOT NULL CONSTRAINT DF_Item_PriceC DEFAULT (0);
END;
GO
