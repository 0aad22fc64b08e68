SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_CUSTOMER_MAP, dbo.USER_ITEM_MAP, dbo.USER_STATUS_MAP, dbo.USER_PAY_CODE_MAP
    What the store's customers, SKUs, order states and payment methods are called in the ERP.

Live site    USER_CUSTOMER_MAP stays as it is, with its rows and its own unique indexes; WOO_USER_ID becomes bigint where no
             index stands on it.
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_CUSTOMER_MAP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_CUSTOMER_MAP
    (
        MAP_ID int IDENTITY(1, 1) NOT NULL,
        CUST_NO varchar(15) NOT NULL,
        WOO_USER_ID bigint NULL,
        WOO_EMAIL nvarchar(100) NULL,
        MAPPING_SOURCE varchar(20) NULL,
        IS_ACTIVE bit NOT NULL CONSTRAINT DF_USER_CUSTOMER_MAP_IS_ACTIVE DEFAULT (1),
        CREATED_DT datetime2 NULL CONSTRAINT DF_USER_CUSTOMER_MAP_CREATED_DT DEFAULT (SYSUTCDATETIME()),
        CONSTRAINT PK_USER_CUSTOMER_MAP PRIMARY KEY CLUSTERED (MAP_ID)
    );
END;
GO
IF COL_LENGTH(N'dbo.USER_CUSTOMER_MAP', N'WOO_EMAIL') BETWEEN 1 AND 199
BEGIN
    ALTER TABLE dbo.USER_CUSTOMER_MAP ALTER COLUMN WOO_EMAIL nvarchar(100) NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_CUSTOMER_MAP', N'WOO_USER_ID') < 8
AND NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    INNER JOIN sys.index_columns AS keyed
        ON  keyed.object_id = indexed.object_id
        AND keyed.index_id = indexed.index_id
    INNER JOIN sys.columns AS col
        ON  col.object_id = keyed.object_id
        AND col.column_id = keyed.column_id
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')
    AND   UPPER(col.name) = N'WOO_USER_ID'
)
BEGIN
    ALTER TABLE dbo.USER_CUSTOMER_MAP ALTER COLUMN WOO_USER_ID bigint NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    INNER JOIN sys.index_columns AS keyed
        ON  keyed.object_id = indexed.object_id
        AND keyed.index_id = indexed.index_id
    INNER JOIN sys.columns AS col
        ON  col.object_id = keyed.object_id
        AND col.column_id = keyed.column_id
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')
    AND   UPPER(col.name) = N'CUST_NO'
)
BEGIN
    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_CUSTOMER_MAP_CUST
    ON dbo.USER_CUSTOMER_MAP (CUST_NO)
    WHERE IS_ACTIVE = 1;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    INNER JOIN sys.index_columns AS keyed
        ON  keyed.object_id = indexed.object_id
        AND keyed.index_id = indexed.index_id
    INNER JOIN sys.columns AS col
        ON  col.object_id = keyed.object_id
        AND col.column_id = keyed.column_id
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')
    AND   UPPER(col.name) = N'WOO_USER_ID'
)
BEGIN
    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_CUSTOMER_MAP_USER
    ON dbo.USER_CUSTOMER_MAP (WOO_USER_ID)
    WHERE IS_ACTIVE = 1 AND WOO_USER_ID IS NOT NULL;
END;
GO
IF OBJECT_ID(N'dbo.USER_ITEM_MAP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_ITEM_MAP
    (
        STORE_ID varchar(50) NOT NULL,
        SKU nvarchar(100) NOT NULL,
        ITEM_NO varchar(20) NOT NULL,
        CONSTRAINT PK_USER_ITEM_MAP PRIMARY KEY CLUSTERED (STORE_ID, SKU)
    );
END;
GO
IF OBJECT_ID(N'dbo.USER_STATUS_MAP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_STATUS_MAP
    (
        STORE_ID varchar(50) NOT NULL,
        ERP_STATUS varchar(20) NOT NULL,
        WOO_STATUS varchar(20) NULL,
        CONSTRAINT PK_USER_STATUS_MAP PRIMARY KEY CLUSTERED (STORE_ID, ERP_STATUS),
        CONSTRAINT CK_USER_STATUS_MAP_ERP_STATUS CHECK (ERP_STATUS IN ('open', 'shipped', 'closed', 'gone'))
    );
END;
GO
INSERT INTO dbo.USER_STATUS_MAP
(
    STORE_ID, ERP_STATUS, WOO_STATUS
)
SELECT
    seed.STORE_ID,
    seed.ERP_STATUS,
    seed.WOO_STATUS
FROM
(
    VALUES
        (N'*', N'open', N'processing'),
        (N'*', N'shipped', N'completed'),
        (N'*', N'closed', N'cancelled'),
        (N'*', N'gone', NULL)
) AS seed (STORE_ID, ERP_STATUS, WOO_STATUS)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_STATUS_MAP AS known
    WHERE known.STORE_ID = seed.STORE_ID
    AND   known.ERP_STATUS = seed.ERP_STATUS
);
GO
IF OBJECT_ID(N'dbo.USER_PAY_CODE_MAP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_PAY_CODE_MAP
    (
        STORE_ID varchar(50) NOT NULL,
        PMT_METH varchar(50) NOT NULL,
        PAY_COD varchar(10) NOT NULL,
        CONSTRAINT PK_USER_PAY_CODE_MAP PRIMARY KEY CLUSTERED (STORE_ID, PMT_METH)
    );
END;
GO
