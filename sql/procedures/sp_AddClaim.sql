SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_AddClaim
    Adds a claim as pending; one that is there already is left as it is.

Called by    syncctl pod add
Returns      one row per claim: CLAIM_ID, CLAIM_REFERENCE, CARRIER, TRACKING_NUMBER, CLIENT_ID, POD_FETCH_STATUS, STANDING, POD_… , CREATED_AT,
             DISPUTE_DEADLINE, CLIENT_NAME, POD_FETCHED_AT
Errors       50001 bad argument
Locks        the new row
Repeatable   yes
Example      EXECUTE dbo.sp_AddClaim @CLAIM_REFERENCE = N'CLM-2024-001', @CARRIER = 'Chronopost', @TRACKING_NUMBER = N'XN081879383FR';
*/
CREATE OR ALTER PROCEDURE dbo.sp_AddClaim
    @CLAIM_REFERENCE nvarchar(100),
    @CARRIER varchar(50),
    @TRACKING_NUMBER nvarchar(500),
    @CLIENT_ID varchar(50) = NULL,
    @CLIENT_NAME nvarchar(100) = NULL,
    @CLIENT_EMAIL nvarchar(500) = NULL,
    @DISPUTE_DEADLINE datetime2(3) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@CLAIM_REFERENCE, N'') IS NULL THEN N'@CLAIM_REFERENCE is required. ' END,
        CASE WHEN NULLIF(@CARRIER, '') IS NULL THEN N'@CARRIER is required. ' END,
        CASE WHEN NULLIF(@TRACKING_NUMBER, N'') IS NULL THEN N'@TRACKING_NUMBER is required. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @MAX_RETRIES int = 4;

    INSERT INTO dbo.claims
        (claim_reference, carrier, tracking_number, client_id, client_name, client_email, pod_fetch_status, created_at, dispute_deadline)
    SELECT
        @CLAIM_REFERENCE,
        @CARRIER,
        @TRACKING_NUMBER,
        @CLIENT_ID,
        @CLIENT_NAME,
        @CLIENT_EMAIL,
        'pending',
        @NOW,
        @DISPUTE_DEADLINE
    WHERE NOT EXISTS
    (
        SELECT 1
        FROM dbo.claims AS present WITH (UPDLOCK, HOLDLOCK)
        WHERE present.claim_reference = @CLAIM_REFERENCE
    );

    SELECT
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
    WHERE claim.claim_reference = @CLAIM_REFERENCE;
END;
GO
