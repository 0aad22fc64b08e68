SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpDocument
    Where a CounterPoint document is, whether an order is linked to it or not.

Used by      sp_WriteOrderPayment, sp_WriteOrderDeposit, ops/RESTORE_SYNC_TABLES.sql, ops/ROLLBACK_ORDER.sql
Returns      one row: IS_OPEN (among the open documents), IS_POSTED (in the history). Neither: it was voided or deleted.
Example      SELECT document.* FROM dbo.fn_ErpDocument(101000000001) AS document;
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
        IS_OPEN = CONVERT(bit, CASE
            WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = @DOC_ID) THEN 1
            ELSE 0
        END),
        IS_POSTED = CONVERT(bit, CASE
            WHEN EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = @DOC_ID) THEN 1
            WHEN EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = @DOC_ID) THEN 1
            ELSE 0
        END)
);
GO
