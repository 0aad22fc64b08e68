SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListPods
    Lists claims in the order in which they would be taken, with where each stands: those whose dispute can still be answered first, by
    its deadline, then those without one, then those whose deadline has passed. With @BY_DEADLINE only claims that have a deadline and no
    document, by that.

Called by    syncctl pod list, syncctl pod-fetch --dry-run, syncctl pod-retry --dry-run
Returns      one row per claim: CLAIM_ID, CLAIM_REFERENCE, CARRIER, TRACKING_NUMBER, CLIENT_ID, POD_FETCH_STATUS, STANDING, POD_… , CREATED_AT,
             DISPUTE_DEADLINE, CLIENT_NAME, POD_FETCHED_AT
Errors       50001 bad argument
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_ListPods @SCOPE = 'failed', @STANDING = 'due';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListPods
    @SCOPE varchar(20) = NULL,
    @STANDING varchar(20) = NULL,
    @MAX_RETRIES int = 4,
    @CLAIM_REFERENCE nvarchar(100) = NULL,
    @CARRIERS nvarchar(max) = NULL,
    @BY_DEADLINE bit = 0,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000 THEN N'@BATCH_SIZE takes 1 to 10000. ' END,
        CASE WHEN @SCOPE NOT IN ('pending', 'failed', 'success') THEN N'@SCOPE takes pending, failed, success. ' END,
        CASE WHEN @STANDING NOT IN ('due', 'waiting', 'persistent', 'exhausted', 'leased', 'done')
            THEN N'@STANDING takes due, waiting, persistent, exhausted, leased, done. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        CLAIM_ID = claim.id,
        CLAIM_REFERENCE = claim.claim_reference,
        CARRIER = claim.carrier,
        TRACKING_NUMBER = claim.tracking_number,
        CLIENT_ID = claim.client_id,
        POD_FETCH_STATUS = COALESCE(claim.pod_fetch_status, 'pending'),
        STANDING = standing.STANDING,
        POD_URL = claim.pod_url,
        POD_ERROR = claim.pod_error,
        POD_ERROR_CLASS = claim.pod_error_class,
        POD_ERROR_CAUSE = claim.pod_error_cause,
        POD_ERROR_CODE = claim.pod_error_code,
        POD_RETRY_COUNT = COALESCE(claim.pod_retry_count, 0),
        POD_LAST_RETRY_AT = claim.pod_last_retry_at,
        POD_NEXT_ATTEMPT_AT = claim.pod_next_attempt_at,
        POD_DOCUMENT_PATH = claim.pod_document_path,
        POD_SHA256 = claim.pod_sha256,
        POD_CONTENT_TYPE = claim.pod_content_type,
        POD_SIGNED_BY = claim.pod_signed_by,
        POD_DELIVERED_AT = claim.pod_delivered_at,
        CREATED_AT = claim.created_at,
        DISPUTE_DEADLINE = claim.dispute_deadline,
        CLIENT_NAME = claim.client_name,
        POD_FETCHED_AT = claim.pod_fetched_at
    FROM dbo.claims AS claim
    CROSS APPLY
    (
        SELECT
            STANDING =
                CASE
                    WHEN COALESCE(claim.pod_fetch_status, 'pending') = 'success' THEN 'done'
                    WHEN claim.pod_lease_until > @NOW THEN 'leased'
                    WHEN claim.pod_fetch_status = 'failed' AND claim.pod_error_class = 'persistent' THEN 'persistent'
                    WHEN claim.pod_fetch_status = 'failed' AND COALESCE(claim.pod_retry_count, 0) >= @MAX_RETRIES THEN 'exhausted'
                    WHEN claim.pod_next_attempt_at > @NOW THEN 'waiting'
                    ELSE 'due'
                END
    ) AS standing
    WHERE (@SCOPE IS NULL OR claim.pod_fetch_status = @SCOPE OR (@SCOPE = 'pending' AND claim.pod_fetch_status IS NULL))
    AND   (@STANDING IS NULL OR standing.STANDING = @STANDING)
    AND   (@CLAIM_REFERENCE IS NULL OR claim.claim_reference = @CLAIM_REFERENCE)
    AND
    (
        @CARRIERS IS NULL
        OR COALESCE(claim.carrier, '') IN (SELECT wanted.[value] FROM OPENJSON(@CARRIERS) AS wanted)
    )
    AND   (@BY_DEADLINE = 0 OR (claim.dispute_deadline IS NOT NULL AND standing.STANDING <> 'done'))
    ORDER BY
        CASE WHEN @BY_DEADLINE = 1 THEN claim.dispute_deadline END,
        CASE WHEN claim.dispute_deadline >= @NOW THEN 1 WHEN claim.dispute_deadline IS NULL THEN 2 ELSE 3 END,
        CASE WHEN claim.dispute_deadline >= @NOW THEN claim.dispute_deadline END,
        CASE WHEN claim.dispute_deadline < @NOW THEN claim.dispute_deadline END DESC,
        claim.pod_next_attempt_at,
        claim.id
    OPTION (RECOMPILE);
END;
GO
