SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckDemoErp
    Reads the mark of a trial ERP (dbo.USER_DEMO_ERP); where there is none, that is an error, which the caller catches.

Called by    sp_SeedDemoErp
Parameters   @IS_TRIAL OUTPUT: 1
Returns      no rows
Errors       208 there is no such table: it isn't a trial
Locks        none
Repeatable   yes
Note         A login that may only execute sees no metadata: to it, OBJECT_ID finds no table anywhere. What a procedure reads it may read.
Example      EXECUTE dbo.sp_CheckDemoErp @IS_TRIAL = @IS_TRIAL OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckDemoErp
    @IS_TRIAL bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        @IS_TRIAL = CASE WHEN COUNT(*) > 0 THEN 1 ELSE 0 END
    FROM dbo.USER_DEMO_ERP AS marked;
END;
GO
