SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_OrderEntries
    What an order is to have in RMS, reckoned to the cent: an entry for each line, one for its shipping, one for each other charge.

Called by    sp_WriteOrderEntries, sp_TakeOverOrder
Parameters   @STAGING_ID
Returns      ENTRY_KEY, the store's line id, or -1 for shipping, -2 and below for charges; POSITION_NO; ITEM_ID, ITEM_NO and COST, NULL where
             there is no item; DESCR, ENTRY_COMMENT; QTY; AMOUNT, with tax where prices include it, and FULL_AMOUNT before discounts; PRICE and
             FULL_PRICE of one, to four decimals; IS_TAXED; PRICE_SOURCE; PRODUCT_ID, VARIATION_ID
Note         Where prices include tax, what rounding leaves of it goes to the last taxed line, else to the last line, else to the last charge.
Example      SELECT entry.AMOUNT FROM dbo.fn_OrderEntries(1) AS entry;
*/
CREATE OR ALTER FUNCTION dbo.fn_OrderEntries
(
    @STAGING_ID int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        reckoned.ENTRY_KEY,
        reckoned.POSITION_NO,
        ITEM_ID = COALESCE(reckoned.ITEM_ID, charged.ID),
        ITEM_NO = COALESCE(reckoned.ITEM_NO, charged.ITEM_NO),
        COST = COALESCE(reckoned.COST, charged.COST),
        DESCR = CONVERT(nvarchar(30), reckoned.DESCR),
        ENTRY_COMMENT = CONVERT(nvarchar(255), reckoned.ENTRY_COMMENT),
        reckoned.QTY,
        reckoned.AMOUNT,
        reckoned.FULL_AMOUNT,
        PRICE = CONVERT(decimal(15, 4), ROUND(reckoned.AMOUNT / NULLIF(reckoned.QTY, 0), 4)),
        FULL_PRICE = CONVERT(decimal(15, 4), ROUND(reckoned.FULL_AMOUNT / NULLIF(reckoned.QTY, 0), 4)),
        IS_TAXED = CASE WHEN reckoned.TAX_AMT <> 0 THEN 1 ELSE 0 END,
        PRICE_SOURCE = CASE WHEN reckoned.ENTRY_KEY = -1 THEN 10 ELSE 1 END,
        reckoned.PRODUCT_ID,
        reckoned.VARIATION_ID
    FROM
    (
        SELECT
            part.STORE_ID,
            part.WOO_ORDER_ID,
            part.ENTRY_KEY,
            part.POSITION_NO,
            part.ITEM_ID,
            part.ITEM_NO,
            part.COST,
            part.DESCR,
            part.ENTRY_COMMENT,
            part.QTY,
            part.TAX_AMT,
            part.PRODUCT_ID,
            part.VARIATION_ID,
            part.AMOUNT,
            FULL_AMOUNT = CASE
                WHEN part.GROSS_AMT = part.NET_AMT THEN part.AMOUNT
                WHEN part.NET_AMT = 0 THEN part.GROSS_AMT
                ELSE CONVERT(decimal(15, 2), ROUND(part.GROSS_AMT * part.AMOUNT / NULLIF(part.NET_AMT, 0), 2))
            END
        FROM
        (
            SELECT
                ranked.STORE_ID,
                ranked.WOO_ORDER_ID,
                ranked.ENTRY_KEY,
                ranked.POSITION_NO,
                ranked.ITEM_ID,
                ranked.ITEM_NO,
                ranked.COST,
                ranked.DESCR,
                ranked.ENTRY_COMMENT,
                ranked.QTY,
                ranked.NET_AMT,
                ranked.GROSS_AMT,
                ranked.TAX_AMT,
                ranked.PRODUCT_ID,
                ranked.VARIATION_ID,
                AMOUNT = CONVERT
                (
                    decimal(15, 2),
                    ranked.NET_AMT + CASE
                        WHEN site.PRICES_INCLUDE_TAX = 0 THEN 0
                        WHEN ranked.RANK_NO = 1 THEN ranked.TAX_AMT + ranked.ORDER_TAX - ranked.PARTS_TAX
                        ELSE ranked.TAX_AMT
                    END
                )
            FROM
            (
                SELECT
                    parts.STORE_ID,
                    parts.WOO_ORDER_ID,
                    parts.ENTRY_KEY,
                    parts.POSITION_NO,
                    parts.ITEM_ID,
                    parts.ITEM_NO,
                    parts.COST,
                    parts.DESCR,
                    parts.ENTRY_COMMENT,
                    parts.QTY,
                    parts.NET_AMT,
                    parts.GROSS_AMT,
                    parts.TAX_AMT,
                    parts.ORDER_TAX,
                    parts.PRODUCT_ID,
                    parts.VARIATION_ID,
                    PARTS_TAX = SUM(parts.TAX_AMT) OVER (PARTITION BY parts.STORE_ID),
                    RANK_NO = ROW_NUMBER() OVER
                    (
                        ORDER BY
                            CASE WHEN parts.ENTRY_KEY < 0 THEN 2 WHEN parts.TAX_AMT = 0 THEN 1 ELSE 0 END,
                            parts.POSITION_NO DESC
                    )
                FROM
                (
                    SELECT
                        staged.STORE_ID,
                        staged.WOO_ORDER_ID,
                        ORDER_TAX = CONVERT(decimal(15, 2), ROUND(COALESCE(staged.TAX_AMT, 0), 2)),
                        ENTRY_KEY = line.WOO_LINE_ID,
                        POSITION_NO = line.POSITION_NO,
                        line.ITEM_ID,
                        line.ITEM_NO,
                        line.COST,
                        line.DESCR,
                        ENTRY_COMMENT = CASE WHEN line.DESCR <> line.WHOLE_DESCR THEN dbo.fn_Shorten(line.WHOLE_DESCR, 255) ELSE N'' END,
                        line.QTY,
                        NET_AMT = line.EXT_PRC,
                        GROSS_AMT = line.GROSS_EXT_PRC,
                        line.TAX_AMT,
                        line.PRODUCT_ID,
                        line.VARIATION_ID
                    FROM dbo.USER_ORDER_STAGING AS staged
                    CROSS APPLY dbo.fn_ErpLines(staged.STORE_ID, staged.WOO_ORDER_ID, staged.LINE_ITEMS_JSON) AS line
                    WHERE staged.STAGING_ID = @STAGING_ID
                    AND   line.QTY > 0
                    UNION ALL
                    SELECT
                        staged.STORE_ID,
                        staged.WOO_ORDER_ID,
                        CONVERT(decimal(15, 2), ROUND(COALESCE(staged.TAX_AMT, 0), 2)),
                        -1,
                        1000000,
                        NULL,
                        NULL,
                        NULL,
                        dbo.fn_Shorten(COALESCE(NULLIF(staged.SHIP_VIA, N''), N'Shipping'), 30),
                        N'Shipping Item',
                        CONVERT(decimal(15, 4), 1),
                        shipping.AMT,
                        shipping.AMT,
                        shipping.TAX_AMT,
                        0,
                        0
                    FROM dbo.USER_ORDER_STAGING AS staged
                    CROSS APPLY
                    (
                        SELECT
                            AMT = CONVERT(decimal(15, 2), SUM(charge.AMT)),
                            TAX_AMT = CONVERT(decimal(15, 2), SUM(charge.TAX_AMT))
                        FROM dbo.fn_StagedCharges(staged.ORDER_JSON) AS charge
                        WHERE charge.CHARGE_TYPE = N'shipping'
                        HAVING COUNT(*) > 0
                    ) AS shipping
                    WHERE staged.STAGING_ID = @STAGING_ID
                    UNION ALL
                    SELECT
                        staged.STORE_ID,
                        staged.WOO_ORDER_ID,
                        CONVERT(decimal(15, 2), ROUND(COALESCE(staged.TAX_AMT, 0), 2)),
                        -1 - ROW_NUMBER() OVER (ORDER BY charge.POSITION_NO),
                        1000000 + charge.POSITION_NO,
                        NULL,
                        NULL,
                        NULL,
                        dbo.fn_Shorten(COALESCE(NULLIF(charge.DESCR, N''), charge.CHARGE_TYPE), 30),
                        charge.CHARGE_TYPE,
                        CONVERT(decimal(15, 4), 1),
                        charge.AMT,
                        charge.AMT,
                        charge.TAX_AMT,
                        0,
                        0
                    FROM dbo.USER_ORDER_STAGING AS staged
                    CROSS APPLY dbo.fn_StagedCharges(staged.ORDER_JSON) AS charge
                    WHERE staged.STAGING_ID = @STAGING_ID
                    AND   charge.CHARGE_TYPE <> N'shipping'
                ) AS parts
            ) AS ranked
            CROSS JOIN dbo.fn_DynamicsConfig() AS site
        ) AS part
    ) AS reckoned
    CROSS JOIN dbo.fn_DynamicsConfig() AS chosen
    LEFT JOIN dbo.USER_ORDER_LINE_LINK AS linked
        ON  linked.STORE_ID = reckoned.STORE_ID
        AND linked.WOO_ORDER_ID = reckoned.WOO_ORDER_ID
        AND linked.WOO_LINE_ID = reckoned.ENTRY_KEY
        AND reckoned.ENTRY_KEY < 0
    OUTER APPLY
    (
        SELECT TOP (1)
            item.ID,
            item.ITEM_NO,
            item.COST
        FROM
        (
            SELECT
                known.ID,
                known.ITEM_NO,
                known.COST,
                RANK_NO = 1
            FROM dbo.fn_DynamicsItem(linked.ITEM_NO) AS known
            UNION ALL
            SELECT
                named.ID,
                named.ITEM_NO,
                named.COST,
                2
            FROM dbo.fn_DynamicsAllItems() AS named
            WHERE reckoned.ENTRY_KEY < 0
            AND   named.ID = CASE WHEN reckoned.ENTRY_KEY = -1 THEN chosen.SHIPPING_ITEM_ID ELSE chosen.CHARGE_ITEM_ID END
        ) AS item
        ORDER BY
            item.RANK_NO
    ) AS charged
);
GO
