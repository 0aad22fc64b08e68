SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointProgress
    How far the lines of an open CounterPoint document have come: picked, invoiced, released in part or all.

Used by      fn_ErpDocumentState, fn_ErpStatus
Returns      no row without a header, else one: LINES (those with a quantity), RELEASED (how many of them, at least in part),
             IS_RELEASED (all of them, whole), IS_PICKED, IS_INVOICED
Note         A line is released as far as QTY_SHIPPED says, or by what is no longer to be released of it once the header tells of released
             lines.
Example      SELECT stands.* FROM dbo.fn_CounterPointProgress(101000000001) AS stands;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointProgress
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        lines.LINES,
        lines.RELEASED,
        IS_RELEASED = CONVERT(bit, CASE WHEN lines.LINES > 0 AND lines.LINES = lines.RELEASED_WHOLE THEN 1 ELSE 0 END),
        IS_PICKED = CONVERT(bit, CASE WHEN header.HAS_PCKD_LINS = 'Y' OR header.HAS_PCKVRFD_LINS = 'Y' OR lines.PICKED > 0 THEN 1 ELSE 0 END),
        IS_INVOICED = CONVERT(bit, CASE WHEN header.HAS_INVCD_LINS = 'Y' OR lines.INVOICED > 0 THEN 1 ELSE 0 END)
    FROM dbo.PS_DOC_HDR AS header
    CROSS APPLY
    (
        SELECT
            LINES = COUNT(*),
            RELEASED = COUNT
            (
                CASE WHEN line.QTY_SHIPPED > 0 OR (header.HAS_RLSD_LINS = 'Y' AND line.QTY_TO_REL < line.QTY_SOLD) THEN 1 END
            ),
            RELEASED_WHOLE = COUNT
            (
                CASE WHEN line.QTY_SHIPPED >= line.QTY_SOLD OR (header.HAS_RLSD_LINS = 'Y' AND line.QTY_TO_REL <= 0) THEN 1 END
            ),
            PICKED = COUNT(CASE WHEN line.QTY_PCKD > 0 OR line.QTY_PCKVRFD > 0 THEN 1 END),
            INVOICED = COUNT(CASE WHEN line.QTY_INVCD > 0 THEN 1 END)
        FROM dbo.PS_DOC_LIN AS line
        WHERE line.DOC_ID = header.DOC_ID
        AND   line.QTY_SOLD <> 0
    ) AS lines
    WHERE header.DOC_ID = @DOC_ID
);
GO
