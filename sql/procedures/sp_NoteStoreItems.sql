SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteStoreItems
    Notes what a store sells, part by part; with the last part, what a whole listing didn't name is forgotten.

Called by    syncctl stock diff, syncctl stock push, syncctl price push, syncctl item map
Parameters   @STORE_ID; @LISTING a name for the listing that the parts belong to; @ITEMS a JSON array of {"PRODUCT_ID", "PARENT_ID", "SKU",
             "NAME", "STOCK_KEY", "IS_MANAGED", "IS_BACKORDER", "STORE_QTY", "IS_PRICED", "REGULAR", "SALE", "SALE_FROM_DT", "SALE_TO_DT"},
             moments in UTC; {"PRODUCT_ID", "IS_KEPT": 1} is one that can't be read just now; @IS_LAST = 1: it was the last part
Returns      one row: NOTED, FORGOTTEN
Errors       50001 bad argument
Locks        the items' rows
Repeatable   yes
Note         STORE_QTY is what the store has as far as is known: as it listed the item, or was told later. So are its prices; IS_PRICED = 0
             says that it keeps none of its own, as of a set whose parts have them. What can't be read stays as it is known, and so do
             the variations of such a product; with the PRODUCT_ID 0 every item that was not listed yet, as nobody can say which it is.
Example      EXECUTE dbo.sp_NoteStoreItems @STORE_ID = 'woocommerce', @LISTING = 'a', @ITEMS = N'[{"PRODUCT_ID":7,"SKU":"TEE-BLK","STORE_QTY":3}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteStoreItems
    @STORE_ID varchar(50),
    @LISTING varchar(50),
    @ITEMS nvarchar(max),
    @IS_LAST bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @FORGOTTEN int = 0,
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN NULLIF(@LISTING, '') IS NULL THEN N'@LISTING is required. ' END,
            CASE WHEN COALESCE(ISJSON(@ITEMS), 0) = 0 OR LEFT(LTRIM(@ITEMS), 1) <> N'[' THEN N'@ITEMS takes a JSON array.' END
        ));
    DECLARE @KEPT table
    (
        PRODUCT_ID bigint NOT NULL PRIMARY KEY
    );
    DECLARE @LISTED table
    (
        PRODUCT_ID bigint NOT NULL PRIMARY KEY,
        PARENT_ID bigint NOT NULL,
        SKU nvarchar(100) NOT NULL,
        NAME nvarchar(200) NULL,
        STOCK_KEY varchar(50) NULL,
        IS_MANAGED bit NOT NULL,
        IS_BACKORDER bit NOT NULL,
        STORE_QTY decimal(15, 4) NULL,
        IS_PRICED bit NOT NULL,
        STORE_REGULAR decimal(15, 4) NULL,
        STORE_SALE decimal(15, 4) NULL,
        STORE_SALE_FROM_DT datetime2(3) NULL,
        STORE_SALE_TO_DT datetime2(3) NULL
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    INSERT INTO @KEPT
    (
        PRODUCT_ID
    )
    SELECT DISTINCT
        item.PRODUCT_ID
    FROM OPENJSON(@ITEMS)
    WITH
    (
        PRODUCT_ID bigint '$.PRODUCT_ID',
        IS_KEPT int '$.IS_KEPT'
    ) AS item
    WHERE item.PRODUCT_ID IS NOT NULL
    AND   item.IS_KEPT = 1;

    INSERT INTO @LISTED
    (
        PRODUCT_ID, PARENT_ID, SKU, NAME, STOCK_KEY, IS_MANAGED, IS_BACKORDER, STORE_QTY, IS_PRICED, STORE_REGULAR, STORE_SALE,
        STORE_SALE_FROM_DT, STORE_SALE_TO_DT
    )
    SELECT
        item.PRODUCT_ID,
        COALESCE(MAX(item.PARENT_ID), 0),
        COALESCE(MAX(item.SKU), N''),
        MAX(item.NAME),
        MAX(item.STOCK_KEY),
        MAX(COALESCE(item.IS_MANAGED, 0)),
        MAX(COALESCE(item.IS_BACKORDER, 0)),
        MAX(TRY_CONVERT(decimal(15, 4), item.STORE_QTY)),
        COALESCE(MAX(item.IS_PRICED), 1),
        MAX(TRY_CONVERT(decimal(15, 4), item.REGULAR)),
        MAX(TRY_CONVERT(decimal(15, 4), item.SALE)),
        MAX(TRY_CONVERT(datetime2(3), item.SALE_FROM_DT)),
        MAX(TRY_CONVERT(datetime2(3), item.SALE_TO_DT))
    FROM OPENJSON(@ITEMS)
    WITH
    (
        PRODUCT_ID bigint '$.PRODUCT_ID',
        PARENT_ID bigint '$.PARENT_ID',
        SKU nvarchar(100) '$.SKU',
        NAME nvarchar(200) '$.NAME',
        STOCK_KEY varchar(50) '$.STOCK_KEY',
        IS_MANAGED int '$.IS_MANAGED',
        IS_BACKORDER int '$.IS_BACKORDER',
        STORE_QTY nvarchar(50) '$.STORE_QTY',
        IS_PRICED int '$.IS_PRICED',
        REGULAR nvarchar(50) '$.REGULAR',
        SALE nvarchar(50) '$.SALE',
        SALE_FROM_DT nvarchar(50) '$.SALE_FROM_DT',
        SALE_TO_DT nvarchar(50) '$.SALE_TO_DT',
        IS_KEPT int '$.IS_KEPT'
    ) AS item
    WHERE item.PRODUCT_ID IS NOT NULL
    AND   COALESCE(item.IS_KEPT, 0) = 0
    GROUP BY
        item.PRODUCT_ID;

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE
            known
        SET
            LISTING = @LISTING,
            LISTED_DT = @NOW
        FROM dbo.USER_STORE_ITEM AS known
        WHERE known.STORE_ID = @STORE_ID
        AND   EXISTS
        (
            SELECT
                1
            FROM @KEPT AS kept
            WHERE kept.PRODUCT_ID = known.PRODUCT_ID
            OR    kept.PRODUCT_ID = known.PARENT_ID
            OR    kept.PRODUCT_ID = 0
        );

        UPDATE
            known
        SET
            PARENT_ID = listed.PARENT_ID,
            SKU = listed.SKU,
            NAME = listed.NAME,
            STOCK_KEY = listed.STOCK_KEY,
            IS_MANAGED = listed.IS_MANAGED,
            IS_BACKORDER = listed.IS_BACKORDER,
            STORE_QTY = listed.STORE_QTY,
            IS_PRICED = listed.IS_PRICED,
            STORE_REGULAR = listed.STORE_REGULAR,
            STORE_SALE = listed.STORE_SALE,
            STORE_SALE_FROM_DT = listed.STORE_SALE_FROM_DT,
            STORE_SALE_TO_DT = listed.STORE_SALE_TO_DT,
            LISTING = @LISTING,
            LISTED_DT = @NOW
        FROM dbo.USER_STORE_ITEM AS known
        INNER JOIN @LISTED AS listed
            ON listed.PRODUCT_ID = known.PRODUCT_ID
        WHERE known.STORE_ID = @STORE_ID;

        INSERT INTO dbo.USER_STORE_ITEM
        (
            STORE_ID, PRODUCT_ID, PARENT_ID, SKU, NAME, STOCK_KEY, IS_MANAGED, IS_BACKORDER, STORE_QTY, IS_PRICED, STORE_REGULAR,
            STORE_SALE, STORE_SALE_FROM_DT, STORE_SALE_TO_DT, LISTING, LISTED_DT
        )
        SELECT
            @STORE_ID,
            listed.PRODUCT_ID,
            listed.PARENT_ID,
            listed.SKU,
            listed.NAME,
            listed.STOCK_KEY,
            listed.IS_MANAGED,
            listed.IS_BACKORDER,
            listed.STORE_QTY,
            listed.IS_PRICED,
            listed.STORE_REGULAR,
            listed.STORE_SALE,
            listed.STORE_SALE_FROM_DT,
            listed.STORE_SALE_TO_DT,
            @LISTING,
            @NOW
        FROM @LISTED AS listed
        WHERE NOT EXISTS
        (
            SELECT
                1
            FROM dbo.USER_STORE_ITEM AS known
            WHERE known.STORE_ID = @STORE_ID
            AND   known.PRODUCT_ID = listed.PRODUCT_ID
        );

        IF @IS_LAST = 1
        BEGIN
            DELETE FROM dbo.USER_STORE_ITEM
            WHERE STORE_ID = @STORE_ID
            AND   LISTING <> @LISTING;

            SET @FORGOTTEN = @@ROWCOUNT;
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        NOTED = COUNT(*),
        FORGOTTEN = @FORGOTTEN
    FROM @LISTED AS listed;
END;
GO
