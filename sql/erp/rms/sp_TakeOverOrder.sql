SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_TakeOverOrder
    Finds an order in RMS that an older integration entered, by its exact reference or by its exact comment, and links its entries with the
    lines that they are of, item by item in their order.

Called by    sp_CreateErpDocument, inside its caller's transaction
Parameters   @STAGING_ID; @ORDER_ID OUTPUT: the order, NULL where there is none
Returns      no rows
Errors       50030 there is one, and it is closed, was picked up, has a deposit, or has entries that the order doesn't have
Locks        the order's row and the new links, until the transaction ends
Repeatable   no: the links are there then
Note         An order that belongs to another one of syncctl's is none, nor one of the same comment with another reference of its store.
Example      EXECUTE dbo.sp_TakeOverOrder @STAGING_ID = 1, @ORDER_ID = @ORDER_ID OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_TakeOverOrder
    @STAGING_ID int,
    @ORDER_ID int OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @WHY nvarchar(200),
        @LEFT int,
        @ORDER_TYPE int,
        @COMMENT nvarchar(255);
    DECLARE @MATCHED table
    (
        ENTRY_KEY bigint NOT NULL PRIMARY KEY,
        ENTRY_ID int NOT NULL,
        ITEM_NO varchar(20) NOT NULL,
        QTY decimal(15, 4) NOT NULL,
        AMOUNT decimal(15, 2) NOT NULL,
        PRODUCT_ID bigint NOT NULL,
        VARIATION_ID bigint NOT NULL
    );

    SET @ORDER_ID = NULL;

    /* Looked for without a lock, then held: a site may have an index on neither column, and its tills go on selling. */
    SELECT TOP (1)
        @ORDER_ID = former.ID
    FROM
    (
        SELECT
            held.ID,
            held.Closed,
            RANK_NO = 0
        FROM dbo.fn_DynamicsReference(@STAGING_ID) AS known
        INNER JOIN dbo.[Order] AS held
            ON held.ReferenceNumber = known.REFERENCE
        UNION ALL
        SELECT
            named.ID,
            named.Closed,
            1
        FROM dbo.fn_DynamicsReference(@STAGING_ID) AS known
        INNER JOIN dbo.[Order] AS named
            ON named.Comment = known.COMMENT
        WHERE LEFT(named.ReferenceNumber, LEN(known.PREFIX) + 1) <> CONCAT(known.PREFIX, N'-')
    ) AS former
    CROSS JOIN dbo.fn_DynamicsConfig() AS site
    WHERE site.FORMER_ORDERS <> N'N'
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = former.ID)
    ORDER BY
        former.RANK_NO,
        former.Closed,
        former.ID;

    IF @ORDER_ID IS NULL
    BEGIN
        RETURN;
    END;

    EXECUTE dbo.sp_HoldErpDocument @DOC_ID = @ORDER_ID;

    SELECT
        @ORDER_TYPE = held.Type,
        @COMMENT = held.Comment,
        @WHY = CASE
            WHEN held.Closed = 1 THEN N'is closed'
            WHEN EXISTS
            (
                SELECT
                    1
                FROM dbo.OrderEntry AS picked
                WHERE picked.OrderID = held.ID
                AND   picked.QuantityRTD > 0
            ) THEN N'was picked up in part'
            WHEN held.Deposit <> 0 THEN CONCAT(N'has a deposit of ', CONVERT(varchar(30), CONVERT(decimal(15, 2), held.Deposit)))
        END
    FROM dbo.[Order] AS held
    WHERE held.ID = @ORDER_ID;

    IF @WHY IS NULL
    BEGIN
        INSERT INTO @MATCHED
        (
            ENTRY_KEY, ENTRY_ID, ITEM_NO, QTY, AMOUNT, PRODUCT_ID, VARIATION_ID
        )
        SELECT
            wanted.ENTRY_KEY,
            held.ID,
            held.ITEM_NO,
            held.QTY,
            CONVERT(decimal(15, 2), ROUND(held.Price * held.QTY, 2)),
            wanted.PRODUCT_ID,
            wanted.VARIATION_ID
        FROM
        (
            SELECT
                entry.ENTRY_KEY,
                entry.ITEM_ID,
                entry.PRODUCT_ID,
                entry.VARIATION_ID,
                MARK = CASE WHEN entry.ENTRY_KEY = -1 THEN 0 ELSE entry.ITEM_ID END,
                NUMBER = ROW_NUMBER() OVER
                (
                    PARTITION BY CASE WHEN entry.ENTRY_KEY = -1 THEN 0 ELSE entry.ITEM_ID END ORDER BY entry.POSITION_NO
                )
            FROM dbo.fn_OrderEntries(@STAGING_ID) AS entry
            WHERE entry.ITEM_ID IS NOT NULL
            AND   (entry.ENTRY_KEY >= 0 OR entry.AMOUNT <> 0)
        ) AS wanted
        INNER JOIN
        (
            SELECT
                present.ID,
                item.ITEM_NO,
                present.Price,
                QTY = CONVERT(decimal(15, 4), present.QuantityOnOrder),
                MARK = CASE WHEN present.PriceSource = 10 THEN 0 ELSE present.ItemID END,
                NUMBER = ROW_NUMBER() OVER
                (
                    PARTITION BY CASE WHEN present.PriceSource = 10 THEN 0 ELSE present.ItemID END ORDER BY present.ID
                )
            FROM dbo.OrderEntry AS present
            INNER JOIN dbo.fn_DynamicsAllItems() AS item
                ON item.ID = present.ItemID
            WHERE present.OrderID = @ORDER_ID
        ) AS held
            ON  held.MARK = wanted.MARK
            AND held.NUMBER = wanted.NUMBER;

        SELECT
            @LEFT = COUNT(*)
        FROM dbo.OrderEntry AS present
        WHERE present.OrderID = @ORDER_ID
        AND   NOT EXISTS (SELECT 1 FROM @MATCHED AS matched WHERE matched.ENTRY_ID = present.ID);

        IF @LEFT > 0
        BEGIN
            SET @WHY = CONCAT(N'has ', @LEFT, CASE @LEFT WHEN 1 THEN N' entry' ELSE N' entries' END, N' that the order doesn''t have');
        END;
    END;

    IF @WHY IS NOT NULL
    BEGIN
        SELECT
            @MESSAGE = CONCAT
            (
                N'Order ', staged.WOO_ORDER_NO, N': the ERP has it already as order ', @ORDER_ID, N' (', @COMMENT, N'), which syncctl did not',
                N' write and can''t take over: it ', @WHY, N'. Where that is this order: `syncctl dead-letter cancel ', @STAGING_ID,
                N' --reason …`; where it is another: set FORMER_ORDERS to N, then `syncctl dead-letter retry`.'
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        THROW 50030, @MESSAGE, 1;
    END;

    INSERT INTO dbo.USER_ORDER_LINE_LINK
    (
        STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC, STOCK_COLUMNS, PRODUCT_ID, VARIATION_ID
    )
    SELECT
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        matched.ENTRY_KEY,
        @ORDER_ID,
        matched.ENTRY_ID,
        matched.ITEM_NO,
        matched.QTY,
        matched.AMOUNT,
        CASE WHEN matched.ENTRY_KEY >= 0 AND @ORDER_TYPE = 2 THEN 'QuantityCommitted' ELSE 'none' END,
        matched.PRODUCT_ID,
        matched.VARIATION_ID
    FROM @MATCHED AS matched
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = @STAGING_ID;
END;
GO
