SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpPrice
    The price that CounterPoint has of an item for the web: the column of IM_PRC that the site setting WEB_PRICE_LIST names, at the
    location PRC_LOC_ID; the column WEB_SALE_LIST, where one is named and it is lower, is the price of a sale.

Used by      sp_ListPriceChanges
Parameters   @ITEM_NO
Returns      one row: REGULAR and SALE (NULL: none), SALE_FROM_DT and SALE_TO_DT (UTC), TAX_RATE (NULL: not known here), INCLUDES_TAX,
             IS_ACTIVE; none where there is no such item
Note         Where the location has no price of the item, it is that of the location * (every one), else IM_ITEM's own. Rules for promotions
             (IM_PRC_RUL) aren't reckoned with. A deploy leaves out the columns that the site lacks.
Example      SELECT price.* FROM dbo.fn_ErpPrice('TEE-BLK') AS price;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpPrice
(
    @ITEM_NO varchar(20)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        REGULAR = CONVERT(decimal(15, 4), listed.REGULAR),
        SALE = CONVERT(decimal(15, 4), CASE WHEN listed.SALE > 0 AND listed.SALE < listed.REGULAR THEN listed.SALE END),
        SALE_FROM_DT = CONVERT(datetime2(3), NULL),
        SALE_TO_DT = CONVERT(datetime2(3), NULL),
        TAX_RATE = CONVERT(decimal(9, 6), CASE WHEN item.IS_TXBL = 'N' THEN 0 END),
        INCLUDES_TAX = CONVERT(bit, CASE WHEN site.INCLUDES_TAX = N'Y' THEN 1 ELSE 0 END),
        IS_ACTIVE = CONVERT(bit, CASE WHEN item.STAT = 'A' THEN 1 ELSE 0 END)
    FROM dbo.IM_ITEM AS item
    CROSS JOIN
    (
        SELECT
            PRC_LOC_ID = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END)),
            PRICE_LIST = CONVERT(varchar(10), COALESCE(MAX(CASE WHEN setting.NAME = 'WEB_PRICE_LIST' THEN setting.VALUE END), N'PRC_1')),
            SALE_LIST = CONVERT(varchar(10), MAX(CASE WHEN setting.NAME = 'WEB_SALE_LIST' THEN setting.VALUE END)),
            INCLUDES_TAX = MAX(CASE WHEN setting.NAME = 'WEB_PRICES_INCLUDE_TAX' THEN setting.VALUE END)
        FROM dbo.USER_ERP_SETTING AS setting
    ) AS site
    OUTER APPLY
    (
        SELECT
            REGULAR = COALESCE(MAX(named.HERE_REGULAR), MAX(named.EVERY_REGULAR), MAX(named.OWN_REGULAR)),
            SALE = COALESCE(MAX(named.HERE_SALE), MAX(named.EVERY_SALE), MAX(named.OWN_SALE))
        FROM
        (
            SELECT
                HERE_REGULAR = CASE WHEN price.LOC_ID = site.PRC_LOC_ID AND level.NAME = site.PRICE_LIST THEN level.PRC END,
                HERE_SALE = CASE WHEN price.LOC_ID = site.PRC_LOC_ID AND level.NAME = site.SALE_LIST THEN level.PRC END,
                EVERY_REGULAR = CASE WHEN price.LOC_ID = '*' AND level.NAME = site.PRICE_LIST THEN level.PRC END,
                EVERY_SALE = CASE WHEN price.LOC_ID = '*' AND level.NAME = site.SALE_LIST THEN level.PRC END,
                OWN_REGULAR = CONVERT(decimal(15, 4), NULL),
                OWN_SALE = CONVERT(decimal(15, 4), NULL)
            FROM dbo.IM_PRC AS price
            CROSS APPLY
            (
                VALUES
                    /* Where there is IM_PRC.PRC_2: */
                    ('PRC_2', CONVERT(decimal(15, 4), price.PRC_2)),
                    /* End. */
                    /* Where there is IM_PRC.PRC_3: */
                    ('PRC_3', CONVERT(decimal(15, 4), price.PRC_3)),
                    /* End. */
                    /* Where there is IM_PRC.PRC_4: */
                    ('PRC_4', CONVERT(decimal(15, 4), price.PRC_4)),
                    /* End. */
                    /* Where there is IM_PRC.PRC_5: */
                    ('PRC_5', CONVERT(decimal(15, 4), price.PRC_5)),
                    /* End. */
                    /* Where there is IM_PRC.PRC_6: */
                    ('PRC_6', CONVERT(decimal(15, 4), price.PRC_6)),
                    /* End. */
                    ('PRC_1', CONVERT(decimal(15, 4), price.PRC_1)),
                    ('REG_PRC', CONVERT(decimal(15, 4), price.REG_PRC))
            ) AS level (NAME, PRC)
            WHERE price.ITEM_NO = item.ITEM_NO
            UNION ALL
            SELECT
                NULL,
                NULL,
                NULL,
                NULL,
                CASE WHEN own.NAME = site.PRICE_LIST THEN own.PRC END,
                CASE WHEN own.NAME = site.SALE_LIST THEN own.PRC END
            FROM
            (
                VALUES
                    /* Where there is IM_ITEM.PRC_1: */
                    ('PRC_1', CONVERT(decimal(15, 4), item.PRC_1)),
                    /* End. */
                    /* Where there is IM_ITEM.REG_PRC: */
                    ('REG_PRC', CONVERT(decimal(15, 4), item.REG_PRC)),
                    /* End. */
                    ('', CONVERT(decimal(15, 4), NULL))
            ) AS own (NAME, PRC)
        ) AS named
    ) AS listed
    WHERE item.ITEM_NO = @ITEM_NO
);
GO
