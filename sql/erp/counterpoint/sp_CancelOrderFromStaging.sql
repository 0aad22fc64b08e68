SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CancelOrderFromStaging
    Closes the CounterPoint document of a claimed order that the store has cancelled: quantities and amounts to 0, the stock back.

Called by    syncctl process, syncctl retry-failed
Returns      one row: STAGING_ID, DOC_ID, TKT_NO, OUTCOME (cancelled)
Errors       50004 no such staging id; 50010 lease lost; 50020 the order waits for something else;
             50030 the document is shipped, posted, gone, paid or was changed by hand
Locks        staging row, document, stock rows (in the order of ITEM_NO) and link, until the transaction ends
Repeatable   yes: an answer that was lost is given again, the stock comes back once
Note         The document stays, empty and with a note, so that its number is accounted for; an order that comes back reopens it.
             The store gets a note, never a status: it is cancelled there already.
Example      EXECUTE dbo.sp_CancelOrderFromStaging @STAGING_ID = 1, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CancelOrderFromStaging
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
        @STATE varchar(20),
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @BEFORE_TOT decimal(15, 2),
        @REVISION int,
        @STK_LOC_ID varchar(10),
        @TOT_TYP varchar(1),
        @NOTE nvarchar(max),
        @CLOSED nvarchar(500);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @FINISHED = 'CANCELLED',
            @NOW = @NOW;

        SELECT
            @STATE = staged.STATE,
            @DOC_ID = TRY_CONVERT(bigint, staged.CP_DOC_ID),
            @TKT_NO = staged.TKT_NO,
            @STORE_ID = staged.STORE_ID,
            @WOO_ORDER_ID = staged.WOO_ORDER_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        IF @STATE = 'CANCELLED'
        BEGIN
            ROLLBACK TRANSACTION;
        END;
        ELSE
        BEGIN
            EXECUTE dbo.sp_RequireOpenLink
                @STAGING_ID = @STAGING_ID,
                @ACTION = 'cancel',
                @DOC_ID = @DOC_ID OUTPUT,
                @TKT_NO = @TKT_NO OUTPUT,
                @NOW = @NOW;

            EXECUTE dbo.sp_CheckDocumentState
                @STAGING_ID = @STAGING_ID,
                @ACTION = 'cancel',
                @NOW = @NOW;

            SELECT
                @BEFORE_TOT = link.TOT,
                @REVISION = link.REVISION,
                @STK_LOC_ID = document.STK_LOC_ID
            FROM dbo.USER_ORDER_LINK AS link
            INNER JOIN dbo.PS_DOC_HDR AS document
                ON document.DOC_ID = link.DOC_ID
            WHERE link.STORE_ID = @STORE_ID
            AND   link.WOO_ORDER_ID = @WOO_ORDER_ID;

            SELECT
                @TOT_TYP = setting.VALUE
            FROM dbo.USER_ERP_SETTING AS setting
            WHERE setting.NAME = 'TOT_TYP';

            EXECUTE dbo.sp_ReturnQtyOnSo
                @STORE_ID = @STORE_ID,
                @WOO_ORDER_ID = @WOO_ORDER_ID,
                @LOC_ID = @STK_LOC_ID,
                @NOW = @NOW;

            UPDATE
                dbo.PS_DOC_LIN
            SET
                QTY_SOLD = 0,
                EXT_PRC = 0,
                GROSS_EXT_PRC = 0,
                CALC_EXT_PRC = 0
            WHERE DOC_ID = @DOC_ID;

            UPDATE
                dbo.USER_ORDER_LINE_LINK
            SET
                QTY_SOLD = 0,
                EXT_PRC = 0
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID;

            DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG
            WHERE DOC_ID = @DOC_ID
            AND   TOT_TYP = @TOT_TYP;

            EXECUTE dbo.sp_FollowOrderPayment
                @DOC_ID = @DOC_ID,
                @BEFORE_TOT = @BEFORE_TOT,
                @NOW = @NOW;

            UPDATE
                dbo.PS_DOC_HDR_TOT
            SET
                SUB_TOT = 0,
                TAX_AMT = 0,
                TOT = 0,
                TOT_HDR_DISC = 0,
                TOT_LIN_DISC = 0,
                TOT_MISC = 0,
                AMT_DUE = 0,
                TAX_AMT_SHIPPED = 0
            WHERE DOC_ID = @DOC_ID
            AND   TOT_TYP = @TOT_TYP;

            UPDATE
                dbo.PS_DOC_HDR
            SET
                ORD_LINS = 0,
                SAL_LINS = 0,
                SAL_LIN_TOT = 0,
                LST_MAINT_DT = @NOW,
                LST_MAINT_USR_ID = 'SYNCCTL'
            WHERE DOC_ID = @DOC_ID;

            SELECT
                @NOTE = CONCAT
                (
                    N'Web order ', staged.WOO_ORDER_NO, N' was closed: ', staged.ORD_STATUS, N' in the store. Its total was ',
                    CONVERT(varchar(30), @BEFORE_TOT), N'.'
                )
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STAGING_ID = @STAGING_ID;

            EXECUTE dbo.sp_WriteDocumentNote
                @DOC_ID = @DOC_ID,
                @NOTE_ID = 'SYNC-CANCEL',
                @NOTE = @NOTE,
                @NOW = @NOW;

            UPDATE
                dbo.USER_ORDER_LINK
            SET
                LINK_STATE = 'CLOSED',
                TOT = 0,
                ERP_STATUS_TOLD = 'closed',
                UPDATED_DT = @NOW
            WHERE STORE_ID = @STORE_ID
            AND   WOO_ORDER_ID = @WOO_ORDER_ID;

            UPDATE
                dbo.USER_ORDER_STAGING
            SET
                STATE = 'CANCELLED',
                IS_APPLIED = 0,
                APPLIED_HASH = NULL,
                PENDING_ACTION = NULL,
                VALIDATION_ERROR = NULL,
                ERROR_CLASS = NULL,
                NEXT_ATTEMPT_DT = NULL,
                LEASE_UNTIL_DT = NULL,
                UPDATED_DT = @NOW
            WHERE STAGING_ID = @STAGING_ID;

            SET @CLOSED = CONCAT(N'Order closed in CounterPoint. DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO);

            INSERT INTO dbo.USER_STORE_OUTBOX
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, NOTE, STATE, ATTEMPT_NO, NEXT_ATTEMPT_DT, CREATED_DT
            )
            SELECT
                @STORE_ID,
                @WOO_ORDER_ID,
                @STAGING_ID,
                'cancelled',
                CONCAT('cancelled:', @REVISION),
                @CLOSED,
                'PENDING',
                0,
                @NOW,
                @NOW
            WHERE NOT EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_STORE_OUTBOX AS told
                WHERE told.STORE_ID = @STORE_ID
                AND   told.WOO_ORDER_ID = @WOO_ORDER_ID
                AND   told.DEDUP_KEY = CONCAT('cancelled:', @REVISION)
            );

            INSERT INTO dbo.USER_ORDER_EVENT
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, WORKER_ID, ATTEMPT_NO, MESSAGE
            )
            VALUES
            (
                @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW, 'CANCELLED', @WORKER_ID, @ATTEMPT_NO, @CLOSED
            );

            COMMIT TRANSACTION;
        END;
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
        OUTCOME = 'cancelled';
END;
GO
