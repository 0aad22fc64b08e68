SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListWebItems
    What a site says of single SKUs: how many of the item make one of the store's, how many stay back, which are never offered.

Called by    syncctl item map, syncctl item set
Returns      by SKU: STORE_ID ('*': every store without a row of its own), SKU, PACK_QTY, RESERVE_QTY (NULL: the site's own), IS_OFF
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListWebItems;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListWebItems
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        said.STORE_ID,
        said.SKU,
        said.PACK_QTY,
        said.RESERVE_QTY,
        said.IS_OFF
    FROM dbo.USER_WEB_ITEM AS said
    ORDER BY
        said.SKU,
        said.STORE_ID;
END;
GO
