SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointTally
    Where a CounterPoint document that syncctl wrote doesn't agree with itself: tax on lines and charges, tax rows, payments, counts of
    lines and prices against its totals row and its header.

Used by      sp_WriteOrderTotals before it lets a document stand, fn_ErpAudit afterwards
Returns      one row with DETAIL, or none where all agree
Note         A document that an older version wrote has no audit row, and is not looked at.
             Where a ticket beside it carries its deposit, the site's model says what of that its totals have (fn_CounterPointDeposit).
Example      SELECT found.DETAIL FROM dbo.fn_CounterPointTally(101000000001) AS found;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointTally
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        DETAIL = CONCAT
        (
            N'tax ', CONVERT(varchar(30), compared.TAX_AMT), N', on lines and charges ', CONVERT(varchar(30), compared.ALLOCATED),
            N', by authority ', CONVERT(varchar(30), compared.BY_AUTHORITY), N'; tendered ', CONVERT(varchar(30), compared.TOT_TND),
            N', payments ', CONVERT(varchar(30), compared.EXPECTED), N', applied ', CONVERT(varchar(30), compared.APPLIED), N', due ',
            CONVERT(varchar(30), compared.AMT_DUE), N' of ', CONVERT(varchar(30), compared.TOT), N'; lines ', compared.LINES,
            N', counted ', compared.LINS, N' and ',
            compared.COUNTED, N', priced ', compared.PRICES
        )
    FROM
    (
        SELECT
            TAX_AMT = CONVERT(decimal(15, 2), totals.TAX_AMT),
            TOT = CONVERT(decimal(15, 2), totals.TOT),
            TOT_TND = CONVERT(decimal(15, 2), totals.TOT_TND),
            AMT_DUE = CONVERT(decimal(15, 2), totals.AMT_DUE),
            UNPAID = CONVERT(decimal(15, 2), totals.TOT - COALESCE(deposit.TAKEN_OFF, totals.TOT_TND) + totals.TOT_CHNG),
            totals.LINS,
            COUNTED = document.ORD_LINS + document.SAL_LINS,
            ALLOCATED = CONVERT(decimal(15, 2),
                COALESCE((SELECT SUM(line.TAX_AMT_ALLOC) FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = document.DOC_ID), 0)
                + COALESCE
                (
                    (
                        SELECT
                            SUM(charge.MISC_TAX_AMT_ALLOC)
                        FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
                        WHERE charge.DOC_ID = document.DOC_ID
                        AND   charge.TOT_TYP = totals.TOT_TYP
                    ),
                    0
                )),
            BY_AUTHORITY = CONVERT(decimal(15, 2),
                COALESCE((SELECT SUM(tax.TAX_AMT) FROM dbo.PS_DOC_TAX AS tax WHERE tax.DOC_ID = document.DOC_ID), 0)),
            PAID = CONVERT(decimal(15, 2),
                COALESCE((SELECT SUM(payment.AMT) FROM dbo.PS_DOC_PMT AS payment WHERE payment.DOC_ID = document.DOC_ID), 0)),
            APPLIED = CONVERT(decimal(15, 2),
                COALESCE((SELECT SUM(applied.AMT) FROM dbo.PS_DOC_PMT_APPLY AS applied WHERE applied.DOC_ID = document.DOC_ID), 0)),
            EXPECTED = CONVERT(decimal(15, 2), COALESCE
            (
                deposit.TENDERED,
                (SELECT SUM(payment.AMT) FROM dbo.PS_DOC_PMT AS payment WHERE payment.DOC_ID = document.DOC_ID),
                0
            )),
            LINES = (SELECT COUNT(*) FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = document.DOC_ID AND line.QTY_SOLD <> 0),
            PRICES = (SELECT COUNT(*) FROM dbo.PS_DOC_LIN_PRICE AS price WHERE price.DOC_ID = document.DOC_ID)
        FROM dbo.PS_DOC_HDR AS document
        CROSS JOIN dbo.fn_CounterPointSite() AS setting
        INNER JOIN dbo.PS_DOC_HDR_TOT AS totals
            ON  totals.DOC_ID = document.DOC_ID
            AND totals.TOT_TYP = setting.TOT_TYP
        LEFT JOIN
        (
            SELECT
                found.TENDERED,
                found.TAKEN_OFF
            FROM dbo.fn_CounterPointDeposit(@DOC_ID) AS found
        ) AS deposit
            ON 1 = 1
        WHERE document.DOC_ID = @DOC_ID
        AND   EXISTS (SELECT 1 FROM dbo.PS_DOC_AUDIT_LOG AS written WHERE written.DOC_ID = document.DOC_ID AND written.CURR_WKSTN_NAM = 'SYNCCTL')
    ) AS compared
    WHERE compared.TAX_AMT <> compared.ALLOCATED
    OR    compared.TAX_AMT <> compared.BY_AUTHORITY
    OR    compared.TOT_TND <> compared.EXPECTED
    OR    compared.PAID <> compared.APPLIED
    OR    compared.AMT_DUE <> compared.UNPAID
    OR    compared.LINES <> compared.LINS
    OR    compared.LINES <> compared.COUNTED
    OR    compared.LINES <> compared.PRICES
);
GO
