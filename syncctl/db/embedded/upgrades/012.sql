-- What the store's status says of an order. One that is in the ERP while its payment failed has none: the next look at it is news.
ALTER TABLE dbo.USER_ORDER_STAGING ADD COLUMN STATUS_MEANING TEXT;
UPDATE dbo.USER_ORDER_STAGING
SET STATUS_MEANING = CASE
        WHEN STATUS_GROUP = 'dead' THEN 'dead'
        WHEN ORD_STATUS = 'processing' THEN 'ready'
        WHEN ORD_STATUS = 'completed' THEN 'done'
        ELSE 'unpaid'
    END
WHERE STATUS_GROUP = 'dead' OR ORD_STATUS IN ('processing', 'completed', 'on-hold')
OR (ORD_STATUS IN ('pending', 'failed') AND IS_APPLIED = 0);
