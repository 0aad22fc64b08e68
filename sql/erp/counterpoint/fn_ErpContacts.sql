SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_ErpContacts
    The contacts that an order's document is to have, as PS_DOC_CONTACT's columns hold them: 1 whom to bill, 2 where to ship. The billing
    address stands in where the order has no shipping address; without any address there is no contact 2.

Used by      sp_WriteOrderContacts, sp_WriteOrderNotes
Returns      a row each: CONTACT_ID, PART (BILL-TO, SHIP-TO), the columns, and CONTENT: those that a person may correct, a line each (as
             fn_ErpHeldContacts reads them from a document)
Example      SELECT contact.* FROM dbo.USER_ORDER_STAGING AS staged
             CROSS APPLY dbo.fn_ErpContacts(staged.CUST_EMAIL, staged.ORDER_JSON) AS contact WHERE staged.STAGING_ID = 1;
*/
CREATE OR ALTER FUNCTION dbo.fn_ErpContacts
(
    @CUST_EMAIL nvarchar(100),
    @ORDER_JSON nvarchar(max)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        contact.CONTACT_ID,
        contact.PART,
        contact.NAM_TYP,
        contact.NAM,
        contact.FST_NAM,
        contact.LST_NAM,
        CONTCT_1 = CASE WHEN contact.NAM_TYP = 'P' THEN contact.CONTCT_1 END,
        contact.ADRS_1,
        contact.ADRS_2,
        contact.ADRS_3,
        contact.CITY,
        contact.STATE,
        contact.ZIP_COD,
        contact.CNTRY,
        contact.PHONE_1,
        contact.EMAIL_ADRS_1,
        CONTENT = CONVERT(nvarchar(max), CONCAT
        (
            contact.NAM, NCHAR(10), contact.FST_NAM, NCHAR(10), contact.LST_NAM, NCHAR(10), contact.ADRS_1, NCHAR(10), contact.ADRS_2,
            NCHAR(10), contact.ADRS_3, NCHAR(10), contact.CITY, NCHAR(10), contact.STATE, NCHAR(10), contact.ZIP_COD, NCHAR(10),
            contact.CNTRY, NCHAR(10), contact.PHONE_1, NCHAR(10), contact.EMAIL_ADRS_1
        ))
    FROM
    (
        SELECT
            wanted.CONTACT_ID,
            wanted.PART,
            NAM_TYP = CASE WHEN CONCAT(address.FST_NAM, address.LST_NAM) <> N'' THEN 'P' ELSE 'B' END,
            NAM = COALESCE
            (
                NULLIF(address.NAM, ''),
                NULLIF(address.COMPANY, ''),
                CONVERT(varchar(40), dbo.fn_Shorten(@CUST_EMAIL, 40) COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.NAM */
            ),
            FST_NAM = NULLIF(address.FST_NAM, N''),
            LST_NAM = NULLIF(address.LST_NAM, N''),
            CONTCT_1 = NULLIF(CONVERT(varchar(40), address.NAM COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.CONTCT_1 */, ''),
            ADRS_1 = NULLIF(address.ADRS_1, N''),
            ADRS_2 = NULLIF(address.ADRS_2, N''),
            ADRS_3 = NULLIF(address.ADRS_3, N''),
            CITY = NULLIF(address.CITY, N''),
            STATE = NULLIF(address.STATE, N''),
            ZIP_COD = NULLIF(address.ZIP_COD, N''),
            CNTRY = NULLIF(address.CNTRY, N''),
            PHONE_1 = NULLIF(address.PHONE, N''),
            EMAIL_ADRS_1 = NULLIF
            (
                CONVERT(varchar(100), @CUST_EMAIL COLLATE SQL_Latin1_General_CP1_CI_AS) /* as PS_DOC_CONTACT.EMAIL_ADRS_1 */, N''
            )
        FROM
        (
            VALUES
                (1, 'BILL-TO', 'BILL', 'BILL'),
                (2, 'SHIP-TO', 'SHIP', 'BILL')
        ) AS wanted (CONTACT_ID, PART, KIND, INSTEAD)
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
            FROM dbo.fn_ErpAddress(@ORDER_JSON) AS known
            WHERE (known.KIND = wanted.KIND OR known.KIND = wanted.INSTEAD)
            AND   (wanted.CONTACT_ID = 1 OR CONCAT(known.ADRS_1, known.ADRS_2, known.CITY, known.ZIP_COD) <> N'')
            ORDER BY
                known.KIND DESC
        ) AS address
        WHERE wanted.CONTACT_ID = 1 OR address.KIND IS NOT NULL
    ) AS contact
);
GO
