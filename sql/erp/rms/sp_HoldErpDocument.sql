SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_HoldErpDocument
    Holds an order in RMS for its caller's transaction: what is looked at now is still so when it is changed.

Called by    sp_CheckDocumentState, sp_RequireRollbackIsSafe, inside their transactions
Parameters   @DOC_ID
Returns      no rows
Errors       none
Locks        the order's row, until the transaction ends
Repeatable   yes
Example      EXECUTE dbo.sp_HoldErpDocument @DOC_ID = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_HoldErpDocument
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @HELD int;

    SELECT
        @HELD = held.ID
    FROM dbo.[Order] AS held WITH (UPDLOCK, HOLDLOCK, ROWLOCK)
    WHERE held.ID = @DOC_ID;
END;
GO
