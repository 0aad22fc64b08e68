SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_INCIDENT
    What was found wrong, from when until when, and what people were told of it: one row from its beginning to its recovery.

Key          a rule and its subject (a store, a cause, a job …) have one open incident at most
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_INCIDENT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_INCIDENT
    (
        INCIDENT_ID int IDENTITY(1, 1) NOT NULL,
        RULE_NAME varchar(50) NOT NULL,
        SUBJECT nvarchar(100) NOT NULL,
        SOURCE nvarchar(100) NOT NULL,
        SEVERITY varchar(20) NOT NULL,
        MESSAGE nvarchar(max) NOT NULL,
        MARK bigint NOT NULL CONSTRAINT DF_USER_INCIDENT_MARK DEFAULT (0),
        OPENED_DT datetime2(3) NOT NULL,
        LAST_SEEN_DT datetime2(3) NOT NULL,
        TELLINGS int NOT NULL CONSTRAINT DF_USER_INCIDENT_TELLINGS DEFAULT (0),
        NOTIFIED_DT datetime2(3) NULL,
        TOLD_SEVERITY varchar(20) NULL,
        TOLD_MARK bigint NULL,
        ACKNOWLEDGED_DT datetime2(3) NULL,
        ACKNOWLEDGED_BY nvarchar(100) NULL,
        ACKNOWLEDGED_NOTE nvarchar(500) NULL,
        RECOVERED_DT datetime2(3) NULL,
        RECOVERY_TOLD_DT datetime2(3) NULL,
        CONSTRAINT PK_USER_INCIDENT PRIMARY KEY CLUSTERED (INCIDENT_ID),
        CONSTRAINT CK_USER_INCIDENT_SEVERITY CHECK (SEVERITY IN ('warning', 'critical'))
    );
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_INCIDENT')
    AND   UPPER(indexed.name) = N'UX_USER_INCIDENT_OPEN'
)
BEGIN
    CREATE UNIQUE NONCLUSTERED INDEX UX_USER_INCIDENT_OPEN
    ON dbo.USER_INCIDENT (RULE_NAME, SUBJECT)
    WHERE RECOVERED_DT IS NULL;
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_INCIDENT')
    AND   UPPER(indexed.name) = N'IX_USER_INCIDENT_NOTIFIED'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_INCIDENT_NOTIFIED
    ON dbo.USER_INCIDENT (RULE_NAME, SUBJECT, NOTIFIED_DT);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_INCIDENT')
    AND   UPPER(indexed.name) = N'IX_USER_INCIDENT_RECOVERED'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_INCIDENT_RECOVERED
    ON dbo.USER_INCIDENT (RECOVERED_DT, INCIDENT_ID)
    INCLUDE (TELLINGS, RECOVERY_TOLD_DT);
END;
GO
IF NOT EXISTS
(
    SELECT
        1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_ORDER_DEAD_LETTER')
    AND   UPPER(indexed.name) = N'IX_USER_ORDER_DEAD_LETTER_CREATED'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_ORDER_DEAD_LETTER_CREATED
    ON dbo.USER_ORDER_DEAD_LETTER (CREATED_DT)
    INCLUDE (ERROR_CODE);
END;
GO
