SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpPrice
    The price that RMS has of an item for the web: the column of Item that the site setting WEB_PRICE_LIST names, and SalePrice between
    SaleStartDate and SaleEndDate.

Used by      sp_ListPriceChanges
Parameters   @ITEM_NO
Returns      one row: REGULAR and SALE (NULL: none), SALE_FROM_DT and SALE_TO_DT (UTC), TAX_RATE (NULL: not known here), INCLUDES_TAX,
             IS_ACTIVE; none where there is no such item
Note         A sale has one of its dates at least. An end without a time of day is the whole of that day. Dates from the year 9000 on are none.
             An item that isn't taxed has the rate 0, others that of TAX_RATE. A deploy leaves out the columns that the site lacks.
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
        REGULAR = CONVERT(decimal(15, 4), CASE WHEN listed.REGULAR < 10000000000 THEN listed.REGULAR END),
        SALE = CONVERT(decimal(15, 4), CASE
            WHEN item.SalePrice > 0 AND item.SalePrice < 10000000000 AND COALESCE(dates.FROM_DT, dates.TO_DT) IS NOT NULL THEN item.SalePrice
        END),
        SALE_FROM_DT = DATEADD(MILLISECOND, -DATEPART(MILLISECOND, since.UTC_DT), since.UTC_DT),
        SALE_TO_DT = DATEADD(MILLISECOND, -DATEPART(MILLISECOND, until.UTC_DT), until.UTC_DT),
        TAX_RATE = CONVERT(decimal(9, 6), CASE WHEN item.Taxable = 0 THEN 0 ELSE site.TAX_RATE END),
        INCLUDES_TAX = site.PRICES_INCLUDE_TAX,
        IS_ACTIVE = CONVERT(bit, CASE WHEN item.Inactive = 1 THEN 0 ELSE 1 END)
    FROM dbo.fn_DynamicsItem(@ITEM_NO) AS known
    INNER JOIN dbo.Item AS item
        ON item.ID = known.ID
    CROSS JOIN dbo.fn_DynamicsConfig() AS site
    CROSS JOIN
    (
        SELECT
            PRICE_LIST = CONVERT(varchar(10), COALESCE(MAX(CASE WHEN setting.NAME = 'WEB_PRICE_LIST' THEN setting.VALUE END), N'Price'))
        FROM dbo.USER_ERP_SETTING AS setting
    ) AS web
    OUTER APPLY
    (
        SELECT
            REGULAR = MAX(level.PRC)
        FROM
        (
            VALUES
                /* Where there is Item.PriceA: */
                ('PriceA', CONVERT(decimal(19, 4), item.PriceA)),
                /* End. */
                /* Where there is Item.PriceB: */
                ('PriceB', CONVERT(decimal(19, 4), item.PriceB)),
                /* End. */
                /* Where there is Item.PriceC: */
                ('PriceC', CONVERT(decimal(19, 4), item.PriceC)),
                /* End. */
                ('Price', CONVERT(decimal(19, 4), item.Price))
        ) AS level (NAME, PRC)
        WHERE level.NAME = web.PRICE_LIST
    ) AS listed
    CROSS APPLY
    (
        SELECT
            FROM_DT = MAX(CASE WHEN moment.KIND = 'FROM' AND YEAR(moment.AT_DT) < 9000 THEN moment.AT_DT END),
            TO_DT = MAX(CASE
                WHEN moment.KIND <> 'TO' OR YEAR(moment.AT_DT) >= 9000 THEN NULL
                WHEN moment.AT_DT = CONVERT(datetime2(3), CONVERT(date, moment.AT_DT)) THEN DATEADD(SECOND, 86399, moment.AT_DT)
                ELSE moment.AT_DT
            END)
        FROM
        (
            VALUES
                /* Where there is Item.SaleStartDate: */
                ('FROM', CONVERT(datetime2(3), item.SaleStartDate)),
                /* End. */
                /* Where there is Item.SaleEndDate: */
                ('TO', CONVERT(datetime2(3), item.SaleEndDate)),
                /* End. */
                ('', CONVERT(datetime2(3), NULL))
        ) AS moment (KIND, AT_DT)
    ) AS dates
    CROSS APPLY dbo.fn_DynamicsUtc(dates.FROM_DT) AS since
    CROSS APPLY dbo.fn_DynamicsUtc(dates.TO_DT) AS until
);
GO
