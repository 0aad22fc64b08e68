SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetCarrierUse
    Gives a carrier's budget: calls used, and the limits in force.

Called by    syncctl pod status
Returns      one row: CARRIER, USED_SECOND, USED_MINUTE, USED_DAY, UNFINISHED, LIMIT_MINUTE, LIMIT_DAY, DAY_START_DT, DAY_END_DT,
             PAUSED_UNTIL_DT, PAUSE_REASON
Errors       50001 bad argument
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_GetCarrierUse @CARRIER = 'chronopost', @DAY_STARTS = N'[…]', @PER_DAY = 100;
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetCarrierUse
    @CARRIER varchar(50),
    @DAY_STARTS nvarchar(max),
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

    SET @MOMENT = COALESCE(@NOW, SYSUTCDATETIME());

    SELECT
        @DAY_START = budgeted.DAY_START,
        @DAY_END = budgeted.DAY_END,
        @USED_SECOND = budgeted.USED_SECOND,
        @USED_MINUTE = budgeted.USED_MINUTE,
        @USED_DAY = budgeted.USED_DAY,
        @UNFINISHED = budgeted.UNFINISHED,
        @LIMIT_MINUTE = budgeted.LIMIT_MINUTE,
        @LIMIT_DAY = budgeted.LIMIT_DAY,
        @PAUSED_UNTIL_DT = budgeted.PAUSED_UNTIL_DT,
        @PAUSE_REASON = budgeted.PAUSE_REASON
    FROM dbo.fn_CarrierUse(@CARRIER, @DAY_STARTS, @PER_MINUTE, @PER_DAY, @MOMENT) AS budgeted;

    IF @DAY_START IS NULL OR @DAY_END IS NULL
    BEGIN
        THROW 50001, N'@DAY_STARTS must hold moments before and after the present.', 1;
    END;

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
