SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsCustomer
    The customer of a number as fn_DynamicsAllCustomers writes it.

Called by    the functions and procedures of this ERP
Parameters   @CUST_NO
Returns      the customer, or no row
Example      SELECT customer.ID FROM dbo.fn_DynamicsCustomer('W00000001') AS customer;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsCustomer
(
    @CUST_NO varchar(15)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        customer.ID,
        customer.CUST_NO,
        customer.FirstName,
        customer.LastName,
        customer.Company,
        customer.Zip
    FROM dbo.fn_DynamicsAllCustomers() AS customer
    WHERE @CUST_NO LIKE '#[0-9]%'
    AND   customer.ID = TRY_CONVERT(int, SUBSTRING(@CUST_NO, 2, 9))
    UNION ALL
    SELECT
        numbered.ID,
        numbered.CUST_NO,
        numbered.FirstName,
        numbered.LastName,
        numbered.Company,
        numbered.Zip
    FROM dbo.fn_DynamicsAllCustomers() AS numbered
    WHERE @CUST_NO NOT LIKE '#[0-9]%'
    AND   numbered.AccountNumber = CONVERT(nvarchar(20), @CUST_NO)
);
GO
