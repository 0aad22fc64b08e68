SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.USER_ERP_SETTING, dbo.USER_NUMBER_SERIES
    Takes the station, the drawer and the number series of documents away where they are still what an older version filled in and no
    document of ours was ever made: a site says itself what they are. Where there are documents, everything stays as it is.

Note         A value that a site has set differs from what was filled in, and stays. One that it has set to just that can't be told
             from it: syncctl config erp set and config erp series set it again.
Repeatable   yes
*/
IF NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked)
AND NOT EXISTS (SELECT 1 FROM dbo.USER_NUMBER_SERIES AS series WHERE series.SERIES IN ('DOC_ID', 'TKT_NO') AND series.NEXT_NO <> 1)
BEGIN
    UPDATE
        dbo.USER_ERP_SETTING
    SET
        VALUE = NULL
    WHERE NAME IN ('STA_ID', 'DRW_ID')
    AND   VALUE = N'101';

    DELETE FROM dbo.USER_NUMBER_SERIES
    WHERE (SERIES = 'DOC_ID' AND PREFIX = '101' AND WIDTH = 9)
    OR    (SERIES = 'TKT_NO' AND PREFIX = '101-' AND WIDTH = 6);
END;
GO
