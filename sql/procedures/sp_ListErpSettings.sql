SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListErpSettings
    The site settings of the ERP side, by name.

Called by    syncctl config erp, syncctl config check, syncctl stock push, syncctl stock diff, syncctl price push
Returns      NAME, VALUE, DESCR, FAULT (what it names that the ERP doesn't have; NULL: nothing)
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListErpSettings;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListErpSettings
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        setting.NAME,
        setting.VALUE,
        setting.DESCR,
        lacking.FAULT
    FROM dbo.USER_ERP_SETTING AS setting
    OUTER APPLY dbo.fn_ErpSettingFault(CONVERT(varchar(50), setting.NAME), setting.VALUE) AS lacking
    ORDER BY
        setting.NAME;
END;
GO
