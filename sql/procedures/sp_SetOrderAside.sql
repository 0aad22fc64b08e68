SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetOrderAside
    Sets aside an order whose latest version in the store can't be read: NEEDS_MANUAL_REVIEW of the class unreadable, with a dead
    letter. Its content, its document, its reason and what was to be done with it stay, so that it can go on when it is read again.

Called by    sp_StageOrders, inside its transaction
Parameters   @BROKEN_LEASE  said behind the message where a worker held the order
Returns      nothing
Errors       none of its own
Locks        the order's row and its open dead letter
Repeatable   yes: each time counts as one more attempt to read the order; the next is due by the retry policy of the class, none after
             the last
Example      EXECUTE dbo.sp_SetOrderAside @STAGING_ID = 123, @SYNC_ID = 'by-hand', @ERROR_CODE = '500', @MESSAGE = N'…',
                 @BROKEN_LEASE = NULL;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetOrderAside
    @STAGING_ID int,
    @SYNC_ID varchar(50),
    @ERROR_CODE varchar(50),
    @MESSAGE nvarchar(500),
    @BROKEN_LEASE nvarchar(200),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @WAS_ASIDE bit;
    DECLARE @SAID nvarchar(500);
    DECLARE @ATTEMPT_NO int;
    DECLARE @MAX_ATTEMPTS int;
    DECLARE @DESTINATION varchar(20);
    DECLARE @NEXT_ATTEMPT_DT datetime2(3);

    SELECT
        @WAS_ASIDE = CASE WHEN staged.STATE = 'NEEDS_MANUAL_REVIEW' AND staged.ERROR_CLASS = 'unreadable' THEN 1 ELSE 0 END,
        @SAID = staged.VALIDATION_ERROR,
        @ATTEMPT_NO = staged.ATTEMPT_NO
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SET @ATTEMPT_NO = CASE WHEN @WAS_ASIDE = 1 THEN @ATTEMPT_NO + 1 ELSE 1 END;

    EXECUTE dbo.sp_PlanRetry
        @ERROR_CLASS = 'unreadable',
        @ATTEMPT_NO = @ATTEMPT_NO,
        @RETRY_AFTER_SECONDS = NULL,
        @JITTER = NULL,
        @MAX_ATTEMPTS = @MAX_ATTEMPTS OUTPUT,
        @DESTINATION = @DESTINATION OUTPUT,
        @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT,
        @NOW = @NOW;

    UPDATE dbo.USER_ORDER_STAGING
    SET
        STATE = 'NEEDS_MANUAL_REVIEW',
        ERROR_CLASS = 'unreadable',
        VALIDATION_ERROR = @MESSAGE,
        ATTEMPT_NO = @ATTEMPT_NO,
        NEXT_ATTEMPT_DT = CASE WHEN @ATTEMPT_NO < @MAX_ATTEMPTS THEN @NEXT_ATTEMPT_DT END,
        LEASE_OWNER = NULL,
        LEASE_UNTIL_DT = NULL,
        READ_MARK = NULL,
        UPDATED_DT = @NOW
    WHERE STAGING_ID = @STAGING_ID;

    INSERT INTO dbo.USER_ORDER_ATTEMPT
        (STAGING_ID, ATTEMPT_DT, ATTEMPT_NO, WORKER_ID, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE)
    SELECT
        staged.STAGING_ID,
        @NOW,
        @ATTEMPT_NO,
        NULL,
        staged.PENDING_ACTION,
        'unreadable',
        @ERROR_CODE,
        @MESSAGE
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    /* The same finding again is an attempt more, and no news. */
    INSERT INTO dbo.USER_ORDER_EVENT
        (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, MESSAGE)
    SELECT
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.STAGING_ID,
        @NOW,
        'REVIEW',
        @SYNC_ID,
        CONCAT(@MESSAGE, @BROKEN_LEASE)
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   (@WAS_ASIDE = 0 OR COALESCE(@SAID, N'') <> @MESSAGE);

    EXECUTE dbo.sp_WriteDeadLetter
        @STAGING_ID = @STAGING_ID,
        @ERROR_CLASS = 'unreadable',
        @ERROR_CODE = @ERROR_CODE,
        @MESSAGE = @MESSAGE,
        @NOW = @NOW;
END;
GO
