SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ClaimOutbox
    Leases up to @BATCH_SIZE due messages of one store to one worker, in the order in which they are due,
    never two of one order at once.

Called by    syncctl process, syncctl retry-failed, syncctl sync-status
Returns      one row per message: OUTBOX_ID, STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, TARGET_STATUS, NOTE, TAG_VALUE, TRACKING_NO (of its
             parcels, between commas), STAGED_STATUS and STAGED_MEANING (as the order was last staged), ORDER_KEY, ATTEMPT_NO, LEASE_UNTIL_DT, LOOK_FIRST
Errors       50001 bad argument
Locks        the claimed rows for the length of this short transaction; rows locked by others are skipped
Repeatable   no: each call claims other rows
Note         An order's messages go out one after the other: a message waits while an earlier one is PENDING or CLAIMED. One that was left
             to a person (FAILED) holds up nothing. A message whose lease has run out is due again; when the last of the attempts that
             the store is given was lost that way, it is left to a person. With the JSON array @STAGING_IDS those orders' only. Those of
             the JSON array @PASSED are left out: this run has had them, so that one that fails goes behind the others.
             LOOK_FIRST is 0 where nobody can have told the store yet: from the second claim on it is 1, whatever became of the first.
Example      EXECUTE dbo.sp_ClaimOutbox @STORE_ID = 'woocommerce', @WORKER_ID = N'host-1234', @BATCH_SIZE = 50;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ClaimOutbox
    @STORE_ID varchar(50),
    @WORKER_ID nvarchar(100),
    @BATCH_SIZE int,
    @LEASE_SECONDS int = 300,
    @STAGING_IDS nvarchar(max) = NULL,
    @IGNORE_DUE bit = 0,
    @PASSED nvarchar(max) = NULL,
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
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN ISJSON(@STAGING_IDS) = 0 THEN N'@STAGING_IDS takes a JSON array. ' END,
        CASE WHEN ISJSON(@PASSED) = 0 THEN N'@PASSED takes a JSON array. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @LEASE_UNTIL_DT datetime2(3) = DATEADD(SECOND, @LEASE_SECONDS, @NOW);

    DECLARE @MAX_ATTEMPTS int =
    (
        SELECT policy.MAX_ATTEMPTS
        FROM dbo.USER_RETRY_POLICY AS policy
        WHERE policy.ERROR_CLASS = 'store'
    );

    DECLARE @CRASHED table
    (
        OUTBOX_ID bigint NOT NULL PRIMARY KEY,
        LEASE_OWNER nvarchar(100) NULL
    );

    DECLARE @LISTED table
    (
        STAGING_ID int NOT NULL PRIMARY KEY
    );

    DECLARE @LEFT_OUT table
    (
        OUTBOX_ID bigint NOT NULL PRIMARY KEY
    );

    DECLARE @TAKEN table
    (
        OUTBOX_ID bigint NOT NULL PRIMARY KEY,
        LOOK_FIRST bit NOT NULL
    );

    BEGIN TRY
        IF @STAGING_IDS IS NOT NULL
        BEGIN
            INSERT INTO @LISTED (STAGING_ID)
            SELECT DISTINCT
                TRY_CONVERT(int, element.[value])
            FROM OPENJSON(@STAGING_IDS) AS element
            WHERE TRY_CONVERT(int, element.[value]) IS NOT NULL;
        END;

        IF @PASSED IS NOT NULL
        BEGIN
            INSERT INTO @LEFT_OUT (OUTBOX_ID)
            SELECT DISTINCT
                TRY_CONVERT(bigint, element.[value])
            FROM OPENJSON(@PASSED) AS element
            WHERE TRY_CONVERT(bigint, element.[value]) IS NOT NULL;
        END;

        BEGIN TRANSACTION;

        UPDATE dbo.USER_STORE_OUTBOX WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
        SET
            STATE = 'FAILED',
            ERROR_CLASS = 'crash',
            ERROR_CODE = NULL,
            ERROR_MESSAGE = N'The worker died (or was stopped hard) while it delivered this message.',
            LEASE_UNTIL_DT = NULL
        OUTPUT
            inserted.OUTBOX_ID,
            inserted.LEASE_OWNER
        INTO @CRASHED (OUTBOX_ID, LEASE_OWNER)
        WHERE STORE_ID = @STORE_ID
        AND   STATE = 'CLAIMED'
        AND   LEASE_UNTIL_DT <= @NOW
        AND   ATTEMPT_NO >= @MAX_ATTEMPTS;

        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        SELECT
            message.STORE_ID,
            message.WOO_ORDER_ID,
            message.STAGING_ID,
            @NOW,
            'WRITE_BACK_FAILED',
            NULL,
            crashed.LEASE_OWNER,
            message.ATTEMPT_NO,
            CONCAT(message.KIND, N': ', message.ERROR_MESSAGE)
        FROM @CRASHED AS crashed
        INNER JOIN dbo.USER_STORE_OUTBOX AS message
            ON message.OUTBOX_ID = crashed.OUTBOX_ID
        ORDER BY
            message.OUTBOX_ID;

        UPDATE message
        SET LEASE_OWNER = NULL
        FROM dbo.USER_STORE_OUTBOX AS message
        INNER JOIN @CRASHED AS crashed
            ON crashed.OUTBOX_ID = message.OUTBOX_ID;

        UPDATE dbo.USER_STORE_OUTBOX
        SET
            STATE = 'CLAIMED',
            LEASE_OWNER = @WORKER_ID,
            LEASE_UNTIL_DT = @LEASE_UNTIL_DT,
            ATTEMPT_NO = ATTEMPT_NO + 1
        OUTPUT
            inserted.OUTBOX_ID,
            inserted.LOOK_FIRST
        INTO @TAKEN (OUTBOX_ID, LOOK_FIRST)
        WHERE OUTBOX_ID IN
        (
            SELECT TOP (@BATCH_SIZE)
                candidate.OUTBOX_ID
            FROM dbo.USER_STORE_OUTBOX AS candidate WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
            WHERE candidate.STATE IN ('PENDING', 'CLAIMED')
            AND   candidate.STORE_ID = @STORE_ID
            AND   (@STAGING_IDS IS NULL OR EXISTS (SELECT 1 FROM @LISTED AS listed WHERE listed.STAGING_ID = candidate.STAGING_ID))
            AND
            (
                (candidate.STATE = 'PENDING' AND (@IGNORE_DUE = 1 OR candidate.NEXT_ATTEMPT_DT <= @NOW))
                OR (candidate.STATE = 'CLAIMED' AND candidate.LEASE_UNTIL_DT <= @NOW)
            )
            AND   NOT EXISTS
            (
                SELECT 1
                FROM dbo.USER_STORE_OUTBOX AS other
                WHERE other.STORE_ID = candidate.STORE_ID
                AND   other.WOO_ORDER_ID = candidate.WOO_ORDER_ID
                AND
                (
                    (other.OUTBOX_ID < candidate.OUTBOX_ID AND other.STATE IN ('PENDING', 'CLAIMED'))
                    OR (other.OUTBOX_ID > candidate.OUTBOX_ID AND other.STATE = 'CLAIMED' AND other.LEASE_UNTIL_DT > @NOW)
                )
            )
            AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.OUTBOX_ID = candidate.OUTBOX_ID)
            ORDER BY
                candidate.NEXT_ATTEMPT_DT,
                candidate.OUTBOX_ID
        )
        AND
        (
            (STATE = 'PENDING' AND (@IGNORE_DUE = 1 OR NEXT_ATTEMPT_DT <= @NOW))
            OR (STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= @NOW)
        );

        UPDATE message
        SET LOOK_FIRST = 1
        FROM dbo.USER_STORE_OUTBOX AS message
        INNER JOIN @TAKEN AS taken
            ON taken.OUTBOX_ID = message.OUTBOX_ID
        WHERE taken.LOOK_FIRST = 0;

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
        message.OUTBOX_ID,
        message.STORE_ID,
        message.WOO_ORDER_ID,
        message.STAGING_ID,
        message.KIND,
        message.TARGET_STATUS,
        message.NOTE,
        message.TAG_VALUE,
        message.TRACKING_NO,
        STAGED_STATUS = staged.ORD_STATUS,
        STAGED_MEANING = staged.STATUS_MEANING,
        staged.ORDER_KEY,
        message.ATTEMPT_NO,
        LEASE_UNTIL_DT = @LEASE_UNTIL_DT,
        taken.LOOK_FIRST
    FROM @TAKEN AS taken
    INNER JOIN dbo.USER_STORE_OUTBOX AS message
        ON message.OUTBOX_ID = taken.OUTBOX_ID
    LEFT JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = message.STAGING_ID
    ORDER BY
        message.NEXT_ATTEMPT_DT,
        message.OUTBOX_ID;
END;
GO
