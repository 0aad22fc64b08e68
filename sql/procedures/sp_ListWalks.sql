SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListWalks
    Every walk through a store, and how far it has come.

Called by    syncctl trace, sp_StartPoll
Returns      WALK_NAME, WATERMARK_DT, SINCE_DT, UNTIL_DT, LAST_ID, ROW_OFFSET, UPDATED_DT, ANY_DUE, by name.
             ANY_DUE: whether orders of the store are due to be read again (sp_ListOrdersToReadAgain)
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

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ANY_DUE bit = 0;

    IF EXISTS
    (
        SELECT 1
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STATE = 'NEEDS_MANUAL_REVIEW'
        AND   staged.NEXT_ATTEMPT_DT <= @NOW
        AND   COALESCE(staged.ERROR_CLASS, '') = 'unreadable'
        AND   staged.STORE_ID = @STORE_ID
        AND   staged.WOO_ORDER_ID > 0
        AND   staged.DUPLICATE_OF_ID IS NULL
    )
    BEGIN
        SET @ANY_DUE = 1;
    END;

    SELECT
        walk.WALK_NAME,
        walk.WATERMARK_DT,
        walk.SINCE_DT,
        walk.UNTIL_DT,
        walk.LAST_ID,
        walk.ROW_OFFSET,
        walk.UPDATED_DT,
        @ANY_DUE AS ANY_DUE
    FROM dbo.USER_SYNC_WALK AS walk
    WHERE walk.STORE_ID = @STORE_ID
    ORDER BY
        walk.WALK_NAME;
END;
GO
