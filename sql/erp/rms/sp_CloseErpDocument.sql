SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CloseErpDocument
    Closes an order in RMS and gives its stock back. RMS keeps a closed order as it was: entries, amounts and comment stay.

Called by    sp_ApplyOrder, inside its caller's transaction, which holds the order and has looked at its state
Parameters   @STAGING_ID
Returns      no rows
Errors       none
Locks        the order and the items' rows in the order of their numbers, until the transaction ends
Repeatable   yes: the second time there is no stock left to give back
Example      EXECUTE dbo.sp_CloseErpDocument @STAGING_ID = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CloseErpDocument
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
        @BEFORE nvarchar(max),
        @LOCAL_NOW datetime2(3);

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @ORDER_ID = CONVERT(int, link.DOC_ID),
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    CROSS JOIN dbo.fn_DynamicsTime(@NOW) AS moment
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

    UPDATE
        dbo.[Order]
    SET
        Closed = 1,
        LastUpdated = @LOCAL_NOW
    WHERE ID = @ORDER_ID;

    EXECUTE dbo.sp_WriteOrderHistory @ORDER_ID = @ORDER_ID, @COMMENT = N'Web order closed', @NOW = @NOW;
END;
GO
