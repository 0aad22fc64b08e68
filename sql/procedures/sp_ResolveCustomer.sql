SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ResolveCustomer
    Whose order it is: the customer mapped to the customer id of this store, then to the e-mail address, then the ERP's own customer
    with that address. Where there are several, or the map's row has another address than the order, the one whose name and postcode fit; else
    nobody, and all of them are named.

Called by    sp_CheckOrder, sp_OrderCustomer
Parameters   @STAGING_ID; @CUST_NO OUTPUT, NULL where nothing matches, or more than one; @PROBLEM OUTPUT, what to say where it can't be told
Returns      no rows
Errors       none
Locks        none of its own
Repeatable   yes
Note         An order that is in the ERP keeps its customer, as long as that is one of those whom it may be.
Example      DECLARE @CUST_NO varchar(15); EXECUTE dbo.sp_ResolveCustomer @STAGING_ID = 1, @CUST_NO = @CUST_NO OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ResolveCustomer
    @STAGING_ID int,
    @CUST_NO varchar(15) OUTPUT,
    @PROBLEM nvarchar(500) = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @STORE_ID varchar(50),
        @WOO_CUST_ID bigint,
        @EMAIL nvarchar(100),
        @ORDER_JSON nvarchar(max),
        @FORMER varchar(15),
        @CUSTOMERS int = 0,
        @TEXT_NO int = 1,
        @NAMED nvarchar(500);
    DECLARE @CANDIDATE table
    (
        CUST_NO varchar(15) NOT NULL PRIMARY KEY
    );
    DECLARE @NAME table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        CUST_NO varchar(15) NOT NULL
    );

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_CUST_ID = staged.WOO_CUST_ID,
        @EMAIL = NULLIF(LTRIM(RTRIM(staged.CUST_EMAIL)), N''),
        @ORDER_JSON = staged.ORDER_JSON,
        @FORMER = CASE WHEN staged.IS_APPLIED = 1 THEN staged.CUST_NO END
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SET @CUST_NO = NULL;
    SET @PROBLEM = NULL;

    /* A row of the map for the store's customer id decides, as long as it doesn't name another address than the order. */
    IF @WOO_CUST_ID IS NOT NULL
    BEGIN
        SELECT
            @CUST_NO = MIN(mapped.CUST_NO),
            @CUSTOMERS = COUNT(DISTINCT mapped.CUST_NO)
        FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
        WHERE mapped.WOO_USER_ID = @WOO_CUST_ID
        AND   (@EMAIL IS NULL OR COALESCE(NULLIF(mapped.WOO_EMAIL, N''), @EMAIL) = @EMAIL);

        IF @CUSTOMERS = 1
        BEGIN
            RETURN;
        END;

        INSERT INTO @CANDIDATE
        (
            CUST_NO
        )
        SELECT DISTINCT
            mapped.CUST_NO
        FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
        WHERE mapped.WOO_USER_ID = @WOO_CUST_ID;
    END;

    SET @CUST_NO = NULL;
    SET @CUSTOMERS = (SELECT COUNT(*) FROM @CANDIDATE AS candidate);

    INSERT INTO @CANDIDATE
    (
        CUST_NO
    )
    SELECT DISTINCT
        mapped.CUST_NO
    FROM dbo.fn_StoreCustomers(@STORE_ID, @EMAIL) AS mapped
    WHERE mapped.WOO_EMAIL = @EMAIL
    AND   NOT EXISTS (SELECT 1 FROM @CANDIDATE AS known WHERE known.CUST_NO = mapped.CUST_NO);

    /* What the map says of the address comes before what the ERP has; beside a row that disagrees both may be meant. */
    IF @CUSTOMERS > 0 OR NOT EXISTS (SELECT 1 FROM @CANDIDATE AS known)
    BEGIN
        INSERT INTO @CANDIDATE
        (
            CUST_NO
        )
        SELECT DISTINCT
            customer.CUST_NO
        FROM dbo.fn_ErpCustomers(@EMAIL) AS customer
        WHERE NOT EXISTS (SELECT 1 FROM @CANDIDATE AS known WHERE known.CUST_NO = customer.CUST_NO);
    END;

    IF @CUSTOMERS = 0
    BEGIN
        SELECT
            @CUST_NO = MIN(candidate.CUST_NO),
            @CUSTOMERS = COUNT(*)
        FROM @CANDIDATE AS candidate;

        IF @CUSTOMERS < 2
        BEGIN
            RETURN;
        END;
    END;

    SELECT
        @CUST_NO = MIN(candidate.CUST_NO),
        @CUSTOMERS = COUNT(*)
    FROM @CANDIDATE AS candidate
    WHERE EXISTS (SELECT 1 FROM dbo.fn_ErpFittingCustomer(candidate.CUST_NO, @ORDER_JSON) AS fitting);

    IF @CUSTOMERS = 1
    BEGIN
        RETURN;
    END;

    SET @CUST_NO = NULL;

    SELECT
        @CUST_NO = candidate.CUST_NO
    FROM @CANDIDATE AS candidate
    WHERE candidate.CUST_NO = @FORMER;

    IF @CUST_NO IS NOT NULL
    BEGIN
        RETURN;
    END;

    INSERT INTO @NAME
    (
        TEXT_NO, CUST_NO
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY candidate.CUST_NO),
        candidate.CUST_NO
    FROM @CANDIDATE AS candidate;

    /* STRING_AGG would need SQL Server 2017. */
    WHILE @TEXT_NO <= 10 AND EXISTS (SELECT 1 FROM @NAME AS named WHERE named.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @NAMED = CONCAT(@NAMED + N', ', named.CUST_NO)
        FROM @NAME AS named
        WHERE named.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    SET @PROBLEM = CONCAT
    (
        N'By its customer id and e-mail the order may be of customer ', @NAMED, N'; name and postcode fit ',
        CASE WHEN @CUSTOMERS = 0 THEN N'none' ELSE N'more than one' END,
        N'. Say whose it is: `syncctl map customer`, by its e-mail or customer id; `syncctl map customer remove` takes a wrong row away.'
    );
END;
GO
