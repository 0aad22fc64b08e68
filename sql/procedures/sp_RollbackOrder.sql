SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RollbackOrder
    Removes an applied order's ERP document where that is safe, gives its stock back, and resets or cancels the staged order.

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
        @REVISION int,
        @REMOVED nvarchar(max),
        @ORDER_KEY nvarchar(100),
        @DEDUP_KEY nvarchar(100);
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
            @REVISION = link.REVISION,
            @ORDER_KEY = CONCAT(N'WOO_ORDER_ID = ', link.WOO_ORDER_ID),
            @REMOVED = CONCAT
            (
                N'Order removed from ', erp.ERP_NAME, N' again (DOC_ID: ', link.DOC_ID, N', TKT_NO: ', link.TKT_NO, N'). Reason: ', @REASON
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        INNER JOIN dbo.USER_ORDER_LINK AS link
            ON  link.STORE_ID = staged.STORE_ID
            AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        CROSS JOIN dbo.fn_ErpName() AS erp
        WHERE staged.STAGING_ID = @STAGING_ID;

        INSERT INTO @STEP
        (
            SEQ_NO, SUB_NO, SUB_KEY, TABLE_NAME, ROW_KEY, CHANGE
        )
        SELECT
            changed.SEQ_NO,
            changed.SUB_NO,
            changed.SUB_KEY,
            changed.TABLE_NAME,
            changed.ROW_KEY,
            changed.CHANGE
        FROM dbo.fn_ErpDocumentRows(@STORE_ID, @WOO_ORDER_ID) AS changed
        UNION ALL
        SELECT
            101,
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
            103,
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
            104,
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
            (102, 0, '', 'USER_ORDER_LINK', @ORDER_KEY, N'LINK_STATE OPEN → ROLLED_BACK'),
            (
                105, 0, '', 'USER_ORDER_STAGING', CONCAT(N'STAGING_ID = ', @STAGING_ID),
                CONCAT(N'STATE ', @STATE, N' → ', CASE @THEN WHEN 'reset' THEN N'PENDING (create)' ELSE N'CANCELLED' END)
            ),
            (106, 0, '', 'USER_STORE_OUTBOX', @ORDER_KEY, N'added: a note to the store'),
            (107, 0, '', 'USER_ORDER_EVENT', @ORDER_KEY, N'added: ROLLED_BACK');

        IF @DRY_RUN = 0
        BEGIN
            EXECUTE dbo.sp_RemoveErpDocument
                @STAGING_ID = @STAGING_ID,
                @NOW = @NOW;

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

            SET @DEDUP_KEY = CONCAT(N'rolled_back:', @REVISION);

            EXECUTE dbo.sp_QueueOrderMessage
                @STAGING_ID = @STAGING_ID,
                @KIND = 'rolled_back',
                @DEDUP_KEY = @DEDUP_KEY,
                @NOTE = @REMOVED,
                @NOW = @NOW;

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
