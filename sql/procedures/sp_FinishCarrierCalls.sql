SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FinishCarrierCalls
    Notes what came of the calls that a worker has open with a carrier for a claim.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      nothing
Errors       none
Locks        the calls' rows, for this short transaction
Repeatable   yes
Example      EXECUTE dbo.sp_FinishCarrierCalls @CARRIER = 'chronopost', @WORKER_ID = N'host-1234', @CLAIM_ID = 42, @OUTCOME = 'document';
*/
CREATE OR ALTER PROCEDURE dbo.sp_FinishCarrierCalls
    @CARRIER varchar(50),
    @WORKER_ID nvarchar(100),
    @CLAIM_ID bigint,
    @OUTCOME varchar(20),
    @ERROR_CODE varchar(50) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE dbo.USER_CARRIER_CALL
        SET
            OUTCOME = @OUTCOME,
            ERROR_CODE = @ERROR_CODE,
            ENDED_DT = @NOW
        WHERE CARRIER = @CARRIER
        AND   WORKER_ID = @WORKER_ID
        AND   (CLAIM_ID = @CLAIM_ID OR (CLAIM_ID IS NULL AND @CLAIM_ID IS NULL))
        AND   OUTCOME IS NULL;

        UPDATE dbo.USER_CARRIER_BUDGET
        SET PAUSES_IN_ROW = 0
        WHERE CARRIER = @CARRIER
        AND   PAUSES_IN_ROW > 0
        AND   @OUTCOME <> 'throttled';

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
