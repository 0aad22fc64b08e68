SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderHistory
    Adds a row to an order's history in RMS.

Called by    the procedures of this ERP that change an order, inside their transactions
Parameters   @ORDER_ID; @COMMENT, cut at 30 letters
Returns      no rows
Errors       none
Locks        the new row
Repeatable   no: each call adds a row
Example      EXECUTE dbo.sp_WriteOrderHistory @ORDER_ID = 1, @COMMENT = N'Web order changed';
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderHistory
    @ORDER_ID int,
    @COMMENT nvarchar(200),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    INSERT INTO dbo.OrderHistory
    (
        StoreID, BatchNumber, Date, OrderID, CashierID, DeltaDeposit, TransactionNumber, Comment
    )
    SELECT
        held.StoreID,
        0,
        moment.LOCAL_DT,
        held.ID,
        site.CASHIER_ID,
        0,
        0,
        CONVERT(nvarchar(30), dbo.fn_Shorten(@COMMENT, 30))
    FROM dbo.[Order] AS held
    CROSS JOIN dbo.fn_DynamicsConfig() AS site
    CROSS JOIN dbo.fn_DynamicsTime(@NOW) AS moment
    WHERE held.ID = @ORDER_ID;
END;
GO
