SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderEntries
    Brings an order's entries in RMS in line with the staged order: those that differ are changed, new ones added, those that the order no
    longer has deleted. The shipping entry is never deleted: without shipping its price and quantities are 0.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions
Parameters   @STAGING_ID; @ORDER_ID of an order that exists; OUTPUT: how many lines were @CHANGED, @ADDED, @REMOVED; the order's @SHIPPING,
             @TAX and @TOTAL; @HAS_SHIPPING_ITEM 0 where it has shipping and no entry for it
Returns      no rows
Errors       50030 the entries don't come to the store's total; 50040 a line has no item any more, or a charge none that takes it
Locks        the entries and their links, until the transaction ends
Repeatable   yes: the second time nothing differs
Note         Entries are told apart by the store's line id, so two lines of one item stay two. Quantities are floats in RMS: they are
             compared to four decimals.
Example      EXECUTE dbo.sp_WriteOrderEntries @STAGING_ID = 1, @ORDER_ID = 1, @CHANGED = @CHANGED OUTPUT, @ADDED = @ADDED OUTPUT,
                 @REMOVED = @REMOVED OUTPUT, @SHIPPING = @SHIPPING OUTPUT, @TAX = @TAX OUTPUT, @TOTAL = @TOTAL OUTPUT,
                 @HAS_SHIPPING_ITEM = @HAS_SHIPPING_ITEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderEntries
    @STAGING_ID int,
    @ORDER_ID int,
    @CHANGED int OUTPUT,
    @ADDED int OUTPUT,
    @REMOVED int OUTPUT,
    @SHIPPING decimal(15, 2) OUTPUT,
    @TAX decimal(15, 2) OUTPUT,
    @TOTAL decimal(15, 2) OUTPUT,
    @HAS_SHIPPING_ITEM bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @WOO_ORDER_NO varchar(50),
        @TKT_DT datetime2(3),
        @LOCAL_NOW datetime2(3),
        @PRICES_INCLUDE_TAX bit,
        @TAX_RATE decimal(9, 6),
        @COME_TO decimal(15, 2),
        @RMS_STORE_ID int,
        @SALES_REP_ID int,
        @ENTRY_KEY bigint,
        @ENTRY_ID int;
    DECLARE @ENTRY table
    (
        ENTRY_KEY bigint NOT NULL PRIMARY KEY,
        POSITION_NO int NOT NULL,
        ITEM_ID int NULL,
        ITEM_NO varchar(20) NULL,
        COST decimal(15, 4) NULL,
        DESCR nvarchar(30) NOT NULL,
        ENTRY_COMMENT nvarchar(255) NOT NULL,
        QTY decimal(15, 4) NOT NULL,
        AMOUNT decimal(15, 2) NOT NULL,
        PRICE decimal(15, 4) NOT NULL,
        FULL_PRICE decimal(15, 4) NOT NULL,
        IS_TAXED int NOT NULL,
        PRICE_SOURCE smallint NOT NULL,
        PRODUCT_ID bigint NOT NULL,
        VARIATION_ID bigint NOT NULL
    );
    DECLARE @LINKED table
    (
        ENTRY_KEY bigint NOT NULL PRIMARY KEY,
        ENTRY_ID int NOT NULL,
        WHAT varchar(10) NOT NULL
    );

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @TKT_DT = staged.TKT_DT,
        @TAX = ROUND(COALESCE(staged.TAX_AMT, 0), 2),
        @TOTAL = ROUND(COALESCE(staged.TOT_AMT, 0), 2),
        @PRICES_INCLUDE_TAX = site.PRICES_INCLUDE_TAX,
        @TAX_RATE = site.TAX_RATE,
        @RMS_STORE_ID = site.STORE_ID,
        @SALES_REP_ID = site.SALES_REP_ID,
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN dbo.fn_DynamicsConfig() AS site
    CROSS JOIN dbo.fn_DynamicsTime(@NOW) AS moment
    WHERE staged.STAGING_ID = @STAGING_ID;

    INSERT INTO @ENTRY
    (
        ENTRY_KEY, POSITION_NO, ITEM_ID, ITEM_NO, COST, DESCR, ENTRY_COMMENT, QTY, AMOUNT, PRICE, FULL_PRICE, IS_TAXED, PRICE_SOURCE,
        PRODUCT_ID, VARIATION_ID
    )
    SELECT
        entry.ENTRY_KEY,
        entry.POSITION_NO,
        entry.ITEM_ID,
        entry.ITEM_NO,
        entry.COST,
        entry.DESCR,
        entry.ENTRY_COMMENT,
        entry.QTY,
        entry.AMOUNT,
        entry.PRICE,
        entry.FULL_PRICE,
        entry.IS_TAXED,
        entry.PRICE_SOURCE,
        entry.PRODUCT_ID,
        entry.VARIATION_ID
    FROM dbo.fn_OrderEntries(@STAGING_ID) AS entry;

    SELECT
        @SHIPPING = COALESCE(SUM(CASE WHEN entry.ENTRY_KEY = -1 THEN entry.AMOUNT END), 0),
        @HAS_SHIPPING_ITEM = CASE WHEN COUNT(CASE WHEN entry.ENTRY_KEY = -1 AND entry.AMOUNT <> 0 AND entry.ITEM_ID IS NULL THEN 1 END) > 0 THEN 0 ELSE 1 END,
        @TAX = CASE
            WHEN @PRICES_INCLUDE_TAX = 1 AND @TAX_RATE IS NOT NULL
            THEN CONVERT
            (
                decimal(15, 2),
                ROUND(COALESCE(SUM(CASE WHEN entry.IS_TAXED = 1 THEN entry.PRICE * entry.QTY - entry.PRICE * entry.QTY / (1 + @TAX_RATE) END), 0), 2)
            )
            ELSE @TAX
        END
    FROM @ENTRY AS entry;

    SELECT TOP (1)
        @MESSAGE = CASE
            WHEN entry.ENTRY_KEY >= 0
            THEN CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N', line ', entry.ENTRY_KEY, N': ''', entry.DESCR, N''' has no item in the ERP any more. Add the item,',
                N' or name one (`syncctl map item`), then `syncctl dead-letter retry`.'
            )
            ELSE CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N': Microsoft RMS has no place for its charge ''', entry.DESCR, N''' of ',
                CONVERT(varchar(30), entry.AMOUNT), N'. Name an item for charges (`syncctl config erp set CHARGE_ITEM_ID`), then',
                N' `syncctl dead-letter retry`; or enter the order by hand.'
            )
        END
    FROM @ENTRY AS entry
    WHERE entry.ITEM_ID IS NULL
    AND   (entry.ENTRY_KEY >= 0 OR (entry.ENTRY_KEY < -1 AND entry.AMOUNT <> 0))
    ORDER BY
        entry.POSITION_NO;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50040, @MESSAGE, 1;
    END;

    SELECT
        @COME_TO = COALESCE(SUM
        (
            CASE WHEN entry.ITEM_ID IS NULL THEN entry.AMOUNT ELSE CONVERT(decimal(15, 2), ROUND(entry.PRICE * entry.QTY, 2)) END
        ), 0)
    FROM @ENTRY AS entry;

    IF @PRICES_INCLUDE_TAX = 0
    BEGIN
        SET @COME_TO = @COME_TO + @TAX;
    END;

    IF @COME_TO <> @TOTAL
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @WOO_ORDER_NO, N': its entries come to ', CONVERT(varchar(30), @COME_TO), N', the store''s total is ',
            CONVERT(varchar(30), @TOTAL), N'. Correct the order in the store, or enter it in Microsoft RMS by hand.'
        );
        THROW 50030, @MESSAGE, 1;
    END;

    DELETE FROM @ENTRY
    WHERE ENTRY_KEY < 0
    AND   (AMOUNT = 0 OR ITEM_ID IS NULL);

    INSERT INTO @LINKED
    (
        ENTRY_KEY, ENTRY_ID, WHAT
    )
    SELECT
        linked.WOO_LINE_ID,
        held.ID,
        CASE
            WHEN wanted.ENTRY_KEY IS NULL AND linked.WOO_LINE_ID <> -1 THEN 'removed'
            WHEN wanted.ENTRY_KEY IS NULL AND held.Price = 0 AND CONVERT(decimal(15, 4), held.QuantityOnOrder) = 0 THEN 'nothing'
            WHEN wanted.ENTRY_KEY IS NULL THEN 'emptied'
            WHEN held.ItemID = wanted.ITEM_ID
            AND  held.Description = wanted.DESCR
            AND  held.Price = wanted.PRICE
            AND  held.FullPrice = wanted.FULL_PRICE
            AND  CONVERT(decimal(15, 4), held.QuantityOnOrder) = wanted.QTY
            AND  held.Taxable = wanted.IS_TAXED
            AND  held.Comment = wanted.ENTRY_COMMENT THEN 'same'
            ELSE 'changed'
        END
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN dbo.OrderEntry AS held
        ON  held.OrderID = @ORDER_ID
        AND held.ID = linked.LIN_SEQ_NO
    LEFT JOIN @ENTRY AS wanted
        ON wanted.ENTRY_KEY = linked.WOO_LINE_ID
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   linked.DOC_ID = @ORDER_ID;

    SELECT
        @CHANGED = COUNT(CASE WHEN linked.WHAT = 'changed' AND linked.ENTRY_KEY >= 0 THEN 1 END),
        @REMOVED = COUNT(CASE WHEN linked.WHAT = 'removed' AND linked.ENTRY_KEY >= 0 THEN 1 END),
        @ADDED = 0
    FROM @LINKED AS linked;

    DELETE FROM dbo.OrderEntry
    WHERE OrderID = @ORDER_ID
    AND   ID IN (SELECT linked.ENTRY_ID FROM @LINKED AS linked WHERE linked.WHAT = 'removed');

    DELETE FROM dbo.USER_ORDER_LINE_LINK
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID
    AND   WOO_LINE_ID IN (SELECT linked.ENTRY_KEY FROM @LINKED AS linked WHERE linked.WHAT = 'removed');

    UPDATE
        held
    SET
        Price = 0,
        FullPrice = 0,
        QuantityOnOrder = 0,
        QuantityRTD = 0,
        LastUpdated = @LOCAL_NOW
    FROM dbo.OrderEntry AS held
    INNER JOIN @LINKED AS linked
        ON linked.ENTRY_ID = held.ID
    WHERE held.OrderID = @ORDER_ID
    AND   linked.WHAT = 'emptied';

    UPDATE
        linked
    SET
        QTY_SOLD = 0,
        EXT_PRC = 0
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN @LINKED AS kept
        ON kept.ENTRY_KEY = linked.WOO_LINE_ID
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   kept.WHAT IN ('emptied', 'nothing');

    UPDATE
        held
    SET
        ItemID = wanted.ITEM_ID,
        Description = wanted.DESCR,
        Price = wanted.PRICE,
        FullPrice = wanted.FULL_PRICE,
        Cost = wanted.COST,
        QuantityOnOrder = wanted.QTY,
        Taxable = wanted.IS_TAXED,
        Comment = wanted.ENTRY_COMMENT,
        LastUpdated = @LOCAL_NOW
    FROM dbo.OrderEntry AS held
    INNER JOIN @LINKED AS linked
        ON linked.ENTRY_ID = held.ID
    INNER JOIN @ENTRY AS wanted
        ON wanted.ENTRY_KEY = linked.ENTRY_KEY
    WHERE held.OrderID = @ORDER_ID
    AND   linked.WHAT = 'changed';

    /* A product that was deleted in the store (0) stays known. */
    UPDATE
        linked
    SET
        ITEM_NO = wanted.ITEM_NO,
        QTY_SOLD = wanted.QTY,
        EXT_PRC = wanted.AMOUNT,
        PRODUCT_ID = CASE WHEN wanted.PRODUCT_ID = 0 THEN linked.PRODUCT_ID ELSE wanted.PRODUCT_ID END,
        VARIATION_ID = CASE
            WHEN wanted.PRODUCT_ID = 0 THEN linked.VARIATION_ID
            WHEN wanted.VARIATION_ID = 0 AND COALESCE(linked.PRODUCT_ID, 0) = wanted.PRODUCT_ID THEN linked.VARIATION_ID
            ELSE wanted.VARIATION_ID
        END
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN @ENTRY AS wanted
        ON wanted.ENTRY_KEY = linked.WOO_LINE_ID
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

    DELETE FROM @ENTRY
    WHERE ENTRY_KEY IN (SELECT linked.ENTRY_KEY FROM @LINKED AS linked);

    /* One by one: each gets its ID from RMS. */
    WHILE EXISTS (SELECT 1 FROM @ENTRY AS entry)
    BEGIN
        SELECT TOP (1)
            @ENTRY_KEY = entry.ENTRY_KEY
        FROM @ENTRY AS entry
        ORDER BY
            entry.POSITION_NO;

        INSERT INTO dbo.OrderEntry
        (
            StoreID, OrderID, ItemID, DetailID, Description, Price, FullPrice, Cost, QuantityOnOrder, QuantityRTD, PriceSource, Taxable,
            DiscountReasonCodeID, ReturnReasonCodeID, TaxChangeReasonCodeID, SalesRepID, IsAddMoney, VoucherID, LastUpdated, TransactionTime,
            Comment
        )
        SELECT
            @RMS_STORE_ID,
            @ORDER_ID,
            entry.ITEM_ID,
            0,
            entry.DESCR,
            entry.PRICE,
            entry.FULL_PRICE,
            entry.COST,
            entry.QTY,
            0,
            entry.PRICE_SOURCE,
            entry.IS_TAXED,
            0,
            0,
            0,
            @SALES_REP_ID,
            0,
            0,
            @LOCAL_NOW,
            @TKT_DT,
            entry.ENTRY_COMMENT
        FROM @ENTRY AS entry
        WHERE entry.ENTRY_KEY = @ENTRY_KEY;

        SET @ENTRY_ID = CONVERT(int, SCOPE_IDENTITY());

        INSERT INTO dbo.USER_ORDER_LINE_LINK
        (
            STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC, STOCK_COLUMNS, PRODUCT_ID, VARIATION_ID
        )
        SELECT
            @STORE_ID,
            @WOO_ORDER_ID,
            entry.ENTRY_KEY,
            @ORDER_ID,
            @ENTRY_ID,
            entry.ITEM_NO,
            entry.QTY,
            entry.AMOUNT,
            'none',
            entry.PRODUCT_ID,
            entry.VARIATION_ID
        FROM @ENTRY AS entry
        WHERE entry.ENTRY_KEY = @ENTRY_KEY;

        SET @ADDED = @ADDED + CASE WHEN @ENTRY_KEY >= 0 THEN 1 ELSE 0 END;

        DELETE FROM @ENTRY
        WHERE ENTRY_KEY = @ENTRY_KEY;
    END;
END;
GO
