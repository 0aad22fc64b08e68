SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ReviewCrashedOrders
    Sets aside the orders whose worker died with them in its hands when they had no attempt left: NEEDS_MANUAL_REVIEW, with a dead letter.

Called by    sp_ClaimStagedOrders, inside its transaction
Returns      nothing
Errors       none of its own
Locks        the rows it changes; rows locked by others are skipped
Repeatable   yes
Example      EXECUTE dbo.sp_ReviewCrashedOrders;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ReviewCrashedOrders
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @MAX_ATTEMPTS int =
    (
        SELECT policy.MAX_ATTEMPTS
        FROM dbo.USER_RETRY_POLICY AS policy
        WHERE policy.ERROR_CLASS = 'crash'
    );

    DECLARE @CRASHED table
    (
        STAGING_ID int NOT NULL PRIMARY KEY,
        LEASE_OWNER nvarchar(100) NULL,
        ATTEMPT_NO int NOT NULL,
        MESSAGE nvarchar(500) NULL
    );

    UPDATE dbo.USER_ORDER_STAGING WITH (ROWLOCK, READPAST, READCOMMITTEDLOCK)
    SET
        STATE = 'NEEDS_MANUAL_REVIEW',
        ERROR_CLASS = 'crash',
        NEXT_ATTEMPT_DT = NULL,
        LEASE_UNTIL_DT = NULL,
        UPDATED_DT = @NOW
    OUTPUT
        inserted.STAGING_ID,
        inserted.LEASE_OWNER,
        inserted.ATTEMPT_NO
    INTO @CRASHED (STAGING_ID, LEASE_OWNER, ATTEMPT_NO)
    WHERE STATE = 'CLAIMED'
    AND   LEASE_UNTIL_DT <= @NOW
    AND   IS_IN_HAND = 1
    AND   DUPLICATE_OF_ID IS NULL
    AND   ATTEMPT_NO >= COALESCE(MAX_ATTEMPTS, @MAX_ATTEMPTS);

    IF @@ROWCOUNT = 0
    BEGIN
        RETURN;
    END;

    INSERT INTO dbo.USER_ORDER_ATTEMPT
        (STAGING_ID, ATTEMPT_DT, ATTEMPT_NO, WORKER_ID, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE)
    SELECT
        crashed.STAGING_ID,
        @NOW,
        crashed.ATTEMPT_NO,
        crashed.LEASE_OWNER,
        staged.PENDING_ACTION,
        'crash',
        NULL,
        N'The worker died (or was stopped hard) while it held this order.'
    FROM @CRASHED AS crashed
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = crashed.STAGING_ID;

    UPDATE crashed
    SET MESSAGE = CONCAT
    (
        N'The worker died (or was stopped hard) ',
        CASE WHEN lost.TIMES = 1 THEN N'once' ELSE CONCAT(lost.TIMES, N' times') END,
        N' while it held this order.'
    )
    FROM @CRASHED AS crashed
    INNER JOIN
    (
        SELECT
            attempt.STAGING_ID,
            TIMES = COUNT(*)
        FROM dbo.USER_ORDER_ATTEMPT AS attempt
        INNER JOIN @CRASHED AS held
            ON held.STAGING_ID = attempt.STAGING_ID
        WHERE attempt.ERROR_CLASS = 'crash'
        AND   attempt.ATTEMPT_ID >=
        (
            SELECT COALESCE(MAX(opening.ATTEMPT_ID), 0)
            FROM dbo.USER_ORDER_ATTEMPT AS opening
            WHERE opening.STAGING_ID = attempt.STAGING_ID
            AND   opening.ATTEMPT_NO = 1
        )
        GROUP BY
            attempt.STAGING_ID
    ) AS lost
        ON lost.STAGING_ID = crashed.STAGING_ID;

    UPDATE staged
    SET
        VALIDATION_ERROR = crashed.MESSAGE,
        LEASE_OWNER = NULL
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN @CRASHED AS crashed
        ON crashed.STAGING_ID = staged.STAGING_ID;

    INSERT INTO dbo.USER_ORDER_EVENT
        (STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, WORKER_ID, ATTEMPT_NO, MESSAGE)
    SELECT
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.STAGING_ID,
        @NOW,
        'REVIEW',
        NULL,
        crashed.LEASE_OWNER,
        crashed.ATTEMPT_NO,
        crashed.MESSAGE
    FROM @CRASHED AS crashed
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON staged.STAGING_ID = crashed.STAGING_ID
    ORDER BY
        staged.STAGING_ID;

    DECLARE @STAGING_ID int = (SELECT MIN(crashed.STAGING_ID) FROM @CRASHED AS crashed);
    DECLARE @MESSAGE nvarchar(max);

    WHILE @STAGING_ID IS NOT NULL
    BEGIN
        SET @MESSAGE = (SELECT crashed.MESSAGE FROM @CRASHED AS crashed WHERE crashed.STAGING_ID = @STAGING_ID);

        EXECUTE dbo.sp_WriteDeadLetter
            @STAGING_ID = @STAGING_ID,
            @ERROR_CLASS = 'crash',
            @ERROR_CODE = NULL,
            @MESSAGE = @MESSAGE,
            @NOW = @NOW;

        SET @STAGING_ID = (SELECT MIN(crashed.STAGING_ID) FROM @CRASHED AS crashed WHERE crashed.STAGING_ID > @STAGING_ID);
    END;
END;
GO
