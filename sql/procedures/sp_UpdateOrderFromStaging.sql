SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_UpdateOrderFromStaging
    Brings the ERP document of a claimed order in line with the order as it is staged now, in one transaction.

Called by    an operator or a DBA by hand; the program does the same through sp_ProcessStagedOrder
Returns      one row: STAGING_ID, DOC_ID, TKT_NO, OUTCOME (updated, unchanged)
Errors       as sp_ApplyOrder
Locks        as sp_ApplyOrder, until this transaction ends
Repeatable   yes: an answer that was lost is given again
Note         Any failure leaves the document as it was. The store is told nothing: it knows.
Example      EXECUTE dbo.sp_UpdateOrderFromStaging @STAGING_ID = 1, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_UpdateOrderFromStaging
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @OUTCOME varchar(20);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_ApplyOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @ACTION = 'update',
            @DOC_ID = @DOC_ID OUTPUT,
            @TKT_NO = @TKT_NO OUTPUT,
            @OUTCOME = @OUTCOME OUTPUT,
            @NOW = @NOW;

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
        DOC_ID = @DOC_ID,
        TKT_NO = @TKT_NO,
        OUTCOME = @OUTCOME;
END;
GO
