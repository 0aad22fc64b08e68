SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Indexes of dbo.USER_ORDER_STAGING
    One live row an order, by constraint; the indexes of the claim and of the look-ups. After 009, which makes the rows unique.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'UX_USER_ORDER_STAGING_STORE_ORDER'
)
BEGIN
    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_ORDER_STAGING_STORE_ORDER
    ON dbo.USER_ORDER_STAGING (STORE_ID, WOO_ORDER_ID)
    WHERE DUPLICATE_OF_ID IS NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_STATE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_STATE
    ON dbo.USER_ORDER_STAGING (STATE, NEXT_ATTEMPT_DT, STAGING_ID);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_NUMBER'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_NUMBER
    ON dbo.USER_ORDER_STAGING (WOO_ORDER_NO);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_TRANSACTION'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_TRANSACTION
    ON dbo.USER_ORDER_STAGING (TRANSACTION_ID)
    WHERE TRANSACTION_ID IS NOT NULL;
END;
GO
-- The claim reads this one from its start: the orders that may be due, oldest first, without a sort that would lock them all.
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_OPEN'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_OPEN
    ON dbo.USER_ORDER_STAGING (STAGING_ID)
    INCLUDE (STATE, NEXT_ATTEMPT_DT, LEASE_UNTIL_DT, DUPLICATE_OF_ID)
    WHERE STATE IN ('PENDING', 'FAILED', 'CLAIMED');
END;
GO
