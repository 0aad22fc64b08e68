SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
Procedures and functions that an earlier version deployed and that nothing calls any more
    Taken away where the journal says that a deploy made them; one of the site's own of the same name stays.

Repeatable   yes: each step looks first
*/
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT = 'procedures/sp_ListRuns.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_ListRuns;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT = 'procedures/sp_ListRuns.sql';
END;
GO
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT = 'procedures/sp_ExtendLease.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_ExtendLease;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT = 'procedures/sp_ExtendLease.sql';
END;
GO
IF EXISTS (SELECT 1 FROM dbo.USER_SCHEMA_JOURNAL AS journal WHERE journal.SCRIPT = 'procedures/sp_SetMaxAttempts.sql')
BEGIN
    DROP PROCEDURE IF EXISTS dbo.sp_SetMaxAttempts;
    DELETE FROM dbo.USER_SCHEMA_JOURNAL WHERE SCRIPT = 'procedures/sp_SetMaxAttempts.sql';
END;
GO
