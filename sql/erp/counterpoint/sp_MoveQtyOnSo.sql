SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_MoveQtyOnSo
    Moves an item's quantity on sales orders (IM_INV.QTY_ON_SO) by a difference. A row that IM_INV lacks is added.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, sp_ReturnQtyOnSo, inside their transactions, item by item in the order
             of ITEM_NO: two orders of the same items never wait for each other in a circle
Parameters   @ITEM_NO; @LOC_ID the stock location; @QUANTITY above or below 0
Returns      no rows
Errors       none
Locks        the item's stock row, or the place where it is missing, until the caller's transaction ends
Repeatable   no: it moves the stock each time
Note         Inserting documents does not move QTY_ON_SO in CounterPoint. The statement adds the difference to what is there then, so
             that nobody's change in between is lost.
Example      EXECUTE dbo.sp_MoveQtyOnSo @ITEM_NO = 'TEE-BLK', @LOC_ID = '01', @QUANTITY = -2;
*/
CREATE OR ALTER PROCEDURE dbo.sp_MoveQtyOnSo
    @ITEM_NO varchar(20),
    @LOC_ID varchar(10),
    @QUANTITY decimal(15, 4),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    UPDATE
        dbo.IM_INV WITH (UPDLOCK, HOLDLOCK)
    SET
        QTY_ON_SO = QTY_ON_SO + @QUANTITY
    WHERE ITEM_NO = @ITEM_NO
    AND   LOC_ID = @LOC_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.IM_INV
        (
            ITEM_NO, LOC_ID, QTY_ON_HND, QTY_ON_SO, QTY_COMMIT
        )
        VALUES
        (
            @ITEM_NO, @LOC_ID, 0, @QUANTITY, 0
        );
    END;
END;
GO
