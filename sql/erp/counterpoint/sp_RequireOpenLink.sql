SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_RequireOpenLink
    Makes sure that a fenced order waits for this action, is validated where it must be, and has its link to an open document.

Called by    sp_UpdateOrderFromStaging, sp_CancelOrderFromStaging, inside their transactions
Parameters   @STAGING_ID; @ACTION update or cancel; @DOC_ID OUTPUT, @TKT_NO OUTPUT: the linked document
Returns      no rows
Errors       50020 the order waits for something else, or is not validated; 50030 its document was not written by syncctl
Locks        none of its own: the caller holds the staging row
Repeatable   yes
Example      EXECUTE dbo.sp_RequireOpenLink @STAGING_ID = 1, @ACTION = 'update', @DOC_ID = @DOC_ID OUTPUT, @TKT_NO = @TKT_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_RequireOpenLink
    @STAGING_ID int,
    @ACTION varchar(20),
    @DOC_ID bigint OUTPUT,
    @TKT_NO varchar(15) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @PENDING_ACTION varchar(20),
        @IS_VALIDATED bit,
        @CP_DOC_ID varchar(15),
        @ORDER_NO nvarchar(50),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint;

    SELECT
        @PENDING_ACTION = staged.PENDING_ACTION,
        @IS_VALIDATED = staged.IS_VALIDATED,
        @CP_DOC_ID = staged.CP_DOC_ID,
        @ORDER_NO = COALESCE(staged.WOO_ORDER_NO, CONVERT(nvarchar(50), staged.WOO_ORDER_ID)),
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    IF @PENDING_ACTION IS NULL OR @PENDING_ACTION <> @ACTION
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @ORDER_NO, N' (staging id ', @STAGING_ID, N') waits for ', COALESCE(@PENDING_ACTION, 'nothing'), N', not for ',
            @ACTION, N'.'
        );
        THROW 50020, @MESSAGE, 1;
    END;

    IF @ACTION = 'update' AND (@IS_VALIDATED IS NULL OR @IS_VALIDATED = 0)
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @ORDER_NO, N' (staging id ', @STAGING_ID, N') has not passed validation: run syncctl validate ', @STAGING_ID, N' first.'
        );
        THROW 50020, @MESSAGE, 1;
    END;

    SET @DOC_ID = NULL;

    SELECT
        @DOC_ID = link.DOC_ID,
        @TKT_NO = link.TKT_NO
    FROM dbo.USER_ORDER_LINK AS link
    WHERE link.STORE_ID = @STORE_ID
    AND   link.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   link.LINK_STATE = 'OPEN';

    IF @DOC_ID IS NULL
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'Order ', @ORDER_NO, N': its document ', COALESCE(@CP_DOC_ID, '?'), N' was not written by syncctl, which can''t tell its',
            N' lines apart. ', UPPER(LEFT(@ACTION, 1)), SUBSTRING(@ACTION, 2, 20), N' it in CounterPoint by hand, then',
            N' `syncctl dead-letter cancel ', @STAGING_ID, N' --reason …`.'
        );
        THROW 50030, @MESSAGE, 1;
    END;
END;
GO
