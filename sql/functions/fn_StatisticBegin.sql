SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StatisticBegin
    From when on the row of USER_SYNC_STATISTIC counts to which a moment belongs: the beginning of its hour (UTC), or a reset of the
    store's statistics within that hour and before the moment.

Used by      sp_NoteStatistics, sp_ListStatistics
Returns      one row: BEGIN_DT, HOUR_DT
Example      SELECT counted.BEGIN_DT FROM dbo.fn_StatisticBegin('woocommerce', SYSUTCDATETIME()) AS counted;
*/
CREATE OR ALTER FUNCTION dbo.fn_StatisticBegin
(
    @STORE_ID varchar(50),
    @MOMENT datetime2(3)
)
RETURNS table
AS
RETURN
    SELECT
        COALESCE
        (
            (
                SELECT
                    MAX(reset.RESET_DT)
                FROM dbo.USER_SYNC_STATISTIC_RESET AS reset
                WHERE reset.STORE_ID = @STORE_ID
                AND   reset.RESET_DT <= @MOMENT
                AND   reset.RESET_DT > whole.HOUR_DT
            ),
            whole.HOUR_DT
        ) AS BEGIN_DT,
        whole.HOUR_DT
    FROM
    (
        SELECT
            DATEADD(HOUR, DATEDIFF(HOUR, CONVERT(datetime2(3), '2000-01-01'), @MOMENT), CONVERT(datetime2(3), '2000-01-01')) AS HOUR_DT
    ) AS whole;
GO
