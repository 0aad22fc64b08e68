SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CommitStock
    Moves what is committed to orders (Item.QuantityCommitted) by what an order holds now and what it held before, item by item in the order
    of their numbers: two orders of the same items never wait for each other in a circle.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, sp_CloseErpDocument, sp_RemoveErpDocument, inside their transactions
Parameters   @STORE_ID, @WOO_ORDER_ID: the order; @BEFORE a JSON array of {"ITEM_NO", "QTY"}, what it held; NULL: nothing
Returns      no rows
Errors       none
Locks        the items' rows, until the transaction ends
Repeatable   no: it moves the stock each time
Note         The statement adds the difference to what is there then, so that nobody's change in between is lost, and rounds what floats
             have behind four decimals. An item that is gone has no stock.
Example      EXECUTE dbo.sp_CommitStock @STORE_ID = 'woocommerce', @WOO_ORDER_ID = 1, @BEFORE = NULL;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CommitStock
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @BEFORE nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MOVE_NO int,
        @ITEM_NO varchar(20),
        @QUANTITY decimal(15, 4);
    DECLARE @MOVED table
    (
        MOVE_NO int NOT NULL PRIMARY KEY,
        ITEM_NO varchar(20) NOT NULL,
        QUANTITY decimal(15, 4) NOT NULL
    );
    DECLARE @HELD table
    (
        ITEM_NO varchar(20) NOT NULL,
        QTY decimal(15, 4) NOT NULL
    );

    INSERT INTO @HELD
    (
        ITEM_NO, QTY
    )
    SELECT
        before.ITEM_NO,
        before.QTY
    FROM OPENJSON(COALESCE(@BEFORE, N'[]'))
    WITH
    (
        ITEM_NO varchar(20) '$.ITEM_NO',
        QTY decimal(15, 4) '$.QTY'
    ) AS before;

    INSERT INTO @MOVED
    (
        MOVE_NO, ITEM_NO, QUANTITY
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY moved.ITEM_NO),
        moved.ITEM_NO,
        SUM(moved.QUANTITY)
    FROM
    (
        SELECT
            linked.ITEM_NO,
            linked.QTY_SOLD AS QUANTITY
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   linked.STOCK_COLUMNS = 'QuantityCommitted'
        UNION ALL
        SELECT
            held.ITEM_NO,
            -held.QTY
        FROM @HELD AS held
    ) AS moved
    GROUP BY
        moved.ITEM_NO
    HAVING SUM(moved.QUANTITY) <> 0;

    WHILE EXISTS (SELECT 1 FROM @MOVED AS moved)
    BEGIN
        SELECT TOP (1)
            @MOVE_NO = moved.MOVE_NO,
            @ITEM_NO = moved.ITEM_NO,
            @QUANTITY = moved.QUANTITY
        FROM @MOVED AS moved
        ORDER BY
            moved.MOVE_NO;

        UPDATE
            stock
        SET
            QuantityCommitted = CONVERT(decimal(15, 4), stock.QuantityCommitted) + @QUANTITY
        FROM dbo.Item AS stock
        INNER JOIN dbo.fn_DynamicsItem(@ITEM_NO) AS known
            ON known.ID = stock.ID;

        DELETE FROM @MOVED
        WHERE MOVE_NO = @MOVE_NO;
    END;
END;
GO
