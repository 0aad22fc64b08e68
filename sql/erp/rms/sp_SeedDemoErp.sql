SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SeedDemoErp
    Fills a trial RMS with items, prices, stock and customers, and with the two items that stand for no product (shipping, fees), so that a
    trial runs on the shop's own data. What is there stays.

Called by    syncctl db seed, syncctl demo
Parameters   @ITEMS a JSON array of {"ITEM_NO", "SKU", "DESCR", "PRC_1", "QTY_ON_HND"}; where SKU is not ITEM_NO, a row in USER_ITEM_MAP
             (store '*') joins the two. @CUSTOMERS a JSON array of {"CUST_NO", "NAM", "EMAIL_ADRS_1", "WOO_USER_ID"}, of the store
             @STORE_ID; empty: of the first one whose orders come. A number that a customer with another address has is mapped to nobody.
             @WITH_DEPOSIT 1 adds nothing: RMS has no deposit tickets
Returns      one row: ITEMS, CUSTOMERS added
Errors       50001 bad argument; 50060 this ERP is no trial one (there is no dbo.USER_DEMO_ERP)
Locks        the new rows
Repeatable   yes
Example      EXECUTE dbo.sp_SeedDemoErp @ITEMS = N'[{"ITEM_NO": "TEE-BLK", "PRC_1": "19.99", "QTY_ON_HND": "50"}]', @CUSTOMERS = N'[]';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SeedDemoErp
    @ITEMS nvarchar(max),
    @CUSTOMERS nvarchar(max),
    @STORE_ID varchar(50) = '',
    @WITH_DEPOSIT bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @IS_TRIAL bit = 0;

    BEGIN TRY
        EXECUTE dbo.sp_CheckDemoErp @IS_TRIAL = @IS_TRIAL OUTPUT;
    END TRY
    BEGIN CATCH
        -- A deadlock, a lock that was waited for too long, or a right that is missing says nothing of the ERP; a missing table does.
        IF ERROR_NUMBER() IN (1205, 1222, 229)
        BEGIN
            THROW;
        END;

        SET @IS_TRIAL = 0;
    END CATCH;

    IF @IS_TRIAL = 0
    BEGIN
        THROW 50060, N'This ERP is not a trial one (there is no table dbo.USER_DEMO_ERP), so nothing was seeded into it.', 1;
    END;

    DECLARE
        @ERRORS nvarchar(2000),
        @ITEM_COUNT int,
        @CUSTOMER_COUNT int,
        @LOCAL_NOW datetime2(3);
    DECLARE @ITEM table
    (
        ITEM_NO varchar(20) NULL,
        SKU nvarchar(100) NULL,
        DESCR nvarchar(30) NULL,
        PRC_1 decimal(15, 4) NOT NULL,
        QTY_ON_HND decimal(15, 4) NOT NULL
    );
    DECLARE @CUSTOMER table
    (
        CUST_NO varchar(15) NULL,
        NAM nvarchar(100) NOT NULL,
        LAST_AT int NOT NULL,
        EMAIL_ADRS_1 nvarchar(100) NULL,
        WOO_USER_ID bigint NULL
    );

    SET @ERRORS = RTRIM(CONCAT
    (
        CASE WHEN COALESCE(ISJSON(@ITEMS), 0) = 0 OR LEFT(LTRIM(@ITEMS), 1) <> N'[' THEN N'@ITEMS takes a JSON array of objects. ' END,
        CASE WHEN COALESCE(ISJSON(@CUSTOMERS), 0) = 0 OR LEFT(LTRIM(@CUSTOMERS), 1) <> N'['
            THEN N'@CUSTOMERS takes a JSON array of objects. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    INSERT INTO @ITEM
    (
        ITEM_NO, SKU, DESCR, PRC_1, QTY_ON_HND
    )
    SELECT
        NULLIF(parsed.ITEM_NO, ''),
        COALESCE(NULLIF(parsed.SKU, N''), parsed.ITEM_NO),
        CONVERT(nvarchar(30), dbo.fn_Shorten(COALESCE(parsed.DESCR, N''), 30)),
        COALESCE(TRY_CONVERT(decimal(15, 4), parsed.PRC_1), 0),
        COALESCE(TRY_CONVERT(decimal(15, 4), parsed.QTY_ON_HND), 0)
    FROM OPENJSON(@ITEMS)
    WITH
    (
        ITEM_NO varchar(20) '$.ITEM_NO',
        SKU nvarchar(100) '$.SKU',
        DESCR nvarchar(4000) '$.DESCR',
        PRC_1 nvarchar(50) '$.PRC_1',
        QTY_ON_HND nvarchar(50) '$.QTY_ON_HND'
    ) AS parsed;

    INSERT INTO @CUSTOMER
    (
        CUST_NO, NAM, LAST_AT, EMAIL_ADRS_1, WOO_USER_ID
    )
    SELECT
        NULLIF(parsed.CUST_NO, ''),
        LEFT(LTRIM(RTRIM(COALESCE(parsed.NAM, N''))), 100),
        CHARINDEX(N' ', REVERSE(LEFT(LTRIM(RTRIM(COALESCE(parsed.NAM, N''))), 100))),
        LEFT(parsed.EMAIL_ADRS_1, 100),
        parsed.WOO_USER_ID
    FROM OPENJSON(@CUSTOMERS)
    WITH
    (
        CUST_NO varchar(15) '$.CUST_NO',
        NAM nvarchar(4000) '$.NAM',
        EMAIL_ADRS_1 nvarchar(4000) '$.EMAIL_ADRS_1',
        WOO_USER_ID bigint '$.WOO_USER_ID'
    ) AS parsed;

    SET @ERRORS = RTRIM(CONCAT
    (
        CASE WHEN EXISTS (SELECT 1 FROM @ITEM AS item WHERE item.ITEM_NO IS NULL) THEN N'Every item needs ITEM_NO. ' END,
        CASE WHEN EXISTS (SELECT 1 FROM @CUSTOMER AS customer WHERE customer.CUST_NO IS NULL) THEN N'Every customer needs CUST_NO. ' END
    ));

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_DynamicsTime(@NOW) AS moment;

    BEGIN TRY
        BEGIN TRANSACTION;

        INSERT INTO dbo.Item
        (
            ItemLookupCode, Description, Price, Quantity, LastUpdated
        )
        SELECT
            own.ITEM_NO,
            own.DESCR,
            0,
            0,
            @LOCAL_NOW
        FROM
        (
            VALUES
                (1, N'SHIPPING', N'Shipping'),
                (2, N'WEB-CHARGES', N'Fees of web orders')
        ) AS own (SEQ_NO, ITEM_NO, DESCR)
        WHERE NOT EXISTS (SELECT 1 FROM dbo.Item AS known WHERE known.ItemLookupCode = own.ITEM_NO)
        ORDER BY
            own.SEQ_NO;

        UPDATE
            setting
        SET
            VALUE = CONVERT(nvarchar(500), item.ID)
        FROM dbo.USER_ERP_SETTING AS setting
        INNER JOIN dbo.Item AS item
            ON item.ItemLookupCode = CASE setting.NAME WHEN 'SHIPPING_ITEM_ID' THEN N'SHIPPING' WHEN 'CHARGE_ITEM_ID' THEN N'WEB-CHARGES' END
        WHERE setting.NAME IN ('SHIPPING_ITEM_ID', 'CHARGE_ITEM_ID')
        AND   COALESCE(setting.VALUE, N'') = N'';

        INSERT INTO dbo.Item
        (
            ItemLookupCode, Description, Price, Quantity, LastUpdated
        )
        SELECT
            CONVERT(nvarchar(25), item.ITEM_NO),
            MIN(item.DESCR),
            MIN(item.PRC_1),
            MIN(item.QTY_ON_HND),
            @LOCAL_NOW
        FROM @ITEM AS item
        WHERE NOT EXISTS (SELECT 1 FROM dbo.Item AS known WHERE known.ItemLookupCode = CONVERT(nvarchar(25), item.ITEM_NO))
        GROUP BY
            item.ITEM_NO;

        SET @ITEM_COUNT = @@ROWCOUNT;

        INSERT INTO dbo.USER_ITEM_MAP
        (
            STORE_ID, SKU, ITEM_NO
        )
        SELECT
            '*',
            item.SKU,
            MIN(item.ITEM_NO)
        FROM @ITEM AS item
        WHERE item.SKU <> CONVERT(nvarchar(100), item.ITEM_NO)
        AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ITEM_MAP AS known WHERE known.STORE_ID = '*' AND known.SKU = item.SKU)
        GROUP BY
            item.SKU;

        INSERT INTO dbo.Customer
        (
            AccountNumber, FirstName, LastName, EmailAddress, LastUpdated
        )
        SELECT
            CONVERT(nvarchar(20), customer.CUST_NO),
            MIN(LEFT(CASE WHEN customer.LAST_AT = 0 THEN N'' ELSE LEFT(customer.NAM, LEN(customer.NAM) - customer.LAST_AT) END, 30)),
            MIN(LEFT(CASE WHEN customer.LAST_AT = 0 THEN customer.NAM ELSE RIGHT(customer.NAM, customer.LAST_AT - 1) END, 50)),
            COALESCE(MIN(customer.EMAIL_ADRS_1), N''),
            @LOCAL_NOW
        FROM @CUSTOMER AS customer
        WHERE NOT EXISTS (SELECT 1 FROM dbo.Customer AS known WHERE known.AccountNumber = CONVERT(nvarchar(20), customer.CUST_NO))
        GROUP BY
            customer.CUST_NO;

        SET @CUSTOMER_COUNT = @@ROWCOUNT;

        INSERT INTO dbo.USER_CUSTOMER_MAP
        (
            STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT
        )
        SELECT
            @STORE_ID,
            customer.CUST_NO,
            MIN(customer.WOO_USER_ID),
            MIN(customer.EMAIL_ADRS_1),
            'seed',
            1,
            @NOW
        FROM @CUSTOMER AS customer
        WHERE customer.WOO_USER_ID IS NOT NULL
        AND   EXISTS
        (
            SELECT
                1
            FROM dbo.Customer AS held
            WHERE held.AccountNumber = CONVERT(nvarchar(20), customer.CUST_NO)
            AND   (held.EmailAddress = CONVERT(nvarchar(255), customer.EMAIL_ADRS_1) OR held.EmailAddress = N'' OR customer.EMAIL_ADRS_1 IS NULL)
        )
        AND   NOT EXISTS
        (
            SELECT
                1
            FROM dbo.USER_CUSTOMER_MAP AS known
            WHERE known.IS_ACTIVE = 1
            AND   known.STORE_ID IN (@STORE_ID, '')
            AND   (known.WOO_USER_ID = customer.WOO_USER_ID OR known.CUST_NO = customer.CUST_NO)
        )
        GROUP BY
            customer.CUST_NO
        ORDER BY
            customer.CUST_NO;

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
        ITEMS = @ITEM_COUNT,
        CUSTOMERS = @CUSTOMER_COUNT;
END;
GO
