SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ShipToAddress
    The customer's ship-to address with a person's content as the ERP holds it, found again, or added under the next free number. The
    billing address stands in where there is no shipping address. Only where the site wants it: with the setting WRITE_SHIP_ADRS = Y.

Called by    sp_CreateErpDocument, before it takes numbers of other series, sp_WriteOrderContacts, sp_AddErpAddress, inside their
             transactions
Parameters   @PERSON_JSON of an order or of a customer of the store, as fn_StagedAddress reads it; @CUST_NO; OUTPUT: @SHIP_ADRS_ID, NULL
             where there is no address at all, or the site doesn't want it; @IS_ADDED
Returns      no rows
Errors       none
Locks        the CUST_NO series, before it looks again and adds: two orders of one customer never take one number
Repeatable   yes
Example      DECLARE @SHIP_ADRS_ID varchar(10);
             EXECUTE dbo.sp_ShipToAddress @PERSON_JSON = N'{}', @CUST_NO = 'C1', @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ShipToAddress
    @PERSON_JSON nvarchar(max),
    @CUST_NO varchar(15),
    @SHIP_ADRS_ID varchar(10) OUTPUT,
    @IS_ADDED bit = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @KIND varchar(4),
        @LOOKED int = 0;

    SET @SHIP_ADRS_ID = NULL;
    SET @IS_ADDED = 0;

    IF NOT EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'WRITE_SHIP_ADRS' AND setting.VALUE = N'Y')
    BEGIN
        RETURN;
    END;

    SELECT
        @KIND = MAX(address.KIND)
    FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
    WHERE CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N'';

    IF @KIND IS NULL
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

        SELECT TOP (1)
            @SHIP_ADRS_ID = known.SHIP_ADRS_ID
        FROM dbo.AR_SHIP_ADRS AS known
        CROSS JOIN dbo.fn_ErpAddress(@PERSON_JSON) AS address
        WHERE known.CUST_NO = @CUST_NO
        AND   address.KIND = @KIND
        AND   COALESCE(known.NAM, '')
            = CONVERT(varchar(40), COALESCE(NULLIF(address.NAM, ''), address.COMPANY) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.NAM */
        AND   COALESCE(known.FST_NAM, '')
            = CONVERT(varchar(15), address.FST_NAM COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.FST_NAM */
        AND   COALESCE(known.LST_NAM, '')
            = CONVERT(varchar(25), address.LST_NAM COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.LST_NAM */
        AND   COALESCE(known.ADRS_1, '')
            = CONVERT(varchar(40), address.ADRS_1 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.ADRS_1 */
        AND   COALESCE(known.ADRS_2, '')
            = CONVERT(varchar(40), address.ADRS_2 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.ADRS_2 */
        AND   COALESCE(known.ADRS_3, '')
            = CONVERT(varchar(40), address.ADRS_3 COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.ADRS_3 */
        AND   COALESCE(known.CITY, '')
            = CONVERT(varchar(20), address.CITY COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.CITY */
        AND   COALESCE(known.STATE, '')
            = CONVERT(varchar(10), address.STATE COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.STATE */
        AND   COALESCE(known.ZIP_COD, '')
            = CONVERT(varchar(15), address.ZIP_COD COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.ZIP_COD */
        AND   COALESCE(known.CNTRY, '')
            = CONVERT(varchar(20), address.CNTRY COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.CNTRY */
        AND   COALESCE(known.PHONE_1, '')
            = CONVERT(varchar(25), address.PHONE COLLATE SQL_Latin1_General_CP1_CI_AS) /* as AR_SHIP_ADRS.PHONE_1 */
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
    SELECT
        @CUST_NO,
        @SHIP_ADRS_ID,
        COALESCE(NULLIF(address.NAM, ''), NULLIF(address.COMPANY, '')),
        NULLIF(address.FST_NAM, ''),
        NULLIF(address.LST_NAM, ''),
        NULLIF(address.ADRS_1, ''),
        NULLIF(address.ADRS_2, ''),
        NULLIF(address.ADRS_3, ''),
        NULLIF(address.CITY, ''),
        NULLIF(address.STATE, ''),
        NULLIF(address.ZIP_COD, ''),
        NULLIF(address.CNTRY, ''),
        NULLIF(address.PHONE, '')
    FROM dbo.fn_ErpAddress(@PERSON_JSON) AS address
    WHERE address.KIND = @KIND;

    SET @IS_ADDED = 1;
END;
GO
