SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
What health, validate and sync-status look at
    When each walk through a store last came to its end, and indexes for what a database keeps for years: runs, applied orders,
    rows that repeat an order, links of posted documents.

Live site    A walk that stands at its end came to it when it was last written; of one under way the watermark tells. A link whose
             store was told nothing yet was told that the document is open.
Repeatable   yes: each step looks first
*/
IF COL_LENGTH(N'dbo.USER_SYNC_WALK', N'FINISHED_DT') IS NULL
BEGIN
    ALTER TABLE dbo.USER_SYNC_WALK ADD FINISHED_DT datetime2(3) NULL;
END;
GO
UPDATE
    dbo.USER_SYNC_WALK
SET
    FINISHED_DT = CASE WHEN SINCE_DT IS NULL THEN UPDATED_DT ELSE WATERMARK_DT END
WHERE FINISHED_DT IS NULL;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_SYNC_LOG')
    AND   UPPER(indexed.name) = N'IX_USER_SYNC_LOG_END'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_SYNC_LOG_END
    ON dbo.USER_SYNC_LOG (END_TIME)
    INCLUDE (SUCCESS, DRY_RUN, EXIT_CODE);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_APPLIED'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_APPLIED
    ON dbo.USER_ORDER_STAGING (APPLIED_DT)
    WHERE APPLIED_DT IS NOT NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_STAGING')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_STAGING_REPEATED'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_STAGING_REPEATED
    ON dbo.USER_ORDER_STAGING (STORE_ID, WOO_ORDER_ID)
    WHERE DUPLICATE_OF_ID IS NOT NULL;
END;
GO
UPDATE
    dbo.USER_ORDER_LINK
SET
    ERP_STATUS_TOLD = 'open'
WHERE ERP_STATUS_TOLD IS NULL;
GO
IF EXISTS
(
    SELECT
        1
    FROM sys.columns AS col
    WHERE col.object_id = OBJECT_ID(N'dbo.USER_ORDER_LINK')
    AND   UPPER(col.name) = N'ERP_STATUS_TOLD'
    AND   col.default_object_id = 0
)
BEGIN
    ALTER TABLE dbo.USER_ORDER_LINK ADD CONSTRAINT DF_USER_ORDER_LINK_ERP_STATUS_TOLD DEFAULT ('open') FOR ERP_STATUS_TOLD;
END;
GO
IF EXISTS
(
    SELECT
        1
    FROM sys.columns AS col
    WHERE col.object_id = OBJECT_ID(N'dbo.USER_ORDER_LINK')
    AND   UPPER(col.name) = N'ERP_STATUS_TOLD'
    AND   col.is_nullable = 1
)
BEGIN
    ALTER TABLE dbo.USER_ORDER_LINK ALTER COLUMN ERP_STATUS_TOLD varchar(20) NOT NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_LINK')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_LINK_OPEN'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_LINK_OPEN
    ON dbo.USER_ORDER_LINK (STORE_ID, STAGING_ID)
    INCLUDE (DOC_ID, REVISION, LINK_STATE, ERP_STATUS_TOLD)
    WHERE LINK_STATE = 'OPEN' AND ERP_STATUS_TOLD <> 'gone';
END;
GO
