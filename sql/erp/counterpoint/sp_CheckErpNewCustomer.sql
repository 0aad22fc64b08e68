SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpNewCustomer
    The port's answer to what keeps CounterPoint customers from being made at all: a template customer that isn't there, or a number
    series that has no next number. It concerns every order, not one of them.

Called by    sp_CheckOrder
Parameters   @PROBLEM OUTPUT: what is wrong and what to do; NULL where nothing is
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Example      DECLARE @PROBLEM nvarchar(500); EXECUTE dbo.sp_CheckErpNewCustomer @PROBLEM = @PROBLEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpNewCustomer
    @PROBLEM nvarchar(500) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @NUMBER varchar(20);

    SET @PROBLEM = NULL;

    SELECT
        @PROBLEM = CONCAT
        (
            N'The template customer ', template.CUST_NO, N' is not in AR_CUST, so no customer can be made. Add it in CounterPoint,',
            N' or name another one: `syncctl config erp set TMPLT_CUST_NO NUMBER` (- for none).'
        )
    FROM dbo.fn_TemplateCustomer() AS template
    WHERE template.CUST_NO IS NOT NULL
    AND   template.IS_THERE = 0;

    IF @PROBLEM IS NULL
    BEGIN
        EXECUTE dbo.sp_NextCustomerNumber
            @NUMBER = @NUMBER OUTPUT,
            @PROBLEM = @PROBLEM OUTPUT,
            @TAKES = 0;
    END;
END;
GO
