SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Indexes of what is looked up one by one
    An order by the number people read or by the store's id of it, in whatever store; a customer by e-mail address; what happened to
    an order, by kind. The last takes the place of the index by EVENT_ID: an order has few events, and they are sorted as fast.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_ORDER'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_ORDER
    ON dbo.USER_ORDER_STAGING (WOO_ORDER_ID);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CUSTOMER_MAP')
    AND   UPPER(indexed.name) = N'IX_USER_CUSTOMER_MAP_EMAIL'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_CUSTOMER_MAP_EMAIL
    ON dbo.USER_CUSTOMER_MAP (WOO_EMAIL)
    WHERE IS_ACTIVE = 1 AND WOO_EMAIL IS NOT NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_EVENT')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_EVENT_KIND'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_EVENT_KIND
    ON dbo.USER_ORDER_EVENT (STORE_ID, WOO_ORDER_ID, EVENT_TYPE, EVENT_DT);
END;
GO
IF EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_EVENT')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_EVENT_ORDER'
)
BEGIN
    DROP INDEX IX_USER_ORDER_EVENT_ORDER ON dbo.USER_ORDER_EVENT;
END;
GO
