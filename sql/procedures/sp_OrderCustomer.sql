SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_OrderCustomer
    The order's customer as validation found it. Where it found none and let that pass, the customer is matched again (another order
    may have made it by now) or made from the order's billing address, with a row in USER_CUSTOMER_MAP for a registered one.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @CUST_NO OUTPUT
Returns      no rows
Errors       50040 the customer is not in the ERP, or it can't be told who of several it is; 50041 this site's set-up keeps customers from being made
Locks        the CUST_NO series, before it looks again: two orders of one new customer make one
Repeatable   yes
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_OrderCustomer @STAGING_ID = 1, @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_OrderCustomer
    @STAGING_ID int,
    @CUST_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @WOO_ORDER_NO varchar(50),
        @WOO_CUST_ID bigint,
        @CUST_EMAIL nvarchar(100),
        @ORDER_JSON nvarchar(max),
        @PROBLEM nvarchar(500),
        @IS_THERE bit;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = staged.WOO_ORDER_NO,
        @WOO_CUST_ID = staged.WOO_CUST_ID,
        @CUST_EMAIL = staged.CUST_EMAIL,
        @ORDER_JSON = staged.ORDER_JSON,
        @CUST_NO = NULLIF(staged.CUST_NO, '')
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF @CUST_NO IS NULL
    BEGIN
        EXECUTE dbo.sp_ResolveCustomer @STAGING_ID = @STAGING_ID, @CUST_NO = @CUST_NO OUTPUT, @PROBLEM = @PROBLEM OUTPUT;
    END;

    IF @CUST_NO IS NULL
    BEGIN
        EXECUTE dbo.sp_HoldNewCustomers;

        EXECUTE dbo.sp_ResolveCustomer @STAGING_ID = @STAGING_ID, @CUST_NO = @CUST_NO OUTPUT, @PROBLEM = @PROBLEM OUTPUT;
    END;

    IF @CUST_NO IS NOT NULL
    BEGIN
        EXECUTE dbo.sp_CheckErpCustomer
            @CUST_NO = @CUST_NO,
            @IS_THERE = @IS_THERE OUTPUT;

        IF @IS_THERE = 0
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N': customer ', @CUST_NO, N' is not in the ERP. Correct it (`syncctl map customer`) or add the',
                N' customer, then `syncctl dead-letter retry`.'
            );
            THROW 50040, @MESSAGE, 1;
        END;

        RETURN;
    END;

    IF @PROBLEM IS NOT NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'Order ', @WOO_ORDER_NO, N': ', @PROBLEM);
        THROW 50040, @MESSAGE, 1;
    END;

    EXECUTE dbo.sp_CreateErpCustomer
        @PERSON_JSON = @ORDER_JSON,
        @EMAIL = @CUST_EMAIL,
        @CUST_NO = @CUST_NO OUTPUT,
        @NOW = @NOW;

    /* A guest is found again by e-mail address. Where the ERP can't hold all of it, the map does: else two people's could be one there. */
    IF @WOO_CUST_ID IS NOT NULL
    OR EXISTS
    (
        SELECT
            1
        FROM dbo.fn_ErpTexts(@CUST_EMAIL, NULL, NULL, NULL) AS written
        WHERE dbo.fn_LostLetters(written.VALUE, written.HELD, written.RAW) <> N''
    )
    BEGIN
        INSERT INTO dbo.USER_CUSTOMER_MAP
        (
            STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT
        )
        VALUES
        (
            @STORE_ID, @CUST_NO, @WOO_CUST_ID, @CUST_EMAIL, 'syncctl', 1, @NOW
        );
    END;

    EXECUTE dbo.sp_RememberCustomer
        @STORE_ID = @STORE_ID,
        @CUST_NO = @CUST_NO,
        @PERSON_JSON = @ORDER_JSON,
        @EMAIL = @CUST_EMAIL,
        @NOW = @NOW;

    INSERT INTO dbo.USER_ORDER_EVENT
    (
        STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
    )
    VALUES
    (
        @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW, 'CUSTOMER_CREATED',
        CONCAT(N'Customer ', @CUST_NO, N' was made from the order''s billing address.')
    );
END;
GO
