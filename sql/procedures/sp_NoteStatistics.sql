SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteStatistics
    Counts what happened to orders since it was last counted, into USER_SYNC_STATISTIC by store and hour; and a poll, where one ended.

Called by    sp_FinishRun, sp_PurgeHistory
Parameters   @STORE_ID NULL: no poll; else the store that was polled, @POLLED how many orders it gave, @KNOWN how many of them
             needed nothing
Returns      nothing
Errors       none
Locks        the row of USER_SYNC_STATISTIC_MARK, and what is counted, to the end of the caller's transaction
Repeatable   no: each poll is counted once by its caller. Events are counted once whoever calls
Note         What happened in the last ten minutes is left to the next call: an id that is not there yet may still come, from a
             transaction under way. At most @MOST events a call. sp_ListStatistics adds what is not counted yet.
Example      EXECUTE dbo.sp_NoteStatistics;
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteStatistics
    @STORE_ID varchar(50) = NULL,
    @POLLED int = 0,
    @KNOWN int = 0,
    @MOST int = 20000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @AT_REST_DT datetime2(3) = DATEADD(MINUTE, -10, @NOW);
    DECLARE @LAST_EVENT_ID bigint;
    DECLARE @UP_TO_ID bigint;

    DECLARE @EVENT table
    (
        EVENT_ID bigint NOT NULL PRIMARY KEY,
        STORE_ID varchar(50) NOT NULL,
        EVENT_DT datetime2(3) NOT NULL,
        EVENT_TYPE varchar(20) NOT NULL
    );

    DECLARE @COUNTED table
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
        FAILED_COUNT int NOT NULL,
        PRIMARY KEY (STORE_ID, BEGIN_DT)
    );

    /* Whoever counts holds this row: one at a time. */
    UPDATE
        dbo.USER_SYNC_STATISTIC_MARK
    SET
        LAST_EVENT_ID = LAST_EVENT_ID
    WHERE MARK_ID = 1;

    SET @LAST_EVENT_ID = (SELECT mark.LAST_EVENT_ID FROM dbo.USER_SYNC_STATISTIC_MARK AS mark WHERE mark.MARK_ID = 1);

    INSERT INTO @EVENT
    (
        EVENT_ID, STORE_ID, EVENT_DT, EVENT_TYPE
    )
    SELECT TOP (@MOST)
        happened.EVENT_ID,
        happened.STORE_ID,
        happened.EVENT_DT,
        happened.EVENT_TYPE
    FROM dbo.USER_ORDER_EVENT AS happened WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
    WHERE happened.EVENT_ID > @LAST_EVENT_ID
    ORDER BY
        happened.EVENT_ID;

    SET @UP_TO_ID = COALESCE
    (
        (SELECT MIN(happened.EVENT_ID) FROM @EVENT AS happened WHERE happened.EVENT_DT > @AT_REST_DT),
        (SELECT MAX(happened.EVENT_ID) + 1 FROM @EVENT AS happened)
    );

    INSERT INTO @COUNTED
    (
        STORE_ID, BEGIN_DT, POLL_COUNT, POLLED_COUNT, KNOWN_COUNT, CREATED_COUNT, UPDATED_COUNT, CLOSED_COUNT, REVIEW_COUNT,
        FAILED_COUNT
    )
    SELECT
        part.STORE_ID,
        part.BEGIN_DT,
        SUM(part.POLLS),
        SUM(part.POLLED),
        SUM(part.KNOWN),
        SUM(CASE WHEN part.EVENT_TYPE = 'CREATED' OR part.EVENT_TYPE = 'REOPENED' THEN 1 ELSE 0 END),
        SUM(CASE WHEN part.EVENT_TYPE = 'UPDATED' THEN 1 ELSE 0 END),
        SUM(CASE WHEN part.EVENT_TYPE = 'CANCELLED' THEN 1 ELSE 0 END),
        SUM(CASE WHEN part.EVENT_TYPE = 'REVIEW' THEN 1 ELSE 0 END),
        SUM(CASE WHEN part.EVENT_TYPE = 'FAILED' THEN 1 ELSE 0 END)
    FROM
    (
        SELECT
            happened.STORE_ID,
            counted.BEGIN_DT,
            happened.EVENT_TYPE,
            0 AS POLLS,
            0 AS POLLED,
            0 AS KNOWN
        FROM @EVENT AS happened
        CROSS APPLY dbo.fn_StatisticBegin(happened.STORE_ID, happened.EVENT_DT) AS counted
        WHERE happened.EVENT_ID < @UP_TO_ID
        AND   EXISTS
        (
            SELECT
                1
            FROM
            (
                VALUES ('CREATED'), ('REOPENED'), ('UPDATED'), ('CANCELLED'), ('REVIEW'), ('FAILED')
            ) AS wanted (EVENT_TYPE)
            WHERE wanted.EVENT_TYPE = happened.EVENT_TYPE
        )
        UNION ALL
        SELECT
            @STORE_ID,
            counted.BEGIN_DT,
            '',
            1,
            @POLLED,
            @KNOWN
        FROM dbo.fn_StatisticBegin(@STORE_ID, @NOW) AS counted
        WHERE @STORE_ID IS NOT NULL
    ) AS part
    GROUP BY
        part.STORE_ID,
        part.BEGIN_DT;

    INSERT INTO dbo.USER_SYNC_STATISTIC
    (
        STORE_ID, BEGIN_DT
    )
    SELECT
        counted.STORE_ID,
        counted.BEGIN_DT
    FROM @COUNTED AS counted
    WHERE NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_SYNC_STATISTIC AS known
        WHERE known.STORE_ID = counted.STORE_ID
        AND   known.BEGIN_DT = counted.BEGIN_DT
    );

    UPDATE
        known
    SET
        POLL_COUNT = known.POLL_COUNT + counted.POLL_COUNT,
        POLLED_COUNT = known.POLLED_COUNT + counted.POLLED_COUNT,
        KNOWN_COUNT = known.KNOWN_COUNT + counted.KNOWN_COUNT,
        CREATED_COUNT = known.CREATED_COUNT + counted.CREATED_COUNT,
        UPDATED_COUNT = known.UPDATED_COUNT + counted.UPDATED_COUNT,
        CLOSED_COUNT = known.CLOSED_COUNT + counted.CLOSED_COUNT,
        REVIEW_COUNT = known.REVIEW_COUNT + counted.REVIEW_COUNT,
        FAILED_COUNT = known.FAILED_COUNT + counted.FAILED_COUNT
    FROM dbo.USER_SYNC_STATISTIC AS known
    INNER JOIN @COUNTED AS counted
        ON  counted.STORE_ID = known.STORE_ID
        AND counted.BEGIN_DT = known.BEGIN_DT;

    UPDATE
        dbo.USER_SYNC_STATISTIC_MARK
    SET
        LAST_EVENT_ID = @UP_TO_ID - 1
    WHERE MARK_ID = 1
    AND   LAST_EVENT_ID < @UP_TO_ID - 1;
END;
GO
