SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_ImportErpSettings
    Takes the site settings of web orders from EC_CTL, which a site that sells online through CounterPoint has, and the series of
    documents and tickets from its station. With @DRY_RUN it only tells.

Called by    syncctl config erp import
Parameters   @ERP_STORE which store's row of EC_CTL, where it has several; @FORCE 1 replaces what was set differently, too; @DRY_RUN 1
             changes nothing
Returns      a row each: NAME, SOURCE (table and column), ERP_VALUE (what the ERP says), SITE_VALUE (what stood before), OUTCOME, DETAIL.
             OUTCOME: set, same, kept (somebody set it differently, and @FORCE is 0), missing (the ERP doesn't say), by_hand (it says
             so, and it belongs somewhere else, see DETAIL)
Errors       50001 EC_CTL has several stores and @ERP_STORE names none; 50004 it names none of them; 50041 there is no EC_CTL, or no
             row in it
Locks        the settings and series that it sets, until it ends
Repeatable   yes: what is set already is the same the second time
Note         What syncctl itself filled in counts as not set, as long as there is no document of ours. A series keeps its next number.
             The lists of columns are the site's own: a deploy writes them.
Example      EXECUTE dbo.sp_ImportErpSettings @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_ImportErpSettings
    @ERP_STORE varchar(10) = NULL,
    @FORCE bit = 0,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @MESSAGE nvarchar(2000),
        @CONTROLS nvarchar(max),
        @CONTROL nvarchar(max),
        @STORES nvarchar(1000) = N'',
        @COUNT int,
        @STATION nvarchar(500),
        @DIGITS nvarchar(500) = N'',
        @POSITION int = 1,
        @IS_USED bit = 0;
    DECLARE @FOUND table
    (
        SEQ_NO int IDENTITY(1, 1) NOT NULL,
        NAME varchar(50) NOT NULL,
        SOURCE varchar(100) NOT NULL,
        ERP_VALUE nvarchar(500) NULL,
        SITE_VALUE nvarchar(500) NULL,
        FILLED_IN nvarchar(500) NULL,
        WIDTH int NULL,
        OUTCOME varchar(20) NOT NULL DEFAULT (''),
        DETAIL nvarchar(500) NULL,
        PRIMARY KEY (SEQ_NO)
    );
    DECLARE @STORE table
    (
        SEQ_NO int NOT NULL,
        STR_ID nvarchar(50) NOT NULL,
        CONTENT nvarchar(max) NOT NULL,
        PRIMARY KEY (SEQ_NO)
    );

    /* Where there is EC_CTL: */
    SET @CONTROLS =
    (
        SELECT
            /* For each column of EC_CTL: */
            KEY_ID = control.KEY_ID,
            STR_ID = control.STR_ID,
            ORD_STA_ID = control.ORD_STA_ID,
            ORD_DRW_ID = control.ORD_DRW_ID,
            ORD_CUST_NO = control.ORD_CUST_NO,
            ORD_BASE_TAX_COD = control.ORD_BASE_TAX_COD,
            ORD_MISC_CHRG_NO = control.ORD_MISC_CHRG_NO,
            NXT_CUST_NO = control.NXT_CUST_NO,
            TMPLT_CUST_NO = control.TMPLT_CUST_NO
            /* End. */
        FROM dbo.EC_CTL AS control
        FOR JSON PATH
    );
    /* End. */

    INSERT INTO @STORE
    (
        SEQ_NO, STR_ID, CONTENT
    )
    SELECT
        ROW_NUMBER() OVER (ORDER BY JSON_VALUE(control.value, N'$.STR_ID'), CONVERT(int, control.[key])),
        COALESCE(CONVERT(nvarchar(50), JSON_VALUE(control.value, N'$.STR_ID')), N''),
        control.value
    FROM OPENJSON(COALESCE(@CONTROLS, N'[]')) AS control;

    SELECT
        @COUNT = COUNT(*)
    FROM @STORE AS store;

    IF @COUNT = 0
    BEGIN
        SET @MESSAGE = CONCAT
        (
            N'This ERP says nothing of web orders (EC_CTL is missing or empty), so its settings are set by hand: `syncctl config erp set`',
            N' STR_ID, STA_ID, DRW_ID, STK_LOC_ID, PRC_LOC_ID, TAX_COD and USR_ID, then `syncctl config erp series` DOC_ID and TKT_NO.'
        );
        THROW 50041, @MESSAGE, 1;
    END;

    WHILE @POSITION <= @COUNT
    BEGIN
        SELECT
            @STORES = CONCAT(@STORES, CASE WHEN @POSITION > 1 THEN N', ' END, store.STR_ID),
            @CONTROL = CASE WHEN @COUNT = 1 OR store.STR_ID = @ERP_STORE THEN store.CONTENT ELSE @CONTROL END
        FROM @STORE AS store
        WHERE store.SEQ_NO = @POSITION;

        SET @POSITION = @POSITION + 1;
    END;

    IF @COUNT > 1 AND @ERP_STORE IS NULL
    BEGIN
        SET @MESSAGE = CONCAT(N'@ERP_STORE is required: EC_CTL has the stores ', @STORES, N'.');
        THROW 50001, @MESSAGE, 1;
    END;

    IF @ERP_STORE IS NOT NULL AND NOT EXISTS (SELECT 1 FROM @STORE AS store WHERE store.STR_ID = @ERP_STORE)
    BEGIN
        SET @MESSAGE = CONCAT(N'EC_CTL has no store ', @ERP_STORE, N'; it has ', @STORES, N'.');
        THROW 50004, @MESSAGE, 1;
    END;

    BEGIN TRY
        BEGIN TRANSACTION;

        IF EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked)
        BEGIN
            SET @IS_USED = 1;
        END;

        INSERT INTO @FOUND
        (
            NAME, SOURCE, ERP_VALUE, SITE_VALUE, FILLED_IN
        )
        SELECT
            wanted.NAME,
            CONCAT('EC_CTL.', wanted.COLUMN_NAME),
            NULLIF(LTRIM(RTRIM(CONVERT(nvarchar(500), told.value))), N''),
            NULLIF(setting.VALUE, N''),
            wanted.FILLED_IN
        FROM
        (
            VALUES
                (1, 'STR_ID', N'STR_ID', N'01'),
                (2, 'STA_ID', N'ORD_STA_ID', NULL),
                (3, 'DRW_ID', N'ORD_DRW_ID', NULL),
                (4, 'TAX_COD', N'ORD_BASE_TAX_COD', NULL),
                (5, 'MISC_CHRG_NO', N'ORD_MISC_CHRG_NO', N'1')
        ) AS wanted (SEQ_NO, NAME, COLUMN_NAME, FILLED_IN)
        INNER JOIN dbo.USER_ERP_SETTING AS setting WITH (UPDLOCK, HOLDLOCK)
            ON setting.NAME = wanted.NAME
        LEFT JOIN OPENJSON(@CONTROL) AS told
            ON told.[key] = wanted.COLUMN_NAME
        ORDER BY
            wanted.SEQ_NO;

        UPDATE
            @FOUND
        SET
            OUTCOME = CASE
                WHEN ERP_VALUE IS NULL THEN 'missing'
                WHEN ERP_VALUE = SITE_VALUE THEN 'same'
                WHEN SITE_VALUE IS NULL OR @FORCE = 1 OR (@IS_USED = 0 AND SITE_VALUE = FILLED_IN) THEN 'set'
                ELSE 'kept'
            END,
            DETAIL = CASE WHEN ERP_VALUE IS NULL THEN CONCAT(N'syncctl config erp set ', NAME, N' VALUE') END
        WHERE OUTCOME = '';

        SELECT
            @STATION = CASE WHEN found.OUTCOME = 'set' OR found.OUTCOME = 'same' THEN found.ERP_VALUE ELSE found.SITE_VALUE END
        FROM @FOUND AS found
        WHERE found.NAME = 'STA_ID';

        SET @POSITION = 1;

        WHILE @POSITION <= LEN(@STATION)
        BEGIN
            IF SUBSTRING(@STATION, @POSITION, 1) LIKE N'[0-9]' AND (@DIGITS <> N'' OR SUBSTRING(@STATION, @POSITION, 1) <> N'0')
            BEGIN
                SET @DIGITS = CONCAT(@DIGITS, SUBSTRING(@STATION, @POSITION, 1));
            END;

            SET @POSITION = @POSITION + 1;
        END;

        INSERT INTO @FOUND
        (
            NAME, SOURCE, ERP_VALUE, SITE_VALUE, WIDTH
        )
        SELECT
            wanted.NAME,
            'the station',
            wanted.PREFIX,
            series.PREFIX,
            wanted.WIDTH
        FROM
        (
            SELECT
                SEQ_NO = 1,
                NAME = 'DOC_ID',
                PREFIX = NULLIF(LEFT(@DIGITS, 9), N''),
                WIDTH = 9
            UNION ALL
            SELECT
                2,
                'TKT_NO',
                CASE WHEN LEN(@STATION) < 10 THEN CONCAT(@STATION, N'-') ELSE LEFT(@STATION, 10) END,
                CASE WHEN LEN(@STATION) <= 8 THEN 6 ELSE 5 END
        ) AS wanted
        LEFT JOIN dbo.USER_NUMBER_SERIES AS series WITH (UPDLOCK, HOLDLOCK)
            ON series.SERIES = wanted.NAME
        ORDER BY
            wanted.SEQ_NO;

        UPDATE
            @FOUND
        SET
            OUTCOME = CASE
                WHEN ERP_VALUE IS NULL OR @STATION IS NULL THEN 'missing'
                WHEN ERP_VALUE = SITE_VALUE THEN 'same'
                WHEN SITE_VALUE IS NULL OR @FORCE = 1 THEN 'set'
                ELSE 'kept'
            END,
            DETAIL = CASE
                WHEN ERP_VALUE IS NULL OR @STATION IS NULL THEN CONCAT(N'syncctl config erp series ', NAME, N' --prefix DIGITS')
                ELSE CONCAT(N'what the numbers of the series begin with; ', WIDTH, N' digits follow')
            END
        WHERE OUTCOME = '';

        IF @DRY_RUN = 0
        BEGIN
            UPDATE
                setting
            SET
                VALUE = found.ERP_VALUE
            FROM dbo.USER_ERP_SETTING AS setting
            INNER JOIN @FOUND AS found
                ON found.NAME = setting.NAME
            WHERE found.OUTCOME = 'set'
            AND   found.WIDTH IS NULL;

            UPDATE
                series
            SET
                PREFIX = CONVERT(varchar(10), found.ERP_VALUE),
                WIDTH = found.WIDTH
            FROM dbo.USER_NUMBER_SERIES AS series
            INNER JOIN @FOUND AS found
                ON found.NAME = series.SERIES
            WHERE found.OUTCOME = 'set'
            AND   found.WIDTH IS NOT NULL;

            INSERT INTO dbo.USER_NUMBER_SERIES
            (
                SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
            )
            SELECT
                CONVERT(varchar(20), found.NAME),
                CONVERT(varchar(10), found.ERP_VALUE),
                found.WIDTH,
                1,
                N'Prefix and a number of WIDTH digits'
            FROM @FOUND AS found
            WHERE found.OUTCOME = 'set'
            AND   found.WIDTH IS NOT NULL
            AND   NOT EXISTS (SELECT 1 FROM dbo.USER_NUMBER_SERIES AS known WHERE known.SERIES = found.NAME);
        END;

        /* What EC_CTL can't say, and what it says that has its place elsewhere. */
        INSERT INTO @FOUND
        (
            NAME, SOURCE, SITE_VALUE, OUTCOME, DETAIL
        )
        SELECT
            setting.NAME,
            'EC_CTL',
            NULLIF(setting.VALUE, N''),
            'missing',
            CONCAT(N'syncctl config erp set ', setting.NAME, N' VALUE')
        FROM dbo.USER_ERP_SETTING AS setting
        WHERE setting.NAME IN ('STK_LOC_ID', 'PRC_LOC_ID', 'USR_ID')
        ORDER BY
            setting.NAME;

        INSERT INTO @FOUND
        (
            NAME, SOURCE, ERP_VALUE, OUTCOME, DETAIL
        )
        SELECT
            CONVERT(varchar(50), told.[key]),
            CONCAT('EC_CTL.', CONVERT(varchar(50), told.[key])),
            CONVERT(nvarchar(500), told.value),
            'by_hand',
            CASE
                WHEN told.[key] = N'ORD_CUST_NO'
                THEN N'orders of strangers go to it by syncctl config set guest_cust_no VALUE and config set unknown_customer guest'
                WHEN LEFT(told.[key], 12) = N'ORD_PAY_COD_' THEN N'syncctl map pay METHOD CODE, with the store''s payment method and this code'
                WHEN LEFT(told.[key], 9) = N'ORD_SHIP_' THEN N'no setting: the shipping method stands in the document''s note'
                WHEN told.[key] = N'NXT_CUST_NO' THEN N'numbers new customers where CUST_NO_FROM is EC_CTL'
                ELSE N'new customers are made like it, unless the setting TMPLT_CUST_NO says otherwise'
            END
        FROM OPENJSON(@CONTROL) AS told
        WHERE
        (
            told.[key] IN (N'ORD_CUST_NO', N'NXT_CUST_NO', N'TMPLT_CUST_NO')
            OR LEFT(told.[key], 12) = N'ORD_PAY_COD_'
            OR LEFT(told.[key], 9) = N'ORD_SHIP_'
        )
        AND LTRIM(RTRIM(told.value)) <> N''
        ORDER BY
            told.[key];

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
        found.NAME,
        found.SOURCE,
        found.ERP_VALUE,
        found.SITE_VALUE,
        found.OUTCOME,
        found.DETAIL
    FROM @FOUND AS found
    ORDER BY
        found.SEQ_NO;
END;
GO
