SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpNamesakes
    RMS's customers whose name and postcode are those of a person's billing address.

Called by    sp_MatchCustomer
Parameters   @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it
Returns      CUST_NO, a row each; none for an address without name or postcode
Note         They are looked for by name first, which a person or a company has whole; fn_ErpFittingCustomer decides.
Example      SELECT namesake.CUST_NO FROM dbo.fn_ErpNamesakes(N'{"billing": {"last_name": "Lovelace"}}') AS namesake;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpNamesakes
(
    @PERSON_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        customer.CUST_NO
    FROM dbo.fn_DynamicsAllCustomers() AS customer
    INNER JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
        ON  address.KIND = 'BILL'
        AND address.ZIP_COD <> N''
        AND
        (
            (address.LST_NAM <> N'' AND customer.LastName = address.LST_NAM)
            OR (address.NAM <> N'' AND LTRIM(CONCAT(customer.FirstName, N' ', customer.LastName)) = address.NAM)
            OR (address.COMPANY <> N'' AND customer.Company = address.COMPANY)
        )
    CROSS APPLY dbo.fn_ErpFittingCustomer(customer.CUST_NO, @PERSON_JSON) AS fitting
);
GO
