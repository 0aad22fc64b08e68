SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetNotifyPreference
    Says whether a recipient wants messages of a kind (* is any kind without a word of its own), and at which address.

Called by    syncctl pod preference
Returns      nothing
Errors       50001 bad argument
Locks        the preference's row
Repeatable   yes
Example      EXECUTE dbo.sp_SetNotifyPreference @RECIPIENT_ID = 'C1', @EVENT_TYPE = 'pod_failed', @IS_WANTED = 0;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetNotifyPreference
    @RECIPIENT_ID varchar(50),
    @EVENT_TYPE varchar(50),
    @IS_WANTED bit,
    @ADDRESS nvarchar(500) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@RECIPIENT_ID, '') IS NULL THEN N'@RECIPIENT_ID is required. ' END,
        CASE WHEN NULLIF(@EVENT_TYPE, '') IS NULL THEN N'@EVENT_TYPE is required. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE dbo.USER_NOTIFY_PREFERENCE
        SET
            IS_WANTED = @IS_WANTED,
            ADDRESS = @ADDRESS
        WHERE RECIPIENT_ID = @RECIPIENT_ID
        AND   EVENT_TYPE = @EVENT_TYPE;

        IF @@ROWCOUNT = 0
        BEGIN
            INSERT INTO dbo.USER_NOTIFY_PREFERENCE (RECIPIENT_ID, EVENT_TYPE, IS_WANTED, ADDRESS)
            VALUES (@RECIPIENT_ID, @EVENT_TYPE, @IS_WANTED, @ADDRESS);
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;
END;
GO
