SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_MatchCustomer
    Which of the ERP's customers a customer of a store is: by the map's row for the store's id; else by e-mail address, in the map and then
    in the ERP, where that names one; else, where the site wants it (CUST_MATCH_NAME), by name and postcode. Of several that have the e-mail
    address, the one whose name and postcode fit. Where it can't be told, all of them are named.

Called by    sp_SyncCustomer, inside its caller's transaction
Parameters   @STORE_ID; @WOO_USER_ID, NULL for a guest; @EMAIL, NULL for none; @PERSON_JSON as fn_StagedAddress reads it; OUTPUT: @CUST_NO as
             the ERP writes it, NULL for nobody; @MAP_ID the map's row that names it by that id, or of a guest by e-mail, NULL where there
             is none yet; @PROBLEM what to say where it can't be told
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Note         A row that a person wrote or confirmed (MAPPING_SOURCE manual) decides whatever the e-mail address says. A row for an account
             that is known under another e-mail address by now goes on counting, unless the new one is somebody else's. A customer who is
             gone from the ERP is looked for by e-mail: the ERP may have merged two.
Example      DECLARE @CUST_NO varchar(15), @MAP_ID int, @PROBLEM nvarchar(2000);
             EXECUTE dbo.sp_MatchCustomer @STORE_ID = 'woocommerce', @WOO_USER_ID = 5, @EMAIL = N'a@example.test', @PERSON_JSON = N'{}',
                 @CUST_NO = @CUST_NO OUTPUT, @MAP_ID = @MAP_ID OUTPUT, @PROBLEM = @PROBLEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_MatchCustomer
    @STORE_ID varchar(50),
    @WOO_USER_ID bigint,
    @EMAIL nvarchar(100),
    @PERSON_JSON nvarchar(max),
    @CUST_NO varchar(15) OUTPUT,
    @MAP_ID int OUTPUT,
    @PROBLEM nvarchar(2000) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MAPPED_NO varchar(15),
        @MAPPED_EMAIL nvarchar(100),
        @IS_MANUAL bit = 0,
        @IS_THERE bit,
        @GONE varchar(15),
        @WHO nvarchar(200) = COALESCE(CONVERT(nvarchar(20), @WOO_USER_ID), @EMAIL),
        @CUSTOMERS int,
        @FITTING int,
        @BY nvarchar(50) = N'e-mail address',
        @TEXT_NO int = 1,
        @NAMED nvarchar(500);
    DECLARE @CANDIDATE table
    (
        CUST_NO varchar(15) NOT NULL PRIMARY KEY,
        OTHER_ID bigint NULL,
        IS_SAME_EMAIL bit NOT NULL,
        IS_FITTING bit NOT NULL
    );
    DECLARE @NAME table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        TEXT nvarchar(100) NOT NULL
    );

    SET @CUST_NO = NULL;
    SET @MAP_ID = NULL;
    SET @PROBLEM = NULL;

    /* The map, by the store's id. */
    SELECT TOP (1)
        @MAP_ID = mapped.MAP_ID,
        @MAPPED_NO = mapped.CUST_NO,
        @MAPPED_EMAIL = NULLIF(mapped.WOO_EMAIL, N''),
        @IS_MANUAL = CASE WHEN known.MAPPING_SOURCE = 'manual' THEN 1 ELSE 0 END
    FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
    INNER JOIN dbo.USER_CUSTOMER_MAP AS known
        ON known.MAP_ID = mapped.MAP_ID
    WHERE mapped.WOO_USER_ID = @WOO_USER_ID
    ORDER BY
        mapped.MAP_ID;

    IF @WOO_USER_ID IS NULL
    BEGIN
        SELECT TOP (1)
            @MAP_ID = mapped.MAP_ID,
            @MAPPED_NO = mapped.CUST_NO,
            @MAPPED_EMAIL = @EMAIL,
            @IS_MANUAL = CASE WHEN known.MAPPING_SOURCE = 'manual' THEN 1 ELSE 0 END
        FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
        INNER JOIN dbo.USER_CUSTOMER_MAP AS known
            ON known.MAP_ID = mapped.MAP_ID
        WHERE mapped.WOO_EMAIL = @EMAIL
        ORDER BY
            CASE WHEN mapped.WOO_USER_ID IS NULL THEN 0 ELSE 1 END,
            mapped.MAP_ID;
    END;

    IF @MAP_ID IS NOT NULL
    BEGIN
        EXECUTE dbo.sp_CheckErpCustomer
            @CUST_NO = @MAPPED_NO,
            @IS_THERE = @IS_THERE OUTPUT,
            @SPELLED = @CUST_NO OUTPUT;

        IF @IS_THERE = 1
        AND
        (
            @IS_MANUAL = 1
            OR COALESCE(@MAPPED_EMAIL, @EMAIL, N'') = COALESCE(@EMAIL, @MAPPED_EMAIL, N'')
        )
        BEGIN
            /* A row without a store isn't undone, but a customer of the ERP is one account of a store only. */
            SELECT
                @PROBLEM = CONCAT
                (
                    N'Customer ', @CUST_NO, N' is account ', own.WOO_USER_ID, N' of the store already, and can be one only. `syncctl map customer remove`',
                    N' takes a wrong row away.'
                )
            FROM dbo.USER_CUSTOMER_MAP AS own
            WHERE own.IS_ACTIVE = 1
            AND   own.STORE_ID = @STORE_ID
            AND   own.CUST_NO = @CUST_NO
            AND   own.WOO_USER_ID <> @WOO_USER_ID
            AND   own.MAP_ID <> @MAP_ID;

            RETURN;
        END;

        IF @IS_THERE = 1
        BEGIN
            /* The account has another e-mail address than it had. */
            INSERT INTO @CANDIDATE
            (
                CUST_NO, IS_SAME_EMAIL, IS_FITTING
            )
            SELECT
                other.CUST_NO,
                1,
                0
            FROM
            (
                SELECT
                    mapped.CUST_NO
                FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
                WHERE mapped.WOO_EMAIL = @EMAIL
                UNION
                SELECT
                    customer.CUST_NO
                FROM dbo.fn_ErpCustomers(@EMAIL) AS customer
            ) AS other
            WHERE other.CUST_NO <> @CUST_NO;

            IF NOT EXISTS (SELECT 1 FROM @CANDIDATE AS candidate)
            BEGIN
                RETURN;
            END;

            SET @BY = N'new e-mail address';

            INSERT INTO @CANDIDATE
            (
                CUST_NO, IS_SAME_EMAIL, IS_FITTING
            )
            VALUES
            (
                @CUST_NO, 0, 0
            );

            SET @CUST_NO = NULL;
        END;
        ELSE
        BEGIN
            SET @GONE = @MAPPED_NO;
            SET @CUST_NO = NULL;
        END;
    END;

    IF @MAP_ID IS NULL OR (@GONE IS NOT NULL AND @IS_MANUAL = 0)
    BEGIN
        INSERT INTO @CANDIDATE
        (
            CUST_NO, OTHER_ID, IS_SAME_EMAIL, IS_FITTING
        )
        SELECT
            mapped.CUST_NO,
            MAX(CASE WHEN mapped.WOO_USER_ID <> @WOO_USER_ID THEN mapped.WOO_USER_ID END),
            1,
            0
        FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
        WHERE mapped.WOO_EMAIL = @EMAIL
        AND   mapped.CUST_NO <> COALESCE(@GONE, '')
        GROUP BY
            mapped.CUST_NO;

        /* What the map says of the address comes before what the ERP has. */
        IF NOT EXISTS (SELECT 1 FROM @CANDIDATE AS candidate)
        BEGIN
            INSERT INTO @CANDIDATE
            (
                CUST_NO, OTHER_ID, IS_SAME_EMAIL, IS_FITTING
            )
            SELECT
                customer.CUST_NO,
                MAX(taken.WOO_USER_ID),
                0,
                0
            FROM dbo.fn_ErpCustomers(@EMAIL) AS customer
            LEFT JOIN dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS taken
                ON  taken.CUST_NO = customer.CUST_NO
                AND taken.WOO_USER_ID <> @WOO_USER_ID
            GROUP BY
                customer.CUST_NO;
        END;

        IF NOT EXISTS (SELECT 1 FROM @CANDIDATE AS candidate)
        AND @GONE IS NULL
        AND EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'CUST_MATCH_NAME' AND setting.VALUE = N'Y')
        BEGIN
            SET @BY = N'name and postcode';

            INSERT INTO @CANDIDATE
            (
                CUST_NO, OTHER_ID, IS_SAME_EMAIL, IS_FITTING
            )
            SELECT
                namesake.CUST_NO,
                MAX(taken.WOO_USER_ID),
                0,
                0
            FROM dbo.fn_ErpNamesakes(@PERSON_JSON) AS namesake
            LEFT JOIN dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS taken
                ON  taken.CUST_NO = namesake.CUST_NO
                AND (@WOO_USER_ID IS NULL OR taken.WOO_USER_ID <> @WOO_USER_ID)
            GROUP BY
                namesake.CUST_NO;
        END;

        UPDATE
            candidate
        SET
            IS_FITTING = 1
        FROM @CANDIDATE AS candidate
        WHERE EXISTS (SELECT 1 FROM dbo.fn_ErpFittingCustomer(candidate.CUST_NO, @PERSON_JSON) AS fitting);

        SELECT
            @CUSTOMERS = COUNT(*),
            @FITTING = COALESCE(SUM(CASE WHEN candidate.IS_FITTING = 1 AND @BY = N'e-mail address' THEN 1 ELSE 0 END), 0)
        FROM @CANDIDATE AS candidate;

        /* One, or of several with that address the one that fits. One who is another account's already is taken for this one's only
           where account and address are of the same person: an account that was deleted and made anew. */
        SET @MAPPED_NO = NULL;

        SELECT
            @MAPPED_NO = candidate.CUST_NO
        FROM @CANDIDATE AS candidate
        WHERE (@CUSTOMERS = 1 OR (@FITTING = 1 AND candidate.IS_FITTING = 1))
        AND   (candidate.OTHER_ID IS NULL OR (candidate.IS_SAME_EMAIL = 1 AND candidate.IS_FITTING = 1));

        IF @MAPPED_NO IS NOT NULL
        BEGIN
            EXECUTE dbo.sp_CheckErpCustomer
                @CUST_NO = @MAPPED_NO,
                @IS_THERE = @IS_THERE OUTPUT,
                @SPELLED = @CUST_NO OUTPUT;

            IF @IS_THERE = 1
            BEGIN
                RETURN;
            END;

            SET @GONE = @MAPPED_NO;
            SET @WHO = @EMAIL;
        END;
        ELSE IF @CUSTOMERS = 0 AND @GONE IS NULL
        BEGIN
            RETURN;
        END;
    END;

    IF @GONE IS NOT NULL AND (@IS_MANUAL = 1 OR NOT EXISTS (SELECT 1 FROM @CANDIDATE AS candidate WHERE candidate.CUST_NO <> @GONE))
    BEGIN
        SET @PROBLEM = CONCAT
        (
            N'By the customer map ', @WHO, N' is customer ', @GONE, N', who is not in the ERP any more. Name another one: `syncctl map customer ',
            @WHO, N' NUMBER`; or `syncctl map customer remove ', @WHO, N'`, and a new one is made.'
        );
        RETURN;
    END;

    INSERT INTO @NAME
    (
        TEXT_NO, TEXT
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY candidate.CUST_NO),
        CONCAT
        (
            candidate.CUST_NO,
            CASE WHEN candidate.OTHER_ID IS NOT NULL THEN N' (account ' + CONVERT(nvarchar(20), candidate.OTHER_ID) + N' of the store)' END
        )
    FROM @CANDIDATE AS candidate;

    /* STRING_AGG would need SQL Server 2017. */
    WHILE @TEXT_NO <= 10 AND EXISTS (SELECT 1 FROM @NAME AS named WHERE named.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @NAMED = CONCAT(@NAMED + N', ', named.TEXT)
        FROM @NAME AS named
        WHERE named.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    SET @PROBLEM = CONCAT
    (
        N'By ', @BY, N' ', @WHO, N' may be customer ', @NAMED, N'. Say who it is: `syncctl map customer ', @WHO, N' NUMBER`; `syncctl map customer',
        N' remove` takes a wrong row away.'
    );
END;
GO
