SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpCustomers
    RMS's own customers with an e-mail address.

Called by    sp_ResolveCustomer
Parameters   @EMAIL
Returns      CUST_NO, a row for each
Example      SELECT customer.CUST_NO FROM dbo.fn_ErpCustomers(N'ada@example.test') AS customer;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpCustomers
(
    @EMAIL nvarchar(100)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        customer.CUST_NO
    FROM dbo.fn_DynamicsAllCustomers() AS customer
    WHERE customer.EmailAddress = CONVERT(nvarchar(255), @EMAIL)
);
GO
