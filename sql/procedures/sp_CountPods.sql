SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountPods
    Counts all claims by carrier, status, standing and error class; with @OPEN_ONLY not those that are done, which are most in the end.

Called by    syncctl pod status, pod-fetch, pod-retry, health
Returns      one row per group: CARRIER, POD_FETCH_STATUS, STANDING, ERROR_CLASS, CLAIMS, NEXT_ATTEMPT_DT, DEADLINE_NEAR (claims whose
             dispute has to be answered within @DEADLINE_DAYS), NEXT_DEADLINE_DT (the first of them that has not passed)
Errors       none
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_CountPods;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountPods
    @MAX_RETRIES int = 4,
    @OPEN_ONLY bit = 0,
    @DEADLINE_DAYS int = 7,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    /* What is done is most of all claims, and is counted out of the index alone. */
    SELECT
        counted.CARRIER,
        counted.POD_FETCH_STATUS,
        counted.STANDING,
        counted.ERROR_CLASS,
        counted.CLAIMS,
        counted.NEXT_ATTEMPT_DT,
        counted.DEADLINE_NEAR,
        counted.NEXT_DEADLINE_DT
    FROM
    (
        SELECT
            CARRIER = claim.carrier,
            POD_FETCH_STATUS = CONVERT(varchar(20), 'success'),
            STANDING = CONVERT(varchar(20), 'done'),
            ERROR_CLASS = CONVERT(varchar(20), NULL),
            CLAIMS = COUNT(*),
            NEXT_ATTEMPT_DT = CONVERT(datetime2(3), NULL),
            DEADLINE_NEAR = 0,
            NEXT_DEADLINE_DT = CONVERT(datetime2(3), NULL)
        FROM dbo.claims AS claim
        WHERE claim.pod_fetch_status = 'success'
        AND   @OPEN_ONLY = 0
        GROUP BY
            claim.carrier
        UNION ALL
        SELECT
            left_over.CARRIER,
            left_over.POD_FETCH_STATUS,
            left_over.STANDING,
            left_over.ERROR_CLASS,
            CLAIMS = COUNT(*),
            NEXT_ATTEMPT_DT = MIN(left_over.NEXT_ATTEMPT_DT),
            DEADLINE_NEAR = SUM(CASE WHEN left_over.DEADLINE_DT < DATEADD(DAY, @DEADLINE_DAYS, @NOW) THEN 1 ELSE 0 END),
            NEXT_DEADLINE_DT = MIN(left_over.DEADLINE_DT)
        FROM
        (
            SELECT
                CARRIER = claim.carrier,
                POD_FETCH_STATUS = COALESCE(claim.pod_fetch_status, 'pending'),
                STANDING =
                    CASE
                        WHEN claim.pod_lease_until > @NOW THEN 'leased'
                        WHEN claim.pod_fetch_status = 'failed' AND claim.pod_error_class = 'persistent' THEN 'persistent'
                        WHEN claim.pod_fetch_status = 'failed' AND COALESCE(claim.pod_retry_count, 0) >= @MAX_RETRIES
                            THEN 'exhausted'
                        WHEN claim.pod_next_attempt_at > @NOW THEN 'waiting'
                        ELSE 'due'
                    END,
                ERROR_CLASS = claim.pod_error_class,
                NEXT_ATTEMPT_DT = claim.pod_next_attempt_at,
                DEADLINE_DT = CASE WHEN claim.dispute_deadline >= @NOW THEN claim.dispute_deadline END
            FROM dbo.claims AS claim
            WHERE claim.pod_fetch_status < 'success'
            OR    claim.pod_fetch_status > 'success'
            OR    claim.pod_fetch_status IS NULL
        ) AS left_over
        GROUP BY
            left_over.CARRIER,
            left_over.POD_FETCH_STATUS,
            left_over.STANDING,
            left_over.ERROR_CLASS
    ) AS counted
    ORDER BY
        counted.CARRIER,
        counted.POD_FETCH_STATUS,
        counted.STANDING,
        counted.ERROR_CLASS;
END;
GO
