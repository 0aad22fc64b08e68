SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ImportErpSettings
    Takes the store of web orders from Configuration, and names what else a site has to decide. With @DRY_RUN it only tells.

Called by    syncctl config erp import
Parameters   @ERP_STORE which store, where Configuration has several; @FORCE 1 replaces what was set differently, too; @DRY_RUN 1 changes
             nothing
Returns      a row each: NAME, SOURCE, ERP_VALUE, SITE_VALUE, OUTCOME (set, same, kept, missing), DETAIL
Errors       50001 Configuration has several stores and @ERP_STORE names none; 50004 it names none of them; 50041 there is no row in it
Locks        the settings that it sets, until it ends
Repeatable   yes: what is set already is the same the second time
Example      EXECUTE dbo.sp_ImportErpSettings @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ImportErpSettings
    @ERP_STORE varchar(10) = NULL,
    @FORCE bit = 0,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @STORES nvarchar(1000) = N'',
        @COUNT int,
        @POSITION int = 1,
        @FOUND nvarchar(500),
        @PRESENT nvarchar(500),
        @OUTCOME varchar(20);
    DECLARE @STORE table
    (
        SEQ_NO int NOT NULL PRIMARY KEY,
        STORE_NO nvarchar(50) NOT NULL
    );

    INSERT INTO @STORE
    (
        SEQ_NO, STORE_NO
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY store.StoreID),
        CONVERT(nvarchar(50), store.StoreID)
    FROM dbo.Configuration AS store;

    SET @COUNT = @@ROWCOUNT;

    IF @COUNT = 0
    BEGIN
        SET @MESSAGE = N'Configuration has no row, so the store is set by hand: `syncctl config erp set STORE_ID NUMBER`.';
        THROW 50041, @MESSAGE, 1;
    END;

    WHILE @POSITION <= @COUNT
    BEGIN
        SELECT
            @STORES = CONCAT(@STORES, CASE WHEN @POSITION > 1 THEN N', ' END, store.STORE_NO),
            @FOUND = CASE WHEN @COUNT = 1 OR store.STORE_NO = CONVERT(nvarchar(50), @ERP_STORE) THEN store.STORE_NO ELSE @FOUND END
        FROM @STORE AS store
        WHERE store.SEQ_NO = @POSITION;

        SET @POSITION = @POSITION + 1;
    END;

    IF @COUNT > 1 AND @ERP_STORE IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'@ERP_STORE is required: Configuration has the stores ', @STORES, N'.');
        THROW 50001, @MESSAGE, 1;
    END;

    IF @ERP_STORE IS NOT NULL AND NOT EXISTS (SELECT 1 FROM @STORE AS store WHERE store.STORE_NO = CONVERT(nvarchar(50), @ERP_STORE))
    BEGIN
        SET @MESSAGE = CONCAT(N'Configuration has no store ', @ERP_STORE, N'; it has ', @STORES, N'.');
        THROW 50004, @MESSAGE, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        SELECT
            @PRESENT = NULLIF(setting.VALUE, N'')
        FROM dbo.USER_ERP_SETTING AS setting WITH (UPDLOCK, HOLDLOCK)
        WHERE setting.NAME = 'STORE_ID';

        SET @OUTCOME = CASE WHEN @FOUND = @PRESENT THEN 'same' WHEN @PRESENT IS NULL OR @FORCE = 1 THEN 'set' ELSE 'kept' END;

        UPDATE
            dbo.USER_ERP_SETTING
        SET
            VALUE = @FOUND
        WHERE NAME = 'STORE_ID'
        AND   @OUTCOME = 'set'
        AND   @DRY_RUN = 0;

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
        told.NAME,
        told.SOURCE,
        told.ERP_VALUE,
        told.SITE_VALUE,
        told.OUTCOME,
        told.DETAIL
    FROM
    (
        SELECT
            SEQ_NO = 1,
            NAME = CONVERT(varchar(50), 'STORE_ID'),
            SOURCE = CONVERT(varchar(100), 'Configuration.StoreID'),
            ERP_VALUE = @FOUND,
            SITE_VALUE = @PRESENT,
            OUTCOME = @OUTCOME,
            DETAIL = CONVERT(nvarchar(500), NULL)
        UNION ALL
        SELECT
            asked.SEQ_NO,
            CONVERT(varchar(50), asked.NAME),
            'Configuration',
            NULL,
            (SELECT NULLIF(setting.VALUE, N'') FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = asked.NAME),
            'missing',
            asked.DETAIL
        FROM
        (
            VALUES
                (2, 'PRICES_INCLUDE_TAX', N'syncctl config erp set PRICES_INCLUDE_TAX Y or N: RMS''s prices with tax, or without'),
                (3, 'SHIPPING_ITEM_ID', N'syncctl config erp set SHIPPING_ITEM_ID VALUE: Item.ID of the item for shipping'),
                (4, 'CHARGE_ITEM_ID', N'syncctl config erp set CHARGE_ITEM_ID VALUE: Item.ID of the item for fees')
        ) AS asked (SEQ_NO, NAME, DETAIL)
    ) AS told
    ORDER BY
        told.SEQ_NO;
END;
GO
