SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Index of an order's dead letters
    All of them, those decided long ago included: validation asks whether a person has said that an order is meant as it is.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_DEAD_LETTER')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_DEAD_LETTER_STAGING'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_DEAD_LETTER_STAGING
    ON dbo.USER_ORDER_DEAD_LETTER (STAGING_ID, DEAD_LETTER_ID)
    INCLUDE (DECISION);
END;
GO
