SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_SYNC_LOG, dbo.USER_SYNC_WALK
    One row per run of a command, and how far each walk through a store has come.

Live site    USER_SYNC_LOG gets the columns it lacks; its rows stay as they are.
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_SYNC_LOG', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_SYNC_LOG
    (
        LOG_ID int IDENTITY(1, 1) NOT NULL,
        SYNC_ID varchar(50) NOT NULL,
        OPERATION_TYPE varchar(50) NULL,
        DIRECTION varchar(20) NULL,
        DRY_RUN bit NULL,
        START_TIME datetime2 NULL,
        END_TIME datetime2 NULL,
        DURATION_SECONDS decimal(10, 2) NULL,
        RECORDS_INPUT int NULL,
        RECORDS_CREATED int NULL,
        RECORDS_UPDATED int NULL,
        RECORDS_SKIPPED int NULL,
        RECORDS_FAILED int NULL,
        SUCCESS bit NULL,
        ERROR_MESSAGE nvarchar(max) NULL,
        CREATED_DT datetime2 NULL,
        CREATED_BY varchar(50) NULL,
        HOST nvarchar(100) NULL,
        PROCESS_ID int NULL,
        EXIT_CODE int NULL,
        METRICS_JSON nvarchar(max) NULL,
        CONSTRAINT PK_USER_SYNC_LOG PRIMARY KEY CLUSTERED (LOG_ID)
    );
END;
GO
IF COL_LENGTH(N'dbo.USER_SYNC_LOG', N'HOST') IS NULL
BEGIN
    ALTER TABLE dbo.USER_SYNC_LOG ADD HOST nvarchar(100) NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_SYNC_LOG', N'PROCESS_ID') IS NULL
BEGIN
    ALTER TABLE dbo.USER_SYNC_LOG ADD PROCESS_ID int NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_SYNC_LOG', N'EXIT_CODE') IS NULL
BEGIN
    ALTER TABLE dbo.USER_SYNC_LOG ADD EXIT_CODE int NULL;
END;
GO
IF COL_LENGTH(N'dbo.USER_SYNC_LOG', N'METRICS_JSON') IS NULL
BEGIN
    ALTER TABLE dbo.USER_SYNC_LOG ADD METRICS_JSON nvarchar(max) NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_SYNC_LOG')
    AND   UPPER(indexed.name) = N'IX_USER_SYNC_LOG_SYNC'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_SYNC_LOG_SYNC
    ON dbo.USER_SYNC_LOG (SYNC_ID);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_SYNC_LOG')
    AND   UPPER(indexed.name) = N'IX_USER_SYNC_LOG_TYPE'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_SYNC_LOG_TYPE
    ON dbo.USER_SYNC_LOG (OPERATION_TYPE, START_TIME);
END;
GO
IF OBJECT_ID(N'dbo.USER_SYNC_WALK', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_SYNC_WALK
    (
        STORE_ID varchar(50) NOT NULL,
        WALK_NAME varchar(50) NOT NULL,
        WATERMARK_DT datetime2(3) NULL,
        SINCE_DT datetime2(3) NULL,
        UNTIL_DT datetime2(3) NULL,
        LAST_ID bigint NULL,
        ROW_OFFSET int NULL,
        UPDATED_DT datetime2(3) NOT NULL,
        FINISHED_DT datetime2(3) NULL,
        CONSTRAINT PK_USER_SYNC_WALK PRIMARY KEY CLUSTERED (STORE_ID, WALK_NAME)
    );
END;
GO
