SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListOutbox
    Lists messages to the store, oldest first, in any of @STATES (comma-separated; NULL: PENDING, CLAIMED, FAILED).

Called by    syncctl write-back list
Returns      one row per message: OUTBOX_ID, STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, TARGET_STATUS, NOTE, STATE, ATTEMPT_NO,
             NEXT_ATTEMPT_DT, ERROR_MESSAGE, CREATED_DT, DELIVERED_DT
Errors       50001 bad argument
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_ListOutbox @STATES = N'FAILED,PENDING';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListOutbox
    @STATES nvarchar(100) = NULL,
    @WOO_ORDER_ID bigint = NULL,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @STATES = COALESCE(@STATES, N'PENDING,CLAIMED,FAILED');

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000 THEN N'@BATCH_SIZE takes 1 to 10000. ' END,
        CASE
            WHEN EXISTS
            (
                SELECT 1
                FROM STRING_SPLIT(@STATES, N',') AS wanted
                WHERE wanted.[value] NOT IN (N'PENDING', N'CLAIMED', N'DONE', N'DROPPED', N'FAILED')
            )
            THEN N'@STATES takes PENDING, CLAIMED, DONE, DROPPED, FAILED. '
        END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT TOP (@BATCH_SIZE)
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
    FROM dbo.USER_STORE_OUTBOX AS message
    WHERE message.STATE IN (SELECT CONVERT(varchar(20), wanted.[value]) FROM STRING_SPLIT(@STATES, N',') AS wanted)
    AND   (@WOO_ORDER_ID IS NULL OR message.WOO_ORDER_ID = @WOO_ORDER_ID)
    ORDER BY
        message.OUTBOX_ID;
END;
GO
