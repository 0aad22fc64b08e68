SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteNotification
    Queues a message inside the caller's transaction. One of the same key that was dropped is taken up again; else it is left.

Called by    sp_QueueNotification, sp_RecordPodFailure
Returns      nothing
Errors       none
Locks        the message's row, until the caller's transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_WriteNotification @EVENT_TYPE = 'pod_failed', @DEDUP_KEY = N'pod:42:XN1', …;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteNotification
    @EVENT_TYPE varchar(50),
    @DEDUP_KEY nvarchar(100),
    @AUDIENCE varchar(20),
    @TEMPLATE varchar(50),
    @DATA_JSON nvarchar(max),
    @RECIPIENT_ID varchar(50) = NULL,
    @ADDRESS nvarchar(500) = NULL,
    @NOT_BEFORE_DT datetime2(3) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    UPDATE dbo.USER_NOTIFICATION
    SET
        STATE = 'PENDING',
        ATTEMPT_NO = 0,
        NEXT_ATTEMPT_DT = COALESCE(@NOT_BEFORE_DT, @NOW),
        DATA_JSON = @DATA_JSON,
        ADDRESS = @ADDRESS,
        DETAIL = NULL,
        ERROR_MESSAGE = NULL,
        ENDED_DT = NULL
    WHERE DEDUP_KEY = @DEDUP_KEY
    AND   STATE = 'DROPPED';

    INSERT INTO dbo.USER_NOTIFICATION
        (EVENT_TYPE, DEDUP_KEY, AUDIENCE, RECIPIENT_ID, ADDRESS, TEMPLATE, DATA_JSON, STATE, NEXT_ATTEMPT_DT, CREATED_DT)
    SELECT
        @EVENT_TYPE,
        @DEDUP_KEY,
        @AUDIENCE,
        @RECIPIENT_ID,
        @ADDRESS,
        @TEMPLATE,
        @DATA_JSON,
        'PENDING',
        COALESCE(@NOT_BEFORE_DT, @NOW),
        @NOW
    WHERE NOT EXISTS
    (
        SELECT 1
        FROM dbo.USER_NOTIFICATION AS present WITH (UPDLOCK, HOLDLOCK)
        WHERE present.DEDUP_KEY = @DEDUP_KEY
    );
END;
GO
