SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpAudit
    What RMS's own rows say against the promises.

Called by    sp_AuditOrders
Parameters   @STORE_ID one store's orders, NULL all; @INVENTORY 1 compares what is committed of each item with the open work orders, too
Returns      RANK_NO, CHECK_NAME, STAGING_ID, DETAIL: a row for each that is broken
Example      SELECT found.DETAIL FROM dbo.fn_ErpAudit(NULL, 1) AS found;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpAudit
(
    @STORE_ID varchar(50),
    @INVENTORY bit
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        RANK_NO = 20,
        CHECK_NAME = CONVERT(varchar(50), 'one_document'),
        staged.STAGING_ID,
        DETAIL = CONCAT(N'document ', linked.DOC_ID, N' is not in the ERP')
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND linked.LINK_STATE = 'OPEN'
    LEFT JOIN dbo.[Order] AS held
        ON held.ID = linked.DOC_ID
    WHERE staged.DUPLICATE_OF_ID IS NULL
    AND   staged.IS_APPLIED = 1
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   staged.CP_DOC_ID = CONVERT(varchar(20), linked.DOC_ID)
    AND   held.ID IS NULL
    AND   COALESCE(linked.ERP_STATUS_TOLD, '') <> 'gone'
    UNION ALL
    SELECT
        22,
        'one_document',
        staged.STAGING_ID,
        CONCAT(N'document ', other.ID, N' bears the order''s number without a link')
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
    INNER JOIN dbo.[Order] AS ours
        ON ours.ID = linked.DOC_ID
    INNER JOIN dbo.[Order] AS other
        ON  other.ReferenceNumber = ours.ReferenceNumber
        AND other.ID <> ours.ID
    WHERE staged.DUPLICATE_OF_ID IS NULL
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS known WHERE known.DOC_ID = other.ID)
    UNION ALL
    SELECT
        30,
        'totals_equal',
        compared.STAGING_ID,
        CONCAT
        (
            N'document ', compared.ID, N': staged ', CONVERT(varchar(30), compared.STAGED_TOT), N', link ', CONVERT(varchar(30), compared.LINK_TOT),
            N', Total ', CONVERT(varchar(30), compared.TOT), N', entries and shipping ', CONVERT(varchar(30), compared.PARTS), N', tax ',
            CONVERT(varchar(30), compared.TAX)
        )
    FROM
    (
        SELECT
            staged.STAGING_ID,
            held.ID,
            STAGED_TOT = CONVERT(decimal(15, 2), ROUND(staged.TOT_AMT, 2)),
            LINK_TOT = CONVERT(decimal(15, 2), linked.TOT),
            TOT = CONVERT(decimal(15, 2), ROUND(held.Total, 2)),
            TAX = CONVERT(decimal(15, 2), ROUND(held.Tax, 2)),
            PARTS = CONVERT
            (
                decimal(15, 2),
                COALESCE(entries.AMOUNT, 0) + CASE WHEN COALESCE(entries.SHIPPING, 0) = 0 THEN ROUND(held.ShippingChargeOnOrder, 2) ELSE 0 END
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS linked
            ON  linked.STORE_ID = staged.STORE_ID
            AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
            AND linked.LINK_STATE = 'OPEN'
        INNER JOIN dbo.[Order] AS held
            ON held.ID = linked.DOC_ID
        OUTER APPLY
        (
            SELECT
                AMOUNT = SUM(CONVERT
                (
                    decimal(15, 2), ROUND(CONVERT(decimal(15, 4), entry.Price) * CONVERT(decimal(15, 4), entry.QuantityOnOrder), 2)
                )),
                SHIPPING = COUNT(CASE WHEN entry.PriceSource = 10 THEN 1 END)
            FROM dbo.OrderEntry AS entry
            WHERE entry.OrderID = held.ID
        ) AS entries
        WHERE staged.STATE = 'APPLIED'
        AND   staged.DUPLICATE_OF_ID IS NULL
        AND   staged.APPLIED_HASH = staged.CONTENT_HASH
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    ) AS compared
    WHERE compared.STAGED_TOT <> compared.LINK_TOT
    OR    compared.LINK_TOT <> compared.TOT
    OR    (compared.TOT <> compared.PARTS AND compared.TOT <> compared.PARTS + compared.TAX)
    UNION ALL
    SELECT
        40,
        'inventory_equals_open_lines',
        NULL,
        CONCAT
        (
            N'item ', item.ITEM_NO, N': QuantityCommitted ', CONVERT(varchar(30), item.QTY_COMMITTED), N', open entries ',
            CONVERT(varchar(30), CONVERT(decimal(15, 4), COALESCE(open_entries.QTY, 0)))
        )
    FROM dbo.fn_DynamicsAllItems() AS item
    LEFT JOIN
    (
        SELECT
            entry.ItemID,
            QTY = SUM(CONVERT(decimal(15, 4), entry.QuantityOnOrder) - CONVERT(decimal(15, 4), entry.QuantityRTD))
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
        GROUP BY
            entry.ItemID
    ) AS open_entries
        ON open_entries.ItemID = item.ID
    WHERE @INVENTORY = 1
    AND   item.QTY_COMMITTED <> COALESCE(open_entries.QTY, 0)
);
GO
