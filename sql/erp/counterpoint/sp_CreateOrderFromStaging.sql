SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CreateOrderFromStaging
    Creates the ERP document of a claimed order: header, lines, charges, totals, notes, committed stock, the link and the message to
    the store, all in one transaction. An order whose document a cancellation closed gets that document back, reopened.

Called by    syncctl process, syncctl retry-failed
Returns      one row: STAGING_ID, DOC_ID, TKT_NO, OUTCOME (created, reopened, already_applied)
Errors       50004 no such staging id; 50010 lease lost; 50020 not waiting to be created, or not validated;
             50030 the amounts don't add up, or the closed document was changed by hand; 50040 item, customer, pay code or number series
Locks        the order's row first, by an UPDATE: tries at one order take turns. Then the number series, which creators hold in turn
             to their commit, and the items' stock rows in the order of their numbers.
Repeatable   yes: the link row (unique for store and order) says that the document is there, and the call finishes instead of creating
Note         Owner and attempt stay on the row afterwards, so that the same call, sent again because its answer was lost, is told
             from another worker's.
Example      EXECUTE dbo.sp_CreateOrderFromStaging @STAGING_ID = 123, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CreateOrderFromStaging
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @MESSAGE nvarchar(2000),
        @OUTCOME varchar(20),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @WOO_ORDER_NO varchar(50),
        @STATE varchar(20),
        @PENDING_ACTION varchar(20),
        @IS_VALIDATED bit,
        @IS_APPLIED bit,
        @PMT_METH varchar(50),
        @TKT_DT datetime2(3),
        @TOT decimal(15, 2),
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @LINK_STATE varchar(20),
        @REVISION int,
        @NUMBER varchar(20),
        @CUST_NO varchar(15),
        @SHIP_ADRS_ID varchar(10),
        @PAY_COD varchar(10),
        @CHANGES nvarchar(max),
        @ITEM_NO varchar(20),
        @QTY decimal(15, 4),
        @STR_ID varchar(10),
        @STA_ID varchar(10),
        @STK_LOC_ID varchar(10),
        @PRC_LOC_ID varchar(10),
        @DOC_TYP varchar(1),
        @TAX_COD varchar(10),
        @WRITE_PAYMENT nvarchar(10),
        @APPLIED_STATUS varchar(20);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @FINISHED = 'APPLIED',
            @NOW = @NOW;

        SELECT
            @STORE_ID = staged.STORE_ID,
            @WOO_ORDER_ID = staged.WOO_ORDER_ID,
            @WOO_ORDER_NO = staged.WOO_ORDER_NO,
            @STATE = staged.STATE,
            @PENDING_ACTION = staged.PENDING_ACTION,
            @IS_VALIDATED = staged.IS_VALIDATED,
            @IS_APPLIED = staged.IS_APPLIED,
            @PMT_METH = staged.PMT_METH,
            @TKT_DT = staged.TKT_DT,
            @TOT = ROUND(COALESCE(staged.TOT_AMT, 0), 2),
            @DOC_ID = TRY_CONVERT(bigint, staged.CP_DOC_ID),
            @TKT_NO = staged.TKT_NO
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        SELECT
            @DOC_ID = linked.DOC_ID,
            @TKT_NO = linked.TKT_NO,
            @LINK_STATE = linked.LINK_STATE,
            @REVISION = linked.REVISION
        FROM dbo.USER_ORDER_LINK AS linked
        WHERE linked.STORE_ID = @STORE_ID
        AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

        IF @STATE = 'APPLIED' OR @IS_APPLIED = 1 OR @LINK_STATE = 'OPEN'
        BEGIN
            SET @OUTCOME = 'already_applied';
        END;

        IF @STATE = 'CLAIMED' AND (@PENDING_ACTION IS NULL OR @PENDING_ACTION <> 'create')
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N' (staging id ', @STAGING_ID, N') waits for ', COALESCE(@PENDING_ACTION, 'nothing'),
                N', not to be created.'
            );
            THROW 50020, @MESSAGE, 1;
        END;

        IF @OUTCOME IS NULL AND @IS_VALIDATED = 0
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Order ', @WOO_ORDER_NO, N' (staging id ', @STAGING_ID, N') is not validated; run `syncctl validate`.'
            );
            THROW 50020, @MESSAGE, 1;
        END;

        IF @OUTCOME IS NULL
        BEGIN
            SELECT
                @STR_ID = MAX(CASE WHEN setting.NAME = 'STR_ID' THEN setting.VALUE END),
                @STA_ID = MAX(CASE WHEN setting.NAME = 'STA_ID' THEN setting.VALUE END),
                @STK_LOC_ID = MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END),
                @PRC_LOC_ID = MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END),
                @DOC_TYP = MAX(CASE WHEN setting.NAME = 'DOC_TYP' THEN setting.VALUE END),
                @TAX_COD = NULLIF(MAX(CASE WHEN setting.NAME = 'TAX_COD' THEN setting.VALUE END), N''),
                @WRITE_PAYMENT = MAX(CASE WHEN setting.NAME = 'WRITE_PAYMENT' THEN setting.VALUE END),
                @APPLIED_STATUS = NULLIF(MAX(CASE WHEN setting.NAME = 'APPLIED_STATUS' THEN setting.VALUE END), N'')
            FROM dbo.USER_ERP_SETTING AS setting;

            SET @REVISION = COALESCE(@REVISION, 0) + 1;

            IF @LINK_STATE = 'CLOSED' AND EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = @DOC_ID)
            BEGIN
                SET @OUTCOME = 'reopened';
                EXECUTE dbo.sp_FollowStagedOrder @STAGING_ID = @STAGING_ID, @CHANGES = @CHANGES OUTPUT, @NOW = @NOW;
            END;
        END;

        IF @OUTCOME IS NULL
        BEGIN
            SET @OUTCOME = 'created';

            EXECUTE dbo.sp_OrderCustomer @STAGING_ID = @STAGING_ID, @CUST_NO = @CUST_NO OUTPUT, @NOW = @NOW;
            EXECUTE dbo.sp_ShipToAddress
                @STAGING_ID = @STAGING_ID,
                @CUST_NO = @CUST_NO,
                @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT,
                @NOW = @NOW;
            EXECUTE dbo.sp_NextNumber @SERIES = 'DOC_ID', @NUMBER = @NUMBER OUTPUT, @NOW = @NOW;
            SET @DOC_ID = CONVERT(bigint, @NUMBER);
            EXECUTE dbo.sp_NextNumber @SERIES = 'TKT_NO', @NUMBER = @NUMBER OUTPUT, @NOW = @NOW;
            SET @TKT_NO = CONVERT(varchar(15), @NUMBER);

            INSERT INTO dbo.PS_DOC_HDR
            (
                DOC_ID, DOC_GUID, DOC_TYP, STR_ID, STA_ID, TKT_NO, CUST_NO, TKT_DT, STK_LOC_ID, PRC_LOC_ID, TAX_COD, CUST_PO_NO,
                SHIP_TO_CONTACT_ID
            )
            VALUES
            (
                @DOC_ID, NEWID(), @DOC_TYP, @STR_ID, @STA_ID, @TKT_NO, @CUST_NO, @TKT_DT, @STK_LOC_ID, @PRC_LOC_ID, @TAX_COD,
                LEFT(@WOO_ORDER_NO, 20), TRY_CONVERT(tinyint, @SHIP_ADRS_ID)
            );

            DELETE FROM dbo.USER_ORDER_LINE_LINK
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID;

            EXECUTE dbo.sp_CreateOrderLines @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @TKT_NO = @TKT_NO, @NOW = @NOW;

            IF @WRITE_PAYMENT = N'Y' AND @TOT <> 0
            BEGIN
                SELECT TOP (1)
                    @PAY_COD = mapped.PAY_COD
                FROM dbo.USER_PAY_CODE_MAP AS mapped
                WHERE mapped.PMT_METH = @PMT_METH
                AND   mapped.STORE_ID IN (@STORE_ID, '*')
                ORDER BY
                    CASE WHEN mapped.STORE_ID = '*' THEN 1 ELSE 0 END;

                IF @PAY_COD IS NULL
                BEGIN
                    SET @MESSAGE = CONCAT
                    (
                        N'Order ', @WOO_ORDER_NO, N': payment method ''', @PMT_METH, N''' has no pay code. Add it to USER_PAY_CODE_MAP,',
                        N' or set WRITE_PAYMENT to N.'
                    );
                    THROW 50040, @MESSAGE, 1;
                END;

                INSERT INTO dbo.PS_DOC_PMT
                (
                    DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, PAY_DAT
                )
                VALUES
                (
                    @DOC_ID, 1, @PAY_COD, @TOT, @TKT_DT
                );
            END;

            EXECUTE dbo.sp_WriteOrderTotals @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;
            EXECUTE dbo.sp_WriteOrderNotes @STAGING_ID = @STAGING_ID, @DOC_ID = @DOC_ID, @NOW = @NOW;

            SELECT
                @ITEM_NO = MIN(linked.ITEM_NO)
            FROM dbo.USER_ORDER_LINE_LINK AS linked
            WHERE linked.STORE_ID = @STORE_ID
            AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

            WHILE @ITEM_NO IS NOT NULL
            BEGIN
                SELECT
                    @QTY = SUM(linked.QTY_SOLD)
                FROM dbo.USER_ORDER_LINE_LINK AS linked
                WHERE linked.STORE_ID = @STORE_ID
                AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
                AND   linked.ITEM_NO = @ITEM_NO;

                EXECUTE dbo.sp_MoveQtyOnSo @ITEM_NO = @ITEM_NO, @LOC_ID = @STK_LOC_ID, @QUANTITY = @QTY, @NOW = @NOW;

                SELECT
                    @ITEM_NO = MIN(linked.ITEM_NO)
                FROM dbo.USER_ORDER_LINE_LINK AS linked
                WHERE linked.STORE_ID = @STORE_ID
                AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
                AND   linked.ITEM_NO > @ITEM_NO;
            END;
        END;

        IF @OUTCOME IN ('created', 'reopened')
        BEGIN
            UPDATE
                dbo.USER_ORDER_LINK
            SET
                STAGING_ID = @STAGING_ID,
                DOC_ID = @DOC_ID,
                TKT_NO = @TKT_NO,
                REVISION = @REVISION,
                LINK_STATE = 'OPEN',
                TOT = @TOT,
                ERP_STATUS_TOLD = 'open',
                UPDATED_DT = @NOW
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID;

            IF @@ROWCOUNT = 0
            BEGIN
                INSERT INTO dbo.USER_ORDER_LINK
                (
                    STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, REVISION, LINK_STATE, TOT, ERP_STATUS_TOLD, CREATED_DT,
                    UPDATED_DT
                )
                VALUES
                (
                    @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @DOC_ID, @TKT_NO, @REVISION, 'OPEN', @TOT, 'open', @NOW, @NOW
                );
            END;

            INSERT INTO dbo.USER_STORE_OUTBOX
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, TARGET_STATUS, NOTE, TAG_VALUE, NEXT_ATTEMPT_DT, CREATED_DT
            )
            SELECT
                @STORE_ID,
                @WOO_ORDER_ID,
                @STAGING_ID,
                'applied',
                CONCAT(N'applied:', @REVISION),
                @APPLIED_STATUS,
                CONCAT(N'Order ', @OUTCOME, N' in CounterPoint. DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO),
                CONCAT(@DOC_ID, N'/', @REVISION),
                @NOW,
                @NOW
            WHERE NOT EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_STORE_OUTBOX AS known
                WHERE known.STORE_ID = @STORE_ID
                AND   known.WOO_ORDER_ID = @WOO_ORDER_ID
                AND   known.DEDUP_KEY = CONCAT(N'applied:', @REVISION)
            );
        END;

        IF @STATE = 'CLAIMED'
        BEGIN
            UPDATE
                dbo.USER_ORDER_STAGING
            SET
                STATE = 'APPLIED',
                STATE_REASON = NULL,
                IS_APPLIED = 1,
                APPLIED_DT = @NOW,
                CP_DOC_ID = COALESCE(CONVERT(varchar(15), @DOC_ID), CP_DOC_ID),
                TKT_NO = COALESCE(@TKT_NO, TKT_NO),
                CUST_NO = COALESCE((SELECT header.CUST_NO FROM dbo.PS_DOC_HDR AS header WHERE header.DOC_ID = @DOC_ID), CUST_NO),
                APPLIED_HASH = CONTENT_HASH,
                PENDING_ACTION = NULL,
                VALIDATION_ERROR = NULL,
                ERROR_CLASS = NULL,
                NEXT_ATTEMPT_DT = NULL,
                LEASE_UNTIL_DT = NULL,
                UPDATED_DT = @NOW
            WHERE STAGING_ID = @STAGING_ID;

            INSERT INTO dbo.USER_ORDER_EVENT
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, WORKER_ID, ATTEMPT_NO, MESSAGE
            )
            VALUES
            (
                @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW, UPPER(@OUTCOME), @WORKER_ID, @ATTEMPT_NO,
                CASE WHEN @OUTCOME = 'already_applied'
                    THEN CONCAT(N'The ERP has it already: DOC_ID ', @DOC_ID, N', TKT_NO ', @TKT_NO, N'. Nothing was created.')
                    ELSE CONCAT(N'DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO) END
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
        STAGING_ID = @STAGING_ID,
        DOC_ID = @DOC_ID,
        TKT_NO = @TKT_NO,
        OUTCOME = @OUTCOME;
END;
GO
