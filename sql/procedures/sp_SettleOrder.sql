SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SettleOrder
    Ends a fenced order's attempt with success: its staging row APPLIED or CANCELLED, and the event that says so.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @STATE APPLIED or CANCELLED; @DOC_ID, @TKT_NO, @CUST_NO: NULL leaves the row's; @EVENT_TYPE and @MESSAGE
Returns      no rows
Errors       none
Locks        the order's row, which the caller holds
Repeatable   yes
Note         Owner and attempt stay on the row, so that the same call, sent again because its answer was lost, is told from another
             worker's.
Example      EXECUTE dbo.sp_SettleOrder @STAGING_ID = 1, @STATE = 'APPLIED', @DOC_ID = 42, @TKT_NO = '101-1', @EVENT_TYPE = 'CREATED',
                 @MESSAGE = N'DOC_ID: 42, TKT_NO: 101-1';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SettleOrder
    @STAGING_ID int,
    @STATE varchar(20),
    @EVENT_TYPE varchar(20),
    @MESSAGE nvarchar(max),
    @DOC_ID bigint = NULL,
    @TKT_NO varchar(15) = NULL,
    @CUST_NO varchar(15) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    UPDATE
        dbo.USER_ORDER_STAGING
    SET
        STATE = @STATE,
        STATE_REASON = CASE WHEN @STATE = 'APPLIED' THEN NULL ELSE STATE_REASON END,
        IS_APPLIED = CASE WHEN @STATE = 'APPLIED' THEN 1 ELSE 0 END,
        APPLIED_DT = CASE WHEN @STATE = 'APPLIED' THEN @NOW ELSE APPLIED_DT END,
        APPLIED_HASH = CASE WHEN @STATE = 'APPLIED' THEN CONTENT_HASH END,
        CP_DOC_ID = COALESCE(CONVERT(varchar(15), @DOC_ID), CP_DOC_ID),
        TKT_NO = COALESCE(@TKT_NO, TKT_NO),
        CUST_NO = COALESCE(@CUST_NO, CUST_NO),
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
        @EVENT_TYPE,
        staged.LEASE_OWNER,
        staged.ATTEMPT_NO,
        @MESSAGE
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;
END;
GO
