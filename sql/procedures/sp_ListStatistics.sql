SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStatistics
    What was polled and what became of orders: since the last reset or between two moments, in all, by day or by hour.

Called by    syncctl status, syncctl stats
Parameters   @STORE_ID    NULL: every store
             @GRAIN       total, day, hour (UTC)
             @SINCE_DT, @UNTIL_DT   NULL: from the beginning, to now; hours are whole, so a moment within one counts from its beginning
             @SINCE_RESET 1: no earlier than the store's last reset
Returns      STORE_ID, BEGIN_DT (of the day or hour; NULL with total), RESET_DT (of the store's last reset, NULL: none), POLL_COUNT,
             POLLED_COUNT (orders that polls gave), KNOWN_COUNT (those that needed nothing), CREATED_COUNT (created or opened again in
             the ERP), UPDATED_COUNT, CLOSED_COUNT, REVIEW_COUNT (went to a person), FAILED_COUNT (attempts that a later one may make
             good), by store and time. A store or time in which nothing happened has no row, but for the total since a reset
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Note         What sp_NoteStatistics has not counted yet is counted here. Orders at work in this moment are left out.
Example      EXECUTE dbo.sp_ListStatistics @GRAIN = 'day', @SINCE_DT = '2026-11-01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStatistics
    @STORE_ID varchar(50) = NULL,
    @GRAIN varchar(20) = 'total',
    @SINCE_DT datetime2(3) = NULL,
    @UNTIL_DT datetime2(3) = NULL,
    @SINCE_RESET bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @GRAIN IS NULL OR @GRAIN NOT IN ('total', 'day', 'hour')
    BEGIN
        THROW 50001, N'@GRAIN takes total, day, hour.', 1;
    END;

    DECLARE @LAST_EVENT_ID bigint = (SELECT mark.LAST_EVENT_ID FROM dbo.USER_SYNC_STATISTIC_MARK AS mark WHERE mark.MARK_ID = 1);
    DECLARE @ORIGIN_DT datetime2(3) = CONVERT(datetime2(3), '2000-01-01');

    SET @SINCE_DT = DATEADD(HOUR, DATEDIFF(HOUR, @ORIGIN_DT, @SINCE_DT), @ORIGIN_DT);

    DECLARE @RESET table
    (
        STORE_ID varchar(50) NOT NULL PRIMARY KEY,
        RESET_DT datetime2(3) NOT NULL
    );

    INSERT INTO @RESET
    (
        STORE_ID, RESET_DT
    )
    SELECT
        reset.STORE_ID,
        MAX(reset.RESET_DT)
    FROM dbo.USER_SYNC_STATISTIC_RESET AS reset
    GROUP BY
        reset.STORE_ID;

    DECLARE @PART table
    (
        STORE_ID varchar(50) NOT NULL,
        BEGIN_DT datetime2(3) NOT NULL,
        POLL_COUNT int NOT NULL,
        POLLED_COUNT int NOT NULL,
        KNOWN_COUNT int NOT NULL,
        CREATED_COUNT int NOT NULL,
        UPDATED_COUNT int NOT NULL,
        CLOSED_COUNT int NOT NULL,
        REVIEW_COUNT int NOT NULL,
        FAILED_COUNT int NOT NULL
    );

    INSERT INTO @PART
    (
        STORE_ID, BEGIN_DT, POLL_COUNT, POLLED_COUNT, KNOWN_COUNT, CREATED_COUNT, UPDATED_COUNT, CLOSED_COUNT, REVIEW_COUNT,
        FAILED_COUNT
    )
    SELECT
        counted.STORE_ID,
        counted.BEGIN_DT,
        counted.POLL_COUNT,
        counted.POLLED_COUNT,
        counted.KNOWN_COUNT,
        counted.CREATED_COUNT,
        counted.UPDATED_COUNT,
        counted.CLOSED_COUNT,
        counted.REVIEW_COUNT,
        counted.FAILED_COUNT
    FROM dbo.USER_SYNC_STATISTIC AS counted
    WHERE @STORE_ID IS NULL
    OR    counted.STORE_ID = @STORE_ID;

    INSERT INTO @PART
    (
        STORE_ID, BEGIN_DT, POLL_COUNT, POLLED_COUNT, KNOWN_COUNT, CREATED_COUNT, UPDATED_COUNT, CLOSED_COUNT, REVIEW_COUNT,
        FAILED_COUNT
    )
    SELECT
        reset.STORE_ID,
        reset.RESET_DT,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0
    FROM @RESET AS reset
    WHERE @GRAIN = 'total'
    AND   (@STORE_ID IS NULL OR reset.STORE_ID = @STORE_ID);

    INSERT INTO @PART
    (
        STORE_ID, BEGIN_DT, POLL_COUNT, POLLED_COUNT, KNOWN_COUNT, CREATED_COUNT, UPDATED_COUNT, CLOSED_COUNT, REVIEW_COUNT,
        FAILED_COUNT
    )
    SELECT
        happened.STORE_ID,
        counted.BEGIN_DT,
        0,
        0,
        0,
        CASE WHEN happened.EVENT_TYPE IN ('CREATED', 'REOPENED') THEN 1 ELSE 0 END,
        CASE WHEN happened.EVENT_TYPE = 'UPDATED' THEN 1 ELSE 0 END,
        CASE WHEN happened.EVENT_TYPE = 'CANCELLED' THEN 1 ELSE 0 END,
        CASE WHEN happened.EVENT_TYPE = 'REVIEW' THEN 1 ELSE 0 END,
        CASE WHEN happened.EVENT_TYPE = 'FAILED' THEN 1 ELSE 0 END
    FROM dbo.USER_ORDER_EVENT AS happened WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
    CROSS APPLY dbo.fn_StatisticBegin(happened.STORE_ID, happened.EVENT_DT) AS counted
    WHERE happened.EVENT_ID > @LAST_EVENT_ID
    AND   happened.EVENT_TYPE IN ('CREATED', 'REOPENED', 'UPDATED', 'CANCELLED', 'REVIEW', 'FAILED')
    AND   (@STORE_ID IS NULL OR happened.STORE_ID = @STORE_ID);

    SELECT
        part.STORE_ID,
        part.GRAIN_DT AS BEGIN_DT,
        part.RESET_DT,
        SUM(part.POLL_COUNT) AS POLL_COUNT,
        SUM(part.POLLED_COUNT) AS POLLED_COUNT,
        SUM(part.KNOWN_COUNT) AS KNOWN_COUNT,
        SUM(part.CREATED_COUNT) AS CREATED_COUNT,
        SUM(part.UPDATED_COUNT) AS UPDATED_COUNT,
        SUM(part.CLOSED_COUNT) AS CLOSED_COUNT,
        SUM(part.REVIEW_COUNT) AS REVIEW_COUNT,
        SUM(part.FAILED_COUNT) AS FAILED_COUNT
    FROM
    (
        SELECT
            each.STORE_ID,
            CASE
                WHEN @GRAIN = 'hour' THEN DATEADD(HOUR, DATEDIFF(HOUR, @ORIGIN_DT, each.BEGIN_DT), @ORIGIN_DT)
                WHEN @GRAIN = 'day' THEN DATEADD(DAY, DATEDIFF(DAY, @ORIGIN_DT, each.BEGIN_DT), @ORIGIN_DT)
            END AS GRAIN_DT,
            reset.RESET_DT,
            each.POLL_COUNT,
            each.POLLED_COUNT,
            each.KNOWN_COUNT,
            each.CREATED_COUNT,
            each.UPDATED_COUNT,
            each.CLOSED_COUNT,
            each.REVIEW_COUNT,
            each.FAILED_COUNT
        FROM @PART AS each
        LEFT JOIN @RESET AS reset
            ON reset.STORE_ID = each.STORE_ID
        WHERE (@SINCE_DT IS NULL OR each.BEGIN_DT >= @SINCE_DT)
        AND   (@UNTIL_DT IS NULL OR each.BEGIN_DT < @UNTIL_DT)
        AND   (@SINCE_RESET = 0 OR reset.RESET_DT IS NULL OR each.BEGIN_DT >= reset.RESET_DT)
    ) AS part
    GROUP BY
        part.STORE_ID,
        part.GRAIN_DT,
        part.RESET_DT
    ORDER BY
        part.STORE_ID,
        part.GRAIN_DT;
END;
GO
