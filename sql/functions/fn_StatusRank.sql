SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StatusRank
    How far an ERP document has come: open 1, shipped 2, closed 3, gone 4. The store is only ever told of a later one: a shipping date
    that is taken out again doesn't undo a completed order.

Used by      sp_QueueStatusChanges
Returns      one row: RANK_NO
Example      SELECT rank.RANK_NO FROM dbo.fn_StatusRank('shipped') AS rank;
*/
CREATE OR ALTER FUNCTION dbo.fn_StatusRank
(
    @ERP_STATUS varchar(20)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        RANK_NO = CASE COALESCE(@ERP_STATUS, 'open') WHEN 'open' THEN 1 WHEN 'shipped' THEN 2 WHEN 'closed' THEN 3 ELSE 4 END
);
GO
