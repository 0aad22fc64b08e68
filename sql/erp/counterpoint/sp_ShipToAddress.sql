SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ShipToAddress
    The customer's ship-to address with the order's content, found again, or added under the next free number. The billing address
    stands in where the order has no shipping address. Only where the site wants it: with the setting WRITE_SHIP_ADRS = Y.

Called by    sp_CreateErpDocument, before it takes numbers of other series, sp_WriteOrderContacts, inside their transactions
Parameters   @STAGING_ID; @CUST_NO; @SHIP_ADRS_ID OUTPUT, NULL where the order has no address at all, or the site
             doesn't want it
Returns      no rows
Errors       none
Locks        the CUST_NO series, before it looks again and adds: two orders of one customer never take one number
Repeatable   yes
Example      DECLARE @SHIP_ADRS_ID varchar(10);
             EXECUTE dbo.sp_ShipToAddress @STAGING_ID = 1, @CUST_NO = 'C1', @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ShipToAddress
    @STAGING_ID int,
    @CUST_NO varchar(15),
    @SHIP_ADRS_ID varchar(10) OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @NAM nvarchar(40),
        @FST_NAM nvarchar(15),
        @LST_NAM nvarchar(25),
        @ADRS_1 nvarchar(40),
        @ADRS_2 nvarchar(40),
        @ADRS_3 nvarchar(40),
        @CITY nvarchar(20),
        @STATE nvarchar(10),
        @ZIP_COD nvarchar(15),
        @CNTRY nvarchar(20),
        @PHONE nvarchar(25),
        @LOOKED int = 0;

    SET @SHIP_ADRS_ID = NULL;

    IF NOT EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'WRITE_SHIP_ADRS' AND setting.VALUE = N'Y')
    BEGIN
        RETURN;
    END;

    SELECT TOP (1)
        @NAM = LEFT(COALESCE(NULLIF(address.NAM, N''), address.COMPANY), 40),
        @FST_NAM = address.FST_NAM,
        @LST_NAM = address.LST_NAM,
        @ADRS_1 = address.ADRS_1,
        @ADRS_2 = address.ADRS_2,
        @ADRS_3 = address.ADRS_3,
        @CITY = address.CITY,
        @STATE = address.STATE,
        @ZIP_COD = address.ZIP_COD,
        @CNTRY = address.CNTRY,
        @PHONE = address.PHONE
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY dbo.fn_ErpAddress(staged.ORDER_JSON) AS address
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N''
    ORDER BY
        address.KIND DESC;

    IF @ADRS_1 IS NULL
    BEGIN
        RETURN;
    END;

    WHILE @LOOKED < 2 AND @SHIP_ADRS_ID IS NULL
    BEGIN
        SET @LOOKED = @LOOKED + 1;

        IF @LOOKED = 2
        BEGIN
            UPDATE
                dbo.USER_NUMBER_SERIES
            SET
                NEXT_NO = NEXT_NO
            WHERE SERIES = 'CUST_NO';
        END;

        -- As it was written, and as a varchar column's code page has it: a letter that it lacks makes no second address.
        SELECT TOP (1)
            @SHIP_ADRS_ID = known.SHIP_ADRS_ID
        FROM dbo.AR_SHIP_ADRS AS known
        WHERE known.CUST_NO = @CUST_NO
        AND   (COALESCE(known.NAM, '') = @NAM OR COALESCE(known.NAM, '') = CONVERT(varchar(40), @NAM))
        AND   (COALESCE(known.FST_NAM, '') = @FST_NAM OR COALESCE(known.FST_NAM, '') = CONVERT(varchar(15), @FST_NAM))
        AND   (COALESCE(known.LST_NAM, '') = @LST_NAM OR COALESCE(known.LST_NAM, '') = CONVERT(varchar(25), @LST_NAM))
        AND   (COALESCE(known.ADRS_1, '') = @ADRS_1 OR COALESCE(known.ADRS_1, '') = CONVERT(varchar(40), @ADRS_1))
        AND   (COALESCE(known.ADRS_2, '') = @ADRS_2 OR COALESCE(known.ADRS_2, '') = CONVERT(varchar(40), @ADRS_2))
        AND   (COALESCE(known.ADRS_3, '') = @ADRS_3 OR COALESCE(known.ADRS_3, '') = CONVERT(varchar(40), @ADRS_3))
        AND   (COALESCE(known.CITY, '') = @CITY OR COALESCE(known.CITY, '') = CONVERT(varchar(20), @CITY))
        AND   (COALESCE(known.STATE, '') = @STATE OR COALESCE(known.STATE, '') = CONVERT(varchar(10), @STATE))
        AND   (COALESCE(known.ZIP_COD, '') = @ZIP_COD OR COALESCE(known.ZIP_COD, '') = CONVERT(varchar(15), @ZIP_COD))
        AND   (COALESCE(known.CNTRY, '') = @CNTRY OR COALESCE(known.CNTRY, '') = CONVERT(varchar(20), @CNTRY))
        AND   (COALESCE(known.PHONE_1, '') = @PHONE OR COALESCE(known.PHONE_1, '') = CONVERT(varchar(25), @PHONE))
        ORDER BY
            LEN(known.SHIP_ADRS_ID),
            known.SHIP_ADRS_ID;
    END;

    IF @SHIP_ADRS_ID IS NOT NULL
    BEGIN
        RETURN;
    END;

    SELECT
        @SHIP_ADRS_ID = CONVERT(varchar(10), 1 + COALESCE(MAX(TRY_CONVERT(int, known.SHIP_ADRS_ID)), 0))
    FROM dbo.AR_SHIP_ADRS AS known
    WHERE known.CUST_NO = @CUST_NO;

    INSERT INTO dbo.AR_SHIP_ADRS
    (
        CUST_NO, SHIP_ADRS_ID, NAM, FST_NAM, LST_NAM, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY, PHONE_1
    )
    VALUES
    (
        @CUST_NO,
        @SHIP_ADRS_ID,
        NULLIF(@NAM, N''),
        NULLIF(@FST_NAM, N''),
        NULLIF(@LST_NAM, N''),
        NULLIF(@ADRS_1, N''),
        NULLIF(@ADRS_2, N''),
        NULLIF(@ADRS_3, N''),
        NULLIF(@CITY, N''),
        NULLIF(@STATE, N''),
        NULLIF(@ZIP_COD, N''),
        NULLIF(@CNTRY, N''),
        NULLIF(@PHONE, N'')
    );
END;
GO
