SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListIncidents
    Lists incidents, latest first: the open ones, and with @SINCE_DT those that have recovered since.

Called by    syncctl alerts list, syncctl alerts run (for the daily digest)
Returns      one row per incident: the columns of USER_INCIDENT
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListIncidents @SINCE_DT = '2026-11-20';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListIncidents
    @SINCE_DT datetime2(3) = NULL,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        incident.INCIDENT_ID,
        incident.RULE_NAME,
        incident.SUBJECT,
        incident.SOURCE,
        incident.SEVERITY,
        incident.MESSAGE,
        incident.MARK,
        incident.OPENED_DT,
        incident.LAST_SEEN_DT,
        incident.TELLINGS,
        incident.NOTIFIED_DT,
        incident.TOLD_SEVERITY,
        incident.TOLD_MARK,
        incident.ACKNOWLEDGED_DT,
        incident.ACKNOWLEDGED_BY,
        incident.ACKNOWLEDGED_NOTE,
        incident.RECOVERED_DT,
        incident.RECOVERY_TOLD_DT
    FROM dbo.USER_INCIDENT AS incident
    WHERE incident.RECOVERED_DT IS NULL
    OR    incident.RECOVERED_DT >= @SINCE_DT
    ORDER BY
        incident.INCIDENT_ID DESC;
END;
GO
