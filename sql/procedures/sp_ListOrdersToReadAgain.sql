SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListOrdersToReadAgain
    The orders of one store that were set aside because they could not be read, and are due to be asked for again, the longest due
    first.

Called by    syncctl stage
Returns      one row an order: WOO_ORDER_ID, STAGING_ID, WOO_ORDER_NO, ATTEMPT_NO
Errors       50001 bad argument
Locks        none beyond the read; one poll of a store runs at a time
Repeatable   yes
Note         A row of the store's list that has no id to ask for (WOO_ORDER_ID below 0) is left to a person.
Example      EXECUTE dbo.sp_ListOrdersToReadAgain @STORE_ID = 'woocommerce', @BATCH_SIZE = 20;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListOrdersToReadAgain
    @STORE_ID varchar(50),
    @BATCH_SIZE int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        staged.WOO_ORDER_ID,
        staged.STAGING_ID,
        staged.WOO_ORDER_NO,
        staged.ATTEMPT_NO
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STATE = 'NEEDS_MANUAL_REVIEW'
    AND   staged.NEXT_ATTEMPT_DT <= @NOW
    AND   COALESCE(staged.ERROR_CLASS, '') = 'unreadable'
    AND   staged.STORE_ID = @STORE_ID
    AND   staged.WOO_ORDER_ID > 0
    AND   staged.DUPLICATE_OF_ID IS NULL
    ORDER BY
        staged.NEXT_ATTEMPT_DT,
        staged.STAGING_ID;
END;
GO
