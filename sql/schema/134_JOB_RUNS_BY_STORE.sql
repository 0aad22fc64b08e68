SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_SYNC_LOG
    An index by which each store's runs of a job are read from the latest on.

Repeatable   yes
*/
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_SYNC_LOG')
    AND   UPPER(indexed.name) = N'IX_USER_SYNC_LOG_STORE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_SYNC_LOG_STORE
    ON dbo.USER_SYNC_LOG (STORE_ID, OPERATION_TYPE, START_TIME);
END;
GO
