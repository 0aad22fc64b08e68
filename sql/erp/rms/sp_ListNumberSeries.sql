SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListNumberSeries
    The number series. RMS numbers its orders by itself, so there is the one of account numbers.

Called by    syncctl config erp series
Returns      SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
Errors       none
Locks        none beyond its read
Repeatable   yes
Example      EXECUTE dbo.sp_ListNumberSeries;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListNumberSeries
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        series.SERIES,
        series.PREFIX,
        series.WIDTH,
        series.NEXT_NO,
        series.DESCR
    FROM dbo.USER_NUMBER_SERIES AS series
    ORDER BY
        series.SERIES;
END;
GO
