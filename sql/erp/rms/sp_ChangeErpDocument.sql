SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ChangeErpDocument
    Brings a linked order in RMS in line with the staged order: entries changed, added and removed, customer, shipping, amounts, stock by the
    difference. A closed order that is changed is open again. Shipping notes that a person has corrected stay as they are.

Called by    sp_ApplyOrder, inside its caller's transaction, which holds the order and has looked at its state
Parameters   @STAGING_ID; @CUST_NO whose it is now; @CHANGES OUTPUT: what changed, for people, each part ending in '; '
Returns      no rows
Errors       50030 the amounts don't add up; 50040 something has no counterpart
Locks        the order, its entries, and the items' rows in the order of their numbers, until the caller's transaction ends
Repeatable   yes: the second time nothing differs
Example      EXECUTE dbo.sp_ChangeErpDocument @STAGING_ID = 1, @CUST_NO = 'W00000001', @CHANGES = @CHANGES OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ChangeErpDocument
    @STAGING_ID int,
    @CUST_NO varchar(15),
    @CHANGES nvarchar(2000) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @LINK_STATE varchar(20),
        @ORDER_ID int,
        @CUSTOMER_ID int,
        @BEFORE nvarchar(max),
        @SAID nvarchar(30),
        @CHANGED int,
        @ADDED int,
        @REMOVED int,
        @SHIPPING decimal(15, 2),
        @TAX decimal(15, 2),
        @TOTAL decimal(15, 2),
        @HAS_SHIPPING_ITEM bit,
        @HEADER nvarchar(2000),
        @IS_MOVED bit,
        @IS_KEPT bit;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @ORDER_ID = CONVERT(int, link.DOC_ID),
        @LINK_STATE = link.LINK_STATE
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @CUSTOMER_ID = customer.ID
    FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS customer;

    IF @CUSTOMER_ID IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'Customer ', @CUST_NO, N' is not in the ERP.');
        THROW 50040, @MESSAGE, 1;
    END;

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

    EXECUTE dbo.sp_WriteOrderEntries
        @STAGING_ID = @STAGING_ID,
        @ORDER_ID = @ORDER_ID,
        @CHANGED = @CHANGED OUTPUT,
        @ADDED = @ADDED OUTPUT,
        @REMOVED = @REMOVED OUTPUT,
        @SHIPPING = @SHIPPING OUTPUT,
        @TAX = @TAX OUTPUT,
        @TOTAL = @TOTAL OUTPUT,
        @HAS_SHIPPING_ITEM = @HAS_SHIPPING_ITEM OUTPUT,
        @NOW = @NOW;

    EXECUTE dbo.sp_WriteOrderShipping
        @STAGING_ID = @STAGING_ID,
        @ORDER_ID = @ORDER_ID,
        @CUSTOMER_ID = @CUSTOMER_ID,
        @IS_NEW = 0,
        @IS_MOVED = @IS_MOVED OUTPUT,
        @IS_KEPT = @IS_KEPT OUTPUT,
        @NOW = @NOW;

    EXECUTE dbo.sp_WriteOrderHeader
        @STAGING_ID = @STAGING_ID,
        @ORDER_ID = @ORDER_ID,
        @CUSTOMER_ID = @CUSTOMER_ID,
        @SHIPPING = @SHIPPING,
        @TAX = @TAX,
        @TOTAL = @TOTAL,
        @CHANGES = @HEADER OUTPUT,
        @NOW = @NOW;

    EXECUTE dbo.sp_CommitStock @STORE_ID = @STORE_ID, @WOO_ORDER_ID = @WOO_ORDER_ID, @BEFORE = @BEFORE, @NOW = @NOW;

    SET @SAID = CASE @LINK_STATE WHEN 'OPEN' THEN N'Web order changed' ELSE N'Web order reopened' END;
    EXECUTE dbo.sp_WriteOrderHistory @ORDER_ID = @ORDER_ID, @COMMENT = @SAID, @NOW = @NOW;

    SET @CHANGES = CONCAT
    (
        @CHANGED, N' lines changed, ', @ADDED, N' added, ', @REMOVED, N' removed; ', @HEADER,
        CASE WHEN @IS_MOVED = 1 THEN N'other ship-to address; ' END,
        CASE WHEN @IS_KEPT = 1 THEN N'kept as a person changed it in Microsoft RMS, though the store did, too: shipping notes; ' END
    );
END;
GO
