SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpUnlinkedDocuments
    Orders of web references that belong to no order of syncctl's.

Called by    sql/ops/RESTORE_SYNC_TABLES.sql
Parameters   @SINCE_DT
Returns      DOC_ID, TKT_NO, TKT_DT, CUST_NO, CUST_PO_NO, IS_POSTED
Example      SELECT document.DOC_ID FROM dbo.fn_ErpUnlinkedDocuments('2026-01-01') AS document;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpUnlinkedDocuments
(
    @SINCE_DT datetime
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        DOC_ID = CONVERT(bigint, held.ID),
        TKT_NO = CONVERT(varchar(15), held.ID),
        TKT_DT = held.Time,
        customer.CUST_NO,
        CUST_PO_NO = held.ReferenceNumber,
        IS_POSTED = CONVERT(bit, 0)
    FROM dbo.[Order] AS held
    LEFT JOIN dbo.fn_DynamicsAllCustomers() AS customer
        ON customer.ID = held.CustomerID
    WHERE held.Time >= @SINCE_DT
    AND   (held.ReferenceNumber LIKE N'SHOPIFY-%' OR held.ReferenceNumber LIKE N'WOOCOMMERCE-%')
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS link WHERE link.DOC_ID = held.ID)
);
GO
