SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RecordPodSuccess
    Notes a document that is stored already, and drops what was still to be sent to the client about this claim.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      nothing
Errors       50001 bad argument; 50004 no such claim; 50010 lease lost
Locks        the claim's row and its message's, for this short transaction
Repeatable   yes: the same attempt may say so twice
Example      EXECUTE dbo.sp_RecordPodSuccess @CLAIM_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, …;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RecordPodSuccess
    @CLAIM_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO bigint,
    @POD_URL nvarchar(max),
    @DOCUMENT_PATH nvarchar(max),
    @SHA256 char(64),
    @CONTENT_TYPE varchar(50),
    @SIZE_BYTES int,
    @SIGNED_BY nvarchar(100) = NULL,
    @DELIVERED_DT datetime2(3) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@POD_URL, N'') IS NULL THEN N'@POD_URL is required. ' END,
        CASE WHEN LEN(COALESCE(@SHA256, '')) <> 64 THEN N'@SHA256 takes 64 hexadecimal digits. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    IF EXISTS
    (
        SELECT 1
        FROM dbo.claims AS claim
        WHERE claim.id = @CLAIM_ID
        AND   claim.pod_lease_owner = @WORKER_ID
        AND   claim.pod_attempt_no = @ATTEMPT_NO
        AND   claim.pod_fetch_status = 'success'
        AND   claim.pod_sha256 = @SHA256
    )
    BEGIN
        RETURN;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FencePod
            @CLAIM_ID = @CLAIM_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        UPDATE dbo.claims
        SET
            pod_url = @POD_URL,
            pod_document_path = @DOCUMENT_PATH,
            pod_sha256 = @SHA256,
            pod_content_type = @CONTENT_TYPE,
            pod_size_bytes = @SIZE_BYTES,
            pod_signed_by = @SIGNED_BY,
            pod_delivered_at = @DELIVERED_DT,
            pod_fetched_at = @NOW,
            pod_retry_count = COALESCE(pod_retry_count, 0) + CASE WHEN pod_fetch_status = 'failed' THEN 1 ELSE 0 END,
            pod_last_retry_at = CASE WHEN pod_fetch_status = 'failed' THEN @NOW ELSE pod_last_retry_at END,
            pod_fetch_status = 'success',
            pod_error = NULL,
            pod_error_class = NULL,
            pod_error_cause = NULL,
            pod_error_code = NULL,
            pod_next_attempt_at = NULL,
            pod_not_yet_count = 0,
            pod_not_yet_since = NULL,
            pod_lease_until = NULL,
            pod_crash_count = 0
        WHERE id = @CLAIM_ID;

        UPDATE dbo.USER_NOTIFICATION
        SET
            STATE = 'DROPPED',
            DETAIL = N'the document came after all',
            ENDED_DT = @NOW
        WHERE EVENT_TYPE = 'pod_failed'
        AND   DEDUP_KEY LIKE CONCAT(N'pod:', @CLAIM_ID, N':%')
        AND   STATE = 'PENDING';

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;
END;
GO
