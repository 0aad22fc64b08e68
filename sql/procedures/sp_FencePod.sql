SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FencePod
    Locks a claim for the caller's transaction and makes sure that this worker's attempt still holds it.

Called by    sp_RecordPodSuccess, sp_RecordPodFailure, sp_ReleasePod, sp_StorePodDocument, first thing in their transaction
Returns      nothing
Errors       50004 no such claim; 50010 another worker or attempt holds the claim, or nobody does
Locks        the claim's row, exclusively, until the caller's transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_FencePod @CLAIM_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FencePod
    @CLAIM_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @REFERENCE nvarchar(100);
    DECLARE @LEASE_OWNER nvarchar(100);
    DECLARE @LEASE_UNTIL datetime2(3);
    DECLARE @HELD_ATTEMPT_NO bigint;

    /* An UPDATE, not a hint: it holds the row on every engine and isolation level. */
    UPDATE dbo.claims
    SET pod_attempt_no = pod_attempt_no
    WHERE id = @CLAIM_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT(N'Claim id ', @CLAIM_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @REFERENCE = claim.claim_reference,
        @LEASE_OWNER = claim.pod_lease_owner,
        @LEASE_UNTIL = claim.pod_lease_until,
        @HELD_ATTEMPT_NO = claim.pod_attempt_no
    FROM dbo.claims AS claim
    WHERE claim.id = @CLAIM_ID;

    IF  @LEASE_OWNER = @WORKER_ID
    AND @HELD_ATTEMPT_NO = @ATTEMPT_NO
    AND @LEASE_UNTIL IS NOT NULL
    BEGIN
        RETURN;
    END;

    SET @MESSAGE = CONCAT
    (
        N'Claim ', @REFERENCE, N': attempt ', @ATTEMPT_NO, N' of ', @WORKER_ID,
        N' no longer holds it; it is at attempt ', @HELD_ATTEMPT_NO, N' now. Nothing was written.'
    );
    THROW 50010, @MESSAGE, 1;
END;
GO
