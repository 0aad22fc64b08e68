SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ExtendLease
    The heartbeat: moves the end of a lease to @LEASE_SECONDS from now.

Called by    syncctl process, while an order takes long
Returns      one row: STAGING_ID, LEASE_UNTIL_DT
Errors       50001 bad argument; 50004 no such staging id; 50010 lease lost
Locks        the order's row, for this short transaction
Repeatable   yes
Example      EXECUTE dbo.sp_ExtendLease @STAGING_ID = 123, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @LEASE_SECONDS = 300;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ExtendLease
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @LEASE_SECONDS int = 300,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    IF @LEASE_SECONDS IS NULL OR @LEASE_SECONDS NOT BETWEEN 1 AND 86400
    BEGIN
        THROW 50001, N'@LEASE_SECONDS takes 1 to 86400.', 1;
    END;

    DECLARE @LEASE_UNTIL_DT datetime2(3) = DATEADD(SECOND, @LEASE_SECONDS, @NOW);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        UPDATE dbo.USER_ORDER_STAGING
        SET LEASE_UNTIL_DT = @LEASE_UNTIL_DT
        WHERE STAGING_ID = @STAGING_ID;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        STAGING_ID = @STAGING_ID,
        LEASE_UNTIL_DT = @LEASE_UNTIL_DT;
END;
GO
