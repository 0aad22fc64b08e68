SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpCustomer
    Whether RMS has a customer of that number, and what it is called on our side, as RMS writes it.

Called by    sp_CheckOrder, sp_OrderCustomer, sp_SetCustomerMap, sp_SyncCustomer
Parameters   @CUST_NO; @IS_THERE OUTPUT: 1 or 0; @SPELLED OUTPUT, NULL where there is none
Returns      no rows
Errors       none
Locks        none beyond its read
Repeatable   yes
Example      DECLARE @IS_THERE bit; EXECUTE dbo.sp_CheckErpCustomer @CUST_NO = 'W00000001', @IS_THERE = @IS_THERE OUTPUT;
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
    FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS customer;

    SET @IS_THERE = CASE WHEN @SPELLED IS NULL THEN 0 ELSE 1 END;
END;
GO
