SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteErpNote
    Writes a note on a CounterPoint document, in place of the one with the same id. Nothing where the document is gone.

Called by    procedures that tell the ERP's people something about an order, inside their transaction
Returns      nothing
Errors       none of its own
Locks        the note's row
Repeatable   yes
Example      EXECUTE dbo.sp_WriteErpNote @DOC_ID = 101000000001, @NOTE_ID = 'SYNC-REVIEW', @NOTE = N'…';
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

    DECLARE @LOCAL_NOW datetime2(3);

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    UPDATE dbo.PS_DOC_NOTE
    SET
        NOTE_DAT = @LOCAL_NOW,
        USR_ID = 'SYNCCTL',
        NOTE = @NOTE
    WHERE DOC_ID = @DOC_ID
    AND   NOTE_ID = @NOTE_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.PS_DOC_NOTE (DOC_ID, NOTE_ID, NOTE_DAT, USR_ID, NOTE)
        SELECT
            document.DOC_ID,
            @NOTE_ID,
            @LOCAL_NOW,
            'SYNCCTL',
            @NOTE
        FROM dbo.PS_DOC_HDR AS document
        WHERE document.DOC_ID = @DOC_ID;
    END;
END;
GO
