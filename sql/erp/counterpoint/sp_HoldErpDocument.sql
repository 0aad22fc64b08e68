SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_HoldErpDocument
    Holds a CounterPoint document's header, and that of its deposit ticket, for the caller's transaction: nobody ships, releases or
    posts either in between.

Called by    sp_CheckDocumentState, sp_RequireRollbackIsSafe, inside their callers' transactions
Parameters   @DOC_ID
Returns      no rows
Errors       none
Locks        the headers, until the caller's transaction ends. They are read under an update lock, not written: no trigger of the site's runs
Repeatable   yes
Example      EXECUTE dbo.sp_HoldErpDocument @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_HoldErpDocument
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @HELD bigint;

    SELECT
        @HELD = document.DOC_ID
    FROM dbo.PS_DOC_HDR AS document WITH (UPDLOCK, HOLDLOCK, ROWLOCK)
    WHERE document.DOC_ID = @DOC_ID;

    SELECT
        @HELD = ticket.DOC_ID
    FROM dbo.USER_ORDER_PAYMENT AS written
    INNER JOIN dbo.PS_DOC_HDR AS ticket WITH (UPDLOCK, HOLDLOCK, ROWLOCK)
        ON ticket.DOC_ID = written.DEPOSIT_DOC_ID
    WHERE written.DOC_ID = @DOC_ID;
END;
GO
