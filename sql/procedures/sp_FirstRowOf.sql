SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FirstRowOf
    From which row on USER_ORDER_EVENT, or USER_ORDER_ATTEMPT, has to be read for what happened since a moment: their ids grow with time,
    so a few looks at the primary key find it, and neither table needs an index by time, which each order would pay for.

Called by    sp_CountEvents, sp_ListStepTimes, sp_CountAttempts, sp_ListFailures
Parameters   @WHAT events or attempts; @SINCE_DT; @FIRST_ID OUTPUT: no row before it is of @SINCE_DT or later
Returns      no rows
Errors       none
Locks        none beyond the read
Repeatable   yes
Note         Rows of transactions side by side, and of hosts whose clocks differ, stand out of order by seconds: it looks for an hour before.
Example      DECLARE @FIRST_ID bigint; EXECUTE dbo.sp_FirstRowOf @WHAT = 'events', @SINCE_DT = '2026-11-01', @FIRST_ID = @FIRST_ID OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FirstRowOf
    @WHAT varchar(20),
    @SINCE_DT datetime2(3),
    @FIRST_ID bigint OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @WANTED_DT datetime2(3) = DATEADD(HOUR, -1, @SINCE_DT),
        @LOW bigint,
        @HIGH bigint,
        @MIDDLE bigint,
        @FOUND_DT datetime2(3);

    IF @WHAT = 'events'
    BEGIN
        SELECT
            @LOW = MIN(event.EVENT_ID),
            @HIGH = MAX(event.EVENT_ID)
        FROM dbo.USER_ORDER_EVENT AS event;
    END
    ELSE
    BEGIN
        SELECT
            @LOW = MIN(attempt.ATTEMPT_ID),
            @HIGH = MAX(attempt.ATTEMPT_ID)
        FROM dbo.USER_ORDER_ATTEMPT AS attempt;
    END;

    SET @LOW = COALESCE(@LOW, 0);
    SET @HIGH = COALESCE(@HIGH, 0) + 1;

    WHILE @LOW < @HIGH
    BEGIN
        SET @MIDDLE = @LOW + (@HIGH - @LOW) / 2;
        SET @FOUND_DT = NULL;

        IF @WHAT = 'events'
        BEGIN
            SELECT TOP (1)
                @FOUND_DT = event.EVENT_DT
            FROM dbo.USER_ORDER_EVENT AS event
            WHERE event.EVENT_ID >= @MIDDLE
            ORDER BY
                event.EVENT_ID;
        END
        ELSE
        BEGIN
            SELECT TOP (1)
                @FOUND_DT = attempt.ATTEMPT_DT
            FROM dbo.USER_ORDER_ATTEMPT AS attempt
            WHERE attempt.ATTEMPT_ID >= @MIDDLE
            ORDER BY
                attempt.ATTEMPT_ID;
        END;

        IF @FOUND_DT < @WANTED_DT
        BEGIN
            SET @LOW = @MIDDLE + 1;
        END
        ELSE
        BEGIN
            SET @HIGH = @MIDDLE;
        END;
    END;

    SET @FIRST_ID = @LOW;
END;
GO
