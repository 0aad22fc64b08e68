SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListErpItems
    The items that the ERP sells, by their number on our side.

Called by    syncctl item map
Returns      by number: ITEM_NO, DESCR
Errors       none
Locks        none beyond the read
Repeatable   yes
Note         Items that are switched off in the ERP are left out.
Example      EXECUTE dbo.sp_ListErpItems;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListErpItems
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        item.ITEM_NO,
        item.DESCR
    FROM dbo.fn_ErpItems() AS item
    ORDER BY
        item.ITEM_NO;
END;
GO
