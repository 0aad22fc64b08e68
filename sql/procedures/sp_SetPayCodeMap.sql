SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetPayCodeMap
    Says which pay code of the ERP a store's payment method is, or that it has no row any more.

Called by    syncctl map pay
Parameters   @STORE_ID, or '*' for every store without a row of its own; @PMT_METH as orders name it; @PAY_COD, empty: such orders aren't
             paid when they come; NULL takes the row away; @DRY_RUN checks and tells, and writes nothing
Returns      STORE_ID, PMT_METH, PAY_COD as it is now (NULL: no row), PREVIOUS as it was
Errors       50001 bad argument; 50004 no row to take away; 50040 the ERP has no such code, or its documents take no payments
Locks        the map's row
Repeatable   yes, but for taking away
Example      EXECUTE dbo.sp_SetPayCodeMap @STORE_ID = '*', @PMT_METH = 'stripe', @PAY_COD = 'CARD';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetPayCodeMap
    @STORE_ID varchar(50),
    @PMT_METH varchar(50),
    @PAY_COD varchar(20) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @PMT_METH = LTRIM(RTRIM(@PMT_METH));
    SET @PAY_COD = LTRIM(RTRIM(@PAY_COD));

    DECLARE
        @MESSAGE nvarchar(2000),
        @WAS_MAPPED bit = 0,
        @PREVIOUS varchar(20),
        @ERRORS nvarchar(2000) = RTRIM(CONCAT
        (
            CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
            CASE WHEN NULLIF(@PMT_METH, '') IS NULL THEN N'@PMT_METH is required. ' END,
            CASE WHEN LEN(@PAY_COD) > 10 THEN N'@PAY_COD takes at most 10 characters.' END
        ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    IF NOT EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'WRITE_PAYMENT')
    BEGIN
        THROW 50040, N'This ERP''s documents take no payments of the store: there are no pay codes to name.', 1;
    END;

    SELECT
        @MESSAGE = lacking.FAULT
    FROM dbo.fn_ErpSettingFault('PAY_COD', @PAY_COD) AS lacking;

    IF @MESSAGE IS NOT NULL
    BEGIN
        THROW 50040, @MESSAGE, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @PREVIOUS = map.PAY_COD,
            @WAS_MAPPED = 1
        FROM dbo.USER_PAY_CODE_MAP AS map WITH (UPDLOCK, HOLDLOCK)
        WHERE map.STORE_ID = @STORE_ID
        AND   map.PMT_METH = @PMT_METH;

        IF @WAS_MAPPED = 0 AND @PAY_COD IS NULL
        BEGIN
            SET @MESSAGE = CONCAT(N'The map of pay codes has no row for payment method ', @PMT_METH, N' and store ', @STORE_ID, N'.');
            THROW 50004, @MESSAGE, 1;
        END;

        IF @DRY_RUN = 0 AND @PAY_COD IS NULL
        BEGIN
            DELETE FROM dbo.USER_PAY_CODE_MAP
            WHERE STORE_ID = @STORE_ID
            AND   PMT_METH = @PMT_METH;
        END;
        ELSE IF @DRY_RUN = 0 AND @WAS_MAPPED = 0
        BEGIN
            INSERT INTO dbo.USER_PAY_CODE_MAP (STORE_ID, PMT_METH, PAY_COD)
            VALUES (@STORE_ID, @PMT_METH, CONVERT(varchar(10), @PAY_COD));
        END;
        ELSE IF @DRY_RUN = 0
        BEGIN
            UPDATE
                dbo.USER_PAY_CODE_MAP
            SET
                PAY_COD = CONVERT(varchar(10), @PAY_COD)
            WHERE STORE_ID = @STORE_ID
            AND   PMT_METH = @PMT_METH;
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
        PMT_METH = @PMT_METH,
        PAY_COD = @PAY_COD,
        PREVIOUS = @PREVIOUS;
END;
GO
