SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReleasePod
    Gives a claim back untried, nothing counted; with @NEXT_ATTEMPT_DT it waits until then.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      nothing
Errors       50004 no such claim; 50010 lease lost
Locks        the claim's row, for this short transaction
Repeatable   no: the second call finds the lease gone (50010)
Example      EXECUTE dbo.sp_ReleasePod @CLAIM_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReleasePod
    @CLAIM_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO bigint,
    @NEXT_ATTEMPT_DT datetime2(3) = NULL,
    @REASON nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FencePod
            @CLAIM_ID = @CLAIM_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        UPDATE dbo.claims
        SET
            pod_lease_until = NULL,
            pod_crash_count = 0,
            pod_next_attempt_at = COALESCE(@NEXT_ATTEMPT_DT, pod_next_attempt_at),
            pod_error = COALESCE(@REASON, pod_error)
        WHERE id = @CLAIM_ID;

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
