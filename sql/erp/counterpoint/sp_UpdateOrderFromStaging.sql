SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_UpdateOrderFromStaging
    Brings the CounterPoint document of a claimed order in line with the order as it is staged now, in one transaction.

Called by    syncctl process, syncctl retry-failed
Returns      one row: STAGING_ID, DOC_ID, TKT_NO, OUTCOME: updated, or unchanged where this same attempt has done it already
Errors       50004 no such staging id; 50010 lease lost; 50020 the order waits for something else, or is not validated;
             50030 the document is shipped, posted, gone or was changed by hand, or the total does not add up; 50040 no counterpart
Locks        staging row, document, stock rows (in the order of ITEM_NO) and link, until the transaction ends
Repeatable   yes: an answer that was lost is given again
Note         Any failure leaves the document as it was. The store is told nothing: it knows.
Example      EXECUTE dbo.sp_UpdateOrderFromStaging @STAGING_ID = 1, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_UpdateOrderFromStaging
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
        @OUTCOME varchar(20) = 'updated',
        @STATE varchar(20),
        @DOC_ID bigint,
        @TKT_NO varchar(15),
        @CHANGES nvarchar(2000);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @FINISHED = 'APPLIED',
            @NOW = @NOW;

        SELECT
            @STATE = staged.STATE,
            @DOC_ID = TRY_CONVERT(bigint, staged.CP_DOC_ID),
            @TKT_NO = staged.TKT_NO
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        IF @STATE = 'APPLIED'
        BEGIN
            SET @OUTCOME = 'unchanged';
            ROLLBACK TRANSACTION;
        END;
        ELSE
        BEGIN
            EXECUTE dbo.sp_RequireOpenLink
                @STAGING_ID = @STAGING_ID,
                @ACTION = 'update',
                @DOC_ID = @DOC_ID OUTPUT,
                @TKT_NO = @TKT_NO OUTPUT,
                @NOW = @NOW;

            EXECUTE dbo.sp_FollowStagedOrder
                @STAGING_ID = @STAGING_ID,
                @CHANGES = @CHANGES OUTPUT,
                @NOW = @NOW;

            UPDATE
                dbo.USER_ORDER_STAGING
            SET
                STATE = 'APPLIED',
                STATE_REASON = NULL,
                IS_APPLIED = 1,
                APPLIED_DT = @NOW,
                APPLIED_HASH = CONTENT_HASH,
                CP_DOC_ID = CONVERT(varchar(15), @DOC_ID),
                TKT_NO = @TKT_NO,
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
            SELECT
                staged.STORE_ID,
                staged.WOO_ORDER_ID,
                staged.STAGING_ID,
                @NOW,
                'UPDATED',
                @WORKER_ID,
                @ATTEMPT_NO,
                CONCAT(N'Order updated in CounterPoint. DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO, N': ', @CHANGES)
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STAGING_ID = @STAGING_ID;

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
        OUTCOME = @OUTCOME;
END;
GO
