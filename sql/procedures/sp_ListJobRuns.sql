SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListJobRuns
    When each of the jobs named last ran for each store, and how that went.

Called by    syncctl health, syncctl alerts run, syncctl schedule status
Returns      for each name of the JSON array @OPERATIONS, in their order, one row for each store that it ran for; where it ran for none, one
             row of its other runs: OPERATION_TYPE, STORE_ID, RUNS (up to 3), LAST_START_DT, and of that run LAST_END_DT, LAST_EXIT_CODE,
             MESSAGE; LAST_GOOD_DT, the end of the latest of its last 100 runs that did its work (exit 0 or 1)
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Note         Dry runs are left out. Stores are found, and each one's runs read from the end, by an index, so that what ran long ago costs
             nothing. One store's runs never stand for another's.
Example      EXECUTE dbo.sp_ListJobRuns @OPERATIONS = N'["stage", "process"]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListJobRuns
    @OPERATIONS nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @OPERATIONS IS NULL OR ISJSON(@OPERATIONS) = 0
    BEGIN
        THROW 50001, N'@OPERATIONS takes a JSON array.', 1;
    END;

    DECLARE @WANTED table
    (
        PLACE int NOT NULL PRIMARY KEY,
        OPERATION_TYPE varchar(50) NOT NULL
    );

    INSERT INTO @WANTED
    (
        PLACE, OPERATION_TYPE
    )
    SELECT
        CONVERT(int, named.[key]),
        CONVERT(varchar(50), named.[value])
    FROM OPENJSON(@OPERATIONS) AS named
    WHERE named.[type] = 1;

    DECLARE @STORES table
    (
        STORE_ID varchar(50) NOT NULL PRIMARY KEY
    );

    DECLARE @STORE_ID varchar(50) = (SELECT MIN(run.STORE_ID) FROM dbo.USER_SYNC_LOG AS run WHERE run.STORE_ID > '');

    WHILE @STORE_ID IS NOT NULL
    BEGIN
        INSERT INTO @STORES
        (
            STORE_ID
        )
        VALUES
        (
            @STORE_ID
        );

        SET @STORE_ID = (SELECT MIN(run.STORE_ID) FROM dbo.USER_SYNC_LOG AS run WHERE run.STORE_ID > @STORE_ID);
    END;

    DECLARE @ASKED table
    (
        ASKED_ID int NOT NULL IDENTITY(1, 1) PRIMARY KEY,
        PLACE int NOT NULL,
        OPERATION_TYPE varchar(50) NOT NULL,
        STORE_ID varchar(50) NULL
    );

    INSERT INTO @ASKED
    (
        PLACE, OPERATION_TYPE, STORE_ID
    )
    SELECT
        wanted.PLACE,
        wanted.OPERATION_TYPE,
        store.STORE_ID
    FROM @WANTED AS wanted
    CROSS JOIN @STORES AS store
    WHERE EXISTS
    (
        SELECT
            1
        FROM dbo.USER_SYNC_LOG AS run
        WHERE run.STORE_ID = store.STORE_ID
        AND   run.OPERATION_TYPE = wanted.OPERATION_TYPE
        AND   run.START_TIME IS NOT NULL
        AND   run.DRY_RUN = 0
    );

    INSERT INTO @ASKED
    (
        PLACE, OPERATION_TYPE, STORE_ID
    )
    SELECT
        wanted.PLACE,
        wanted.OPERATION_TYPE,
        NULL
    FROM @WANTED AS wanted
    WHERE NOT EXISTS (SELECT 1 FROM @ASKED AS asked WHERE asked.PLACE = wanted.PLACE);

    SELECT
        asked.OPERATION_TYPE,
        asked.STORE_ID,
        counted.RUNS,
        latest.LAST_START_DT,
        latest.LAST_END_DT,
        latest.LAST_EXIT_CODE,
        latest.MESSAGE,
        good.LAST_GOOD_DT
    FROM @ASKED AS asked
    OUTER APPLY
    (
        SELECT COUNT(*) AS RUNS
        FROM
        (
            SELECT TOP (3)
                run.LOG_ID
            FROM dbo.USER_SYNC_LOG AS run
            WHERE EXISTS (SELECT run.STORE_ID INTERSECT SELECT asked.STORE_ID)
            AND   run.OPERATION_TYPE = asked.OPERATION_TYPE
            AND   run.START_TIME IS NOT NULL
            AND   run.DRY_RUN = 0
            ORDER BY
                run.START_TIME DESC
        ) AS counted_runs
    ) AS counted
    OUTER APPLY
    (
        SELECT TOP (1)
            CONVERT(datetime2(3), run.START_TIME) AS LAST_START_DT,
            CONVERT(datetime2(3), run.END_TIME) AS LAST_END_DT,
            run.EXIT_CODE AS LAST_EXIT_CODE,
            NULLIF(LEFT(run.ERROR_MESSAGE, 500), N'') AS MESSAGE
        FROM dbo.USER_SYNC_LOG AS run
        WHERE EXISTS (SELECT run.STORE_ID INTERSECT SELECT asked.STORE_ID)
        AND   run.OPERATION_TYPE = asked.OPERATION_TYPE
        AND   run.START_TIME IS NOT NULL
        AND   run.DRY_RUN = 0
        ORDER BY
            run.START_TIME DESC
    ) AS latest
    OUTER APPLY
    (
        SELECT TOP (1)
            CONVERT(datetime2(3), recent.END_TIME) AS LAST_GOOD_DT
        FROM
        (
            SELECT TOP (100)
                run.START_TIME,
                run.END_TIME,
                run.EXIT_CODE
            FROM dbo.USER_SYNC_LOG AS run
            WHERE EXISTS (SELECT run.STORE_ID INTERSECT SELECT asked.STORE_ID)
            AND   run.OPERATION_TYPE = asked.OPERATION_TYPE
            AND   run.START_TIME IS NOT NULL
            AND   run.DRY_RUN = 0
            ORDER BY
                run.START_TIME DESC
        ) AS recent
        WHERE recent.EXIT_CODE IN (0, 1)
        AND   recent.END_TIME IS NOT NULL
        ORDER BY
            recent.START_TIME DESC
    ) AS good
    ORDER BY
        asked.PLACE,
        asked.STORE_ID;
END;
GO
