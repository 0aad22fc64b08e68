SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListRetryPolicies
    Lists how failures of each class are treated.

Called by    syncctl config policy list
Returns      one row per class: ERROR_CLASS, MAX_ATTEMPTS, BACKOFF_SECONDS, BACKOFF_FACTOR, BACKOFF_CAP_SECONDS, DESTINATION, DESCR
Errors       none of its own
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_ListRetryPolicies;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListRetryPolicies
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        policy.ERROR_CLASS,
        policy.MAX_ATTEMPTS,
        policy.BACKOFF_SECONDS,
        policy.BACKOFF_FACTOR,
        policy.BACKOFF_CAP_SECONDS,
        policy.DESTINATION,
        policy.DESCR
    FROM dbo.USER_RETRY_POLICY AS policy
    ORDER BY
        policy.ERROR_CLASS;
END;
GO
