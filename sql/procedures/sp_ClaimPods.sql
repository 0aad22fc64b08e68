SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ClaimPods
    Leases up to @BATCH_SIZE due claims of one status to one worker: those whose dispute can still be answered first, by its deadline, then
    those without one, those due longest first, then those whose deadline has passed, the latest first.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      one row per claim: CLAIM_ID, CLAIM_REFERENCE, CARRIER, TRACKING_NUMBER, POD_FETCH_STATUS, RETRY_NO, ATTEMPT_NO, LEASE_UNTIL_DT
Errors       50001 bad argument
Locks        the claimed rows for the length of this short transaction; rows locked by others are skipped
Repeatable   no: each call takes other rows
Note         The nearest are looked up without keeping locks, some more than are wanted; only of these are rows locked and taken.
             Of the failed claims, those with a persistent error or with @MAX_RETRIES retries behind them are left alone, unless named.
             A claim whose lease has run out is due again; when three workers in a row died over it, that is a failed attempt.
             Those of the JSON array @PASSED are left out: this run has had them. @CARRIERS and @EXCLUDED are JSON arrays of carriers
             exactly as claims spell them.
Example      EXECUTE dbo.sp_ClaimPods @WORKER_ID = N'host-1234', @SCOPE = 'failed', @BATCH_SIZE = 30;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ClaimPods
    @WORKER_ID nvarchar(100),
    @SCOPE varchar(20),
    @BATCH_SIZE int = 1,
    @LEASE_SECONDS int = 600,
    @MAX_RETRIES int = 4,
    @CLAIM_REFERENCE nvarchar(100) = NULL,
    @CARRIERS nvarchar(max) = NULL,
    @EXCLUDED nvarchar(max) = NULL,
    @IGNORE_DUE bit = 0,
    @INCLUDE_PERSISTENT bit = 0,
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
        CASE WHEN @SCOPE IS NULL OR @SCOPE NOT IN ('pending', 'failed') THEN N'@SCOPE takes pending, failed. ' END,
        CASE WHEN @MAX_RETRIES IS NULL OR @MAX_RETRIES NOT BETWEEN 0 AND 1000 THEN N'@MAX_RETRIES takes 0 to 1000. ' END,
        CASE WHEN ISJSON(@PASSED) = 0 THEN N'@PASSED takes a JSON array. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @LEFT_OUT table
    (
        CLAIM_ID bigint NOT NULL PRIMARY KEY
    );

    DECLARE @TAKEN table
    (
        CLAIM_ID bigint NOT NULL PRIMARY KEY
    );

    DECLARE @NEAREST table
    (
        CLAIM_ID bigint NOT NULL PRIMARY KEY,
        PLACE int NOT NULL
    );

    BEGIN TRY
        IF @PASSED IS NOT NULL
        BEGIN
            INSERT INTO @LEFT_OUT (CLAIM_ID)
            SELECT DISTINCT
                TRY_CONVERT(bigint, element.[value])
            FROM OPENJSON(@PASSED) AS element
            WHERE TRY_CONVERT(bigint, element.[value]) IS NOT NULL;
        END;

        BEGIN TRANSACTION;

        /* One worker after the other died over these: that is a failed attempt, or it would go on for ever. */
        UPDATE dbo.claims
        SET
            pod_fetch_status = 'failed',
            pod_last_retry_at = CASE WHEN pod_fetch_status = 'failed' THEN @NOW ELSE pod_last_retry_at END,
            pod_next_attempt_at = DATEADD
            (
                HOUR,
                CASE
                    WHEN COALESCE(pod_fetch_status, 'pending') = 'pending' THEN 1
                    WHEN COALESCE(pod_retry_count, 0) = 0 THEN 6
                    WHEN pod_retry_count = 1 THEN 24
                    ELSE 72
                END,
                @NOW
            ),
            pod_retry_count = CASE WHEN pod_fetch_status = 'failed' THEN COALESCE(pod_retry_count, 0) + 1 ELSE 0 END,
            pod_error_class = 'temporary',
            pod_error_cause = 'crash',
            pod_error_code = 'crash',
            pod_error = N'The worker died (or was stopped hard) 3 times in a row while it held this claim.',
            pod_lease_until = NULL,
            pod_crash_count = 0
        WHERE pod_lease_until IS NOT NULL
        AND   pod_lease_until <= @NOW
        AND   pod_crash_count >= 2;

        INSERT INTO @NEAREST (CLAIM_ID, PLACE)
        SELECT TOP (@BATCH_SIZE * 4 + 100)
            CLAIM_ID = candidate.id,
            PLACE = ROW_NUMBER() OVER
            (
                ORDER BY
                    CASE WHEN candidate.dispute_deadline >= @NOW THEN 1 WHEN candidate.dispute_deadline IS NULL THEN 2 ELSE 3 END,
                    CASE WHEN candidate.dispute_deadline >= @NOW THEN candidate.dispute_deadline END,
                    CASE WHEN candidate.dispute_deadline < @NOW THEN candidate.dispute_deadline END DESC,
                    candidate.pod_next_attempt_at,
                    candidate.id
            )
        FROM dbo.claims AS candidate WITH (READPAST, READCOMMITTEDLOCK)
        WHERE (candidate.pod_fetch_status = @SCOPE OR (candidate.pod_fetch_status IS NULL AND @SCOPE = 'pending'))
        AND   (candidate.pod_lease_until IS NULL OR candidate.pod_lease_until <= @NOW)
        AND   (@IGNORE_DUE = 1 OR candidate.pod_next_attempt_at IS NULL OR candidate.pod_next_attempt_at <= @NOW)
        AND
        (
            @SCOPE = 'pending'
            OR (@CLAIM_REFERENCE IS NOT NULL AND @IGNORE_DUE = 1)
            OR
            (
                (@INCLUDE_PERSISTENT = 1 OR COALESCE(candidate.pod_error_class, '') <> 'persistent')
                AND COALESCE(candidate.pod_retry_count, 0) < @MAX_RETRIES
            )
        )
        AND   (@CLAIM_REFERENCE IS NULL OR candidate.claim_reference = @CLAIM_REFERENCE)
        AND
        (
            @CARRIERS IS NULL
            OR COALESCE(candidate.carrier, '') IN (SELECT wanted.[value] FROM OPENJSON(@CARRIERS) AS wanted)
        )
        AND
        (
            @EXCLUDED IS NULL
            OR COALESCE(candidate.carrier, '') NOT IN
                (SELECT unwanted.[value] FROM OPENJSON(@EXCLUDED) AS unwanted WHERE unwanted.[value] IS NOT NULL)
        )
        AND   NOT EXISTS (SELECT 1 FROM @LEFT_OUT AS passed WHERE passed.CLAIM_ID = candidate.id)
        ORDER BY
            PLACE;

        UPDATE dbo.claims
        SET
            pod_crash_count = pod_crash_count + CASE WHEN pod_lease_until IS NULL THEN 0 ELSE 1 END,
            pod_lease_owner = @WORKER_ID,
            pod_lease_until = DATEADD(SECOND, @LEASE_SECONDS, @NOW),
            pod_attempt_no = pod_attempt_no + 1
        OUTPUT
            inserted.id
        INTO @TAKEN (CLAIM_ID)
        WHERE id IN
        (
            SELECT TOP (@BATCH_SIZE)
                candidate.id
            FROM @NEAREST AS nearest
            INNER JOIN dbo.claims AS candidate WITH (ROWLOCK, UPDLOCK, READPAST, READCOMMITTEDLOCK)
                ON candidate.id = nearest.CLAIM_ID
            WHERE (candidate.pod_fetch_status = @SCOPE OR (candidate.pod_fetch_status IS NULL AND @SCOPE = 'pending'))
            AND   (candidate.pod_lease_until IS NULL OR candidate.pod_lease_until <= @NOW)
            AND   (@IGNORE_DUE = 1 OR candidate.pod_next_attempt_at IS NULL OR candidate.pod_next_attempt_at <= @NOW)
            ORDER BY
                nearest.PLACE
        )
        AND   (pod_fetch_status = @SCOPE OR (pod_fetch_status IS NULL AND @SCOPE = 'pending'))
        AND   (pod_lease_until IS NULL OR pod_lease_until <= @NOW)
        AND   (@IGNORE_DUE = 1 OR pod_next_attempt_at IS NULL OR pod_next_attempt_at <= @NOW);

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
        CLAIM_ID = claim.id,
        CLAIM_REFERENCE = claim.claim_reference,
        CARRIER = claim.carrier,
        TRACKING_NUMBER = claim.tracking_number,
        POD_FETCH_STATUS = COALESCE(claim.pod_fetch_status, 'pending'),
        RETRY_NO = CASE WHEN claim.pod_fetch_status = 'failed' THEN COALESCE(claim.pod_retry_count, 0) + 1 ELSE 0 END,
        ATTEMPT_NO = claim.pod_attempt_no,
        LEASE_UNTIL_DT = claim.pod_lease_until
    FROM @TAKEN AS taken
    INNER JOIN @NEAREST AS nearest
        ON nearest.CLAIM_ID = taken.CLAIM_ID
    INNER JOIN dbo.claims AS claim
        ON claim.id = taken.CLAIM_ID
    ORDER BY
        nearest.PLACE;
END;
GO
