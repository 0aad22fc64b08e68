SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountPods
    Counts all claims by carrier, status, standing and error class.

Called by    syncctl pod status
Returns      one row per group: CARRIER, POD_FETCH_STATUS, STANDING, ERROR_CLASS, CLAIMS, NEXT_ATTEMPT_DT, OLDEST_DT
Errors       none
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_CountPods;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountPods
    @MAX_RETRIES int = 4,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    SELECT
        counted.CARRIER,
        counted.POD_FETCH_STATUS,
        counted.STANDING,
        counted.ERROR_CLASS,
        CLAIMS = COUNT(*),
        NEXT_ATTEMPT_DT = MIN(counted.NEXT_ATTEMPT_DT),
        OLDEST_DT = MIN(counted.CREATED_DT)
    FROM
    (
        SELECT
            CARRIER = claim.carrier,
            POD_FETCH_STATUS = COALESCE(claim.pod_fetch_status, 'pending'),
            STANDING =
                CASE
                    WHEN COALESCE(claim.pod_fetch_status, 'pending') = 'success' THEN 'done'
                    WHEN claim.pod_lease_until > @NOW THEN 'leased'
                    WHEN claim.pod_fetch_status = 'failed' AND claim.pod_error_class = 'persistent' THEN 'persistent'
                    WHEN claim.pod_fetch_status = 'failed' AND COALESCE(claim.pod_retry_count, 0) >= @MAX_RETRIES THEN 'exhausted'
                    WHEN claim.pod_next_attempt_at > @NOW THEN 'waiting'
                    ELSE 'due'
                END,
            ERROR_CLASS = CASE WHEN claim.pod_fetch_status = 'success' THEN NULL ELSE claim.pod_error_class END,
            NEXT_ATTEMPT_DT = claim.pod_next_attempt_at,
            CREATED_DT = claim.created_at
        FROM dbo.claims AS claim
    ) AS counted
    GROUP BY
        counted.CARRIER,
        counted.POD_FETCH_STATUS,
        counted.STANDING,
        counted.ERROR_CLASS
    ORDER BY
        counted.CARRIER,
        counted.POD_FETCH_STATUS,
        counted.STANDING,
        counted.ERROR_CLASS;
END;
GO
