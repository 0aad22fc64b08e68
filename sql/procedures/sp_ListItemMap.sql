SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListItemMap
    Which item of the ERP each SKU is that isn't called as its item ('*': in every store without a row of its own).

Called by    syncctl map item list
Returns      STORE_ID, SKU, ITEM_NO, PREVIOUS (always NULL here)
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListItemMap;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListItemMap
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        map.STORE_ID,
        map.SKU,
        map.ITEM_NO,
        PREVIOUS = CONVERT(varchar(20), NULL)
    FROM dbo.USER_ITEM_MAP AS map
    ORDER BY
        map.SKU,
        map.STORE_ID;
END;
GO
