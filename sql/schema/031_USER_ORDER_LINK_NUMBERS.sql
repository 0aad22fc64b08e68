SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_LINK: looking up a document by its number
    Whether a number was ever an order's is asked for each document that is made.

Repeatable   yes: it looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_LINK')
    AND   indexed.name = N'IX_USER_ORDER_LINK_TKT_NO'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_LINK_TKT_NO
    ON dbo.USER_ORDER_LINK (TKT_NO);
END;
GO
