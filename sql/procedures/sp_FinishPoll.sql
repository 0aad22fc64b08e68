SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FinishPoll
    Notes how far walks through a store have come (sp_NoteWalks), and closes the run's row (sp_FinishRun), in one transaction.

Called by    syncctl stage
Parameters   @WALKS  as for sp_NoteWalks
Returns      nothing
Errors       50001 bad argument; 50004 the run was never started
Locks        the walks' rows and the run's
Repeatable   yes: the same again, with a later end
Example      EXECUTE dbo.sp_FinishPoll @SYNC_ID = 'by-hand', @RECORDS_INPUT = 0, @RECORDS_CREATED = 0, @RECORDS_UPDATED = 0,
                 @RECORDS_SKIPPED = 0, @RECORDS_FAILED = 0, @SUCCESS = 1, @EXIT_CODE = 0, @STORE_ID = 'woocommerce',
                 @WALKS = N'[{"WALK_NAME": "orders", "WATERMARK_DT": "2026-11-20T11:00:00.000"}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_FinishPoll
    @SYNC_ID varchar(50),
    @RECORDS_INPUT int,
    @RECORDS_CREATED int,
    @RECORDS_UPDATED int,
    @RECORDS_SKIPPED int,
    @RECORDS_FAILED int,
    @SUCCESS bit,
    @EXIT_CODE int,
    @STORE_ID varchar(50),
    @WALKS nvarchar(max),
    @ERROR_MESSAGE nvarchar(max) = NULL,
    @METRICS_JSON nvarchar(max) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_NoteWalks
            @STORE_ID = @STORE_ID,
            @WALKS = @WALKS,
            @NOW = @NOW;

        EXECUTE dbo.sp_FinishRun
            @SYNC_ID = @SYNC_ID,
            @RECORDS_INPUT = @RECORDS_INPUT,
            @RECORDS_CREATED = @RECORDS_CREATED,
            @RECORDS_UPDATED = @RECORDS_UPDATED,
            @RECORDS_SKIPPED = @RECORDS_SKIPPED,
            @RECORDS_FAILED = @RECORDS_FAILED,
            @SUCCESS = @SUCCESS,
            @EXIT_CODE = @EXIT_CODE,
            @ERROR_MESSAGE = @ERROR_MESSAGE,
            @METRICS_JSON = @METRICS_JSON,
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
END;
GO
