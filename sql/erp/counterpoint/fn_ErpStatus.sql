SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpStatus
    How the CounterPoint documents of a store's open links, behind a staging id, stand.

Used by      sp_QueueStatusChanges, sp_ListOpenOrders
Returns      one row a link: WOO_ORDER_ID, ERP_STATUS: open (picked, invoiced or released in part, too), shipped (every line released
             whole, or a parcel's tracking number), closed (every line has quantity 0), gone (voided or deleted by hand)
Note         A posted document, which stands in the history, was shipped; once that is told it is gone like the others. A requested ship
             date (SHIP_DAT) says nothing.
             Links of documents that are known to be gone, which pile up for ever, are not read; nor those up to @AFTER_ID.
Example      SELECT status.* FROM dbo.fn_ErpStatus('woocommerce', 0) AS status;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpStatus
(
    @STORE_ID varchar(50),
    @AFTER_ID int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        link.WOO_ORDER_ID,
        CASE
            WHEN document.DOC_ID IS NULL
            AND  link.ERP_STATUS_TOLD = 'open'
            AND
            (
                EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = link.DOC_ID)
                OR EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = link.DOC_ID)
            ) THEN 'shipped'
            WHEN document.DOC_ID IS NULL THEN 'gone'
            WHEN stands.IS_RELEASED = 1 THEN 'shipped'
            WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_PKG_TRK_NO AS parcel WHERE parcel.DOC_ID = link.DOC_ID) THEN 'shipped'
            WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID)
            AND  NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID AND line.QTY_SOLD <> 0) THEN 'closed'
            ELSE 'open'
        END AS ERP_STATUS
    FROM dbo.USER_ORDER_LINK AS link
    LEFT JOIN dbo.PS_DOC_HDR AS document
        ON document.DOC_ID = link.DOC_ID
    OUTER APPLY dbo.fn_CounterPointProgress(link.DOC_ID) AS stands
    WHERE link.STORE_ID = @STORE_ID
    AND   link.LINK_STATE = 'OPEN'
    AND   link.ERP_STATUS_TOLD <> 'gone'
    AND   link.STAGING_ID > @AFTER_ID
);
GO
