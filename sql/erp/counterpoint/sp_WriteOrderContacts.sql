SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderContacts
    Writes a document's contacts from the staged order, anew or over those that are there: 1 whom to bill, 2 where to ship. The
    billing address stands in where the order has no shipping address; without any address there is no contact 2.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions
Parameters   @STAGING_ID; @DOC_ID of a header that exists; @CUST_NO whose addresses it joins, where the site wants that (WRITE_SHIP_ADRS);
             @IS_MOVED OUTPUT: 1 where the document had contacts, and is shipped to another address now
Returns      no rows
Errors       none
Locks        the document's contacts and header
Repeatable   yes
Example      EXECUTE dbo.sp_WriteOrderContacts @STAGING_ID = 1, @DOC_ID = 101000000001, @CUST_NO = 'C100';
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderContacts
    @STAGING_ID int,
    @DOC_ID bigint,
    @CUST_NO varchar(15),
    @IS_MOVED bit = NULL OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @HAD int,
        @SHIP_ADRS_ID varchar(10),
        @BEFORE nvarchar(4000),
        @AFTER nvarchar(4000),
        @SEPARATOR nchar(1) = NCHAR(10);

    EXECUTE dbo.sp_ShipToAddress
        @STAGING_ID = @STAGING_ID,
        @CUST_NO = @CUST_NO,
        @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT,
        @NOW = @NOW;

    SELECT
        @HAD = COUNT(*),
        @BEFORE = MAX
        (
            CASE WHEN contact.CONTACT_ID = 2
                THEN CONCAT
                (
                    contact.NAM, @SEPARATOR, contact.ADRS_1, @SEPARATOR, contact.ADRS_2, @SEPARATOR, contact.ADRS_3, @SEPARATOR,
                    contact.CITY, @SEPARATOR, contact.STATE, @SEPARATOR, contact.ZIP_COD, @SEPARATOR, contact.CNTRY, @SEPARATOR,
                    contact.PHONE_1
                ) END
        )
    FROM dbo.PS_DOC_CONTACT AS contact
    WHERE contact.DOC_ID = @DOC_ID;

    DELETE FROM dbo.PS_DOC_CONTACT
    WHERE DOC_ID = @DOC_ID
    AND   CONTACT_ID BETWEEN 1 AND 2;

    INSERT INTO dbo.PS_DOC_CONTACT
    (
        DOC_ID, CONTACT_ID, NAM_TYP, NAM, FST_NAM, LST_NAM, CONTCT_1, ADRS_ID, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY,
        PHONE_1, EMAIL_ADRS_1
    )
    SELECT
        @DOC_ID,
        wanted.CONTACT_ID,
        CASE WHEN CONCAT(address.FST_NAM, address.LST_NAM) <> N'' THEN 'P' ELSE 'B' END,
        COALESCE
        (
            NULLIF(address.NAM, ''),
            NULLIF(address.COMPANY, ''),
            CONVERT(varchar(40), dbo.fn_Shorten(staged.CUST_EMAIL, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.NAM */
        ),
        NULLIF(address.FST_NAM, N''),
        NULLIF(address.LST_NAM, N''),
        CASE WHEN CONCAT(address.FST_NAM, address.LST_NAM) <> N''
            THEN NULLIF(CONVERT(varchar(40), address.NAM COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.CONTCT_1 */, '') END,
        CASE WHEN wanted.CONTACT_ID = 2 THEN @SHIP_ADRS_ID END,
        NULLIF(address.ADRS_1, N''),
        NULLIF(address.ADRS_2, N''),
        NULLIF(address.ADRS_3, N''),
        NULLIF(address.CITY, N''),
        NULLIF(address.STATE, N''),
        NULLIF(address.ZIP_COD, N''),
        NULLIF(address.CNTRY, N''),
        NULLIF(address.PHONE, N''),
        NULLIF(CONVERT(varchar(100), staged.CUST_EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.EMAIL_ADRS_1 */, N'')
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS JOIN
    (
        VALUES
            (1, 'BILL', 'BILL'),
            (2, 'SHIP', 'BILL')
    ) AS wanted (CONTACT_ID, KIND, INSTEAD)
    OUTER APPLY
    (
        SELECT TOP (1)
            known.KIND,
            known.NAM,
            known.FST_NAM,
            known.LST_NAM,
            known.COMPANY,
            known.ADRS_1,
            known.ADRS_2,
            known.ADRS_3,
            known.CITY,
            known.STATE,
            known.ZIP_COD,
            known.CNTRY,
            known.PHONE
        FROM dbo.fn_ErpAddress(staged.ORDER_JSON) AS known
        WHERE (known.KIND = wanted.KIND OR known.KIND = wanted.INSTEAD)
        AND   (wanted.CONTACT_ID = 1 OR CONCAT(known.ADRS_1, known.ADRS_2, known.CITY, known.ZIP_COD) <> N'')
        ORDER BY
            known.KIND DESC
    ) AS address
    WHERE staged.STAGING_ID = @STAGING_ID
    AND   (wanted.CONTACT_ID = 1 OR address.KIND IS NOT NULL);

    SELECT
        @AFTER = CONCAT
        (
            contact.NAM, @SEPARATOR, contact.ADRS_1, @SEPARATOR, contact.ADRS_2, @SEPARATOR, contact.ADRS_3, @SEPARATOR,
            contact.CITY, @SEPARATOR, contact.STATE, @SEPARATOR, contact.ZIP_COD, @SEPARATOR, contact.CNTRY, @SEPARATOR,
            contact.PHONE_1
        )
    FROM dbo.PS_DOC_CONTACT AS contact
    WHERE contact.DOC_ID = @DOC_ID
    AND   contact.CONTACT_ID = 2;

    SET @IS_MOVED = CASE
        WHEN @HAD > 0 AND CONVERT(varbinary(8000), COALESCE(@BEFORE, N'')) <> CONVERT(varbinary(8000), COALESCE(@AFTER, N''))
        THEN 1
        ELSE 0
    END;

    UPDATE
        dbo.PS_DOC_HDR
    SET
        BILL_TO_CONTACT_ID = 1,
        SHIP_TO_CONTACT_ID = CASE WHEN @AFTER IS NOT NULL THEN 2 END
    WHERE DOC_ID = @DOC_ID;
END;
GO
