SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_DynamicsAllCustomers
    RMS's customers, each with what it is called on our side: its account number, or where that is longer than 15 letters or has others
    than those of ASCII, # and its ID.

Called by    the functions and procedures of this ERP
Returns      a row for each customer: ID, CUST_NO, AccountNumber
Example      SELECT customer.CUST_NO FROM dbo.fn_DynamicsAllCustomers() AS customer WHERE customer.ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_DynamicsAllCustomers
(
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        customer.ID,
        CUST_NO = CONVERT(varchar(15), CASE
            WHEN LEN(customer.AccountNumber) BETWEEN 1 AND 15
            AND  customer.AccountNumber NOT LIKE N'#%'
            AND  PATINDEX(N'%[^!-~]%' COLLATE Latin1_General_BIN2, customer.AccountNumber) = 0 THEN customer.AccountNumber
            ELSE CONCAT(N'#', customer.ID)
        END),
        customer.AccountNumber,
        customer.FirstName,
        customer.LastName,
        customer.Company,
        customer.Zip,
        customer.EmailAddress
    FROM dbo.Customer AS customer
);
GO
