SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CarrierUse
    How much of a carrier's budget is used at a moment, and what the budget is: one row. No pause and the limits as given where the
    carrier was never asked.

Used by      sp_ReserveCarrierCall, sp_LowerCarrierBudget, sp_GetCarrierUse
Parameters   @DAY_STARTS  JSON array of the moments (UTC) at which the carrier's days begin, before and after @MOMENT
             @PER_MINUTE, @PER_DAY  the carrier's limits; NULL: none. A lowered limit counts while it holds.
Returns      DAY_START, DAY_END (NULL where @DAY_STARTS has none on that side), USED_SECOND, USED_MINUTE, USED_DAY, UNFINISHED,
             LIMIT_MINUTE, LIMIT_DAY, PAUSED_UNTIL_DT, PAUSE_REASON
Example      SELECT * FROM dbo.fn_CarrierUse('chronopost', N'["2026-11-19T23:00:00", "2026-11-20T23:00:00"]', NULL, 100, SYSUTCDATETIME());
*/
CREATE OR ALTER FUNCTION dbo.fn_CarrierUse
(
    @CARRIER varchar(50),
    @DAY_STARTS nvarchar(max),
    @PER_MINUTE int,
    @PER_DAY int,
    @MOMENT datetime2(3)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        used.DAY_START,
        used.DAY_END,
        used.USED_SECOND,
        used.USED_MINUTE,
        used.USED_DAY,
        used.UNFINISHED,
        LIMIT_MINUTE = CASE
            WHEN budget.LOWERED_UNTIL_DT > @MOMENT AND budget.LOWERED_MINUTE < COALESCE(@PER_MINUTE, 2147483647)
            THEN budget.LOWERED_MINUTE
            ELSE @PER_MINUTE
        END,
        LIMIT_DAY = CASE
            WHEN budget.LOWERED_UNTIL_DT > @MOMENT AND budget.LOWERED_DAY < COALESCE(@PER_DAY, 2147483647)
            THEN budget.LOWERED_DAY
            ELSE @PER_DAY
        END,
        budget.PAUSED_UNTIL_DT,
        budget.PAUSE_REASON
    FROM
    (
        SELECT
            days.DAY_START,
            days.DAY_END,
            USED_SECOND = SUM(CASE WHEN called.CALLED_DT > DATEADD(SECOND, -1, @MOMENT) THEN 1 ELSE 0 END),
            USED_MINUTE = SUM(CASE WHEN called.CALLED_DT > DATEADD(MINUTE, -1, @MOMENT) THEN 1 ELSE 0 END),
            USED_DAY = SUM(CASE WHEN called.CALLED_DT >= days.DAY_START THEN 1 ELSE 0 END),
            UNFINISHED = SUM(CASE WHEN called.CALLED_DT >= days.DAY_START AND called.OUTCOME IS NULL THEN 1 ELSE 0 END)
        FROM
        (
            SELECT
                DAY_START = MAX(CASE WHEN parsed.STARTS_DT <= @MOMENT THEN parsed.STARTS_DT END),
                DAY_END = MIN(CASE WHEN parsed.STARTS_DT > @MOMENT THEN parsed.STARTS_DT END)
            FROM
            (
                SELECT STARTS_DT = TRY_CONVERT(datetime2(3), starts.[value])
                FROM OPENJSON(@DAY_STARTS) AS starts
            ) AS parsed
        ) AS days
        LEFT JOIN dbo.USER_CARRIER_CALL AS called
            ON  called.CARRIER = @CARRIER
            AND (called.CALLED_DT >= days.DAY_START OR called.CALLED_DT > DATEADD(MINUTE, -1, @MOMENT))
        GROUP BY
            days.DAY_START,
            days.DAY_END
    ) AS used
    LEFT JOIN dbo.USER_CARRIER_BUDGET AS budget
        ON budget.CARRIER = @CARRIER
);
GO
