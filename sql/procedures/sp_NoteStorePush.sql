SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_NoteStorePush
    Notes how a push to a store went: that it came to its end, or that it is held until a person has looked.

Called by    syncctl stock push, syncctl price push
Parameters   @STORE_ID; @KIND what is pushed (stock, price); @HELD_WHY why it is held: first (nothing was ever told), zeroed, changed,
             lost (the ERP knows too few items any more), listing (the store lists too few), setting (one names what the
             ERP doesn't have), limit; NULL: it came to its end;
             @HELD_MESSAGE in words; @IS_PART = 1: a part is held, the rest was told; @ITEM_COUNT items looked at, @CHANGE_COUNT of which
             were to be told; @LEFT_JSON a JSON object, why items were left alone and how many
Returns      nothing
Errors       50001 bad argument
Locks        the row of the store and kind
Repeatable   yes
Note         Of a push that is held again, the moment since when stays; one that comes to its end ends that.
Example      EXECUTE dbo.sp_NoteStorePush @STORE_ID = 'woocommerce', @KIND = 'stock', @ITEM_COUNT = 100, @CHANGE_COUNT = 3;
*/
CREATE OR ALTER PROCEDURE dbo.sp_NoteStorePush
    @STORE_ID varchar(50),
    @KIND varchar(20),
    @HELD_WHY varchar(20) = NULL,
    @HELD_MESSAGE nvarchar(500) = NULL,
    @IS_PART bit = 0,
    @ITEM_COUNT int = 0,
    @CHANGE_COUNT int = 0,
    @LEFT_JSON nvarchar(max) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());
    SET @HELD_WHY = NULLIF(@HELD_WHY, '');

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN NULLIF(@KIND, '') IS NULL THEN N'@KIND is required. ' END,
        CASE WHEN @LEFT_JSON IS NOT NULL AND (COALESCE(ISJSON(@LEFT_JSON), 0) = 0 OR LEFT(LTRIM(@LEFT_JSON), 1) <> N'{')
            THEN N'@LEFT_JSON takes a JSON object. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        UPDATE
            dbo.USER_STORE_PUSH WITH (UPDLOCK, HOLDLOCK)
        SET
            TRIED_DT = @NOW,
            ENDED_DT = CASE WHEN @HELD_WHY IS NULL OR @IS_PART = 1 THEN @NOW ELSE ENDED_DT END,
            HELD_DT = CASE WHEN @HELD_WHY IS NULL THEN NULL ELSE COALESCE(HELD_DT, @NOW) END,
            HELD_WHY = @HELD_WHY,
            HELD_MESSAGE = CASE WHEN @HELD_WHY IS NULL THEN NULL ELSE @HELD_MESSAGE END,
            ITEM_COUNT = @ITEM_COUNT,
            CHANGE_COUNT = @CHANGE_COUNT,
            LEFT_JSON = @LEFT_JSON
        WHERE STORE_ID = @STORE_ID
        AND   KIND = @KIND;

        IF @@ROWCOUNT = 0
        BEGIN
            INSERT INTO dbo.USER_STORE_PUSH
            (
                STORE_ID, KIND, TRIED_DT, ENDED_DT, HELD_DT, HELD_WHY, HELD_MESSAGE, ITEM_COUNT, CHANGE_COUNT, LEFT_JSON
            )
            VALUES
            (
                @STORE_ID,
                @KIND,
                @NOW,
                CASE WHEN @HELD_WHY IS NULL OR @IS_PART = 1 THEN @NOW END,
                CASE WHEN @HELD_WHY IS NOT NULL THEN @NOW END,
                @HELD_WHY,
                CASE WHEN @HELD_WHY IS NOT NULL THEN @HELD_MESSAGE END,
                @ITEM_COUNT,
                @CHANGE_COUNT,
                @LEFT_JSON
            );
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
