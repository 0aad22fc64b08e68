SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListRunFigures
    The runs of each job: how many, how many failed, what they went through, how long they took.

Called by    syncctl stats, syncctl report
Parameters   @SINCE_DT up to @UNTIL_DT, when a run ended
Returns      OPERATION_TYPE, RUNS, FAILED_RUNS (one that found another at work didn't fail), RECORDS_INPUT, RECORDS_CREATED, RECORDS_UPDATED,
             RECORDS_SKIPPED, RECORDS_FAILED, MEAN_MS, P95_MS, LONGEST_MS, LAST_DT, by OPERATION_TYPE; dry runs are left out
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListRunFigures @SINCE_DT = '2026-11-01', @UNTIL_DT = '2026-12-01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListRunFigures
    @SINCE_DT datetime2(3),
    @UNTIL_DT datetime2(3),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @SINCE_DT IS NULL OR @UNTIL_DT IS NULL OR @SINCE_DT >= @UNTIL_DT
    BEGIN
        THROW 50001, N'@SINCE_DT must be before @UNTIL_DT.', 1;
    END;

    SELECT
        ranked.OPERATION_TYPE,
        COUNT(*) AS RUNS,
        SUM(CASE WHEN ranked.SUCCESS = 0 AND ranked.EXIT_CODE <> 75 THEN 1 ELSE 0 END) AS FAILED_RUNS,
        SUM(ranked.RECORDS_INPUT) AS RECORDS_INPUT,
        SUM(ranked.RECORDS_CREATED) AS RECORDS_CREATED,
        SUM(ranked.RECORDS_UPDATED) AS RECORDS_UPDATED,
        SUM(ranked.RECORDS_SKIPPED) AS RECORDS_SKIPPED,
        SUM(ranked.RECORDS_FAILED) AS RECORDS_FAILED,
        AVG(ranked.MS) AS MEAN_MS,
        MAX(CASE WHEN ranked.PLACE = (ranked.OF_ALL * 95 + 99) / 100 THEN ranked.MS END) AS P95_MS,
        MAX(ranked.MS) AS LONGEST_MS,
        CONVERT(datetime2(3), MAX(ranked.END_TIME)) AS LAST_DT
    FROM
    (
        SELECT
            run.OPERATION_TYPE,
            run.SUCCESS,
            COALESCE(run.EXIT_CODE, 1) AS EXIT_CODE,
            CONVERT(bigint, COALESCE(run.RECORDS_INPUT, 0)) AS RECORDS_INPUT,
            CONVERT(bigint, COALESCE(run.RECORDS_CREATED, 0)) AS RECORDS_CREATED,
            CONVERT(bigint, COALESCE(run.RECORDS_UPDATED, 0)) AS RECORDS_UPDATED,
            CONVERT(bigint, COALESCE(run.RECORDS_SKIPPED, 0)) AS RECORDS_SKIPPED,
            CONVERT(bigint, COALESCE(run.RECORDS_FAILED, 0)) AS RECORDS_FAILED,
            run.END_TIME,
            run.MS,
            ROW_NUMBER() OVER (PARTITION BY run.OPERATION_TYPE ORDER BY run.MS, run.LOG_ID) AS PLACE,
            COUNT_BIG(*) OVER (PARTITION BY run.OPERATION_TYPE) AS OF_ALL
        FROM
        (
            SELECT
                logged.LOG_ID,
                logged.OPERATION_TYPE,
                logged.SUCCESS,
                logged.EXIT_CODE,
                logged.RECORDS_INPUT,
                logged.RECORDS_CREATED,
                logged.RECORDS_UPDATED,
                logged.RECORDS_SKIPPED,
                logged.RECORDS_FAILED,
                logged.END_TIME,
                CONVERT(bigint, COALESCE(logged.DURATION_SECONDS, 0) * 1000) AS MS
            FROM dbo.USER_SYNC_LOG AS logged
            WHERE logged.END_TIME >= @SINCE_DT
            AND   logged.END_TIME < @UNTIL_DT
            AND   logged.OPERATION_TYPE IS NOT NULL
            AND   COALESCE(logged.DRY_RUN, 0) = 0
        ) AS run
    ) AS ranked
    GROUP BY
        ranked.OPERATION_TYPE
    ORDER BY
        ranked.OPERATION_TYPE;
END;
GO
