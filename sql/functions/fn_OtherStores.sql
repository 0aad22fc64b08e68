SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_OtherStores
    The other stores whose orders this database has, or that it has polled.

Used by      fn_StoreCustomers, sp_SetCustomerMap, sp_StageOrders
Returns      STORE_ID, maybe many times; no row where there is that one store alone
Note         Reads what isn't committed yet, so that two stores' workers never wait for each other here: a store that is about to be
             counts as one.
Example      SELECT TOP (1) other.STORE_ID FROM dbo.fn_OtherStores('woocommerce') AS other;
*/
CREATE OR ALTER FUNCTION dbo.fn_OtherStores
(
    @STORE_ID varchar(50)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        staged.STORE_ID
    FROM dbo.USER_ORDER_STAGING AS staged WITH (READUNCOMMITTED)
    WHERE staged.DUPLICATE_OF_ID IS NULL
    AND   staged.STORE_ID <> @STORE_ID
    UNION ALL
    SELECT
        walk.STORE_ID
    FROM dbo.USER_SYNC_WALK AS walk WITH (READUNCOMMITTED)
    WHERE walk.STORE_ID <> @STORE_ID
);
GO
