SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RemoveErpDocument
    Deletes an order in RMS with its entries and its history, and gives its stock back.

Called by    sp_RollbackOrder, inside its transaction, which holds the order and has looked at its state
Parameters   @STAGING_ID
Returns      no rows
Errors       none
Locks        the order's rows and the items' rows in the order of their numbers, until the transaction ends
Repeatable   yes: the second time nothing is there
Example      EXECUTE dbo.sp_RemoveErpDocument @STAGING_ID = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RemoveErpDocument
    @STAGING_ID int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @ORDER_ID int,
        @BEFORE nvarchar(max);

    SELECT
        @STORE_ID = link.STORE_ID,
        @WOO_ORDER_ID = link.WOO_ORDER_ID,
        @ORDER_ID = CONVERT(int, link.DOC_ID)
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    SET @BEFORE =
    (
        SELECT
            linked.ITEM_NO,
            QTY = linked.QTY_SOLD
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   linked.STOCK_COLUMNS = 'QuantityCommitted'
        FOR JSON PATH
    );

    UPDATE
        dbo.USER_ORDER_LINE_LINK
    SET
        STOCK_COLUMNS = 'none'
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID;

    EXECUTE dbo.sp_CommitStock @STORE_ID = @STORE_ID, @WOO_ORDER_ID = @WOO_ORDER_ID, @BEFORE = @BEFORE, @NOW = @NOW;

    DELETE FROM dbo.OrderEntry
    WHERE OrderID = @ORDER_ID;

    DELETE FROM dbo.OrderHistory
    WHERE OrderID = @ORDER_ID;

    DELETE FROM dbo.USER_ORDER_PART
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID;

    DELETE FROM dbo.[Order]
    WHERE ID = @ORDER_ID;
END;
GO
