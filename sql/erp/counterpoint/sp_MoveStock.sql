SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_MoveStock
    Moves what open orders hold of an item (IM_INV) by a difference, in each of the columns named. A row that IM_INV lacks is added.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, sp_ReturnStock, inside their transactions, item by item in the order
             of ITEM_NO: two orders of the same items never wait for each other in a circle
Parameters   @ITEM_NO; @LOC_ID the stock location; @QUANTITY above or below 0; @STOCK_COLUMNS of QTY_ON_SO, QTY_ON_ORD and QTY_COMMIT, with
             commas between them; NULL: QTY_ON_SO
Returns      no rows
Errors       none
Locks        the item's stock row, or the place where it is missing, until the caller's transaction ends
Repeatable   no: it moves the stock each time
Note         Inserting documents moves none of these in CounterPoint. The statement adds the difference to what is there then, so
             that nobody's change in between is lost.
Example      EXECUTE dbo.sp_MoveStock @ITEM_NO = 'TEE-BLK', @LOC_ID = '01', @QUANTITY = -2, @STOCK_COLUMNS = 'QTY_ON_SO';
*/
CREATE OR ALTER PROCEDURE dbo.sp_MoveStock
    @ITEM_NO varchar(20),
    @LOC_ID varchar(10),
    @QUANTITY decimal(15, 4),
    @STOCK_COLUMNS varchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @STOCK_COLUMNS = COALESCE(@STOCK_COLUMNS, 'QTY_ON_SO');

    DECLARE
        @ON_SO decimal(15, 4) = CASE WHEN CHARINDEX('QTY_ON_SO', @STOCK_COLUMNS) > 0 THEN @QUANTITY ELSE 0 END,
        @ON_ORD decimal(15, 4) = CASE WHEN CHARINDEX('QTY_ON_ORD', @STOCK_COLUMNS) > 0 THEN @QUANTITY ELSE 0 END,
        @COMMITTED decimal(15, 4) = CASE WHEN CHARINDEX('QTY_COMMIT', @STOCK_COLUMNS) > 0 THEN @QUANTITY ELSE 0 END;

    UPDATE
        dbo.IM_INV WITH (UPDLOCK, HOLDLOCK)
    SET
        QTY_ON_SO = QTY_ON_SO + @ON_SO,
        QTY_ON_ORD = QTY_ON_ORD + @ON_ORD,
        QTY_COMMIT = QTY_COMMIT + @COMMITTED
    WHERE ITEM_NO = @ITEM_NO
    AND   LOC_ID = @LOC_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.IM_INV
        (
            ITEM_NO, LOC_ID, QTY_ON_HND, QTY_ON_SO, QTY_ON_ORD, QTY_COMMIT
        )
        VALUES
        (
            @ITEM_NO, @LOC_ID, 0, @ON_SO, @ON_ORD, @COMMITTED
        );
    END;
END;
GO
