SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateErpDocument
    Writes a staged order into RMS: a work order (or a quote, ORDER_TYPE) with its entries, its customer, where it is shipped, its history and
    what it commits of the stock. One that an older integration entered is taken over instead (sp_TakeOverOrder).

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @CUST_NO whose it is; @DOC_ID, @TKT_NO OUTPUT: the order's ID, as a number and as a text
Returns      no rows
Errors       50030 the amounts don't add up, or a former order can't be taken over; 50040 something has no counterpart; 50041 STORE_ID
             is not set
Locks        the order, its customer's ship-to addresses, and the items' rows in the order of their numbers
Repeatable   no: each call writes an order
Example      EXECUTE dbo.sp_CreateErpDocument @STAGING_ID = 1, @CUST_NO = 'W00000001', @DOC_ID = @DOC_ID OUTPUT, @TKT_NO = @TKT_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateErpDocument
    @STAGING_ID int,
    @CUST_NO varchar(15),
    @DOC_ID bigint OUTPUT,
    @TKT_NO varchar(15) OUTPUT,
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
        @ORDER_ID int,
        @CUSTOMER_ID int,
        @BEFORE nvarchar(max),
        @SAID nvarchar(30) = N'Web order taken over',
        @CHANGED int,
        @ADDED int,
        @REMOVED int,
        @SHIPPING decimal(15, 2),
        @TAX decimal(15, 2),
        @TOTAL decimal(15, 2),
        @HAS_SHIPPING_ITEM bit,
        @CHANGES nvarchar(2000),
        @IS_MOVED bit,
        @IS_KEPT bit;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF EXISTS (SELECT 1 FROM dbo.fn_DynamicsConfig() AS site WHERE site.STORE_ID IS NULL)
    BEGIN
        SET @MESSAGE = N'No document can be written: STORE_ID is not set. `syncctl config erp set STORE_ID NUMBER`, or `syncctl config erp import`.';
        THROW 50041, @MESSAGE, 1;
    END;

    SELECT
        @CUSTOMER_ID = customer.ID
    FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS customer;

    IF @CUSTOMER_ID IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'Customer ', @CUST_NO, N' is not in the ERP.');
        THROW 50040, @MESSAGE, 1;
    END;

    EXECUTE dbo.sp_TakeOverOrder @STAGING_ID = @STAGING_ID, @ORDER_ID = @ORDER_ID OUTPUT, @NOW = @NOW;

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

    IF @ORDER_ID IS NULL
    BEGIN
        SET @SAID = N'Web order entered';

        INSERT INTO dbo.[Order]
        (
            StoreID, Closed, Time, Type, Comment, CustomerID, ShipToID, DepositOverride, Deposit, Tax, Total, LastUpdated,
            ExpirationOrDueDate, Taxable, SalesRepID, ReferenceNumber, ShippingChargeOnOrder, ShippingChargeOverride, ShippingServiceID,
            ShippingTrackingNumber, ShippingNotes, ReasonCodeID, ExchangeID, ChannelType, DefaultDiscountReasonCodeID,
            DefaultReturnReasonCodeID, DefaultTaxChangeReasonCodeID
        )
        SELECT
            site.STORE_ID,
            0,
            staged.TKT_DT,
            site.ORDER_TYPE,
            known.COMMENT,
            0,
            0,
            0,
            0,
            0,
            0,
            moment.LOCAL_DT,
            DATEADD(DAY, site.DUE_DAYS, staged.TKT_DT),
            1,
            site.SALES_REP_ID,
            known.REFERENCE,
            0,
            1,
            site.SHIPPING_SERVICE_ID,
            N'',
            N'',
            0,
            0,
            site.CHANNEL_TYPE,
            0,
            0,
            0
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS JOIN dbo.fn_DynamicsConfig() AS site
        CROSS JOIN dbo.fn_DynamicsTime(@NOW) AS moment
        CROSS JOIN dbo.fn_DynamicsReference(@STAGING_ID) AS known
        WHERE staged.STAGING_ID = @STAGING_ID;

        SET @ORDER_ID = CONVERT(int, SCOPE_IDENTITY());
    END;

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

    EXECUTE dbo.sp_WriteOrderHeader
        @STAGING_ID = @STAGING_ID,
        @ORDER_ID = @ORDER_ID,
        @CUSTOMER_ID = @CUSTOMER_ID,
        @SHIPPING = @SHIPPING,
        @TAX = @TAX,
        @TOTAL = @TOTAL,
        @CHANGES = @CHANGES OUTPUT,
        @NOW = @NOW;

    UPDATE
        held
    SET
        ReferenceNumber = known.REFERENCE
    FROM dbo.[Order] AS held
    CROSS JOIN dbo.fn_DynamicsReference(@STAGING_ID) AS known
    WHERE held.ID = @ORDER_ID;

    EXECUTE dbo.sp_WriteOrderShipping
        @STAGING_ID = @STAGING_ID,
        @ORDER_ID = @ORDER_ID,
        @CUSTOMER_ID = @CUSTOMER_ID,
        @IS_NEW = 1,
        @IS_MOVED = @IS_MOVED OUTPUT,
        @IS_KEPT = @IS_KEPT OUTPUT,
        @NOW = @NOW;

    EXECUTE dbo.sp_CommitStock @STORE_ID = @STORE_ID, @WOO_ORDER_ID = @WOO_ORDER_ID, @BEFORE = @BEFORE, @NOW = @NOW;
    EXECUTE dbo.sp_WriteOrderHistory @ORDER_ID = @ORDER_ID, @COMMENT = @SAID, @NOW = @NOW;

    IF @HAS_SHIPPING_ITEM = 0
    BEGIN
        INSERT INTO dbo.USER_ORDER_EVENT
        (
            STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
        )
        VALUES
        (
            @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW, 'NO_SHIPPING_ITEM',
            N'The order has its shipping charge, but no entry for it: `syncctl config erp set SHIPPING_ITEM_ID` names the item.'
        );
    END;

    SET @DOC_ID = @ORDER_ID;
    SET @TKT_NO = CONVERT(varchar(15), @ORDER_ID);
END;
GO
