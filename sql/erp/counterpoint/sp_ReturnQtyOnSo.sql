SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReturnQtyOnSo
    Gives back all the stock that an order's linked lines hold.

Called by    sp_CloseErpDocument, sp_RemoveErpDocument, inside their transactions; they set the lines to 0 or delete them right after
Parameters   @STORE_ID, @WOO_ORDER_ID; @LOC_ID the document's stock location
Returns      no rows
Errors       none
Locks        the items' stock rows, in the order of ITEM_NO, until the caller's transaction ends
Repeatable   no: it moves the stock each time
Example      EXECUTE dbo.sp_ReturnQtyOnSo @STORE_ID = 'woocommerce', @WOO_ORDER_ID = 4711, @LOC_ID = '01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReturnQtyOnSo
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @LOC_ID varchar(10),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @ITEM_NO varchar(20),
        @QUANTITY decimal(15, 4);
    DECLARE @HELD table
    (
        ITEM_NO varchar(20) NOT NULL,
        QUANTITY decimal(15, 4) NOT NULL
    );

    INSERT INTO @HELD
    (
        ITEM_NO, QUANTITY
    )
    SELECT
        linked.ITEM_NO,
        -SUM(linked.QTY_SOLD)
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
    GROUP BY
        linked.ITEM_NO
    HAVING SUM(linked.QTY_SOLD) <> 0;

    WHILE EXISTS (SELECT 1 FROM @HELD AS held)
    BEGIN
        SELECT TOP (1)
            @ITEM_NO = held.ITEM_NO,
            @QUANTITY = held.QUANTITY
        FROM @HELD AS held
        ORDER BY
            held.ITEM_NO;

        EXECUTE dbo.sp_MoveQtyOnSo
            @ITEM_NO = @ITEM_NO,
            @LOC_ID = @LOC_ID,
            @QUANTITY = @QUANTITY,
            @NOW = @NOW;

        DELETE FROM @HELD
        WHERE ITEM_NO = @ITEM_NO;
    END;
END;
GO
