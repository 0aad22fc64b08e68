SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckErpItem
    The port's answer to whether CounterPoint has an item of that number, and how it writes the number itself.

Called by    sp_SetItemMap
Parameters   @ITEM_NO; @IS_THERE OUTPUT: 1 or 0; @SPELLED OUTPUT, NULL where there is none
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Example      DECLARE @IS_THERE bit; EXECUTE dbo.sp_CheckErpItem @ITEM_NO = 'TEE-BLK', @IS_THERE = @IS_THERE OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckErpItem
    @ITEM_NO varchar(20),
    @IS_THERE bit OUTPUT,
    @SPELLED varchar(20) = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @SPELLED = NULL;

    SELECT
        @SPELLED = item.ITEM_NO
    FROM dbo.IM_ITEM AS item
    WHERE item.ITEM_NO = @ITEM_NO;

    SET @IS_THERE = CASE WHEN @SPELLED IS NULL THEN 0 ELSE 1 END;
END;
GO
