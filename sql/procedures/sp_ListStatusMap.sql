SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListStatusMap
    What an ERP document's state is called in a store ('*': in every store without a row of its own).

Called by    syncctl map status list, syncctl config erp statuses
Returns      STORE_ID, ERP_STATUS (open, shipped, closed, gone), WOO_STATUS (NULL: the store is told nothing)
Errors       none
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListStatusMap;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListStatusMap
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        map.STORE_ID,
        map.ERP_STATUS,
        map.WOO_STATUS
    FROM dbo.USER_STATUS_MAP AS map
    ORDER BY
        map.STORE_ID,
        map.ERP_STATUS;
END;
GO
