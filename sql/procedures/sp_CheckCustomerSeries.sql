SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckCustomerSeries
    What keeps syncctl's own series from numbering a customer: it isn't set, or has run out.

Called by    each ERP's sp_CheckErpNewCustomer or what that calls
Parameters   @PROBLEM OUTPUT: what is wrong and what to do; NULL where nothing is
Returns      no rows
Errors       none
Locks        none beyond its read
Repeatable   yes
Example      DECLARE @PROBLEM nvarchar(500); EXECUTE dbo.sp_CheckCustomerSeries @PROBLEM = @PROBLEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckCustomerSeries
    @PROBLEM nvarchar(500) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @NUMBER varchar(50);

    SET @PROBLEM = N'The number series CUST_NO is not set: `syncctl config erp series CUST_NO --prefix TEXT`.';

    SELECT
        @NUMBER = CONCAT
        (
            series.PREFIX,
            CASE WHEN LEN(CONVERT(varchar(20), series.NEXT_NO)) < series.WIDTH
                THEN REPLICATE('0', series.WIDTH - LEN(CONVERT(varchar(20), series.NEXT_NO))) END,
            CONVERT(varchar(20), series.NEXT_NO)
        ),
        @PROBLEM = NULL
    FROM dbo.USER_NUMBER_SERIES AS series
    WHERE series.SERIES = 'CUST_NO';

    IF LEN(@NUMBER) > 15
    BEGIN
        SET @PROBLEM = CONCAT
        (
            N'The next CUST_NO would be ', @NUMBER, N', too long for the ERP. Correct PREFIX, WIDTH and NEXT_NO in its series.'
        );
    END;
END;
GO
