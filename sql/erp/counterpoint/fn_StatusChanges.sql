SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_StatusChanges
    A store's open links, behind a staging id, whose CounterPoint document has come further than the store was told.

Used by      sp_QueueStatusChanges
Returns      one row a link: STAGING_ID, WOO_ORDER_ID, DOC_ID, REVISION, TOLD, ERP_STATUS (shipped, closed or gone)
Note         open < shipped (SHIP_DAT) < closed (every line has quantity 0) < gone (no header: posted or deleted). Only forward: a
             shipping date that is taken out again does not undo a completed order. Links of documents that are known to be gone, which
             pile up for ever, are not read.
Example      SELECT changes.* FROM dbo.fn_StatusChanges('woocommerce', 0) AS changes;
*/
CREATE OR ALTER FUNCTION dbo.fn_StatusChanges
(
    @STORE_ID varchar(50),
    @AFTER_ID int
)
RETURNS TABLE
AS
RETURN
SELECT
    seen.STAGING_ID,
    seen.WOO_ORDER_ID,
    seen.DOC_ID,
    seen.REVISION,
    seen.TOLD,
    seen.ERP_STATUS
FROM
(
    SELECT
        link.STAGING_ID,
        link.WOO_ORDER_ID,
        link.DOC_ID,
        link.REVISION,
        link.ERP_STATUS_TOLD AS TOLD,
        CASE
            WHEN document.DOC_ID IS NULL THEN 'gone'
            WHEN document.SHIP_DAT IS NOT NULL THEN 'shipped'
            WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID)
            AND  NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID AND line.QTY_SOLD <> 0) THEN 'closed'
            ELSE 'open'
        END AS ERP_STATUS
    FROM dbo.USER_ORDER_LINK AS link
    LEFT JOIN dbo.PS_DOC_HDR AS document
        ON document.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.LINK_STATE = 'OPEN'
    AND   link.ERP_STATUS_TOLD <> 'gone'
    AND   link.STAGING_ID > @AFTER_ID
) AS seen
WHERE CASE seen.ERP_STATUS WHEN 'open' THEN 1 WHEN 'shipped' THEN 2 WHEN 'closed' THEN 3 ELSE 4 END
    > CASE seen.TOLD WHEN 'open' THEN 1 WHEN 'shipped' THEN 2 WHEN 'closed' THEN 3 ELSE 4 END;
GO
