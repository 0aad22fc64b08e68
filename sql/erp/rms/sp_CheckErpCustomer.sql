SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpCustomer
    Whether RMS has a customer of that number.

Called by    sp_CheckOrder, sp_OrderCustomer, sp_SetCustomerMap
Parameters   @CUST_NO; @IS_THERE OUTPUT
Returns      no rows
Errors       none
Locks        none beyond its read
Repeatable   yes
Example      DECLARE @IS_THERE bit; EXECUTE dbo.sp_CheckErpCustomer @CUST_NO = 'W00000001', @IS_THERE = @IS_THERE OUTPUT;
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
        @IS_THERE = CASE WHEN EXISTS (SELECT 1 FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS customer) THEN 1 ELSE 0 END;
END;
GO
