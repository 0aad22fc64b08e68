SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListNotifications
    Lists messages, latest first, in any of @STATES (comma-separated; NULL: any).

Called by    syncctl pod notifications
Returns      one row per message: NOTIFICATION_ID, EVENT_TYPE, DEDUP_KEY, AUDIENCE, RECIPIENT_ID, ADDRESS, TEMPLATE, DATA_JSON, STATE,
             ATTEMPT_NO, NEXT_ATTEMPT_DT, ERROR_MESSAGE, DETAIL, CREATED_DT, ENDED_DT
Errors       50001 bad argument
Locks        none
Repeatable   yes
Example      EXECUTE dbo.sp_ListNotifications @STATES = N'FAILED';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListNotifications
    @STATES nvarchar(100) = NULL,
    @EVENT_TYPE varchar(50) = NULL,
    @BATCH_SIZE int = 1000,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @STATES = COALESCE(NULLIF(@STATES, N''), N'PENDING,CLAIMED,SENT,DROPPED,FAILED');

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000 THEN N'@BATCH_SIZE takes 1 to 10000. ' END,
        CASE WHEN EXISTS
        (
            SELECT 1
            FROM STRING_SPLIT(@STATES, N',') AS wanted
            WHERE wanted.[value] NOT IN (N'PENDING', N'CLAIMED', N'SENT', N'DROPPED', N'FAILED')
        )
        THEN N'@STATES takes PENDING, CLAIMED, SENT, DROPPED, FAILED. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        message.NOTIFICATION_ID,
        message.EVENT_TYPE,
        message.DEDUP_KEY,
        message.AUDIENCE,
        message.RECIPIENT_ID,
        message.ADDRESS,
        message.TEMPLATE,
        message.DATA_JSON,
        message.STATE,
        message.ATTEMPT_NO,
        message.NEXT_ATTEMPT_DT,
        message.ERROR_MESSAGE,
        message.DETAIL,
        message.CREATED_DT,
        message.ENDED_DT
    FROM dbo.USER_NOTIFICATION AS message
    WHERE message.STATE IN (SELECT CONVERT(varchar(20), wanted.[value]) FROM STRING_SPLIT(@STATES, N',') AS wanted)
    AND   (@EVENT_TYPE IS NULL OR message.EVENT_TYPE = @EVENT_TYPE)
    ORDER BY
        message.NOTIFICATION_ID DESC;
END;
GO
