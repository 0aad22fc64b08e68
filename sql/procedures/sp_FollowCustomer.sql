SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_FollowCustomer
    Brings a customer in the ERP in line with the customer of the store: writes what the store changed and no person changed in the ERP,
    and remembers both (USER_CUSTOMER_FIELD).

Called by    sp_SyncCustomer, inside its caller's transaction
Parameters   @STORE_ID; @CUST_NO; @PERSON_JSON as fn_StagedAddress reads it; @EMAIL, '' for none; OUTPUT: @IS_CHANGED 1 where
             something was written; @KEPT what to say of what wasn't, NULL for nothing
Returns      no rows
Errors       none
Locks        the customer's row, where it is written; where a shipping address is added, what that takes
Repeatable   yes: what was written already isn't written again
Note         Name, address, telephone and e-mail are each changed as one: half of a new address beside half of a corrected one is nobody's.
             What the store leaves empty empties nothing. A customer whom the ERP had before keeps what stands there, and what it lacks is
             filled in; from then on the store's changes count. With CUST_CHANGES = STORE the store's word counts always. An e-mail address
             that another customer of the ERP has is never written. What is kept is told once for each change of the store's.
Example      DECLARE @IS_CHANGED bit, @KEPT nvarchar(2000);
             EXECUTE dbo.sp_FollowCustomer @STORE_ID = 'woocommerce', @CUST_NO = 'C100', @PERSON_JSON = N'{"billing": {}}', @EMAIL = N'',
                 @IS_CHANGED = @IS_CHANGED OUTPUT, @KEPT = @KEPT OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_FollowCustomer
    @STORE_ID varchar(50),
    @CUST_NO varchar(15),
    @PERSON_JSON nvarchar(max),
    @EMAIL nvarchar(100),
    @IS_CHANGED bit = NULL OUTPUT,
    @KEPT nvarchar(2000) = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());
    SET @EMAIL = COALESCE(@EMAIL, N'');

    DECLARE
        @STORE_DECIDES bit = 0,
        @OTHER varchar(15),
        @FIELDS varchar(1000) = '',
        @POSITION_NO int = 0,
        @SHIP_TO nvarchar(1000),
        @IS_ADDED bit = 0;
    DECLARE @FIELD table
    (
        FIELD varchar(40) NOT NULL PRIMARY KEY,
        POSITION_NO int NOT NULL,
        PART varchar(10) NOT NULL,
        WANTED nvarchar(1000) NOT NULL,
        THERE nvarchar(1000) NOT NULL,
        STORE_VALUE nvarchar(1000) NULL,
        ERP_VALUE nvarchar(1000) NULL,
        IS_KEPT bit NULL
    );
    DECLARE @PART table
    (
        PART varchar(10) NOT NULL PRIMARY KEY,
        POSITION_NO int NOT NULL,
        ACTION varchar(10) NOT NULL
    );

    SET @IS_CHANGED = 0;
    SET @KEPT = NULL;

    IF EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'CUST_CHANGES' AND setting.VALUE = N'STORE')
    BEGIN
        SET @STORE_DECIDES = 1;
    END;

    INSERT INTO @FIELD
    (
        FIELD, POSITION_NO, PART, WANTED, THERE, STORE_VALUE, ERP_VALUE, IS_KEPT
    )
    SELECT
        field.FIELD,
        field.POSITION_NO,
        field.PART,
        field.WANTED,
        field.THERE,
        known.STORE_VALUE,
        known.ERP_VALUE,
        known.IS_KEPT
    FROM dbo.fn_ErpCustomerFields(@CUST_NO, @PERSON_JSON, @EMAIL) AS field
    LEFT JOIN dbo.USER_CUSTOMER_FIELD AS known
        ON  known.STORE_ID = @STORE_ID
        AND known.CUST_NO = @CUST_NO
        AND known.FIELD = field.FIELD;

    /* An e-mail address is the same in capitals. */
    UPDATE
        @FIELD
    SET
        WANTED = THERE
    WHERE PART = 'e-mail'
    AND   LOWER(WANTED) COLLATE Latin1_General_BIN2 = LOWER(THERE);

    IF @EMAIL <> N''
    AND EXISTS
    (
        SELECT
            1
        FROM @FIELD AS field
        WHERE field.PART = 'e-mail'
        AND   field.WANTED COLLATE Latin1_General_BIN2 <> field.THERE
    )
    BEGIN
        SELECT
            @OTHER = MIN(customer.CUST_NO)
        FROM dbo.fn_ErpCustomers(@EMAIL) AS customer
        WHERE customer.CUST_NO <> @CUST_NO;
    END;

    /* What becomes of each part. */
    INSERT INTO @PART
    (
        PART, POSITION_NO, ACTION
    )
    SELECT
        compared.PART,
        compared.POSITION_NO,
        CASE
            WHEN compared.IS_SAID = 0 AND compared.IS_KNOWN = 0 THEN 'remember'
            WHEN compared.IS_SAID = 0 THEN 'none'
            WHEN compared.DIFFERS = 0 THEN 'remember'
            WHEN compared.IS_KNOWN = 1 AND compared.STORE_CHANGED = 0
                AND (@STORE_DECIDES = 0 OR (compared.ERP_CHANGED = 0 AND compared.WAS_KEPT = 0)) THEN 'none'
            WHEN compared.PART = 'e-mail' AND @OTHER IS NOT NULL THEN 'keep'
            WHEN compared.IS_KNOWN = 0 AND compared.CONTRADICTS = 0 THEN 'fill'
            WHEN @STORE_DECIDES = 1 THEN 'write'
            WHEN compared.IS_KNOWN = 1 AND compared.ERP_CHANGED = 0 THEN 'write'
            ELSE 'keep'
        END
    FROM
    (
        SELECT
            field.PART,
            POSITION_NO = MIN(field.POSITION_NO),
            IS_SAID = MAX(CASE WHEN field.WANTED <> N'' THEN 1 ELSE 0 END),
            DIFFERS = MAX(CASE WHEN field.WANTED COLLATE Latin1_General_BIN2 <> field.THERE THEN 1 ELSE 0 END),
            IS_KNOWN = MAX(CASE WHEN field.STORE_VALUE IS NOT NULL THEN 1 ELSE 0 END),
            STORE_CHANGED = MAX(CASE WHEN field.WANTED COLLATE Latin1_General_BIN2 <> field.STORE_VALUE THEN 1 ELSE 0 END),
            ERP_CHANGED = MAX(CASE WHEN field.THERE COLLATE Latin1_General_BIN2 <> field.ERP_VALUE THEN 1 ELSE 0 END),
            WAS_KEPT = MAX(CASE WHEN field.IS_KEPT = 1 THEN 1 ELSE 0 END),
            CONTRADICTS = MAX
            (
                CASE
                    WHEN field.WANTED <> N'' AND field.THERE <> N''
                    AND  LOWER(field.WANTED) COLLATE Latin1_General_BIN2 <> LOWER(field.THERE) THEN 1
                    ELSE 0
                END
            )
        FROM @FIELD AS field
        GROUP BY
            field.PART
    ) AS compared;

    /* Where parcels go: first, since whoever adds an address holds the series of customers, and that is held before any customer. */
    SELECT
        @SHIP_TO = shipping.CONTENT
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
    );

    IF @SHIP_TO IS NOT NULL
    BEGIN
        EXECUTE dbo.sp_AddErpAddress
            @CUST_NO = @CUST_NO,
            @PERSON_JSON = @PERSON_JSON,
            @EMAIL = @EMAIL,
            @IS_ADDED = @IS_ADDED OUTPUT;

        SET @IS_CHANGED = @IS_ADDED;

        INSERT INTO @PART
        (
            PART, POSITION_NO, ACTION
        )
        VALUES
        (
            'ship-to', 0, 'remember'
        );

        INSERT INTO @FIELD
        (
            FIELD, POSITION_NO, PART, WANTED, THERE
        )
        VALUES
        (
            'SHIP_TO', 0, 'ship-to', @SHIP_TO, @SHIP_TO
        );
    END;

    /* STRING_AGG would need SQL Server 2017. */
    WHILE @POSITION_NO < 30
    BEGIN
        SET @POSITION_NO = @POSITION_NO + 1;

        SELECT
            @FIELDS = CONCAT(@FIELDS, ',', field.FIELD, ',')
        FROM @FIELD AS field
        INNER JOIN @PART AS part
            ON part.PART = field.PART
        WHERE field.POSITION_NO = @POSITION_NO
        AND   field.WANTED COLLATE Latin1_General_BIN2 <> field.THERE
        AND   (part.ACTION = 'write' OR (part.ACTION = 'fill' AND field.THERE = N''));

        SELECT
            @KEPT = CONCAT(@KEPT + N', ', part.PART)
        FROM @PART AS part
        WHERE part.POSITION_NO = @POSITION_NO
        AND   part.ACTION = 'keep';
    END;

    IF @FIELDS <> ''
    BEGIN
        EXECUTE dbo.sp_ChangeErpCustomer
            @CUST_NO = @CUST_NO,
            @FIELDS = @FIELDS,
            @PERSON_JSON = @PERSON_JSON,
            @EMAIL = @EMAIL,
            @NOW = @NOW;

        SET @IS_CHANGED = 1;

        /* Read back: the site may have a trigger that writes it otherwise. */
        UPDATE
            field
        SET
            THERE = written.THERE
        FROM @FIELD AS field
        INNER JOIN dbo.fn_ErpCustomerFields(@CUST_NO, @PERSON_JSON, @EMAIL) AS written
            ON written.FIELD = field.FIELD;
    END;

    IF @KEPT IS NOT NULL
    BEGIN
        SET @KEPT = RTRIM(CONCAT
        (
            N'Customer ', @CUST_NO, N' keeps what the ERP has of: ', @KEPT, N'. ',
            CASE WHEN @OTHER IS NOT NULL AND @KEPT LIKE N'%e-mail' THEN CONCAT(N'Customer ', @OTHER, N' has that e-mail address. ') END,
            CASE WHEN @KEPT <> N'e-mail' OR @OTHER IS NULL
                THEN N'It was there before the store, or was changed there. `syncctl config erp set CUST_CHANGES STORE` lets the store decide.' END
        ));
    END;

    /* What was kept against a change of the store's stays a person's: only the store's side is remembered anew. */
    UPDATE
        known
    SET
        STORE_VALUE = field.WANTED,
        ERP_VALUE = CASE WHEN part.ACTION = 'keep' THEN known.ERP_VALUE ELSE field.THERE END,
        IS_KEPT = CASE WHEN part.ACTION = 'keep' OR (part.ACTION = 'fill' AND field.WANTED COLLATE Latin1_General_BIN2 <> field.THERE) THEN 1 ELSE 0 END,
        UPDATED_DT = @NOW
    FROM dbo.USER_CUSTOMER_FIELD AS known
    INNER JOIN @FIELD AS field
        ON field.FIELD = known.FIELD
    INNER JOIN @PART AS part
        ON  part.PART = field.PART
        AND part.ACTION <> 'none'
    WHERE known.STORE_ID = @STORE_ID
    AND   known.CUST_NO = @CUST_NO
    AND
    (
        known.STORE_VALUE COLLATE Latin1_General_BIN2 <> field.WANTED
        OR (part.ACTION <> 'keep' AND known.ERP_VALUE COLLATE Latin1_General_BIN2 <> field.THERE)
        OR known.IS_KEPT <>
            CASE WHEN part.ACTION = 'keep' OR (part.ACTION = 'fill' AND field.WANTED COLLATE Latin1_General_BIN2 <> field.THERE) THEN 1 ELSE 0 END
    );

    INSERT INTO dbo.USER_CUSTOMER_FIELD
    (
        STORE_ID, CUST_NO, FIELD, STORE_VALUE, ERP_VALUE, IS_KEPT, UPDATED_DT
    )
    SELECT
        @STORE_ID,
        @CUST_NO,
        field.FIELD,
        field.WANTED,
        field.THERE,
        CASE WHEN part.ACTION = 'keep' OR (part.ACTION = 'fill' AND field.WANTED COLLATE Latin1_General_BIN2 <> field.THERE) THEN 1 ELSE 0 END,
        @NOW
    FROM @FIELD AS field
    INNER JOIN @PART AS part
        ON  part.PART = field.PART
        AND part.ACTION <> 'none'
    WHERE NOT EXISTS
    (
        SELECT
            1
        FROM dbo.USER_CUSTOMER_FIELD AS known
        WHERE known.STORE_ID = @STORE_ID
        AND   known.CUST_NO = @CUST_NO
        AND   known.FIELD = field.FIELD
    );
END;
GO
