SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointDeposit
    The deposit ticket of an order's document, and what the document's totals have of it.

Used by      sp_WriteOrderTotals, fn_CounterPointTally, fn_ErpDocumentState, fn_ErpAudit
Returns      no row where it has none, else one: TICKET_DOC_ID, TICKET_TKT_NO, AMT, BOOKED_AMT (with what people took or gave back
             since it is in the books, sp_RecordDeposit), PAY_COD; IS_OPEN, IS_POSTED (neither: voided or deleted),
             IS_WHOLE (an open one is as we wrote it: of the model's type, one payment of that amount and code, applied and
             tendered in whole, no lines); TENDERED and TAKEN_OFF: what is tendered on
             the document and what is taken off what is due of it, payments that people took there included
Example      SELECT deposit.* FROM dbo.fn_CounterPointDeposit(101000000001) AS deposit;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointDeposit
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        TICKET_DOC_ID = written.DEPOSIT_DOC_ID,
        TICKET_TKT_NO = written.DEPOSIT_TKT_NO,
        written.AMT,
        BOOKED_AMT = COALESCE(written.BOOKED_AMT, written.AMT),
        written.PAY_COD,
        stands.IS_OPEN,
        stands.IS_POSTED,
        IS_WHOLE = CONVERT(bit, CASE
            WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = written.DEPOSIT_DOC_ID) THEN 0
            WHEN EXISTS
            (
                SELECT
                    1
                FROM dbo.PS_DOC_HDR AS header
                INNER JOIN dbo.USER_DEPOSIT_MODEL AS model
                    ON  model.PART = 'TICKET'
                    AND model.TABLE_NAME = 'PS_DOC_HDR'
                    AND model.COLUMN_NAME IN ('DOC_TYP', 'TKT_TYP')
                    AND model.SOURCE = 'MODEL'
                    AND model.VALUE <> CASE WHEN model.COLUMN_NAME = 'DOC_TYP' THEN header.DOC_TYP ELSE header.TKT_TYP END
                WHERE header.DOC_ID = written.DEPOSIT_DOC_ID
            ) THEN 0
            WHEN ticket.PAYMENTS = 1 AND ticket.AS_WRITTEN = 1 AND ticket.APPLIED = written.AMT AND ticket.TENDERED = written.AMT THEN 1
            ELSE 0
        END),
        TENDERED = CONVERT(decimal(15, 2), COALESCE(written.ON_ORDER_TND, 0) + others.AMT),
        TAKEN_OFF = CONVERT(decimal(15, 2), COALESCE(written.ON_ORDER_DUE, 0) + others.AMT)
    FROM dbo.USER_ORDER_PAYMENT AS written
    CROSS APPLY
    (
        SELECT
            IS_OPEN = CONVERT(bit, CASE
                WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = written.DEPOSIT_DOC_ID) THEN 1
                ELSE 0
            END),
            IS_POSTED = CONVERT(bit, CASE
                WHEN EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = written.DEPOSIT_DOC_ID) THEN 1
                WHEN EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = written.DEPOSIT_DOC_ID) THEN 1
                ELSE 0
            END)
    ) AS stands
    CROSS APPLY
    (
        SELECT
            PAYMENTS = COUNT(*),
            AS_WRITTEN = COUNT(CASE WHEN paid.AMT = written.AMT AND paid.PAY_COD = written.PAY_COD THEN 1 END),
            APPLIED = (SELECT SUM(applied.AMT) FROM dbo.PS_DOC_PMT_APPLY AS applied WHERE applied.DOC_ID = written.DEPOSIT_DOC_ID),
            TENDERED = (SELECT SUM(totals.TOT_TND) FROM dbo.PS_DOC_HDR_TOT AS totals WHERE totals.DOC_ID = written.DEPOSIT_DOC_ID)
        FROM dbo.PS_DOC_PMT AS paid
        WHERE paid.DOC_ID = written.DEPOSIT_DOC_ID
    ) AS ticket
    CROSS APPLY
    (
        SELECT
            AMT = COALESCE(SUM(paid.AMT), 0)
        FROM dbo.PS_DOC_PMT AS paid
        WHERE paid.DOC_ID = written.DOC_ID
        AND   paid.PMT_SEQ_NO <> written.PMT_SEQ_NO
    ) AS others
    WHERE written.DOC_ID = @DOC_ID
    AND   written.DEPOSIT_DOC_ID IS NOT NULL
);
GO
