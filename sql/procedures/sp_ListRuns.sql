SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListRuns
    The latest runs, newest first, of one command or of all.

Called by    people who ask for past runs; no command of syncctl does
Returns      one row a run
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListRuns @OPERATION_TYPE = 'process', @BATCH_SIZE = 5;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListRuns
    @OPERATION_TYPE varchar(50) = NULL,
    @BATCH_SIZE int = 20,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        run.SYNC_ID,
        run.OPERATION_TYPE,
        run.DRY_RUN,
        run.HOST,
        run.PROCESS_ID,
        run.START_TIME,
        run.END_TIME,
        run.DURATION_SECONDS,
        run.RECORDS_INPUT,
        run.RECORDS_CREATED,
        run.RECORDS_UPDATED,
        run.RECORDS_SKIPPED,
        run.RECORDS_FAILED,
        run.SUCCESS,
        run.EXIT_CODE,
        run.ERROR_MESSAGE
    FROM dbo.USER_SYNC_LOG AS run
    WHERE @OPERATION_TYPE IS NULL
    OR    run.OPERATION_TYPE = @OPERATION_TYPE
    ORDER BY
        run.LOG_ID DESC;
END;
GO
