SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FollowOrderPayment
    Lets the payment that came with an order follow its total. Payments that people took in CounterPoint stay as they are.

Called by    sp_ChangeErpDocument, sp_CloseErpDocument, inside their transactions, before the totals are written
Parameters   @DOC_ID; @BEFORE_TOT the total that we last wrote; @STAGING_ID whose total counts now, or NULL for 0
Returns      no rows
Errors       none
Locks        the payment
Repeatable   yes
Note         Only with the site setting WRITE_PAYMENT = Y, and only where the document has the one payment that we wrote. A cancelled
             order's payment stays with amount 0, so that it is found again when the order is reopened.
Example      EXECUTE dbo.sp_FollowOrderPayment @DOC_ID = 101000000001, @BEFORE_TOT = 24.99, @STAGING_ID = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FollowOrderPayment
    @DOC_ID bigint,
    @BEFORE_TOT decimal(15, 2),
    @STAGING_ID int = NULL,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @TOT decimal(15, 2) = 0;

    IF NOT EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'WRITE_PAYMENT' AND setting.VALUE = N'Y')
    OR (SELECT COUNT(*) FROM dbo.PS_DOC_PMT AS payment WHERE payment.DOC_ID = @DOC_ID) <> 1
    BEGIN
        RETURN;
    END;

    SELECT
        @TOT = ROUND(COALESCE(staged.TOT_AMT, 0), 2)
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    UPDATE
        dbo.PS_DOC_PMT
    SET
        AMT = @TOT
    WHERE DOC_ID = @DOC_ID
    AND   AMT = @BEFORE_TOT;
END;
GO
