SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RollbackOrder
    Removes an applied order's CounterPoint document where that is safe, gives its stock back, and resets or cancels the staged order.

Called by    syncctl rollback; sql/ops/ROLLBACK_ORDER.sql
Parameters   @STAGING_ID; @REASON and @DECIDED_BY are kept with the order; @THEN: cancel (not created again) or reset (created afresh);
             @DRY_RUN = 1 lists the rows that would change and changes nothing
Returns      one row for each row that changes: STEP_NO, TABLE_NAME, ROW_KEY, CHANGE
Errors       50001 bad argument; 50004 no such staging id; 50020 nothing is applied, or a worker holds the order;
             50031 not safe: shipped, posted, released, paid, with a tracking number, or changed by hand; every reason at once
Locks        staging row, document, stock rows (in the order of ITEM_NO) and link, until the transaction ends
Repeatable   no, but harmless: the second time nothing is applied (50020), and the stock came back once
Example      EXECUTE dbo.sp_RollbackOrder @STAGING_ID = 1, @REASON = N'entered twice', @DECIDED_BY = N'ann', @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RollbackOrder
    @STAGING_ID int,
    @REASON nvarchar(500),
    @DECIDED_BY nvarchar(100),
    @THEN varchar(20) = 'cancel',
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(LTRIM(@REASON), N'') IS NULL THEN N'@REASON is required: it is kept with the order. ' END,
        CASE WHEN NULLIF(LTRIM(@DECIDED_BY), N'') IS NULL THEN N'@DECIDED_BY is required. ' END,
        CASE WHEN @THEN IS NULL OR @THEN NOT IN ('reset', 'cancel') THEN N'@THEN takes reset or cancel. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @STATE varchar(20),
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @REVISION int,
        @STK_LOC_ID varchar(10),
        @REMOVED nvarchar(max),
        @DOC_KEY nvarchar(100),
        @ORDER_KEY nvarchar(100);
    DECLARE @STEP table
    (
        SEQ_NO int NOT NULL,
        SUB_NO bigint NOT NULL,
        SUB_KEY varchar(50) NOT NULL,
        TABLE_NAME varchar(50) NOT NULL,
        ROW_KEY nvarchar(100) NOT NULL,
        CHANGE nvarchar(500) NOT NULL
    );

    BEGIN TRY
        BEGIN TRANSACTION;

        /* Holds the order on every engine and isolation level, and changes nothing. */
        UPDATE
            dbo.USER_ORDER_STAGING
        SET
            UPDATED_DT = UPDATED_DT
        WHERE STAGING_ID = @STAGING_ID;

        EXECUTE dbo.sp_RequireRollbackIsSafe
            @STAGING_ID = @STAGING_ID,
            @THEN = @THEN,
            @NOW = @NOW;

        SELECT
            @STORE_ID = staged.STORE_ID,
            @WOO_ORDER_ID = staged.WOO_ORDER_ID,
            @STATE = staged.STATE,
            @DOC_ID = link.DOC_ID,
            @TKT_NO = link.TKT_NO,
            @REVISION = link.REVISION,
            @STK_LOC_ID = document.STK_LOC_ID,
            @DOC_KEY = CONCAT(N'DOC_ID = ', link.DOC_ID),
            @ORDER_KEY = CONCAT(N'WOO_ORDER_ID = ', link.WOO_ORDER_ID),
            @REMOVED = CONCAT
            (
                N'Order removed from CounterPoint again (DOC_ID: ', link.DOC_ID, N', TKT_NO: ', link.TKT_NO, N'). Reason: ', @REASON
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON  link.STORE_ID = staged.STORE_ID
            AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        INNER JOIN dbo.PS_DOC_HDR AS document
            ON document.DOC_ID = link.DOC_ID
        WHERE staged.STAGING_ID = @STAGING_ID;

        INSERT INTO @STEP
        (
            SEQ_NO, SUB_NO, SUB_KEY, TABLE_NAME, ROW_KEY, CHANGE
        )
        SELECT
            1,
            0,
            held.ITEM_NO,
            'IM_INV',
            CONCAT(N'ITEM_NO = ', held.ITEM_NO, N', LOC_ID = ', @STK_LOC_ID),
            CONCAT
            (
                N'QTY_ON_SO ', CONVERT(varchar(30), COALESCE(stock.QTY_ON_SO, 0)), N' → ',
                CONVERT(varchar(30), CONVERT(decimal(15, 4), COALESCE(stock.QTY_ON_SO, 0) - held.QTY_SOLD))
            )
        FROM
        (
            SELECT
                linked.ITEM_NO,
                SUM(linked.QTY_SOLD) AS QTY_SOLD
            FROM dbo.USER_ORDER_LINE_LINK AS linked
            WHERE linked.STORE_ID = @STORE_ID
            AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
            GROUP BY
                linked.ITEM_NO
            HAVING SUM(linked.QTY_SOLD) <> 0
        ) AS held
        LEFT JOIN dbo.IM_INV AS stock
            ON  stock.ITEM_NO = held.ITEM_NO
            AND stock.LOC_ID = @STK_LOC_ID
        UNION ALL
        SELECT
            2,
            line.LIN_SEQ_NO,
            '',
            'PS_DOC_LIN',
            CONCAT(@DOC_KEY, N', LIN_SEQ_NO = ', line.LIN_SEQ_NO),
            CONCAT(N'deleted: ', line.ITEM_NO, N', quantity ', CONVERT(varchar(30), line.QTY_SOLD), N', ', CONVERT(varchar(30), line.EXT_PRC))
        FROM dbo.PS_DOC_LIN AS line
        WHERE line.DOC_ID = @DOC_ID
        UNION ALL
        SELECT
            3,
            charge.MISC_CHRG_NO,
            charge.TOT_TYP,
            'PS_DOC_HDR_MISC_CHRG',
            CONCAT(@DOC_KEY, N', MISC_CHRG_NO = ', charge.MISC_CHRG_NO),
            CONCAT(N'deleted: ', CONVERT(varchar(30), charge.MISC_AMT))
        FROM dbo.PS_DOC_HDR_MISC_CHRG AS charge
        WHERE charge.DOC_ID = @DOC_ID
        UNION ALL
        SELECT
            4,
            0,
            totals.TOT_TYP,
            'PS_DOC_HDR_TOT',
            CONCAT(@DOC_KEY, N', TOT_TYP = ', totals.TOT_TYP),
            CONCAT(N'deleted: total ', CONVERT(varchar(30), totals.TOT))
        FROM dbo.PS_DOC_HDR_TOT AS totals
        WHERE totals.DOC_ID = @DOC_ID
        UNION ALL
        SELECT
            5,
            0,
            note.NOTE_ID,
            'PS_DOC_NOTE',
            CONCAT(@DOC_KEY, N', NOTE_ID = ', note.NOTE_ID),
            N'deleted'
        FROM dbo.PS_DOC_NOTE AS note
        WHERE note.DOC_ID = @DOC_ID
        UNION ALL
        SELECT
            7,
            linked.WOO_LINE_ID,
            '',
            'USER_ORDER_LINE_LINK',
            CONCAT(@ORDER_KEY, N', WOO_LINE_ID = ', linked.WOO_LINE_ID),
            N'deleted'
        FROM dbo.USER_ORDER_LINE_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
        UNION ALL
        SELECT
            9,
            told.OUTBOX_ID,
            '',
            'USER_STORE_OUTBOX',
            CONCAT(N'OUTBOX_ID = ', told.OUTBOX_ID),
            CONCAT(N'STATE ', told.STATE, N' → DROPPED (', told.KIND, N')')
        FROM dbo.USER_STORE_OUTBOX AS told
        WHERE told.STORE_ID = @STORE_ID
        AND   told.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   told.STATE NOT IN ('DONE', 'DROPPED')
        UNION ALL
        SELECT
            10,
            letter.DEAD_LETTER_ID,
            '',
            'USER_ORDER_DEAD_LETTER',
            CONCAT(N'DEAD_LETTER_ID = ', letter.DEAD_LETTER_ID),
            CONCAT(N'decided: ', CASE @THEN WHEN 'reset' THEN N'retry' ELSE N'cancel' END)
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        WHERE letter.STAGING_ID = @STAGING_ID
        AND   letter.DECISION IS NULL;

        INSERT INTO @STEP
        (
            SEQ_NO, SUB_NO, SUB_KEY, TABLE_NAME, ROW_KEY, CHANGE
        )
        VALUES
            (6, 0, '', 'PS_DOC_HDR', @DOC_KEY, CONCAT(N'deleted: ', @TKT_NO)),
            (8, 0, '', 'USER_ORDER_LINK', @ORDER_KEY, N'LINK_STATE OPEN → ROLLED_BACK'),
            (
                11, 0, '', 'USER_ORDER_STAGING', CONCAT(N'STAGING_ID = ', @STAGING_ID),
                CONCAT(N'STATE ', @STATE, N' → ', CASE @THEN WHEN 'reset' THEN N'PENDING (create)' ELSE N'CANCELLED' END)
            ),
            (12, 0, '', 'USER_STORE_OUTBOX', @ORDER_KEY, N'added: a note to the store'),
            (13, 0, '', 'USER_ORDER_EVENT', @ORDER_KEY, N'added: ROLLED_BACK');

        IF @DRY_RUN = 0
        BEGIN
            EXECUTE dbo.sp_ReturnQtyOnSo
                @STORE_ID = @STORE_ID,
                @WOO_ORDER_ID = @WOO_ORDER_ID,
                @LOC_ID = @STK_LOC_ID,
                @NOW = @NOW;

            DELETE FROM dbo.PS_DOC_LIN
            WHERE DOC_ID = @DOC_ID;

            DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG
            WHERE DOC_ID = @DOC_ID;

            DELETE FROM dbo.PS_DOC_HDR_TOT
            WHERE DOC_ID = @DOC_ID;

            DELETE FROM dbo.PS_DOC_NOTE
            WHERE DOC_ID = @DOC_ID;

            DELETE FROM dbo.PS_DOC_HDR
            WHERE DOC_ID = @DOC_ID;

            DELETE FROM dbo.USER_ORDER_LINE_LINK
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID;

            UPDATE
                dbo.USER_ORDER_LINK
            SET
                LINK_STATE = 'ROLLED_BACK',
                UPDATED_DT = @NOW
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID;

            UPDATE
                dbo.USER_STORE_OUTBOX
            SET
                STATE = 'DROPPED',
                DETAIL = LEFT(CONCAT(N'rolled back: ', @REASON), 500),
                LEASE_OWNER = NULL,
                LEASE_UNTIL_DT = NULL
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID
            AND   STATE NOT IN ('DONE', 'DROPPED');

            UPDATE
                dbo.USER_ORDER_DEAD_LETTER
            SET
                DECISION = CASE @THEN WHEN 'reset' THEN 'retry' ELSE 'cancel' END,
                DECIDED_BY = @DECIDED_BY,
                DECIDED_DT = @NOW,
                DECISION_REASON = LEFT(CONCAT(N'rolled back: ', @REASON), 500)
            WHERE STAGING_ID = @STAGING_ID
            AND   DECISION IS NULL;

            UPDATE
                dbo.USER_ORDER_STAGING
            SET
                STATE = CASE @THEN WHEN 'reset' THEN 'PENDING' ELSE 'CANCELLED' END,
                STATE_REASON = LEFT(CONCAT(N'rolled back: ', @REASON), 500),
                PENDING_ACTION = CASE @THEN WHEN 'reset' THEN 'create' END,
                IS_APPLIED = 0,
                APPLIED_DT = NULL,
                APPLIED_HASH = NULL,
                CP_DOC_ID = NULL,
                TKT_NO = NULL,
                IS_VALIDATED = 0,
                VALIDATION_ERROR = NULL,
                ERROR_CLASS = NULL,
                ATTEMPT_NO = 0,
                NEXT_ATTEMPT_DT = NULL,
                LEASE_OWNER = NULL,
                LEASE_UNTIL_DT = NULL,
                UPDATED_DT = @NOW
            WHERE STAGING_ID = @STAGING_ID;

            INSERT INTO dbo.USER_STORE_OUTBOX
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, NOTE, STATE, ATTEMPT_NO, NEXT_ATTEMPT_DT, CREATED_DT
            )
            VALUES
            (
                @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, 'rolled_back', CONCAT('rolled_back:', @REVISION), @REMOVED, 'PENDING', 0, @NOW, @NOW
            );

            INSERT INTO dbo.USER_ORDER_EVENT
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
            )
            VALUES
            (
                @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW, 'ROLLED_BACK',
                CONCAT
                (
                    @REMOVED, N' (by ', @DECIDED_BY, N'; now ', CASE @THEN WHEN 'reset' THEN N'PENDING' ELSE N'CANCELLED' END, N')'
                )
            );
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        STEP_NO = CONVERT(int, ROW_NUMBER() OVER (ORDER BY step.SEQ_NO, step.SUB_NO, step.SUB_KEY)),
        step.TABLE_NAME,
        step.ROW_KEY,
        step.CHANGE
    FROM @STEP AS step
    ORDER BY
        STEP_NO;
END;
GO
