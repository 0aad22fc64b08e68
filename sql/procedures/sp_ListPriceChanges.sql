SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListPriceChanges
    What a store should ask for its items, beside what it asks as far as is known.

Called by    syncctl price push
Parameters   @STORE_ID; @SKUS a JSON array of SKUs, NULL: all; @INCLUDES_TAX whether the store's prices include tax, NULL: it reckons none, so
             that prices go as they are; @DECIMALS of the store's currency; @HAS_SALE_DATES = 0: the store keeps no dates of a sale, so
             that one is wanted while it runs
Returns      by SKU: PRODUCT_ID, PARENT_ID, SKU, NAME, ITEM_NO (NULL: the ERP has none); what the store asks as it was listed or told last:
             STORE_REGULAR, STORE_SALE, STORE_SALE_FROM_DT, STORE_SALE_TO_DT; what it should: REGULAR, SALE, SALE_FROM_DT, SALE_TO_DT;
             SALE_FAULT why a sale of the ERP's is left out: not lower, ends first, zero; STANDING: same, differs, unknown (no item),
             unmanaged (the store keeps no price of it), off (switched off), pack (several make one of the store's), unpriced (the ERP has
             no price above 0), untaxed (its tax isn't known, and the store's prices need it), waiting (the store refused it; it is tried
             again at NEXT_ATTEMPT_DT); TOLD_DT
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Note         A sale that is over is none, and one that has begun needs no beginning: WooCommerce takes both away by itself.
             Where the ERP's prices and the store's differ in whether they include tax, it is reckoned with the item's own rate, else with the
             site setting WEB_TAX_RATE. Halves are rounded up.
Example      EXECUTE dbo.sp_ListPriceChanges @STORE_ID = 'woocommerce', @INCLUDES_TAX = 0;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListPriceChanges
    @STORE_ID varchar(50),
    @SKUS nvarchar(max) = NULL,
    @INCLUDES_TAX bit = NULL,
    @DECIMALS int = 2,
    @HAS_SALE_DATES bit = 1,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @WEB_TAX_RATE decimal(9, 6),
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN @SKUS IS NOT NULL AND (COALESCE(ISJSON(@SKUS), 0) = 0 OR LEFT(LTRIM(@SKUS), 1) <> N'[') THEN N'@SKUS takes a JSON array. ' END,
            CASE WHEN @DECIMALS NOT BETWEEN 0 AND 4 THEN N'@DECIMALS takes 0 to 4.' END
        ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT
        @WEB_TAX_RATE = TRY_CONVERT(decimal(9, 4), MAX(CASE WHEN setting.NAME = 'WEB_TAX_RATE' THEN NULLIF(setting.VALUE, N'') END)) / 100
    FROM dbo.USER_ERP_SETTING AS setting;

    SELECT
        judged.PRODUCT_ID,
        judged.PARENT_ID,
        judged.SKU,
        judged.NAME,
        judged.ITEM_NO,
        judged.STORE_REGULAR,
        judged.STORE_SALE,
        judged.STORE_SALE_FROM_DT,
        judged.STORE_SALE_TO_DT,
        judged.REGULAR,
        judged.SALE,
        judged.SALE_FROM_DT,
        judged.SALE_TO_DT,
        judged.SALE_FAULT,
        STANDING = CONVERT(varchar(20), CASE
            WHEN judged.ITEM_NO IS NULL OR judged.IS_ACTIVE IS NULL THEN 'unknown'
            WHEN judged.IS_PRICED = 0 THEN 'unmanaged'
            WHEN judged.IS_ACTIVE = 0 OR judged.IS_OFF = 1 THEN 'off'
            WHEN judged.PACK_QTY <> 1 THEN 'pack'
            WHEN judged.ERP_REGULAR IS NULL OR judged.REGULAR <= 0 THEN 'unpriced'
            WHEN judged.REGULAR IS NULL THEN 'untaxed'
            WHEN judged.STORE_REGULAR = judged.REGULAR
            AND  COALESCE(judged.STORE_SALE, -1) = COALESCE(judged.SALE, -1)
            AND  COALESCE(judged.STORE_SALE_FROM_DT, '19000101') = COALESCE(judged.SALE_FROM_DT, '19000101')
            AND  COALESCE(judged.STORE_SALE_TO_DT, '19000101') = COALESCE(judged.SALE_TO_DT, '19000101') THEN 'same'
            WHEN judged.NEXT_ATTEMPT_DT > @NOW THEN 'waiting'
            ELSE 'differs'
        END),
        judged.TOLD_DT,
        judged.NEXT_ATTEMPT_DT
    FROM
    (
        SELECT
            item.PRODUCT_ID,
            item.PARENT_ID,
            item.SKU,
            item.NAME,
            item.IS_PRICED,
            item.STORE_REGULAR,
            there.STORE_SALE,
            STORE_SALE_FROM_DT = CASE WHEN there.STORE_SALE IS NOT NULL AND item.STORE_SALE_FROM_DT > @NOW THEN item.STORE_SALE_FROM_DT END,
            STORE_SALE_TO_DT = CASE WHEN there.STORE_SALE IS NOT NULL THEN item.STORE_SALE_TO_DT END,
            TOLD_DT = item.PRICE_TOLD_DT,
            NEXT_ATTEMPT_DT = item.PRICE_NEXT_ATTEMPT_DT,
            meant.ITEM_NO,
            price.IS_ACTIVE,
            IS_OFF = COALESCE(own.IS_OFF, shared.IS_OFF, 0),
            PACK_QTY = COALESCE(own.PACK_QTY, shared.PACK_QTY, 1),
            priced.ERP_REGULAR,
            reckoned.REGULAR,
            SALE = CASE WHEN sale.FAULT IS NULL THEN reckoned.SALE END,
            SALE_FROM_DT = CASE
                WHEN sale.FAULT IS NULL AND reckoned.SALE IS NOT NULL AND @HAS_SALE_DATES = 1 AND price.SALE_FROM_DT > @NOW THEN price.SALE_FROM_DT
            END,
            SALE_TO_DT = CASE WHEN sale.FAULT IS NULL AND reckoned.SALE IS NOT NULL AND @HAS_SALE_DATES = 1 THEN price.SALE_TO_DT END,
            SALE_FAULT = CONVERT(varchar(20), sale.FAULT)
        FROM dbo.USER_STORE_ITEM AS item
        OUTER APPLY dbo.fn_ErpItemOfSku(@STORE_ID, item.SKU) AS meant
        OUTER APPLY dbo.fn_ErpPrice(meant.ITEM_NO) AS price
        LEFT JOIN dbo.USER_WEB_ITEM AS own
            ON  own.STORE_ID = @STORE_ID
            AND own.SKU = item.SKU
        LEFT JOIN dbo.USER_WEB_ITEM AS shared
            ON  shared.STORE_ID = '*'
            AND shared.SKU = item.SKU
        CROSS APPLY
        (
            SELECT
                STORE_SALE = CASE WHEN item.STORE_SALE_TO_DT <= @NOW THEN NULL ELSE item.STORE_SALE END
        ) AS there
        CROSS APPLY
        (
            SELECT
                ERP_REGULAR = CASE WHEN price.REGULAR > 0 AND price.REGULAR < 1000000000 THEN price.REGULAR END,
                ERP_SALE = CASE
                    WHEN price.SALE_TO_DT <= @NOW AND COALESCE(price.SALE_FROM_DT, '19000101') < price.SALE_TO_DT THEN NULL
                    WHEN @HAS_SALE_DATES = 0 AND price.SALE_FROM_DT > @NOW AND price.SALE_FROM_DT < COALESCE(price.SALE_TO_DT, '99991231') THEN NULL
                    WHEN price.SALE > 0 AND price.SALE < 1000000000 THEN price.SALE
                END,
                NEEDS_TAX = CASE WHEN @INCLUDES_TAX <> price.INCLUDES_TAX THEN 1 ELSE 0 END,
                TAX_RATE = CONVERT(decimal(9, 6), COALESCE(price.TAX_RATE, @WEB_TAX_RATE))
        ) AS priced
        CROSS APPLY
        (
            SELECT
                REGULAR = CONVERT(decimal(15, 4), ROUND(CASE
                    WHEN priced.NEEDS_TAX = 0 THEN priced.ERP_REGULAR
                    WHEN @INCLUDES_TAX = 1 THEN priced.ERP_REGULAR * (1 + priced.TAX_RATE)
                    ELSE priced.ERP_REGULAR / (1 + priced.TAX_RATE)
                END, @DECIMALS)),
                SALE = CONVERT(decimal(15, 4), ROUND(CASE
                    WHEN priced.NEEDS_TAX = 0 THEN priced.ERP_SALE
                    WHEN @INCLUDES_TAX = 1 THEN priced.ERP_SALE * (1 + priced.TAX_RATE)
                    ELSE priced.ERP_SALE / (1 + priced.TAX_RATE)
                END, @DECIMALS))
        ) AS reckoned
        CROSS APPLY
        (
            SELECT
                FAULT = CASE
                    WHEN priced.ERP_SALE IS NULL OR reckoned.REGULAR IS NULL THEN NULL
                    WHEN price.SALE_TO_DT <= price.SALE_FROM_DT THEN 'ends first'
                    WHEN reckoned.SALE <= 0 THEN 'zero'
                    WHEN reckoned.SALE >= reckoned.REGULAR THEN 'not lower'
                END
        ) AS sale
        WHERE item.STORE_ID = @STORE_ID
        AND   (@SKUS IS NULL OR item.SKU IN (SELECT wanted.value FROM OPENJSON(@SKUS) AS wanted))
    ) AS judged
    ORDER BY
        judged.SKU,
        judged.PRODUCT_ID;
END;
GO
