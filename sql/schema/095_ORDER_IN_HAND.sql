SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ORDER_STAGING: whether a claimed order is in its worker's hands
    0 while it waits for its turn behind others that the same worker claimed with it: when the worker dies then, that was no attempt.

Note         1 for what an older version has claimed, one at a time.
Repeatable   yes: it looks first
*/
IF COL_LENGTH(N'dbo.USER_ORDER_STAGING', N'IS_IN_HAND') IS NULL
BEGIN
    ALTER TABLE dbo.USER_ORDER_STAGING ADD IS_IN_HAND bit NOT NULL CONSTRAINT DF_USER_ORDER_STAGING_IS_IN_HAND DEFAULT (1);
END;
GO
