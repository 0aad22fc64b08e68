SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_LowerCarrierBudget
    Pauses a carrier that said that there were too many calls, and goes slower for the rest of its day.

Called by    syncctl pod-fetch, syncctl pod-retry
Returns      one row: CARRIER, USED_SECOND, USED_MINUTE, USED_DAY, UNFINISHED, LIMIT_MINUTE, LIMIT_DAY, DAY_START_DT, DAY_END_DT,
             PAUSED_UNTIL_DT, PAUSE_REASON
Errors       50001 bad argument
Locks        the carrier's row, for this short transaction
Repeatable   no: each call may lengthen the pause
Example      EXECUTE dbo.sp_LowerCarrierBudget @CARRIER = 'chronopost', @DAY_STARTS = N'[…]', @UNTIL_DT = '2026-11-20T13:00:00', @REASON = N'HTTP 429';
*/
CREATE OR ALTER PROCEDURE dbo.sp_LowerCarrierBudget
    @CARRIER varchar(50),
    @DAY_STARTS nvarchar(max),
    @UNTIL_DT datetime2(3),
    @REASON nvarchar(500),
    @PER_MINUTE int = NULL,
    @PER_DAY int = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @MOMENT datetime2(3);
    DECLARE @DAY_START datetime2(3);
    DECLARE @DAY_END datetime2(3);
    DECLARE @USED_SECOND int;
    DECLARE @USED_MINUTE int;
    DECLARE @USED_DAY int;
    DECLARE @UNFINISHED int;
    DECLARE @LIMIT_MINUTE int;
    DECLARE @LIMIT_DAY int;
    DECLARE @PAUSED_UNTIL_DT datetime2(3);
    DECLARE @PAUSE_REASON nvarchar(500);
    DECLARE @IN_ROW int;

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
            @USED_MINUTE = budgeted.USED_MINUTE,
            @USED_DAY = budgeted.USED_DAY
        FROM dbo.fn_CarrierUse(@CARRIER, @DAY_STARTS, @PER_MINUTE, @PER_DAY, @MOMENT) AS budgeted;

        IF @DAY_START IS NULL OR @DAY_END IS NULL
        BEGIN
            THROW 50001, N'@DAY_STARTS must hold moments before and after the present.', 1;
        END;

        SELECT @IN_ROW = CASE WHEN budget.PAUSES_IN_ROW > 12 THEN 12 ELSE budget.PAUSES_IN_ROW END
        FROM dbo.USER_CARRIER_BUDGET AS budget
        WHERE budget.CARRIER = @CARRIER;

        IF @UNTIL_DT IS NULL
        BEGIN
            SET @UNTIL_DT = DATEADD(MINUTE, POWER(2, @IN_ROW), @MOMENT);
            SET @UNTIL_DT = CASE WHEN @UNTIL_DT > @DAY_END THEN @DAY_END ELSE @UNTIL_DT END;
        END;

        UPDATE dbo.USER_CARRIER_BUDGET
        SET
            PAUSED_UNTIL_DT = CASE WHEN PAUSED_UNTIL_DT > @UNTIL_DT THEN PAUSED_UNTIL_DT ELSE @UNTIL_DT END,
            PAUSE_REASON = @REASON,
            PAUSES_IN_ROW = PAUSES_IN_ROW + 1,
            LOWERED_MINUTE = CASE
                WHEN LOWERED_UNTIL_DT > @MOMENT AND LOWERED_MINUTE < @USED_MINUTE - 1 THEN LOWERED_MINUTE
                WHEN @USED_MINUTE > 2 THEN @USED_MINUTE - 1
                ELSE 1
            END,
            LOWERED_DAY = CASE
                WHEN @UNTIL_DT >= @DAY_END THEN @USED_DAY
                WHEN LOWERED_UNTIL_DT > @MOMENT THEN LOWERED_DAY
            END,
            LOWERED_UNTIL_DT = @DAY_END
        WHERE CARRIER = @CARRIER;

        /* What the answer shows is the budget as it is now. Day and calls are the same: the carrier's row is held. */
        SELECT
            @USED_SECOND = budgeted.USED_SECOND,
            @UNFINISHED = budgeted.UNFINISHED,
            @LIMIT_MINUTE = budgeted.LIMIT_MINUTE,
            @LIMIT_DAY = budgeted.LIMIT_DAY,
            @PAUSED_UNTIL_DT = budgeted.PAUSED_UNTIL_DT,
            @PAUSE_REASON = budgeted.PAUSE_REASON
        FROM dbo.fn_CarrierUse(@CARRIER, @DAY_STARTS, @PER_MINUTE, @PER_DAY, @MOMENT) AS budgeted;

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
        CARRIER = @CARRIER,
        USED_SECOND = @USED_SECOND,
        USED_MINUTE = @USED_MINUTE,
        USED_DAY = @USED_DAY,
        UNFINISHED = @UNFINISHED,
        LIMIT_MINUTE = @LIMIT_MINUTE,
        LIMIT_DAY = @LIMIT_DAY,
        DAY_START_DT = @DAY_START,
        DAY_END_DT = @DAY_END,
        PAUSED_UNTIL_DT = CASE WHEN @PAUSED_UNTIL_DT > @MOMENT THEN @PAUSED_UNTIL_DT END,
        PAUSE_REASON = CASE WHEN @PAUSED_UNTIL_DT > @MOMENT THEN @PAUSE_REASON END;
END;
GO
