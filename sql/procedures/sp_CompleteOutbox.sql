SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CompleteOutbox
    Notes messages as delivered, or as dropped with the reason: those of one delivery, in one call.

Called by    syncctl process, syncctl retry-failed, syncctl sync-status
Parameters   @WORKER_ID; @MESSAGES a JSON array of {"id": OUTBOX_ID, "attempt": ATTEMPT_NO, "result": "delivered" or "dropped",
             "detail": text or null}
Returns      one row per message of the array: OUTBOX_ID, STATE (DONE, DROPPED; or LOST, where another worker or attempt holds it, nobody
             does, or there is none: nothing was written of that one)
Errors       50001 bad argument
Locks        the messages' rows, for this short transaction
Repeatable   yes: the same attempt may say so twice; what it said first stands
Example      EXECUTE dbo.sp_CompleteOutbox @WORKER_ID = N'host-1234', @MESSAGES = N'[{"id": 42, "attempt": 1, "result": "delivered"}]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CompleteOutbox
    @WORKER_ID nvarchar(100),
    @MESSAGES nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    IF COALESCE(ISJSON(@MESSAGES), 0) = 0
    BEGIN
        THROW 50001, N'@MESSAGES takes a JSON array.', 1;
    END;

    DECLARE @TOLD table
    (
        OUTBOX_ID bigint NOT NULL PRIMARY KEY,
        ATTEMPT_NO int NOT NULL,
        STATE varchar(20) NULL,
        DETAIL nvarchar(500) NULL
    );

    DECLARE @FINISHED table
    (
        OUTBOX_ID bigint NOT NULL PRIMARY KEY
    );

    INSERT INTO @TOLD (OUTBOX_ID, ATTEMPT_NO, STATE, DETAIL)
    SELECT
        given.OUTBOX_ID,
        given.ATTEMPT_NO,
        CASE given.RESULT WHEN 'delivered' THEN 'DONE' WHEN 'dropped' THEN 'DROPPED' END,
        given.DETAIL
    FROM OPENJSON(@MESSAGES)
    WITH
    (
        OUTBOX_ID bigint '$.id',
        ATTEMPT_NO int '$.attempt',
        RESULT varchar(20) '$.result',
        DETAIL nvarchar(500) '$.detail'
    ) AS given;

    IF EXISTS (SELECT 1 FROM @TOLD AS told WHERE told.STATE IS NULL)
    BEGIN
        THROW 50001, N'@MESSAGES: each result is delivered or dropped.', 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        /* The fence, as an UPDATE and not a hint: it holds each row on every engine and isolation level. */
        UPDATE dbo.USER_STORE_OUTBOX
        SET LEASE_UNTIL_DT = NULL
        OUTPUT
            inserted.OUTBOX_ID
        INTO @FINISHED (OUTBOX_ID)
        WHERE STATE = 'CLAIMED'
        AND   LEASE_OWNER = @WORKER_ID
        AND   OUTBOX_ID IN
        (
            SELECT
                held.OUTBOX_ID
            FROM @TOLD AS told
            INNER JOIN dbo.USER_STORE_OUTBOX AS held
                ON  held.OUTBOX_ID = told.OUTBOX_ID
                AND held.ATTEMPT_NO = told.ATTEMPT_NO
        );

        UPDATE message
        SET
            STATE = told.STATE,
            DETAIL = told.DETAIL,
            DELIVERED_DT = CASE WHEN told.STATE = 'DONE' THEN @NOW END,
            ERROR_CLASS = NULL,
            ERROR_CODE = NULL,
            ERROR_MESSAGE = NULL
        FROM dbo.USER_STORE_OUTBOX AS message
        INNER JOIN @FINISHED AS finished
            ON finished.OUTBOX_ID = message.OUTBOX_ID
        INNER JOIN @TOLD AS told
            ON told.OUTBOX_ID = message.OUTBOX_ID;

        INSERT INTO dbo.USER_ORDER_EVENT
            (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
        SELECT
            message.STORE_ID,
            message.WOO_ORDER_ID,
            message.STAGING_ID,
            @NOW,
            CASE WHEN message.STATE = 'DONE' THEN 'WRITTEN_BACK' ELSE 'WRITE_BACK_DROPPED' END,
            NULL,
            @WORKER_ID,
            message.ATTEMPT_NO,
            CONCAT(message.KIND, N': ', COALESCE(NULLIF(message.DETAIL, N''), NULLIF(message.NOTE, N''), message.TARGET_STATUS))
        FROM @FINISHED AS finished
        INNER JOIN dbo.USER_STORE_OUTBOX AS message
            ON message.OUTBOX_ID = finished.OUTBOX_ID
        ORDER BY
            message.OUTBOX_ID;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    /* What this same attempt had finished before is finished: the first answer was lost. */
    SELECT
        told.OUTBOX_ID,
        STATE = CONVERT(varchar(20), CASE WHEN message.STATE IN ('DONE', 'DROPPED') THEN message.STATE ELSE 'LOST' END)
    FROM @TOLD AS told
    LEFT JOIN dbo.USER_STORE_OUTBOX AS message
        ON  message.OUTBOX_ID = told.OUTBOX_ID
        AND message.LEASE_OWNER = @WORKER_ID
        AND message.ATTEMPT_NO = told.ATTEMPT_NO
    ORDER BY
        told.OUTBOX_ID;
END;
GO
