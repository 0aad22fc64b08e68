SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_AuditOrders
    Checks the promises on the data itself. No row means that they are kept.

Called by    syncctl demo; a DBA who wonders
Parameters   @STORE_ID one store's orders, NULL all; @INVENTORY 1 compares the stock that is committed with the open order lines, which
             says something only where every order of the ERP comes from here
Returns      a row each: CHECK_NAME, STAGING_ID, DETAIL
Errors       none
Locks        none held: it reads, and may see an order in mid-change on a busy site
Repeatable   yes
Note         one_state: a known state that fits the row's flags, one live row an order. one_document: each applied order has one open
             link and one document, each link one applied order (what an older program applied has no link and is let be).
             totals_equal: staged total, link, header total, its parts and its lines and charges agree to the cent.
             document_whole: what else of a document's rows must agree (taxes, payments, counts) does.
             deposit_ticket: the ticket that carries an order's deposit is there, once, and of the order's amount.
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

    DECLARE @FINDING table
    (
        RANK_NO int NOT NULL,
        CHECK_NAME varchar(50) NOT NULL,
        STAGING_ID int NULL,
        DETAIL nvarchar(500) NOT NULL
    );

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
            ELSE CONCAT(N'the row says document ', COALESCE(staged.CP_DOC_ID, '?'), N', the link ', linked.DOC_ID)
        END
    FROM dbo.USER_ORDER_STAGING AS staged
    LEFT JOIN dbo.USER_ORDER_LINK AS linked
        ON  linked.STORE_ID = staged.STORE_ID
        AND linked.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND linked.LINK_STATE = 'OPEN'
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
        found.RANK_NO,
        found.CHECK_NAME,
        found.STAGING_ID,
        found.DETAIL
    FROM dbo.fn_ErpAudit(@STORE_ID, @INVENTORY) AS found;

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
