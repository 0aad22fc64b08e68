SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpDocumentState
    What became of an order's CounterPoint document since syncctl wrote it: everything that forbids to change it from here.

Used by      sp_ApplyOrder, sp_CheckDocumentState, sp_RequireRollbackIsSafe; a person who wonders why an order is in review
Returns      no row without a link, else one: DOC_ID, TKT_NO, REVISION, LINK_STATE, LINK_TOT (what we wrote), IS_FOUND, STK_LOC_ID,
             PAYMENTS (how many) and PAID (how much) people took, which the payment that came with the order is none of; BOOKED
             (the deposit that came with it, where its ticket is in the books) and BOOKED_ON (that ticket), else NULL; PARCELS (how many),
             REASONS ('' when nothing forbids it)
Note         A requested ship date (SHIP_DAT) says nothing. Of picking, releasing and invoicing fn_CounterPointProgress tells.
             The link rows hold what syncctl last wrote. Whatever differs from them was changed by hand, and is left to a person.
             Callers hold the header first (sp_HoldErpDocument): nobody ships the document between this look and their change.
Example      SELECT REASONS FROM dbo.fn_ErpDocumentState('woocommerce', 4711);
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpDocumentState
(
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint
)
RETURNS TABLE
AS
RETURN
SELECT
    link.DOC_ID,
    link.TKT_NO,
    link.REVISION,
    link.LINK_STATE,
    link.TOT AS LINK_TOT,
    CAST(CASE WHEN document.DOC_ID IS NULL THEN 0 ELSE 1 END AS bit) AS IS_FOUND,
    document.STK_LOC_ID,
    payment.PAYMENTS,
    payment.PAID,
    CASE WHEN deposit.IS_POSTED = 1 THEN deposit.BOOKED_AMT END AS BOOKED,
    CASE WHEN deposit.IS_POSTED = 1 THEN deposit.TICKET_TKT_NO END AS BOOKED_ON,
    (SELECT COUNT(*) FROM dbo.PS_DOC_PKG_TRK_NO AS parcel WHERE parcel.DOC_ID = link.DOC_ID) AS PARCELS,
    CASE
        WHEN document.DOC_ID IS NULL
        THEN CONCAT
        (
            N'it is no longer among the open documents: ',
            CASE WHEN history.DOC_ID IS NOT NULL THEN N'it was posted' ELSE N'it was voided or deleted by hand' END,
            CASE
                WHEN deposit.IS_OPEN = 1
                THEN CONCAT
                (
                    N'; its deposit ticket ', deposit.TICKET_TKT_NO, N' of ', CONVERT(varchar(30), deposit.AMT),
                    N' is still open: void it unless the order was delivered'
                )
            END
        )
        ELSE COALESCE
        (
            STUFF
            (
                CONCAT
                (
                    CASE
                        WHEN stands.RELEASED > 0
                        THEN CONCAT
                        (
                            N'; ', stands.RELEASED, N' of its ', stands.LINES, N' lines ',
                            CASE stands.RELEASED WHEN 1 THEN N'was' ELSE N'were' END, N' released'
                        )
                        WHEN document.HAS_RLSD_LINS = 'Y' THEN N'; lines of it were released'
                    END,
                    CASE WHEN stands.IS_INVOICED = 1 THEN N'; it was invoiced' END,
                    CASE WHEN stands.IS_PICKED = 1 AND stands.RELEASED = 0 THEN N'; it was picked' END,
                    CASE
                        WHEN document.DOC_TYP <> setting.DOC_TYP
                        THEN CONCAT(N'; it was released: its type is ', document.DOC_TYP, N', not ', setting.DOC_TYP)
                    END,
                    CASE
                        WHEN line.REMOVED > 0
                        THEN CONCAT(N'; ', line.REMOVED, N' of its lines ', CASE line.REMOVED WHEN 1 THEN N'was' ELSE N'were' END, N' removed by hand')
                    END,
                    CASE
                        WHEN line.ADDED > 0
                        THEN CONCAT(N'; ', line.ADDED, N' of its lines ', CASE line.ADDED WHEN 1 THEN N'was' ELSE N'were' END, N' added by hand')
                    END,
                    CASE
                        WHEN line.CHANGED > 0
                        THEN CONCAT(N'; ', line.CHANGED, N' of its lines ', CASE line.CHANGED WHEN 1 THEN N'was' ELSE N'were' END, N' changed by hand')
                    END,
                    CASE
                        WHEN written.PMT_SEQ_NO > 0 AND payment.AS_WRITTEN = 0
                        THEN N'; the payment that came with it was changed by hand'
                    END,
                    CASE
                        WHEN deposit.IS_OPEN = 0 AND deposit.IS_POSTED = 0
                        THEN CONCAT(N'; its deposit ticket ', deposit.TICKET_TKT_NO, N' was voided or deleted by hand')
                        WHEN deposit.IS_OPEN = 1 AND deposit.IS_WHOLE = 0
                        THEN CONCAT(N'; its deposit ticket ', deposit.TICKET_TKT_NO, N' was changed by hand')
                    END,
                    CASE
                        WHEN totals.DOC_ID IS NULL OR totals.TOT <> link.TOT
                        THEN CONCAT
                        (
                            N'; its total was changed by hand: ', COALESCE(CONVERT(nvarchar(20), totals.TOT), N'missing'),
                            N' instead of ', CONVERT(nvarchar(20), link.TOT)
                        )
                        WHEN totals.TOT_MISC <> charge.AMT
                        THEN N'; its misc charges were changed by hand'
                    END
                ),
                1,
                2,
                N''
            ),
            N''
        )
    END AS REASONS
FROM dbo.USER_ORDER_LINK AS link
CROSS JOIN
(
    SELECT
        MAX(CASE WHEN site.NAME = 'DOC_TYP' THEN site.VALUE END) AS DOC_TYP,
        MAX(CASE WHEN site.NAME = 'TOT_TYP' THEN site.VALUE END) AS TOT_TYP
    FROM dbo.USER_ERP_SETTING AS site
) AS setting
LEFT JOIN dbo.PS_DOC_HDR AS document
    ON document.DOC_ID = link.DOC_ID
OUTER APPLY dbo.fn_CounterPointProgress(link.DOC_ID) AS stands
OUTER APPLY
(
    SELECT
        posted.DOC_ID
    FROM dbo.PS_ORD_HIST AS posted
    WHERE posted.DOC_ID = link.DOC_ID
    UNION
    SELECT
        posted.DOC_ID
    FROM dbo.PS_TKT_HIST AS posted
    WHERE posted.DOC_ID = link.DOC_ID
) AS history
LEFT JOIN dbo.PS_DOC_HDR_TOT AS totals
    ON  totals.DOC_ID = link.DOC_ID
    AND totals.TOT_TYP = setting.TOT_TYP
LEFT JOIN dbo.USER_ORDER_PAYMENT AS written
    ON  written.STORE_ID = link.STORE_ID
    AND written.WOO_ORDER_ID = link.WOO_ORDER_ID
    AND written.DOC_ID = link.DOC_ID
OUTER APPLY dbo.fn_CounterPointDeposit(link.DOC_ID) AS deposit
OUTER APPLY
(
    SELECT
        COUNT(CASE WHEN written.PMT_SEQ_NO IS NULL OR paid.PMT_SEQ_NO <> written.PMT_SEQ_NO THEN 1 END) AS PAYMENTS,
        COALESCE(SUM(CASE WHEN written.PMT_SEQ_NO IS NULL OR paid.PMT_SEQ_NO <> written.PMT_SEQ_NO THEN paid.AMT END), 0) AS PAID,
        COUNT
        (
            CASE
                WHEN paid.PMT_SEQ_NO = written.PMT_SEQ_NO AND paid.PAY_COD = written.PAY_COD AND paid.AMT = written.AMT THEN 1
            END
        ) AS AS_WRITTEN
    FROM dbo.PS_DOC_PMT AS paid
    WHERE paid.DOC_ID = link.DOC_ID
) AS payment
OUTER APPLY
(
    SELECT
        COALESCE(SUM(misc.MISC_AMT), 0) AS AMT
    FROM dbo.PS_DOC_HDR_MISC_CHRG AS misc
    WHERE misc.DOC_ID = link.DOC_ID
) AS charge
OUTER APPLY
(
    SELECT
        COUNT(CASE WHEN found.LIN_SEQ_NO IS NULL THEN 1 END) AS REMOVED,
        COUNT(CASE WHEN ours.LIN_SEQ_NO IS NULL THEN 1 END) AS ADDED,
        COUNT
        (
            CASE
                WHEN found.ITEM_NO <> ours.ITEM_NO OR found.QTY_SOLD <> ours.QTY_SOLD OR found.EXT_PRC <> ours.EXT_PRC THEN 1
                WHEN ours.LIN_SEQ_NO IS NOT NULL AND found.LIN_SEQ_NO IS NOT NULL AND (found.ITEM_NO IS NULL OR found.EXT_PRC IS NULL) THEN 1
            END
        ) AS CHANGED
    FROM
    (
        SELECT
            written.LIN_SEQ_NO,
            written.ITEM_NO,
            written.QTY_SOLD,
            written.EXT_PRC
        FROM dbo.USER_ORDER_LINE_LINK AS written
        WHERE written.STORE_ID = link.STORE_ID
        AND   written.WOO_ORDER_ID = link.WOO_ORDER_ID
        AND   written.DOC_ID = link.DOC_ID
    ) AS ours
    FULL OUTER JOIN
    (
        SELECT
            present.LIN_SEQ_NO,
            present.ITEM_NO,
            present.QTY_SOLD,
            present.EXT_PRC
        FROM dbo.PS_DOC_LIN AS present
        WHERE present.DOC_ID = link.DOC_ID
    ) AS found
        ON found.LIN_SEQ_NO = ours.LIN_SEQ_NO
) AS line
WHERE link.STORE_ID = @STORE_ID
AND   link.WOO_ORDER_ID = @WOO_ORDER_ID;
GO
