SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpDocumentRows
    The rows that removing an order's CounterPoint document would change, each with what would become of it.

Used by      sp_RollbackOrder
Returns      SEQ_NO (the order of tables), SUB_NO, SUB_KEY, TABLE_NAME, ROW_KEY, CHANGE
Example      SELECT rows.* FROM dbo.fn_ErpDocumentRows('woocommerce', 4711) AS rows;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpDocumentRows
(
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        SEQ_NO = 1,
        SUB_NO = CONVERT(bigint, 0),
        SUB_KEY = CONVERT(varchar(50), held.ITEM_NO),
        TABLE_NAME = CONVERT(varchar(50), 'IM_INV'),
        ROW_KEY = CONVERT(nvarchar(100), CONCAT(N'ITEM_NO = ', held.ITEM_NO, N', LOC_ID = ', held.STK_LOC_ID)),
        CHANGE = CONVERT(nvarchar(500), STUFF
        (
            CONCAT
            (
                CASE WHEN held.QTY_ON_SO <> 0 THEN CONCAT
                (
                    N', QTY_ON_SO ', CONVERT(varchar(30), COALESCE(stock.QTY_ON_SO, 0)), N' → ',
                    CONVERT(varchar(30), CONVERT(decimal(15, 4), COALESCE(stock.QTY_ON_SO, 0) - held.QTY_ON_SO))
                ) END,
                CASE WHEN held.QTY_ON_ORD <> 0 THEN CONCAT
                (
                    N', QTY_ON_ORD ', CONVERT(varchar(30), COALESCE(stock.QTY_ON_ORD, 0)), N' → ',
                    CONVERT(varchar(30), CONVERT(decimal(15, 4), COALESCE(stock.QTY_ON_ORD, 0) - held.QTY_ON_ORD))
                ) END,
                CASE WHEN held.QTY_COMMIT <> 0 THEN CONCAT
                (
                    N', QTY_COMMIT ', CONVERT(varchar(30), COALESCE(stock.QTY_COMMIT, 0)), N' → ',
                    CONVERT(varchar(30), CONVERT(decimal(15, 4), COALESCE(stock.QTY_COMMIT, 0) - held.QTY_COMMIT))
                ) END
            ),
            1,
            2,
            N''
        ))
    FROM
    (
        SELECT
            moved.ITEM_NO,
            moved.STK_LOC_ID,
            QTY_ON_SO = SUM(CASE WHEN CHARINDEX('QTY_ON_SO', moved.STOCK_COLUMNS) > 0 THEN moved.QTY_SOLD ELSE 0 END),
            QTY_ON_ORD = SUM(CASE WHEN CHARINDEX('QTY_ON_ORD', moved.STOCK_COLUMNS) > 0 THEN moved.QTY_SOLD ELSE 0 END),
            QTY_COMMIT = SUM(CASE WHEN CHARINDEX('QTY_COMMIT', moved.STOCK_COLUMNS) > 0 THEN moved.QTY_SOLD ELSE 0 END)
        FROM
        (
            SELECT
                linked.ITEM_NO,
                STK_LOC_ID = COALESCE(linked.STOCK_LOCATION, header.STK_LOC_ID),
                STOCK_COLUMNS = COALESCE(linked.STOCK_COLUMNS, 'QTY_ON_SO'),
                linked.QTY_SOLD
            FROM dbo.USER_ORDER_LINE_LINK AS linked
            INNER JOIN dbo.PS_DOC_HDR AS header
                ON header.DOC_ID = linked.DOC_ID
            WHERE linked.STORE_ID = @STORE_ID
            AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        ) AS moved
        GROUP BY
            moved.ITEM_NO,
            moved.STK_LOC_ID
        HAVING SUM(moved.QTY_SOLD) <> 0
    ) AS held
    LEFT JOIN dbo.IM_INV AS stock
        ON  stock.ITEM_NO = held.ITEM_NO
        AND stock.LOC_ID = held.STK_LOC_ID
    UNION ALL
    SELECT
        2,
        line.LIN_SEQ_NO,
        '',
        'PS_DOC_LIN',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', LIN_SEQ_NO = ', line.LIN_SEQ_NO),
        CONCAT(N'deleted: ', line.ITEM_NO, N', quantity ', CONVERT(varchar(30), line.QTY_SOLD), N', ', CONVERT(varchar(30), line.EXT_PRC))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_LIN AS line
        ON line.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        3,
        charge.MISC_CHRG_NO,
        charge.TOT_TYP,
        'PS_DOC_HDR_MISC_CHRG',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', MISC_CHRG_NO = ', charge.MISC_CHRG_NO),
        CONCAT(N'deleted: ', CONVERT(varchar(30), charge.MISC_AMT))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_HDR_MISC_CHRG AS charge
        ON charge.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        4,
        0,
        totals.TOT_TYP,
        'PS_DOC_HDR_TOT',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', TOT_TYP = ', totals.TOT_TYP),
        CONCAT(N'deleted: total ', CONVERT(varchar(30), totals.TOT))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_HDR_TOT AS totals
        ON totals.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        5,
        0,
        note.NOTE_ID,
        'PS_DOC_NOTE',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', NOTE_ID = ', note.NOTE_ID),
        N'deleted'
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_NOTE AS note
        ON note.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        6,
        price.LIN_SEQ_NO,
        '',
        'PS_DOC_LIN_PRICE',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', LIN_SEQ_NO = ', price.LIN_SEQ_NO),
        CONCAT(N'deleted: ', CONVERT(varchar(30), price.UNIT_PRC))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_LIN_PRICE AS price
        ON price.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        7,
        0,
        CONCAT(tax.AUTH_COD, '/', tax.RUL_COD),
        'PS_DOC_TAX',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', AUTH_COD = ', tax.AUTH_COD, N', RUL_COD = ', tax.RUL_COD),
        CONCAT(N'deleted: ', CONVERT(varchar(30), tax.TAX_AMT))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_TAX AS tax
        ON tax.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        8,
        contact.CONTACT_ID,
        '',
        'PS_DOC_CONTACT',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', CONTACT_ID = ', contact.CONTACT_ID),
        N'deleted'
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_CONTACT AS contact
        ON contact.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        9,
        payment.PMT_SEQ_NO,
        '',
        'PS_DOC_PMT',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', PMT_SEQ_NO = ', payment.PMT_SEQ_NO),
        CONCAT(N'deleted: ', payment.PAY_COD, N', ', CONVERT(varchar(30), payment.AMT))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_PMT AS payment
        ON payment.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        10,
        applied.PMT_SEQ_NO,
        applied.APPL_TYP,
        'PS_DOC_PMT_APPLY',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', PMT_SEQ_NO = ', applied.PMT_SEQ_NO, N', APPL_TYP = ', applied.APPL_TYP),
        CONCAT(N'deleted: ', CONVERT(varchar(30), applied.AMT))
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_PMT_APPLY AS applied
        ON applied.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        11,
        written.PMT_SEQ_NO,
        '',
        'USER_ORDER_PAYMENT',
        CONCAT(N'WOO_ORDER_ID = ', written.WOO_ORDER_ID),
        N'deleted'
    FROM dbo.USER_ORDER_PAYMENT AS written
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   COALESCE(written.BOOKED_AMT, written.AMT) <> 0
    UNION ALL
    SELECT
        11,
        1000000,
        written.PART,
        'USER_ORDER_PART',
        CONCAT(N'WOO_ORDER_ID = ', written.WOO_ORDER_ID, N', PART = ', written.PART),
        N'deleted'
    FROM dbo.USER_ORDER_PART AS written
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        12,
        written.LOG_SEQ_NO,
        '',
        'PS_DOC_AUDIT_LOG',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', LOG_SEQ_NO = ', written.LOG_SEQ_NO),
        N'deleted'
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_AUDIT_LOG AS written
        ON written.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        13,
        logged.LOG_SEQ_NO,
        logged.TOT_TYP,
        'PS_DOC_AUDIT_LOG_TOT',
        CONCAT(N'DOC_ID = ', link.DOC_ID, N', LOG_SEQ_NO = ', logged.LOG_SEQ_NO, N', TOT_TYP = ', logged.TOT_TYP),
        N'deleted'
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_AUDIT_LOG_TOT AS logged
        ON logged.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        14,
        0,
        '',
        'PS_DOC_HDR_PROF',
        CONCAT(N'DOC_ID = ', link.DOC_ID),
        N'deleted'
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_HDR_PROF AS profile
        ON profile.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        15,
        0,
        '',
        'PS_DOC_HDR',
        CONCAT(N'DOC_ID = ', link.DOC_ID),
        CONCAT(N'deleted: ', link.TKT_NO)
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.PS_DOC_HDR AS header
        ON header.DOC_ID = link.DOC_ID
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        16,
        payment.PMT_SEQ_NO,
        '',
        'PS_DOC_PMT',
        CONCAT(N'DOC_ID = ', written.DEPOSIT_DOC_ID, N', PMT_SEQ_NO = ', payment.PMT_SEQ_NO),
        CONCAT(N'deleted: ', payment.PAY_COD, N', ', CONVERT(varchar(30), payment.AMT))
    FROM dbo.USER_ORDER_PAYMENT AS written
    INNER JOIN dbo.PS_DOC_PMT AS payment
        ON payment.DOC_ID = written.DEPOSIT_DOC_ID
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
    UNION ALL
    SELECT
        17,
        0,
        '',
        'PS_DOC_HDR',
        CONCAT(N'DOC_ID = ', written.DEPOSIT_DOC_ID),
        CONCAT(N'deleted with its other rows: deposit ticket ', header.TKT_NO)
    FROM dbo.USER_ORDER_PAYMENT AS written
    INNER JOIN dbo.PS_DOC_HDR AS header
        ON header.DOC_ID = written.DEPOSIT_DOC_ID
    WHERE written.STORE_ID = @STORE_ID
    AND   written.WOO_ORDER_ID = @WOO_ORDER_ID
);
GO
