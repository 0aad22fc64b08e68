SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ListDeadLetters
    Orders set aside for a person, oldest first, from above @AFTER_ID on: those that wait, or all.

Called by    syncctl dead-letter list|show|retry|cancel|reopen
Returns      one row a dead letter; DECISION is NULL while it waits, then retry, cancel, restaged
Errors       50001 bad argument
Locks        none beyond the read
Repeatable   yes
Example      EXECUTE dbo.sp_ListDeadLetters @ERROR_CLASS = 'mapping';
*/
CREATE OR ALTER PROCEDURE dbo.sp_ListDeadLetters
    @STAGING_ID int = NULL,
    @ERROR_CLASS varchar(20) = NULL,
    @INCLUDE_DECIDED bit = 0,
    @BATCH_SIZE int = 1000,
    @AFTER_ID bigint = 0,
    @DECISION varchar(20) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF @BATCH_SIZE IS NULL OR @BATCH_SIZE NOT BETWEEN 1 AND 10000
    BEGIN
        THROW 50001, N'@BATCH_SIZE takes 1 to 10000.', 1;
    END;

    SELECT TOP (@BATCH_SIZE)
        letter.DEAD_LETTER_ID,
        letter.STAGING_ID,
        letter.STORE_ID,
        letter.WOO_ORDER_ID,
        letter.WOO_ORDER_NO,
        letter.PENDING_ACTION,
        letter.ERROR_CLASS,
        letter.ERROR_CODE,
        letter.ERROR_MESSAGE,
        letter.ATTEMPTS,
        letter.CREATED_DT,
        letter.DECISION,
        letter.DECIDED_BY,
        letter.DECIDED_DT,
        letter.DECISION_REASON
    FROM dbo.USER_ORDER_DEAD_LETTER AS letter
    WHERE (@STAGING_ID IS NULL OR letter.STAGING_ID = @STAGING_ID)
    AND   (@ERROR_CLASS IS NULL OR letter.ERROR_CLASS = @ERROR_CLASS)
    AND   (@INCLUDE_DECIDED = 1 OR letter.DECISION IS NULL)
    AND   (@DECISION IS NULL OR letter.DECISION = @DECISION)
    AND   letter.DEAD_LETTER_ID > @AFTER_ID
    ORDER BY
        letter.DEAD_LETTER_ID;
END;
GO
