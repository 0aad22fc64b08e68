SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderLink
    Writes which ERP document belongs to an order, how it stands and what it comes to.

Called by    sp_ApplyOrder, inside its caller's transaction
Parameters   @STAGING_ID; @DOC_ID, @TKT_NO, @REVISION, @TOT of the document; @OUTCOME created, reopened, updated or cancelled
Returns      no rows
Errors       none
Locks        the link row
Repeatable   yes
Example      EXECUTE dbo.sp_WriteOrderLink @STAGING_ID = 1, @DOC_ID = 42, @TKT_NO = '101-1', @REVISION = 1, @OUTCOME = 'created', @TOT = 9.99;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderLink
    @STAGING_ID int,
    @DOC_ID bigint,
    @TKT_NO varchar(15),
    @REVISION int,
    @OUTCOME varchar(20),
    @TOT decimal(15, 2),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    UPDATE
        link
    SET
        STAGING_ID = @STAGING_ID,
        DOC_ID = @DOC_ID,
        TKT_NO = @TKT_NO,
        REVISION = @REVISION,
        LINK_STATE = CASE WHEN @OUTCOME = 'cancelled' THEN 'CLOSED' ELSE 'OPEN' END,
        TOT = @TOT,
        ERP_STATUS_TOLD = CASE WHEN @OUTCOME = 'updated' THEN link.ERP_STATUS_TOLD WHEN @OUTCOME = 'cancelled' THEN 'closed' ELSE 'open' END,
        UPDATED_DT = @NOW
    FROM dbo.USER_ORDER_LINK AS link
    INNER JOIN dbo.USER_ORDER_STAGING AS staged
        ON  staged.STORE_ID = link.STORE_ID
        AND staged.WOO_ORDER_ID = link.WOO_ORDER_ID
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF @@ROWCOUNT = 0
    BEGIN
        INSERT INTO dbo.USER_ORDER_LINK
        (
            STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, REVISION, LINK_STATE, TOT, ERP_STATUS_TOLD, CREATED_DT, UPDATED_DT
        )
        SELECT
            staged.STORE_ID,
            staged.WOO_ORDER_ID,
            @STAGING_ID,
            @DOC_ID,
            @TKT_NO,
            @REVISION,
            'OPEN',
            @TOT,
            'open',
            @NOW,
            @NOW
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID;
    END;
END;
GO
