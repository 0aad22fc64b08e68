SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListDeployedScripts
    What db deploy has run here: each script with the hash of the text in force.

Called by    syncctl health, syncctl alerts run, which compare it with their own version
Returns      SCRIPT, SHA256, by name
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListDeployedScripts;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListDeployedScripts
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        journal.SCRIPT,
        journal.SHA256
    FROM dbo.USER_SCHEMA_JOURNAL AS journal
    INNER JOIN
    (
        SELECT
            one.SCRIPT,
            MAX(one.JOURNAL_ID) AS JOURNAL_ID
        FROM dbo.USER_SCHEMA_JOURNAL AS one
        GROUP BY
            one.SCRIPT
    ) AS newest
        ON newest.JOURNAL_ID = journal.JOURNAL_ID
    ORDER BY
        journal.SCRIPT;
END;
GO
