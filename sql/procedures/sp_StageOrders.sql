SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_StageOrders
    Stages one page of orders and notes how far the walk came, in one transaction. Rows of the customer map without a store become the
    first store's.

Called by    syncctl stage
Parameters   @ORDERS   JSON array, one object an order, keyed by the columns of USER_ORDER_STAGING, with STATUS_GROUP
                       (live, wait, dead), STATUS_MEANING (unpaid, held, ready, done, dead, unknown), STATUS_REASON, VANISHED (1: gone
                       from the store), CUTS and WARNINGS (arrays of text).
                       UNREADABLE (1: the store has it, and what it says of it can't be read; STATUS_REASON says why, ERROR_CODE may)
                       sets the order aside: a known one keeps its content, its document and what is to be done with it, and takes
                       all of that up again when a version that can be read comes.
                       Of several versions of one order the latest WOO_MODIFIED_DT counts, and one older than the row changes
                       nothing, unless CONFIRMED (1: asked for by its id just now; the store's clock may have been set back).
                       One that has the id of an order in the ERP and another ORDER_KEY, or where one isn't known another date and
                       customer, is another order and set aside like an unreadable one, unless SAME_ORDER (1: a person says it is none).
             @WALK     JSON object keyed by the columns of USER_SYNC_WALK; NULL where the page belongs to no walk.
             @DRY_RUN  1 returns the same decisions and writes nothing.
Returns      one row an order, as in the page: WOO_ORDER_ID, STAGING_ID (NULL where nothing is staged), OUTCOME
             (staged, restaged, cancel_staged, unchanged, skipped, set_aside), REASON
Errors       50001 bad argument; 50020 another page of this store was being staged for over a minute
Locks        an application lock per store for the length of the call; key locks on the page's rows. The rows are locked by an
             UPDATE before they are looked at, so that a create that is under way finishes first.
Repeatable   yes: the same page again changes nothing
Note         An order in the ERP that waits and is unpaid now, or was not before, is cancelled there; one that is held waits for an
             update that sp_CheckOrder refuses while it is held, so that a person hears of it and its document stays.
             An order that a worker holds loses its lease when its content changes or can't be read: the worker's next write gets 50010.
             What can't be read and was given up by a person stays so until the store changes it.
             A store counts its own stock as orders come, change and go: what it has of the items of an order that changed is doubted, so
             that the next push tells it, equal or not to what it was told last.
Example      EXECUTE dbo.sp_StageOrders @STORE_ID = 'woocommerce', @SOURCE_SYSTEM = 'woocommerce', @SYNC_ID = 'by-hand',
                 @ORDERS = N'[{"WOO_ORDER_ID": 4711, "VANISHED": 1}]', @DRY_RUN = 1;
*/
CREATE OR ALTER PROCEDURE dbo.sp_StageOrders
    @STORE_ID varchar(50),
    @SOURCE_SYSTEM varchar(50),
    @SYNC_ID varchar(50),
    @ORDERS nvarchar(max),
    @WALK nvarchar(max) = NULL,
    @DRY_RUN bit = 0,
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE @ERRORS nvarchar(2000) = CONCAT
    (
        CASE WHEN NULLIF(@STORE_ID, '') IS NULL THEN N'@STORE_ID is required. ' END,
        CASE WHEN NULLIF(@SYNC_ID, '') IS NULL THEN N'@SYNC_ID is required. ' END,
        CASE WHEN COALESCE(ISJSON(@ORDERS), 0) = 0 OR LEFT(LTRIM(@ORDERS), 1) <> N'[' THEN N'@ORDERS takes a JSON array. ' END,
        CASE WHEN @WALK IS NOT NULL AND (ISJSON(@WALK) = 0 OR NULLIF(JSON_VALUE(@WALK, '$.WALK_NAME'), N'') IS NULL)
             THEN N'@WALK takes a JSON object with WALK_NAME. ' END
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DECLARE @INCOMING TABLE
    (
        PAGE_NO int NOT NULL PRIMARY KEY,
        WOO_ORDER_ID bigint NULL,
        WOO_ORDER_NO nvarchar(50) NULL,
        STATUS_GROUP varchar(20) NULL,
        STATUS_MEANING varchar(20) NULL,
        ORDER_KEY nvarchar(100) NULL,
        READ_MARK varchar(50) NULL,
        SAME_ORDER bit NOT NULL,
        STATUS_REASON nvarchar(500) NULL,
        VANISHED bit NOT NULL,
        CONFIRMED bit NOT NULL,
        UNREADABLE bit NOT NULL,
        ERROR_CODE varchar(50) NULL,
        ORD_STATUS nvarchar(20) NULL,
        CONTENT_HASH char(64) NULL,
        CURRENCY varchar(20) NULL,
        WOO_CUST_ID bigint NULL,
        CUST_EMAIL nvarchar(100) NULL,
        ORD_DAT date NULL,
        TKT_DT datetime2(3) NULL,
        WOO_CREATED_DT datetime2(3) NULL,
        WOO_MODIFIED_DT datetime2(3) NULL,
        PMT_METH nvarchar(50) NULL,
        TRANSACTION_ID nvarchar(200) NULL,
        SHIP_VIA nvarchar(100) NULL,
        SUBTOT decimal(15, 4) NULL,
        SHIP_AMT decimal(15, 4) NULL,
        TAX_AMT decimal(15, 4) NULL,
        DISC_AMT decimal(15, 4) NULL,
        TOT_AMT decimal(15, 4) NULL,
        SHIP_NAM nvarchar(100) NULL,
        SHIP_ADRS_1 nvarchar(100) NULL,
        SHIP_ADRS_2 nvarchar(100) NULL,
        SHIP_CITY nvarchar(100) NULL,
        SHIP_STATE nvarchar(100) NULL,
        SHIP_ZIP_COD nvarchar(100) NULL,
        SHIP_CNTRY nvarchar(100) NULL,
        SHIP_PHONE nvarchar(100) NULL,
        LINE_ITEMS_JSON nvarchar(max) NULL,
        ORDER_JSON nvarchar(max) NULL,
        CUTS nvarchar(max) NULL,
        WARNINGS nvarchar(max) NULL
    );

    INSERT INTO @INCOMING
    (
        PAGE_NO, WOO_ORDER_ID, WOO_ORDER_NO, STATUS_GROUP, STATUS_MEANING, ORDER_KEY, READ_MARK, SAME_ORDER, STATUS_REASON, VANISHED, CONFIRMED,
        UNREADABLE, ERROR_CODE, ORD_STATUS,
        CONTENT_HASH, CURRENCY, WOO_CUST_ID, CUST_EMAIL, ORD_DAT, TKT_DT, WOO_CREATED_DT, WOO_MODIFIED_DT, PMT_METH, TRANSACTION_ID, SHIP_VIA,
        SUBTOT, SHIP_AMT, TAX_AMT, DISC_AMT, TOT_AMT, SHIP_NAM, SHIP_ADRS_1, SHIP_ADRS_2, SHIP_CITY, SHIP_STATE, SHIP_ZIP_COD,
        SHIP_CNTRY, SHIP_PHONE, LINE_ITEMS_JSON, ORDER_JSON, CUTS, WARNINGS
    )
    SELECT
        CONVERT(int, element.[key]),
        content.WOO_ORDER_ID, content.WOO_ORDER_NO,
        CASE WHEN content.VANISHED = 1 THEN 'dead' WHEN content.UNREADABLE = 1 THEN 'wait' ELSE content.STATUS_GROUP END,
        CASE WHEN content.VANISHED = 1 THEN 'dead' ELSE content.STATUS_MEANING END,
        NULLIF(content.ORDER_KEY, N''), content.READ_MARK, COALESCE(content.SAME_ORDER, 0),
        CASE
            WHEN NULLIF(content.STATUS_REASON, N'') IS NOT NULL THEN content.STATUS_REASON
            WHEN content.VANISHED = 1 THEN N'gone from the store'
            WHEN content.UNREADABLE = 1 THEN NULL
            WHEN content.STATUS_GROUP <> 'live' THEN CONCAT(N'status ', content.ORD_STATUS)
        END,
        COALESCE(content.VANISHED, 0), COALESCE(content.CONFIRMED, 0), COALESCE(content.UNREADABLE, 0), content.ERROR_CODE,
        content.ORD_STATUS, content.CONTENT_HASH, content.CURRENCY, content.WOO_CUST_ID, content.CUST_EMAIL, content.ORD_DAT,
        content.TKT_DT, content.WOO_CREATED_DT, content.WOO_MODIFIED_DT, content.PMT_METH, content.TRANSACTION_ID,
        content.SHIP_VIA, content.SUBTOT, content.SHIP_AMT, content.TAX_AMT, content.DISC_AMT, content.TOT_AMT,
        content.SHIP_NAM, content.SHIP_ADRS_1, content.SHIP_ADRS_2, content.SHIP_CITY, content.SHIP_STATE,
        content.SHIP_ZIP_COD, content.SHIP_CNTRY, content.SHIP_PHONE,
        JSON_QUERY(element.value, '$.LINE_ITEMS_JSON'), JSON_QUERY(element.value, '$.ORDER_JSON'),
        JSON_QUERY(element.value, '$.CUTS'), JSON_QUERY(element.value, '$.WARNINGS')
    FROM OPENJSON(@ORDERS) AS element
    CROSS APPLY OPENJSON(element.value)
    WITH
    (
        WOO_ORDER_ID bigint '$.WOO_ORDER_ID',
        WOO_ORDER_NO nvarchar(50) '$.WOO_ORDER_NO',
        STATUS_GROUP varchar(20) '$.STATUS_GROUP',
        STATUS_MEANING varchar(20) '$.STATUS_MEANING',
        ORDER_KEY nvarchar(100) '$.ORDER_KEY',
        READ_MARK varchar(50) '$.READ_MARK',
        SAME_ORDER bit '$.SAME_ORDER',
        STATUS_REASON nvarchar(500) '$.STATUS_REASON',
        VANISHED bit '$.VANISHED',
        CONFIRMED bit '$.CONFIRMED',
        UNREADABLE bit '$.UNREADABLE',
        ERROR_CODE varchar(50) '$.ERROR_CODE',
        ORD_STATUS nvarchar(20) '$.ORD_STATUS',
        CONTENT_HASH char(64) '$.CONTENT_HASH',
        CURRENCY varchar(20) '$.CURRENCY',
        WOO_CUST_ID bigint '$.WOO_CUST_ID',
        CUST_EMAIL nvarchar(100) '$.CUST_EMAIL',
        ORD_DAT date '$.ORD_DAT',
        TKT_DT datetime2(3) '$.TKT_DT',
        WOO_CREATED_DT datetime2(3) '$.WOO_CREATED_DT',
        WOO_MODIFIED_DT datetime2(3) '$.WOO_MODIFIED_DT',
        PMT_METH nvarchar(50) '$.PMT_METH',
        TRANSACTION_ID nvarchar(200) '$.TRANSACTION_ID',
        SHIP_VIA nvarchar(100) '$.SHIP_VIA',
        SUBTOT decimal(15, 4) '$.SUBTOT',
        SHIP_AMT decimal(15, 4) '$.SHIP_AMT',
        TAX_AMT decimal(15, 4) '$.TAX_AMT',
        DISC_AMT decimal(15, 4) '$.DISC_AMT',
        TOT_AMT decimal(15, 4) '$.TOT_AMT',
        SHIP_NAM nvarchar(100) '$.SHIP_NAM',
        SHIP_ADRS_1 nvarchar(100) '$.SHIP_ADRS_1',
        SHIP_ADRS_2 nvarchar(100) '$.SHIP_ADRS_2',
        SHIP_CITY nvarchar(100) '$.SHIP_CITY',
        SHIP_STATE nvarchar(100) '$.SHIP_STATE',
        SHIP_ZIP_COD nvarchar(100) '$.SHIP_ZIP_COD',
        SHIP_CNTRY nvarchar(100) '$.SHIP_CNTRY',
        SHIP_PHONE nvarchar(100) '$.SHIP_PHONE'
    ) AS content;

    SET @ERRORS = CONCAT
    (
        CASE WHEN EXISTS (SELECT 1 FROM @INCOMING WHERE WOO_ORDER_ID IS NULL) THEN N'Every order needs WOO_ORDER_ID. ' END,
        CASE WHEN EXISTS (SELECT 1 FROM @INCOMING WHERE COALESCE(STATUS_GROUP, '') NOT IN ('live', 'wait', 'dead'))
             THEN N'STATUS_GROUP takes live, wait, dead. ' END,
        CASE WHEN EXISTS
             (
                 SELECT 1
                 FROM @INCOMING
                 WHERE COALESCE(STATUS_MEANING, 'unknown') NOT IN ('unpaid', 'held', 'ready', 'done', 'dead', 'unknown')
             )
             THEN N'STATUS_MEANING takes unpaid, held, ready, done, dead, unknown. ' END,
        CASE WHEN EXISTS (SELECT 1 FROM @INCOMING WHERE VANISHED = 0 AND UNREADABLE = 0 AND CONTENT_HASH IS NULL)
             THEN N'Every order needs CONTENT_HASH. ' END,
        CASE WHEN EXISTS (SELECT 1 FROM @INCOMING WHERE UNREADABLE = 1 AND STATUS_REASON IS NULL)
             THEN N'An unreadable order needs STATUS_REASON. ' END
    );

    IF @ERRORS <> N''
    BEGIN
        THROW 50001, @ERRORS, 1;
    END;

    DELETE incoming
    FROM @INCOMING AS incoming
    WHERE EXISTS
    (
        SELECT 1
        FROM @INCOMING AS other
        WHERE other.WOO_ORDER_ID = incoming.WOO_ORDER_ID
        AND
        (
            COALESCE(other.WOO_MODIFIED_DT, '0001-01-01') > COALESCE(incoming.WOO_MODIFIED_DT, '0001-01-01')
            OR
            (
                COALESCE(other.WOO_MODIFIED_DT, '0001-01-01') = COALESCE(incoming.WOO_MODIFIED_DT, '0001-01-01')
                AND other.PAGE_NO > incoming.PAGE_NO
            )
        )
    );

    DECLARE @DECIDED TABLE
    (
        PAGE_NO int NOT NULL PRIMARY KEY,
        STAGING_ID int NULL,
        DECISION varchar(20) NOT NULL,
        OUTCOME varchar(20) NULL,
        REASON nvarchar(500) NULL,
        EVENT_TYPE varchar(20) NULL,
        NEW_STATE varchar(20) NULL,
        NEW_ACTION varchar(20) NULL,
        TAKES_CONTENT bit NULL,
        BROKEN_LEASE nvarchar(200) NULL,
        FORMER_STATE varchar(20) NULL,
        WAS_ASIDE bit NOT NULL
    );

    BEGIN TRY
        IF @DRY_RUN = 0
        BEGIN
            BEGIN TRANSACTION;

            DECLARE @RESOURCE nvarchar(255) = CONCAT(N'syncctl:', DB_NAME(), N':page of ', @STORE_ID);
            DECLARE @LOCKED int;
            EXECUTE @LOCKED = sys.sp_getapplock
                @Resource = @RESOURCE, @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 60000;

            IF @LOCKED < 0
            BEGIN
                THROW 50020, N'Another page of this store is being staged; run the command again.', 1;
            END;

            UPDATE
                staged
            SET
                LAST_SEEN_DT = @NOW
            FROM dbo.USER_ORDER_STAGING AS staged
            INNER JOIN @INCOMING AS incoming
                ON incoming.WOO_ORDER_ID = staged.WOO_ORDER_ID
            WHERE staged.STORE_ID = @STORE_ID
            AND   staged.DUPLICATE_OF_ID IS NULL;

            /* A row of the customer map without a store is the first store's: once there is a second, nobody could tell any more. */
            IF EXISTS (SELECT 1 FROM dbo.USER_CUSTOMER_MAP AS mapped WHERE mapped.STORE_ID = '')
            AND NOT EXISTS (SELECT 1 FROM dbo.fn_OtherStores(@STORE_ID) AS other)
            BEGIN
                UPDATE
                    mapped
                SET
                    STORE_ID = @STORE_ID
                FROM dbo.USER_CUSTOMER_MAP AS mapped
                WHERE mapped.STORE_ID = ''
                AND   NOT EXISTS
                (
                    SELECT
                        1
                    FROM dbo.USER_CUSTOMER_MAP AS own
                    WHERE own.IS_ACTIVE = 1
                    AND   own.STORE_ID = @STORE_ID
                    AND   (own.CUST_NO = mapped.CUST_NO OR own.WOO_USER_ID = mapped.WOO_USER_ID OR own.WOO_EMAIL = mapped.WOO_EMAIL)
                );
            END;
        END;

        /* What has the id of an order in the ERP and is another, of another key, or of another date and customer, is set aside. */
        UPDATE
            incoming
        SET
            UNREADABLE = 1,
            ERROR_CODE = 'another_order',
            STATUS_GROUP = 'wait',
            STATUS_REASON = CONCAT
            (
                N'its id belongs to another order by now, ',
                CASE
                    WHEN COALESCE(CONVERT(varchar(19), incoming.WOO_CREATED_DT, 120), '?') = COALESCE(CONVERT(varchar(19), staged.WOO_CREATED_DT, 120), '?')
                    THEN N'which has another key (order_key)'
                    ELSE CONCAT
                    (
                        N'created ', COALESCE(CONVERT(varchar(19), incoming.WOO_CREATED_DT, 120), '?'),
                        N' and not ', COALESCE(CONVERT(varchar(19), staged.WOO_CREATED_DT, 120), '?')
                    )
                END,
                N', as after a restore of the shop. Its document stays as it is. If it is the same order all the same: `syncctl stage --order-id ',
                incoming.WOO_ORDER_ID, N' --same-order`'
            )
        FROM @INCOMING AS incoming
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.WOO_ORDER_ID = incoming.WOO_ORDER_ID
        LEFT JOIN dbo.USER_ORDER_LINK AS link
            ON  link.STORE_ID = staged.STORE_ID
            AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID
        WHERE staged.STORE_ID = @STORE_ID
        AND   staged.DUPLICATE_OF_ID IS NULL
        AND   (staged.IS_APPLIED = 1 OR COALESCE(link.LINK_STATE, '') IN ('OPEN', 'CLOSED'))
        AND   incoming.VANISHED = 0
        AND   incoming.UNREADABLE = 0
        AND   incoming.SAME_ORDER = 0
        AND   1 = CASE
            WHEN incoming.ORDER_KEY IS NOT NULL AND NULLIF(staged.ORDER_KEY, N'') IS NOT NULL
            THEN CASE WHEN COALESCE(incoming.ORDER_KEY, N'') <> COALESCE(staged.ORDER_KEY, N'') THEN 1 ELSE 0 END
            WHEN incoming.WOO_CREATED_DT IS NULL OR staged.WOO_CREATED_DT IS NULL OR incoming.WOO_CREATED_DT = staged.WOO_CREATED_DT THEN 0
            WHEN COALESCE(incoming.WOO_CUST_ID, 0) <> COALESCE(staged.WOO_CUST_ID, 0) THEN 1
            WHEN UPPER(COALESCE(incoming.CUST_EMAIL, N'')) <> UPPER(COALESCE(staged.CUST_EMAIL, N'')) THEN 1
            ELSE 0
        END;

        /* An order that was paid, is in the ERP and has been stopped since waits, also where its status creates orders. */
        UPDATE
            incoming
        SET
            STATUS_GROUP = 'wait',
            STATUS_REASON = COALESCE(incoming.STATUS_REASON, CONCAT(N'The store holds it (status ', incoming.ORD_STATUS, N')'))
        FROM @INCOMING AS incoming
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.WOO_ORDER_ID = incoming.WOO_ORDER_ID
        WHERE staged.STORE_ID = @STORE_ID
        AND   staged.DUPLICATE_OF_ID IS NULL
        AND   staged.IS_APPLIED = 1
        AND   COALESCE(incoming.STATUS_MEANING, '') = 'held'
        AND   COALESCE(incoming.STATUS_GROUP, '') = 'live'
        AND   (COALESCE(staged.STATUS_MEANING, '') IN ('ready', 'done') OR staged.STATUS_GROUP = 'wait');

        INSERT INTO @DECIDED
        (
            PAGE_NO, STAGING_ID, DECISION, BROKEN_LEASE, FORMER_STATE, WAS_ASIDE
        )
        SELECT
            incoming.PAGE_NO,
            staged.STAGING_ID,
            CASE
                WHEN staged.STAGING_ID IS NULL AND incoming.UNREADABLE = 1 THEN 'aside'
                WHEN staged.STAGING_ID IS NULL AND incoming.VANISHED = 1 THEN 'absent'
                WHEN staged.STAGING_ID IS NULL AND incoming.STATUS_GROUP = 'live' THEN 'new'
                WHEN staged.STAGING_ID IS NULL THEN 'skip'
                WHEN incoming.VANISHED = 0 AND incoming.CONFIRMED = 0
                     AND incoming.WOO_MODIFIED_DT < staged.WOO_MODIFIED_DT THEN 'older'
                WHEN incoming.UNREADABLE = 1 AND former.WAS_ASIDE = 0
                     AND given_up.DECIDED_DT >= COALESCE(incoming.WOO_MODIFIED_DT, '0001-01-01') THEN 'given_up'
                WHEN incoming.UNREADABLE = 1 THEN 'aside'
                WHEN incoming.STATUS_GROUP = staged.STATUS_GROUP AND news.IS_NEWS = 0
                     AND (incoming.VANISHED = 1 OR incoming.CONTENT_HASH = staged.CONTENT_HASH) THEN 'same'
                WHEN staged.IS_APPLIED = 1 AND incoming.STATUS_GROUP = 'dead' THEN 'cancel'
                WHEN staged.IS_APPLIED = 1 AND staged.CONTENT_HASH IS NULL THEN 'adopt'
                WHEN news.IS_NEWS = 1 AND incoming.STATUS_MEANING = 'unpaid' THEN 'cancel'
                WHEN staged.IS_APPLIED = 1 AND incoming.STATUS_GROUP = 'wait' AND incoming.STATUS_MEANING = 'unpaid'
                     AND COALESCE(staged.PENDING_ACTION, '') = 'cancel' THEN 'cancel'
                WHEN staged.IS_APPLIED = 1 AND incoming.STATUS_GROUP = 'wait' AND incoming.STATUS_MEANING = 'held' THEN 'hold'
                WHEN staged.IS_APPLIED = 1 AND incoming.CONTENT_HASH = staged.APPLIED_HASH AND former.STATE = 'APPLIED' THEN 'note'
                WHEN staged.IS_APPLIED = 1 AND incoming.CONTENT_HASH = staged.APPLIED_HASH THEN 'edited_back'
                WHEN staged.IS_APPLIED = 1 THEN 'update'
                WHEN former.STATE = 'CANCELLED' AND incoming.STATUS_GROUP <> 'live' THEN 'note'
                WHEN former.STATE = 'CANCELLED' AND link.LINK_STATE = 'ROLLED_BACK'
                     AND incoming.CONTENT_HASH = staged.CONTENT_HASH THEN 'note'
                WHEN incoming.STATUS_GROUP = 'live' THEN 'create'
                ELSE 'skip'
            END,
            CASE
                WHEN staged.STATE = 'CLAIMED'
                THEN CONCAT(N'; taken from worker ', staged.LEASE_OWNER, N', which held it for attempt ', staged.ATTEMPT_NO)
            END,
            former.STATE,
            former.WAS_ASIDE
        FROM @INCOMING AS incoming
        LEFT JOIN dbo.USER_ORDER_STAGING AS staged
            ON  staged.STORE_ID = @STORE_ID
            AND staged.WOO_ORDER_ID = incoming.WOO_ORDER_ID
            AND staged.DUPLICATE_OF_ID IS NULL
        LEFT JOIN dbo.USER_ORDER_LINK AS link
            ON  link.STORE_ID = @STORE_ID
            AND link.WOO_ORDER_ID = incoming.WOO_ORDER_ID
        CROSS APPLY
        (
            /* An order set aside as unreadable kept all but its state, which follows from the rest. */
            SELECT
                CASE
                    WHEN staged.STATE <> 'NEEDS_MANUAL_REVIEW' OR COALESCE(staged.ERROR_CLASS, '') <> 'unreadable' THEN staged.STATE
                    WHEN staged.PENDING_ACTION IS NOT NULL THEN 'PENDING'
                    WHEN staged.IS_APPLIED = 1 THEN 'APPLIED'
                    WHEN link.LINK_STATE IS NOT NULL THEN 'CANCELLED'
                    ELSE 'SKIPPED'
                END AS STATE,
                CASE
                    WHEN staged.STATE = 'NEEDS_MANUAL_REVIEW' AND COALESCE(staged.ERROR_CLASS, '') = 'unreadable' THEN 1
                    ELSE 0
                END AS WAS_ASIDE
        ) AS former
        CROSS APPLY
        (
            /* An order in the ERP that is paid no more, or that somebody stopped, changed though its content did not. */
            SELECT
                CASE
                    WHEN COALESCE(staged.IS_APPLIED, 0) = 0 OR incoming.STATUS_GROUP <> 'wait' OR incoming.UNREADABLE = 1 THEN 0
                    WHEN COALESCE(incoming.STATUS_MEANING, '') NOT IN ('unpaid', 'held') THEN 0
                    WHEN COALESCE(staged.STATUS_MEANING, '') <> incoming.STATUS_MEANING THEN 1
                    WHEN incoming.STATUS_MEANING = 'unpaid' AND COALESCE(staged.ORD_STATUS, '') <> COALESCE(incoming.ORD_STATUS, N'') THEN 1
                    ELSE 0
                END AS IS_NEWS
        ) AS news
        OUTER APPLY
        (
            SELECT
                MAX(letter.DECIDED_DT) AS DECIDED_DT
            FROM dbo.USER_ORDER_DEAD_LETTER AS letter
            WHERE incoming.UNREADABLE = 1
            AND   letter.STAGING_ID = staged.STAGING_ID
            AND   letter.ERROR_CLASS = 'unreadable'
            AND   COALESCE(letter.DECISION, '') = 'cancel'
        ) AS given_up;

        UPDATE
            decided
        SET
            OUTCOME = meaning.OUTCOME,
            REASON = CASE WHEN meaning.TAKES_STATUS_REASON = 1 THEN incoming.STATUS_REASON ELSE meaning.REASON END,
            EVENT_TYPE = meaning.EVENT_TYPE,
            NEW_STATE = meaning.NEW_STATE,
            NEW_ACTION = meaning.NEW_ACTION,
            TAKES_CONTENT = meaning.TAKES_CONTENT
        FROM @DECIDED AS decided
        INNER JOIN @INCOMING AS incoming
            ON incoming.PAGE_NO = decided.PAGE_NO
        INNER JOIN
        (
            VALUES
                ('absent', 'skipped', N'not staged', NULL, NULL, NULL, 0, 0),
                ('new', 'staged', NULL, 'STAGED', 'PENDING', 'create', 1, 1),
                ('skip', 'skipped', NULL, 'SKIPPED', 'SKIPPED', NULL, 1, 1),
                ('older', 'unchanged', N'older than the version staged', NULL, NULL, NULL, 0, 0),
                ('same', 'unchanged', NULL, NULL, NULL, NULL, 0, 0),
                ('note', 'unchanged', NULL, NULL, NULL, NULL, 1, 0),
                ('adopt', 'unchanged', N'adopted', NULL, NULL, NULL, 1, 0),
                ('create', 'restaged', NULL, 'RESTAGED', 'PENDING', 'create', 1, 1),
                ('update', 'restaged', NULL, 'RESTAGED', 'PENDING', 'update', 1, 1),
                ('cancel', 'cancel_staged', NULL, 'CANCEL_STAGED', 'PENDING', 'cancel', 1, 1),
                ('hold', 'restaged', NULL, 'RESTAGED', 'PENDING', 'update', 1, 1),
                ('edited_back', 'unchanged', N'edited back to what the ERP holds', 'EDITED_BACK', 'APPLIED', NULL, 1, 0),
                ('aside', 'set_aside', NULL, NULL, 'NEEDS_MANUAL_REVIEW', NULL, 0, 1),
                ('given_up', 'unchanged', N'it can''t be read, and was given up', NULL, NULL, NULL, 0, 0)
        ) AS meaning (DECISION, OUTCOME, REASON, EVENT_TYPE, NEW_STATE, NEW_ACTION, TAKES_CONTENT, TAKES_STATUS_REASON)
            ON meaning.DECISION = decided.DECISION;

        /* What was set aside and can be read again goes on where it was, unless its content decides otherwise. */
        UPDATE
            decided
        SET
            OUTCOME = CASE WHEN decided.FORMER_STATE = 'PENDING' THEN 'restaged' ELSE 'unchanged' END,
            REASON = N'it can be read again',
            EVENT_TYPE = CASE WHEN decided.FORMER_STATE = 'PENDING' THEN 'RESTAGED' ELSE 'READ_AGAIN' END,
            NEW_STATE = decided.FORMER_STATE,
            NEW_ACTION = staged.PENDING_ACTION
        FROM @DECIDED AS decided
        INNER JOIN dbo.USER_ORDER_STAGING AS staged
            ON staged.STAGING_ID = decided.STAGING_ID
        WHERE decided.WAS_ASIDE = 1
        AND   (decided.DECISION = 'same' OR decided.DECISION = 'note' OR decided.DECISION = 'adopt');

        IF @DRY_RUN = 0
        BEGIN
            IF EXISTS (SELECT 1 FROM dbo.USER_STORE_ITEM AS item WHERE item.STORE_ID = @STORE_ID)
            BEGIN
                /* Items of the version that was staged, too: one that was taken out of an order went back to the store's stock. */
                WITH moved AS
                (
                    SELECT
                        PRODUCT_ID = COALESCE(NULLIF(TRY_CONVERT(bigint, line.VARIATION_ID), 0), TRY_CONVERT(bigint, line.PRODUCT_ID))
                    FROM @DECIDED AS decided
                    INNER JOIN @INCOMING AS incoming
                        ON incoming.PAGE_NO = decided.PAGE_NO
                    LEFT JOIN dbo.USER_ORDER_STAGING AS staged
                        ON staged.STAGING_ID = decided.STAGING_ID
                    CROSS APPLY
                    (
                        SELECT incoming.LINE_ITEMS_JSON AS LINES
                        UNION ALL
                        SELECT staged.LINE_ITEMS_JSON
                    ) AS version
                    CROSS APPLY OPENJSON(COALESCE(version.LINES, N'[]'))
                    WITH
                    (
                        PRODUCT_ID nvarchar(20) '$.PRODUCT_ID',
                        VARIATION_ID nvarchar(20) '$.VARIATION_ID'
                    ) AS line
                    WHERE decided.DECISION <> 'absent'
                    AND   decided.DECISION <> 'older'
                    AND   decided.DECISION <> 'same'
                    AND   decided.DECISION <> 'given_up'
                )
                UPDATE
                    item
                SET
                    DOUBTED_DT = @NOW
                FROM dbo.USER_STORE_ITEM AS item
                WHERE item.STORE_ID = @STORE_ID
                AND   item.PRODUCT_ID IN (SELECT moved.PRODUCT_ID FROM moved);
            END;

            /* What is new comes in whole; an order that could not be read brings no content. */
            INSERT INTO dbo.USER_ORDER_STAGING
            (
                BATCH_ID, STORE_ID, SOURCE_SYSTEM, WOO_ORDER_ID, WOO_ORDER_NO, ORD_STATUS, STATUS_GROUP, STATUS_MEANING, ORDER_KEY, READ_MARK,
                WOO_MODIFIED_DT, STATE, STATE_REASON, PENDING_ACTION, IS_VALIDATED, IS_APPLIED, ATTEMPT_NO, LAST_SEEN_DT, CREATED_DT, CREATED_BY,
                CONTENT_HASH, CURRENCY, WOO_CUST_ID, CUST_EMAIL, ORD_DAT, TKT_DT, WOO_CREATED_DT, PMT_METH, TRANSACTION_ID, SHIP_VIA,
                SUBTOT, SHIP_AMT, TAX_AMT, DISC_AMT, TOT_AMT, SHIP_NAM, SHIP_ADRS_1, SHIP_ADRS_2, SHIP_CITY, SHIP_STATE, SHIP_ZIP_COD,
                SHIP_CNTRY, SHIP_PHONE, LINE_ITEMS_JSON, ORDER_JSON
            )
            SELECT
                @SYNC_ID, @STORE_ID, @SOURCE_SYSTEM, incoming.WOO_ORDER_ID, CONVERT(varchar(50), incoming.WOO_ORDER_NO), incoming.ORD_STATUS,
                incoming.STATUS_GROUP, incoming.STATUS_MEANING, incoming.ORDER_KEY, incoming.READ_MARK,
                incoming.WOO_MODIFIED_DT, decided.NEW_STATE, CASE WHEN decided.NEW_STATE = 'SKIPPED' THEN incoming.STATUS_REASON END,
                decided.NEW_ACTION, 0, 0, 0, @NOW, @NOW, 'syncctl',
                content.CONTENT_HASH, content.CURRENCY, content.WOO_CUST_ID, content.CUST_EMAIL, content.ORD_DAT, content.TKT_DT,
                content.WOO_CREATED_DT, content.PMT_METH, content.TRANSACTION_ID, content.SHIP_VIA,
                content.SUBTOT, content.SHIP_AMT, content.TAX_AMT, content.DISC_AMT, content.TOT_AMT, content.SHIP_NAM, content.SHIP_ADRS_1,
                content.SHIP_ADRS_2, content.SHIP_CITY, content.SHIP_STATE, content.SHIP_ZIP_COD,
                content.SHIP_CNTRY, content.SHIP_PHONE, content.LINE_ITEMS_JSON, content.ORDER_JSON
            FROM @DECIDED AS decided
            INNER JOIN @INCOMING AS incoming
                ON incoming.PAGE_NO = decided.PAGE_NO
            LEFT JOIN @INCOMING AS content
                ON  content.PAGE_NO = decided.PAGE_NO
                AND decided.TAKES_CONTENT = 1
            WHERE decided.STAGING_ID IS NULL
            AND   decided.NEW_STATE IS NOT NULL
            ORDER BY
                decided.PAGE_NO;

            UPDATE
                staged
            SET
                ORD_STATUS = CASE WHEN incoming.VANISHED = 1 THEN staged.ORD_STATUS ELSE incoming.ORD_STATUS END,
                STATUS_MEANING = incoming.STATUS_MEANING,
                ORDER_KEY = COALESCE(incoming.ORDER_KEY, staged.ORDER_KEY),
                READ_MARK = incoming.READ_MARK,
                WOO_MODIFIED_DT = CASE WHEN incoming.VANISHED = 1 THEN staged.WOO_MODIFIED_DT ELSE incoming.WOO_MODIFIED_DT END,
                STATUS_GROUP = CASE WHEN decided.TAKES_CONTENT = 1 THEN incoming.STATUS_GROUP ELSE staged.STATUS_GROUP END,
                BATCH_ID = CASE WHEN decided.TAKES_CONTENT = 1 THEN @SYNC_ID ELSE staged.BATCH_ID END,
                SOURCE_SYSTEM = CASE WHEN decided.TAKES_CONTENT = 1 THEN @SOURCE_SYSTEM ELSE staged.SOURCE_SYSTEM END,
                UPDATED_DT = CASE WHEN decided.TAKES_CONTENT = 1 THEN @NOW ELSE staged.UPDATED_DT END,
                APPLIED_HASH = CASE WHEN decided.DECISION = 'adopt' THEN incoming.CONTENT_HASH ELSE staged.APPLIED_HASH END,
                STATE = CASE WHEN decided.NEW_STATE IS NULL THEN staged.STATE ELSE decided.NEW_STATE END,
                STATE_REASON = CASE
                    WHEN decided.NEW_STATE IS NULL AND staged.STATE = 'SKIPPED' AND incoming.STATUS_REASON IS NOT NULL AND incoming.VANISHED = 0
                    THEN incoming.STATUS_REASON
                    WHEN decided.NEW_STATE IS NULL OR decided.REASON = N'it can be read again' THEN staged.STATE_REASON
                    WHEN decided.NEW_STATE = 'SKIPPED' OR decided.NEW_ACTION = 'cancel' OR decided.DECISION = 'hold'
                    THEN incoming.STATUS_REASON
                END,
                PENDING_ACTION = CASE WHEN decided.NEW_STATE IS NULL THEN staged.PENDING_ACTION ELSE decided.NEW_ACTION END,
                ATTEMPT_NO = CASE WHEN decided.NEW_STATE IS NULL THEN staged.ATTEMPT_NO ELSE 0 END,
                NEXT_ATTEMPT_DT = CASE WHEN decided.NEW_STATE IS NULL THEN staged.NEXT_ATTEMPT_DT END,
                LEASE_OWNER = CASE WHEN decided.NEW_STATE IS NULL THEN staged.LEASE_OWNER END,
                LEASE_UNTIL_DT = CASE WHEN decided.NEW_STATE IS NULL THEN staged.LEASE_UNTIL_DT END,
                ERROR_CLASS = CASE WHEN decided.NEW_STATE IS NULL THEN staged.ERROR_CLASS END,
                VALIDATION_ERROR = CASE WHEN decided.NEW_STATE IS NULL THEN staged.VALIDATION_ERROR END,
                IS_VALIDATED = CASE WHEN decided.NEW_STATE IS NULL THEN staged.IS_VALIDATED ELSE 0 END
            FROM dbo.USER_ORDER_STAGING AS staged
            INNER JOIN @DECIDED AS decided
                ON decided.STAGING_ID = staged.STAGING_ID
            INNER JOIN @INCOMING AS incoming
                ON incoming.PAGE_NO = decided.PAGE_NO
            WHERE decided.DECISION <> 'older'
            AND   decided.DECISION <> 'aside'
            AND   decided.DECISION <> 'given_up';

            UPDATE
                staged
            SET
                WOO_ORDER_NO = incoming.WOO_ORDER_NO,
                CONTENT_HASH = incoming.CONTENT_HASH,
                CURRENCY = incoming.CURRENCY,
                WOO_CUST_ID = incoming.WOO_CUST_ID,
                CUST_EMAIL = incoming.CUST_EMAIL,
                ORD_DAT = incoming.ORD_DAT,
                TKT_DT = incoming.TKT_DT,
                WOO_CREATED_DT = incoming.WOO_CREATED_DT,
                PMT_METH = incoming.PMT_METH,
                TRANSACTION_ID = incoming.TRANSACTION_ID,
                SHIP_VIA = incoming.SHIP_VIA,
                SUBTOT = incoming.SUBTOT,
                SHIP_AMT = incoming.SHIP_AMT,
                TAX_AMT = incoming.TAX_AMT,
                DISC_AMT = incoming.DISC_AMT,
                TOT_AMT = incoming.TOT_AMT,
                SHIP_NAM = incoming.SHIP_NAM,
                SHIP_ADRS_1 = incoming.SHIP_ADRS_1,
                SHIP_ADRS_2 = incoming.SHIP_ADRS_2,
                SHIP_CITY = incoming.SHIP_CITY,
                SHIP_STATE = incoming.SHIP_STATE,
                SHIP_ZIP_COD = incoming.SHIP_ZIP_COD,
                SHIP_CNTRY = incoming.SHIP_CNTRY,
                SHIP_PHONE = incoming.SHIP_PHONE,
                LINE_ITEMS_JSON = incoming.LINE_ITEMS_JSON,
                ORDER_JSON = incoming.ORDER_JSON
            FROM dbo.USER_ORDER_STAGING AS staged
            INNER JOIN @DECIDED AS decided
                ON decided.STAGING_ID = staged.STAGING_ID
            INNER JOIN @INCOMING AS incoming
                ON incoming.PAGE_NO = decided.PAGE_NO
            WHERE decided.TAKES_CONTENT = 1
            AND   incoming.VANISHED = 0;

            UPDATE
                letter
            SET
                DECISION = 'restaged',
                DECIDED_BY = @SYNC_ID,
                DECIDED_DT = @NOW
            FROM dbo.USER_ORDER_DEAD_LETTER AS letter
            INNER JOIN @DECIDED AS decided
                ON decided.STAGING_ID = letter.STAGING_ID
            WHERE decided.NEW_STATE IS NOT NULL
            AND   decided.DECISION <> 'aside'
            AND   letter.DECISION IS NULL;

            UPDATE
                decided
            SET
                STAGING_ID = staged.STAGING_ID
            FROM @DECIDED AS decided
            INNER JOIN @INCOMING AS incoming
                ON incoming.PAGE_NO = decided.PAGE_NO
            INNER JOIN dbo.USER_ORDER_STAGING AS staged
                ON  staged.WOO_ORDER_ID = incoming.WOO_ORDER_ID
                AND staged.STORE_ID = @STORE_ID
                AND staged.DUPLICATE_OF_ID IS NULL
            WHERE decided.STAGING_ID IS NULL;

            INSERT INTO dbo.USER_ORDER_EVENT
            (
                STORE_ID, WOO_ORDER_ID, STAGING_ID, EVENT_DT, EVENT_TYPE, SYNC_ID, MESSAGE
            )
            SELECT
                @STORE_ID, incoming.WOO_ORDER_ID, decided.STAGING_ID, @NOW, remark.EVENT_TYPE, @SYNC_ID, remark.MESSAGE
            FROM @DECIDED AS decided
            INNER JOIN @INCOMING AS incoming
                ON incoming.PAGE_NO = decided.PAGE_NO
            CROSS APPLY
            (
                SELECT
                    decided.EVENT_TYPE AS EVENT_TYPE,
                    0 AS KIND_NO,
                    0 AS REMARK_NO,
                    CONCAT(COALESCE(decided.REASON, CONCAT(N'status ', incoming.ORD_STATUS)), decided.BROKEN_LEASE) AS MESSAGE
                UNION ALL
                SELECT 'CUT', 1, CONVERT(int, cuts.[key]), cuts.value
                FROM OPENJSON(COALESCE(incoming.CUTS, N'[]')) AS cuts
                UNION ALL
                SELECT 'WARNING', 2, CONVERT(int, warnings.[key]), warnings.value
                FROM OPENJSON(COALESCE(incoming.WARNINGS, N'[]')) AS warnings
            ) AS remark
            WHERE decided.EVENT_TYPE IS NOT NULL
            ORDER BY
                decided.PAGE_NO,
                remark.KIND_NO,
                remark.REMARK_NO;

            DECLARE @PAGE_NO int = (SELECT MIN(decided.PAGE_NO) FROM @DECIDED AS decided WHERE decided.DECISION = 'aside');
            DECLARE @ASIDE_ID int, @ERROR_CODE varchar(50), @MESSAGE nvarchar(500), @BROKEN_LEASE nvarchar(200);

            WHILE @PAGE_NO IS NOT NULL
            BEGIN
                SELECT
                    @ASIDE_ID = decided.STAGING_ID,
                    @ERROR_CODE = incoming.ERROR_CODE,
                    @MESSAGE = incoming.STATUS_REASON,
                    @BROKEN_LEASE = decided.BROKEN_LEASE
                FROM @DECIDED AS decided
                INNER JOIN @INCOMING AS incoming
                    ON incoming.PAGE_NO = decided.PAGE_NO
                WHERE decided.PAGE_NO = @PAGE_NO;

                EXECUTE dbo.sp_SetOrderAside
                    @STAGING_ID = @ASIDE_ID,
                    @SYNC_ID = @SYNC_ID,
                    @ERROR_CODE = @ERROR_CODE,
                    @MESSAGE = @MESSAGE,
                    @BROKEN_LEASE = @BROKEN_LEASE,
                    @NOW = @NOW;

                SET @PAGE_NO =
                (
                    SELECT MIN(decided.PAGE_NO)
                    FROM @DECIDED AS decided
                    WHERE decided.DECISION = 'aside'
                    AND   decided.PAGE_NO > @PAGE_NO
                );
            END;

            IF @WALK IS NOT NULL
            BEGIN
                DECLARE @WALKS nvarchar(max) = CONCAT(N'[', @WALK, N']');

                EXECUTE dbo.sp_NoteWalks
                    @STORE_ID = @STORE_ID,
                    @WALKS = @WALKS,
                    @NOW = @NOW;
            END;

            COMMIT TRANSACTION;
        END;
    END TRY
    BEGIN CATCH
        IF XACT_STATE() <> 0
        BEGIN
            ROLLBACK TRANSACTION;
        END;
        THROW;
    END CATCH;

    SELECT
        incoming.WOO_ORDER_ID,
        decided.STAGING_ID,
        decided.OUTCOME,
        decided.REASON
    FROM @DECIDED AS decided
    INNER JOIN @INCOMING AS incoming
        ON incoming.PAGE_NO = decided.PAGE_NO
    ORDER BY
        decided.PAGE_NO;
END;
GO
