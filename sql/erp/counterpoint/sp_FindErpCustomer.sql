SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FindErpCustomer
    The port's answer to whose e-mail address that is: CounterPoint's own customer with it, of several the lowest number.

Called by    sp_ResolveCustomer
Parameters   @EMAIL, compared as the ERP's collation does and as its code page holds it; @CUST_NO OUTPUT, NULL where nobody has it
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_FindErpCustomer @EMAIL = N'ann@example.com', @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FindErpCustomer
    @EMAIL nvarchar(100),
    @CUST_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    -- As the ERP holds it, by its index. Two addresses that are alike only there belong to two people: the map knows them whole.
    SELECT
        @CUST_NO = MIN(customer.CUST_NO)
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
    );
END;
GO
