SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_QueueNotification
    Queues a message, once for its key.

Called by    programs that have a message of their own to send; no command of syncctl does
Returns      one row: NOTIFICATION_ID, QUEUED (0: it was queued before)
Errors       50001 bad argument
Locks        the message's row, for this short transaction
Repeatable   yes
Example      EXECUTE dbo.sp_QueueNotification @EVENT_TYPE = 'alert', @DEDUP_KEY = N'database-down:2026-11-20', …;
*/
CREATE OR ALTER PROCEDURE dbo.sp_QueueNotification
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

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@DEDUP_KEY, N'') IS NULL THEN N'@DEDUP_KEY is required. ' END,
        CASE WHEN NULLIF(@TEMPLATE, '') IS NULL THEN N'@TEMPLATE is required. ' END,
        CASE WHEN @AUDIENCE IS NULL OR @AUDIENCE NOT IN ('client', 'operator') THEN N'@AUDIENCE takes client, operator. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @BEFORE int;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT @BEFORE = COUNT(*)
        FROM dbo.USER_NOTIFICATION AS present
        WHERE present.DEDUP_KEY = @DEDUP_KEY
        AND   present.STATE <> 'DROPPED';

        EXECUTE dbo.sp_WriteNotification
            @EVENT_TYPE = @EVENT_TYPE,
            @DEDUP_KEY = @DEDUP_KEY,
            @AUDIENCE = @AUDIENCE,
            @TEMPLATE = @TEMPLATE,
            @DATA_JSON = @DATA_JSON,
            @RECIPIENT_ID = @RECIPIENT_ID,
            @ADDRESS = @ADDRESS,
            @NOT_BEFORE_DT = @NOT_BEFORE_DT,
            @NOW = @NOW;

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
        message.NOTIFICATION_ID,
        QUEUED = CAST(CASE WHEN @BEFORE = 0 THEN 1 ELSE 0 END AS bit)
    FROM dbo.USER_NOTIFICATION AS message
    WHERE message.DEDUP_KEY = @DEDUP_KEY;
END;
GO
