SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderContacts
    Writes a document's contacts from the staged order (fn_ErpContacts): 1 whom to bill, 2 where to ship. One that is there is
    written anew only where the order's address changed and no person has corrected it (sp_DecideOrderPart).

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
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @ORDER_JSON nvarchar(max),
        @SHIP_ADRS_ID varchar(10),
        @CONTACT_ID int = 1,
        @PART varchar(20),
        @ASKED nvarchar(max),
        @BEFORE nvarchar(max),
        @AFTER nvarchar(max),
        @HAD int,
        @IS_WANTED bit;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @ORDER_JSON = staged.ORDER_JSON
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    EXECUTE dbo.sp_ShipToAddress
        @PERSON_JSON = @ORDER_JSON,
        @CUST_NO = @CUST_NO,
        @SHIP_ADRS_ID = @SHIP_ADRS_ID OUTPUT,
        @NOW = @NOW;

    SELECT
        @HAD = COUNT(*)
    FROM dbo.fn_ErpHeldContacts(@DOC_ID) AS held;

    SET @IS_MOVED = 0;

    WHILE @CONTACT_ID <= 2
    BEGIN
        SELECT
            @PART = CASE @CONTACT_ID WHEN 1 THEN 'BILL-TO' ELSE 'SHIP-TO' END,
            @ASKED = N'',
            @BEFORE = N'',
            @AFTER = N'';

        SELECT
            @ASKED = contact.CONTENT
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS APPLY dbo.fn_ErpContacts(staged.CUST_EMAIL, staged.ORDER_JSON) AS contact
        WHERE staged.STAGING_ID = @STAGING_ID
        AND   contact.CONTACT_ID = @CONTACT_ID;

        SELECT
            @BEFORE = held.CONTENT
        FROM dbo.fn_ErpHeldContacts(@DOC_ID) AS held
        WHERE held.CONTACT_ID = @CONTACT_ID;

        EXECUTE dbo.sp_DecideOrderPart
            @STORE_ID = @STORE_ID,
            @WOO_ORDER_ID = @WOO_ORDER_ID,
            @DOC_ID = @DOC_ID,
            @PART = @PART,
            @ASKED = @ASKED,
            @HELD = @BEFORE,
            @IS_WANTED = @IS_WANTED OUTPUT,
            @NOW = @NOW;

        IF @IS_WANTED = 1
        BEGIN
            DELETE FROM dbo.PS_DOC_CONTACT
            WHERE DOC_ID = @DOC_ID
            AND   CONTACT_ID = @CONTACT_ID;

            INSERT INTO dbo.PS_DOC_CONTACT
            (
                DOC_ID, CONTACT_ID, NAM_TYP, NAM, FST_NAM, LST_NAM, CONTCT_1, ADRS_ID, ADRS_1, ADRS_2, ADRS_3, CITY, STATE, ZIP_COD, CNTRY,
                PHONE_1, EMAIL_ADRS_1
            )
            SELECT
                @DOC_ID,
                contact.CONTACT_ID,
                contact.NAM_TYP,
                contact.NAM,
                contact.FST_NAM,
                contact.LST_NAM,
                contact.CONTCT_1,
                CASE WHEN contact.CONTACT_ID = 2 THEN @SHIP_ADRS_ID END,
                contact.ADRS_1,
                contact.ADRS_2,
                contact.ADRS_3,
                contact.CITY,
                contact.STATE,
                contact.ZIP_COD,
                contact.CNTRY,
                contact.PHONE_1,
                contact.EMAIL_ADRS_1
            FROM dbo.USER_ORDER_STAGING AS staged
            CROSS APPLY dbo.fn_ErpContacts(staged.CUST_EMAIL, staged.ORDER_JSON) AS contact
            WHERE staged.STAGING_ID = @STAGING_ID
            AND   contact.CONTACT_ID = @CONTACT_ID;

            SELECT
                @AFTER = held.CONTENT
            FROM dbo.fn_ErpHeldContacts(@DOC_ID) AS held
            WHERE held.CONTACT_ID = @CONTACT_ID;

            EXECUTE dbo.sp_RememberOrderPart
                @STORE_ID = @STORE_ID,
                @WOO_ORDER_ID = @WOO_ORDER_ID,
                @DOC_ID = @DOC_ID,
                @PART = @PART,
                @ASKED = @ASKED,
                @HELD = @AFTER,
                @NOW = @NOW;

            UPDATE
                dbo.PS_DOC_HDR
            SET
                BILL_TO_CONTACT_ID = CASE WHEN @CONTACT_ID = 1 THEN 1 ELSE BILL_TO_CONTACT_ID END,
                SHIP_TO_CONTACT_ID = CASE
                    WHEN @CONTACT_ID = 1 THEN SHIP_TO_CONTACT_ID
                    WHEN @ASKED <> N'' THEN 2
                END
            WHERE DOC_ID = @DOC_ID;

            SET @IS_MOVED = CASE WHEN @CONTACT_ID = 2 AND @HAD > 0 THEN 1 ELSE 0 END;
        END;

        /* The same words, but among the addresses of another customer. */
        IF @CONTACT_ID = 2 AND @IS_WANTED = 0 AND CONVERT(varbinary(max), @ASKED) = CONVERT(varbinary(max), @BEFORE)
        BEGIN
            UPDATE
                contact
            SET
                NAM_TYP = wanted.NAM_TYP,
                ADRS_ID = @SHIP_ADRS_ID
            FROM dbo.PS_DOC_CONTACT AS contact
            INNER JOIN dbo.PS_DOC_HDR AS document
                ON document.DOC_ID = contact.DOC_ID
            CROSS JOIN dbo.USER_ORDER_STAGING AS staged
            CROSS APPLY dbo.fn_ErpContacts(staged.CUST_EMAIL, staged.ORDER_JSON) AS wanted
            WHERE contact.DOC_ID = @DOC_ID
            AND   contact.CONTACT_ID = 2
            AND   staged.STAGING_ID = @STAGING_ID
            AND   wanted.CONTACT_ID = 2
            AND   COALESCE(document.CUST_NO, '') <> @CUST_NO;
        END;

        SET @CONTACT_ID = @CONTACT_ID + 1;
    END;
END;
GO
