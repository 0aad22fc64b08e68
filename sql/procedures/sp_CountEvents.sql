SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountEvents
    What happened to orders, counted by hour or by day: staged, created, changed, cancelled, told, failed, set aside.

Called by    syncctl stats, syncctl report
Parameters   @SINCE_DT up to @UNTIL_DT, that one not included; @STORE_ID NULL: every store; @GRAIN hour or day; @OFFSET_MINUTES how far local
             time is ahead of UTC, for where a day begins
Returns      STORE_ID, START_DT (of the hour or day, UTC), EVENT_TYPE, EVENTS; only what happened
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountEvents @SINCE_DT = '2026-11-01', @UNTIL_DT = '2026-12-01', @GRAIN = 'day';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountEvents
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
        @FIRST_ID bigint,
        @BEGIN_DT datetime2(3) = DATETIME2FROMPARTS(2000, 1, 1, 0, 0, 0, 0, 3),
        @ERRORS nvarchar(2000);

    SET @ERRORS = RTRIM(CONCAT
    (
        CASE WHEN @SINCE_DT IS NULL OR @UNTIL_DT IS NULL OR @SINCE_DT >= @UNTIL_DT THEN N'@SINCE_DT must be before @UNTIL_DT. ' END,
        CASE WHEN @GRAIN IS NULL OR @GRAIN NOT IN ('hour', 'day') THEN N'@GRAIN takes hour or day. ' END,
        CASE WHEN @OFFSET_MINUTES IS NULL OR @OFFSET_MINUTES NOT BETWEEN -1440 AND 1440 THEN N'@OFFSET_MINUTES takes -1440 to 1440. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    EXECUTE dbo.sp_FirstRowOf @WHAT = 'events', @SINCE_DT = @SINCE_DT, @FIRST_ID = @FIRST_ID OUTPUT;

    SELECT
        counted.STORE_ID,
        DATEADD(MINUTE, -@OFFSET_MINUTES, counted.LOCAL_START_DT) AS START_DT,
        counted.EVENT_TYPE,
        counted.EVENTS
    FROM
    (
        SELECT
            local.STORE_ID,
            local.LOCAL_START_DT,
            local.EVENT_TYPE,
            COUNT(*) AS EVENTS
        FROM
        (
            SELECT
                event.STORE_ID,
                event.EVENT_TYPE,
                CASE @GRAIN
                    WHEN 'hour'
                    THEN DATEADD(HOUR, DATEDIFF(HOUR, @BEGIN_DT, DATEADD(MINUTE, @OFFSET_MINUTES, event.EVENT_DT)), @BEGIN_DT)
                    ELSE DATEADD(DAY, DATEDIFF(DAY, @BEGIN_DT, DATEADD(MINUTE, @OFFSET_MINUTES, event.EVENT_DT)), @BEGIN_DT)
                END AS LOCAL_START_DT
            FROM dbo.USER_ORDER_EVENT AS event
            WHERE event.EVENT_ID >= @FIRST_ID
            AND   event.EVENT_DT >= @SINCE_DT
            AND   event.EVENT_DT < @UNTIL_DT
            AND   (@STORE_ID IS NULL OR event.STORE_ID = @STORE_ID)
        ) AS local
        GROUP BY
            local.STORE_ID,
            local.LOCAL_START_DT,
            local.EVENT_TYPE
    ) AS counted
    ORDER BY
        counted.STORE_ID,
        counted.LOCAL_START_DT,
        counted.EVENT_TYPE;
END;
GO
