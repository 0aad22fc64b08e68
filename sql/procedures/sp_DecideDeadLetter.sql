SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_DecideDeadLetter
    Decides on an order in NEEDS_MANUAL_REVIEW, or takes such a decision back. The dead letter stays, with who decided what and why.

Called by    syncctl dead-letter retry|cancel|reopen
Parameters   @DECISION   retry   PENDING again, attempts from nought; an order that could not be read from the store stays in review, and
                                 the next stage asks the store for it
                         cancel  SKIPPED where the order never reached the ERP, APPLIED as it stands where it did
                         reopen  what a person gave up (cancel, or a rollback for good) into review again, with a new dead letter
Returns      STAGING_ID, STATE
Errors       50001 bad argument; 50004 no such staging id; 50020 the order isn't in review, can't be retried (it repeats another, or is
             a row of the store's list without an id), or (reopen) nobody gave it up or it has moved on since
Locks        the order's row, by the UPDATE that checks its state
Repeatable   no: the second call gets 50020; reopen yes
Example      EXECUTE dbo.sp_DecideDeadLetter @STAGING_ID = 123, @DECISION = 'retry', @DECIDED_BY = N'ada', @REASON = N'item added';
*/
CREATE OR ALTER PROCEDURE dbo.sp_DecideDeadLetter
    @STAGING_ID int,
    @DECISION varchar(20),
    @DECIDED_BY nvarchar(100),
    @REASON nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = CONCAT
    (
        CASE WHEN COALESCE(@DECISION, '') NOT IN ('retry', 'cancel', 'reopen') THEN N'@DECISION takes retry, cancel, reopen. ' END,
        CASE WHEN NULLIF(@DECIDED_BY, N'') IS NULL THEN N'@DECIDED_BY is required. ' END
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @SAID nvarchar(700) = CONCAT(@DECISION, N' decided by ', @DECIDED_BY, N': ' + NULLIF(@REASON, N''));

    BEGIN TRY
        BEGIN TRANSACTION;

        IF @DECISION = 'reopen'
        BEGIN
            EXECUTE dbo.sp_ReopenDeadLetter
                @STAGING_ID = @STAGING_ID,
                @SAID = @SAID,
                @NOW = @NOW;

            COMMIT TRANSACTION;

            SELECT
                staged.STAGING_ID,
                staged.STATE
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STAGING_ID = @STAGING_ID;

            RETURN;
        END;

        UPDATE
            staged
        SET
            STATE = CASE
                WHEN @DECISION = 'retry' AND staged.ERROR_CLASS = 'unreadable' THEN staged.STATE
                WHEN @DECISION = 'retry' THEN 'PENDING'
                WHEN staged.IS_APPLIED = 1 AND staged.DUPLICATE_OF_ID IS NULL THEN 'APPLIED'
                ELSE 'SKIPPED'
            END,
            PENDING_ACTION = CASE
                WHEN @DECISION = 'retry' AND staged.ERROR_CLASS = 'unreadable' THEN staged.PENDING_ACTION
                WHEN @DECISION = 'retry'
                THEN COALESCE(staged.PENDING_ACTION, CASE WHEN staged.IS_APPLIED = 1 THEN 'update' ELSE 'create' END)
            END,
            -- The note on a cancelled ERP document quotes why the store cancelled: a retry keeps that.
            STATE_REASON = CASE WHEN @DECISION = 'retry' THEN staged.STATE_REASON ELSE LEFT(@SAID, 500) END,
            ATTEMPT_NO = 0,
            NEXT_ATTEMPT_DT = CASE WHEN @DECISION = 'retry' AND staged.ERROR_CLASS = 'unreadable' THEN @NOW END,
            LEASE_OWNER = NULL,
            LEASE_UNTIL_DT = NULL,
            ERROR_CLASS = CASE WHEN @DECISION = 'retry' AND staged.ERROR_CLASS = 'unreadable' THEN staged.ERROR_CLASS END,
            VALIDATION_ERROR = CASE WHEN @DECISION = 'retry' AND staged.ERROR_CLASS = 'unreadable' THEN staged.VALIDATION_ERROR END,
            IS_VALIDATED = 0,
            UPDATED_DT = @NOW
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID
        AND   staged.STATE = 'NEEDS_MANUAL_REVIEW'
        AND   (@DECISION = 'cancel' OR (staged.DUPLICATE_OF_ID IS NULL AND staged.WOO_ORDER_ID > 0));

        IF @@ROWCOUNT = 0
        BEGIN
            DECLARE @MESSAGE nvarchar(500) =
            (
                SELECT
                    CONCAT
                    (
                        N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(varchar(20), staged.WOO_ORDER_ID)),
                        N' (staging id ', staged.STAGING_ID, N') ',
                        CASE
                            WHEN staged.STATE <> 'NEEDS_MANUAL_REVIEW'
                            THEN CONCAT(N'is ', staged.STATE, N', not NEEDS_MANUAL_REVIEW: there is nothing to decide.')
                            WHEN staged.DUPLICATE_OF_ID IS NULL
                            THEN CONCAT
                            (
                                N'has no id that the store could be asked for; find it in the store, `syncctl stage --order-id ID`, then ',
                                N'`syncctl dead-letter cancel ', staged.STAGING_ID, N'`.'
                            )
                            ELSE CONCAT
                            (
                                N'repeats staging id ', staged.DUPLICATE_OF_ID, N' and is never applied again; ',
                                N'settle the ERP by hand, then `syncctl dead-letter cancel ', staged.STAGING_ID, N'`.'
                            )
                        END
                    )
                FROM dbo.USER_ORDER_STAGING AS staged
                WHERE staged.STAGING_ID = @STAGING_ID
            );

            IF @MESSAGE IS NULL
            BEGIN
                SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
                THROW 50004, @MESSAGE, 1;
            END;

            THROW 50020, @MESSAGE, 1;
        END;

        /* The letter of an order that is asked for again stays open: whether it can be read remains to be seen. */
        UPDATE
            letter
        SET
            DECISION = @DECISION,
            DECIDED_BY = @DECIDED_BY,
            DECIDED_DT = @NOW,
            DECISION_REASON = @REASON
        FROM dbo.USER_ORDER_DEAD_LETTER AS letter
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = letter.STAGING_ID
        WHERE letter.STAGING_ID = @STAGING_ID
        AND   letter.DECISION IS NULL
        AND   staged.STATE <> 'NEEDS_MANUAL_REVIEW';

        INSERT INTO dbo.USER_ORDER_EVENT
        (
            STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
        )
        SELECT
            staged.STORE_ID, staged.WOO_ORDER_ID, staged.STAGING_ID, @NOW, CONCAT(UPPER(@DECISION), '_DECIDED'), @SAID
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;

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
        staged.STAGING_ID,
        staged.STATE
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;
END;
GO
