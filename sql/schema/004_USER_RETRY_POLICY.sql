SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_RETRY_POLICY
    How a failure of each class is treated: how often in all, how far apart, and where the last one leads.

Note         A policy that a site has changed stays as it is.
Repeatable   yes: each step looks first
*/
IF OBJECT_ID(N'dbo.USER_RETRY_POLICY', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_RETRY_POLICY
    (
        ERROR_CLASS varchar(20) NOT NULL,
        MAX_ATTEMPTS int NOT NULL,
        BACKOFF_SECONDS int NOT NULL,
        BACKOFF_FACTOR int NOT NULL,
        BACKOFF_CAP_SECONDS int NOT NULL,
        DESTINATION varchar(20) NOT NULL,
        DESCR nvarchar(500) NULL,
        CONSTRAINT PK_USER_RETRY_POLICY PRIMARY KEY CLUSTERED (ERROR_CLASS),
        CONSTRAINT CK_USER_RETRY_POLICY_DESTINATION CHECK (DESTINATION IN ('review', 'retry'))
    );
END;
GO
INSERT INTO dbo.USER_RETRY_POLICY
(
    ERROR_CLASS, MAX_ATTEMPTS, BACKOFF_SECONDS, BACKOFF_FACTOR, BACKOFF_CAP_SECONDS, DESTINATION, DESCR
)
SELECT
    seed.ERROR_CLASS,
    seed.MAX_ATTEMPTS,
    seed.BACKOFF_SECONDS,
    seed.BACKOFF_FACTOR,
    seed.BACKOFF_CAP_SECONDS,
    seed.DESTINATION,
    seed.DESCR
FROM
(
    VALUES
        (N'deadlock', 12, 60, 2, 3600, N'retry', N'SQL Server chose this transaction as a deadlock victim (1205)'),
        (N'lock_timeout', 12, 60, 2, 3600, N'retry', N'A lock was not granted in time (1222), or a query took too long'),
        (N'connection', 12, 120, 2, 3600, N'retry', N'The connection to the database was lost'),
        (N'throttle', 12, 60, 2, 3600, N'retry', N'The other side asked to slow down (429, Azure 10928, 10929, 40501)'),
        (N'store', 24, 60, 2, 3600, N'retry', N'The store did not answer, or with 408 or 5xx'),
        (N'crash', 3, 60, 2, 3600, N'retry', N'A worker died while it held the order'),
        (N'unknown', 6, 300, 2, 3600, N'retry', N'An error that has no class of its own'),
        (N'validation', 1, 0, 1, 0, N'review', N'The order breaks a validation rule'),
        (N'mapping', 1, 0, 1, 0, N'review', N'An item, customer or code has no counterpart in the ERP'),
        (N'conflict', 1, 0, 1, 0, N'review', N'Store and ERP disagree in a way only a person can settle'),
        (N'constraint', 1, 0, 1, 0, N'review', N'The ERP refused the data (a constraint, a missing value, a value too long)'),
        (N'store_refused', 3, 3600, 2, 86400, N'retry', N'The store said no (4xx)')
) AS seed (ERROR_CLASS, MAX_ATTEMPTS, BACKOFF_SECONDS, BACKOFF_FACTOR, BACKOFF_CAP_SECONDS, DESTINATION, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_RETRY_POLICY AS known
    WHERE known.ERROR_CLASS = seed.ERROR_CLASS
);
GO
