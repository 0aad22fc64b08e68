SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListMissingErpSettings
    What nobody has set and no order can be written without.

Called by    every command that processes orders, config check, db check
Returns      a row each: NAME, COMMAND that sets it
Errors       none
Locks        none beyond its read
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
        NAME = CONVERT(varchar(50), 'STORE_ID'),
        COMMAND = CONVERT(nvarchar(500), N'syncctl config erp set STORE_ID NUMBER')
    FROM dbo.fn_DynamicsConfig() AS site
    WHERE site.STORE_ID IS NULL;
END;
GO
