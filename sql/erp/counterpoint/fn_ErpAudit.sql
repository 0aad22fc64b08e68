SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpAudit
    What CounterPoint's own rows say against the promises: a linked document that isn't there, one that bears an order's number without
    a link, totals that disagree, tax, payments and counts that do, a deposit whose ticket is missing, another one or there twice,
    and with @INVENTORY = 1 stock columns of the site's that open lines don't explain. A line that syncctl wrote is in the columns
    that it went into, any other one in those that orders move now.

Used by      sp_AuditOrders
Returns      RANK_NO (its order among the findings), CHECK_NAME, STAGING_ID, DETAIL
Example      SELECT found.* FROM dbo.fn_ErpAudit(NULL, 1) AS found;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpAudit
(
    @STORE_ID varchar(50),
    @INVENTORY bit
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        RANK_NO = 22,
        CHECK_NAME = CONVERT(varchar(50), 'one_document'),
        staged.STAGING_ID,
        DETAIL = CONCAT(N'document ', header.DOC_ID, N' bears the order''s number without a link')
    FROM dbo.PS_DOC_HDR AS header
    CROSS JOIN dbo.fn_CounterPointSite() AS setting
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  LEFT(staged.WOO_ORDER_NO, 20) = header.CUST_PO_NO
        AND staged.DUPLICATE_OF_ID IS NULL
    WHERE header.STA_ID = setting.STA_ID
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = header.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = header.DOC_ID)
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_STAGING AS other
        WHERE other.CP_DOC_ID = CONVERT(varchar(15), header.DOC_ID)
    )
    UNION ALL
    SELECT
        20,
        'one_document',
        staged.STAGING_ID,
        CONCAT(N'document ', linked.DOC_ID, N' is not in the ERP')
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND linked.LINK_STATE = 'OPEN'
    LEFT JOIN dbo.PS_DOC_HDR AS header
        ON header.DOC_ID = linked.DOC_ID
    WHERE staged.DUPLICATE_OF_ID IS NULL
    AND   staged.IS_APPLIED = 1
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   staged.CP_DOC_ID = CONVERT(varchar(20), linked.DOC_ID)
    AND   header.DOC_ID IS NULL
    AND   COALESCE(linked.ERP_STATUS_TOLD, '') <> 'gone'
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = linked.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = linked.DOC_ID)
    UNION ALL
    SELECT
        30,
        'totals_equal',
        compared.STAGING_ID,
        CASE WHEN compared.TOT IS NULL
            THEN CONCAT(N'document ', compared.DOC_ID, N' has no totals row')
            ELSE CONCAT
            (
                N'document ', compared.DOC_ID, N': staged ', CONVERT(varchar(30), compared.STAGED_TOT), N', link ',
                CONVERT(varchar(30), compared.LINK_TOT), N', TOT ', CONVERT(varchar(30), compared.TOT), N', its parts ',
                CONVERT(varchar(30), compared.PARTS), N', lines and charges ', CONVERT(varchar(30), compared.ROWS_TOT)
            ) END
    FROM
    (
        SELECT
            staged.STAGING_ID,
            linked.DOC_ID,
            STAGED_TOT = CONVERT(decimal(15, 2), ROUND(staged.TOT_AMT, 2)),
            LINK_TOT = CONVERT(decimal(15, 2), linked.TOT),
            TOT = CONVERT(decimal(15, 2), totals.TOT),
            PARTS = CONVERT
            (
                decimal(15, 2), totals.SUB_TOT - totals.TOT_HDR_DISC - totals.TOT_LIN_DISC + totals.TAX_AMT + totals.TOT_MISC
            ),
            ROWS_TOT = CONVERT
            (
                decimal(15, 2), COALESCE(lines.EXT_PRC, 0) + COALESCE(charges.MISC_AMT, 0) + totals.TAX_AMT - totals.TOT_HDR_DISC
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS JOIN dbo.fn_CounterPointSite() AS setting
        INNER JOIN dbo.USER_ORDER_LINK AS linked
            ON  linked.STORE_ID = staged.STORE_ID
            AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
            AND linked.LINK_STATE = 'OPEN'
        INNER JOIN dbo.PS_DOC_HDR AS header
            ON header.DOC_ID = linked.DOC_ID
        LEFT JOIN dbo.PS_DOC_HDR_TOT AS totals
            ON  totals.DOC_ID = linked.DOC_ID
            AND totals.TOT_TYP = setting.TOT_TYP
        LEFT JOIN
        (
            SELECT
                line.DOC_ID,
                EXT_PRC = SUM(line.EXT_PRC)
            FROM dbo.PS_DOC_LIN AS line
            INNER JOIN dbo.USER_ORDER_LINK AS owner
                ON owner.DOC_ID = line.DOC_ID
            GROUP BY
                line.DOC_ID
        ) AS lines
            ON lines.DOC_ID = linked.DOC_ID
        LEFT JOIN
        (
            SELECT
                charge.DOC_ID,
                MISC_AMT = SUM(charge.MISC_AMT)
            FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
            CROSS JOIN dbo.fn_CounterPointSite() AS setting
            INNER JOIN dbo.USER_ORDER_LINK AS owner
                ON owner.DOC_ID = charge.DOC_ID
            WHERE charge.TOT_TYP = setting.TOT_TYP
            GROUP BY
                charge.DOC_ID
        ) AS charges
            ON charges.DOC_ID = linked.DOC_ID
        WHERE staged.STATE = 'APPLIED'
        AND   staged.DUPLICATE_OF_ID IS NULL
        AND   staged.APPLIED_HASH = staged.CONTENT_HASH
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    ) AS compared
    WHERE compared.TOT IS NULL
    OR    compared.STAGED_TOT <> compared.LINK_TOT
    OR    compared.LINK_TOT <> compared.TOT
    OR    compared.TOT <> compared.PARTS
    OR    compared.PARTS <> compared.ROWS_TOT
    UNION ALL
    SELECT
        35,
        'document_whole',
        staged.STAGING_ID,
        CONCAT(N'document ', linked.DOC_ID, N': ', found.DETAIL)
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND linked.LINK_STATE = 'OPEN'
    CROSS APPLY dbo.fn_CounterPointTally(linked.DOC_ID) AS found
    WHERE staged.STATE = 'APPLIED'
    AND   staged.DUPLICATE_OF_ID IS NULL
    AND   staged.APPLIED_HASH = staged.CONTENT_HASH
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    UNION ALL
    SELECT
        36,
        'deposit_ticket',
        staged.STAGING_ID,
        CONCAT
        (
            N'document ', linked.DOC_ID, N': its deposit of ', CONVERT(varchar(30), deposit.BOOKED_AMT), N' on ticket ', deposit.TICKET_TKT_NO,
            CASE
                WHEN deposit.IS_OPEN = 0 AND deposit.IS_POSTED = 0 THEN N' is not in the ERP'
                WHEN deposit.IS_OPEN = 1 AND deposit.IS_WHOLE = 0 THEN N' is another one there'
                ELSE CONCAT(N' is not what the order is paid with, ', CONVERT(varchar(30), CONVERT(decimal(15, 2), ROUND(staged.TOT_AMT, 2))))
            END
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND linked.LINK_STATE = 'OPEN'
    CROSS APPLY dbo.fn_CounterPointDeposit(linked.DOC_ID) AS deposit
    WHERE staged.STATE = 'APPLIED'
    AND   staged.DUPLICATE_OF_ID IS NULL
    AND   staged.APPLIED_HASH = staged.CONTENT_HASH
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND
    (
        (deposit.IS_OPEN = 0 AND deposit.IS_POSTED = 0)
        OR (deposit.IS_OPEN = 1 AND deposit.IS_WHOLE = 0)
        OR deposit.BOOKED_AMT <> ROUND(COALESCE(staged.TOT_AMT, 0), 2)
    )
    UNION ALL
    SELECT
        37,
        'deposit_ticket',
        staged.STAGING_ID,
        CONCAT
        (
            N'document ', header.DOC_ID, N' (', header.TKT_NO, N') refers to the order beside its deposit ticket ', written.DEPOSIT_TKT_NO,
            N': is that a second one?'
        )
    FROM dbo.PS_DOC_HDR AS header
    CROSS JOIN dbo.fn_CounterPointSite() AS setting
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  LEFT(staged.WOO_ORDER_NO, 50) = header.REF
        AND staged.DUPLICATE_OF_ID IS NULL
    INNER JOIN dbo.USER_ORDER_PAYMENT AS written
        ON  written.STORE_ID = staged.STORE_ID
        AND written.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND written.DEPOSIT_DOC_ID <> header.DOC_ID
        AND (written.BOOKED_AMT IS NULL OR written.BOOKED_AMT <= written.AMT) /* else a person took more, on a ticket of its own */
        AND written.DOC_ID <> header.DOC_ID
    WHERE header.STA_ID = setting.STA_ID
    AND   header.DOC_TYP <> setting.DOC_TYP
    AND   header.IS_REL_TKT = 'N'
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS known WHERE known.DOC_ID = header.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS known WHERE known.DEPOSIT_DOC_ID = header.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_PMT AS paid WHERE paid.DOC_ID = header.DOC_ID AND paid.AMT < 0) /* gives money back */
    UNION ALL
    SELECT
        38,
        'deposit_ticket',
        staged.STAGING_ID,
        CONCAT
        (
            N'document ', written.DOC_ID, N' is not in the ERP, and its deposit of ', CONVERT(varchar(30), written.AMT), N' on ticket ',
            written.DEPOSIT_TKT_NO, N' is still open there'
        )
    FROM dbo.USER_ORDER_PAYMENT AS written
    INNER JOIN dbo.PS_DOC_HDR AS ticket
        ON ticket.DOC_ID = written.DEPOSIT_DOC_ID
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  staged.STORE_ID = written.STORE_ID
        AND staged.WOO_ORDER_ID = written.WOO_ORDER_ID
        AND staged.DUPLICATE_OF_ID IS NULL
    WHERE (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = written.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_ORD_HIST AS posted WHERE posted.DOC_ID = written.DOC_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.PS_TKT_HIST AS posted WHERE posted.DOC_ID = written.DOC_ID)
    UNION ALL
    SELECT
        40,
        'inventory_equals_open_lines',
        NULL,
        CONCAT
        (
            N'item ', stock.ITEM_NO, N' at ', stock.LOC_ID, N': ', stock.NAME, N' ',
            CONVERT(varchar(30), CONVERT(decimal(15, 4), stock.ON_ORDER)), N', open lines ',
            CONVERT(varchar(30), CONVERT(decimal(15, 4), stock.HELD))
        )
    FROM
    (
        SELECT
            side.NAME,
            side.ITEM_NO,
            LOC_ID = MAX(side.LOC_ID),
            ON_ORDER = SUM(side.ON_ORDER),
            HELD = SUM(side.HELD)
        FROM
        (
            SELECT
                kind.NAME,
                inventory.ITEM_NO,
                inventory.LOC_ID,
                ON_ORDER = CASE kind.NAME
                    WHEN 'QTY_ON_SO' THEN inventory.QTY_ON_SO
                    WHEN 'QTY_ON_ORD' THEN inventory.QTY_ON_ORD
                    ELSE inventory.QTY_COMMIT
                END,
                HELD = CONVERT(decimal(15, 4), 0)
            FROM dbo.IM_INV AS inventory
            CROSS JOIN dbo.fn_CounterPointSite() AS setting
            INNER JOIN (VALUES ('QTY_ON_SO'), ('QTY_ON_ORD'), ('QTY_COMMIT')) AS kind (NAME)
                ON CHARINDEX(kind.NAME, setting.STOCK_COLUMNS) > 0
            WHERE inventory.LOC_ID = setting.STK_LOC_ID
            UNION ALL
            SELECT
                kind.NAME,
                line.ITEM_NO,
                line.STK_LOC_ID,
                CONVERT(decimal(15, 4), 0),
                line.QTY_SOLD - line.QTY_SHIPPED
            FROM dbo.PS_DOC_LIN AS line
            CROSS JOIN dbo.fn_CounterPointSite() AS setting
            INNER JOIN (VALUES ('QTY_ON_SO'), ('QTY_ON_ORD'), ('QTY_COMMIT')) AS kind (NAME)
                ON CHARINDEX(kind.NAME, setting.STOCK_COLUMNS) > 0
            INNER JOIN dbo.PS_DOC_HDR AS header
                ON header.DOC_ID = line.DOC_ID
            INNER JOIN dbo.IM_ITEM AS item
                ON item.ITEM_NO = line.ITEM_NO
            LEFT JOIN dbo.USER_ORDER_LINK AS link
                ON link.DOC_ID = line.DOC_ID
            LEFT JOIN dbo.USER_ORDER_LINE_LINK AS linked
                ON  linked.STORE_ID = link.STORE_ID
                AND linked.WOO_ORDER_ID = link.WOO_ORDER_ID
                AND linked.LIN_SEQ_NO = line.LIN_SEQ_NO
            WHERE header.DOC_TYP = setting.DOC_TYP
            AND   line.STK_LOC_ID = setting.STK_LOC_ID
            AND   (linked.LIN_SEQ_NO IS NULL OR CHARINDEX(kind.NAME, COALESCE(linked.STOCK_COLUMNS, 'QTY_ON_SO')) > 0)
        ) AS side
        GROUP BY
            side.NAME,
            side.ITEM_NO
    ) AS stock
    WHERE stock.ON_ORDER <> stock.HELD
    AND   @INVENTORY = 1
);
GO
