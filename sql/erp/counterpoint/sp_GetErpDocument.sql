SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetErpDocument
    Everything that stands of one open document: its rows in each PS_DOC_ table that this site has, and the stock of its items.

Called by    syncctl db compare-document
Parameters   @NUMBER a ticket number or a DOC_ID; where both fit, the ticket number counts and OTHER_DOC_ID names the other
Returns      a row for each table: DOC_ID, TKT_NO, IS_OURS (1: an order is linked to it, or it is the deposit of one), OTHER_DOC_ID,
             TABLE_NAME, KEY_COLUMNS, CONTENT (a JSON array of the rows, NULL where there is none), DEPOSIT_TKT_NO (the ticket that carries
             its deposit, NULL: none does). The row of IM_INV has the document's items: HELD_HERE, HELD_BY_US, HELD_BY_OTHERS (open
             quantity on this document, on all that syncctl wrote, on all others of its type), the site's QTY_ columns, and in MOVED_BY_US
             those that syncctl moves
Errors       50004 there is no such document, or it is posted
Locks        none beyond the reads
Repeatable   yes
Note         The list of the stock's columns is the site's own: a deploy writes it.
Example      EXECUTE dbo.sp_GetErpDocument @NUMBER = N'101-000001';
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetErpDocument
    @NUMBER nvarchar(50),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @TICKET varchar(15) = CASE WHEN LEN(@NUMBER) <= 15 THEN CONVERT(varchar(15), @NUMBER) END,
        @DOC_ID bigint,
        @OTHER_DOC_ID bigint,
        @DOC_TYP varchar(1),
        @TKT_NO varchar(15),
        @DEPOSIT_TKT_NO varchar(15),
        @IS_OURS bit = 0;

    SELECT TOP (1)
        @DOC_ID = header.DOC_ID
    FROM dbo.PS_DOC_HDR AS header
    WHERE header.TKT_NO = @TICKET
    ORDER BY
        header.DOC_ID;

    SELECT
        @OTHER_DOC_ID = header.DOC_ID
    FROM dbo.PS_DOC_HDR AS header
    WHERE header.DOC_ID = TRY_CONVERT(bigint, @NUMBER);

    IF @DOC_ID IS NULL
    BEGIN
        SET @DOC_ID = @OTHER_DOC_ID;
    END;

    IF @OTHER_DOC_ID = @DOC_ID
    BEGIN
        SET @OTHER_DOC_ID = NULL;
    END;

    IF @DOC_ID IS NULL
    BEGIN
        SELECT TOP (1)
            @MESSAGE = CONCAT
            (
                N'Document ', posted.DOC_ID, N' (', posted.TKT_NO, N') is posted: only its history stands (', posted.TABLE_NAME,
                N'), which has other columns. Compare one that is still open.'
            )
        FROM
        (
            SELECT
                history.DOC_ID,
                history.TKT_NO,
                TABLE_NAME = 'PS_ORD_HIST'
            FROM dbo.PS_ORD_HIST AS history
            WHERE history.TKT_NO = @TICKET
            OR    history.DOC_ID = TRY_CONVERT(bigint, @NUMBER)
            UNION ALL
            SELECT
                history.DOC_ID,
                history.TKT_NO,
                'PS_TKT_HIST'
            FROM dbo.PS_TKT_HIST AS history
            WHERE history.TKT_NO = @TICKET
            OR    history.DOC_ID = TRY_CONVERT(bigint, @NUMBER)
        ) AS posted
        ORDER BY
            posted.TABLE_NAME,
            posted.DOC_ID;

        SET @MESSAGE = COALESCE(@MESSAGE, CONCAT(N'The ERP has no document ', @NUMBER, N', open or posted. Give a ticket number or a DOC_ID.'));
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        @DEPOSIT_TKT_NO = written.DEPOSIT_TKT_NO
    FROM dbo.USER_ORDER_PAYMENT AS written
    WHERE written.DOC_ID = @DOC_ID;

    SELECT
        @TKT_NO = header.TKT_NO,
        @DOC_TYP = header.DOC_TYP
    FROM dbo.PS_DOC_HDR AS header
    WHERE header.DOC_ID = @DOC_ID;

    IF EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = @DOC_ID)
    OR EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS written WHERE written.DEPOSIT_DOC_ID = @DOC_ID)
    BEGIN
        SET @IS_OURS = 1;
    END;

    SELECT
        DOC_ID = @DOC_ID,
        TKT_NO = @TKT_NO,
        IS_OURS = @IS_OURS,
        OTHER_DOC_ID = @OTHER_DOC_ID,
        part.TABLE_NAME,
        part.KEY_COLUMNS,
        part.CONTENT,
        DEPOSIT_TKT_NO = @DEPOSIT_TKT_NO
    FROM
    (
        SELECT
            stored.TABLE_NAME,
            stored.KEY_COLUMNS,
            stored.CONTENT
        FROM dbo.fn_CounterPointRows(@DOC_ID) AS stored
        UNION ALL
        SELECT
            'IM_INV',
            'ITEM_NO, LOC_ID',
            (
                SELECT
                    ITEM_NO = stock.ITEM_NO,
                    LOC_ID = stock.LOC_ID,
                    HELD_HERE = held.HELD_HERE,
                    HELD_BY_US = held.HELD_BY_US,
                    HELD_BY_OTHERS = held.HELD_BY_OTHERS,
                    MOVED_BY_US = site.STOCK_COLUMNS,
                    /* For each column of IM_INV like QTY_%: */
                    QTY_ON_HND = stock.QTY_ON_HND,
                    QTY_ON_SO = stock.QTY_ON_SO,
                    QTY_COMMIT = stock.QTY_COMMIT,
                    QTY_ON_ORD = stock.QTY_ON_ORD,
                    QTY_ON_BO = stock.QTY_ON_BO,
                    QTY_ON_LWY = stock.QTY_ON_LWY,
                    QTY_AVAIL = stock.QTY_AVAIL
                    /* End. */
                FROM
                (
                    SELECT
                        line.ITEM_NO,
                        line.STK_LOC_ID,
                        HELD_HERE = SUM(CASE WHEN line.DOC_ID = @DOC_ID THEN line.QTY_SOLD - line.QTY_SHIPPED ELSE 0 END),
                        HELD_BY_US = SUM(CASE WHEN linked.DOC_ID IS NOT NULL THEN line.QTY_SOLD - line.QTY_SHIPPED ELSE 0 END),
                        HELD_BY_OTHERS = SUM(CASE WHEN linked.DOC_ID IS NULL THEN line.QTY_SOLD - line.QTY_SHIPPED ELSE 0 END)
                    FROM dbo.PS_DOC_LIN AS line
                    INNER JOIN dbo.PS_DOC_HDR AS header
                        ON  header.DOC_ID = line.DOC_ID
                        AND header.DOC_TYP = @DOC_TYP
                    INNER JOIN
                    (
                        SELECT DISTINCT
                            own.ITEM_NO
                        FROM dbo.PS_DOC_LIN AS own
                        WHERE own.DOC_ID = @DOC_ID
                    ) AS wanted
                        ON wanted.ITEM_NO = line.ITEM_NO
                    LEFT JOIN dbo.USER_ORDER_LINK AS linked
                        ON linked.DOC_ID = line.DOC_ID
                    GROUP BY
                        line.ITEM_NO,
                        line.STK_LOC_ID
                ) AS held
                INNER JOIN dbo.IM_INV AS stock
                    ON  stock.ITEM_NO = held.ITEM_NO
                    AND stock.LOC_ID = held.STK_LOC_ID
                CROSS JOIN dbo.fn_CounterPointSite() AS site
                WHERE held.HELD_HERE <> 0
                ORDER BY
                    stock.ITEM_NO,
                    stock.LOC_ID
                FOR JSON PATH, INCLUDE_NULL_VALUES
            )
    ) AS part
    ORDER BY
        part.TABLE_NAME;
END;
GO
