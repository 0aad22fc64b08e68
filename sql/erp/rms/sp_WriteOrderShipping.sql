SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteOrderShipping
    Writes where an order in RMS is shipped and its shipping notes: the whole address, and whatever else of the order has no column of its
    own. What a person has changed there since stays; that it was kept is remembered (USER_ORDER_PART).

Called by    sp_CreateErpDocument, sp_ChangeErpDocument, inside their transactions
Parameters   @STAGING_ID; @ORDER_ID; @CUSTOMER_ID; @IS_NEW 1 writes whatever stands there; OUTPUT: @IS_MOVED it is shipped elsewhere than before,
             @IS_KEPT a person's words were kept though the store changed, too
Returns      no rows
Errors       none
Locks        the order's row; the customer's ship-to addresses where one is added
Repeatable   yes: what was written already isn't written again
Example      EXECUTE dbo.sp_WriteOrderShipping @STAGING_ID = 1, @ORDER_ID = 1, @CUSTOMER_ID = 1, @IS_NEW = 1, @IS_MOVED = @IS_MOVED OUTPUT,
                 @IS_KEPT = @IS_KEPT OUTPUT;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteOrderShipping
    @STAGING_ID int,
    @ORDER_ID int,
    @CUSTOMER_ID int,
    @IS_NEW bit,
    @IS_MOVED bit OUTPUT,
    @IS_KEPT bit OUTPUT,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @STORE_ID varchar(50),
        @WOO_ORDER_ID bigint,
        @JSON nvarchar(max),
        @PMT_METH nvarchar(50),
        @PMT_TITLE nvarchar(max),
        @CUSTOMER_NOTE nvarchar(max),
        @SHIP_VIA nvarchar(100),
        @TRANSACTION_ID nvarchar(200),
        @EMAIL nvarchar(255),
        @COUPONS nvarchar(max),
        @MORE nvarchar(max),
        @SHIP_TO nvarchar(max),
        @PHONE nvarchar(4000),
        @NOTES nvarchar(max),
        @SHIP_TO_ID int = 0,
        @HELD_SHIP_TO_ID int,
        @HELD_NOTES nvarchar(max),
        @ASKED_HASH varbinary(32),
        @HELD_HASH varbinary(32),
        @KNOWN_ASKED varbinary(32),
        @KNOWN_HELD varbinary(32),
        @IS_KNOWN bit = 0,
        @TEXT_NO int = 1,
        @NEW_LINE nchar(1) = NCHAR(10);
    DECLARE @COUPON table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        CODE nvarchar(4000) NULL
    );
    DECLARE @TEXT table
    (
        TEXT_NO int NOT NULL PRIMARY KEY,
        LINE nvarchar(4000) NULL
    );

    SET @IS_MOVED = 0;
    SET @IS_KEPT = 0;

    SELECT
        @STORE_ID = staged.STORE_ID,
        @WOO_ORDER_ID = staged.WOO_ORDER_ID,
        @JSON = CASE WHEN ISJSON(staged.ORDER_JSON) = 1 THEN staged.ORDER_JSON ELSE N'{}' END,
        @PMT_METH = NULLIF(staged.PMT_METH, ''),
        @SHIP_VIA = NULLIF(staged.SHIP_VIA, N''),
        @TRANSACTION_ID = NULLIF(staged.TRANSACTION_ID, N''),
        @EMAIL = COALESCE(staged.CUST_EMAIL, N'')
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

    /* STRING_AGG would need SQL Server 2017. */
    WHILE EXISTS (SELECT 1 FROM @COUPON AS coupon WHERE coupon.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @COUPONS = CONCAT(@COUPONS + N', ', coupon.CODE)
        FROM @COUPON AS coupon
        WHERE coupon.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    INSERT INTO @TEXT
    (
        TEXT_NO, LINE
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY said.RANK_NO, said.POSITION_NO),
        said.LINE
    FROM
    (
        SELECT
            RANK_NO = 1,
            charge.POSITION_NO,
            LINE = CONCAT(@NEW_LINE, N'Charge: ', charge.CHARGE_TYPE, N': ', charge.DESCR, N' ', CONVERT(varchar(30), charge.AMT))
        FROM dbo.fn_StagedCharges(@JSON) AS charge
        UNION ALL
        SELECT
            2,
            1,
            CONCAT(@NEW_LINE, N'Customer note: ', @CUSTOMER_NOTE)
        WHERE @CUSTOMER_NOTE IS NOT NULL
        UNION ALL
        SELECT
            3,
            written.POSITION_NO,
            CONCAT(@NEW_LINE, N'In full, ', written.FIELD, N': ', written.VALUE)
        FROM dbo.USER_ORDER_STAGING AS staged
        CROSS APPLY dbo.fn_ErpTexts(staged.CUST_EMAIL, staged.ORDER_JSON, staged.LINE_ITEMS_JSON, staged.WOO_ORDER_NO) AS written
        WHERE staged.STAGING_ID = @STAGING_ID
    ) AS said;

    SET @TEXT_NO = 1;

    WHILE EXISTS (SELECT 1 FROM @TEXT AS written WHERE written.TEXT_NO = @TEXT_NO)
    BEGIN
        SELECT
            @MORE = CONCAT(@MORE, written.LINE)
        FROM @TEXT AS written
        WHERE written.TEXT_NO = @TEXT_NO;

        SET @TEXT_NO = @TEXT_NO + 1;
    END;

    SELECT TOP (1)
        @PHONE = NULLIF(address.PHONE, N''),
        @SHIP_TO = CONCAT
        (
            N', ' + NULLIF(address.NAM, N''), N', ' + NULLIF(address.COMPANY, N''), N', ' + NULLIF(address.ADRS_1, N''),
            N', ' + NULLIF(address.ADRS_2, N''), N', ' + NULLIF(address.ADRS_3, N''), N', ' + NULLIF(address.CITY, N''),
            N', ' + NULLIF(address.STATE, N''), N', ' + NULLIF(address.ZIP_COD, N''), N', ' + NULLIF(address.CNTRY, N'')
        )
    FROM dbo.fn_StagedAddress(@JSON) AS address
    ORDER BY
        CASE WHEN CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N'' THEN 0 ELSE 1 END,
        CASE WHEN CONCAT(address.ADRS_1, address.ADRS_2, address.CITY, address.ZIP_COD) <> N'' AND address.KIND = 'SHIP' THEN 0 ELSE 1 END,
        address.KIND;

    SET @NOTES = COALESCE(STUFF
    (
        CONCAT
        (
            @NEW_LINE + N'Ship to: ' + NULLIF(STUFF(@SHIP_TO, 1, 2, N''), N''),
            @NEW_LINE + N'Phone: ' + @PHONE,
            @NEW_LINE + N'Shipping: ' + @SHIP_VIA,
            @NEW_LINE + N'Payment: ' + COALESCE(@PMT_TITLE + N' / ' + @PMT_METH, @PMT_TITLE, @PMT_METH),
            @NEW_LINE + N'Transaction: ' + @TRANSACTION_ID,
            @NEW_LINE + N'Coupons: ' + NULLIF(@COUPONS, N''),
            @MORE
        ),
        1, 1, N''
    ), N'');

    SELECT
        @HELD_SHIP_TO_ID = held.ShipToID,
        @HELD_NOTES = CONVERT(nvarchar(max), held.ShippingNotes)
    FROM dbo.[Order] AS held
    WHERE held.ID = @ORDER_ID;

    SELECT
        @IS_KNOWN = 1,
        @KNOWN_ASKED = known.ASKED_HASH,
        @KNOWN_HELD = known.HELD_HASH
    FROM dbo.USER_ORDER_PART AS known
    WHERE known.STORE_ID = @STORE_ID
    AND   known.WOO_ORDER_ID = @WOO_ORDER_ID
    AND   known.PART = 'SHIP-TO'
    AND   known.DOC_ID = @ORDER_ID;

    SET @ASKED_HASH = HASHBYTES('SHA2_256', CONCAT(@CUSTOMER_ID, @NEW_LINE, @NOTES));
    SET @HELD_HASH = HASHBYTES('SHA2_256', CONCAT(@HELD_SHIP_TO_ID, @NEW_LINE, @HELD_NOTES));

    IF @IS_NEW = 0 AND @IS_KNOWN = 1 AND @KNOWN_ASKED = @ASKED_HASH
    BEGIN
        RETURN;
    END;

    IF @IS_NEW = 0 AND @IS_KNOWN = 1 AND @KNOWN_HELD <> @HELD_HASH
    BEGIN
        SET @IS_KEPT = 1;

        UPDATE
            dbo.USER_ORDER_PART
        SET
            ASKED_HASH = @ASKED_HASH,
            KEPT_DT = @NOW,
            UPDATED_DT = @NOW
        WHERE STORE_ID = @STORE_ID
        AND   WOO_ORDER_ID = @WOO_ORDER_ID
        AND   PART = 'SHIP-TO';

        RETURN;
    END;

    EXECUTE dbo.sp_DynamicsShipTo
        @CUSTOMER_ID = @CUSTOMER_ID,
        @PERSON_JSON = @JSON,
        @EMAIL = @EMAIL,
        @SHIP_TO_ID = @SHIP_TO_ID OUTPUT;

    UPDATE
        dbo.[Order]
    SET
        ShipToID = @SHIP_TO_ID,
        ShippingNotes = @NOTES
    WHERE ID = @ORDER_ID;

    SET @IS_MOVED = CASE WHEN @SHIP_TO_ID <> @HELD_SHIP_TO_ID THEN 1 ELSE 0 END;
    SET @HELD_HASH = HASHBYTES('SHA2_256', CONCAT(@SHIP_TO_ID, @NEW_LINE, @NOTES));

    DELETE FROM dbo.USER_ORDER_PART
    WHERE STORE_ID = @STORE_ID
    AND   WOO_ORDER_ID = @WOO_ORDER_ID
    AND   PART = 'SHIP-TO';

    INSERT INTO dbo.USER_ORDER_PART
    (
        STORE_ID, WOO_ORDER_ID, PART, DOC_ID, ASKED_HASH, HELD_HASH, KEPT_DT, UPDATED_DT
    )
    VALUES
    (
        @STORE_ID, @WOO_ORDER_ID, 'SHIP-TO', @ORDER_ID, @ASKED_HASH, @HELD_HASH, NULL, @NOW
    );
END;
GO
