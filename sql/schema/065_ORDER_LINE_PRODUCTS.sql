SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_LINE_LINK: the store's product that a line was written for
    A line keeps its item as long as it is of that product, whatever becomes of the SKU. NULL: written before this was kept, and the
    order has changed since in the store.

Repeatable   yes: each step looks first; lines that are known keep what is known
*/
IF COL_LENGTH(N'dbo.USER_ORDER_LINE_LINK', N'PRODUCT_ID') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_LINE_LINK ADD PRODUCT_ID bigint NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_ORDER_LINE_LINK', N'VARIATION_ID') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_LINE_LINK ADD VARIATION_ID bigint NULL;
END;
GO
UPDATE
    linked
SET
    PRODUCT_ID = line.PRODUCT_ID,
    VARIATION_ID = line.VARIATION_ID
FROM dbo.USER_ORDER_LINE_LINK AS linked
INNER JOIN
(
    SELECT
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        parsed.WOO_LINE_ID,
        PRODUCT_ID = MAX(COALESCE(parsed.PRODUCT_ID, 0)),
        VARIATION_ID = MAX(COALESCE(parsed.VARIATION_ID, 0))
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY OPENJSON(CASE WHEN ISJSON(staged.LINE_ITEMS_JSON) = 1 THEN staged.LINE_ITEMS_JSON ELSE N'[]' END)
    WITH
    (
        WOO_LINE_ID bigint '$.WOO_LINE_ID',
        PRODUCT_ID bigint '$.PRODUCT_ID',
        VARIATION_ID bigint '$.VARIATION_ID'
    ) AS parsed
    WHERE staged.DUPLICATE_OF_ID IS NULL
    AND   staged.CONTENT_HASH = staged.APPLIED_HASH
    GROUP BY
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        parsed.WOO_LINE_ID
) AS line
    ON  line.STORE_ID = linked.STORE_ID
    AND line.WOO_ORDER_ID = linked.WOO_ORDER_ID
    AND line.WOO_LINE_ID = linked.WOO_LINE_ID
WHERE linked.PRODUCT_ID IS NULL;
GO
