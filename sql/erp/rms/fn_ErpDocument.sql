SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpDocument
    Whether an order is there in RMS.

Called by    sql/ops/ROLLBACK_ORDER.sql, sql/ops/RESTORE_SYNC_TABLES.sql
Parameters   @DOC_ID
Returns      one row: IS_OPEN; IS_POSTED 0, RMS keeps its closed orders where the open ones are
Example      SELECT document.IS_OPEN FROM dbo.fn_ErpDocument(1) AS document;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpDocument
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        IS_OPEN = CONVERT(bit, CASE WHEN EXISTS (SELECT 1 FROM dbo.[Order] AS held WHERE held.ID = @DOC_ID) THEN 1 ELSE 0 END),
        IS_POSTED = CONVERT(bit, 0)
);
GO
