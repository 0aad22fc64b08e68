SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SeedDemoErp
    Fills a trial ERP with items, prices, stock, customers and two pay codes, so that a trial runs on the shop's own data. What is
    there stays.

Called by    syncctl db seed, syncctl demo
Parameters   @ITEMS a JSON array of {"ITEM_NO", "SKU", "DESCR", "PRC_1", "QTY_ON_HND"}; where SKU is not ITEM_NO, a row in USER_ITEM_MAP
             (store '*') joins the two. @CUSTOMERS a JSON array of {"CUST_NO", "NAM", "EMAIL_ADRS_1", "WOO_USER_ID"}, of
             the store @STORE_ID; empty: of the first one whose orders come. A number that a customer with another address has is mapped to nobody.
             @WITH_DEPOSIT 1 adds an order with a deposit ticket, too (sp_SeedDemoDeposit)
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
        @PRC_LOC_ID varchar(10),
        @STK_LOC_ID varchar(10),
        @STR_ID varchar(10),
        @LOCAL_NOW datetime2(3);
    DECLARE @ITEM table
    (
        ITEM_NO varchar(20) NULL,
        SKU nvarchar(100) NULL,
        DESCR nvarchar(250) NULL,
        PRC_1 decimal(15, 4) NULL,
        QTY_ON_HND decimal(15, 4) NOT NULL
    );
    DECLARE @CUSTOMER table
    (
        CUST_NO varchar(15) NULL,
        NAM nvarchar(40) NULL,
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
        LEFT(parsed.DESCR, 250),
        TRY_CONVERT(decimal(15, 4), parsed.PRC_1),
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
        CUST_NO, NAM, EMAIL_ADRS_1, WOO_USER_ID
    )
    SELECT
        NULLIF(parsed.CUST_NO, ''),
        LEFT(parsed.NAM, 40),
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
        @PRC_LOC_ID = MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END),
        @STK_LOC_ID = MAX(CASE WHEN setting.NAME = 'STK_LOC_ID' THEN setting.VALUE END),
        @STR_ID = MAX(CASE WHEN setting.NAME = 'STR_ID' THEN setting.VALUE END)
    FROM dbo.USER_ERP_SETTING AS setting;

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    BEGIN TRY
        BEGIN TRANSACTION;

        INSERT INTO dbo.IM_ITEM
        (
            ITEM_NO, DESCR
        )
        SELECT
            item.ITEM_NO,
            CONVERT(varchar(250), MIN(item.DESCR) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as IM_ITEM.DESCR */
        FROM @ITEM AS item
        WHERE NOT EXISTS (SELECT 1 FROM dbo.IM_ITEM AS known WHERE known.ITEM_NO = item.ITEM_NO)
        GROUP BY
            item.ITEM_NO;

        SET @ITEM_COUNT = @@ROWCOUNT;

        INSERT INTO dbo.IM_PRC
        (
            ITEM_NO, LOC_ID, PRC_1, REG_PRC
        )
        SELECT
            item.ITEM_NO,
            @PRC_LOC_ID,
            MIN(item.PRC_1),
            MIN(item.PRC_1)
        FROM @ITEM AS item
        WHERE NOT EXISTS (SELECT 1 FROM dbo.IM_PRC AS known WHERE known.ITEM_NO = item.ITEM_NO AND known.LOC_ID = @PRC_LOC_ID)
        GROUP BY
            item.ITEM_NO;

        INSERT INTO dbo.IM_INV
        (
            ITEM_NO, LOC_ID, QTY_ON_HND, QTY_ON_SO, QTY_COMMIT
        )
        SELECT
            item.ITEM_NO,
            @STK_LOC_ID,
            MIN(item.QTY_ON_HND),
            0,
            0
        FROM @ITEM AS item
        WHERE NOT EXISTS (SELECT 1 FROM dbo.IM_INV AS known WHERE known.ITEM_NO = item.ITEM_NO AND known.LOC_ID = @STK_LOC_ID)
        GROUP BY
            item.ITEM_NO;

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

        INSERT INTO dbo.AR_CUST
        (
            CUST_NO, NAM, EMAIL_ADRS_1, STR_ID, LST_MAINT_DT
        )
        SELECT
            customer.CUST_NO,
            CONVERT(varchar(40), MIN(customer.NAM) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.NAM */,
            CONVERT(varchar(100), MIN(customer.EMAIL_ADRS_1) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */,
            @STR_ID,
            @LOCAL_NOW
        FROM @CUSTOMER AS customer
        WHERE NOT EXISTS (SELECT 1 FROM dbo.AR_CUST AS known WHERE known.CUST_NO = customer.CUST_NO)
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
            FROM dbo.AR_CUST AS held
            WHERE held.CUST_NO = customer.CUST_NO
            AND
            (
                held.EMAIL_ADRS_1 = CONVERT(varchar(100), customer.EMAIL_ADRS_1 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_CUST.EMAIL_ADRS_1 */
                OR held.EMAIL_ADRS_1 IS NULL
                OR customer.EMAIL_ADRS_1 IS NULL
            )
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

        INSERT INTO dbo.SY_PAY_COD
        (
            PAY_COD, PAY_TYP, DESCR
        )
        SELECT
            code.PAY_COD,
            'B',
            code.DESCR
        FROM
        (
            VALUES
                ('CASH', 'Cash'),
                ('WEB', 'Paid in the web store')
        ) AS code (PAY_COD, DESCR)
        WHERE NOT EXISTS (SELECT 1 FROM dbo.SY_PAY_COD AS known WHERE known.PAY_COD = code.PAY_COD);

        IF @WITH_DEPOSIT = 1
        BEGIN
            EXECUTE dbo.sp_SeedDemoDeposit @NOW = @NOW;
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
        ITEMS = @ITEM_COUNT,
        CUSTOMERS = @CUSTOMER_COUNT;
END;
GO
