SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RemoveDepositTicket
    Deletes an order's open deposit ticket, and what the order itself has of the deposit.

Called by    sp_WriteOrderDeposit, sp_RemoveErpDocument, inside their callers' transactions, which have looked at the ticket's state
Parameters   @DOC_ID the order's document
Returns      no rows
Errors       none
Locks        the ticket's rows, until the transaction ends
Repeatable   yes: the second time nothing is there
Note         USER_ORDER_PAYMENT stays as it is: the caller writes or deletes that.
Example      EXECUTE dbo.sp_RemoveDepositTicket @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RemoveDepositTicket
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @TICKET_DOC_ID bigint,
        @PMT_SEQ_NO int;

    SELECT
        @TICKET_DOC_ID = written.DEPOSIT_DOC_ID,
        @PMT_SEQ_NO = written.PMT_SEQ_NO
    FROM dbo.USER_ORDER_PAYMENT AS written
    WHERE written.DOC_ID = @DOC_ID
    AND   written.DEPOSIT_DOC_ID IS NOT NULL;

    IF @TICKET_DOC_ID IS NULL
    BEGIN
        RETURN;
    END;

    DELETE FROM dbo.PS_DOC_PMT_APPLY
    WHERE DOC_ID = @DOC_ID
    AND   PMT_SEQ_NO = @PMT_SEQ_NO;

    DELETE FROM dbo.PS_DOC_PMT
    WHERE DOC_ID = @DOC_ID
    AND   PMT_SEQ_NO = @PMT_SEQ_NO;

    /* Where there is PS_DOC_HDR_ORIG_DOC.ORIG_DOC_ID: */
    DELETE FROM dbo.PS_DOC_HDR_ORIG_DOC
    WHERE DOC_ID = @TICKET_DOC_ID
    OR    (DOC_ID = @DOC_ID AND ORIG_DOC_ID = @TICKET_DOC_ID);
    /* End. */

    DELETE FROM dbo.PS_DOC_CONTACT
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_AUDIT_LOG_TOT
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_AUDIT_LOG
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_PMT_APPLY
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_PMT
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_HDR_TOT
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_NOTE
    WHERE DOC_ID = @TICKET_DOC_ID;

    DELETE FROM dbo.PS_DOC_HDR
    WHERE DOC_ID = @TICKET_DOC_ID;
END;
GO
