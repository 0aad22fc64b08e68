SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpNamesakes
    The port's answer to who has a person's name and postcode: CounterPoint's customers of which both are those of the billing address.

Used by      sp_MatchCustomer
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
    FROM dbo.AR_CUST AS customer
    INNER JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
        ON  address.KIND = 'BILL'
        AND address.ZIP_COD <> ''
        AND
        (
            (address.NAM <> '' AND customer.NAM = address.NAM)
            OR (address.COMPANY <> '' AND customer.NAM = address.COMPANY)
            OR (address.LST_NAM <> '' AND customer.LST_NAM = address.LST_NAM AND customer.FST_NAM = address.FST_NAM)
        )
    CROSS APPLY dbo.fn_ErpFittingCustomer(customer.CUST_NO, @PERSON_JSON) AS fitting
);
GO
