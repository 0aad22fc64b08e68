SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListMissingErpSettings
    The site settings and number series without which no document can be written, and that nobody has set.

Called by    syncctl process, syncctl retry-failed, syncctl validate, syncctl config check, syncctl db check
Returns      NAME, COMMAND (what sets it); no row where orders can be processed
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListMissingErpSettings;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListMissingErpSettings
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        missing.NAME,
        missing.COMMAND
    FROM dbo.fn_MissingErpSettings() AS missing
    ORDER BY
        missing.SEQ_NO;
END;
GO
