SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteIncidents
    Notes what is wrong now: opens an incident for what is new, goes on with what is open, and ends what was looked at and is well again.

Called by    syncctl alerts run
Parameters   @SEEN     JSON array of RULE_NAME, SUBJECT, SOURCE, SEVERITY (warning, critical), MESSAGE, MARK (grows where there is more of it)
             @LOOKED   JSON array of the SOURCEs that could be looked at: an open incident of another one is neither seen nor recovered
Returns      one row for each open incident, and for each that has recovered and whose recovery nobody was told of yet: the columns of
             USER_INCIDENT, and LAST_TOLD_DT, when people were last told of anything with its rule and subject
Errors       50001 bad argument
Locks        the incidents' rows, for this short transaction
Repeatable   yes
Example      EXECUTE dbo.sp_NoteIncidents @SEEN = N'[]', @LOOKED = N'["pending"]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteIncidents
    @SEEN nvarchar(max),
    @LOOKED nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @SEEN IS NULL OR ISJSON(@SEEN) = 0 THEN N'@SEEN takes a JSON array. ' END,
        CASE WHEN @LOOKED IS NULL OR ISJSON(@LOOKED) = 0 THEN N'@LOOKED takes a JSON array. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @FOUND table
    (
        RULE_NAME varchar(50) NOT NULL,
        SUBJECT nvarchar(100) NOT NULL,
        SOURCE nvarchar(100) NOT NULL,
        SEVERITY varchar(20) NOT NULL,
        MESSAGE nvarchar(max) NOT NULL,
        MARK bigint NOT NULL,
        PRIMARY KEY (RULE_NAME, SUBJECT)
    );

    DECLARE @LOOKED_AT table
    (
        SOURCE nvarchar(100) NOT NULL PRIMARY KEY
    );

    INSERT INTO @FOUND
    (
        RULE_NAME, SUBJECT, SOURCE, SEVERITY, MESSAGE, MARK
    )
    SELECT
        incoming.RULE_NAME,
        incoming.SUBJECT,
        incoming.SOURCE,
        incoming.SEVERITY,
        incoming.MESSAGE,
        COALESCE(incoming.MARK, 0)
    FROM OPENJSON(@SEEN)
        WITH
        (
            RULE_NAME varchar(50) '$.RULE_NAME',
            SUBJECT nvarchar(100) '$.SUBJECT',
            SOURCE nvarchar(100) '$.SOURCE',
            SEVERITY varchar(20) '$.SEVERITY',
            MESSAGE nvarchar(max) '$.MESSAGE',
            MARK bigint '$.MARK'
        ) AS incoming;

    INSERT INTO @LOOKED_AT
    (
        SOURCE
    )
    SELECT DISTINCT
        CONVERT(nvarchar(100), named.[value])
    FROM OPENJSON(@LOOKED) AS named
    WHERE named.[type] = 1;

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE incident
        SET
            SOURCE = found.SOURCE,
            SEVERITY = found.SEVERITY,
            MESSAGE = found.MESSAGE,
            MARK = found.MARK,
            LAST_SEEN_DT = @NOW
        FROM dbo.USER_INCIDENT AS incident WITH (UPDLOCK, HOLDLOCK)
        INNER JOIN @FOUND AS found
            ON  found.RULE_NAME = incident.RULE_NAME
            AND found.SUBJECT = incident.SUBJECT
        WHERE incident.RECOVERED_DT IS NULL;

        INSERT INTO dbo.USER_INCIDENT
        (
            RULE_NAME, SUBJECT, SOURCE, SEVERITY, MESSAGE, MARK, OPENED_DT, LAST_SEEN_DT
        )
        SELECT
            found.RULE_NAME,
            found.SUBJECT,
            found.SOURCE,
            found.SEVERITY,
            found.MESSAGE,
            found.MARK,
            @NOW,
            @NOW
        FROM @FOUND AS found
        WHERE NOT EXISTS
        (
            SELECT
                1
            FROM dbo.USER_INCIDENT AS incident WITH (UPDLOCK, HOLDLOCK)
            WHERE incident.RULE_NAME = found.RULE_NAME
            AND   incident.SUBJECT = found.SUBJECT
            AND   incident.RECOVERED_DT IS NULL
        );

        UPDATE dbo.USER_INCIDENT
        SET
            RECOVERED_DT = @NOW
        WHERE RECOVERED_DT IS NULL
        AND   SOURCE IN (SELECT looked.SOURCE FROM @LOOKED_AT AS looked)
        AND   NOT EXISTS
        (
            SELECT
                1
            FROM @FOUND AS found
            WHERE found.RULE_NAME = USER_INCIDENT.RULE_NAME
            AND   found.SUBJECT = USER_INCIDENT.SUBJECT
        );

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
        incident.RECOVERY_TOLD_DT,
        (
            SELECT MAX(told.NOTIFIED_DT)
            FROM dbo.USER_INCIDENT AS told
            WHERE told.RULE_NAME = incident.RULE_NAME
            AND   told.SUBJECT = incident.SUBJECT
        ) AS LAST_TOLD_DT
    FROM dbo.USER_INCIDENT AS incident
    WHERE incident.RECOVERED_DT IS NULL
    OR
    (
        incident.RECOVERED_DT >= DATEADD(DAY, -7, @NOW)
        AND incident.TELLINGS > 0
        AND incident.RECOVERY_TOLD_DT IS NULL
    )
    ORDER BY
        incident.INCIDENT_ID;
END;
GO
