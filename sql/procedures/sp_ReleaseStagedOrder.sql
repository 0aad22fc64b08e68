SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReleaseStagedOrder
    Gives a claimed order back untried: PENDING, or FAILED where it was. The attempt doesn't count.

Called by    syncctl process, when it stops early
Returns      nothing
Errors       50004 no such staging id; 50010 lease lost
Locks        the order's row, for this short transaction
Repeatable   no: the second time the lease is lost
Note         An order that was FAILED still has its NEXT_ATTEMPT_DT while it is claimed.
Example      EXECUTE dbo.sp_ReleaseStagedOrder @STAGING_ID = 123, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @REASON = N'stopped by a signal';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReleaseStagedOrder
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @REASON nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        UPDATE dbo.USER_ORDER_STAGING
        SET
            STATE = CASE WHEN NEXT_ATTEMPT_DT IS NULL THEN 'PENDING' ELSE 'FAILED' END,
            ATTEMPT_NO = ATTEMPT_NO - 1,
            LEASE_OWNER = NULL,
            LEASE_UNTIL_DT = NULL
        WHERE STAGING_ID = @STAGING_ID;

        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        SELECT
            staged.STORE_ID,
            staged.WOO_ORDER_ID,
            staged.STAGING_ID,
            @NOW,
            'RELEASED',
            NULL,
            @WORKER_ID,
            @ATTEMPT_NO,
            @REASON
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

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
