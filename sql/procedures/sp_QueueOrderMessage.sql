SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_QueueOrderMessage
    Puts a message about an order into the outbox, once for each @DEDUP_KEY.

Called by    procedures that change an order, inside their transactions
Parameters   @STAGING_ID; @KIND; @DEDUP_KEY; @TARGET_STATUS the store's status, NULL leaves it alone; @NOTE, @TAG_VALUE or NULL
Returns      no rows
Errors       none
Locks        the new row
Repeatable   yes: a key that is known is left as it is
Note         What has a tag was never told before, or the order bears the tag: its note is not looked for at the first try (LOOK_FIRST).
Example      EXECUTE dbo.sp_QueueOrderMessage @STAGING_ID = 1, @KIND = 'applied', @DEDUP_KEY = N'applied:1', @NOTE = N'…';
*/
CREATE OR ALTER PROCEDURE dbo.sp_QueueOrderMessage
    @STAGING_ID int,
    @KIND varchar(20),
    @DEDUP_KEY nvarchar(100),
    @TARGET_STATUS varchar(20) = NULL,
    @NOTE nvarchar(max) = NULL,
    @TAG_VALUE nvarchar(100) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    INSERT INTO dbo.USER_STORE_OUTBOX
    (
        STORE_ID, WOO_ORDER_ID, STAGING_ID, KIND, DEDUP_KEY, TARGET_STATUS, NOTE, TAG_VALUE, STATE, ATTEMPT_NO, NEXT_ATTEMPT_DT, CREATED_DT,
        LOOK_FIRST
    )
    SELECT
        staged.STORE_ID,
        staged.WOO_ORDER_ID,
        staged.STAGING_ID,
        @KIND,
        @DEDUP_KEY,
        @TARGET_STATUS,
        @NOTE,
        @TAG_VALUE,
        'PENDING',
        0,
        @NOW,
        @NOW,
        CASE WHEN @TAG_VALUE IS NULL THEN 1 ELSE 0 END
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_STORE_OUTBOX AS told
        WHERE told.STORE_ID = staged.STORE_ID
        AND   told.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND   told.DEDUP_KEY = @DEDUP_KEY
    );
END;
GO
