SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RetryOutbox
    Makes FAILED and waiting messages due now, their attempts counted afresh: one, or with NULL all.

Called by    syncctl write-back retry
Returns      one row per message that it changed: OUTBOX_ID, STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, TARGET_STATUS, NOTE, STATE, ATTEMPT_NO,
             NEXT_ATTEMPT_DT, ERROR_MESSAGE, CREATED_DT, DELIVERED_DT
Errors       50004 no such message
Locks        the rows it changes
Repeatable   yes
Example      EXECUTE dbo.sp_RetryOutbox @OUTBOX_ID = 42;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RetryOutbox
    @OUTBOX_ID bigint = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @CHANGED table
    (
        OUTBOX_ID bigint NOT NULL PRIMARY KEY
    );

    IF @OUTBOX_ID IS NOT NULL AND NOT EXISTS (SELECT 1 FROM dbo.USER_STORE_OUTBOX AS message WHERE message.OUTBOX_ID = @OUTBOX_ID)
    BEGIN
        SET @MESSAGE = CONCAT(N'Outbox id ', @OUTBOX_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    UPDATE dbo.USER_STORE_OUTBOX
    SET
        STATE = 'PENDING',
        ATTEMPT_NO = 0,
        NEXT_ATTEMPT_DT = @NOW
    OUTPUT
        inserted.OUTBOX_ID
    INTO @CHANGED (OUTBOX_ID)
    WHERE (@OUTBOX_ID IS NULL OR OUTBOX_ID = @OUTBOX_ID)
    AND   (STATE = 'FAILED' OR (STATE = 'PENDING' AND NEXT_ATTEMPT_DT > @NOW));

    SELECT
        message.OUTBOX_ID,
        message.STORE_ID,
        message.WOO_ORDER_ID,
        message.STAGING_ID,
        message.KIND,
        message.TARGET_STATUS,
        message.NOTE,
        message.STATE,
        message.ATTEMPT_NO,
        message.NEXT_ATTEMPT_DT,
        message.ERROR_MESSAGE,
        message.CREATED_DT,
        message.DELIVERED_DT
    FROM @CHANGED AS changed
    INNER JOIN dbo.USER_STORE_OUTBOX AS message
        ON message.OUTBOX_ID = changed.OUTBOX_ID
    ORDER BY
        message.OUTBOX_ID;
END;
GO
