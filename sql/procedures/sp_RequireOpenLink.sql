SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RequireOpenLink
    Makes sure that a fenced order has its link to an open document: without one nobody knows what was written.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @ACTION update or cancel: what a person is asked to do by hand where it has none
Returns      no rows
Errors       50030 its document was not written by syncctl
Locks        none of its own: the caller holds the staging row
Repeatable   yes
Example      EXECUTE dbo.sp_RequireOpenLink @STAGING_ID = 1, @ACTION = 'update';
*/
CREATE OR ALTER PROCEDURE dbo.sp_RequireOpenLink
    @STAGING_ID int,
    @ACTION varchar(20),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @MESSAGE nvarchar(2000);

    SELECT
        @MESSAGE = CONCAT
        (
            N'Order ', COALESCE(staged.WOO_ORDER_NO, CONVERT(nvarchar(50), staged.WOO_ORDER_ID)), N': its document ',
            COALESCE(staged.CP_DOC_ID, '?'), N' was not written by syncctl, which can''t tell its lines apart. ', UPPER(LEFT(@ACTION, 1)),
            SUBSTRING(@ACTION, 2, 20), N' it in ', erp.ERP_NAME, N' by hand, then `syncctl dead-letter cancel ', @STAGING_ID,
            N' --reason …`.'
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN dbo.fn_ErpName() AS erp
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_ORDER_LINK AS link
        WHERE link.STORE_ID = staged.STORE_ID
        AND   link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        AND   link.LINK_STATE = 'OPEN'
    );

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50030, @MESSAGE, 1;
    END;
END;
GO
