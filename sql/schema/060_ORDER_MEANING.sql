SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
USER_ORDER_STAGING.STATUS_MEANING
    What the store's status says of an order: unpaid, held, ready, done, dead, unknown. The store's adapter tells it; the rows that are
    there get what their status says in WooCommerce. Those that are in the ERP while their payment failed stay without one, so that the
    next look at them is news and closes their document. fn_StatusRank, which nothing asks any more, goes.

Repeatable   yes: each step looks first
*/
IF COL_LENGTH(N'dbo.USER_ORDER_STAGING', N'STATUS_MEANING') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_STAGING ADD STATUS_MEANING varchar(20) NULL;
END;
GO
UPDATE
    dbo.USER_ORDER_STAGING
SET
    STATUS_MEANING = CASE
        WHEN STATUS_GROUP = 'dead' THEN 'dead'
        WHEN ORD_STATUS = 'processing' THEN 'ready'
        WHEN ORD_STATUS = 'completed' THEN 'done'
        ELSE 'unpaid'
    END
WHERE STATUS_MEANING IS NULL
AND
(
    STATUS_GROUP = 'dead'
    OR ORD_STATUS IN ('processing', 'completed', 'on-hold')
    OR (ORD_STATUS IN ('pending', 'failed') AND IS_APPLIED = 0)
);
GO
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT = 'functions/fn_StatusRank.sql')
BEGIN
    DROP FUNCTION IF EXISTS dbo.fn_StatusRank;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT = 'functions/fn_StatusRank.sql';
END;
GO
