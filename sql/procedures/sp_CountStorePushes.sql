SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountStorePushes
    The pushes to the stores, counted by hour or by day: how many there were, how many were held, how many items were told and refused.

Called by    syncctl stats, syncctl report
Parameters   @SINCE_DT up to @UNTIL_DT, that one not included, when a push ended; @STORE_ID NULL: every store; @GRAIN hour or day;
             @OFFSET_MINUTES how far local time is ahead of UTC, for where a day begins
Returns      STORE_ID, KIND (stock, price), START_DT (of the hour or day, UTC), PUSHES, HELD, TOLD, REFUSED; dry runs are left out, and runs
             that were killed
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountStorePushes @SINCE_DT = '2026-11-01', @UNTIL_DT = '2026-12-01', @GRAIN = 'day';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountStorePushes
    @SINCE_DT datetime2(3),
    @UNTIL_DT datetime2(3),
    @STORE_ID varchar(50) = NULL,
    @GRAIN varchar(20) = 'day',
    @OFFSET_MINUTES int = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @BEGIN_DT datetime2(3) = DATETIME2FROMPARTS(2000, 1, 1, 0, 0, 0, 0, 3),
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN @SINCE_DT IS NULL OR @UNTIL_DT IS NULL OR @SINCE_DT >= @UNTIL_DT THEN N'@SINCE_DT must be before @UNTIL_DT. ' END,
            CASE WHEN @GRAIN IS NULL OR @GRAIN NOT IN ('hour', 'day') THEN N'@GRAIN takes hour or day. ' END,
            CASE WHEN @OFFSET_MINUTES IS NULL OR @OFFSET_MINUTES NOT BETWEEN -1440 AND 1440
                THEN N'@OFFSET_MINUTES takes -1440 to 1440. ' END
        ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT
        counted.STORE_ID,
        counted.KIND,
        DATEADD(MINUTE, -@OFFSET_MINUTES, counted.LOCAL_START_DT) AS START_DT,
        counted.PUSHES,
        counted.HELD,
        counted.TOLD,
        counted.REFUSED
    FROM
    (
        SELECT
            local.STORE_ID,
            local.KIND,
            local.LOCAL_START_DT,
            PUSHES = COUNT(*),
            HELD = COUNT(local.HELD_WHY),
            TOLD = SUM(local.TOLD),
            REFUSED = SUM(local.REFUSED)
        FROM
        (
            SELECT
                run.STORE_ID,
                CONVERT(varchar(20), CASE run.OPERATION_TYPE WHEN 'stock push' THEN 'stock' ELSE 'price' END) AS KIND,
                CONVERT(bigint, COALESCE(run.RECORDS_UPDATED, 0)) AS TOLD,
                CONVERT(bigint, COALESCE(run.RECORDS_FAILED, 0)) AS REFUSED,
                CASE WHEN ISJSON(run.METRICS_JSON) = 1 THEN JSON_VALUE(run.METRICS_JSON, '$.held') END AS HELD_WHY,
                CASE @GRAIN
                    WHEN 'hour'
                    THEN DATEADD(HOUR, DATEDIFF(HOUR, @BEGIN_DT, DATEADD(MINUTE, @OFFSET_MINUTES, run.END_TIME)), @BEGIN_DT)
                    ELSE DATEADD(DAY, DATEDIFF(DAY, @BEGIN_DT, DATEADD(MINUTE, @OFFSET_MINUTES, run.END_TIME)), @BEGIN_DT)
                END AS LOCAL_START_DT
            FROM dbo.USER_SYNC_LOG AS run
            WHERE run.END_TIME >= @SINCE_DT
            AND   run.END_TIME < @UNTIL_DT
            AND   run.OPERATION_TYPE IN ('stock push', 'price push')
            AND   run.STORE_ID IS NOT NULL
            AND   run.DRY_RUN = 0
            AND   (@STORE_ID IS NULL OR run.STORE_ID = @STORE_ID)
        ) AS local
        GROUP BY
            local.STORE_ID,
            local.KIND,
            local.LOCAL_START_DT
    ) AS counted
    ORDER BY
        counted.STORE_ID,
        counted.KIND,
        counted.LOCAL_START_DT;
END;
GO
