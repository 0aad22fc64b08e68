SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpCustomer
    The port's answer to whether CounterPoint has a customer of that number.

Called by    sp_CheckOrder, sp_OrderCustomer
Parameters   @CUST_NO; @IS_THERE OUTPUT: 1 or 0
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Example      DECLARE @IS_THERE bit; EXECUTE dbo.sp_CheckErpCustomer @CUST_NO = 'C100', @IS_THERE = @IS_THERE OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpCustomer
    @CUST_NO varchar(15),
    @IS_THERE bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        @IS_THERE = CASE WHEN EXISTS (SELECT 1 FROM dbo.AR_CUST AS customer WHERE customer.CUST_NO = @CUST_NO) THEN 1 ELSE 0 END;
END;
GO
