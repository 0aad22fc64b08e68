SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RemoveErpDocument
    Deletes an order's CounterPoint document, with the payment that came with it, on it or on a ticket of its own, and gives its stock back.

Called by    sp_RollbackOrder, inside its transaction, which holds the document and has looked at its state
Parameters   @STAGING_ID
Returns      no rows
Errors       none
Locks        the document's rows and the stock rows (in the order of ITEM_NO), until the transaction ends
Repeatable   yes: the second time nothing is there
Example      EXECUTE dbo.sp_RemoveErpDocument @STAGING_ID = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RemoveErpDocument
    @STAGING_ID int,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @DOC_ID bigint,
        @STK_LOC_ID varchar(10);

    SELECT
        @STORE_ID = link.STORE_ID,
        @WOO_ORDER_ID = link.WOO_ORDER_ID,
        @DOC_ID = link.DOC_ID,
        @STK_LOC_ID = document.STK_LOC_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    INNER JOIN dbo.PS_DOC_HDR AS document
        ON document.DOC_ID = link.DOC_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF @DOC_ID IS NULL
    BEGIN
        RETURN;
    END;

    EXECUTE dbo.sp_ReturnStock
        @STORE_ID = @STORE_ID,
        @WOO_ORDER_ID = @WOO_ORDER_ID,
        @LOC_ID = @STK_LOC_ID,
        @NOW = @NOW;

    EXECUTE dbo.sp_RemoveDepositTicket @DOC_ID = @DOC_ID, @NOW = @NOW;

    DELETE FROM dbo.PS_DOC_LIN_PRICE
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_TAX
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_CONTACT
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_AUDIT_LOG_TOT
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_AUDIT_LOG
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_PMT_APPLY
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_PMT
    WHERE DOC_ID = @DOC_ID;

    /* A deposit that was in the books and was given back stays known: its ticket is no other program's. */
    DELETE FROM dbo.USER_ORDER_PAYMENT
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID
    AND   COALESCE(BOOKED_AMT, AMT) <> 0;

    DELETE FROM dbo.USER_ORDER_PART
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID;

    DELETE FROM dbo.PS_DOC_HDR_PROF
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_LIN
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_HDR_TOT
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_NOTE
    WHERE DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_HDR
    WHERE DOC_ID = @DOC_ID;
END;
GO
