SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListWalks
    Every walk through a store, and how far it has come.

Called by    syncctl stage, syncctl trace
Returns      WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, by name
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListWalks @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListWalks
    @STORE_ID varchar(50),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        walk.WALK_NAME,
        walk.WATERMARK_DT,
        walk.SINCE_DT,
        walk.UNTIL_DT,
        walk.LAST_ID,
        walk.ROW_OFFSET,
        walk.UPDATED_DT
    FROM dbo.USER_SYNC_WALK AS walk
    WHERE walk.STORE_ID = @STORE_ID
    ORDER BY
        walk.WALK_NAME;
END;
GO
