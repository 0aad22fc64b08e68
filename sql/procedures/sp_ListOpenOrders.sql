SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListOpenOrders
    The orders of one store whose document is open in the ERP: neither shipped, closed nor gone. By staging id, behind @AFTER_ID.

Called by    syncctl stage --reconcile --open
Returns      one row an order: WOO_ORDER_ID, STAGING_ID
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListOpenOrders @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListOpenOrders
    @STORE_ID varchar(50),
    @AFTER_ID int = 0,
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
        link.WOO_ORDER_ID,
        link.STAGING_ID
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.fn_ErpStatus(@STORE_ID, @AFTER_ID) AS status
        ON status.WOO_ORDER_ID = link.WOO_ORDER_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.STAGING_ID > @AFTER_ID
    AND   link.LINK_STATE = 'OPEN'
    AND   link.ERP_STATUS_TOLD = 'open'
    AND   status.ERP_STATUS = 'open'
    ORDER BY
        link.STAGING_ID;
END;
GO
