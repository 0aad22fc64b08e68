SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListGuestOrders
    Guests' live orders of a store that are staged here, newest first: a queue with guests takes each e-mail address from its newest order.

Called by    syncctl customers start, syncctl customers resume
Returns      STAGING_ID, CUST_EMAIL, ORDER_JSON, WOO_CREATED_DT
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListGuestOrders @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListGuestOrders
    @STORE_ID varchar(50),
    @BEFORE_ID int = NULL,
    @BATCH_SIZE int = 100,
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
        staged.STAGING_ID,
        staged.CUST_EMAIL,
        staged.ORDER_JSON,
        staged.WOO_CREATED_DT
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STORE_ID = @STORE_ID
    AND   staged.WOO_CUST_ID IS NULL
    AND   staged.DUPLICATE_OF_ID IS NULL
    AND   staged.STATUS_GROUP = 'live'
    AND   NULLIF(LTRIM(RTRIM(staged.CUST_EMAIL)), N'') IS NOT NULL
    AND   staged.ORDER_JSON IS NOT NULL
    AND   (@BEFORE_ID IS NULL OR staged.STAGING_ID < @BEFORE_ID)
    ORDER BY
        staged.STAGING_ID DESC;
END;
GO
