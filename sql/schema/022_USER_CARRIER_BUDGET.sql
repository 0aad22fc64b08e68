SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_CARRIER_BUDGET, dbo.USER_CARRIER_CALL
    The carriers' budgets: every call is a row, written before the call is made; one row per carrier says what it asked for.

Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_CARRIER_BUDGET', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_CARRIER_BUDGET
    (
        CARRIER varchar(50) NOT NULL,
        PAUSED_UNTIL_DT datetime2(3) NULL,
        PAUSE_REASON nvarchar(500) NULL,
        PAUSES_IN_ROW int NOT NULL CONSTRAINT DF_USER_CARRIER_BUDGET_PAUSES_IN_ROW DEFAULT (0),
        LOWERED_MINUTE int NULL,
        LOWERED_DAY int NULL,
        LOWERED_UNTIL_DT datetime2(3) NULL,
        LAST_ASKED_DT datetime2(3) NULL,
        CONSTRAINT PK_USER_CARRIER_BUDGET PRIMARY KEY CLUSTERED (CARRIER)
    );
END;
GO
IF OBJECT_ID(N'dbo.USER_CARRIER_CALL', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_CARRIER_CALL
    (
        CALL_ID bigint IDENTITY(1, 1) NOT NULL,
        CARRIER varchar(50) NOT NULL,
        CALLED_DT datetime2(3) NOT NULL,
        CLAIM_ID bigint NULL,
        WORKER_ID nvarchar(100) NOT NULL,
        OUTCOME varchar(20) NULL,
        ERROR_CODE varchar(50) NULL,
        ENDED_DT datetime2(3) NULL,
        CONSTRAINT PK_USER_CARRIER_CALL PRIMARY KEY CLUSTERED (CALL_ID)
    );
END;
GO
IF NOT EXISTS
(
    SELECT 1
    FROM sys.indexes AS indexed
    WHERE indexed.object_id = OBJECT_ID(N'dbo.USER_CARRIER_CALL')
    AND   UPPER(indexed.name) = N'IX_USER_CARRIER_CALL_CARRIER'
)
BEGIN
    CREATE NONCLUSTERED INDEX IX_USER_CARRIER_CALL_CARRIER ON dbo.USER_CARRIER_CALL (CARRIER, CALLED_DT);
END;
GO
