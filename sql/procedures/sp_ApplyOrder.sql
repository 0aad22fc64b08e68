SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ApplyOrder
    Does what a claimed order waits for, inside its caller's transaction: the one place where an order's life is written, whatever ERP
    stands behind the port (sp_CreateErpDocument, sp_ChangeErpDocument, sp_CloseErpDocument …).

Called by    sp_ProcessStagedOrder, sp_CreateOrderFromStaging, sp_UpdateOrderFromStaging, sp_CancelOrderFromStaging
Parameters   @STAGING_ID, @WORKER_ID, @ATTEMPT_NO: the fence; @ACTION create, update or cancel; @DOC_ID, @TKT_NO OUTPUT;
             @OUTCOME OUTPUT: created, reopened, already_applied, updated, unchanged, cancelled
Returns      no rows
Errors       50004 no such staging id; 50010 lease lost; 50020 the order waits for something else, or is not validated; 50030 the
             document is shipped, posted, gone, paid or was changed by hand, or the amounts don't add up; 50040 no counterpart
Locks        the order's row first, by an UPDATE: tries at one order take turns. Then customer, number series, document, and the
             stock rows in the order of their items.
Repeatable   yes: the link row (unique for store and order) says that the document is there, and a finished attempt is told again
Example      EXECUTE dbo.sp_ApplyOrder @STAGING_ID = 1, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @ACTION = 'create',
                 @DOC_ID = @DOC_ID OUTPUT, @TKT_NO = @TKT_NO OUTPUT, @OUTCOME = @OUTCOME OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ApplyOrder
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @ACTION varchar(20),
    @DOC_ID bigint OUTPUT,
    @TKT_NO varchar(15) OUTPUT,
    @OUTCOME varchar(20) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @FINISHED varchar(20) = CASE @ACTION WHEN 'cancel' THEN 'CANCELLED' ELSE 'APPLIED' END,
        @EVENT_TYPE varchar(20),
        @MESSAGE nvarchar(2000),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @STATE varchar(20),
        @IS_APPLIED bit,
        @TOT decimal(15, 2),
        @BEFORE_TOT decimal(15, 2),
        @LINK_STATE varchar(20),
        @REVISION int = 0,
        @CUST_NO varchar(15),
        @CHANGES nvarchar(2000),
        @NOTE nvarchar(max),
        @ERP_NAME nvarchar(500),
        @IS_FOUND bit = 0;

    SET @OUTCOME = NULL;

    EXECUTE dbo.sp_FenceStagedOrder
        @STAGING_ID = @STAGING_ID,
        @WORKER_ID = @WORKER_ID,
        @ATTEMPT_NO = @ATTEMPT_NO,
        @FINISHED = @FINISHED,
        @NOW = @NOW;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @STATE = staged.STATE,
        @IS_APPLIED = staged.IS_APPLIED,
        @TOT = ROUND(COALESCE(staged.TOT_AMT, 0), 2),
        @DOC_ID = TRY_CONVERT(bigint, staged.CP_DOC_ID),
        @TKT_NO = staged.TKT_NO
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    /* This same attempt has done it: its answer was lost. */
    IF @STATE = @FINISHED
    BEGIN
        SET @OUTCOME = CASE @ACTION WHEN 'create' THEN 'already_applied' WHEN 'update' THEN 'unchanged' ELSE 'cancelled' END;
        RETURN;
    END;

    EXECUTE dbo.sp_RequireAction
        @STAGING_ID = @STAGING_ID,
        @ACTION = @ACTION;

    SELECT
        @ERP_NAME = erp.ERP_NAME
    FROM dbo.fn_ErpName() AS erp;

    SELECT
        @DOC_ID = linked.DOC_ID,
        @TKT_NO = linked.TKT_NO,
        @LINK_STATE = linked.LINK_STATE,
        @REVISION = linked.REVISION,
        @BEFORE_TOT = linked.TOT
    FROM dbo.USER_ORDER_LINK AS linked
    WHERE linked.STORE_ID = @STORE_ID
    AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID;

    IF @ACTION = 'create' AND (@IS_APPLIED = 1 OR @LINK_STATE = 'OPEN')
    BEGIN
        SET @OUTCOME = 'already_applied';
        SET @MESSAGE = CONCAT(N'The ERP has it already: DOC_ID ', @DOC_ID, N', TKT_NO ', @TKT_NO, N'. Nothing was created.');

        EXECUTE dbo.sp_SettleOrder
            @STAGING_ID = @STAGING_ID,
            @STATE = 'APPLIED',
            @EVENT_TYPE = 'ALREADY_APPLIED',
            @MESSAGE = @MESSAGE,
            @DOC_ID = @DOC_ID,
            @TKT_NO = @TKT_NO,
            @NOW = @NOW;
        RETURN;
    END;

    IF @ACTION IN ('create', 'update')
    BEGIN
        EXECUTE dbo.sp_RequireAction
            @STAGING_ID = @STAGING_ID,
            @ACTION = @ACTION,
            @VALIDATED = 1;
    END;

    IF @ACTION IN ('update', 'cancel')
    BEGIN
        EXECUTE dbo.sp_RequireOpenLink
            @STAGING_ID = @STAGING_ID,
            @ACTION = @ACTION;
    END;

    IF @ACTION IN ('create', 'update')
    BEGIN
        EXECUTE dbo.sp_OrderCustomer
            @STAGING_ID = @STAGING_ID,
            @CUST_NO = @CUST_NO OUTPUT,
            @NOW = @NOW;
    END;

    IF @ACTION = 'create'
    BEGIN
        SET @REVISION = @REVISION + 1;

        SELECT
            @IS_FOUND = state.IS_FOUND
        FROM dbo.fn_ErpDocumentState(@STORE_ID, @WOO_ORDER_ID) AS state
        WHERE @LINK_STATE = 'CLOSED';

        SET @OUTCOME = CASE WHEN @IS_FOUND = 1 THEN 'reopened' ELSE 'created' END;
    END;

    IF @ACTION = 'update'
    BEGIN
        SET @OUTCOME = 'updated';
    END;

    IF @OUTCOME IN ('updated', 'reopened')
    BEGIN
        EXECUTE dbo.sp_CheckDocumentState
            @STAGING_ID = @STAGING_ID,
            @ACTION = 'change',
            @NOW = @NOW;

        EXECUTE dbo.sp_ChangeErpDocument
            @STAGING_ID = @STAGING_ID,
            @CUST_NO = @CUST_NO,
            @CHANGES = @CHANGES OUTPUT,
            @NOW = @NOW;
    END;

    IF @OUTCOME = 'created'
    BEGIN
        DELETE FROM dbo.USER_ORDER_LINE_LINK
        WHERE STORE_ID = @STORE_ID
        AND   WOO_ORDER_ID = @WOO_ORDER_ID;

        EXECUTE dbo.sp_CreateErpDocument
            @STAGING_ID = @STAGING_ID,
            @CUST_NO = @CUST_NO,
            @DOC_ID = @DOC_ID OUTPUT,
            @TKT_NO = @TKT_NO OUTPUT,
            @NOW = @NOW;
    END;

    IF @ACTION = 'cancel'
    BEGIN
        SET @OUTCOME = 'cancelled';
        SET @TOT = 0;

        EXECUTE dbo.sp_CheckDocumentState
            @STAGING_ID = @STAGING_ID,
            @ACTION = 'cancel',
            @NOW = @NOW;

        EXECUTE dbo.sp_CloseErpDocument
            @STAGING_ID = @STAGING_ID,
            @NOW = @NOW;

        SELECT
            @NOTE = CONCAT
            (
                N'Web order ', staged.WOO_ORDER_NO, N' was closed: ', staged.ORD_STATUS, N' in the store. Its total was ',
                CONVERT(varchar(30), @BEFORE_TOT), N'.'
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        EXECUTE dbo.sp_WriteErpNote
            @DOC_ID = @DOC_ID,
            @NOTE_ID = 'SYNC-CANCEL',
            @NOTE = @NOTE,
            @NOW = @NOW;
    END;

    EXECUTE dbo.sp_WriteOrderLink
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @TKT_NO = @TKT_NO,
        @REVISION = @REVISION,
        @OUTCOME = @OUTCOME,
        @TOT = @TOT,
        @NOW = @NOW;

    SET @EVENT_TYPE = UPPER(@OUTCOME);
    SET @MESSAGE = CASE @OUTCOME
        WHEN 'updated' THEN CONCAT
        (
            N'Order updated in ', @ERP_NAME, N'. DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO, N': ', @CHANGES, N'total ',
            CONVERT(varchar(30), @BEFORE_TOT), N' → ', CONVERT(varchar(30), @TOT)
        )
        WHEN 'cancelled' THEN CONCAT(N'Order closed in ', @ERP_NAME, N'. DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO)
        ELSE CONCAT(N'DOC_ID: ', @DOC_ID, N', TKT_NO: ', @TKT_NO)
    END;

    EXECUTE dbo.sp_SettleOrder
        @STAGING_ID = @STAGING_ID,
        @STATE = @FINISHED,
        @EVENT_TYPE = @EVENT_TYPE,
        @MESSAGE = @MESSAGE,
        @DOC_ID = @DOC_ID,
        @TKT_NO = @TKT_NO,
        @CUST_NO = @CUST_NO,
        @NOW = @NOW;

    EXECUTE dbo.sp_TellStoreOfOrder
        @STAGING_ID = @STAGING_ID,
        @DOC_ID = @DOC_ID,
        @TKT_NO = @TKT_NO,
        @REVISION = @REVISION,
        @OUTCOME = @OUTCOME,
        @NOW = @NOW;
END;
GO
