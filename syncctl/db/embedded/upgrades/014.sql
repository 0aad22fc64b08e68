-- A line's link knows the store's product: the line keeps its item as long as it is of that product, whatever becomes of the SKU.
-- What the link was written from is known where the order hasn't changed since.
ALTER TABLE dbo.USER_ORDER_LINE_LINK ADD COLUMN PRODUCT_ID INTEGER;
ALTER TABLE dbo.USER_ORDER_LINE_LINK ADD COLUMN VARIATION_ID INTEGER;
CREATE TEMP TABLE written_lines AS
SELECT
    staged.STORE_ID, staged.WOO_ORDER_ID, json_extract(line.value, '$.WOO_LINE_ID') AS WOO_LINE_ID,
    COALESCE(json_extract(line.value, '$.PRODUCT_ID'), 0) AS PRODUCT_ID,
    COALESCE(json_extract(line.value, '$.VARIATION_ID'), 0) AS VARIATION_ID
FROM dbo.USER_ORDER_STAGING AS staged, json_each(CASE WHEN json_valid(staged.LINE_ITEMS_JSON) THEN staged.LINE_ITEMS_JSON ELSE '[]' END) AS line
WHERE staged.DUPLICATE_OF_ID IS NULL AND staged.CONTENT_HASH = staged.APPLIED_HASH AND line.type = 'object';
CREATE INDEX temp.written_lines_key ON written_lines (STORE_ID, WOO_ORDER_ID, WOO_LINE_ID);
UPDATE dbo.USER_ORDER_LINE_LINK
SET (PRODUCT_ID, VARIATION_ID) = (
    SELECT line.PRODUCT_ID, line.VARIATION_ID FROM temp.written_lines AS line
    WHERE line.STORE_ID = USER_ORDER_LINE_LINK.STORE_ID AND line.WOO_ORDER_ID = USER_ORDER_LINE_LINK.WOO_ORDER_ID
    AND line.WOO_LINE_ID = USER_ORDER_LINE_LINK.WOO_LINE_ID LIMIT 1
);
DROP TABLE temp.written_lines;
