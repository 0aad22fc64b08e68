SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StoreCustomers
    The rows of the customer map that count for an order of a store: the store's own. A row without a store, from before stores were
    told apart or of another program, counts where none of the store's own names the same customer, and only as long as there is no
    other store whose customer it may be, or its e-mail address is the order's.

Used by      sp_ResolveCustomer
Parameters   @EMAIL the order's, NULL where it has none
Returns      MAP_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL
Example      SELECT mapped.CUST_NO FROM dbo.fn_StoreCustomers('woocommerce', NULL) AS mapped WHERE mapped.WOO_USER_ID = 5;
*/
CREATE OR ALTER FUNCTION dbo.fn_StoreCustomers
(
    @STORE_ID varchar(50),
    @EMAIL nvarchar(100)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        mapped.MAP_ID,
        mapped.CUST_NO,
        mapped.WOO_USER_ID,
        mapped.WOO_EMAIL
    FROM dbo.USER_CUSTOMER_MAP AS mapped
    WHERE mapped.IS_ACTIVE = 1
    AND
    (
        mapped.STORE_ID = @STORE_ID
        OR
        (
            mapped.STORE_ID = ''
            AND (mapped.WOO_EMAIL = @EMAIL OR NOT EXISTS (SELECT 1 FROM dbo.fn_OtherStores(@STORE_ID) AS other))
            AND NOT EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_CUSTOMER_MAP AS own
                WHERE own.IS_ACTIVE = 1
                AND   own.STORE_ID = @STORE_ID
                AND   own.WOO_USER_ID = mapped.WOO_USER_ID
            )
            AND NOT EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_CUSTOMER_MAP AS own
                WHERE own.IS_ACTIVE = 1
                AND   own.STORE_ID = @STORE_ID
                AND   own.WOO_EMAIL = mapped.WOO_EMAIL
            )
        )
    )
);
GO
