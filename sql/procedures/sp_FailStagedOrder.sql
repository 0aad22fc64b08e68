SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FailStagedOrder
    Notes a failed attempt at a claimed order and decides what follows, by USER_RETRY_POLICY, the order's own MAX_ATTEMPTS or,
    before both and this time only, @MAX_ATTEMPTS.

Called by    syncctl process, syncctl retry-failed
Returns      one row: STAGING_ID, STATE (FAILED or NEEDS_MANUAL_REVIEW), NEXT_ATTEMPT_DT
Errors       50001 bad argument; 50004 no such staging id; 50010 lease lost
Locks        the order's row, for this short transaction
Repeatable   no: the second time the lease is lost
Note         VALIDATION_ERROR becomes '[Attempt n/m] message' (n = @RUN_ATTEMPT, m = @RUN_ATTEMPTS); without the prefix where the class goes
             to a person at once. A conflict with the ERP's document is noted on the document and told to the store, too.
Example      EXECUTE dbo.sp_FailStagedOrder @STAGING_ID = 123, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @ERROR_CLASS = 'deadlock',
                 @ERROR_CODE = '1205', @MESSAGE = N'…', @RUN_ATTEMPT = 1, @RUN_ATTEMPTS = 3, @RETRY_AFTER_SECONDS = 2;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FailStagedOrder
    @STAGING_ID int,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @ERROR_CLASS varchar(20),
    @ERROR_CODE varchar(50),
    @MESSAGE nvarchar(max),
    @RUN_ATTEMPT int = 1,
    @RUN_ATTEMPTS int = 1,
    @RETRY_AFTER_SECONDS decimal(15, 4) = NULL,
    @JITTER decimal(15, 4) = NULL,
    @MAX_ATTEMPTS int = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@ERROR_CLASS, '') IS NULL THEN N'@ERROR_CLASS is required. ' END,
        CASE WHEN NULLIF(@MESSAGE, N'') IS NULL THEN N'@MESSAGE is required. ' END,
        CASE WHEN @RUN_ATTEMPT IS NULL OR @RUN_ATTEMPT < 1 THEN N'@RUN_ATTEMPT takes 1 or more. ' END,
        CASE WHEN @RUN_ATTEMPTS IS NULL OR @RUN_ATTEMPTS < @RUN_ATTEMPT THEN N'@RUN_ATTEMPTS takes @RUN_ATTEMPT or more. ' END,
        CASE WHEN @JITTER NOT BETWEEN 0 AND 1 THEN N'@JITTER takes 0 to 1. ' END,
        CASE WHEN @MAX_ATTEMPTS NOT BETWEEN 1 AND 100 THEN N'@MAX_ATTEMPTS takes 1 to 100. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @STATE varchar(20) = 'FAILED';
    DECLARE @POLICY_ATTEMPTS int;
    DECLARE @DESTINATION varchar(20);
    DECLARE @NEXT_ATTEMPT_DT datetime2(3);
    DECLARE @TEXT nvarchar(500);
    DECLARE @DOC_ID bigint;
    DECLARE @NOTE nvarchar(max);
    DECLARE @DEDUP_KEY nvarchar(100);

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceStagedOrder
            @STAGING_ID = @STAGING_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        EXECUTE dbo.sp_PlanRetry
            @ERROR_CLASS = @ERROR_CLASS,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @RETRY_AFTER_SECONDS = @RETRY_AFTER_SECONDS,
            @JITTER = @JITTER,
            @MAX_ATTEMPTS = @POLICY_ATTEMPTS OUTPUT,
            @DESTINATION = @DESTINATION OUTPUT,
            @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT,
            @NOW = @NOW;

        SELECT
            @MAX_ATTEMPTS = COALESCE(@MAX_ATTEMPTS, staged.MAX_ATTEMPTS, @POLICY_ATTEMPTS)
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        IF @DESTINATION = 'review' OR @ATTEMPT_NO >= @MAX_ATTEMPTS
        BEGIN
            SET @STATE = 'NEEDS_MANUAL_REVIEW';
            SET @NEXT_ATTEMPT_DT = NULL;
        END;

        SET @TEXT = LEFT
        (
            CONCAT
            (
                CASE WHEN @DESTINATION <> 'review' THEN CONCAT(N'[Attempt ', @RUN_ATTEMPT, N'/', @RUN_ATTEMPTS, N'] ') END,
                @MESSAGE
            ),
            500
        );

        /* Never half a character: the first half of a pair at the end goes too. */
        IF UNICODE(RIGHT(@TEXT, 1)) BETWEEN 55296 AND 56319
        BEGIN
            SET @TEXT = LEFT(@TEXT, LEN(@TEXT) - 1);
        END;

        INSERT INTO dbo.USER_ORDER_ATTEMPT
            (STAGING_ID, ATTEMPT_DT, ATTEMPT_NO, WORKER_ID, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE)
        SELECT
            staged.STAGING_ID,
            @NOW,
            staged.ATTEMPT_NO,
            staged.LEASE_OWNER,
            staged.PENDING_ACTION,
            @ERROR_CLASS,
            @ERROR_CODE,
            @MESSAGE
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        UPDATE dbo.USER_ORDER_STAGING
        SET
            STATE = @STATE,
            ERROR_CLASS = @ERROR_CLASS,
            VALIDATION_ERROR = @TEXT,
            NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT,
            LEASE_OWNER = NULL,
            LEASE_UNTIL_DT = NULL
        WHERE STAGING_ID = @STAGING_ID;

        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        SELECT
            staged.STORE_ID,
            staged.WOO_ORDER_ID,
            staged.STAGING_ID,
            @NOW,
            CASE WHEN @STATE = 'FAILED' THEN 'FAILED' ELSE 'REVIEW' END,
            NULL,
            @WORKER_ID,
            @ATTEMPT_NO,
            CONCAT
            (
                CASE WHEN @DESTINATION <> 'review' THEN CONCAT(N'[Attempt ', @RUN_ATTEMPT, N'/', @RUN_ATTEMPTS, N'] ') END,
                @MESSAGE
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

        IF @STATE = 'NEEDS_MANUAL_REVIEW'
        BEGIN
            EXECUTE dbo.sp_WriteDeadLetter
                @STAGING_ID = @STAGING_ID,
                @ERROR_CLASS = @ERROR_CLASS,
                @ERROR_CODE = @ERROR_CODE,
                @MESSAGE = @MESSAGE,
                @NOW = @NOW;
        END;

        IF @STATE = 'NEEDS_MANUAL_REVIEW' AND @ERROR_CLASS = 'conflict'
        BEGIN
            SELECT
                @DOC_ID = link.DOC_ID
            FROM dbo.USER_ORDER_STAGING AS staged
            INNER JOIN dbo.USER_ORDER_LINK AS link
                ON  link.STORE_ID = staged.STORE_ID
                AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
            WHERE staged.STAGING_ID = @STAGING_ID;
        END;

        IF @DOC_ID IS NOT NULL
        BEGIN
            SET @NOTE = CONCAT(N'syncctl: this order needs a person. ', @MESSAGE);

            EXECUTE dbo.sp_WriteErpNote
                @DOC_ID = @DOC_ID,
                @NOTE_ID = 'SYNC-REVIEW',
                @NOTE = @NOTE,
                @NOW = @NOW;

            SELECT
                @DEDUP_KEY = CONCAT(N'review:', staged.PENDING_ACTION, N':', staged.CONTENT_HASH)
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STAGING_ID = @STAGING_ID;

            EXECUTE dbo.sp_QueueOrderMessage
                @STAGING_ID = @STAGING_ID,
                @KIND = 'review',
                @DEDUP_KEY = @DEDUP_KEY,
                @NOTE = @NOTE,
                @NOW = @NOW;
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
        STATE = @STATE,
        NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT;
END;
GO
