SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ClaimNotifications
    Leases up to @BATCH_SIZE due messages to one worker, oldest first, each with its recipient's wish and address.

Called by    syncctl pod-fetch, syncctl pod-retry, syncctl alerts run
Returns      one row per message: NOTIFICATION_ID, EVENT_TYPE, AUDIENCE, RECIPIENT_ID, ADDRESS, TEMPLATE, DATA_JSON, WANTED, ATTEMPT_NO,
             LEASE_UNTIL_DT
Errors       50001 bad argument
Locks        the claimed rows for the length of the UPDATE; rows locked by others are skipped
Repeatable   no: each call claims other rows
Note         A message whose lease has run out is due again; when the last of its @MAX_ATTEMPTS was lost that way, it is given up (FAILED).
             Messages of the JSON array @PASSED are left out (this run has had them), and those to the audiences
             of the JSON array @EXCLUDED, and to the ways to operators (RECIPIENT_ID) that it names.
Example      EXECUTE dbo.sp_ClaimNotifications @WORKER_ID = N'host-1234', @BATCH_SIZE = 10;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ClaimNotifications
    @WORKER_ID nvarchar(100),
    @BATCH_SIZE int = 1,
    @LEASE_SECONDS int = 300,
    @EVENT_TYPE varchar(50) = NULL,
    @PASSED nvarchar(max) = NULL,
    @EXCLUDED nvarchar(max) = NULL,
    @MAX_ATTEMPTS int = 8,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@WORKER_ID, N'') IS NULL THEN N'@WORKER_ID is required. ' END,
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 1000 THEN N'@BATCH_SIZE takes 1 to 1000. ' END,
        CASE WHEN @LEASE_SECONDS IS NULL OR @LEASE_SECONDS NOT BETWEEN 1 AND 86400 THEN N'@LEASE_SECONDS takes 1 to 86400. ' END,
        CASE WHEN ISJSON(@PASSED) = 0 THEN N'@PASSED takes a JSON array. ' END,
        CASE WHEN ISJSON(@EXCLUDED) = 0 THEN N'@EXCLUDED takes a JSON array. ' END,
        CASE WHEN @MAX_ATTEMPTS IS NULL OR @MAX_ATTEMPTS NOT BETWEEN 1 AND 100 THEN N'@MAX_ATTEMPTS takes 1 to 100. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @LEFT_OUT table
    (
        NOTIFICATION_ID bigint NOT NULL PRIMARY KEY
    );

    DECLARE @TAKEN table
    (
        NOTIFICATION_ID bigint NOT NULL PRIMARY KEY
    );

    IF @PASSED IS NOT NULL
    BEGIN
        INSERT INTO @LEFT_OUT (NOTIFICATION_ID)
        SELECT DISTINCT
            TRY_CONVERT(bigint, element.[value])
        FROM OPENJSON(@PASSED) AS element
        WHERE TRY_CONVERT(bigint, element.[value]) IS NOT NULL;
    END;

    UPDATE dbo.USER_NOTIFICATION WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
    SET
        STATE = 'FAILED',
        ERROR_MESSAGE = N'The worker died (or was stopped hard) while it delivered this message.',
        LEASE_OWNER = NULL,
        LEASE_UNTIL_DT = NULL,
        NEXT_ATTEMPT_DT = NULL,
        ENDED_DT = @NOW
    WHERE STATE = 'CLAIMED'
    AND   LEASE_UNTIL_DT <= @NOW
    AND   ATTEMPT_NO >= @MAX_ATTEMPTS;

    UPDATE dbo.USER_NOTIFICATION
    SET
        STATE = 'CLAIMED',
        LEASE_OWNER = @WORKER_ID,
        LEASE_UNTIL_DT = DATEADD(SECOND, @LEASE_SECONDS, @NOW),
        ATTEMPT_NO = ATTEMPT_NO + 1
    OUTPUT
        inserted.NOTIFICATION_ID
    INTO @TAKEN (NOTIFICATION_ID)
    WHERE NOTIFICATION_ID IN
    (
        SELECT TOP (@BATCH_SIZE)
            candidate.NOTIFICATION_ID
        FROM dbo.USER_NOTIFICATION AS candidate WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
        WHERE candidate.STATE IN ('PENDING', 'CLAIMED')
        AND
        (
            (candidate.STATE = 'PENDING' AND candidate.NEXT_ATTEMPT_DT <= @NOW)
            OR (candidate.STATE = 'CLAIMED' AND candidate.LEASE_UNTIL_DT <= @NOW)
        )
        AND   (@EVENT_TYPE IS NULL OR candidate.EVENT_TYPE = @EVENT_TYPE)
        AND   NOT EXISTS
        (
            SELECT
                1
            FROM OPENJSON(@EXCLUDED) AS unwanted
            WHERE unwanted.[value] = candidate.AUDIENCE
            OR   (unwanted.[value] = candidate.RECIPIENT_ID AND candidate.AUDIENCE = 'operator')
        )
        AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.NOTIFICATION_ID = candidate.NOTIFICATION_ID)
        ORDER BY
            candidate.NOTIFICATION_ID
    )
    AND
    (
        (STATE = 'PENDING' AND NEXT_ATTEMPT_DT <= @NOW)
        OR (STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= @NOW)
    );

    SELECT
        message.NOTIFICATION_ID,
        message.EVENT_TYPE,
        message.AUDIENCE,
        message.RECIPIENT_ID,
        ADDRESS = COALESCE(NULLIF(preference.ADDRESS, N''), message.ADDRESS),
        message.TEMPLATE,
        message.DATA_JSON,
        WANTED = COALESCE(preference.IS_WANTED, CAST(1 AS bit)),
        message.ATTEMPT_NO,
        message.LEASE_UNTIL_DT
    FROM @TAKEN AS taken
    INNER JOIN dbo.USER_NOTIFICATION AS message
        ON message.NOTIFICATION_ID = taken.NOTIFICATION_ID
    OUTER APPLY
    (
        SELECT TOP (1)
            wish.IS_WANTED,
            wish.ADDRESS
        FROM dbo.USER_NOTIFY_PREFERENCE AS wish
        WHERE wish.RECIPIENT_ID = message.RECIPIENT_ID
        AND   wish.EVENT_TYPE IN (message.EVENT_TYPE, '*')
        ORDER BY
            CASE wish.EVENT_TYPE WHEN '*' THEN 1 ELSE 0 END
    ) AS preference
    ORDER BY
        message.NOTIFICATION_ID;
END;
GO
