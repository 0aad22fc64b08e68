SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsUtc
    A moment of RMS's, which is in the store's own time, as UTC: by the setting TIME_ZONE, or where that is empty by the zone of the server.

Called by    fn_ErpPrice
Parameters   @LOCAL
Returns      one row: UTC_DT, NULL for NULL
Note         Of an hour that summer time has twice it is the second, and one that it leaves out counts from before it. The server's own zone
             is reckoned with as it stands now.
Example      SELECT moment.UTC_DT FROM dbo.fn_DynamicsUtc('2026-07-01T12:00:00') AS moment;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsUtc
(
    @LOCAL datetime2(3)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        UTC_DT = CASE
            WHEN zone.NAME IS NULL THEN DATEADD(MINUTE, -DATEPART(TZoffset, SYSDATETIMEOFFSET()), @LOCAL)
            ELSE CONVERT(datetime2(3), @LOCAL AT TIME ZONE zone.NAME AT TIME ZONE N'UTC')
        END
    FROM
    (
        SELECT
            NAME = MAX(CASE WHEN setting.NAME = 'TIME_ZONE' THEN NULLIF(setting.VALUE, N'') END)
        FROM dbo.USER_ERP_SETTING AS setting
    ) AS zone
);
GO
