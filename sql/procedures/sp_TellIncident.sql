SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_TellIncident
    Notes that people are told of an incident, and queues the messages, in one transaction: neither without the other.

Called by    syncctl alerts run
Parameters   @TELLINGS   how often they were told by what the caller knows: where another has told them since, nothing is done
             @WHAT       opened, again (there is more of it, or it got worse), recovered
             @MESSAGES   JSON array of WAY (whom: operator:1, critical:1, syslog …), TEMPLATE, DATA (an object)
Returns      one row: QUEUED, how many messages were queued
Errors       50001 bad argument; 50004 no such incident
Locks        the incident's row and the messages', for this short transaction
Repeatable   no: the second call finds that they were told
Example      EXECUTE dbo.sp_TellIncident @INCIDENT_ID = 42, @TELLINGS = 0, @WHAT = 'opened',
                 @MESSAGES = N'[{"WAY": "operator:1", "TEMPLATE": "alert", "DATA": {}}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_TellIncident
    @INCIDENT_ID int,
    @TELLINGS int,
    @WHAT varchar(20),
    @MESSAGES nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @WHAT IS NULL OR @WHAT NOT IN ('opened', 'again', 'recovered') THEN N'@WHAT takes opened, again, recovered. ' END,
        CASE WHEN @MESSAGES IS NULL OR ISJSON(@MESSAGES) = 0 THEN N'@MESSAGES takes a JSON array. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @QUEUED int = 0;
    DECLARE @PLACE int = 0;
    DECLARE @LAST int;
    DECLARE @WAY varchar(50);
    DECLARE @TEMPLATE varchar(50);
    DECLARE @DATA_JSON nvarchar(max);
    DECLARE @DEDUP_KEY nvarchar(100);
    DECLARE @WANTED table
    (
        PLACE int NOT NULL PRIMARY KEY,
        WAY varchar(50) NOT NULL,
        TEMPLATE varchar(50) NOT NULL,
        DATA_JSON nvarchar(max) NOT NULL
    );

    INSERT INTO @WANTED
    (
        PLACE, WAY, TEMPLATE, DATA_JSON
    )
    SELECT
        CONVERT(int, element.[key]),
        message.WAY,
        message.TEMPLATE,
        message.DATA
    FROM OPENJSON(@MESSAGES) AS element
    CROSS APPLY OPENJSON(element.[value])
        WITH
        (
            WAY varchar(50) '$.WAY',
            TEMPLATE varchar(50) '$.TEMPLATE',
            DATA nvarchar(max) '$.DATA' AS JSON
        ) AS message;

    SET @LAST = COALESCE((SELECT MAX(wanted.PLACE) FROM @WANTED AS wanted), -1);

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE dbo.USER_INCIDENT
        SET
            TELLINGS = TELLINGS + 1,
            NOTIFIED_DT = CASE WHEN @WHAT = 'recovered' THEN NOTIFIED_DT ELSE @NOW END,
            TOLD_SEVERITY = CASE
                WHEN @WHAT = 'recovered' OR TOLD_SEVERITY = 'critical' THEN TOLD_SEVERITY
                ELSE SEVERITY
            END,
            TOLD_MARK = CASE WHEN @WHAT = 'recovered' THEN TOLD_MARK ELSE MARK END,
            RECOVERY_TOLD_DT = CASE WHEN @WHAT = 'recovered' THEN @NOW END
        WHERE INCIDENT_ID = @INCIDENT_ID
        AND   TELLINGS = @TELLINGS;

        IF @@ROWCOUNT = 0
        BEGIN
            SET @LAST = -1;

            IF NOT EXISTS (SELECT 1 FROM dbo.USER_INCIDENT AS incident WHERE incident.INCIDENT_ID = @INCIDENT_ID)
            BEGIN
                SET @ERRORS = CONCAT(N'Incident ', @INCIDENT_ID, N' does not exist.');
                THROW 50004, @ERRORS, 1;
            END;
        END;

        WHILE @PLACE <= @LAST
        BEGIN
            SELECT
                @WAY = wanted.WAY,
                @TEMPLATE = wanted.TEMPLATE,
                @DATA_JSON = wanted.DATA_JSON
            FROM @WANTED AS wanted
            WHERE wanted.PLACE = @PLACE;

            SET @DEDUP_KEY = CONCAT(N'incident:', @INCIDENT_ID, N':', @TELLINGS, N':', @WAY);

            EXECUTE dbo.sp_WriteNotification
                @EVENT_TYPE = 'alert',
                @DEDUP_KEY = @DEDUP_KEY,
                @AUDIENCE = 'operator',
                @TEMPLATE = @TEMPLATE,
                @DATA_JSON = @DATA_JSON,
                @RECIPIENT_ID = @WAY,
                @NOW = @NOW;

            SET @QUEUED = @QUEUED + 1;
            SET @PLACE = @PLACE + 1;
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        QUEUED = @QUEUED;
END;
GO
