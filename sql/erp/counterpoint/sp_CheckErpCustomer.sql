SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpCustomer
    The port's answer to whether CounterPoint has a customer of that number, and how it writes the number itself.

Called by    sp_CheckOrder, sp_OrderCustomer, sp_SetCustomerMap, sp_SyncCustomer
Parameters   @CUST_NO; @IS_THERE OUTPUT: 1 or 0; @SPELLED OUTPUT, NULL where there is none
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Example      DECLARE @IS_THERE bit; EXECUTE dbo.sp_CheckErpCustomer @CUST_NO = 'C100', @IS_THERE = @IS_THERE OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpCustomer
    @CUST_NO varchar(15),
    @IS_THERE bit OUTPUT,
    @SPELLED varchar(15) = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @SPELLED = NULL;

    SELECT
        @SPELLED = customer.CUST_NO
    FROM dbo.AR_CUST AS customer
    WHERE customer.CUST_NO = @CUST_NO;

    SET @IS_THERE = CASE WHEN @SPELLED IS NULL THEN 0 ELSE 1 END;
END;
GO
