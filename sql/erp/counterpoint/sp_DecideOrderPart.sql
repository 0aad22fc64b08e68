SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_DecideOrderPart
    Says whether a part of a document (a contact, a note) is to be written anew: only where the store's side of it changed since it was
    last looked at, and nobody has changed it on the document. Where both did, the document's is kept, and that is remembered (KEPT_DT).

Called by    sp_WriteOrderContacts, sp_WriteOrderNotes, inside their transactions, before they write
Parameters   @STORE_ID, @WOO_ORDER_ID, @DOC_ID; @PART BILL-TO, SHIP-TO, WEB-ORDER or WEB-CUSTOMER; @ASKED what the order says, @HELD what
             the document holds ('' for nothing, in both); @IS_WANTED OUTPUT 1: write it, then call sp_RememberOrderPart
Returns      no rows
Errors       none
Locks        the part's row
Repeatable   yes
Note         A document of a version that remembered nothing is written anew as long as syncctl was the last to save it.
Example      EXECUTE dbo.sp_DecideOrderPart @STORE_ID = 'woocommerce', @WOO_ORDER_ID = 4711, @DOC_ID = 101000000001, @PART = 'SHIP-TO',
                 @ASKED = N'Ada', @HELD = N'Ada', @IS_WANTED = @IS_WANTED OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_DecideOrderPart
    @STORE_ID varchar(50),
    @WOO_ORDER_ID bigint,
    @DOC_ID bigint,
    @PART varchar(20),
    @ASKED nvarchar(max),
    @HELD nvarchar(max),
    @IS_WANTED bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @ASKED_HASH varbinary(32) = HASHBYTES('SHA2_256', @ASKED),
        @HELD_HASH varbinary(32) = HASHBYTES('SHA2_256', @HELD),
        @KNOWN_ASKED varbinary(32),
        @KNOWN_HELD varbinary(32);

    SELECT
        @KNOWN_ASKED = known.ASKED_HASH,
        @KNOWN_HELD = known.HELD_HASH
    FROM dbo.USER_ORDER_PART AS known
    WHERE known.STORE_ID = @STORE_ID
    AND   known.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   known.PART = @PART
    AND   known.DOC_ID = @DOC_ID;

    SET @IS_WANTED = 0;

    IF @ASKED_HASH = @HELD_HASH
    BEGIN
        EXECUTE dbo.sp_RememberOrderPart
            @STORE_ID = @STORE_ID,
            @WOO_ORDER_ID = @WOO_ORDER_ID,
            @DOC_ID = @DOC_ID,
            @PART = @PART,
            @ASKED = @ASKED,
            @HELD = @HELD,
            @NOW = @NOW;
        RETURN;
    END;

    IF @KNOWN_ASKED = @ASKED_HASH
    BEGIN
        RETURN;
    END;

    IF @KNOWN_HELD = @HELD_HASH
    OR
    (
        @KNOWN_HELD IS NULL
        AND
        (
            @HELD = N''
            OR EXISTS
            (
                SELECT
                    1
                FROM dbo.PS_DOC_HDR AS document
                WHERE document.DOC_ID = @DOC_ID
                AND   COALESCE(document.LST_MAINT_USR_ID, 'SYNCCTL') = 'SYNCCTL'
            )
        )
    )
    BEGIN
        SET @IS_WANTED = 1;
        RETURN;
    END;

    SET @KNOWN_HELD = COALESCE(@KNOWN_HELD, @ASKED_HASH);

    EXECUTE dbo.sp_RememberOrderPart
        @STORE_ID = @STORE_ID,
        @WOO_ORDER_ID = @WOO_ORDER_ID,
        @DOC_ID = @DOC_ID,
        @PART = @PART,
        @ASKED = @ASKED,
        @HELD_HASH = @KNOWN_HELD,
        @KEPT_DT = @NOW,
        @NOW = @NOW;
END;
GO
