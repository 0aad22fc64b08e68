SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetErpDocument
    Everything that stands of one order in RMS, table by table, for a comparison with another one.

Called by    syncctl db compare-document
Parameters   @NUMBER an order's ID, else its reference
Returns      a row for each table: DOC_ID, TKT_NO, IS_OURS, OTHER_DOC_ID (where the number fits another order, too), TABLE_NAME, KEY_COLUMNS,
             CONTENT, a JSON array of its rows; DEPOSIT_TKT_NO NULL
Errors       50004 there is no such order
Locks        none beyond its reads
Repeatable   yes
Note         The lists of columns are the site's own: a deploy writes them.
Example      EXECUTE dbo.sp_GetErpDocument @NUMBER = N'1';
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetErpDocument
    @NUMBER nvarchar(50),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @ID int,
        @ASKED int,
        @OTHER_ID int,
        @IS_OURS bit = 0,
        @ORDERS nvarchar(max),
        @ENTRIES nvarchar(max),
        @HISTORY nvarchar(max),
        @STOCK nvarchar(max);

    IF @NUMBER NOT LIKE N'%[^0-9]%' AND LEN(@NUMBER) < 10
    BEGIN
        SET @ASKED = TRY_CONVERT(int, @NUMBER);
    END;

    SELECT
        @ID = held.ID
    FROM dbo.[Order] AS held
    WHERE held.ID = @ASKED;

    SELECT
        @OTHER_ID = MIN(held.ID)
    FROM dbo.[Order] AS held
    WHERE held.ReferenceNumber = @NUMBER;

    IF @ID IS NULL
    BEGIN
        SET @ID = @OTHER_ID;
    END;

    IF @ID IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'The ERP has no order ', @NUMBER, N'. Give its ID or its reference.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @IS_OURS = 1
    FROM dbo.USER_ORDER_LINK AS link
    WHERE link.DOC_ID = @ID;

    SET @ORDERS =
    (
        SELECT
            /* For each column of ORDER: */
            [ID] = held.[ID],
            [STOREID] = held.[StoreID],
            [CLOSED] = held.[Closed],
            [TIME] = held.[Time],
            [TYPE] = held.[Type],
            [COMMENT] = held.[Comment],
            [CUSTOMERID] = held.[CustomerID],
            [SHIPTOID] = held.[ShipToID],
            [DEPOSITOVERRIDE] = held.[DepositOverride],
            [DEPOSIT] = held.[Deposit],
            [TAX] = held.[Tax],
            [TOTAL] = held.[Total],
            [LASTUPDATED] = held.[LastUpdated],
            [EXPIRATIONORDUEDATE] = held.[ExpirationOrDueDate],
            [TAXABLE] = held.[Taxable],
            [SALESREPID] = held.[SalesRepID],
            [REFERENCENUMBER] = held.[ReferenceNumber],
            [SHIPPINGCHARGEONORDER] = held.[ShippingChargeOnOrder],
            [SHIPPINGCHARGEOVERRIDE] = held.[ShippingChargeOverride],
            [SHIPPINGSERVICEID] = held.[ShippingServiceID],
            [SHIPPINGTRACKINGNUMBER] = held.[ShippingTrackingNumber],
            [SHIPPINGNOTES] = held.[ShippingNotes],
            [REASONCODEID] = held.[ReasonCodeID],
            [EXCHANGEID] = held.[ExchangeID],
            [CHANNELTYPE] = held.[ChannelType],
            [DEFAULTDISCOUNTREASONCODEID] = held.[DefaultDiscountReasonCodeID],
            [DEFAULTRETURNREASONCODEID] = held.[DefaultReturnReasonCodeID],
            [DEFAULTTAXCHANGEREASONCODEID] = held.[DefaultTaxChangeReasonCodeID]
            /* End. */
        FROM dbo.[Order] AS held
        WHERE held.ID = @ID
        FOR JSON PATH, INCLUDE_NULL_VALUES
    );

    SET @ENTRIES =
    (
        SELECT
            /* For each column of ORDERENTRY: */
            [ID] = entry.[ID],
            [STOREID] = entry.[StoreID],
            [ORDERID] = entry.[OrderID],
            [ITEMID] = entry.[ItemID],
            [DETAILID] = entry.[DetailID],
            [DESCRIPTION] = entry.[Description],
            [PRICE] = entry.[Price],
            [FULLPRICE] = entry.[FullPrice],
            [COST] = entry.[Cost],
            [QUANTITYONORDER] = entry.[QuantityOnOrder],
            [QUANTITYRTD] = entry.[QuantityRTD],
            [PRICESOURCE] = entry.[PriceSource],
            [TAXABLE] = entry.[Taxable],
            [DISCOUNTREASONCODEID] = entry.[DiscountReasonCodeID],
            [RETURNREASONCODEID] = entry.[ReturnReasonCodeID],
            [TAXCHANGEREASONCODEID] = entry.[TaxChangeReasonCodeID],
            [SALESREPID] = entry.[SalesRepID],
            [ISADDMONEY] = entry.[IsAddMoney],
            [VOUCHERID] = entry.[VoucherID],
            [LASTUPDATED] = entry.[LastUpdated],
            [TRANSACTIONTIME] = entry.[TransactionTime],
            [COMMENT] = entry.[Comment]
            /* End. */
        FROM dbo.OrderEntry AS entry
        WHERE entry.OrderID = @ID
        ORDER BY
            entry.ID
        FOR JSON PATH, INCLUDE_NULL_VALUES
    );

    SET @HISTORY =
    (
        SELECT
            /* For each column of ORDERHISTORY: */
            [ID] = said.[ID],
            [STOREID] = said.[StoreID],
            [BATCHNUMBER] = said.[BatchNumber],
            [DATE] = said.[Date],
            [ORDERID] = said.[OrderID],
            [CASHIERID] = said.[CashierID],
            [DELTADEPOSIT] = said.[DeltaDeposit],
            [TRANSACTIONNUMBER] = said.[TransactionNumber],
            [COMMENT] = said.[Comment]
            /* End. */
        FROM dbo.OrderHistory AS said
        WHERE said.OrderID = @ID
        ORDER BY
            said.ID
        FOR JSON PATH, INCLUDE_NULL_VALUES
    );

    SET @STOCK =
    (
        SELECT
            ID = item.ID,
            HELD_HERE = sums.HELD_HERE,
            HELD_BY_US = sums.HELD_BY_US,
            HELD_BY_OTHERS = sums.HELD_BY_OTHERS,
            MOVED_BY_US = 'QTY_COMMITTED',
            QTY_COMMITTED = item.QTY_COMMITTED
        FROM
        (
            SELECT
                entry.ItemID,
                HELD_HERE = SUM(CASE WHEN entry.OrderID = @ID THEN CONVERT(decimal(15, 4), entry.QuantityOnOrder) ELSE 0 END),
                HELD_BY_US = SUM(CASE WHEN link.DOC_ID IS NOT NULL THEN CONVERT(decimal(15, 4), entry.QuantityOnOrder) ELSE 0 END),
                HELD_BY_OTHERS = SUM(CASE WHEN link.DOC_ID IS NULL THEN CONVERT(decimal(15, 4), entry.QuantityOnOrder) ELSE 0 END)
            FROM dbo.OrderEntry AS entry
            INNER JOIN dbo.[Order] AS held
                ON  held.ID = entry.OrderID
                AND held.Type = 2
                AND held.Closed = 0
            LEFT JOIN dbo.USER_ORDER_LINK AS link
                ON link.DOC_ID = entry.OrderID
            LEFT JOIN dbo.USER_ORDER_LINE_LINK AS line
                ON  line.STORE_ID = link.STORE_ID
                AND line.WOO_ORDER_ID = link.WOO_ORDER_ID
                AND line.LIN_SEQ_NO = entry.ID
            WHERE entry.PriceSource <> 10
            AND   COALESCE(line.WOO_LINE_ID, 0) >= 0
            AND   EXISTS (SELECT 1 FROM dbo.OrderEntry AS own WHERE own.OrderID = @ID AND own.ItemID = entry.ItemID)
            GROUP BY
                entry.ItemID
        ) AS sums
        INNER JOIN dbo.fn_DynamicsAllItems() AS item
            ON item.ID = sums.ItemID
        WHERE sums.HELD_HERE <> 0
        ORDER BY
            item.ID
        FOR JSON PATH, INCLUDE_NULL_VALUES
    );

    SELECT
        DOC_ID = CONVERT(bigint, @ID),
        TKT_NO = CONVERT(varchar(15), @ID),
        IS_OURS = @IS_OURS,
        OTHER_DOC_ID = CONVERT(bigint, CASE WHEN @OTHER_ID <> @ID THEN @OTHER_ID END),
        TABLE_NAME = CONVERT(varchar(128), part.TABLE_NAME),
        KEY_COLUMNS = CONVERT(varchar(500), 'ID'),
        CONTENT = part.CONTENT,
        DEPOSIT_TKT_NO = CONVERT(varchar(15), NULL)
    FROM
    (
        VALUES
            (1, 'Item', @STOCK),
            (2, 'Order', @ORDERS),
            (3, 'OrderEntry', @ENTRIES),
            (4, 'OrderHistory', @HISTORY)
    ) AS part (SEQ_NO, TABLE_NAME, CONTENT)
    ORDER BY
        part.SEQ_NO;
END;
GO
