SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteDeadLetter
    Sets an order aside for a person, with its payload and the number of its failed attempts since the present content or decision.

Called by    sp_FailStagedOrder, sp_ReviewCrashedOrders, inside their transaction, after the attempt's row
Returns      nothing
Errors       none of its own
Locks        the order's open dead letter, where there is one
Repeatable   yes: an order has at most one open dead letter, which is brought up to date
Example      EXECUTE dbo.sp_WriteDeadLetter @STAGING_ID = 123, @ERROR_CLASS = 'mapping', @ERROR_CODE = NULL, @MESSAGE = N'…';
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteDeadLetter
    @STAGING_ID int,
    @ERROR_CLASS varchar(20),
    @ERROR_CODE varchar(50),
    @MESSAGE nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    /* Attempts are numbered from 1 whenever the content changes or a person decides: the last number 1 opens the present count. */
    DECLARE @ATTEMPTS int =
    (
        SELECT COUNT(*)
        FROM dbo.USER_ORDER_ATTEMPT AS attempt
        WHERE attempt.STAGING_ID = @STAGING_ID
        AND   attempt.ATTEMPT_ID >=
        (
            SELECT COALESCE(MAX(opening.ATTEMPT_ID), 0)
            FROM dbo.USER_ORDER_ATTEMPT AS opening
            WHERE opening.STAGING_ID = @STAGING_ID
            AND   opening.ATTEMPT_NO = 1
        )
    );

    UPDATE dbo.USER_ORDER_DEAD_LETTER
    SET
        ERROR_CLASS = @ERROR_CLASS,
        ERROR_CODE = @ERROR_CODE,
        ERROR_MESSAGE = @MESSAGE,
        ATTEMPTS = @ATTEMPTS
    WHERE STAGING_ID = @STAGING_ID
    AND   DECISION IS NULL;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.USER_ORDER_DEAD_LETTER
        (
            STAGING_ID, STORE_ID, WOO_ORDER_ID, WOO_ORDER_NO, PENDING_ACTION, ERROR_CLASS, ERROR_CODE, ERROR_MESSAGE, ATTEMPTS,
            ORDER_JSON, LINE_ITEMS_JSON, CREATED_DT
        )
        SELECT
            staged.STAGING_ID,
            staged.STORE_ID,
            staged.WOO_ORDER_ID,
            staged.WOO_ORDER_NO,
            staged.PENDING_ACTION,
            @ERROR_CLASS,
            @ERROR_CODE,
            @MESSAGE,
            @ATTEMPTS,
            staged.ORDER_JSON,
            staged.LINE_ITEMS_JSON,
            @NOW
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;
    END;
END;
GO
