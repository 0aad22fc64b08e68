SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
The index that the claim of staged orders reads
    What never failed first (no NEXT_ATTEMPT_DT), then in the order in which they are due: from the index's start, without a sort
    that would lock every candidate. It takes the place of the one by STAGING_ID alone.

Repeatable   yes: each step looks first
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_DUE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_DUE
    ON dbo.USER_ORDER_STAGING (NEXT_ATTEMPT_DT, STAGING_ID)
    INCLUDE (STATE, LEASE_UNTIL_DT, DUPLICATE_OF_ID, STORE_ID)
    WHERE STATE IN ('PENDING', 'FAILED', 'CLAIMED');
END;
GO
IF EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_OPEN'
)
BEGIN
    DROP INDEX IX_USER_ORDER_STAGING_OPEN ON dbo.USER_ORDER_STAGING;
END;
GO
