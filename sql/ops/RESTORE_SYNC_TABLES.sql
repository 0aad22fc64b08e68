SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
RESTORE_SYNC_TABLES
    Puts syncctl's own tables back as BACKUP_SYNC_TABLES.sql copied them, in one transaction. The ERP's tables are not touched.

Use          run it as an owner of the database, while no syncctl command runs
Errors       50004 there is no copy, or it is of another version: the message says which, what it lacks, and what to do
             50030 documents were created in the ERP since the copy was taken, open or posted: without their links the orders would
             be created a second time. Roll the open ones back first (syncctl rollback); where any was posted, restore the whole
             database instead.
Result       1 one row per table: how many rows there are now
             2 documents of the web station, from a day before the copy on, that no order is linked to, newest first: look at them before
               the next `syncctl process`
*/
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;

IF OBJECT_ID(N'dbo.USER_SYNC_COPY_TAKEN', N'U') IS NULL
BEGIN
    THROW 50004, N'There is no copy to restore: BACKUP_SYNC_TABLES.sql takes one.', 1;
END;

/* A copy of another version lacks tables or columns of today's. Looked for in a batch of its own: the next one is compiled only then. */
DECLARE
    @LACKING nvarchar(4000),
    @LACK_NO int = 1,
    @TAKEN nvarchar(100),
    @REFUSED nvarchar(2000);
DECLARE @LACK table
(
    LACK_NO int NOT NULL PRIMARY KEY,
    NAME nvarchar(300) NOT NULL
);

INSERT INTO @LACK
(
    LACK_NO, NAME
)
SELECT
    ROW_NUMBER() OVER (ORDER BY lacking.NAME),
    lacking.NAME
FROM
(
    SELECT DISTINCT
        NAME = CONCAT
        (
            known.NAME, N'_COPY',
            CASE WHEN OBJECT_ID(CONCAT(N'dbo.', known.NAME, N'_COPY'), N'U') IS NOT NULL THEN CONCAT(N'.', UPPER(col.name)) END
        )
    FROM
    (
        VALUES
        (N'USER_ORDER_STAGING'),
        (N'USER_ORDER_EVENT'),
        (N'USER_ORDER_ATTEMPT'),
        (N'USER_ORDER_DEAD_LETTER'),
        (N'USER_SYNC_LOG'),
        (N'USER_SYNC_WALK'),
        (N'USER_RETRY_POLICY'),
        (N'USER_STORE_OUTBOX'),
        (N'USER_ORDER_LINK'),
        (N'USER_ORDER_LINE_LINK'),
        (N'USER_ORDER_PAYMENT'),
        (N'USER_ORDER_PART'),
        (N'USER_CUSTOMER_MAP'),
        (N'USER_CUSTOMER_FIELD'),
        (N'USER_ITEM_MAP'),
        (N'USER_STATUS_MAP'),
        (N'USER_PAY_CODE_MAP'),
        (N'USER_TAX_MAP'),
        (N'USER_DEPOSIT_MODEL'),
        (N'USER_ERP_SETTING'),
        (N'USER_NUMBER_SERIES')
    ) AS known (NAME)
    INNER JOIN sys.columns AS col
        ON col.object_id = OBJECT_ID(CONCAT(N'dbo.', known.NAME))
    WHERE COL_LENGTH(CONCAT(N'dbo.', known.NAME, N'_COPY'), col.name) IS NULL
    AND   col.is_computed = 0
) AS lacking;

WHILE EXISTS (SELECT 1 FROM @LACK AS lack WHERE lack.LACK_NO = @LACK_NO)
BEGIN
    SELECT
        @LACKING = CONCAT(@LACKING + N', ', lack.NAME)
    FROM @LACK AS lack
    WHERE lack.LACK_NO = @LACK_NO;

    SET @LACK_NO = @LACK_NO + 1;
END;

IF @LACKING IS NOT NULL
BEGIN
    SELECT
        @TAKEN = CONVERT(nvarchar(30), MAX(taken.TAKEN_DT), 120)
    FROM dbo.USER_SYNC_COPY_TAKEN AS taken;

    SET @REFUSED = CONCAT
    (
        N'The copy was taken on ', @TAKEN, N' (UTC) by the BACKUP_SYNC_TABLES.sql of another version. It lacks ', LEFT(@LACKING, 1000),
        N'. Nothing was changed. Restore the whole database; or run the RESTORE_SYNC_TABLES.sql of the version that took the copy, then',
        N' `syncctl db deploy`, which fills what is new.'
    );

    THROW 50004, @REFUSED, 1;
END;
GO
/* Read before anything is put back: the time of the copy, and what came since. */
DECLARE @TAKEN_DT datetime2(3) = (SELECT MAX(taken.TAKEN_DT) FROM dbo.USER_SYNC_COPY_TAKEN AS taken);

DECLARE
    @OPEN_DOCUMENTS int,
    @POSTED int;

SELECT
    @OPEN_DOCUMENTS = COUNT(CASE WHEN document.IS_OPEN = 1 THEN 1 END),
    @POSTED = COUNT(CASE WHEN document.IS_OPEN = 0 AND document.IS_POSTED = 1 THEN 1 END)
FROM
(
    SELECT
        link.DOC_ID
    FROM dbo.USER_ORDER_LINK AS link
    WHERE NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK_COPY AS copied WHERE copied.DOC_ID = link.DOC_ID)
    UNION ALL
    SELECT
        payment.DEPOSIT_DOC_ID
    FROM dbo.USER_ORDER_PAYMENT AS payment
    WHERE payment.DEPOSIT_DOC_ID IS NOT NULL
    AND   NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT_COPY AS copied WHERE copied.DEPOSIT_DOC_ID = payment.DEPOSIT_DOC_ID)
) AS made
CROSS APPLY dbo.fn_ErpDocument(made.DOC_ID) AS document;

IF @OPEN_DOCUMENTS + @POSTED > 0
BEGIN
    DECLARE @MESSAGE nvarchar(2000) = CONCAT
    (
        N'Documents were created in the ERP since the copy was taken: ', @OPEN_DOCUMENTS, N' are open, ', @POSTED, N' were posted. ',
        N'Restoring the copy would lose their links, and their orders would be created again. ',
        N'Roll the open ones back first; where any was posted, restore the whole database instead.'
    );
    THROW 50030, @MESSAGE, 1;
END;

BEGIN TRANSACTION;

DELETE FROM dbo.USER_ORDER_STAGING;

SET IDENTITY_INSERT dbo.USER_ORDER_STAGING ON;

INSERT INTO dbo.USER_ORDER_STAGING
(
    STAGING_ID,
    BATCH_ID,
    STORE_ID,
    SOURCE_SYSTEM,
    WOO_ORDER_ID,
    WOO_ORDER_NO,
    CUST_NO,
    CUST_EMAIL,
    WOO_CUST_ID,
    ORD_DAT,
    TKT_DT,
    ORD_STATUS,
    STATUS_GROUP,
    STATUS_MEANING,
    ORDER_KEY,
    READ_MARK,
    IS_IN_HAND,
    PMT_METH,
    TRANSACTION_ID,
    SHIP_VIA,
    CURRENCY,
    SUBTOT,
    SHIP_AMT,
    TAX_AMT,
    DISC_AMT,
    TOT_AMT,
    SHIP_NAM,
    SHIP_ADRS_1,
    SHIP_ADRS_2,
    SHIP_CITY,
    SHIP_STATE,
    SHIP_ZIP_COD,
    SHIP_CNTRY,
    SHIP_PHONE,
    LINE_ITEMS_JSON,
    ORDER_JSON,
    CONTENT_HASH,
    APPLIED_HASH,
    STATE,
    STATE_REASON,
    PENDING_ACTION,
    ATTEMPT_NO,
    MAX_ATTEMPTS,
    NEXT_ATTEMPT_DT,
    LEASE_OWNER,
    LEASE_UNTIL_DT,
    ERROR_CLASS,
    IS_VALIDATED,
    VALIDATED_DT,
    VALIDATION_ERROR,
    IS_APPLIED,
    APPLIED_DT,
    CP_DOC_ID,
    TKT_NO,
    DUPLICATE_OF_ID,
    WOO_CREATED_DT,
    WOO_MODIFIED_DT,
    LAST_SEEN_DT,
    CREATED_DT,
    CREATED_BY,
    UPDATED_DT
)
SELECT
    copied.STAGING_ID,
    copied.BATCH_ID,
    copied.STORE_ID,
    copied.SOURCE_SYSTEM,
    copied.WOO_ORDER_ID,
    copied.WOO_ORDER_NO,
    copied.CUST_NO,
    copied.CUST_EMAIL,
    copied.WOO_CUST_ID,
    copied.ORD_DAT,
    copied.TKT_DT,
    copied.ORD_STATUS,
    copied.STATUS_GROUP,
    copied.STATUS_MEANING,
    copied.ORDER_KEY,
    copied.READ_MARK,
    copied.IS_IN_HAND,
    copied.PMT_METH,
    copied.TRANSACTION_ID,
    copied.SHIP_VIA,
    copied.CURRENCY,
    copied.SUBTOT,
    copied.SHIP_AMT,
    copied.TAX_AMT,
    copied.DISC_AMT,
    copied.TOT_AMT,
    copied.SHIP_NAM,
    copied.SHIP_ADRS_1,
    copied.SHIP_ADRS_2,
    copied.SHIP_CITY,
    copied.SHIP_STATE,
    copied.SHIP_ZIP_COD,
    copied.SHIP_CNTRY,
    copied.SHIP_PHONE,
    copied.LINE_ITEMS_JSON,
    copied.ORDER_JSON,
    copied.CONTENT_HASH,
    copied.APPLIED_HASH,
    copied.STATE,
    copied.STATE_REASON,
    copied.PENDING_ACTION,
    copied.ATTEMPT_NO,
    copied.MAX_ATTEMPTS,
    copied.NEXT_ATTEMPT_DT,
    copied.LEASE_OWNER,
    copied.LEASE_UNTIL_DT,
    copied.ERROR_CLASS,
    copied.IS_VALIDATED,
    copied.VALIDATED_DT,
    copied.VALIDATION_ERROR,
    copied.IS_APPLIED,
    copied.APPLIED_DT,
    copied.CP_DOC_ID,
    copied.TKT_NO,
    copied.DUPLICATE_OF_ID,
    copied.WOO_CREATED_DT,
    copied.WOO_MODIFIED_DT,
    copied.LAST_SEEN_DT,
    copied.CREATED_DT,
    copied.CREATED_BY,
    copied.UPDATED_DT
FROM dbo.USER_ORDER_STAGING_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_ORDER_STAGING OFF;

DELETE FROM dbo.USER_ORDER_EVENT;

SET IDENTITY_INSERT dbo.USER_ORDER_EVENT ON;

INSERT INTO dbo.USER_ORDER_EVENT
(
    EVENT_ID,
    STORE_ID,
    WOO_ORDER_ID,
    STAGING_ID,
    EVENT_DT,
    EVENT_TYPE,
    SYNC_ID,
    WORKER_ID,
    ATTEMPT_NO,
    MESSAGE
)
SELECT
    copied.EVENT_ID,
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.STAGING_ID,
    copied.EVENT_DT,
    copied.EVENT_TYPE,
    copied.SYNC_ID,
    copied.WORKER_ID,
    copied.ATTEMPT_NO,
    copied.MESSAGE
FROM dbo.USER_ORDER_EVENT_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_ORDER_EVENT OFF;

DELETE FROM dbo.USER_ORDER_ATTEMPT;

SET IDENTITY_INSERT dbo.USER_ORDER_ATTEMPT ON;

INSERT INTO dbo.USER_ORDER_ATTEMPT
(
    ATTEMPT_ID,
    STAGING_ID,
    ATTEMPT_DT,
    ATTEMPT_NO,
    WORKER_ID,
    PENDING_ACTION,
    ERROR_CLASS,
    ERROR_CODE,
    ERROR_MESSAGE
)
SELECT
    copied.ATTEMPT_ID,
    copied.STAGING_ID,
    copied.ATTEMPT_DT,
    copied.ATTEMPT_NO,
    copied.WORKER_ID,
    copied.PENDING_ACTION,
    copied.ERROR_CLASS,
    copied.ERROR_CODE,
    copied.ERROR_MESSAGE
FROM dbo.USER_ORDER_ATTEMPT_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_ORDER_ATTEMPT OFF;

DELETE FROM dbo.USER_ORDER_DEAD_LETTER;

SET IDENTITY_INSERT dbo.USER_ORDER_DEAD_LETTER ON;

INSERT INTO dbo.USER_ORDER_DEAD_LETTER
(
    DEAD_LETTER_ID,
    STAGING_ID,
    STORE_ID,
    WOO_ORDER_ID,
    WOO_ORDER_NO,
    PENDING_ACTION,
    ERROR_CLASS,
    ERROR_CODE,
    ERROR_MESSAGE,
    ATTEMPTS,
    ORDER_JSON,
    LINE_ITEMS_JSON,
    CREATED_DT,
    DECISION,
    DECIDED_BY,
    DECIDED_DT,
    DECISION_REASON
)
SELECT
    copied.DEAD_LETTER_ID,
    copied.STAGING_ID,
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.WOO_ORDER_NO,
    copied.PENDING_ACTION,
    copied.ERROR_CLASS,
    copied.ERROR_CODE,
    copied.ERROR_MESSAGE,
    copied.ATTEMPTS,
    copied.ORDER_JSON,
    copied.LINE_ITEMS_JSON,
    copied.CREATED_DT,
    copied.DECISION,
    copied.DECIDED_BY,
    copied.DECIDED_DT,
    copied.DECISION_REASON
FROM dbo.USER_ORDER_DEAD_LETTER_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_ORDER_DEAD_LETTER OFF;

DELETE FROM dbo.USER_SYNC_LOG;

SET IDENTITY_INSERT dbo.USER_SYNC_LOG ON;

INSERT INTO dbo.USER_SYNC_LOG
(
    LOG_ID,
    SYNC_ID,
    OPERATION_TYPE,
    DIRECTION,
    DRY_RUN,
    START_TIME,
    END_TIME,
    DURATION_SECONDS,
    RECORDS_INPUT,
    RECORDS_CREATED,
    RECORDS_UPDATED,
    RECORDS_SKIPPED,
    RECORDS_FAILED,
    SUCCESS,
    ERROR_MESSAGE,
    CREATED_DT,
    CREATED_BY,
    HOST,
    PROCESS_ID,
    EXIT_CODE,
    METRICS_JSON,
    STORE_ID
)
SELECT
    copied.LOG_ID,
    copied.SYNC_ID,
    copied.OPERATION_TYPE,
    copied.DIRECTION,
    copied.DRY_RUN,
    copied.START_TIME,
    copied.END_TIME,
    copied.DURATION_SECONDS,
    copied.RECORDS_INPUT,
    copied.RECORDS_CREATED,
    copied.RECORDS_UPDATED,
    copied.RECORDS_SKIPPED,
    copied.RECORDS_FAILED,
    copied.SUCCESS,
    copied.ERROR_MESSAGE,
    copied.CREATED_DT,
    copied.CREATED_BY,
    copied.HOST,
    copied.PROCESS_ID,
    copied.EXIT_CODE,
    copied.METRICS_JSON,
    copied.STORE_ID
FROM dbo.USER_SYNC_LOG_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_SYNC_LOG OFF;

DELETE FROM dbo.USER_SYNC_WALK;

INSERT INTO dbo.USER_SYNC_WALK
(
    STORE_ID,
    WALK_NAME,
    WATERMARK_DT,
    SINCE_DT,
    UNTIL_DT,
    LAST_ID,
    ROW_OFFSET,
    UPDATED_DT,
    FINISHED_DT
)
SELECT
    copied.STORE_ID,
    copied.WALK_NAME,
    copied.WATERMARK_DT,
    copied.SINCE_DT,
    copied.UNTIL_DT,
    copied.LAST_ID,
    copied.ROW_OFFSET,
    copied.UPDATED_DT,
    copied.FINISHED_DT
FROM dbo.USER_SYNC_WALK_COPY AS copied;

DELETE FROM dbo.USER_RETRY_POLICY;

INSERT INTO dbo.USER_RETRY_POLICY
(
    ERROR_CLASS,
    MAX_ATTEMPTS,
    BACKOFF_SECONDS,
    BACKOFF_FACTOR,
    BACKOFF_CAP_SECONDS,
    DESTINATION,
    DESCR
)
SELECT
    copied.ERROR_CLASS,
    copied.MAX_ATTEMPTS,
    copied.BACKOFF_SECONDS,
    copied.BACKOFF_FACTOR,
    copied.BACKOFF_CAP_SECONDS,
    copied.DESTINATION,
    copied.DESCR
FROM dbo.USER_RETRY_POLICY_COPY AS copied;

DELETE FROM dbo.USER_STORE_OUTBOX;

SET IDENTITY_INSERT dbo.USER_STORE_OUTBOX ON;

INSERT INTO dbo.USER_STORE_OUTBOX
(
    OUTBOX_ID,
    STORE_ID,
    WOO_ORDER_ID,
    STAGING_ID,
    KIND,
    DEDUP_KEY,
    TARGET_STATUS,
    NOTE,
    TAG_VALUE,
    STATE,
    ATTEMPT_NO,
    NEXT_ATTEMPT_DT,
    LEASE_OWNER,
    LEASE_UNTIL_DT,
    ERROR_CLASS,
    ERROR_CODE,
    ERROR_MESSAGE,
    DETAIL,
    CREATED_DT,
    DELIVERED_DT,
    LOOK_FIRST,
    TRACKING_NO
)
SELECT
    copied.OUTBOX_ID,
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.STAGING_ID,
    copied.KIND,
    copied.DEDUP_KEY,
    copied.TARGET_STATUS,
    copied.NOTE,
    copied.TAG_VALUE,
    copied.STATE,
    copied.ATTEMPT_NO,
    copied.NEXT_ATTEMPT_DT,
    copied.LEASE_OWNER,
    copied.LEASE_UNTIL_DT,
    copied.ERROR_CLASS,
    copied.ERROR_CODE,
    copied.ERROR_MESSAGE,
    copied.DETAIL,
    copied.CREATED_DT,
    copied.DELIVERED_DT,
    copied.LOOK_FIRST,
    copied.TRACKING_NO
FROM dbo.USER_STORE_OUTBOX_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_STORE_OUTBOX OFF;

DELETE FROM dbo.USER_ORDER_LINK;

INSERT INTO dbo.USER_ORDER_LINK
(
    STORE_ID,
    WOO_ORDER_ID,
    STAGING_ID,
    DOC_ID,
    TKT_NO,
    REVISION,
    LINK_STATE,
    TOT,
    ERP_STATUS_TOLD,
    CREATED_DT,
    UPDATED_DT
)
SELECT
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.STAGING_ID,
    copied.DOC_ID,
    copied.TKT_NO,
    copied.REVISION,
    copied.LINK_STATE,
    copied.TOT,
    COALESCE(copied.ERP_STATUS_TOLD, 'open'),
    copied.CREATED_DT,
    copied.UPDATED_DT
FROM dbo.USER_ORDER_LINK_COPY AS copied;

DELETE FROM dbo.USER_ORDER_LINE_LINK;

INSERT INTO dbo.USER_ORDER_LINE_LINK
(
    STORE_ID,
    WOO_ORDER_ID,
    WOO_LINE_ID,
    DOC_ID,
    LIN_SEQ_NO,
    ITEM_NO,
    QTY_SOLD,
    EXT_PRC,
    STOCK_COLUMNS,
    STOCK_LOCATION,
    PRODUCT_ID,
    VARIATION_ID
)
SELECT
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.WOO_LINE_ID,
    copied.DOC_ID,
    copied.LIN_SEQ_NO,
    copied.ITEM_NO,
    copied.QTY_SOLD,
    copied.EXT_PRC,
    copied.STOCK_COLUMNS,
    copied.STOCK_LOCATION,
    copied.PRODUCT_ID,
    copied.VARIATION_ID
FROM dbo.USER_ORDER_LINE_LINK_COPY AS copied;

DELETE FROM dbo.USER_ORDER_PAYMENT;

INSERT INTO dbo.USER_ORDER_PAYMENT
(
    STORE_ID,
    WOO_ORDER_ID,
    DOC_ID,
    PMT_SEQ_NO,
    PAY_COD,
    AMT,
    UPDATED_DT,
    DEPOSIT_DOC_ID,
    DEPOSIT_TKT_NO,
    ON_ORDER_TND,
    ON_ORDER_DUE,
    DESCR,
    BOOKED_AMT
)
SELECT
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.DOC_ID,
    copied.PMT_SEQ_NO,
    copied.PAY_COD,
    copied.AMT,
    copied.UPDATED_DT,
    copied.DEPOSIT_DOC_ID,
    copied.DEPOSIT_TKT_NO,
    copied.ON_ORDER_TND,
    copied.ON_ORDER_DUE,
    copied.DESCR,
    copied.BOOKED_AMT
FROM dbo.USER_ORDER_PAYMENT_COPY AS copied;

DELETE FROM dbo.USER_ORDER_PART;

INSERT INTO dbo.USER_ORDER_PART
(
    STORE_ID,
    WOO_ORDER_ID,
    PART,
    DOC_ID,
    ASKED_HASH,
    HELD_HASH,
    KEPT_DT,
    UPDATED_DT
)
SELECT
    copied.STORE_ID,
    copied.WOO_ORDER_ID,
    copied.PART,
    copied.DOC_ID,
    copied.ASKED_HASH,
    copied.HELD_HASH,
    copied.KEPT_DT,
    copied.UPDATED_DT
FROM dbo.USER_ORDER_PART_COPY AS copied;

DELETE FROM dbo.USER_CUSTOMER_MAP;

SET IDENTITY_INSERT dbo.USER_CUSTOMER_MAP ON;

INSERT INTO dbo.USER_CUSTOMER_MAP
(
    MAP_ID,
    STORE_ID,
    CUST_NO,
    WOO_USER_ID,
    WOO_EMAIL,
    MAPPING_SOURCE,
    IS_ACTIVE,
    CREATED_DT
)
SELECT
    copied.MAP_ID,
    copied.STORE_ID,
    copied.CUST_NO,
    copied.WOO_USER_ID,
    copied.WOO_EMAIL,
    copied.MAPPING_SOURCE,
    copied.IS_ACTIVE,
    copied.CREATED_DT
FROM dbo.USER_CUSTOMER_MAP_COPY AS copied;

SET IDENTITY_INSERT dbo.USER_CUSTOMER_MAP OFF;

DELETE FROM dbo.USER_CUSTOMER_FIELD;

INSERT INTO dbo.USER_CUSTOMER_FIELD
(
    STORE_ID,
    CUST_NO,
    FIELD,
    STORE_VALUE,
    ERP_VALUE,
    IS_KEPT,
    UPDATED_DT
)
SELECT
    copied.STORE_ID,
    copied.CUST_NO,
    copied.FIELD,
    copied.STORE_VALUE,
    copied.ERP_VALUE,
    copied.IS_KEPT,
    copied.UPDATED_DT
FROM dbo.USER_CUSTOMER_FIELD_COPY AS copied;

DELETE FROM dbo.USER_ITEM_MAP;

INSERT INTO dbo.USER_ITEM_MAP
(
    STORE_ID,
    SKU,
    ITEM_NO
)
SELECT
    copied.STORE_ID,
    copied.SKU,
    copied.ITEM_NO
FROM dbo.USER_ITEM_MAP_COPY AS copied;

DELETE FROM dbo.USER_STATUS_MAP;

INSERT INTO dbo.USER_STATUS_MAP
(
    STORE_ID,
    ERP_STATUS,
    WOO_STATUS
)
SELECT
    copied.STORE_ID,
    copied.ERP_STATUS,
    copied.WOO_STATUS
FROM dbo.USER_STATUS_MAP_COPY AS copied;

DELETE FROM dbo.USER_PAY_CODE_MAP;

INSERT INTO dbo.USER_PAY_CODE_MAP
(
    STORE_ID,
    PMT_METH,
    PAY_COD
)
SELECT
    copied.STORE_ID,
    copied.PMT_METH,
    copied.PAY_COD
FROM dbo.USER_PAY_CODE_MAP_COPY AS copied;

DELETE FROM dbo.USER_TAX_MAP;

INSERT INTO dbo.USER_TAX_MAP
(
    STORE_ID,
    RATE_COD,
    AUTH_COD,
    RUL_COD
)
SELECT
    copied.STORE_ID,
    copied.RATE_COD,
    copied.AUTH_COD,
    copied.RUL_COD
FROM dbo.USER_TAX_MAP_COPY AS copied;

DELETE FROM dbo.USER_DEPOSIT_MODEL;

INSERT INTO dbo.USER_DEPOSIT_MODEL
(
    PART,
    TABLE_NAME,
    ROW_NO,
    COLUMN_NAME,
    SOURCE,
    VALUE
)
SELECT
    copied.PART,
    copied.TABLE_NAME,
    copied.ROW_NO,
    copied.COLUMN_NAME,
    copied.SOURCE,
    copied.VALUE
FROM dbo.USER_DEPOSIT_MODEL_COPY AS copied;

DELETE FROM dbo.USER_ERP_SETTING;

INSERT INTO dbo.USER_ERP_SETTING
(
    NAME,
    VALUE,
    DESCR
)
SELECT
    copied.NAME,
    copied.VALUE,
    copied.DESCR
FROM dbo.USER_ERP_SETTING_COPY AS copied;

DELETE FROM dbo.USER_NUMBER_SERIES;

INSERT INTO dbo.USER_NUMBER_SERIES
(
    SERIES,
    PREFIX,
    WIDTH,
    NEXT_NO,
    DESCR
)
SELECT
    copied.SERIES,
    copied.PREFIX,
    copied.WIDTH,
    copied.NEXT_NO,
    copied.DESCR
FROM dbo.USER_NUMBER_SERIES_COPY AS copied;

COMMIT TRANSACTION;

SELECT
    TABLE_NAME = 'USER_ORDER_STAGING',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_STAGING AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_EVENT',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_EVENT AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_ATTEMPT',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_ATTEMPT AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_DEAD_LETTER',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_DEAD_LETTER AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_SYNC_LOG',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_SYNC_LOG AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_SYNC_WALK',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_SYNC_WALK AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_RETRY_POLICY',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_RETRY_POLICY AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_STORE_OUTBOX',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_STORE_OUTBOX AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_LINK',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_LINK AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_LINE_LINK',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_LINE_LINK AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_PAYMENT',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_PAYMENT AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_PART',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_PART AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_CUSTOMER_MAP',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_CUSTOMER_MAP AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_CUSTOMER_FIELD',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_CUSTOMER_FIELD AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ITEM_MAP',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ITEM_MAP AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_STATUS_MAP',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_STATUS_MAP AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_PAY_CODE_MAP',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_PAY_CODE_MAP AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_TAX_MAP',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_TAX_MAP AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_DEPOSIT_MODEL',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_DEPOSIT_MODEL AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_ERP_SETTING',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_ERP_SETTING AS restored
UNION ALL
SELECT
    TABLE_NAME = 'USER_NUMBER_SERIES',
    RESTORED_ROWS = COUNT(*)
FROM dbo.USER_NUMBER_SERIES AS restored;

SELECT
    document.DOC_ID,
    document.TKT_NO,
    document.TKT_DT,
    document.CUST_NO,
    document.CUST_PO_NO,
    document.IS_POSTED
FROM dbo.fn_ErpUnlinkedDocuments(CONVERT(datetime, DATEADD(DAY, -1, @TAKEN_DT))) AS document
ORDER BY
    document.DOC_ID DESC;
GO
