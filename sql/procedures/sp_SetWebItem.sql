SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetWebItem
    Says of one SKU how many of the item make one of the store's, how many stay back, and whether it is never offered.

Called by    syncctl item set, syncctl item map --import
Parameters   @STORE_ID a store, or * for all; @SKU; @PACK_QTY; @RESERVE_QTY NULL: the site's own (WEB_RESERVE); @IS_OFF; @IS_REMOVED = 1 takes
             what was said back
Returns      one row: STORE_ID, SKU, PACK_QTY, RESERVE_QTY, IS_OFF, as it stands now; nothing where nothing is said
Errors       50001 bad argument
Locks        the row
Repeatable   yes
Example      EXECUTE dbo.sp_SetWebItem @STORE_ID = '*', @SKU = N'SOCKS-6', @PACK_QTY = 6;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetWebItem
    @STORE_ID varchar(50),
    @SKU nvarchar(100),
    @PACK_QTY decimal(15, 4) = 1,
    @RESERVE_QTY decimal(15, 4) = NULL,
    @IS_OFF bit = 0,
    @IS_REMOVED bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = RTRIM(CONCAT
    (
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN NULLIF(LTRIM(@SKU), N'') IS NULL THEN N'@SKU is required. ' END,
        CASE WHEN @PACK_QTY IS NULL OR @PACK_QTY <= 0 THEN N'@PACK_QTY must be above 0. ' END,
        CASE WHEN @RESERVE_QTY < 0 THEN N'@RESERVE_QTY must not be below 0.' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        DELETE FROM dbo.USER_WEB_ITEM
        WHERE STORE_ID = @STORE_ID
        AND   SKU = @SKU;

        IF @IS_REMOVED = 0
        BEGIN
            INSERT INTO dbo.USER_WEB_ITEM
            (
                STORE_ID, SKU, PACK_QTY, RESERVE_QTY, IS_OFF, UPDATED_DT
            )
            VALUES
            (
                @STORE_ID, @SKU, @PACK_QTY, @RESERVE_QTY, @IS_OFF, @NOW
            );
        END;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;

        THROW;
    END CATCH;

    SELECT
        item.STORE_ID,
        item.SKU,
        item.PACK_QTY,
        item.RESERVE_QTY,
        item.IS_OFF
    FROM dbo.USER_WEB_ITEM AS item
    WHERE item.STORE_ID = @STORE_ID
    AND   item.SKU = @SKU;
END;
GO
