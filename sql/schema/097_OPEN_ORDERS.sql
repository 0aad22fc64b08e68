SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Indexes of the orders that are open
    The pages of validate and the oldest pending order from the index's start, and the causes of review out of an index alone, however
    many orders wait and however many were done in years.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_STATE_ID'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_STATE_ID
    ON dbo.USER_ORDER_STAGING (STATE, STAGING_ID)
    INCLUDE (STORE_ID, CREATED_DT);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_REVIEW'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_REVIEW
    ON dbo.USER_ORDER_STAGING (ERROR_CLASS, STAGING_ID)
    WHERE STATE = 'NEEDS_MANUAL_REVIEW';
END;
GO
