SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteErpNote
    RMS has no notes: an order's history says that a person is needed, once in a row; why, syncctl says.

Called by    sp_FailStagedOrder, sp_ApplyOrder, inside their transactions
Parameters   @DOC_ID; @NOTE_ID which note; @NOTE its text
Returns      no rows
Errors       none
Locks        the new row
Repeatable   yes: a second time in a row adds nothing
Example      EXECUTE dbo.sp_WriteErpNote @DOC_ID = 1, @NOTE_ID = 'SYNC-REVIEW', @NOTE = N'The order was changed by hand.';
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteErpNote
    @DOC_ID bigint,
    @NOTE_ID varchar(20),
    @NOTE nvarchar(max),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @ORDER_ID int = TRY_CONVERT(int, @DOC_ID),
        @SAID nvarchar(30) = N'syncctl: needs a person',
        @LAST nvarchar(30);

    IF @NOTE_ID <> 'SYNC-REVIEW'
    BEGIN
        RETURN;
    END;

    SELECT TOP (1)
        @LAST = said.Comment
    FROM dbo.OrderHistory AS said
    WHERE said.OrderID = @ORDER_ID
    ORDER BY
        said.ID DESC;

    IF COALESCE(@LAST, N'') <> @SAID
    BEGIN
        EXECUTE dbo.sp_WriteOrderHistory @ORDER_ID = @ORDER_ID, @COMMENT = @SAID, @NOW = @NOW;
    END;
END;
GO
