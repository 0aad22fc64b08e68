SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetItemMap
    Says which item of the ERP a SKU is, or that it has no row any more. It counts from the next order on; a line that is in its
    document keeps its item.

Called by    syncctl map item
Parameters   @STORE_ID, or '*' for every store without a row of its own; @SKU; @ITEM_NO, NULL takes the row away; @DRY_RUN checks and
             tells, and writes nothing
Returns      STORE_ID, SKU, ITEM_NO as it is now, as the ERP writes it (NULL: no row), PREVIOUS as it was
Errors       50001 bad argument; 50004 no row to take away; 50040 the ERP has no such item
Locks        the map's row
Repeatable   yes, but for taking away
Example      EXECUTE dbo.sp_SetItemMap @STORE_ID = '*', @SKU = N'TEA-BLACK', @ITEM_NO = 'TEE-BLK';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetItemMap
    @STORE_ID varchar(50),
    @SKU nvarchar(100),
    @ITEM_NO varchar(20) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @SKU = LTRIM(RTRIM(@SKU));
    SET @ITEM_NO = NULLIF(LTRIM(RTRIM(@ITEM_NO)), '');

    DECLARE
        @MESSAGE nvarchar(2000),
        @IS_THERE bit,
        @SPELLED varchar(20),
        @PREVIOUS varchar(20),
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN NULLIF(@SKU, N'') IS NULL THEN N'@SKU is required. ' END
        ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    IF @ITEM_NO IS NOT NULL
    BEGIN
        EXECUTE dbo.sp_CheckErpItem
            @ITEM_NO = @ITEM_NO,
            @IS_THERE = @IS_THERE OUTPUT,
            @SPELLED = @SPELLED OUTPUT;

        IF @IS_THERE = 0
        BEGIN
            SET @MESSAGE = CONCAT(N'The ERP has no item ', @ITEM_NO, N'. Name one that it has, or add it there first.');
            THROW 50040, @MESSAGE, 1;
        END;

        SET @ITEM_NO = @SPELLED;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @PREVIOUS = map.ITEM_NO
        FROM dbo.USER_ITEM_MAP AS map WITH (UPDLOCK, HOLDLOCK)
        WHERE map.STORE_ID = @STORE_ID
        AND   map.SKU = @SKU;

        IF @PREVIOUS IS NULL AND @ITEM_NO IS NULL
        BEGIN
            SET @MESSAGE = CONCAT(N'The item map has no row for SKU ', @SKU, N' and store ', @STORE_ID, N'.');
            THROW 50004, @MESSAGE, 1;
        END;

        IF @DRY_RUN = 0 AND @ITEM_NO IS NULL
        BEGIN
            DELETE FROM dbo.USER_ITEM_MAP
            WHERE STORE_ID = @STORE_ID
            AND   SKU = @SKU;
        END;
        ELSE IF @DRY_RUN = 0 AND @PREVIOUS IS NULL
        BEGIN
            INSERT INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO)
            VALUES (@STORE_ID, @SKU, @ITEM_NO);
        END;
        ELSE IF @DRY_RUN = 0
        BEGIN
            UPDATE
                dbo.USER_ITEM_MAP
            SET
                ITEM_NO = @ITEM_NO
            WHERE STORE_ID = @STORE_ID
            AND   SKU = @SKU;
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
        STORE_ID = @STORE_ID,
        SKU = @SKU,
        ITEM_NO = @ITEM_NO,
        PREVIOUS = @PREVIOUS;
END;
GO
