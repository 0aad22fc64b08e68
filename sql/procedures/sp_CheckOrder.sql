SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_CheckOrder
    Finds everything that is wrong with a staged order, all at once, and notes it on the row: the rules, inside the caller's transaction.

Called by    sp_ValidateStagedOrder, sp_ProcessStagedOrder, which hold the order's row and have looked at the parameters
Parameters   as sp_ValidateStagedOrder; @VIOLATIONS OUTPUT: a JSON array of objects with CODE, FIELD, VALUE, MESSAGE, SEVERITY, NULL where
             nothing is wrong; @IS_BLOCKED OUTPUT: 1 where one of them is an error; @NOTES 0 notes nothing on the row
Returns      no rows
Errors       none of its own
Locks        none of its own
Repeatable   yes
Note         The ERP is asked through fn_ErpLines, fn_ErpShortItems, fn_ErpTexts, sp_CheckErpCustomer and sp_CheckErpNewCustomer. A price
             is compared for the whole line, where a store rounds: half a cent for each piece, at most one cent, is rounding.
Example      EXECUTE dbo.sp_CheckOrder @STAGING_ID = 1, @VIOLATIONS = @FOUND OUTPUT, @IS_BLOCKED = @BLOCKED OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_CheckOrder
    @STAGING_ID int,
    @VIOLATIONS nvarchar(max) OUTPUT,
    @IS_BLOCKED bit OUTPUT,
    @UNKNOWN_CUSTOMER varchar(20) = 'review',
    @GUEST_CUST_NO varchar(20) = NULL,
    @ERP_CURRENCY varchar(20) = 'USD',
    @PRICE_CHECK varchar(20) = 'warning',
    @PRICE_TOLERANCE decimal(15, 4) = NULL,
    @NOTES bit = 1,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());
    SET @VIOLATIONS = NULL;
    SET @IS_BLOCKED = 0;

    DECLARE
        @CUST_NO varchar(15),
        @CUSTOMER_EXISTS bit = 0,
        @PROBLEM nvarchar(500),
        @WHOSE nvarchar(500),
        @ERP_NAME nvarchar(500),
        @PARTS decimal(38, 2),
        @COSTS decimal(38, 2),
        @GROSS decimal(38, 4),
        @VALIDATION_ERROR nvarchar(max),
        @CODES nvarchar(max),
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @WOO_ORDER_NO varchar(50),
        @WOO_CUST_ID bigint,
        @CUST_EMAIL nvarchar(100),
        @TKT_DT datetime2(3),
        @CURRENCY varchar(20),
        @MONEY varchar(20),
        @TAX_AMT decimal(15, 2),
        @TOT_AMT decimal(15, 2),
        @EXACT_TOT decimal(15, 4),
        @TRANSACTION_ID nvarchar(200),
        @LINE_ITEMS_JSON nvarchar(max),
        @ORDER_JSON nvarchar(max),
        @PENDING_ACTION varchar(20),
        @ORD_STATUS nvarchar(20),
        @STATE_REASON nvarchar(500),
        @IS_HELD bit = 0,
        @OTHER_ID int,
        @OTHER_DOC_ID varchar(20),
        @OTHERS nvarchar(max),
        @IS_LATER bit = 0,
        @NUMBER_WIDTH int,
        @LIKE_NO varchar(50),
        @TEXT_NO int = 1;
    DECLARE @OTHER table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        ORDER_NO nvarchar(50) NOT NULL
    );
    DECLARE @TOLD table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        MESSAGE nvarchar(500) NULL,
        CODE nvarchar(110) NOT NULL
    );
    DECLARE @LINE table
    (
        POSITION_NO int NOT NULL,
        FIELD varchar(50) NOT NULL,
        SKU nvarchar(4000) NOT NULL,
        DESCR nvarchar(4000) NOT NULL,
        QTY decimal(15, 4) NOT NULL,
        QTY_TEXT varchar(30) NOT NULL,
        SUBTOT_AMT decimal(15, 4) NOT NULL,
        TOT_AMT decimal(15, 4) NOT NULL,
        EXT_PRC decimal(15, 2) NOT NULL,
        PRC decimal(15, 4) NULL,
        EXT_COST decimal(15, 2) NULL,
        ITEM_NO nvarchar(50) NULL,
        LIST_PRC decimal(15, 4) NULL
    );
    DECLARE @VIOLATION table
    (
        GROUP_NO int NOT NULL,
        POSITION_NO int NOT NULL,
        CODE varchar(50) NOT NULL,
        FIELD varchar(50) NOT NULL,
        VALUE nvarchar(500) NULL,
        MESSAGE nvarchar(500) NOT NULL,
        SEVERITY varchar(20) NOT NULL
    );

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @WOO_ORDER_NO = NULLIF(staged.WOO_ORDER_NO, ''),
        @WOO_CUST_ID = staged.WOO_CUST_ID,
        @CUST_EMAIL = NULLIF(LTRIM(RTRIM(staged.CUST_EMAIL)), N''),
        @TKT_DT = staged.TKT_DT,
        @CURRENCY = NULLIF(staged.CURRENCY, ''),
        @TAX_AMT = ROUND(COALESCE(staged.TAX_AMT, 0), 2),
        @TOT_AMT = ROUND(staged.TOT_AMT, 2),
        @EXACT_TOT = staged.TOT_AMT,
        @TRANSACTION_ID = NULLIF(staged.TRANSACTION_ID, N''),
        @LINE_ITEMS_JSON = staged.LINE_ITEMS_JSON,
        @ORDER_JSON = staged.ORDER_JSON,
        @PENDING_ACTION = staged.PENDING_ACTION,
        @ORD_STATUS = staged.ORD_STATUS,
        @STATE_REASON = staged.STATE_REASON,
        @IS_HELD = CASE
            WHEN staged.IS_APPLIED = 1 AND staged.STATUS_GROUP = 'wait' AND staged.STATUS_MEANING = 'held' THEN 1
            ELSE 0
        END
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @ERP_NAME = erp.ERP_NAME
    FROM dbo.fn_ErpName() AS erp;

    SET @MONEY = UPPER(@CURRENCY);

    IF @PENDING_ACTION IN ('create', 'update')
    BEGIN
        EXECUTE dbo.sp_ResolveCustomer
            @STAGING_ID = @STAGING_ID,
            @CUST_NO = @CUST_NO OUTPUT,
            @PROBLEM = @WHOSE OUTPUT;

        IF @CUST_NO IS NULL AND @WHOSE IS NULL AND @UNKNOWN_CUSTOMER = 'guest'
        BEGIN
            SET @CUST_NO = NULLIF(@GUEST_CUST_NO, '');
        END;

        IF @CUST_NO IS NOT NULL
        BEGIN
            EXECUTE dbo.sp_CheckErpCustomer
                @CUST_NO = @CUST_NO,
                @IS_THERE = @CUSTOMER_EXISTS OUTPUT;
        END;

        INSERT INTO @LINE
        (
            POSITION_NO, FIELD, SKU, DESCR, QTY, QTY_TEXT, SUBTOT_AMT, TOT_AMT, EXT_PRC, PRC, EXT_COST, ITEM_NO, LIST_PRC
        )
        SELECT
            line.POSITION_NO,
            CONCAT('LINE_ITEMS[', line.WOO_LINE_ID, ']'),
            line.SKU,
            line.DESCR,
            line.QTY,
            CASE WHEN line.QTY = ROUND(line.QTY, 0) THEN CONVERT(varchar(30), CONVERT(bigint, line.QTY))
                ELSE CONVERT(varchar(30), line.QTY) END,
            line.SUBTOT_AMT,
            line.TOT_AMT,
            line.EXT_PRC,
            CASE WHEN line.QTY > 0 AND ABS(line.SUBTOT_AMT / NULLIF(line.QTY, 0)) < 99999999999.99995 THEN line.PRC END,
            line.EXT_COST,
            line.ITEM_NO,
            line.LIST_PRC
        FROM dbo.fn_ErpLines(@STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON) AS line;

        /* The order as a whole: is it there already, is it there twice? */
        SELECT TOP (1)
            @OTHER_ID = other.STAGING_ID,
            @OTHER_DOC_ID = other.CP_DOC_ID
        FROM
        (
            SELECT
                staged.STAGING_ID,
                CP_DOC_ID = CONVERT(varchar(20), staged.CP_DOC_ID)
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.DUPLICATE_OF_ID IS NULL
            AND   staged.STORE_ID = @STORE_ID
            AND   staged.WOO_ORDER_ID = @WOO_ORDER_ID
            AND   staged.STAGING_ID <> @STAGING_ID
            AND   staged.IS_APPLIED = 1
            UNION ALL
            SELECT
                repeated.STAGING_ID,
                CONVERT(varchar(20), repeated.CP_DOC_ID)
            FROM dbo.USER_ORDER_STAGING AS repeated
            WHERE repeated.DUPLICATE_OF_ID IS NOT NULL
            AND   repeated.STORE_ID = @STORE_ID
            AND   repeated.WOO_ORDER_ID = @WOO_ORDER_ID
            AND   repeated.STAGING_ID <> @STAGING_ID
            AND   repeated.IS_APPLIED = 1
            UNION ALL
            SELECT
                linked.STAGING_ID,
                CONVERT(varchar(20), linked.DOC_ID)
            FROM dbo.USER_ORDER_LINK AS linked
            WHERE linked.STORE_ID = @STORE_ID
            AND   linked.WOO_ORDER_ID = @WOO_ORDER_ID
            AND   linked.STAGING_ID <> @STAGING_ID
            AND   linked.LINK_STATE = 'OPEN'
        ) AS other
        ORDER BY
            other.STAGING_ID;

        IF @OTHER_ID IS NOT NULL
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                1, 0, 'duplicate', 'WOO_ORDER_ID', CONVERT(nvarchar(30), @WOO_ORDER_ID),
                CONCAT
                (
                    N'The order is in the ERP already, as document ', COALESCE(@OTHER_DOC_ID, '?'), N' of staging id ', @OTHER_ID,
                    N'. Keep one: `syncctl dead-letter cancel` this one.'
                ),
                'error'
            );
        END;

        INSERT INTO @OTHER
        (
            TEXT_NO, ORDER_NO
        )
        SELECT
            ROW_NUMBER() OVER (ORDER BY staged.STAGING_ID),
            COALESCE(NULLIF(staged.WOO_ORDER_NO, ''), CONVERT(varchar(30), staged.WOO_ORDER_ID))
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STORE_ID = @STORE_ID
        AND   staged.TRANSACTION_ID = @TRANSACTION_ID
        AND   staged.TRANSACTION_ID IS NOT NULL
        AND   staged.WOO_ORDER_ID <> @WOO_ORDER_ID
        AND   staged.STATUS_GROUP = 'live'
        AND   staged.DUPLICATE_OF_ID IS NULL;

        /* STRING_AGG would need SQL Server 2017. */
        WHILE EXISTS (SELECT 1 FROM @OTHER AS other WHERE other.TEXT_NO = @TEXT_NO)
        BEGIN
            SELECT
                @OTHERS = CONCAT(@OTHERS + N', ', other.ORDER_NO)
            FROM @OTHER AS other
            WHERE other.TEXT_NO = @TEXT_NO;

            SET @TEXT_NO = @TEXT_NO + 1;
        END;

        /* Of two orders the later one waits for a person, until one has had it tried again after being told. */
        SELECT
            @IS_LATER = 1
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.STAGING_ID = @STAGING_ID
        AND   COALESCE(staged.IS_APPLIED, 0) = 0
        AND   EXISTS
        (
            SELECT
                1
            FROM dbo.USER_ORDER_STAGING AS other
            WHERE other.STORE_ID = @STORE_ID
            AND   other.TRANSACTION_ID = @TRANSACTION_ID
            AND   other.WOO_ORDER_ID <> @WOO_ORDER_ID
            AND   other.STATUS_GROUP = 'live'
            AND   other.DUPLICATE_OF_ID IS NULL
            AND   (other.IS_APPLIED = 1 OR other.STAGING_ID < @STAGING_ID)
        )
        AND   NOT EXISTS
        (
            SELECT
                1
            FROM dbo.USER_ORDER_DEAD_LETTER AS letter
            WHERE letter.STAGING_ID = @STAGING_ID
            AND   letter.DECISION = 'retry'
            AND   CHARINDEX(N'has the same payment transaction', letter.ERROR_MESSAGE) > 0
        );

        IF @OTHERS IS NOT NULL
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                2, 0, 'duplicate_transaction', 'TRANSACTION_ID', @TRANSACTION_ID,
                CONCAT
                (
                    N'Order ', LEFT(@OTHERS, 250), N' has the same payment transaction: the store may have made it twice. If so, cancel one there;',
                    N' if both are meant: `syncctl dead-letter retry ', @STAGING_ID, N'`.'
                ),
                CASE WHEN @IS_LATER = 1 THEN 'error' ELSE 'warning' END
            );
        END;

        /* Its head. */
        INSERT INTO @VIOLATION
        SELECT
            3,
            required.POSITION_NO,
            'missing_field',
            required.FIELD,
            NULL,
            CONCAT(required.FIELD, N' is missing. Correct the order in the store, or its staging row.'),
            'error'
        FROM
        (
            SELECT POSITION_NO = 1, FIELD = 'WOO_ORDER_NO', IS_MISSING = CASE WHEN @WOO_ORDER_NO IS NULL THEN 1 ELSE 0 END
            UNION ALL
            SELECT 2, 'CURRENCY', CASE WHEN @CURRENCY IS NULL THEN 1 ELSE 0 END
            UNION ALL
            SELECT 3, 'TOT_AMT', CASE WHEN @TOT_AMT IS NULL THEN 1 ELSE 0 END
            UNION ALL
            SELECT 4, 'TKT_DT', CASE WHEN @TKT_DT IS NULL THEN 1 ELSE 0 END
        ) AS required
        WHERE required.IS_MISSING = 1;

        IF NOT EXISTS (SELECT 1 FROM @LINE AS line)
        AND NOT EXISTS (SELECT 1 FROM dbo.fn_StagedCharges(@ORDER_JSON) AS charge)
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                4, 0, 'missing_field', 'LINES', NULL, N'The order has neither lines nor charges. Correct or cancel it in the store.', 'error'
            );
        END;

        IF @TKT_DT < '2000-01-01' OR @TKT_DT > DATEADD(DAY, 1, @NOW)
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                5, 0, 'invalid_date', 'TKT_DT', CONVERT(varchar(19), @TKT_DT, 120),
                N'The order''s date lies before 2000 or in the future. Check the store''s clock and time zone.', 'error'
            );
        END;

        IF UPPER(@CURRENCY) <> UPPER(@ERP_CURRENCY)
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                6, 0, 'currency', 'CURRENCY', @CURRENCY,
                CONCAT
                (
                    N'The order is in ', @CURRENCY, N', the ERP keeps its books in ', @ERP_CURRENCY, N'. Enter it in the ERP by hand.'
                ),
                'error'
            );
        END;

        /* Its customer. */
        IF @CUST_NO IS NOT NULL AND @CUSTOMER_EXISTS = 0
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                7, 0, 'unknown_customer', 'CUST_NO', @CUST_NO,
                CONCAT
                (
                    N'Customer ', @CUST_NO,
                    N' is not in the ERP. Correct it (`syncctl map customer`) or the guest customer, or add it in the ERP.'
                ),
                'error'
            );
        END;

        IF @WHOSE IS NOT NULL
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                7, 0, 'ambiguous_customer', 'CUST_NO', COALESCE(@CUST_EMAIL, CONVERT(nvarchar(30), @WOO_CUST_ID)), @WHOSE, 'error'
            );
        END;

        IF @CUST_NO IS NULL AND @WHOSE IS NULL AND @UNKNOWN_CUSTOMER = 'guest'
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                7, 0, 'unknown_customer', 'CUST_NO', NULL, N'No guest customer is set. Name one with SYNCCTL_GUEST_CUST_NO.', 'error'
            );
        END;

        IF @CUST_NO IS NULL AND @WHOSE IS NULL AND @UNKNOWN_CUSTOMER = 'review'
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                7, 0, 'unknown_customer', 'CUST_NO', COALESCE(@CUST_EMAIL, CONVERT(nvarchar(30), @WOO_CUST_ID)),
                CONCAT
                (
                    N'The ERP has no customer for this order. Name it (`syncctl map customer`), or add the e-mail to the customer in',
                    N' the ERP; or let SYNCCTL_UNKNOWN_CUSTOMER be create or guest.'
                ),
                'error'
            );
        END;

        IF @CUST_NO IS NULL AND @WHOSE IS NULL AND @UNKNOWN_CUSTOMER = 'create' AND @CUST_EMAIL IS NULL
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                7, 0, 'missing_field', 'CUST_EMAIL', NULL,
                N'A customer can''t be made without an e-mail address. Add it in the store.', 'error'
            );
        END;

        IF @CUST_NO IS NULL AND @WHOSE IS NULL AND @UNKNOWN_CUSTOMER = 'create'
        BEGIN
            EXECUTE dbo.sp_CheckErpNewCustomer @PROBLEM = @PROBLEM OUTPUT;

            IF @PROBLEM IS NOT NULL
            BEGIN
                INSERT INTO @VIOLATION
                VALUES
                (
                    7, 1, 'set_up', 'CUST_NO', NULL, @PROBLEM, 'error'
                );
            END;
        END;

        /* Its lines. */
        INSERT INTO @VIOLATION
        SELECT
            8,
            line.POSITION_NO,
            'quantity',
            CONCAT(line.FIELD, '.QTY'),
            line.QTY_TEXT,
            CASE WHEN line.SUBTOT_AMT = 0 AND line.TOT_AMT = 0
                THEN N'Quantity 0 and no amount: the line is left out.'
                ELSE CONCAT
                (
                    N'Quantity ', line.QTY_TEXT, N' with an amount of ', CONVERT(varchar(30), line.EXT_PRC), N'. Correct the line in the store.'
                ) END,
            CASE WHEN line.SUBTOT_AMT = 0 AND line.TOT_AMT = 0 THEN 'warning' ELSE 'error' END
        FROM @LINE AS line
        WHERE line.QTY <= 0;

        INSERT INTO @VIOLATION
        SELECT
            8,
            line.POSITION_NO,
            CASE WHEN line.SKU = N'' THEN 'missing_sku' ELSE 'unknown_sku' END,
            CONCAT(line.FIELD, '.SKU'),
            CASE WHEN line.SKU = N'' THEN NULLIF(LEFT(line.DESCR, 500), N'') ELSE LEFT(line.SKU, 500) END,
            CASE WHEN line.SKU = N''
                THEN CONCAT(N'Line ''', LEFT(line.DESCR, 250), N''' has no SKU. Give the product one in the store, or enter the order by hand.')
                ELSE LEFT(CONCAT(N'The ERP has no item for SKU ', line.SKU, N'. Add the item, or name one: `syncctl map item`.'), 500) END,
            'error'
        FROM @LINE AS line
        WHERE line.QTY > 0
        AND   line.ITEM_NO IS NULL;

        INSERT INTO @VIOLATION
        SELECT
            8,
            line.POSITION_NO,
            'too_large',
            CONCAT(line.FIELD, '.QTY'),
            line.QTY_TEXT,
            CASE WHEN line.PRC IS NULL
                THEN CONCAT
                (
                    N'Item ', line.ITEM_NO, N': for a quantity of ', line.QTY_TEXT, N' the amount makes a price that the ERP can''t hold.',
                    N' Correct the line in the store.'
                )
                ELSE CONCAT
                (
                    N'Item ', line.ITEM_NO, N': a quantity of ', line.QTY_TEXT, N' has a cost that the ERP can''t hold.',
                    N' Correct the line in the store, or the item''s cost in the ERP.'
                ) END,
            'error'
        FROM @LINE AS line
        WHERE line.QTY > 0
        AND   line.ITEM_NO IS NOT NULL
        AND   (line.PRC IS NULL OR line.EXT_COST IS NULL);

        IF @PRICE_CHECK <> 'off'
        BEGIN
            INSERT INTO @VIOLATION
            SELECT
                8,
                priced.POSITION_NO,
                'price',
                CONCAT(priced.FIELD, '.PRC'),
                CONVERT(varchar(30), priced.UNIT_PRC),
                CONCAT
                (
                    N'Item ', priced.ITEM_NO, N' costs ', CONVERT(varchar(30), priced.PRC_1), N' in the ERP, ',
                    CONVERT(varchar(30), priced.UNIT_PRC), N' in the store. Align the two prices.'
                ),
                @PRICE_CHECK
            FROM
            (
                SELECT
                    line.POSITION_NO,
                    line.FIELD,
                    line.ITEM_NO,
                    PRC_1 = line.LIST_PRC,
                    UNIT_PRC = CONVERT(decimal(15, 4), ROUND(line.SUBTOT_AMT / NULLIF(line.QTY, 0), 4)),
                    IS_OFF = CASE WHEN ABS(line.SUBTOT_AMT - line.LIST_PRC * line.QTY)
                        > COALESCE(@PRICE_TOLERANCE, 0) * CONVERT(decimal(26, 4), line.LIST_PRC * line.QTY)
                        + CASE WHEN line.QTY < 2 THEN 0.005 * line.QTY ELSE 0.01 END
                        THEN 1 ELSE 0 END
                FROM @LINE AS line
                WHERE line.QTY > 0
                AND   line.ITEM_NO IS NOT NULL
                AND   line.LIST_PRC IS NOT NULL
                AND   line.PRC IS NOT NULL
                AND   line.EXT_COST IS NOT NULL
            ) AS priced
            WHERE priced.IS_OFF = 1;
        END;

        INSERT INTO @VIOLATION
        SELECT
            8,
            100000 + short.POSITION_NO,
            'stock',
            CONCAT('LINE_ITEMS[', short.WOO_LINE_ID, '].QTY'),
            CONVERT(varchar(30), short.QTY),
            CONCAT
            (
                N'Item ', short.ITEM_NO, N': ', CONVERT(varchar(30), short.QTY), N' ordered, ', CONVERT(varchar(30), short.AVAILABLE),
                N' available in the ERP.'
            ),
            'warning'
        FROM dbo.fn_ErpShortItems(@STORE_ID, @WOO_ORDER_ID, @LINE_ITEMS_JSON) AS short;

        /* Its amounts: two decimals are what a document holds, and where the smallest coin is a thousandth, no third one is tax's noise. */
        INSERT INTO @VIOLATION
        SELECT
            9,
            finer.POSITION_NO,
            'amount',
            finer.FIELD,
            CONVERT(varchar(30), finer.AMT),
            CONCAT
            (
                N'A document takes two decimals, ', CONVERT(varchar(30), finer.AMT), N' would be cut. Enter the order in the ERP by hand,',
                N' or correct the amount in the store.'
            ),
            'error'
        FROM
        (
            SELECT
                POSITION_NO = -300000,
                FIELD = CONVERT(varchar(50), 'TOT_AMT'),
                AMT = @EXACT_TOT
            UNION ALL
            SELECT
                amounts.POSITION_NO,
                amounts.FIELD,
                amounts.AMT
            FROM
            (
                SELECT
                    POSITION_NO = -200000,
                    FIELD = CONVERT(varchar(50), 'TAX_AMT'),
                    AMT = staged.TAX_AMT
                FROM dbo.USER_ORDER_STAGING AS staged
                WHERE staged.STAGING_ID = @STAGING_ID
                UNION ALL
                SELECT
                    -190000 + 2 * line.POSITION_NO,
                    CONCAT(line.FIELD, '.SUBTOT_AMT'),
                    line.SUBTOT_AMT
                FROM @LINE AS line
                UNION ALL
                SELECT
                    -189999 + 2 * line.POSITION_NO,
                    CONCAT(line.FIELD, '.TOT_AMT'),
                    line.TOT_AMT
                FROM @LINE AS line
                UNION ALL
                SELECT
                    -100000 + charge.POSITION_NO,
                    CONCAT('CHARGES[', charge.POSITION_NO, '].AMT'),
                    charge.EXACT_AMT
                FROM dbo.fn_StagedCharges(@ORDER_JSON) AS charge
            ) AS amounts
            WHERE @MONEY IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND')
        ) AS finer
        WHERE finer.AMT <> ROUND(finer.AMT, 2);

        /* Its total. */
        SELECT
            @PARTS = @TAX_AMT + COALESCE(SUM(part.AMT), 0)
        FROM
        (
            SELECT
                AMT = line.EXT_PRC
            FROM @LINE AS line
            UNION ALL
            SELECT
                charge.AMT
            FROM dbo.fn_StagedCharges(@ORDER_JSON) AS charge
        ) AS part;

        IF @PARTS <> @TOT_AMT AND @EXACT_TOT = @TOT_AMT
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                9, 0, 'total', 'TOT_AMT', CONVERT(varchar(30), @TOT_AMT),
                CONCAT
                (
                    N'Lines, charges and tax come to ', CONVERT(varchar(30), @PARTS), N', the order''s total is ',
                    CONVERT(varchar(30), @TOT_AMT), N'. Correct it in the store.'
                ),
                'error'
            );
        END;

        SELECT
            @COSTS = SUM(line.EXT_COST),
            @GROSS = SUM(line.SUBTOT_AMT)
        FROM @LINE AS line
        WHERE line.QTY > 0;

        IF @COSTS > 9999999999999.99 OR ABS(@GROSS) > 9999999999999.99
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                9, 1, 'too_large', 'LINES', NULL,
                N'The costs or prices of its lines come to more than the ERP can hold. Correct the quantities in the store.', 'error'
            );
        END;

        /* Its letters. */
        INSERT INTO @VIOLATION
        SELECT
            10,
            lost.POSITION_NO,
            'letters',
            lost.FIELD,
            LEFT(lost.VALUE, 500),
            LEFT(CONCAT
            (
                @ERP_NAME, N' can''t hold ', lost.LETTERS, N' here: its code page lacks them. The document''s note keeps the text whole.'
            ), 500),
            'warning'
        FROM
        (
            SELECT
                written.POSITION_NO,
                written.FIELD,
                written.VALUE,
                LETTERS = dbo.fn_LostLetters(written.VALUE, written.HELD, written.RAW)
            FROM dbo.fn_ErpTexts(@CUST_EMAIL, @ORDER_JSON, @LINE_ITEMS_JSON, @WOO_ORDER_NO) AS written
        ) AS lost
        WHERE lost.LETTERS <> N'';

        /* Its long texts. */
        INSERT INTO @VIOLATION
        SELECT
            11,
            written.POSITION_NO,
            'cut',
            written.FIELD,
            LEFT(written.VALUE, 500),
            CONCAT
            (
                @ERP_NAME, N' takes ', written.WIDTH, N' letters here: the text is cut. The document''s note keeps it whole.'
            ),
            'warning'
        FROM dbo.fn_ErpTexts(@CUST_EMAIL, @ORDER_JSON, @LINE_ITEMS_JSON, @WOO_ORDER_NO) AS written
        WHERE LEN(written.VALUE) > written.WIDTH;

        /* A number that is cut to that of another document. */
        SELECT
            @NUMBER_WIDTH = written.WIDTH
        FROM dbo.fn_ErpTexts(NULL, NULL, NULL, @WOO_ORDER_NO) AS written
        WHERE written.VALUE = @WOO_ORDER_NO;

        IF LEN(@WOO_ORDER_NO) > @NUMBER_WIDTH
        BEGIN
            SELECT TOP (1)
                @LIKE_NO = other.WOO_ORDER_NO
            FROM dbo.USER_ORDER_STAGING AS staged
            INNER JOIN dbo.USER_ORDER_STAGING AS other
                ON other.STORE_ID = staged.STORE_ID
            WHERE staged.STAGING_ID = @STAGING_ID
            AND   COALESCE(staged.IS_APPLIED, 0) = 0
            AND   LEFT(other.WOO_ORDER_NO, @NUMBER_WIDTH) = LEFT(@WOO_ORDER_NO, @NUMBER_WIDTH)
            AND   other.WOO_ORDER_ID <> @WOO_ORDER_ID
            AND   other.STATUS_GROUP = 'live'
            AND   other.DUPLICATE_OF_ID IS NULL
            AND   (other.IS_APPLIED = 1 OR other.STAGING_ID < @STAGING_ID)
            AND   NOT EXISTS
            (
                SELECT
                    1
                FROM dbo.USER_ORDER_DEAD_LETTER AS letter
                WHERE letter.STAGING_ID = @STAGING_ID
                AND   letter.DECISION = 'retry'
                AND   CHARINDEX(N'which can''t be told apart by it', letter.ERROR_MESSAGE) > 0
            )
            ORDER BY
                other.STAGING_ID;
        END;

        IF @LIKE_NO IS NOT NULL
        BEGIN
            INSERT INTO @VIOLATION
            VALUES
            (
                12, 0, 'alike_number', 'WOO_ORDER_NO', @WOO_ORDER_NO,
                CONCAT
                (
                    @ERP_NAME, N' takes ', @NUMBER_WIDTH, N' letters of an order''s number, and those are the same for order ', @LIKE_NO,
                    N', which can''t be told apart by it. If that may be: `syncctl dead-letter retry ', @STAGING_ID,
                    N'`; else let the store''s numbers begin with less.'
                ),
                'error'
            );
        END;

        /* It comes unpaid, and its document would show it as paid: a pay code is for the whole total, whatever the status. */
        INSERT INTO @VIOLATION
        SELECT
            13,
            0,
            'unpaid',
            'ORD_STATUS',
            @ORD_STATUS,
            CONCAT
            (
                N'The order isn''t paid whole, and ', @ERP_NAME, N' would have it as paid: its payment method ', staged.PMT_METH, N' has the pay code ',
                code.PAY_COD, N'. Give the method an empty one, and key the payment when it comes.'
            ),
            'warning'
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS APPLY dbo.fn_PayCode(staged.STORE_ID, staged.PMT_METH) AS code
        WHERE staged.STAGING_ID = @STAGING_ID
        AND   (COALESCE(staged.STATUS_MEANING, '') = 'unpaid' OR COALESCE(staged.ORD_STATUS, '') = 'partially_paid')
        AND   code.PAY_COD <> ''
        AND   @TOT_AMT <> 0
        AND   EXISTS
        (
            SELECT
                1
            FROM dbo.USER_ERP_SETTING AS setting
            WHERE setting.NAME = 'WRITE_PAYMENT'
            AND   (COALESCE(setting.VALUE, N'') = N'Y' OR COALESCE(setting.VALUE, N'') = N'D')
        );

        /* Of an order that the store holds nothing else matters: nothing of it goes into its document. */
        IF @IS_HELD = 1
        BEGIN
            DELETE FROM @VIOLATION;

            INSERT INTO @VIOLATION
            VALUES
            (
                1, 0, 'held', 'ORD_STATUS', @ORD_STATUS,
                CONCAT
                (
                    LEFT(COALESCE(NULLIF(@STATE_REASON, N''), N'The store holds the order'), 250),
                    N'. Its document is left as it is. Decide in the store: once the order is ready again it goes on by itself.',
                    N' To leave it so: `syncctl dead-letter cancel ', @STAGING_ID, N' --reason …`.'
                ),
                'error'
            );
        END;

        INSERT INTO @TOLD
        (
            TEXT_NO, MESSAGE, CODE
        )
        SELECT
            ROW_NUMBER() OVER (ORDER BY violation.GROUP_NO, violation.POSITION_NO),
            CASE WHEN violation.SEVERITY = 'error' THEN violation.MESSAGE END,
            CONCAT(violation.CODE, N' ', violation.FIELD)
        FROM @VIOLATION AS violation;

        SET @TEXT_NO = 1;

        WHILE EXISTS (SELECT 1 FROM @TOLD AS told WHERE told.TEXT_NO = @TEXT_NO)
        BEGIN
            SELECT
                @VALIDATION_ERROR = COALESCE(@VALIDATION_ERROR + N'; ' + told.MESSAGE, @VALIDATION_ERROR, told.MESSAGE),
                @CODES = CONCAT(@CODES + N', ', told.CODE)
            FROM @TOLD AS told
            WHERE told.TEXT_NO = @TEXT_NO;

            SET @TEXT_NO = @TEXT_NO + 1;
        END;

        IF @NOTES = 1
        BEGIN
            UPDATE
                dbo.USER_ORDER_STAGING
            SET
                IS_VALIDATED = CASE WHEN @VALIDATION_ERROR IS NULL THEN 1 ELSE 0 END,
                VALIDATED_DT = @NOW,
                VALIDATION_ERROR = LEFT(@VALIDATION_ERROR, 500),
                CUST_NO = CASE WHEN @IS_HELD = 1 THEN CUST_NO ELSE @CUST_NO END,
                UPDATED_DT = @NOW
            WHERE STAGING_ID = @STAGING_ID;

            INSERT INTO dbo.USER_ORDER_EVENT
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, MESSAGE
            )
            VALUES
            (
                @STORE_ID, @WOO_ORDER_ID, @STAGING_ID, @NOW,
                CASE WHEN @VALIDATION_ERROR IS NULL THEN 'VALIDATED' ELSE 'INVALID' END, @CODES
            );
        END;
    END;

    IF @VALIDATION_ERROR IS NOT NULL
    BEGIN
        SET @IS_BLOCKED = 1;
    END;

    SET @VIOLATIONS =
    (
        SELECT
            violation.CODE,
            violation.FIELD,
            violation.VALUE,
            violation.MESSAGE,
            violation.SEVERITY
        FROM @VIOLATION AS violation
        ORDER BY
            violation.GROUP_NO,
            violation.POSITION_NO
        FOR JSON PATH
    );
END;
GO
