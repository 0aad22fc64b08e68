SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsTime
    A moment as RMS's columns have it: in the store's own time.

Called by    the procedures of this ERP that write a moment
Parameters   @UTC
Returns      one row: LOCAL_DT, by the setting TIME_ZONE, or where that is empty by the zone of the server
Note         TIME_ZONE is a name that Windows has for it, as 'Eastern Standard Time': summer time is reckoned in. The server's own zone
             is reckoned with as it stands now.
Example      SELECT moment.LOCAL_DT FROM dbo.fn_DynamicsTime(SYSUTCDATETIME()) AS moment;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsTime
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
