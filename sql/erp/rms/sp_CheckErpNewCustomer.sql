SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpNewCustomer
    What keeps customers from being made at all, for every order.

Called by    sp_CheckOrder
Parameters   @PROBLEM OUTPUT: NULL where nothing does
Returns      no rows
Errors       none
Locks        none beyond its read
Repeatable   yes
Example      DECLARE @PROBLEM nvarchar(500); EXECUTE dbo.sp_CheckErpNewCustomer @PROBLEM = @PROBLEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpNewCustomer
    @PROBLEM nvarchar(500) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    EXECUTE dbo.sp_CheckCustomerSeries @PROBLEM = @PROBLEM OUTPUT;
END;
GO
