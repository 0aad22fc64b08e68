SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpFittingCustomer
    Whether a customer's name and postcode in RMS are those of a person's billing address.

Called by    sp_ResolveCustomer, sp_MatchCustomer
Parameters   @CUST_NO; @PERSON_JSON of an order or of a customer of the store
Returns      one row where they are
Note         Blanks and hyphens in a postcode don't count, nor what stands behind the first five digits of one of the United States.
Example      SELECT fitting.IS_FITTING FROM dbo.fn_ErpFittingCustomer('W00000001', N'{}') AS fitting;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpFittingCustomer
(
    @CUST_NO varchar(15),
    @PERSON_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        IS_FITTING = CONVERT(bit, 1)
    FROM dbo.fn_DynamicsCustomer(@CUST_NO) AS customer
    INNER JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
        ON address.KIND = 'BILL'
    WHERE address.ZIP_COD <> N''
    AND   REPLACE(REPLACE
          (
              CASE WHEN customer.Zip LIKE N'[0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9]' THEN LEFT(customer.Zip, 5) ELSE customer.Zip END,
              N' ', N''
          ), N'-', N'')
        = REPLACE(REPLACE
          (
              CASE WHEN address.ZIP_COD LIKE N'[0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9]' THEN LEFT(address.ZIP_COD, 5) ELSE address.ZIP_COD END,
              N' ', N''
          ), N'-', N'')
    AND
    (
        (address.LST_NAM <> N'' AND customer.LastName = address.LST_NAM AND customer.FirstName = address.FST_NAM)
        OR (address.NAM <> N'' AND LTRIM(CONCAT(customer.FirstName, N' ', customer.LastName)) = address.NAM)
        OR (address.COMPANY <> N'' AND customer.Company = address.COMPANY)
    )
);
GO
