SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetTaxMap
    Says which tax authority and rule of the ERP a store's tax rate is, or that it has no row any more.

Called by    syncctl map tax
Parameters   @STORE_ID, or '*' for every store without a row of its own; @RATE_COD the store's code of the rate, such as US-NY-TAX-1;
             @AUTH_COD and @RUL_COD, both NULL take the row away; @DRY_RUN checks and tells, and writes nothing
Returns      STORE_ID, RATE_COD, AUTH_COD and RUL_COD as they are now (NULL: no row), PREVIOUS_AUTH_COD, PREVIOUS_RUL_COD as they were
Errors       50001 bad argument; 50004 no row to take away; 50040 the ERP's documents take no tax by rates
Locks        the map's row
Repeatable   yes, but for taking away
Note         The ERP isn't asked whether it has the authority: nothing tells where a site keeps them.
Example      EXECUTE dbo.sp_SetTaxMap @STORE_ID = '*', @RATE_COD = N'US-NY-TAX-1', @AUTH_COD = 'NY', @RUL_COD = 'TAX';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetTaxMap
    @STORE_ID varchar(50),
    @RATE_COD nvarchar(100),
    @AUTH_COD varchar(20) = NULL,
    @RUL_COD varchar(20) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @RATE_COD = LTRIM(RTRIM(@RATE_COD));
    SET @AUTH_COD = NULLIF(LTRIM(RTRIM(@AUTH_COD)), '');
    SET @RUL_COD = NULLIF(LTRIM(RTRIM(@RUL_COD)), '');

    DECLARE
        @MESSAGE nvarchar(2000),
        @WAS_MAPPED bit = 0,
        @PREVIOUS_AUTH_COD varchar(20),
        @PREVIOUS_RUL_COD varchar(20),
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN NULLIF(@RATE_COD, N'') IS NULL THEN N'@RATE_COD is required. ' END,
            CASE WHEN (@AUTH_COD IS NULL AND @RUL_COD IS NOT NULL) OR (@AUTH_COD IS NOT NULL AND @RUL_COD IS NULL)
                THEN N'@AUTH_COD and @RUL_COD go together. ' END,
            CASE WHEN LEN(@AUTH_COD) > 10 OR LEN(@RUL_COD) > 10 THEN N'@AUTH_COD and @RUL_COD take at most 10 characters.' END
        ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    IF NOT EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'TAX_AUTH_COD')
    BEGIN
        THROW 50040, N'This ERP''s documents take no tax by rates: there are no authorities to name.', 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @PREVIOUS_AUTH_COD = map.AUTH_COD,
            @PREVIOUS_RUL_COD = map.RUL_COD,
            @WAS_MAPPED = 1
        FROM dbo.USER_TAX_MAP AS map WITH (UPDLOCK, HOLDLOCK)
        WHERE map.STORE_ID = @STORE_ID
        AND   map.RATE_COD = @RATE_COD;

        IF @WAS_MAPPED = 0 AND @AUTH_COD IS NULL
        BEGIN
            SET @MESSAGE = CONCAT(N'The map of tax rates has no row for ', @RATE_COD, N' and store ', @STORE_ID, N'.');
            THROW 50004, @MESSAGE, 1;
        END;

        IF @DRY_RUN = 0 AND @AUTH_COD IS NULL
        BEGIN
            DELETE FROM dbo.USER_TAX_MAP
            WHERE STORE_ID = @STORE_ID
            AND   RATE_COD = @RATE_COD;
        END;
        ELSE IF @DRY_RUN = 0 AND @WAS_MAPPED = 0
        BEGIN
            INSERT INTO dbo.USER_TAX_MAP (STORE_ID, RATE_COD, AUTH_COD, RUL_COD)
            VALUES (@STORE_ID, @RATE_COD, CONVERT(varchar(10), @AUTH_COD), CONVERT(varchar(10), @RUL_COD));
        END;
        ELSE IF @DRY_RUN = 0
        BEGIN
            UPDATE
                dbo.USER_TAX_MAP
            SET
                AUTH_COD = CONVERT(varchar(10), @AUTH_COD),
                RUL_COD = CONVERT(varchar(10), @RUL_COD)
            WHERE STORE_ID = @STORE_ID
            AND   RATE_COD = @RATE_COD;
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
        RATE_COD = @RATE_COD,
        AUTH_COD = @AUTH_COD,
        RUL_COD = @RUL_COD,
        PREVIOUS_AUTH_COD = @PREVIOUS_AUTH_COD,
        PREVIOUS_RUL_COD = @PREVIOUS_RUL_COD;
END;
GO
