SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_GetPayload
    A staged order's content as it came from the store; of a dead letter, as it was when it was set aside.

Called by    syncctl dead-letter show
Returns      one row: STAGING_ID, ORDER_JSON, LINE_ITEMS_JSON
Errors       50004 no such staging id or dead letter
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_GetPayload @STAGING_ID = 123;
*/
CREATE OR ALTER PROCEDURE dbo.sp_GetPayload
    @STAGING_ID int,
    @DEAD_LETTER_ID bigint = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(500);

    IF @DEAD_LETTER_ID IS NULL AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = @STAGING_ID)
    BEGIN
        SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' does not exist.');
        THROW 50004, @MESSAGE, 1;
    END;

    IF @DEAD_LETTER_ID IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_DEAD_LETTER WHERE DEAD_LETTER_ID = @DEAD_LETTER_ID AND STAGING_ID = @STAGING_ID)
    BEGIN
        SET @MESSAGE = CONCAT(N'Staging id ', @STAGING_ID, N' has no dead letter ', @DEAD_LETTER_ID, N'.');
        THROW 50004, @MESSAGE, 1;
    END;

    SELECT
        staged.STAGING_ID,
        CASE WHEN @DEAD_LETTER_ID IS NULL THEN staged.ORDER_JSON ELSE letter.ORDER_JSON END AS ORDER_JSON,
        CASE WHEN @DEAD_LETTER_ID IS NULL THEN staged.LINE_ITEMS_JSON ELSE letter.LINE_ITEMS_JSON END AS LINE_ITEMS_JSON
    FROM dbo.USER_ORDER_STAGING AS staged
    LEFT JOIN dbo.USER_ORDER_DEAD_LETTER AS letter
        ON  letter.STAGING_ID = staged.STAGING_ID
        AND letter.DEAD_LETTER_ID = @DEAD_LETTER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;
END;
GO
