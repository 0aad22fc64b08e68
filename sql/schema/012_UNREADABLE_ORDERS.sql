SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Orders that can't be read
    How often and how far apart the store is asked again for an order that was set aside because it could not be read.

Note         A policy that a site has changed stays as it is.
Repeatable   yes: it looks first
*/
INSERT INTO dbo.USER_RETRY_POLICY
(
    ERROR_CLASS, MAX_ATTEMPTS, BACKOFF_SECONDS, BACKOFF_FACTOR, BACKOFF_CAP_SECONDS, DESTINATION, DESCR
)
SELECT
    'unreadable', 24, 300, 2, 86400, 'review', N'The store has the order, and what it says of it can''t be read; asked again by stage'
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_RETRY_POLICY AS known
    WHERE known.ERROR_CLASS = 'unreadable'
);
GO
