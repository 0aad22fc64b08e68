SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpCustomers
    The port's answer to whose e-mail address that is: all of CounterPoint's own customers with it, compared as the ERP's collation does and
    as its code page holds it.

Used by      sp_ResolveCustomer
Returns      CUST_NO, a row each
Note         Two addresses that are alike only in the code page belong to two people: the map knows them whole.
Example      SELECT customer.CUST_NO FROM dbo.fn_ErpCustomers(N'ann@example.com') AS customer;
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
    FROM dbo.AR_CUST AS customer
    WHERE customer.EMAIL_ADRS_1 = CONVERT(varchar(100), @EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_CUSTOMER_MAP AS mapped
        WHERE mapped.CUST_NO = customer.CUST_NO
        AND   mapped.IS_ACTIVE = 1
        AND   mapped.WOO_EMAIL <> @EMAIL
        AND   CONVERT(varchar(100), mapped.WOO_EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */
            = CONVERT(varchar(100), @EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */
    )
);
GO
