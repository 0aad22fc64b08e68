SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RecordPodFailure
    Notes an attempt that brought no document, plans the next one, and queues the message to the client.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      one row: CLAIM_ID, POD_FETCH_STATUS, POD_RETRY_COUNT, NEXT_ATTEMPT_DT, FINAL, NOTIFICATION_ID
Errors       50001 bad argument; 50004 no such claim; 50010 lease lost
Locks        the claim's row and its message's, for this short transaction
Repeatable   no: the second call finds the lease gone (50010)
Note         A parcel that has not been delivered for @NOT_YET_DAYS, or at @NOT_YET_TRIES answers, is given up: a persistent error, not_delivered.
             That count goes on over failures that may pass, and begins anew with a claim that a person has put back.
Example      EXECUTE dbo.sp_RecordPodFailure @CLAIM_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @OUTCOME = 'temporary', …;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RecordPodFailure
    @CLAIM_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO bigint,
    @OUTCOME varchar(20),
    @CAUSE varchar(50),
    @ERROR_CODE varchar(50),
    @MESSAGE nvarchar(max),
    @MAX_RETRIES int = 4,
    @WAIT_SECONDS int = 21600,
    @NOTIFY varchar(20) = 'at_maximum',
    @NOTIFY_TEMPORARY bit = 0,
    @NOT_YET_DAYS int = 30,
    @NOT_YET_TRIES int = 200,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @OUTCOME IS NULL OR @OUTCOME NOT IN ('persistent', 'temporary', 'not_yet') THEN N'@OUTCOME takes persistent, temporary, not_yet. ' END,
        CASE WHEN @NOTIFY IS NULL OR @NOTIFY NOT IN ('at_once', 'at_maximum', 'never') THEN N'@NOTIFY takes at_once, at_maximum, never. ' END,
        CASE WHEN @MAX_RETRIES IS NULL OR @MAX_RETRIES NOT BETWEEN 0 AND 1000 THEN N'@MAX_RETRIES takes 0 to 1000. ' END,
        CASE WHEN @WAIT_SECONDS IS NULL OR @WAIT_SECONDS NOT BETWEEN 0 AND 2592000 THEN N'@WAIT_SECONDS takes 0 to 2592000. ' END,
        CASE WHEN @NOT_YET_DAYS IS NULL OR @NOT_YET_DAYS NOT BETWEEN 1 AND 3650 THEN N'@NOT_YET_DAYS takes 1 to 3650. ' END,
        CASE WHEN @NOT_YET_TRIES IS NULL OR @NOT_YET_TRIES NOT BETWEEN 1 AND 100000 THEN N'@NOT_YET_TRIES takes 1 to 100000. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @STATUS varchar(20);
    DECLARE @RETRIED bit;
    DECLARE @COUNT int;
    DECLARE @DUE datetime2(3);
    DECLARE @FINAL bit;
    DECLARE @LAST varchar(20);
    DECLARE @ANSWERS int;
    DECLARE @SINCE datetime2(3);
    DECLARE @KEY nvarchar(100);
    DECLARE @DATA nvarchar(max);
    DECLARE @NOT_BEFORE datetime2(3);
    DECLARE @HOURS int = 0;
    DECLARE @RETRY int;
    DECLARE @CLIENT_ID varchar(50);
    DECLARE @CLIENT_EMAIL nvarchar(500);
    DECLARE @NOTIFICATION_ID bigint;
    DECLARE @REASON nvarchar(500);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FencePod
            @CLAIM_ID = @CLAIM_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        SELECT
            @LAST = claim.pod_error_class,
            @ANSWERS = COALESCE(claim.pod_not_yet_count, 0),
            @SINCE = claim.pod_not_yet_since
        FROM dbo.claims AS claim
        WHERE claim.id = @CLAIM_ID;

        IF @LAST IS NULL OR @LAST = 'persistent'
        BEGIN
            SET @ANSWERS = 0;
            SET @SINCE = NULL;
        END;

        IF @OUTCOME = 'not_yet'
        BEGIN
            SET @ANSWERS = @ANSWERS + 1;
            SET @SINCE = COALESCE(@SINCE, @NOW);

            IF @ANSWERS >= @NOT_YET_TRIES OR DATEADD(DAY, @NOT_YET_DAYS, @SINCE) <= @NOW
            BEGIN
                SET @OUTCOME = 'persistent';
                SET @CAUSE = 'not_delivered';
                SET @ERROR_CODE = 'not_delivered';
                SET @MESSAGE = CONCAT
                (
                    N'Still not delivered after ', @ANSWERS, N' answer(s) since ', CONVERT(nvarchar(10), @SINCE, 23), N': ', @MESSAGE
                );
            END;
        END;

        SELECT
            @RETRIED = CASE WHEN claim.pod_fetch_status = 'failed' THEN 1 ELSE 0 END,
            @STATUS = CASE WHEN @OUTCOME = 'not_yet' THEN COALESCE(claim.pod_fetch_status, 'pending') ELSE 'failed' END,
            @COUNT = CASE
                WHEN @OUTCOME = 'not_yet' THEN COALESCE(claim.pod_retry_count, 0)
                WHEN claim.pod_fetch_status = 'failed' THEN COALESCE(claim.pod_retry_count, 0) + 1
                ELSE 0
            END,
            @CLIENT_ID = claim.client_id,
            @CLIENT_EMAIL = claim.client_email,
            @KEY = LEFT(CONCAT(N'pod:', claim.id, N':', claim.tracking_number), 100)
        FROM dbo.claims AS claim
        WHERE claim.id = @CLAIM_ID;

        SET @DUE = CASE
            WHEN @OUTCOME = 'not_yet' THEN DATEADD(SECOND, @WAIT_SECONDS, @NOW)
            WHEN @OUTCOME = 'persistent' THEN NULL
            ELSE DATEADD(HOUR, CASE @COUNT WHEN 0 THEN 1 WHEN 1 THEN 6 WHEN 2 THEN 24 ELSE 72 END, @NOW)
        END;
        SET @FINAL = CASE WHEN @OUTCOME = 'persistent' OR (@OUTCOME = 'temporary' AND @COUNT >= @MAX_RETRIES) THEN 1 ELSE 0 END;

        UPDATE dbo.claims
        SET
            pod_fetch_status = @STATUS,
            pod_retry_count = @COUNT,
            pod_next_attempt_at = @DUE,
            pod_last_retry_at = CASE WHEN @RETRIED = 1 THEN @NOW ELSE pod_last_retry_at END,
            pod_error = @MESSAGE,
            pod_error_class = @OUTCOME,
            pod_error_cause = @CAUSE,
            pod_error_code = COALESCE(NULLIF(@ERROR_CODE, ''), @CAUSE),
            pod_not_yet_count = @ANSWERS,
            pod_not_yet_since = @SINCE,
            pod_lease_until = NULL,
            pod_crash_count = 0
        WHERE id = @CLAIM_ID;

        IF @FINAL = 1 AND @NOTIFY <> 'never' AND (@OUTCOME = 'persistent' OR @NOTIFY_TEMPORARY = 1)
        BEGIN
            /* Where the retries are waited for: the message goes out when the last of them would have been. */
            IF @OUTCOME = 'persistent' AND @NOTIFY = 'at_maximum'
            BEGIN
                SET @RETRY = @COUNT;

                WHILE @RETRY < @MAX_RETRIES
                BEGIN
                    SET @HOURS = @HOURS + CASE @RETRY WHEN 0 THEN 1 WHEN 1 THEN 6 WHEN 2 THEN 24 ELSE 72 END;
                    SET @RETRY = @RETRY + 1;
                END;
            END;

            SET @NOT_BEFORE = DATEADD(HOUR, @HOURS, @NOW);
            SET @DATA =
            (
                SELECT
                    claim.claim_reference,
                    claim.carrier,
                    claim.tracking_number,
                    claim.client_name,
                    @MESSAGE AS error,
                    @OUTCOME AS error_class,
                    @CAUSE AS cause,
                    @COUNT AS retry_count
                FROM dbo.claims AS claim
                WHERE claim.id = @CLAIM_ID
                FOR JSON PATH, WITHOUT_ARRAY_WRAPPER, INCLUDE_NULL_VALUES
            );

            EXECUTE dbo.sp_WriteNotification
                @EVENT_TYPE = 'pod_failed',
                @DEDUP_KEY = @KEY,
                @AUDIENCE = 'client',
                @TEMPLATE = 'pod_failed',
                @DATA_JSON = @DATA,
                @RECIPIENT_ID = @CLIENT_ID,
                @ADDRESS = @CLIENT_EMAIL,
                @NOT_BEFORE_DT = @NOT_BEFORE,
                @NOW = @NOW;

            SELECT @NOTIFICATION_ID = message.NOTIFICATION_ID
            FROM dbo.USER_NOTIFICATION AS message
            WHERE message.DEDUP_KEY = @KEY;
        END
        ELSE
        BEGIN
            SET @REASON = CONCAT(N'the last answer is ', @OUTCOME);

            UPDATE dbo.USER_NOTIFICATION
            SET
                STATE = 'DROPPED',
                DETAIL = @REASON,
                ENDED_DT = @NOW
            WHERE EVENT_TYPE = 'pod_failed'
            AND   DEDUP_KEY LIKE CONCAT(N'pod:', @CLAIM_ID, N':%')
            AND   STATE = 'PENDING';
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
        CLAIM_ID = @CLAIM_ID,
        POD_FETCH_STATUS = @STATUS,
        POD_RETRY_COUNT = @COUNT,
        NEXT_ATTEMPT_DT = @DUE,
        FINAL = @FINAL,
        NOTIFICATION_ID = @NOTIFICATION_ID;
END;
GO
