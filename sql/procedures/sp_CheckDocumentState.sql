SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckDocumentState
    Holds an order's ERP document for the caller's transaction, and makes sure that it is as syncctl left it: open, not shipped, not
    released, not changed by hand.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @ACTION change or cancel: what a person is asked to do by hand where it is not
Returns      no rows
Errors       50030 with every reason at once, and what to do by hand
Locks        the document, until the caller's transaction ends: nobody ships it in between
Repeatable   yes
Example      EXECUTE dbo.sp_CheckDocumentState @STAGING_ID = 1, @ACTION = 'change';
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckDocumentState
    @STAGING_ID int,
    @ACTION varchar(20),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @DOC_ID bigint;

    SELECT
        @DOC_ID = link.DOC_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    INNER JOIN dbo.USER_ORDER_LINK AS link
        ON  link.STORE_ID = staged.STORE_ID
        AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    EXECUTE dbo.sp_HoldErpDocument
        @DOC_ID = @DOC_ID;

    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', staged.WOO_ORDER_NO, N': document ', state.DOC_ID, N' (', state.TKT_NO, N') can''t follow the store: ',
            state.REASONS,
            CASE
                WHEN @ACTION = 'cancel' AND state.PAID <> 0
                THEN CONCAT
                (
                    CASE WHEN state.REASONS <> N'' THEN N'; ' END, N'it has payments of ', CONVERT(varchar(30), CONVERT(decimal(15, 2), state.PAID))
                )
            END,
            N'. ', UPPER(LEFT(@ACTION, 1)), SUBSTRING(@ACTION, 2, 20), N' it in ', erp.ERP_NAME, N' by hand, then `syncctl dead-letter cancel ',
            staged.STAGING_ID, N' --reason …`.'
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN dbo.fn_ErpName() AS erp
    CROSS APPLY dbo.fn_ErpDocumentState(staged.STORE_ID, staged.WOO_ORDER_ID) AS state
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   (state.REASONS <> N'' OR (@ACTION = 'cancel' AND state.PAID <> 0));

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;
END;
GO
