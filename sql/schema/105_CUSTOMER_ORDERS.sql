SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_STAGING, orders by their customer
    What a queue of customers looks up: who ordered, guests' orders, and orders in review for want of a customer that it has brought.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_CUST'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_CUST
    ON dbo.USER_ORDER_STAGING (WOO_CUST_ID, STORE_ID);
END;
GO
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_REVIEW_EMAIL'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_REVIEW_EMAIL
    ON dbo.USER_ORDER_STAGING (STORE_ID, CUST_EMAIL)
    WHERE STATE = 'NEEDS_MANUAL_REVIEW';
END;
GO
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_QUEUE')
    AND   UPPER(indexed.name) = N'IX_USER_CUSTOMER_QUEUE_STORE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_CUSTOMER_QUEUE_STORE ON dbo.USER_CUSTOMER_QUEUE (store_id, org_id);
END;
GO
