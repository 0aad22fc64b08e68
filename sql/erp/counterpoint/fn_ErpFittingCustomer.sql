SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpFittingCustomer
    The port's answer to whether a customer is a certain person: name and postcode in CounterPoint are those of the person's
    billing address.

Used by      sp_ResolveCustomer, sp_MatchCustomer
Returns      one row, IS_FITTING = 1, where both fit, else none; a customer or an address without a postcode fits nobody
Note         The name is the person's or the company's. A postcode is compared without blanks and hyphens, one of the United States by its first five digits.
Example      SELECT fitting.IS_FITTING FROM dbo.fn_ErpFittingCustomer('C100', N'{}') AS fitting;
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
    FROM dbo.AR_CUST AS customer
    INNER JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
        ON address.KIND = 'BILL'
    WHERE customer.CUST_NO = @CUST_NO
    AND   address.ZIP_COD <> ''
    AND   REPLACE(REPLACE
          (
              CASE WHEN customer.ZIP_COD LIKE '[0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9]' THEN LEFT(customer.ZIP_COD, 5) ELSE customer.ZIP_COD END,
              ' ', ''
          ), '-', '')
        = REPLACE(REPLACE
          (
              CASE WHEN address.ZIP_COD LIKE '[0-9][0-9][0-9][0-9][0-9]-[0-9][0-9][0-9][0-9]' THEN LEFT(address.ZIP_COD, 5) ELSE address.ZIP_COD END,
              ' ', ''
          ), '-', '')
    AND
    (
        (address.NAM <> '' AND customer.NAM = address.NAM)
        OR (address.COMPANY <> '' AND customer.NAM = address.COMPANY)
        OR (address.LST_NAM <> '' AND customer.LST_NAM = address.LST_NAM AND customer.FST_NAM = address.FST_NAM)
    )
);
GO
