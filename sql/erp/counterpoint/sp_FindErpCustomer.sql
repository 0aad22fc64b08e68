SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FindErpCustomer
    The port's answer to whose e-mail address that is: CounterPoint's own customer with it, of several the lowest number.

Called by    sp_ResolveCustomer
Parameters   @EMAIL, compared as the ERP's collation does; @CUST_NO OUTPUT, NULL where nobody has it
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

    -- Both are needed: the first finds it by an index where the column is varchar, the second where its code page lacks a letter.
    SELECT
        @CUST_NO = MIN(customer.CUST_NO)
    FROM dbo.AR_CUST AS customer
    WHERE customer.EMAIL_ADRS_1 = CONVERT(varchar(100), @EMAIL)
    AND   CONVERT(nvarchar(100), customer.EMAIL_ADRS_1) = @EMAIL;
END;
GO
