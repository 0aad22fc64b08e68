SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReturnStock
    Gives back all the stock that an order's linked lines hold, each line's to the location and the columns
    that it went into.

Called by    sp_CloseErpDocument, sp_RemoveErpDocument, inside their transactions; they set the lines to 0 or delete them right after
Parameters   @STORE_ID, @WOO_ORDER_ID; @LOC_ID the document's stock location, for lines of which isn't known where theirs is
Returns      no rows
Errors       none
Locks        the items' stock rows, in the order of ITEM_NO, until the caller's transaction ends
Repeatable   no: it moves the stock each time
Example      EXECUTE dbo.sp_ReturnStock @STORE_ID = 'woocommerce', @WOO_ORDER_ID = 4711, @LOC_ID = '01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReturnStock
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @LOC_ID varchar(10),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @HELD_NO int,
        @ITEM_NO varchar(20),
        @STOCK_COLUMNS varchar(100),
        @HELD_AT varchar(10),
        @QUANTITY decimal(15, 4);
    DECLARE @HELD table
    (
        HELD_NO int NOT NULL PRIMARY KEY,
        ITEM_NO varchar(20) NOT NULL,
        STOCK_COLUMNS varchar(100) NULL,
        LOC_ID varchar(10) NULL,
        QUANTITY decimal(15, 4) NOT NULL
    );

    INSERT INTO @HELD
    (
        HELD_NO, ITEM_NO, STOCK_COLUMNS, LOC_ID, QUANTITY
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY linked.ITEM_NO, COALESCE(linked.STOCK_LOCATION, @LOC_ID), linked.STOCK_COLUMNS),
        linked.ITEM_NO,
        linked.STOCK_COLUMNS,
        COALESCE(linked.STOCK_LOCATION, @LOC_ID),
        -SUM(linked.QTY_SOLD)
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
    GROUP BY
        linked.ITEM_NO,
        COALESCE(linked.STOCK_LOCATION, @LOC_ID),
        linked.STOCK_COLUMNS
    HAVING SUM(linked.QTY_SOLD) <> 0;

    WHILE EXISTS (SELECT 1 FROM @HELD AS held)
    BEGIN
        SELECT TOP (1)
            @HELD_NO = held.HELD_NO,
            @ITEM_NO = held.ITEM_NO,
            @STOCK_COLUMNS = held.STOCK_COLUMNS,
            @HELD_AT = held.LOC_ID,
            @QUANTITY = held.QUANTITY
        FROM @HELD AS held
        ORDER BY
            held.HELD_NO;

        EXECUTE dbo.sp_MoveStock
            @ITEM_NO = @ITEM_NO,
            @LOC_ID = @HELD_AT,
            @QUANTITY = @QUANTITY,
            @STOCK_COLUMNS = @STOCK_COLUMNS,
            @NOW = @NOW;

        DELETE FROM @HELD
        WHERE HELD_NO = @HELD_NO;
    END;
END;
GO
