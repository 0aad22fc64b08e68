SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_STORE_ITEM, dbo.USER_WEB_ITEM
    What each store sells, as it last listed it, and what it was last told of each item's stock; and what a site says of single items:
    how many of the item make one of the store's, how many stay back, which are never offered.

Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_STORE_ITEM', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_STORE_ITEM
    (
        STORE_ID varchar(50) NOT NULL,
        PRODUCT_ID bigint NOT NULL,
        PARENT_ID bigint NOT NULL CONSTRAINT DF_USER_STORE_ITEM_PARENT_ID DEFAULT (0),
        SKU nvarchar(100) NOT NULL CONSTRAINT DF_USER_STORE_ITEM_SKU DEFAULT (N''),
        NAME nvarchar(200) NULL,
        STOCK_KEY varchar(50) NULL,
        IS_MANAGED bit NOT NULL CONSTRAINT DF_USER_STORE_ITEM_IS_MANAGED DEFAULT (1),
        IS_BACKORDER bit NOT NULL CONSTRAINT DF_USER_STORE_ITEM_IS_BACKORDER DEFAULT (0),
        STORE_QTY decimal(15, 4) NULL,
        LISTING varchar(50) NOT NULL,
        LISTED_DT datetime2(3) NOT NULL,
        TOLD_DT datetime2(3) NULL,
        ATTEMPT_NO int NOT NULL CONSTRAINT DF_USER_STORE_ITEM_ATTEMPT_NO DEFAULT (0),
        NEXT_ATTEMPT_DT datetime2(3) NULL,
        ERROR_MESSAGE nvarchar(500) NULL,
        CONSTRAINT PK_USER_STORE_ITEM PRIMARY KEY CLUSTERED (STORE_ID, PRODUCT_ID)
    );

    CREATE NONCLUSTERED INDEX IX_USER_STORE_ITEM_SKU
    ON dbo.USER_STORE_ITEM (STORE_ID, SKU);
END;
GO
IF OBJECT_ID(N'dbo.USER_WEB_ITEM', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_WEB_ITEM
    (
        STORE_ID varchar(50) NOT NULL,
        SKU nvarchar(100) NOT NULL,
        PACK_QTY decimal(15, 4) NOT NULL CONSTRAINT DF_USER_WEB_ITEM_PACK_QTY DEFAULT (1),
        RESERVE_QTY decimal(15, 4) NULL,
        IS_OFF bit NOT NULL CONSTRAINT DF_USER_WEB_ITEM_IS_OFF DEFAULT (0),
        UPDATED_DT datetime2(3) NOT NULL,
        CONSTRAINT PK_USER_WEB_ITEM PRIMARY KEY CLUSTERED (STORE_ID, SKU),
        CONSTRAINT CK_USER_WEB_ITEM_PACK_QTY CHECK (PACK_QTY > 0)
    );
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_SKIPPED'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_SKIPPED
    ON dbo.USER_ORDER_STAGING (ORD_STATUS, STAGING_ID)
    WHERE STATE = 'SKIPPED';
END;
GO
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
        (N'WEB_RESERVE', N'0', N'How many of each item are never offered in the store (stock push)'),
        (N'WEB_HOLD_STATUSES', N'on-hold', N'Statuses of orders that stay out of the ERP though the store has taken their stock, with commas')
) AS seed (NAME, VALUE, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_ERP_SETTING AS known
    WHERE known.NAME = seed.NAME
);
GO
