SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StagedLines
    A staged order's lines out of its LINE_ITEMS_JSON, each with the item that USER_ITEM_MAP names and the amounts a document takes.

Called by    fn_ErpLines, by which each ERP finds its items
Parameters   @STORE_ID whose rows in USER_ITEM_MAP come before those of '*'; @LINE_ITEMS_JSON the column
Returns      POSITION_NO from 1 in the store's order; WOO_LINE_ID; SKU and DESCR ('' where there is none); QTY, SUBTOT_AMT, TOT_AMT;
             GROSS_EXT_PRC, EXT_PRC and TAX_AMT to the cent; PRC to four decimals (NULL where QTY is not above 0, or the price doesn't fit); PRODUCT_ID and
             VARIATION_ID, the store's, 0 where it names none; MAPPED_ITEM_NO, NULL where the map has no row
Note         What is no JSON array gives no rows; what is no number counts as 0.
Example      SELECT lines.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_StagedLines(staged.STORE_ID, staged.LINE_ITEMS_JSON) AS lines WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_StagedLines
(
    @STORE_ID varchar(50),
    @LINE_ITEMS_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        line.POSITION_NO,
        line.WOO_LINE_ID,
        line.SKU,
        line.DESCR,
        line.QTY,
        line.SUBTOT_AMT,
        line.TOT_AMT,
        GROSS_EXT_PRC = CONVERT(decimal(15, 2), ROUND(line.SUBTOT_AMT, 2)),
        EXT_PRC = CONVERT(decimal(15, 2), ROUND(line.TOT_AMT, 2)),
        TAX_AMT = CONVERT(decimal(15, 2), ROUND(line.TAX_AMT, 2)),
        PRC = CASE WHEN line.QTY > 0 AND ABS(line.TOT_AMT / NULLIF(line.QTY, 0)) < 99999999999.99995
            THEN CONVERT(decimal(15, 4), ROUND(line.TOT_AMT / NULLIF(line.QTY, 0), 4)) END,
        line.PRODUCT_ID,
        line.VARIATION_ID,
        MAPPED_ITEM_NO = COALESCE(own.ITEM_NO, shared.ITEM_NO)
    FROM
    (
        SELECT
            POSITION_NO = CONVERT(int, element.[key]) + 1,
            WOO_LINE_ID = COALESCE(parsed.WOO_LINE_ID, 0),
            SKU = COALESCE(LTRIM(RTRIM(parsed.SKU)), N''),
            DESCR = COALESCE(parsed.DESCR, N''),
            QTY = CONVERT(decimal(15, 4), COALESCE(TRY_CONVERT(decimal(15, 4), parsed.QTY), 0)),
            SUBTOT_AMT = CONVERT(decimal(15, 4), COALESCE(TRY_CONVERT(decimal(15, 4), parsed.SUBTOT_AMT), 0)),
            TOT_AMT = CONVERT(decimal(15, 4), COALESCE(TRY_CONVERT(decimal(15, 4), parsed.TOT_AMT), 0)),
            TAX_AMT = CONVERT(decimal(15, 4), COALESCE(TRY_CONVERT(decimal(15, 4), parsed.TAX_AMT), 0)),
            PRODUCT_ID = COALESCE(parsed.PRODUCT_ID, 0),
            VARIATION_ID = COALESCE(parsed.VARIATION_ID, 0)
        FROM OPENJSON(CASE WHEN ISJSON(@LINE_ITEMS_JSON) = 1 THEN @LINE_ITEMS_JSON ELSE N'[]' END) AS element
        CROSS APPLY OPENJSON(CASE WHEN element.[type] = 5 THEN element.value ELSE N'{}' END)
        WITH
        (
            WOO_LINE_ID bigint '$.WOO_LINE_ID',
            SKU nvarchar(4000) '$.SKU',
            DESCR nvarchar(4000) '$.DESCR',
            QTY nvarchar(50) '$.QTY',
            SUBTOT_AMT nvarchar(50) '$.SUBTOT_AMT',
            TOT_AMT nvarchar(50) '$.TOT_AMT',
            TAX_AMT nvarchar(50) '$.TAX_AMT',
            PRODUCT_ID bigint '$.PRODUCT_ID',
            VARIATION_ID bigint '$.VARIATION_ID'
        ) AS parsed
        WHERE element.[type] = 5
    ) AS line
    LEFT JOIN dbo.USER_ITEM_MAP AS own
        ON  own.STORE_ID = @STORE_ID
        AND own.SKU = line.SKU
    LEFT JOIN dbo.USER_ITEM_MAP AS shared
        ON  shared.STORE_ID = '*'
        AND shared.SKU = line.SKU
);
GO
