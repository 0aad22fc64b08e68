SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_AuditOrders
    Checks the promises on the data itself. No row means that they are kept.

Called by    syncctl demo; a DBA who wonders
Parameters   @STORE_ID one store's orders, NULL all; @INVENTORY 1 compares QTY_ON_SO with the open order lines, which says something
             only where every order of the ERP comes from here
Returns      a row each: CHECK_NAME, STAGING_ID, DETAIL
Errors       none
Locks        none held: it reads, and may see an order in mid-change on a busy site
Repeatable   yes
Note         one_state: a known state that fits the row's flags, one live row an order. one_document: each applied order has one open
             link and one document, each link one applied order (what an older program applied has no link and is let be).
             totals_equal: staged total, link, header total, its parts and its lines and charges agree to the cent.
Example      EXECUTE dbo.sp_AuditOrders @INVENTORY = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_AuditOrders
    @STORE_ID varchar(50) = NULL,
    @INVENTORY bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @TOT_TYP varchar(1),
        @STA_ID varchar(10),
        @STK_LOC_ID varchar(10),
        @DOC_TYP varchar(1);
    DECLARE @FINDING table
    (
        RANK_NO int NOT NULL,
        CHECK_NAME varchar(50) NOT NULL,
        STAGING_ID int NULL,
        DETAIL nvarchar(500) NOT NULL
    );

    SELECT
        @TOT_TYP = MAX(CASE WHEN setting.NAME = 'TOT_TYP' THEN setting.VALUE END),
        @STA_ID = MAX(CASE WHEN setting.NAME = 'STA_ID' THEN setting.VALUE END),
        @STK_LOC_ID = MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END),
        @DOC_TYP = MAX(CASE WHEN setting.NAME = 'DOC_TYP' THEN setting.VALUE END)
    FROM dbo.USER_ERP_SETTING AS setting;

    INSERT INTO @FINDING
    (
        RANK_NO, CHECK_NAME, STAGING_ID, DETAIL
    )
    SELECT
        10 + broken.RANK_NO,
        'one_state',
        broken.STAGING_ID,
        broken.DETAIL
    FROM
    (
        SELECT
            RANK_NO = 1,
            staged.STAGING_ID,
            DETAIL = CONCAT(N'state ', staged.STATE, N' is not known')
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        AND   staged.STATE NOT IN ('PENDING', 'CLAIMED', 'APPLIED', 'FAILED', 'NEEDS_MANUAL_REVIEW', 'CANCELLED', 'SKIPPED')
        UNION ALL
        SELECT
            2,
            staged.STAGING_ID,
            CONCAT(N'order ', staged.WOO_ORDER_ID, N' has ', twins.LIVE_ROWS, N' live rows')
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN
        (
            SELECT
                twin.STORE_ID,
                twin.WOO_ORDER_ID,
                LIVE_ROWS = COUNT(*)
            FROM dbo.USER_ORDER_STAGING AS twin
            WHERE twin.DUPLICATE_OF_ID IS NULL
            GROUP BY
                twin.STORE_ID,
                twin.WOO_ORDER_ID
            HAVING COUNT(*) > 1
        ) AS twins
            ON  twins.STORE_ID = staged.STORE_ID
            AND twins.WOO_ORDER_ID = staged.WOO_ORDER_ID
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        UNION ALL
        SELECT
            3,
            staged.STAGING_ID,
            N'state APPLIED, but IS_APPLIED is 0'
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        AND   staged.STATE = 'APPLIED'
        AND   staged.IS_APPLIED = 0
        UNION ALL
        SELECT
            4,
            staged.STAGING_ID,
            CONCAT(N'state ', staged.STATE, N', but IS_APPLIED is 1')
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        AND   staged.STATE IN ('SKIPPED', 'CANCELLED')
        AND   staged.IS_APPLIED = 1
        UNION ALL
        SELECT
            5,
            staged.STAGING_ID,
            N'state CLAIMED without a lease'
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        AND   staged.STATE = 'CLAIMED'
        AND   staged.LEASE_UNTIL_DT IS NULL
        UNION ALL
        SELECT
            6,
            staged.STAGING_ID,
            CONCAT(N'state ', staged.STATE, N', but nothing to do')
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        AND   staged.STATE IN ('PENDING', 'CLAIMED', 'FAILED')
        AND   staged.PENDING_ACTION IS NULL
        UNION ALL
        SELECT
            7,
            staged.STAGING_ID,
            N'state SKIPPED without a reason'
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL
        AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
        AND   staged.STATE = 'SKIPPED'
        AND   COALESCE(staged.STATE_REASON, N'') = N''
    ) AS broken;

    INSERT INTO @FINDING
    (
        RANK_NO, CHECK_NAME, STAGING_ID, DETAIL
    )
    SELECT
        20,
        'one_document',
        staged.STAGING_ID,
        CASE
            WHEN linked.DOC_ID IS NULL THEN N'applied, but it has no open link'
            WHEN COALESCE(staged.CP_DOC_ID, '') <> CONVERT(varchar(20), linked.DOC_ID)
            THEN CONCAT(N'the row says document ', COALESCE(staged.CP_DOC_ID, '?'), N', the link ', linked.DOC_ID)
            ELSE CONCAT(N'document ', linked.DOC_ID, N' is not in the ERP')
        END
    FROM dbo.USER_ORDER_STAGING AS staged
    LEFT JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND linked.LINK_STATE = 'OPEN'
    LEFT JOIN dbo.PS_DOC_HDR AS header
        ON header.DOC_ID = linked.DOC_ID
    WHERE staged.DUPLICATE_OF_ID IS NULL
    AND   staged.IS_APPLIED = 1
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND
    (
        (
            linked.DOC_ID IS NULL
            AND EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_ORDER_EVENT AS event
                WHERE event.STAGING_ID = staged.STAGING_ID
                AND   event.STORE_ID = staged.STORE_ID
                AND   event.WOO_ORDER_ID = staged.WOO_ORDER_ID
                AND   event.EVENT_TYPE IN ('CREATED', 'REOPENED')
            )
        )
        OR COALESCE(staged.CP_DOC_ID, '') <> CONVERT(varchar(20), linked.DOC_ID)
        OR (linked.DOC_ID IS NOT NULL AND header.DOC_ID IS NULL AND COALESCE(linked.ERP_STATUS_TOLD, '') <> 'gone')
    );

    INSERT INTO @FINDING
    (
        RANK_NO, CHECK_NAME, STAGING_ID, DETAIL
    )
    SELECT
        21,
        'one_document',
        linked.STAGING_ID,
        CONCAT(N'document ', linked.DOC_ID, N' is linked to an order that isn''t applied')
    FROM dbo.USER_ORDER_LINK AS linked
    WHERE linked.LINK_STATE = 'OPEN'
    AND   (@STORE_ID IS NULL OR linked.STORE_ID = @STORE_ID)
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STORE_ID = linked.STORE_ID
        AND   staged.WOO_ORDER_ID = linked.WOO_ORDER_ID
        AND   staged.IS_APPLIED = 1
    );

    INSERT INTO @FINDING
    (
        RANK_NO, CHECK_NAME, STAGING_ID, DETAIL
    )
    SELECT
        22,
        'one_document',
        staged.STAGING_ID,
        CONCAT(N'document ', header.DOC_ID, N' bears the order''s number without a link')
    FROM dbo.PS_DOC_HDR AS header
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  LEFT(staged.WOO_ORDER_NO, 20) = header.CUST_PO_NO
        AND staged.DUPLICATE_OF_ID IS NULL
    WHERE header.STA_ID = @STA_ID
    AND   (@STORE_ID IS NULL OR staged.STORE_ID = @STORE_ID)
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = header.DOC_ID)
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_STAGING AS other
        WHERE other.CP_DOC_ID = CONVERT(varchar(15), header.DOC_ID)
    );

    INSERT INTO @FINDING
    (
        RANK_NO, CHECK_NAME, STAGING_ID, DETAIL
    )
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
        INNER JOIN dbo.USER_ORDER_LINK AS linked
            ON  linked.STORE_ID = staged.STORE_ID
            AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
            AND linked.LINK_STATE = 'OPEN'
        INNER JOIN dbo.PS_DOC_HDR AS header
            ON header.DOC_ID = linked.DOC_ID
        LEFT JOIN dbo.PS_DOC_HDR_TOT AS totals
            ON  totals.DOC_ID = linked.DOC_ID
            AND totals.TOT_TYP = @TOT_TYP
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
            INNER JOIN dbo.USER_ORDER_LINK AS owner
                ON owner.DOC_ID = charge.DOC_ID
            WHERE charge.TOT_TYP = @TOT_TYP
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
    OR    compared.PARTS <> compared.ROWS_TOT;

    IF @INVENTORY = 1
    BEGIN
        INSERT INTO @FINDING
        (
            RANK_NO, CHECK_NAME, STAGING_ID, DETAIL
        )
        SELECT
            40,
            'inventory_equals_open_lines',
            NULL,
            CONCAT
            (
                N'item ', stock.ITEM_NO, N' at ', @STK_LOC_ID, N': QTY_ON_SO ', CONVERT(varchar(30), CONVERT(decimal(15, 4), stock.ON_ORDER)),
                N', open lines ', CONVERT(varchar(30), CONVERT(decimal(15, 4), stock.HELD))
            )
        FROM
        (
            SELECT
                side.ITEM_NO,
                ON_ORDER = SUM(side.ON_ORDER),
                HELD = SUM(side.HELD)
            FROM
            (
                SELECT
                    inventory.ITEM_NO,
                    ON_ORDER = inventory.QTY_ON_SO,
                    HELD = CONVERT(decimal(15, 4), 0)
                FROM dbo.IM_INV AS inventory
                WHERE inventory.LOC_ID = @STK_LOC_ID
                UNION ALL
                SELECT
                    line.ITEM_NO,
                    CONVERT(decimal(15, 4), 0),
                    line.QTY_SOLD
                FROM dbo.PS_DOC_LIN AS line
                INNER JOIN dbo.PS_DOC_HDR AS header
                    ON header.DOC_ID = line.DOC_ID
                INNER JOIN dbo.IM_ITEM AS item
                    ON item.ITEM_NO = line.ITEM_NO
                WHERE header.SHIP_DAT IS NULL
                AND   header.DOC_TYP = @DOC_TYP
                AND   line.STK_LOC_ID = @STK_LOC_ID
            ) AS side
            GROUP BY
                side.ITEM_NO
        ) AS stock
        WHERE stock.ON_ORDER <> stock.HELD;
    END;

    SELECT
        finding.CHECK_NAME,
        finding.STAGING_ID,
        finding.DETAIL
    FROM @FINDING AS finding
    ORDER BY
        finding.RANK_NO / 10,
        CASE WHEN finding.RANK_NO >= 20 THEN finding.RANK_NO END,
        finding.STAGING_ID,
        finding.RANK_NO,
        finding.DETAIL;
END;
GO
