SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointTaken
    Which numbers of a series are taken already: by an open document, a posted one, one that was ever linked to an order, or a customer.

Used by      sp_NextNumber, where the next number is taken: once, for all of them
Returns      N of each number from @FROM on, as the series counts: what stands behind @PREFIX. One may come more than once
Example      SELECT MAX(taken.N) FROM dbo.fn_CounterPointTaken('TKT_NO', '101-', 6, 1) AS taken;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointTaken
(
    @SERIES varchar(20),
    @PREFIX varchar(10),
    @WIDTH int,
    @FROM bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        N = TRY_CONVERT(bigint, counted.DIGITS)
    FROM
    (
        SELECT
            DIGITS = SUBSTRING(known.NUMBER, LEN(@PREFIX) + 1, 20)
        FROM
        (
            SELECT NUMBER = CONVERT(varchar(20), header.DOC_ID) FROM dbo.PS_DOC_HDR AS header WHERE @SERIES = 'DOC_ID'
            UNION ALL
            SELECT CONVERT(varchar(20), posted.DOC_ID) FROM dbo.PS_ORD_HIST AS posted WHERE @SERIES = 'DOC_ID'
            UNION ALL
            SELECT CONVERT(varchar(20), posted.DOC_ID) FROM dbo.PS_TKT_HIST AS posted WHERE @SERIES = 'DOC_ID'
            UNION ALL
            SELECT CONVERT(varchar(20), linked.DOC_ID) FROM dbo.USER_ORDER_LINK AS linked WHERE @SERIES = 'DOC_ID'
            UNION ALL
            SELECT header.TKT_NO COLLATE DATABASE_DEFAULT FROM dbo.PS_DOC_HDR AS header WHERE @SERIES = 'TKT_NO'
            UNION ALL
            SELECT posted.TKT_NO COLLATE DATABASE_DEFAULT FROM dbo.PS_ORD_HIST AS posted WHERE @SERIES = 'TKT_NO'
            UNION ALL
            SELECT posted.TKT_NO COLLATE DATABASE_DEFAULT FROM dbo.PS_TKT_HIST AS posted WHERE @SERIES = 'TKT_NO'
            UNION ALL
            SELECT linked.TKT_NO FROM dbo.USER_ORDER_LINK AS linked WHERE @SERIES = 'TKT_NO'
            UNION ALL
            SELECT CONVERT(varchar(20), written.DEPOSIT_DOC_ID) FROM dbo.USER_ORDER_PAYMENT AS written WHERE @SERIES = 'DOC_ID'
            UNION ALL
            SELECT written.DEPOSIT_TKT_NO FROM dbo.USER_ORDER_PAYMENT AS written WHERE @SERIES = 'TKT_NO'
            UNION ALL
            SELECT customer.CUST_NO COLLATE DATABASE_DEFAULT FROM dbo.AR_CUST AS customer WHERE @SERIES = 'CUST_NO'
        ) AS known
        WHERE LEFT(known.NUMBER, LEN(@PREFIX)) = @PREFIX
    ) AS counted
    WHERE counted.DIGITS <> ''
    AND   counted.DIGITS NOT LIKE '%[^0-9]%'
    AND   (LEN(counted.DIGITS) = @WIDTH OR (LEN(counted.DIGITS) > @WIDTH AND counted.DIGITS NOT LIKE '0%'))
    AND   TRY_CONVERT(bigint, counted.DIGITS) >= @FROM
);
GO
