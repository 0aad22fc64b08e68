SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpDocumentRows
    The rows that removing an order's document from RMS changes, in that order.

Called by    sp_RollbackOrder
Parameters   @STORE_ID, @WOO_ORDER_ID: the order
Returns      SEQ_NO, SUB_NO, SUB_KEY: the order of the rows; TABLE_NAME, ROW_KEY, CHANGE
Example      SELECT changed.TABLE_NAME FROM dbo.fn_ErpDocumentRows('woocommerce', 1) AS changed;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpDocumentRows
(
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        SEQ_NO = 1,
        SUB_NO = CONVERT(bigint, 0),
        SUB_KEY = CONVERT(varchar(50), held.ITEM_NO),
        TABLE_NAME = CONVERT(varchar(50), 'Item'),
        ROW_KEY = CONVERT(nvarchar(100), CONCAT(N'ItemLookupCode = ', held.ITEM_NO)),
        CHANGE = CONVERT(nvarchar(500), CONCAT
        (
            N'QuantityCommitted ', CONVERT(varchar(30), COALESCE(stock.QTY_COMMITTED, CONVERT(decimal(15, 4), 0))), N' → ',
            CONVERT(varchar(30), CONVERT(decimal(15, 4), COALESCE(stock.QTY_COMMITTED, 0) - held.QTY))
        ))
    FROM
    (
        SELECT
            linked.ITEM_NO,
            QTY = SUM(linked.QTY_SOLD)
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   linked.STOCK_COLUMNS = 'QuantityCommitted'
        GROUP BY
            linked.ITEM_NO
        HAVING SUM(linked.QTY_SOLD) <> 0
    ) AS held
    OUTER APPLY dbo.fn_DynamicsItem(held.ITEM_NO) AS stock
    UNION ALL
    SELECT
        2,
        entry.ID,
        '',
        'OrderEntry',
        CONCAT(N'OrderID = ', link.DOC_ID, N', ID = ', entry.ID),
        CONCAT
        (
            N'deleted: ', entry.Description, N', quantity ', CONVERT(varchar(30), CONVERT(decimal(15, 4), entry.QuantityOnOrder)),
            N', price ', CONVERT(varchar(30), CONVERT(decimal(15, 4), entry.Price))
        )
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.OrderEntry AS entry
        ON entry.OrderID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        3,
        said.ID,
        '',
        'OrderHistory',
        CONCAT(N'OrderID = ', link.DOC_ID, N', ID = ', said.ID),
        N'deleted'
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.OrderHistory AS said
        ON said.OrderID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        4,
        0,
        written.PART,
        'USER_ORDER_PART',
        CONCAT(N'WOO_ORDER_ID = ', written.WOO_ORDER_ID, N', PART = ', written.PART),
        N'deleted'
    FROM dbo.USER_ORDER_PART AS written
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        5,
        0,
        '',
        'Order',
        CONCAT(N'ID = ', link.DOC_ID),
        CONCAT(N'deleted: ', held.ReferenceNumber, N', total ', CONVERT(varchar(30), CONVERT(decimal(15, 2), held.Total)))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.[Order] AS held
        ON held.ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
);
GO
