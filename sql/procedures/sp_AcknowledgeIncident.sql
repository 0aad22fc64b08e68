SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_AcknowledgeIncident
    Notes that a person knows of an open incident: nobody is told of more of it, but of its getting worse, and of its recovery.

Called by    syncctl alerts ack
Returns      nothing
Errors       50001 bad argument; 50004 no such incident; 50020 it has recovered
Locks        the incident's row, for this short transaction
Repeatable   yes: the last word counts
Example      EXECUTE dbo.sp_AcknowledgeIncident @INCIDENT_ID = 42, @ACKNOWLEDGED_BY = N'ada', @NOTE = N'the host is being moved';
*/
CREATE OR ALTER PROCEDURE dbo.sp_AcknowledgeIncident
    @INCIDENT_ID int,
    @ACKNOWLEDGED_BY nvarchar(100),
    @NOTE nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @MESSAGE nvarchar(500);

    IF NULLIF(@ACKNOWLEDGED_BY, N'') IS NULL
    BEGIN
        THROW 50001, N'@ACKNOWLEDGED_BY is required.', 1;
    END;

    UPDATE dbo.USER_INCIDENT
    SET
        ACKNOWLEDGED_DT = @NOW,
        ACKNOWLEDGED_BY = @ACKNOWLEDGED_BY,
        ACKNOWLEDGED_NOTE = @NOTE
    WHERE INCIDENT_ID = @INCIDENT_ID
    AND   RECOVERED_DT IS NULL;

    IF @@ROWCOUNT = 0
    BEGIN
        IF EXISTS (SELECT 1 FROM dbo.USER_INCIDENT AS incident WHERE incident.INCIDENT_ID = @INCIDENT_ID)
        BEGIN
            SET @MESSAGE = CONCAT(N'Incident ', @INCIDENT_ID, N' has recovered: there is nothing to acknowledge.');
            THROW 50020, @MESSAGE, 1;
        END;

        SET @MESSAGE = CONCAT(N'Incident ', @INCIDENT_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;
END;
GO
