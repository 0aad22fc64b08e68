SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpStatus
    How a store's linked orders stand in RMS. What was picked up or has a tracking number was shipped; RMS closes an order that is picked
    up whole.

Called by    sp_QueueStatusChanges, sp_ListOpenOrders
Parameters   @STORE_ID; @AFTER_ID only of links behind this staging id
Returns      WOO_ORDER_ID; ERP_STATUS open, shipped, closed, gone
Example      SELECT status.ERP_STATUS FROM dbo.fn_ErpStatus('woocommerce', 0) AS status;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpStatus
(
    @STORE_ID varchar(50),
    @AFTER_ID int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        link.WOO_ORDER_ID,
        CASE
            WHEN held.ID IS NULL THEN 'gone'
            WHEN LTRIM(RTRIM(held.ShippingTrackingNumber)) <> N'' THEN 'shipped'
            WHEN held.Closed = 1 AND picked.SOME_OF_THEM > 0 THEN 'shipped'
            WHEN held.Closed = 1 THEN 'closed'
            WHEN picked.PICKED > 0 AND picked.PICKED = picked.ENTRIES THEN 'shipped'
            ELSE 'open'
        END AS ERP_STATUS
    FROM dbo.USER_ORDER_LINK AS link
    LEFT JOIN dbo.[Order] AS held
        ON held.ID = link.DOC_ID
    OUTER APPLY
    (
        SELECT
            COUNT(CASE WHEN entry.PriceSource <> 10 THEN 1 END) AS ENTRIES,
            COUNT(CASE WHEN CONVERT(decimal(15, 4), entry.QuantityRTD) > 0 THEN 1 END) AS SOME_OF_THEM,
            COUNT
            (
                CASE
                    WHEN entry.PriceSource <> 10
                    AND  CONVERT(decimal(15, 4), entry.QuantityRTD) > 0
                    AND  CONVERT(decimal(15, 4), entry.QuantityRTD) >= CONVERT(decimal(15, 4), entry.QuantityOnOrder) THEN 1
                END
            ) AS PICKED
        FROM dbo.OrderEntry AS entry
        WHERE entry.OrderID = link.DOC_ID
    ) AS picked
    WHERE link.STORE_ID = @STORE_ID
    AND   link.LINK_STATE = 'OPEN'
    AND   link.ERP_STATUS_TOLD <> 'gone'
    AND   link.STAGING_ID > @AFTER_ID
);
GO
