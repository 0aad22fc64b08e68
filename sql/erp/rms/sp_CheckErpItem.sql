SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpItem
    Whether RMS has an item of that number.

Called by    sp_SetItemMap
Parameters   @ITEM_NO; @IS_THERE OUTPUT
Returns      no rows
Errors       none
Locks        none beyond its read
Repeatable   yes
Example      DECLARE @IS_THERE bit; EXECUTE dbo.sp_CheckErpItem @ITEM_NO = 'TEE-BLK', @IS_THERE = @IS_THERE OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpItem
    @ITEM_NO varchar(20),
    @IS_THERE bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SELECT
        @IS_THERE = CASE WHEN EXISTS (SELECT 1 FROM dbo.fn_DynamicsItem(@ITEM_NO) AS item) THEN 1 ELSE 0 END;
END;
GO
