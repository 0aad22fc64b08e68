SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStockChanges
    What a store should say of its items' stock, beside what it says as far as is known.

Called by    syncctl stock push, syncctl stock diff
Parameters   @STORE_ID; @SKUS a JSON array of SKUs, NULL: all
Returns      by SKU: PRODUCT_ID, PARENT_ID, SKU, NAME, STOCK_KEY, STORE_QTY (as listed or told last), ITEM_NO (NULL: the ERP has none),
             WANTED_QTY (whole, never below 0), ON_HAND, HELD by documents, STAGED on orders that wait for theirs, RESERVE_QTY, PACK_QTY, and
             STANDING: same, differs, doubted (the same, but an order of it changed at DOUBTED_DT, and the store counts by itself),
             unknown (no item), uncounted (the ERP keeps no stock of it), unreadable (what it says of it makes no sense, or comes to 10^9 and
             more), unmanaged or backorder (by the store's choice), waiting (the store refused it; it is tried again at NEXT_ATTEMPT_DT);
             TOLD_DT; ERROR_MESSAGE of the last refusal
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Note         Orders that are staged and not yet in the ERP hold their items, of whichever store, so that a store's own sale isn't given
             back to it; so do orders in a status of the site setting WEB_HOLD_STATUSES, of which the store has taken the stock though
             they aren't to enter the ERP (on-hold). Of an edited order what its document doesn't hold yet is held.
Example      EXECUTE dbo.sp_ListStockChanges @STORE_ID = 'woocommerce', @SKUS = N'["TEE-BLK"]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStockChanges
    @STORE_ID varchar(50),
    @SKUS nvarchar(max) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @RESERVE_QTY decimal(15, 4),
        @HOLDING nvarchar(4000),
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN @SKUS IS NOT NULL AND (COALESCE(ISJSON(@SKUS), 0) = 0 OR LEFT(LTRIM(@SKUS), 1) <> N'[') THEN N'@SKUS takes a JSON array.' END
        ));
    DECLARE @HOLD table
    (
        ORD_STATUS varchar(20) NOT NULL PRIMARY KEY
    );
    DECLARE @STAGED table
    (
        ITEM_NO varchar(20) NOT NULL PRIMARY KEY,
        QTY decimal(15, 4) NOT NULL
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT
        @RESERVE_QTY = COALESCE(TRY_CONVERT(decimal(15, 4), MAX(CASE WHEN setting.NAME = 'WEB_RESERVE' THEN setting.VALUE END)), 0),
        @HOLDING = CONVERT(nvarchar(4000), MAX(CASE WHEN setting.NAME = 'WEB_HOLD_STATUSES' THEN setting.VALUE END))
    FROM dbo.USER_ERP_SETTING AS setting;

    INSERT INTO @HOLD
    (
        ORD_STATUS
    )
    SELECT DISTINCT
        CONVERT(varchar(20), LTRIM(RTRIM(word.value)))
    FROM STRING_SPLIT(COALESCE(@HOLDING, N''), N',') AS word
    WHERE LEN(word.value) BETWEEN 1 AND 20;

    INSERT INTO @STAGED
    (
        ITEM_NO, QTY
    )
    SELECT
        held.ITEM_NO,
        CASE WHEN SUM(held.QTY) < 10000000000 THEN SUM(held.QTY) ELSE 10000000000 END
    FROM
    (
        SELECT
            line.ITEM_NO,
            QTY = CASE WHEN line.QTY > COALESCE(linked.QTY_SOLD, 0) THEN line.QTY - COALESCE(linked.QTY_SOLD, 0) ELSE 0 END
        FROM
        (
            SELECT
                staged.STORE_ID,
                staged.WOO_ORDER_ID,
                staged.LINE_ITEMS_JSON
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STATE IN ('PENDING', 'CLAIMED', 'FAILED', 'NEEDS_MANUAL_REVIEW')
            AND   staged.PENDING_ACTION IN ('create', 'update')
            UNION ALL
            SELECT
                skipped.STORE_ID,
                skipped.WOO_ORDER_ID,
                skipped.LINE_ITEMS_JSON
            FROM dbo.USER_ORDER_STAGING AS skipped
            INNER JOIN @HOLD AS hold
                ON hold.ORD_STATUS = skipped.ORD_STATUS
            WHERE skipped.STATE = 'SKIPPED'
        ) AS waiting
        CROSS APPLY dbo.fn_ErpLines(waiting.STORE_ID, waiting.WOO_ORDER_ID, waiting.LINE_ITEMS_JSON) AS line
        LEFT JOIN dbo.USER_ORDER_LINE_LINK AS linked
            ON  linked.STORE_ID = waiting.STORE_ID
            AND linked.WOO_ORDER_ID = waiting.WOO_ORDER_ID
            AND linked.WOO_LINE_ID = line.WOO_LINE_ID
        WHERE line.ITEM_NO IS NOT NULL
    ) AS held
    GROUP BY
        held.ITEM_NO;

    SELECT
        reckoned.PRODUCT_ID,
        reckoned.PARENT_ID,
        reckoned.SKU,
        reckoned.NAME,
        reckoned.STOCK_KEY,
        reckoned.STORE_QTY,
        reckoned.ITEM_NO,
        reckoned.WANTED_QTY,
        reckoned.ON_HAND,
        reckoned.HELD,
        reckoned.STAGED,
        reckoned.RESERVE_QTY,
        reckoned.PACK_QTY,
        STANDING = CONVERT(varchar(20), CASE
            WHEN reckoned.ITEM_NO IS NULL THEN 'unknown'
            WHEN reckoned.IS_COUNTED = 0 OR reckoned.IS_COUNTED IS NULL THEN 'uncounted'
            WHEN reckoned.WANTED_QTY IS NULL THEN 'unreadable'
            WHEN reckoned.IS_MANAGED = 0 THEN 'unmanaged'
            WHEN reckoned.IS_BACKORDER = 1 THEN 'backorder'
            WHEN reckoned.STORE_QTY = reckoned.WANTED_QTY AND reckoned.DOUBTED_DT IS NULL THEN 'same'
            WHEN reckoned.NEXT_ATTEMPT_DT > @NOW THEN 'waiting'
            WHEN reckoned.STORE_QTY = reckoned.WANTED_QTY THEN 'doubted'
            ELSE 'differs'
        END),
        reckoned.DOUBTED_DT,
        reckoned.TOLD_DT,
        reckoned.NEXT_ATTEMPT_DT,
        reckoned.ERROR_MESSAGE
    FROM
    (
        SELECT
            item.PRODUCT_ID,
            item.PARENT_ID,
            item.SKU,
            item.NAME,
            item.STOCK_KEY,
            item.IS_MANAGED,
            item.IS_BACKORDER,
            item.STORE_QTY,
            item.DOUBTED_DT,
            item.TOLD_DT,
            item.NEXT_ATTEMPT_DT,
            item.ERROR_MESSAGE,
            meant.ITEM_NO,
            stock.ON_HAND,
            stock.HELD,
            stock.IS_COUNTED,
            STAGED = COALESCE(staged.QTY, 0),
            chosen.RESERVE_QTY,
            chosen.PACK_QTY,
            WANTED_QTY = CONVERT(decimal(15, 4), CASE
                WHEN stock.ON_HAND IS NULL OR stock.HELD IS NULL THEN NULL
                WHEN ABS(stock.ON_HAND) >= 1000000000 OR ABS(stock.HELD) >= 1000000000 THEN NULL
                WHEN chosen.IS_OFF = 1 OR stock.IS_ACTIVE = 0 THEN 0
                WHEN stock.ON_HAND - stock.HELD - COALESCE(staged.QTY, 0) - chosen.RESERVE_QTY <= 0 THEN 0
                WHEN (stock.ON_HAND - stock.HELD - COALESCE(staged.QTY, 0) - chosen.RESERVE_QTY) / chosen.PACK_QTY >= 1000000000 THEN NULL
                ELSE FLOOR((stock.ON_HAND - stock.HELD - COALESCE(staged.QTY, 0) - chosen.RESERVE_QTY) / chosen.PACK_QTY)
            END)
        FROM dbo.USER_STORE_ITEM AS item
        OUTER APPLY dbo.fn_ErpItemOfSku(@STORE_ID, item.SKU) AS meant
        OUTER APPLY dbo.fn_ErpStock(meant.ITEM_NO) AS stock
        LEFT JOIN @STAGED AS staged
            ON staged.ITEM_NO = meant.ITEM_NO
        LEFT JOIN dbo.USER_WEB_ITEM AS own
            ON  own.STORE_ID = @STORE_ID
            AND own.SKU = item.SKU
        LEFT JOIN dbo.USER_WEB_ITEM AS shared
            ON  shared.STORE_ID = '*'
            AND shared.SKU = item.SKU
        CROSS APPLY
        (
            SELECT
                PACK_QTY = COALESCE(own.PACK_QTY, shared.PACK_QTY, 1),
                RESERVE_QTY = COALESCE(own.RESERVE_QTY, shared.RESERVE_QTY, @RESERVE_QTY),
                IS_OFF = COALESCE(own.IS_OFF, shared.IS_OFF, 0)
        ) AS chosen
        WHERE item.STORE_ID = @STORE_ID
        AND   (@SKUS IS NULL OR item.SKU IN (SELECT wanted.value FROM OPENJSON(@SKUS) AS wanted))
    ) AS reckoned
    ORDER BY
        reckoned.SKU,
        reckoned.PRODUCT_ID;
END;
GO
