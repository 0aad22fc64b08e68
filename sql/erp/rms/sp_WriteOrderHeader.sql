SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderHeader
    Brings an order's header in RMS in line with its entries and its customer, open where it was closed, and says on the links which of
    them hold stock: those of a work order's lines.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions
Parameters   @STAGING_ID; @ORDER_ID; @CUSTOMER_ID; @SHIPPING, @TAX, @TOTAL; @CHANGES OUTPUT: what changed beside the total, for people
Returns      no rows
Errors       none
Locks        the order's row and its links, until the transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_WriteOrderHeader @STAGING_ID = 1, @ORDER_ID = 1, @CUSTOMER_ID = 1, @SHIPPING = 0, @TAX = 0, @TOTAL = 10,
                 @CHANGES = @CHANGES OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderHeader
    @STAGING_ID int,
    @ORDER_ID int,
    @CUSTOMER_ID int,
    @SHIPPING decimal(15, 2),
    @TAX decimal(15, 2),
    @TOTAL decimal(15, 2),
    @CHANGES nvarchar(2000) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @LOCAL_NOW datetime2(3),
        @ORDER_TYPE int;

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_DynamicsTime(@NOW) AS moment;

    SELECT
        @ORDER_TYPE = held.Type,
        @CHANGES = CONCAT
        (
            CASE
                WHEN held.CustomerID <> @CUSTOMER_ID
                THEN CONCAT(N'customer ', COALESCE(before.CUST_NO, 'none'), N' → ', COALESCE(now_of.CUST_NO, 'none'), N'; ')
            END,
            CASE
                WHEN held.ShippingChargeOnOrder <> @SHIPPING
                THEN CONCAT
                (
                    N'shipping ', CONVERT(varchar(30), CONVERT(decimal(15, 2), held.ShippingChargeOnOrder)), N' → ', CONVERT(varchar(30), @SHIPPING), N'; '
                )
            END
        )
    FROM dbo.[Order] AS held
    LEFT JOIN dbo.fn_DynamicsAllCustomers() AS before
        ON before.ID = held.CustomerID
    LEFT JOIN dbo.fn_DynamicsAllCustomers() AS now_of
        ON now_of.ID = @CUSTOMER_ID
    WHERE held.ID = @ORDER_ID;

    UPDATE
        dbo.[Order]
    SET
        CustomerID = @CUSTOMER_ID,
        Tax = @TAX,
        Total = @TOTAL,
        Taxable = CASE WHEN @TAX <> 0 THEN 1 ELSE 0 END,
        ShippingChargeOnOrder = @SHIPPING,
        Closed = 0,
        LastUpdated = @LOCAL_NOW
    WHERE ID = @ORDER_ID;

    UPDATE
        linked
    SET
        STOCK_COLUMNS = CASE WHEN @ORDER_TYPE = 2 THEN 'QuantityCommitted' ELSE 'none' END
    FROM dbo.USER_ORDER_LINE_LINK AS linked
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  staged.STORE_ID = linked.STORE_ID
        AND staged.WOO_ORDER_ID = linked.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   linked.WOO_LINE_ID >= 0;
END;
GO
