SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStoreOrders
    Staged orders created in the store from @SINCE_DT (inclusive) to @UNTIL_DT (exclusive), ids above @AFTER_ID.

Called by    syncctl stage --reconcile
Returns      WOO_ORDER_ID, STAGING_ID, STATE, STATUS_GROUP, WOO_CREATED_DT, by order id
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListStoreOrders @STORE_ID = 'woocommerce', @SINCE_DT = '2026-11-01', @UNTIL_DT = '2026-12-01';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStoreOrders
    @STORE_ID varchar(50),
    @SINCE_DT datetime2(3),
    @UNTIL_DT datetime2(3),
    @AFTER_ID bigint = 0,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        staged.WOO_ORDER_ID,
        staged.STAGING_ID,
        staged.STATE,
        staged.STATUS_GROUP,
        staged.WOO_CREATED_DT
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STORE_ID = @STORE_ID
    AND   staged.DUPLICATE_OF_ID IS NULL
    AND   staged.WOO_ORDER_ID > @AFTER_ID
    AND   staged.WOO_CREATED_DT >= @SINCE_DT
    AND   staged.WOO_CREATED_DT < @UNTIL_DT
    ORDER BY
        staged.WOO_ORDER_ID;
END;
GO
