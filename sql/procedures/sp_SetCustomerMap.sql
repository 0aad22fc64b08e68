SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_SetCustomerMap
    Says which customer of the ERP a customer of a store is, or that there is no row for that any more. It counts from the next order
    on. A customer of the ERP has one row a store, which may hold the store's customer id and an e-mail address. A row without a store
    becomes this store's when it is changed, as long as there is no other store.

Called by    syncctl map customer
Parameters   @STORE_ID; @WOO_USER_ID or @WOO_EMAIL; @CUST_NO, NULL takes the row away (it stays, inactive); @DRY_RUN checks and tells, and writes
             nothing
Returns      STORE_ID of the row; CUST_NO as it is now, as the ERP writes it (NULL: no row), WOO_USER_ID and WOO_EMAIL of the row, PREVIOUS
             the CUST_NO as it was
Errors       50001 bad argument; 50004 no row to take away; 50030 that customer has a row with another id or address; 50040 the ERP
             has no such customer
Locks        the map's rows of the two
Repeatable   yes, but for taking away
Example      EXECUTE dbo.sp_SetCustomerMap @STORE_ID = 'woocommerce', @WOO_EMAIL = N'ada@example.test', @CUST_NO = 'C100';
*/
CREATE OR ALTER PROCEDURE dbo.sp_SetCustomerMap
    @STORE_ID varchar(50),
    @WOO_USER_ID bigint = NULL,
    @WOO_EMAIL nvarchar(100) = NULL,
    @CUST_NO varchar(20) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());
    SET @WOO_EMAIL = NULLIF(LTRIM(RTRIM(@WOO_EMAIL)), N'');
    SET @CUST_NO = NULLIF(LTRIM(RTRIM(@CUST_NO)), '');

    DECLARE
        @MESSAGE nvarchar(2000),
        @IS_THERE bit = 1,
        @SPELLED varchar(15),
        @IS_ALONE bit = 1,
        @MAPPED_NO varchar(15) = CONVERT(varchar(15), @CUST_NO),
        @MAP_ID int,
        @OWN_MAP_ID int,
        @PREVIOUS varchar(15),
        @ID_THERE bigint,
        @EMAIL_THERE nvarchar(100),
        @ROW_STORE_ID varchar(50) = @STORE_ID;

    IF NULLIF(@STORE_ID, '') IS NULL
    BEGIN
        THROW 50001, N'@STORE_ID is required.', 1;
    END;

    IF (@WOO_USER_ID IS NULL AND @WOO_EMAIL IS NULL) OR (@WOO_USER_ID IS NOT NULL AND @WOO_EMAIL IS NOT NULL)
    BEGIN
        THROW 50001, N'One of @WOO_USER_ID and @WOO_EMAIL is required.', 1;
    END;

    IF @CUST_NO IS NOT NULL
    BEGIN
        IF LEN(@CUST_NO) > 15
        BEGIN
            SET @IS_THERE = 0;
        END;
        ELSE
        BEGIN
            EXECUTE dbo.sp_CheckErpCustomer
                @CUST_NO = @MAPPED_NO,
                @IS_THERE = @IS_THERE OUTPUT,
                @SPELLED = @SPELLED OUTPUT;
        END;

        IF @IS_THERE = 0
        BEGIN
            SET @MESSAGE = CONCAT(N'The ERP has no customer ', @CUST_NO, N'. Name one that it has, or add it there first.');
            THROW 50040, @MESSAGE, 1;
        END;

        SET @MAPPED_NO = @SPELLED;
    END;

    IF EXISTS (SELECT 1 FROM dbo.fn_OtherStores(@STORE_ID) AS other)
    BEGIN
        SET @IS_ALONE = 0;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        IF @WOO_USER_ID IS NOT NULL
        BEGIN
            SELECT TOP (1)
                @MAP_ID = map.MAP_ID,
                @PREVIOUS = map.CUST_NO
            FROM dbo.USER_CUSTOMER_MAP AS map WITH (UPDLOCK, HOLDLOCK)
            WHERE map.IS_ACTIVE = 1
            AND   map.WOO_USER_ID = @WOO_USER_ID
            AND   (map.STORE_ID = @STORE_ID OR (map.STORE_ID = '' AND (@IS_ALONE = 1 OR @CUST_NO IS NULL)))
            ORDER BY
                CASE WHEN map.STORE_ID = '' THEN 1 ELSE 0 END,
                map.CUST_NO;
        END;
        ELSE
        BEGIN
            SELECT TOP (1)
                @MAP_ID = map.MAP_ID,
                @PREVIOUS = map.CUST_NO
            FROM dbo.USER_CUSTOMER_MAP AS map WITH (UPDLOCK, HOLDLOCK)
            WHERE map.IS_ACTIVE = 1
            AND   map.WOO_EMAIL = @WOO_EMAIL
            AND   (map.STORE_ID = @STORE_ID OR (map.STORE_ID = '' AND (@IS_ALONE = 1 OR @CUST_NO IS NULL)))
            ORDER BY
                CASE WHEN map.STORE_ID = '' THEN 1 ELSE 0 END,
                map.CUST_NO;
        END;

        IF @MAP_ID IS NULL AND @CUST_NO IS NULL
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'The customer map has no row for ', COALESCE(@WOO_EMAIL, CONVERT(nvarchar(20), @WOO_USER_ID)), N' and store ', @STORE_ID, N'.'
            );
            THROW 50004, @MESSAGE, 1;
        END;

        SELECT TOP (1)
            @OWN_MAP_ID = map.MAP_ID,
            @ID_THERE = map.WOO_USER_ID,
            @EMAIL_THERE = map.WOO_EMAIL
        FROM dbo.USER_CUSTOMER_MAP AS map WITH (UPDLOCK, HOLDLOCK)
        WHERE map.IS_ACTIVE = 1
        AND   map.CUST_NO = @MAPPED_NO
        AND   (map.STORE_ID = @STORE_ID OR (map.STORE_ID = '' AND @IS_ALONE = 1))
        ORDER BY
            CASE WHEN map.STORE_ID = '' THEN 1 ELSE 0 END;

        IF (@OWN_MAP_ID <> @MAP_ID)
        OR (@OWN_MAP_ID IS NOT NULL AND @MAP_ID IS NULL AND @WOO_USER_ID IS NOT NULL AND @ID_THERE IS NOT NULL)
        OR (@OWN_MAP_ID IS NOT NULL AND @MAP_ID IS NULL AND @WOO_EMAIL IS NOT NULL AND @EMAIL_THERE IS NOT NULL)
        BEGIN
            SET @MESSAGE = CONCAT
            (
                N'Customer ', @MAPPED_NO, N' of the ERP is ', COALESCE(CONVERT(nvarchar(100), @ID_THERE), @EMAIL_THERE),
                N' of the store already, and can be one only. Take that away first: `syncctl map customer remove ',
                COALESCE(CONVERT(nvarchar(100), @ID_THERE), @EMAIL_THERE), N'`.'
            );
            THROW 50030, @MESSAGE, 1;
        END;

        IF @DRY_RUN = 0 AND @CUST_NO IS NULL
        BEGIN
            UPDATE
                dbo.USER_CUSTOMER_MAP
            SET
                IS_ACTIVE = 0
            WHERE IS_ACTIVE = 1
            AND   MAP_ID = @MAP_ID;
        END;
        ELSE IF @DRY_RUN = 0 AND @MAP_ID IS NOT NULL
        BEGIN
            UPDATE
                dbo.USER_CUSTOMER_MAP
            SET
                CUST_NO = @MAPPED_NO,
                STORE_ID = @STORE_ID,
                MAPPING_SOURCE = 'manual'
            WHERE MAP_ID = @MAP_ID;
        END;
        ELSE IF @DRY_RUN = 0 AND @OWN_MAP_ID IS NOT NULL
        BEGIN
            UPDATE
                dbo.USER_CUSTOMER_MAP
            SET
                STORE_ID = @STORE_ID,
                WOO_USER_ID = COALESCE(WOO_USER_ID, @WOO_USER_ID),
                WOO_EMAIL = COALESCE(WOO_EMAIL, @WOO_EMAIL),
                MAPPING_SOURCE = 'manual'
            WHERE MAP_ID = @OWN_MAP_ID;
        END;
        ELSE IF @DRY_RUN = 0
        BEGIN
            INSERT INTO dbo.USER_CUSTOMER_MAP
            (
                STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT
            )
            VALUES
            (
                @STORE_ID, @MAPPED_NO, @WOO_USER_ID, @WOO_EMAIL, 'manual', 1, @NOW
            );
        END;

        SELECT
            @ROW_STORE_ID = CASE WHEN @CUST_NO IS NULL THEN map.STORE_ID ELSE @STORE_ID END,
            @WOO_USER_ID = COALESCE(@WOO_USER_ID, map.WOO_USER_ID),
            @WOO_EMAIL = COALESCE(@WOO_EMAIL, map.WOO_EMAIL)
        FROM dbo.USER_CUSTOMER_MAP AS map
        WHERE map.MAP_ID = COALESCE(@MAP_ID, @OWN_MAP_ID);

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
        STORE_ID = @ROW_STORE_ID,
        CUST_NO = @MAPPED_NO,
        WOO_USER_ID = @WOO_USER_ID,
        WOO_EMAIL = @WOO_EMAIL,
        PREVIOUS = @PREVIOUS;
END;
GO
