SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetSchemaVersion
    Of which version the tables are: how many scripts of schema/ were deployed. A syncctl that has fewer leaves the database alone.

Called by    every command, once
Returns      one row: VERSION
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_GetSchemaVersion;
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetSchemaVersion
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        COUNT(DISTINCT journal.SCRIPT) AS VERSION
    FROM dbo.USER_SCHEMA_JOURNAL AS journal
    WHERE journal.SCRIPT LIKE 'schema/%';
END;
GO
