SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpUnlinkedDocuments
    The CounterPoint documents of the web station, open or posted, that no order is linked to, nor the
    deposit of one.

Used by      ops/RESTORE_SYNC_TABLES.sql
Returns      DOC_ID, TKT_NO, TKT_DT (local time), CUST_NO, CUST_PO_NO, IS_POSTED; those of a ticket date from @SINCE_DT on
Example      SELECT document.* FROM dbo.fn_ErpUnlinkedDocuments('2026-11-20') AS document;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpUnlinkedDocuments
(
    @SINCE_DT datetime
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        document.DOC_ID,
        document.TKT_NO,
        document.TKT_DT,
        document.CUST_NO,
        document.CUST_PO_NO,
        document.IS_POSTED
    FROM
    (
        SELECT
            header.DOC_ID,
            header.TKT_NO,
            header.TKT_DT,
            header.CUST_NO,
            header.CUST_PO_NO,
            header.STA_ID,
            IS_POSTED = CONVERT(bit, 0)
        FROM dbo.PS_DOC_HDR AS header
        UNION
        SELECT
            posted.DOC_ID,
            posted.TKT_NO,
            posted.TKT_DT,
            posted.CUST_NO,
            posted.CUST_PO_NO,
            posted.STA_ID,
            CONVERT(bit, 1)
        FROM dbo.PS_ORD_HIST AS posted
        UNION
        SELECT
            posted.DOC_ID,
            posted.TKT_NO,
            posted.TKT_DT,
            posted.CUST_NO,
            posted.CUST_PO_NO,
            posted.STA_ID,
            CONVERT(bit, 1)
        FROM dbo.PS_TKT_HIST AS posted
    ) AS document
    CROSS JOIN dbo.fn_CounterPointSite() AS setting
    WHERE document.STA_ID = setting.STA_ID
    AND   document.TKT_DT >= @SINCE_DT
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS link WHERE link.DOC_ID = document.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = document.DOC_ID)
);
GO
