SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReserveCarrierCall
    Reserves one call in a carrier's budget before it is made, or says when one is free.

Called by    syncctl pod-fetch, syncctl pod-retry, before every call
Returns      one row: CALL_ID (NULL when refused), GRANTED, REASON (second, minute, day, paused), FREE_DT, USED_DAY
Errors       50001 bad argument
Locks        the carrier's row, for this short transaction: reservations of one carrier come one after the other
Repeatable   no: each call reserves another one
Note         A row of USER_CARRIER_CALL is a call that was made or was about to be: it counts, whatever became of its worker.
Example      EXECUTE dbo.sp_ReserveCarrierCall @CARRIER = 'chronopost', @WORKER_ID = N'host-1234', @CLAIM_ID = 42,
                 @DAY_STARTS = N'["2026-11-19T23:00:00.000", "2026-11-20T23:00:00.000"]', @PER_DAY = 100;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReserveCarrierCall
    @CARRIER varchar(50),
    @WORKER_ID nvarchar(100),
    @CLAIM_ID bigint,
    @DAY_STARTS nvarchar(max),
    @PER_SECOND int = NULL,
    @PER_MINUTE int = NULL,
    @PER_DAY int = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@CARRIER, '') IS NULL THEN N'@CARRIER is required. ' END,
        CASE WHEN NULLIF(@WORKER_ID, N'') IS NULL THEN N'@WORKER_ID is required. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @MOMENT datetime2(3);
    DECLARE @DAY_START datetime2(3);
    DECLARE @DAY_END datetime2(3);
    DECLARE @USED_SECOND int;
    DECLARE @USED_MINUTE int;
    DECLARE @USED_DAY int;
    DECLARE @LIMIT_MINUTE int;
    DECLARE @LIMIT_DAY int;
    DECLARE @PAUSED_UNTIL_DT datetime2(3);
    DECLARE @REASON varchar(20);
    DECLARE @FREE_DT datetime2(3);
    DECLARE @CALL_ID bigint;

    /* The carrier's row first, outside the transaction: two workers may both try, and the loser's error means it is there. */
    BEGIN TRY
        INSERT INTO dbo.USER_CARRIER_BUDGET (CARRIER)
        SELECT @CARRIER
        WHERE NOT EXISTS (SELECT 1 FROM dbo.USER_CARRIER_BUDGET AS present WHERE present.CARRIER = @CARRIER);
    END TRY
    BEGIN CATCH
        IF ERROR_NUMBER() NOT IN (2601, 2627)
        BEGIN
            THROW;
        END;
    END CATCH;

    BEGIN TRY
        BEGIN TRANSACTION;

        /* Holds the carrier's row: whoever else reserves waits here. The time is taken after that wait. */
        UPDATE dbo.USER_CARRIER_BUDGET
        SET LAST_ASKED_DT = COALESCE(@NOW, SYSUTCDATETIME())
        WHERE CARRIER = @CARRIER;

        SET @MOMENT = COALESCE(@NOW, SYSUTCDATETIME());

        SELECT
            @DAY_START = budgeted.DAY_START,
            @DAY_END = budgeted.DAY_END,
            @USED_SECOND = budgeted.USED_SECOND,
            @USED_MINUTE = budgeted.USED_MINUTE,
            @USED_DAY = budgeted.USED_DAY,
            @LIMIT_MINUTE = budgeted.LIMIT_MINUTE,
            @LIMIT_DAY = budgeted.LIMIT_DAY,
            @PAUSED_UNTIL_DT = budgeted.PAUSED_UNTIL_DT
        FROM dbo.fn_CarrierUse(@CARRIER, @DAY_STARTS, @PER_MINUTE, @PER_DAY, @MOMENT) AS budgeted;

        IF @DAY_START IS NULL OR @DAY_END IS NULL
        BEGIN
            THROW 50001, N'@DAY_STARTS must hold moments before and after the present.', 1;
        END;

        SET @REASON = CASE
            WHEN @PAUSED_UNTIL_DT > @MOMENT THEN 'paused'
            WHEN @USED_DAY >= @LIMIT_DAY THEN 'day'
            WHEN @USED_MINUTE >= @LIMIT_MINUTE THEN 'minute'
            WHEN @USED_SECOND >= @PER_SECOND THEN 'second'
        END;

        IF @REASON IS NULL
        BEGIN
            INSERT INTO dbo.USER_CARRIER_CALL (CARRIER, CALLED_DT, CLAIM_ID, WORKER_ID)
            VALUES (@CARRIER, @MOMENT, @CLAIM_ID, @WORKER_ID);

            SET @CALL_ID = SCOPE_IDENTITY();
            SET @USED_DAY = @USED_DAY + 1;
        END
        ELSE IF @REASON = 'paused'
        BEGIN
            SET @FREE_DT = @PAUSED_UNTIL_DT;
        END
        ELSE IF @REASON = 'day'
        BEGIN
            SET @FREE_DT = @DAY_END;
        END
        ELSE
        BEGIN
            SELECT @FREE_DT = DATEADD(SECOND, CASE @REASON WHEN 'minute' THEN 60 ELSE 1 END, MIN(called.CALLED_DT))
            FROM dbo.USER_CARRIER_CALL AS called
            WHERE called.CARRIER = @CARRIER
            AND   called.CALLED_DT > DATEADD(SECOND, CASE @REASON WHEN 'minute' THEN -60 ELSE -1 END, @MOMENT);
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

    SELECT
        CALL_ID = @CALL_ID,
        GRANTED = CAST(CASE WHEN @CALL_ID IS NULL THEN 0 ELSE 1 END AS bit),
        REASON = @REASON,
        FREE_DT = @FREE_DT,
        USED_DAY = @USED_DAY;
END;
GO
