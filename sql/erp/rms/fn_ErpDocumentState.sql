SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpDocumentState
    What became of a linked order in RMS since it was written: everything that forbids to change it from here. What was picked up, a deposit
    and a closed order are a person's; so is whatever a person has changed.

Called by    sp_CheckDocumentState, sp_RequireRollbackIsSafe, sp_ApplyOrder, sql/ops/ROLLBACK_ORDER.sql
Parameters   @STORE_ID, @WOO_ORDER_ID: the order
Returns      DOC_ID, TKT_NO, REVISION, LINK_STATE, LINK_TOT, IS_FOUND, PAYMENTS, PAID, BOOKED and BOOKED_ON (NULL: no deposit tickets here),
             PARCELS; REASONS, '' where nothing forbids it
Example      SELECT state.REASONS FROM dbo.fn_ErpDocumentState('woocommerce', 1) AS state;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpDocumentState
(
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        link.DOC_ID,
        link.TKT_NO,
        link.REVISION,
        link.LINK_STATE,
        link.TOT AS LINK_TOT,
        CONVERT(bit, CASE WHEN held.ID IS NULL THEN 0 ELSE 1 END) AS IS_FOUND,
        0 AS PAYMENTS,
        CONVERT(decimal(15, 2), 0) AS PAID,
        CONVERT(decimal(15, 2), NULL) AS BOOKED,
        CONVERT(varchar(15), NULL) AS BOOKED_ON,
        CASE WHEN LTRIM(RTRIM(held.ShippingTrackingNumber)) <> N'' THEN 1 ELSE 0 END AS PARCELS,
        CASE
            WHEN held.ID IS NULL THEN N'it is no longer among the orders: it was deleted by hand'
            ELSE COALESCE
            (
                STUFF
                (
                    CONCAT
                    (
                        CASE
                            WHEN line.PICKED > 0
                            THEN CONCAT
                            (
                                N'; ', line.PICKED, N' of its ', line.ENTRIES, N' lines ', CASE line.PICKED WHEN 1 THEN N'was' ELSE N'were' END,
                                N' picked up'
                            )
                        END,
                        CASE
                            WHEN held.Deposit <> 0
                            THEN CONCAT(N'; it has a deposit of ', CONVERT(varchar(30), CONVERT(decimal(15, 2), held.Deposit)))
                        END,
                        CASE
                            WHEN held.Closed = 1 AND link.LINK_STATE = 'OPEN' THEN N'; it was closed by hand'
                            WHEN held.Closed = 0 AND link.LINK_STATE <> 'OPEN' THEN N'; it was opened by hand'
                        END,
                        CASE
                            WHEN link.LINK_STATE = 'OPEN'
                            AND  line.PRODUCTS > 0
                            AND  CASE WHEN line.HOLDING > 0 THEN 1 ELSE 0 END <> CASE WHEN held.Type = 2 THEN 1 ELSE 0 END
                            THEN CONCAT(N'; its type was changed by hand: it is ', held.Type)
                        END,
                        CASE
                            WHEN line.REMOVED > 0
                            THEN CONCAT(N'; ', line.REMOVED, N' of its lines ', CASE line.REMOVED WHEN 1 THEN N'was' ELSE N'were' END, N' removed by hand')
                        END,
                        CASE
                            WHEN line.ADDED > 0
                            THEN CONCAT(N'; ', line.ADDED, N' of its lines ', CASE line.ADDED WHEN 1 THEN N'was' ELSE N'were' END, N' added by hand')
                        END,
                        CASE
                            WHEN line.CHANGED > 0
                            THEN CONCAT(N'; ', line.CHANGED, N' of its lines ', CASE line.CHANGED WHEN 1 THEN N'was' ELSE N'were' END, N' changed by hand')
                        END,
                        CASE
                            WHEN link.LINK_STATE = 'OPEN' AND held.Total <> link.TOT
                            THEN CONCAT
                            (
                                N'; its total was changed by hand: ', CONVERT(varchar(30), CONVERT(decimal(15, 2), held.Total)), N' instead of ',
                                CONVERT(varchar(30), link.TOT)
                            )
                        END
                    ),
                    1,
                    2,
                    N''
                ),
                N''
            )
        END AS REASONS
    FROM dbo.USER_ORDER_LINK AS link
    LEFT JOIN dbo.[Order] AS held
        ON held.ID = link.DOC_ID
    OUTER APPLY
    (
        SELECT
            COUNT(found.ENTRY_ID) AS ENTRIES,
            COUNT(CASE WHEN found.QTY_RTD > 0 THEN 1 END) AS PICKED,
            COUNT(CASE WHEN ours.WOO_LINE_ID >= 0 THEN 1 END) AS PRODUCTS,
            COUNT(CASE WHEN ours.STOCK_COLUMNS = 'QuantityCommitted' THEN 1 END) AS HOLDING,
            COUNT(CASE WHEN found.ENTRY_ID IS NULL THEN 1 END) AS REMOVED,
            COUNT(CASE WHEN ours.LIN_SEQ_NO IS NULL THEN 1 END) AS ADDED,
            COUNT
            (
                CASE
                    WHEN ours.LIN_SEQ_NO IS NULL OR found.ENTRY_ID IS NULL THEN NULL
                    WHEN found.ITEM_NO IS NULL THEN 1
                    WHEN found.ITEM_NO <> ours.ITEM_NO OR found.QTY <> ours.QTY_SOLD OR found.AMOUNT <> ours.EXT_PRC THEN 1
                END
            ) AS CHANGED
        FROM
        (
            SELECT
                written.WOO_LINE_ID,
                written.LIN_SEQ_NO,
                written.ITEM_NO,
                written.QTY_SOLD,
                written.EXT_PRC,
                written.STOCK_COLUMNS
            FROM dbo.USER_ORDER_LINE_LINK AS written
            WHERE written.STORE_ID = link.STORE_ID
            AND   written.WOO_ORDER_ID = link.WOO_ORDER_ID
            AND   written.DOC_ID = link.DOC_ID
        ) AS ours
        FULL OUTER JOIN
        (
            SELECT
                ENTRY_ID = present.ID,
                item.ITEM_NO,
                QTY = CONVERT(decimal(15, 4), present.QuantityOnOrder),
                QTY_RTD = CONVERT(decimal(15, 4), present.QuantityRTD),
                AMOUNT = CONVERT
                (
                    decimal(15, 2), ROUND(CONVERT(decimal(15, 4), present.Price) * CONVERT(decimal(15, 4), present.QuantityOnOrder), 2)
                )
            FROM dbo.OrderEntry AS present
            LEFT JOIN dbo.fn_DynamicsAllItems() AS item
                ON item.ID = present.ItemID
            WHERE present.OrderID = link.DOC_ID
        ) AS found
            ON found.ENTRY_ID = ours.LIN_SEQ_NO
    ) AS line
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
);
GO
