SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ResolveCustomer
    Whose order it is: the customer mapped to the store's customer id, then to the e-mail address, then the ERP's own customer with
    that address (of several the lowest number), then the guest account, if one is given.

Called by    sp_CheckOrder, sp_OrderCustomer
Parameters   @STAGING_ID; @CUST_NO OUTPUT, NULL where nothing matches; @GUEST_CUST_NO or NULL
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_ResolveCustomer @STAGING_ID = 1, @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ResolveCustomer
    @STAGING_ID int,
    @CUST_NO varchar(15) OUTPUT,
    @GUEST_CUST_NO varchar(20) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @WOO_CUST_ID bigint,
        @EMAIL nvarchar(100);

    SELECT
        @WOO_CUST_ID = staged.WOO_CUST_ID,
        @EMAIL = NULLIF(LTRIM(RTRIM(staged.CUST_EMAIL)), N'')
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SET @CUST_NO = NULL;

    IF @WOO_CUST_ID IS NOT NULL
    BEGIN
        SELECT
            @CUST_NO = MIN(mapped.CUST_NO)
        FROM dbo.USER_CUSTOMER_MAP AS mapped
        WHERE mapped.IS_ACTIVE = 1
        AND   mapped.WOO_USER_ID = @WOO_CUST_ID;
    END;

    IF @CUST_NO IS NULL AND @EMAIL IS NOT NULL
    BEGIN
        SELECT
            @CUST_NO = MIN(mapped.CUST_NO)
        FROM dbo.USER_CUSTOMER_MAP AS mapped
        WHERE mapped.IS_ACTIVE = 1
        AND   mapped.WOO_EMAIL = @EMAIL;
    END;

    IF @CUST_NO IS NULL AND @EMAIL IS NOT NULL
    BEGIN
        EXECUTE dbo.sp_FindErpCustomer
            @EMAIL = @EMAIL,
            @CUST_NO = @CUST_NO OUTPUT;
    END;

    SET @CUST_NO = COALESCE(@CUST_NO, NULLIF(@GUEST_CUST_NO, ''));
END;
GO
