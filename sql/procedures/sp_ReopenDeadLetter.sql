SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReopenDeadLetter
    Puts an order that a person gave up (dead-letter cancel, or a rollback for good) back into review, with a new dead letter that says
    what the old one said. One that is in review already stays as it is.

Called by    sp_DecideDeadLetter, inside its transaction
Parameters   @SAID  who decides and why, for the order's story
Returns      nothing
Errors       50004 no such staging id; 50020 no person gave the order up, or it has moved on since
Locks        the order's row, by the UPDATE that checks its state again
Repeatable   yes: the second call changes nothing
Note         STATE_REASON tells whether the order still is as the decision left it: whatever happens to an order writes it.
Example      EXECUTE dbo.sp_ReopenDeadLetter @STAGING_ID = 123, @SAID = N'reopen decided by ada';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReopenDeadLetter
    @STAGING_ID int,
    @SAID nvarchar(700),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @STORE_ID varchar(50);
    DECLARE @WOO_ORDER_ID bigint;
    DECLARE @STATE varchar(20);
    DECLARE @STATE_REASON nvarchar(500);
    DECLARE @STATUS_GROUP varchar(20);
    DECLARE @NAME nvarchar(200);
    DECLARE @ORD_STATUS varchar(20);
    DECLARE @MESSAGE nvarchar(2000);
    DECLARE @CHANGED int = 0;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @STATE = staged.STATE,
        @STATE_REASON = staged.STATE_REASON,
        @STATUS_GROUP = staged.STATUS_GROUP,
        @ORD_STATUS = staged.ORD_STATUS,
        @NAME = CONCAT
        (
            N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(varchar(20), staged.WOO_ORDER_ID)),
            N' (staging id ', staged.STAGING_ID, N')'
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF @NAME IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    IF @STATE = 'NEEDS_MANUAL_REVIEW'
    BEGIN
        RETURN;
    END;

    DECLARE @ACTION varchar(20);
    DECLARE @REASON nvarchar(500);
    DECLARE @ERROR_CLASS varchar(20);
    DECLARE @ERROR_CODE varchar(50);
    DECLARE @ERROR_MESSAGE nvarchar(max);

    SELECT
        @ACTION = letter.PENDING_ACTION,
        @ERROR_CLASS = letter.ERROR_CLASS,
        @ERROR_CODE = letter.ERROR_CODE,
        @ERROR_MESSAGE = letter.ERROR_MESSAGE
    FROM dbo.USER_ORDER_DEAD_LETTER AS letter
    WHERE letter.DEAD_LETTER_ID =
    (
        SELECT MAX(latest.DEAD_LETTER_ID)
        FROM dbo.USER_ORDER_DEAD_LETTER AS latest
        WHERE latest.STAGING_ID = @STAGING_ID
    )
    AND   letter.DECISION = 'cancel'
    AND   @STATE_REASON = LEFT(CONCAT(N'cancel decided by ', letter.DECIDED_BY, N': ' + NULLIF(letter.DECISION_REASON, N'')), 500);

    IF @ACTION = 'cancel'
    BEGIN
        /* The note on a cancelled ERP document quotes why the store cancelled. */
        SELECT TOP (1)
            @REASON = LEFT(event.MESSAGE, 500)
        FROM dbo.USER_ORDER_EVENT AS event
        WHERE event.STORE_ID = @STORE_ID
        AND   event.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   event.EVENT_TYPE = 'CANCEL_STAGED'
        ORDER BY
            event.EVENT_ID DESC;
    END;

    IF @ERROR_CLASS IS NULL
    AND @STATE = 'CANCELLED'
    AND EXISTS
    (
        SELECT 1
        FROM dbo.USER_ORDER_LINK AS link
        WHERE link.STORE_ID = @STORE_ID
        AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
        AND   link.LINK_STATE = 'ROLLED_BACK'
    )
    BEGIN
        IF @STATUS_GROUP <> 'live'
        BEGIN
            SET @MESSAGE = CONCAT
            (
                @NAME, N' is ', @ORD_STATUS, N' in the store: it must not be created again, so there is nothing to reopen.'
            );
            THROW 50020, @MESSAGE, 1;
        END;

        SET @ACTION = 'create';
        SET @ERROR_CLASS = 'conflict';
        SET @ERROR_MESSAGE = @STATE_REASON;
    END;

    /* Never half a character: the first half of a pair at the end goes too. */
    DECLARE @TEXT nvarchar(500) = LEFT(@ERROR_MESSAGE, 500);

    IF UNICODE(RIGHT(@TEXT, 1)) BETWEEN 55296 AND 56319
    BEGIN
        SET @TEXT = LEFT(@TEXT, LEN(@TEXT) - 1);
    END;

    IF @ERROR_CLASS IS NOT NULL
    BEGIN
        UPDATE
            dbo.USER_ORDER_STAGING
        SET
            STATE = 'NEEDS_MANUAL_REVIEW',
            PENDING_ACTION = @ACTION,
            STATE_REASON = @REASON,
            ERROR_CLASS = @ERROR_CLASS,
            VALIDATION_ERROR = @TEXT,
            NEXT_ATTEMPT_DT = CASE WHEN @ERROR_CLASS = 'unreadable' THEN @NOW END,
            UPDATED_DT = @NOW
        WHERE STAGING_ID = @STAGING_ID
        AND   STATE = @STATE
        AND   STATE_REASON = @STATE_REASON;

        SET @CHANGED = @@ROWCOUNT;
    END;

    IF @CHANGED = 0
    BEGIN
        SET @MESSAGE = CONCAT
        (
            @NAME, N' is ', @STATE, N' (' + @STATE_REASON + N')',
            N': nobody gave it up, or it has moved on since; there is nothing to reopen.'
        );
        THROW 50020, @MESSAGE, 1;
    END;

    EXECUTE dbo.sp_WriteDeadLetter
        @STAGING_ID = @STAGING_ID,
        @ERROR_CLASS = @ERROR_CLASS,
        @ERROR_CODE = @ERROR_CODE,
        @MESSAGE = @ERROR_MESSAGE,
        @NOW = @NOW;

    INSERT INTO dbo.USER_ORDER_EVENT
    (
        STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
    )
    VALUES
    (
        @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW, 'REOPEN_DECIDED', @SAID
    );
END;
GO
