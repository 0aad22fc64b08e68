SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FinishRun
    Closes a run's row in USER_SYNC_LOG with its counts, exit code and, as JSON, its timings; where it worked for a store, counts what
    happened (sp_NoteStatistics).

Called by    every syncctl command that moves orders
Returns      nothing
Errors       50004 the run was never started
Locks        the run's row, then what sp_NoteStatistics counts
Repeatable   yes: the same figures again, with a later end; a poll is counted once
Example      EXECUTE dbo.sp_FinishRun @SYNC_ID = 'by-hand', @RECORDS_INPUT = 1, @RECORDS_CREATED = 1, @RECORDS_UPDATED = 0,
                 @RECORDS_SKIPPED = 0, @RECORDS_FAILED = 0, @SUCCESS = 1, @EXIT_CODE = 0;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FinishRun
    @SYNC_ID varchar(50),
    @RECORDS_INPUT int,
    @RECORDS_CREATED int,
    @RECORDS_UPDATED int,
    @RECORDS_SKIPPED int,
    @RECORDS_FAILED int,
    @SUCCESS bit,
    @EXIT_CODE int,
    @ERROR_MESSAGE nvarchar(max) = NULL,
    @METRICS_JSON nvarchar(max) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @LOG_ID int = (SELECT MAX(run.LOG_ID) FROM dbo.USER_SYNC_LOG AS run WHERE run.SYNC_ID = @SYNC_ID);
    DECLARE @OF_STORE bit = 0;
    DECLARE @POLLED_STORE varchar(50);

    IF @LOG_ID IS NULL
    BEGIN
        DECLARE @MESSAGE nvarchar(500) = CONCAT(N'Run ', @SYNC_ID, N' was never started.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @OF_STORE = 1,
        @POLLED_STORE = CASE WHEN run.OPERATION_TYPE = 'stage' AND run.END_TIME IS NULL THEN run.STORE_ID END
    FROM dbo.USER_SYNC_LOG AS run
    WHERE run.LOG_ID = @LOG_ID
    AND   run.STORE_ID IS NOT NULL
    AND   run.DRY_RUN = 0;

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE
            dbo.USER_SYNC_LOG
        SET
            END_TIME = @NOW,
            DURATION_SECONDS = CONVERT(decimal(10, 2), DATEDIFF(MILLISECOND, START_TIME, @NOW) / 1000.0),
            RECORDS_INPUT = @RECORDS_INPUT,
            RECORDS_CREATED = @RECORDS_CREATED,
            RECORDS_UPDATED = @RECORDS_UPDATED,
            RECORDS_SKIPPED = @RECORDS_SKIPPED,
            RECORDS_FAILED = @RECORDS_FAILED,
            SUCCESS = @SUCCESS,
            EXIT_CODE = @EXIT_CODE,
            ERROR_MESSAGE = @ERROR_MESSAGE,
            METRICS_JSON = @METRICS_JSON
        WHERE LOG_ID = @LOG_ID;

        IF @OF_STORE = 1
        BEGIN
            EXECUTE dbo.sp_NoteStatistics
                @STORE_ID = @POLLED_STORE,
                @POLLED = @RECORDS_INPUT,
                @KNOWN = @RECORDS_SKIPPED,
                @NOW = @NOW;
        END;

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
