SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CountStoreItems
    How many of a store's items are known, how many it was told of, and when it was last listed: what the guard rails are measured by.

Called by    syncctl stock push, syncctl price push, syncctl stock diff, syncctl item map
Parameters   @STORE_ID
Returns      one row: ITEMS, MANAGED (of which the store keeps stock), TOLD, LISTED_DT (the oldest listing of any) and LISTINGS (above 1: the last
             one didn't come to its end); PRICED (of which the store keeps a price), PRICES_TOLD
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_CountStoreItems @STORE_ID = 'woocommerce';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CountStoreItems
    @STORE_ID varchar(50),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        ITEMS = COUNT(*),
        MANAGED = COUNT(CASE WHEN item.IS_MANAGED = 1 AND item.IS_BACKORDER = 0 THEN 1 END),
        TOLD = COUNT(CASE WHEN item.TOLD_DT IS NOT NULL THEN 1 END),
        LISTED_DT = MIN(item.LISTED_DT),
        LISTINGS = COUNT(DISTINCT item.LISTING),
        PRICED = COUNT(CASE WHEN item.IS_PRICED = 1 THEN 1 END),
        PRICES_TOLD = COUNT(CASE WHEN item.PRICE_TOLD_DT IS NOT NULL THEN 1 END)
    FROM dbo.USER_STORE_ITEM AS item
    WHERE item.STORE_ID = @STORE_ID;
END;
GO
