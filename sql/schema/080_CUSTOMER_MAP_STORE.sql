SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_CUSTOMER_MAP, STORE_ID
    Customer 5 of one store is not customer 5 of another: each row belongs to the store whose customer it names.

Live site    Where the database knows one store, its rows become that store's. Where it knows several and one of them alone has orders
             of registered customers, rows with a customer id become that one's. What can't be told keeps an empty STORE_ID: see
             fn_StoreCustomers. The deploy's own unique indexes are made anew with STORE_ID; a site's own stay and are named by the deploy.
Repeatable   yes: each step looks first
*/
IF COL_LENGTH(N'dbo.USER_CUSTOMER_MAP', N'STORE_ID') IS NULL
BEGIN
    ALTER TABLE dbo.USER_CUSTOMER_MAP
    ADD STORE_ID varchar(50) NOT NULL CONSTRAINT DF_USER_CUSTOMER_MAP_STORE_ID DEFAULT ('');
END;
GO
DECLARE
    @STORES int,
    @STORE_ID varchar(50),
    @KEEPERS int,
    @KEEPER varchar(50);

SELECT
    @STORES = COUNT(*),
    @STORE_ID = MIN(known.STORE_ID)
FROM
(
    SELECT
        staged.STORE_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    UNION
    SELECT
        walk.STORE_ID
    FROM dbo.USER_SYNC_WALK AS walk
) AS known;

SELECT
    @KEEPERS = COUNT(DISTINCT staged.STORE_ID),
    @KEEPER = MIN(staged.STORE_ID)
FROM dbo.USER_ORDER_STAGING AS staged
WHERE staged.WOO_CUST_ID IS NOT NULL;

UPDATE
    dbo.USER_CUSTOMER_MAP
SET
    STORE_ID = CASE WHEN @STORES = 1 THEN @STORE_ID ELSE @KEEPER END
WHERE STORE_ID = ''
AND   (@STORES = 1 OR (@KEEPERS = 1 AND WOO_USER_ID IS NOT NULL));
GO
DROP INDEX IF EXISTS UX_USER_CUSTOMER_MAP_CUST ON dbo.USER_CUSTOMER_MAP;
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
    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_CUSTOMER_MAP_STORE_CUST
    ON dbo.USER_CUSTOMER_MAP (CUST_NO, STORE_ID)
    WHERE IS_ACTIVE = 1;
END;
GO
DROP INDEX IF EXISTS UX_USER_CUSTOMER_MAP_USER ON dbo.USER_CUSTOMER_MAP;
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
    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_CUSTOMER_MAP_STORE_USER
    ON dbo.USER_CUSTOMER_MAP (WOO_USER_ID, STORE_ID)
    WHERE IS_ACTIVE = 1 AND WOO_USER_ID IS NOT NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')
    AND   UPPER(indexed.name) = N'IX_USER_CUSTOMER_MAP_NO_STORE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_CUSTOMER_MAP_NO_STORE
    ON dbo.USER_CUSTOMER_MAP (MAP_ID)
    WHERE STORE_ID = '';
END;
GO
