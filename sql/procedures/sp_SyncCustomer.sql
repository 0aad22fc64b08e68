SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SyncCustomer
    Brings one customer of a store into the ERP: finds who it is there, or makes a new one, and lets the fields follow that the store
    changed.

Called by    sp_ApplyCustomers, inside its transaction
Parameters   @LINE_ID of dbo.woo_customer_sync_queue_line; OUTPUT: @OUTCOME created, linked (found, and noted in the map), updated, unchanged,
             or failed; @CUST_NO; @PROBLEM of a failed one what to say, beside any other what was cut or kept, NULL for nothing
Returns      no rows
Errors       50041 this site's set-up keeps customers from being made
Locks        the customer's row of the map; before that, for a customer that isn't in the map yet or has parcels sent elsewhere than
             before, the CUST_NO series, until the transaction ends
Repeatable   yes: the second time nothing is changed
Note         failed is about this customer alone, and stays so until a person settles it. A line of an older queue never undoes what a later
             one has brought: it is unchanged.
Example      DECLARE @OUTCOME varchar(20), @CUST_NO varchar(15), @PROBLEM nvarchar(2000);
             EXECUTE dbo.sp_SyncCustomer @LINE_ID = 1, @OUTCOME = @OUTCOME OUTPUT, @CUST_NO = @CUST_NO OUTPUT, @PROBLEM = @PROBLEM OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_SyncCustomer
    @LINE_ID int,
    @OUTCOME varchar(20) OUTPUT,
    @CUST_NO varchar(15) OUTPUT,
    @PROBLEM nvarchar(2000) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @QUEUE_ID int,
        @STORE_ID varchar(50),
        @WOO_USER_ID bigint,
        @LINE_EMAIL nvarchar(254),
        @WHOLE_EMAIL nvarchar(254),
        @EMAIL nvarchar(100),
        @PERSON_JSON nvarchar(max),
        @MAP_ID int,
        @OWN_MAP_ID int,
        @IS_NEW bit = 0,
        @IS_LINKED bit = 0,
        @IS_CHANGED bit,
        @KEPT nvarchar(2000),
        @CUT nvarchar(1000),
        @TEXT_NO int = 1,
        @SET_UP nvarchar(500);
    DECLARE @TEXT table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        FIELD varchar(50) NOT NULL
    );

    SET @OUTCOME = 'failed';
    SET @CUST_NO = NULL;
    SET @PROBLEM = NULL;

    SELECT
        @QUEUE_ID = line.queue_id,
        @STORE_ID = line.store_id,
        @WOO_USER_ID = NULLIF(line.woo_customer_id, 0),
        @LINE_EMAIL = line.email,
        @WHOLE_EMAIL = NULLIF(LTRIM(RTRIM(line.email)), N''),
        @PERSON_JSON = line.customer_json
    FROM dbo.woo_customer_sync_queue_line AS line
    WHERE line.id = @LINE_ID;

    /* What a later queue has brought is newer than what this line noted. */
    IF @WOO_USER_ID IS NOT NULL
    BEGIN
        SELECT TOP (1)
            @CUST_NO = newer.cust_no
        FROM dbo.USER_CUSTOMER_QUEUE AS later WITH (READUNCOMMITTED)
        INNER JOIN dbo.woo_customer_sync_queue_line AS newer WITH (READCOMMITTEDLOCK)
            ON newer.queue_id = later.id
        WHERE later.store_id = @STORE_ID
        AND   later.id > @QUEUE_ID
        AND   newer.woo_customer_id = @WOO_USER_ID
        AND   newer.woo_customer_id > 0
        AND   newer.id > @LINE_ID
        AND   newer.state = 'done'
        ORDER BY
            newer.id DESC;
    END;
    ELSE
    BEGIN
        SELECT TOP (1)
            @CUST_NO = newer.cust_no
        FROM dbo.USER_CUSTOMER_QUEUE AS later WITH (READUNCOMMITTED)
        INNER JOIN dbo.woo_customer_sync_queue_line AS newer WITH (READCOMMITTEDLOCK)
            ON newer.queue_id = later.id
        WHERE later.store_id = @STORE_ID
        AND   later.id > @QUEUE_ID
        AND   newer.woo_customer_id = 0
        AND   newer.email = @LINE_EMAIL
        AND   newer.id > @LINE_ID
        AND   newer.state = 'done'
        ORDER BY
            newer.id DESC;
    END;

    IF @CUST_NO IS NOT NULL
    BEGIN
        SET @OUTCOME = 'unchanged';
        RETURN;
    END;

    IF NOT EXISTS (SELECT 1 FROM dbo.fn_CustomerAddress(@PERSON_JSON) AS address)
    BEGIN
        SET @PROBLEM = N'What is noted of this customer can''t be read. Queue it anew: `syncctl customers start`.';
        RETURN;
    END;

    /* An address that is cut would be another person's. */
    SET @EMAIL = CASE WHEN LEN(@WHOLE_EMAIL) <= 100 THEN @WHOLE_EMAIL END;

    IF @EMAIL IS NULL
    AND NOT EXISTS
    (
        SELECT 1 FROM dbo.fn_CustomerAddress(@PERSON_JSON) AS address WHERE address.KIND = 'BILL' AND address.NAM <> N''
    )
    BEGIN
        SET @PROBLEM = N'This customer has neither a name nor a company nor an e-mail address. Add one in the store, then queue it anew:'
            + N' `syncctl customers start`.';
        RETURN;
    END;

    IF @EMAIL IS NULL AND @WOO_USER_ID IS NULL
    BEGIN
        SET @PROBLEM = N'A guest without an e-mail address (of at most 100 letters) could never be found again.';
        RETURN;
    END;

    EXECUTE dbo.sp_MatchCustomer
        @STORE_ID = @STORE_ID,
        @WOO_USER_ID = @WOO_USER_ID,
        @EMAIL = @EMAIL,
        @PERSON_JSON = @PERSON_JSON,
        @CUST_NO = @CUST_NO OUTPUT,
        @MAP_ID = @MAP_ID OUTPUT,
        @PROBLEM = @PROBLEM OUTPUT;

    IF @PROBLEM IS NULL AND (@MAP_ID IS NULL OR @CUST_NO IS NULL)
    BEGIN
        EXECUTE dbo.sp_HoldNewCustomers;

        EXECUTE dbo.sp_MatchCustomer
            @STORE_ID = @STORE_ID,
            @WOO_USER_ID = @WOO_USER_ID,
            @EMAIL = @EMAIL,
            @PERSON_JSON = @PERSON_JSON,
            @CUST_NO = @CUST_NO OUTPUT,
            @MAP_ID = @MAP_ID OUTPUT,
            @PROBLEM = @PROBLEM OUTPUT;
    END;

    IF @PROBLEM IS NOT NULL
    BEGIN
        SET @CUST_NO = NULL;
        RETURN;
    END;

    IF @CUST_NO IS NULL
    BEGIN
        EXECUTE dbo.sp_CheckErpNewCustomer
            @PROBLEM = @SET_UP OUTPUT;

        IF @SET_UP IS NOT NULL
        BEGIN
            THROW 50041, @SET_UP, 1;
        END;

        EXECUTE dbo.sp_CreateErpCustomer
            @PERSON_JSON = @PERSON_JSON,
            @EMAIL = @EMAIL,
            @CUST_NO = @CUST_NO OUTPUT,
            @NOW = @NOW;

        EXECUTE dbo.sp_RememberCustomer
            @STORE_ID = @STORE_ID,
            @CUST_NO = @CUST_NO,
            @PERSON_JSON = @PERSON_JSON,
            @EMAIL = @EMAIL,
            @NOW = @NOW;

        SET @IS_NEW = 1;
    END;

    /* Whoever adds a shipping address holds the series of customers, and that is held before any customer. */
    IF EXISTS
    (
        SELECT
            1
        FROM dbo.fn_StagedShipping(@PERSON_JSON) AS shipping
        WHERE NOT EXISTS
        (
            SELECT
                1
            FROM dbo.USER_CUSTOMER_FIELD AS known
            WHERE known.STORE_ID = @STORE_ID
            AND   known.CUST_NO = @CUST_NO
            AND   known.FIELD = 'SHIP_TO'
            AND   known.STORE_VALUE COLLATE Latin1_General_BIN2 = shipping.CONTENT
        )
    )
    BEGIN
        EXECUTE dbo.sp_HoldNewCustomers;
    END;

    /* The map: one row for a customer of the ERP and a store. */
    SELECT
        @OWN_MAP_ID = map.MAP_ID
    FROM dbo.USER_CUSTOMER_MAP AS map
    WHERE map.IS_ACTIVE = 1
    AND   map.CUST_NO = @CUST_NO
    AND   map.STORE_ID = @STORE_ID;

    IF @OWN_MAP_ID <> @MAP_ID
    BEGIN
        UPDATE
            dbo.USER_CUSTOMER_MAP
        SET
            IS_ACTIVE = 0
        WHERE MAP_ID = @MAP_ID;

        SET @MAP_ID = NULL;
    END;

    SET @MAP_ID = COALESCE(@MAP_ID, @OWN_MAP_ID);

    IF @MAP_ID IS NULL
    BEGIN
        INSERT INTO dbo.USER_CUSTOMER_MAP
        (
            STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT
        )
        VALUES
        (
            @STORE_ID, @CUST_NO, @WOO_USER_ID, @EMAIL, 'syncctl', 1, @NOW
        );

        SET @IS_LINKED = 1;
    END;
    ELSE
    BEGIN
        SELECT
            @IS_LINKED = CASE WHEN map.CUST_NO <> @CUST_NO OR COALESCE(map.WOO_USER_ID, 0) <> COALESCE(@WOO_USER_ID, map.WOO_USER_ID, 0) THEN 1 ELSE 0 END
        FROM dbo.USER_CUSTOMER_MAP AS map
        WHERE map.MAP_ID = @MAP_ID;

        /* Written even where it says so already: it holds the customer for this transaction. A guest's address isn't the account's. */
        UPDATE
            dbo.USER_CUSTOMER_MAP
        SET
            STORE_ID = @STORE_ID,
            CUST_NO = @CUST_NO,
            WOO_USER_ID = COALESCE(@WOO_USER_ID, WOO_USER_ID),
            WOO_EMAIL = CASE WHEN @WOO_USER_ID IS NULL AND WOO_USER_ID IS NOT NULL THEN WOO_EMAIL ELSE COALESCE(@EMAIL, WOO_EMAIL) END
        WHERE MAP_ID = @MAP_ID;
    END;

    EXECUTE dbo.sp_FollowCustomer
        @STORE_ID = @STORE_ID,
        @CUST_NO = @CUST_NO,
        @PERSON_JSON = @PERSON_JSON,
        @EMAIL = @EMAIL,
        @IS_CHANGED = @IS_CHANGED OUTPUT,
        @KEPT = @KEPT OUTPUT,
        @NOW = @NOW;

    SET @OUTCOME = CASE
        WHEN @IS_NEW = 1 THEN 'created'
        WHEN @IS_LINKED = 1 THEN 'linked'
        WHEN @IS_CHANGED = 1 THEN 'updated'
        ELSE 'unchanged'
    END;

    /* What the ERP couldn't take whole. */
    IF @IS_NEW = 1 OR @IS_CHANGED = 1
    BEGIN
        INSERT INTO @TEXT
        (
            TEXT_NO, FIELD
        )
        SELECT
            ROW_NUMBER() OVER (ORDER BY written.POSITION_NO),
            written.FIELD
        FROM dbo.fn_ErpTexts(@EMAIL, @PERSON_JSON, NULL, NULL) AS written
        WHERE LEN(written.VALUE) > written.WIDTH
        OR    dbo.fn_LostLetters(written.VALUE, written.HELD, written.RAW) <> N'';

        /* STRING_AGG would need SQL Server 2017. */
        WHILE EXISTS (SELECT 1 FROM @TEXT AS written WHERE written.TEXT_NO = @TEXT_NO)
        BEGIN
            SELECT
                @CUT = CONCAT(@CUT + N', ', written.FIELD)
            FROM @TEXT AS written
            WHERE written.TEXT_NO = @TEXT_NO;

            SET @TEXT_NO = @TEXT_NO + 1;
        END;
    END;

    SET @PROBLEM = NULLIF(LTRIM(RTRIM(CONCAT
    (
        CASE WHEN @WHOLE_EMAIL IS NOT NULL AND @EMAIL IS NULL THEN N'An e-mail address of more than 100 letters is not taken over. ' END,
        N'The ERP can''t hold all of: ' + @CUT + N'. ',
        @KEPT
    ))), N'');
END;
GO
