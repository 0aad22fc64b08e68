SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FailOutbox
    Notes a failed delivery; the retry policy of its class says when the message is tried again, and when no more.

Called by    syncctl process, syncctl retry-failed, syncctl sync-status
Returns      one row: OUTBOX_ID, STATE (PENDING, or FAILED for a person), NEXT_ATTEMPT_DT
Errors       50001 bad argument; 50004 no such message; 50010 lease lost
Locks        the message's row, for this short transaction
Repeatable   no: the second time the lease is lost
Example      EXECUTE dbo.sp_FailOutbox @OUTBOX_ID = 42, @WORKER_ID = N'host-1234', @ATTEMPT_NO = 1, @ERROR_CLASS = 'store',
                 @ERROR_CODE = '503', @MESSAGE = N'…';
*/
CREATE OR ALTER PROCEDURE dbo.sp_FailOutbox
    @OUTBOX_ID bigint,
    @WORKER_ID nvarchar(100),
    @ATTEMPT_NO int,
    @ERROR_CLASS varchar(20),
    @ERROR_CODE varchar(50),
    @MESSAGE nvarchar(max),
    @RETRY_AFTER_SECONDS decimal(15, 4) = NULL,
    @JITTER decimal(15, 4) = NULL,
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
        CASE WHEN @JITTER NOT BETWEEN 0 AND 1 THEN N'@JITTER takes 0 to 1. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @STATE varchar(20) = 'PENDING';
    DECLARE @MAX_ATTEMPTS int;
    DECLARE @DESTINATION varchar(20);
    DECLARE @NEXT_ATTEMPT_DT datetime2(3);
    DECLARE @TEXT nvarchar(500) = LEFT(@MESSAGE, 500);

    /* Never half a character: the first half of a pair at the end goes too. */
    IF UNICODE(RIGHT(@TEXT, 1)) BETWEEN 55296 AND 56319
    BEGIN
        SET @TEXT = LEFT(@TEXT, LEN(@TEXT) - 1);
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        EXECUTE dbo.sp_FenceOutbox
            @OUTBOX_ID = @OUTBOX_ID,
            @WORKER_ID = @WORKER_ID,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @NOW = @NOW;

        EXECUTE dbo.sp_PlanRetry
            @ERROR_CLASS = @ERROR_CLASS,
            @ATTEMPT_NO = @ATTEMPT_NO,
            @RETRY_AFTER_SECONDS = @RETRY_AFTER_SECONDS,
            @JITTER = @JITTER,
            @MAX_ATTEMPTS = @MAX_ATTEMPTS OUTPUT,
            @DESTINATION = @DESTINATION OUTPUT,
            @NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT OUTPUT,
            @NOW = @NOW;

        IF @DESTINATION = 'review' OR @ATTEMPT_NO >= @MAX_ATTEMPTS
        BEGIN
            SET @STATE = 'FAILED';
            SET @NEXT_ATTEMPT_DT = NULL;
        END;

        UPDATE dbo.USER_STORE_OUTBOX
        SET
            STATE = @STATE,
            NEXT_ATTEMPT_DT = COALESCE(@NEXT_ATTEMPT_DT, NEXT_ATTEMPT_DT),
            ERROR_CLASS = @ERROR_CLASS,
            ERROR_CODE = @ERROR_CODE,
            ERROR_MESSAGE = @TEXT,
            LEASE_OWNER = NULL,
            LEASE_UNTIL_DT = NULL
        WHERE OUTBOX_ID = @OUTBOX_ID;

        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        SELECT
            message.STORE_ID,
            message.WOO_ORDER_ID,
            message.STAGING_ID,
            @NOW,
            'WRITE_BACK_FAILED',
            NULL,
            @WORKER_ID,
            @ATTEMPT_NO,
            CONCAT(message.KIND, N': ', @MESSAGE)
        FROM dbo.USER_STORE_OUTBOX AS message
        WHERE message.OUTBOX_ID = @OUTBOX_ID;

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
        OUTBOX_ID = @OUTBOX_ID,
        STATE = @STATE,
        NEXT_ATTEMPT_DT = @NEXT_ATTEMPT_DT;
END;
GO
