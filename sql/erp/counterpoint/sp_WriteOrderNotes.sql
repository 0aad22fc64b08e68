SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderNotes
    Writes what has no column of its own into the document's notes: WEB-ORDER (payment, coupons, charges, ship-to address, and in
    full each text that is longer than its column, or has letters that its code page lacks) and WEB-CUSTOMER (the customer's own words, where there are any).
    One that is there is written anew only where the order's side of it changed and no person has changed the note (sp_DecideOrderPart).
    SYNC-KEPT says what the store has where a person's contact or note was kept although the store changed it, too.

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions, after the contacts are written
Parameters   @STAGING_ID; @DOC_ID
Returns      no rows
Errors       none
Locks        the document's notes
Repeatable   yes
Example      EXECUTE dbo.sp_WriteOrderNotes @STAGING_ID = 1, @DOC_ID = 101000000001;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderNotes
    @STAGING_ID int,
    @DOC_ID bigint,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @LOCAL_NOW datetime2(3),
        @JSON nvarchar(max),
        @PMT_METH nvarchar(50),
        @PMT_TITLE nvarchar(max),
        @HEAD nvarchar(max),
        @COUPONS nvarchar(max),
        @SHIP_VIA nvarchar(100),
        @CHARGES nvarchar(max),
        @SHIP_TO nvarchar(max),
        @WHOLE nvarchar(max),
        @CUSTOMER_NOTE nvarchar(max),
        @ORDER_NOTE nvarchar(max),
        @NOTE_ID varchar(20),
        @NOTE nvarchar(max),
        @HELD nvarchar(max),
        @KEPT nvarchar(max),
        @IS_WANTED bit,
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @NEW_LINE nchar(1) = NCHAR(10),
        @TEXT_NO int = 1;
    DECLARE @COUPON table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        CODE nvarchar(4000) NULL
    );
    DECLARE @CHARGE table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        LINE nvarchar(4000) NULL
    );
    DECLARE @TEXT table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        LINE nvarchar(4000) NULL
    );

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @JSON = CASE WHEN ISJSON(staged.ORDER_JSON) = 1 THEN staged.ORDER_JSON ELSE N'{}' END,
        @PMT_METH = NULLIF(staged.PMT_METH, ''),
        @SHIP_VIA = NULLIF(staged.SHIP_VIA, N''),
        @HEAD = CONCAT
        (
            N'Web order: ', staged.WOO_ORDER_NO, N' (', staged.STORE_ID, N')',
            N'{payment}',
            @NEW_LINE + N'Transaction: ' + NULLIF(staged.TRANSACTION_ID, N'')
        )
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @PMT_TITLE = NULLIF(MAX(CASE WHEN element.[key] = N'PMT_TITLE' THEN element.value END), N''),
        @CUSTOMER_NOTE = NULLIF(MAX(CASE WHEN element.[key] = N'CUSTOMER_NOTE' THEN element.value END), N'')
    FROM OPENJSON(@JSON) AS element
    WHERE element.[key] IN (N'PMT_TITLE', N'CUSTOMER_NOTE');

    INSERT INTO @COUPON
    (
        TEXT_NO, CODE
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY CONVERT(int, coupon.[key])),
        coupon.value
    FROM OPENJSON(@JSON, '$.COUPONS') AS coupon;

    INSERT INTO @CHARGE
    (
        TEXT_NO, LINE
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY charge.POSITION_NO),
        CONCAT(@NEW_LINE, N'Charge: ', charge.CHARGE_TYPE, N': ', charge.DESCR, N' ', CONVERT(varchar(30), charge.AMT))
    FROM dbo.fn_StagedCharges(@JSON) AS charge;

    /* STRING_AGG would need SQL Server 2017. */
    WHILE EXISTS (SELECT 1 FROM @COUPON AS coupon WHERE coupon.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @COUPONS = CONCAT(@COUPONS + N', ', coupon.CODE)
        FROM @COUPON AS coupon
        WHERE coupon.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    SET @TEXT_NO = 1;

    WHILE EXISTS (SELECT 1 FROM @CHARGE AS charge WHERE charge.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @CHARGES = CONCAT(@CHARGES, charge.LINE)
        FROM @CHARGE AS charge
        WHERE charge.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    INSERT INTO @TEXT
    (
        TEXT_NO, LINE
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY written.POSITION_NO),
        CONCAT(@NEW_LINE, N'In full, ', written.FIELD, N': ', written.VALUE)
    FROM dbo.USER_ORDER_STAGING AS staged
    CROSS APPLY dbo.fn_ErpTexts(staged.CUST_EMAIL, staged.ORDER_JSON, staged.LINE_ITEMS_JSON, staged.WOO_ORDER_NO) AS written
    WHERE staged.STAGING_ID = @STAGING_ID
    AND
    (
        LEN(written.VALUE) > written.WIDTH
        OR dbo.fn_LostLetters(written.VALUE, written.HELD, written.RAW) <> N''
    );

    SET @TEXT_NO = 1;

    WHILE EXISTS (SELECT 1 FROM @TEXT AS written WHERE written.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @WHOLE = CONCAT(@WHOLE, written.LINE)
        FROM @TEXT AS written
        WHERE written.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    SELECT TOP (1)
        @SHIP_TO = CONCAT
        (
            N', ' + NULLIF(address.NAM, N''), N', ' + NULLIF(address.COMPANY, N''), N', ' + NULLIF(address.ADRS_1, N''),
            N', ' + NULLIF(address.ADRS_2, N''), N', ' + NULLIF(address.CITY, N''), N', ' + NULLIF(address.STATE, N''),
            N', ' + NULLIF(address.ZIP_COD, N''), N', ' + NULLIF(address.CNTRY, N'')
        )
    FROM dbo.fn_StagedAddress(@JSON) AS address
    ORDER BY
        CASE WHEN CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N'' THEN 0 ELSE 1 END,
        address.KIND DESC;

    SET @ORDER_NOTE = CONCAT
    (
        REPLACE
        (
            @HEAD,
            N'{payment}',
            COALESCE
            (
                @NEW_LINE + N'Payment: ' + COALESCE(@PMT_TITLE + N' / ' + @PMT_METH, @PMT_TITLE, @PMT_METH),
                N''
            )
        ),
        @NEW_LINE + N'Coupons: ' + NULLIF(@COUPONS, N''),
        @NEW_LINE + N'Shipping: ' + @SHIP_VIA,
        @CHARGES,
        @NEW_LINE + N'Ship to: ' + NULLIF(STUFF(@SHIP_TO, 1, 2, N''), N''),
        @WHOLE
    );
    SET @TEXT_NO = 1;

    WHILE @TEXT_NO <= 2
    BEGIN
        SELECT
            @NOTE_ID = CASE @TEXT_NO WHEN 1 THEN 'WEB-ORDER' ELSE 'WEB-CUSTOMER' END,
            @NOTE = CASE @TEXT_NO WHEN 1 THEN @ORDER_NOTE ELSE COALESCE(@CUSTOMER_NOTE, N'') END,
            @HELD = N'',
            @TEXT_NO = @TEXT_NO + 1;

        SELECT
            @HELD = COALESCE(there.NOTE, N'')
        FROM dbo.PS_DOC_NOTE AS there
        WHERE there.DOC_ID = @DOC_ID
        AND   there.NOTE_ID = @NOTE_ID;

        EXECUTE dbo.sp_DecideOrderPart
            @STORE_ID = @STORE_ID,
            @WOO_ORDER_ID = @WOO_ORDER_ID,
            @DOC_ID = @DOC_ID,
            @PART = @NOTE_ID,
            @ASKED = @NOTE,
            @HELD = @HELD,
            @IS_WANTED = @IS_WANTED OUTPUT,
            @NOW = @NOW;

        IF @IS_WANTED = 1
        BEGIN
            DELETE FROM dbo.PS_DOC_NOTE
            WHERE DOC_ID = @DOC_ID
            AND   NOTE_ID = @NOTE_ID;

            INSERT INTO dbo.PS_DOC_NOTE
            (
                DOC_ID, NOTE_ID, NOTE_DAT, USR_ID, NOTE
            )
            SELECT
                @DOC_ID,
                @NOTE_ID,
                @LOCAL_NOW,
                'SYNCCTL',
                @NOTE
            WHERE @NOTE <> N'';

            SET @HELD = N'';

            SELECT
                @HELD = COALESCE(there.NOTE, N'')
            FROM dbo.PS_DOC_NOTE AS there
            WHERE there.DOC_ID = @DOC_ID
            AND   there.NOTE_ID = @NOTE_ID;

            EXECUTE dbo.sp_RememberOrderPart
                @STORE_ID = @STORE_ID,
                @WOO_ORDER_ID = @WOO_ORDER_ID,
                @DOC_ID = @DOC_ID,
                @PART = @NOTE_ID,
                @ASKED = @NOTE,
                @HELD = @HELD,
                @NOW = @NOW;
        END;
    END;

    SELECT
        @KEPT = CONCAT
        (
            MAX(CASE WHEN kept.PART = 'BILL-TO' THEN CONCAT(@NEW_LINE, N'Billing address: ', COALESCE(wanted.ADDRESS, N'none')) END),
            MAX(CASE WHEN kept.PART = 'SHIP-TO' THEN CONCAT(@NEW_LINE, N'Ship-to address: ', COALESCE(wanted.ADDRESS, N'none')) END),
            MAX(CASE WHEN kept.PART = 'WEB-ORDER' THEN CONCAT(@NEW_LINE, N'Note WEB-ORDER: ', @ORDER_NOTE) END),
            MAX
            (
                CASE WHEN kept.PART = 'WEB-CUSTOMER' THEN CONCAT(@NEW_LINE, N'Note WEB-CUSTOMER: ', COALESCE(@CUSTOMER_NOTE, N'none')) END
            )
        )
    FROM dbo.USER_ORDER_PART AS kept
    LEFT JOIN
    (
        SELECT
            contact.PART,
            ADDRESS = STUFF
            (
                CONCAT
                (
                    N', ' + contact.NAM, N', ' + contact.ADRS_1, N', ' + contact.ADRS_2, N', ' + contact.ADRS_3, N', ' + contact.CITY,
                    N', ' + contact.STATE, N', ' + contact.ZIP_COD, N', ' + contact.CNTRY, N', ' + contact.PHONE_1,
                    N', ' + contact.EMAIL_ADRS_1
                ),
                1,
                2,
                N''
            )
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS APPLY dbo.fn_ErpContacts(staged.CUST_EMAIL, staged.ORDER_JSON) AS contact
        WHERE staged.STAGING_ID = @STAGING_ID
    ) AS wanted
        ON wanted.PART = kept.PART
    WHERE kept.STORE_ID = @STORE_ID
    AND   kept.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   kept.DOC_ID = @DOC_ID
    AND   kept.KEPT_DT IS NOT NULL;

    DELETE FROM dbo.PS_DOC_NOTE
    WHERE DOC_ID = @DOC_ID
    AND   NOTE_ID = 'SYNC-KEPT';

    INSERT INTO dbo.PS_DOC_NOTE
    (
        DOC_ID, NOTE_ID, NOTE_DAT, USR_ID, NOTE
    )
    SELECT
        @DOC_ID,
        'SYNC-KEPT',
        @LOCAL_NOW,
        'SYNCCTL',
        CONCAT(N'Changed here by hand, and in the store, too: what stands here was kept. The store says:', @KEPT)
    WHERE @KEPT <> N'';
END;
GO
