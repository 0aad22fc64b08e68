SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointTime
    A moment of ours, which is UTC, as CounterPoint's local columns have it: in the site's time zone (setting TIME_ZONE), or where that
    is empty, in the server's own.

Used by      sp_WriteOrderTotals, sp_CloseErpDocument, sp_WriteOrderNotes, sp_WriteErpNote, sp_CreateErpCustomer,
             sp_SeedDemoErp
Returns      one row: LOCAL_DT
Note         TIME_ZONE is a name that Windows has for it, as 'Eastern Standard Time': summer time is reckoned in. The server's own zone
             is reckoned with as it stands now. What CounterPoint keeps in UTC (RS_UTC_DT) isn't asked for here.
Example      SELECT moment.LOCAL_DT FROM dbo.fn_CounterPointTime(SYSUTCDATETIME()) AS moment;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointTime
(
    @UTC datetime2(3)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        LOCAL_DT = CASE
            WHEN zone.NAME IS NULL THEN DATEADD(MINUTE, DATEPART(TZoffset, SYSDATETIMEOFFSET()), @UTC)
            ELSE CONVERT(datetime2(3), @UTC AT TIME ZONE N'UTC' AT TIME ZONE zone.NAME)
        END
    FROM
    (
        SELECT
            NAME = MAX(CASE WHEN setting.NAME = 'TIME_ZONE' THEN NULLIF(setting.VALUE, N'') END)
        FROM dbo.USER_ERP_SETTING AS setting
    ) AS zone
);
GO
