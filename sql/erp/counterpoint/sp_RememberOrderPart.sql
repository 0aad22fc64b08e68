SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RememberOrderPart
    Remembers of a part of a document (a contact, a note) what the order says of it and what the document holds.

Called by    sp_DecideOrderPart; sp_WriteOrderContacts, sp_WriteOrderNotes after they have written it; inside their transactions
Parameters   @STORE_ID, @WOO_ORDER_ID, @DOC_ID, @PART, @ASKED as sp_DecideOrderPart; @HELD what the document holds, or its @HELD_HASH;
             @KEPT_DT when a person's change was kept though the store changed it, too
Returns      no rows
Errors       none
Locks        the part's row
Repeatable   yes
Example      EXECUTE dbo.sp_RememberOrderPart @STORE_ID = 'woocommerce', @WOO_ORDER_ID = 4711, @DOC_ID = 101000000001, @PART = 'SHIP-TO',
                 @ASKED = N'Ada', @HELD = N'Ada';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RememberOrderPart
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @DOC_ID bigint,
    @PART varchar(20),
    @ASKED nvarchar(max),
    @HELD nvarchar(max) = NULL,
    @HELD_HASH varbinary(32) = NULL,
    @KEPT_DT datetime2(3) = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());
    SET @HELD_HASH = COALESCE(@HELD_HASH, HASHBYTES('SHA2_256', @HELD));

    UPDATE
        dbo.USER_ORDER_PART
    SET
        DOC_ID = @DOC_ID,
        ASKED_HASH = HASHBYTES('SHA2_256', @ASKED),
        HELD_HASH = @HELD_HASH,
        KEPT_DT = @KEPT_DT,
        UPDATED_DT = @NOW
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID
    AND   PART = @PART;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.USER_ORDER_PART
        (
            STORE_ID, WOO_ORDER_ID, PART, DOC_ID, ASKED_HASH, HELD_HASH, KEPT_DT, UPDATED_DT
        )
        VALUES
        (
            @STORE_ID, @WOO_ORDER_ID, @PART, @DOC_ID, HASHBYTES('SHA2_256', @ASKED), @HELD_HASH, @KEPT_DT, @NOW
        );
    END;
END;
GO
