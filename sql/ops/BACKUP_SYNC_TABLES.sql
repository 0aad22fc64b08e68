SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
BACKUP_SYNC_TABLES
    Copies each of syncctl's own tables into one of the same name with _COPY behind it, in one transaction: a safety net before
    work by hand or an upgrade. It takes the place of the copy that was there.

Use          run it as an owner of the database, while no syncctl command runs. RESTORE_SYNC_TABLES.sql puts the copy back.
Note         This is no backup of the database. Orders and ERP documents belong together: what protects them is the site's own
             full, differential and log backups (see docs/BACKUP_RECOVERY.md).
Result       one row per table: how many rows were copied
*/
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;

BEGIN TRANSACTION;

DROP TABLE IF EXISTS dbo.USER_ORDER_STAGING_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_EVENT_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_ATTEMPT_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_DEAD_LETTER_COPY;
DROP TABLE IF EXISTS dbo.USER_SYNC_LOG_COPY;
DROP TABLE IF EXISTS dbo.USER_SYNC_WALK_COPY;
DROP TABLE IF EXISTS dbo.USER_RETRY_POLICY_COPY;
DROP TABLE IF EXISTS dbo.USER_STORE_OUTBOX_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_LINK_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_LINE_LINK_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_PAYMENT_COPY;
DROP TABLE IF EXISTS dbo.USER_ORDER_PART_COPY;
DROP TABLE IF EXISTS dbo.USER_CUSTOMER_MAP_COPY;
DROP TABLE IF EXISTS dbo.USER_CUSTOMER_FIELD_COPY;
DROP TABLE IF EXISTS dbo.USER_ITEM_MAP_COPY;
DROP TABLE IF EXISTS dbo.USER_STATUS_MAP_COPY;
DROP TABLE IF EXISTS dbo.USER_PAY_CODE_MAP_COPY;
DROP TABLE IF EXISTS dbo.USER_TAX_MAP_COPY;
DROP TABLE IF EXISTS dbo.USER_DEPOSIT_MODEL_COPY;
DROP TABLE IF EXISTS dbo.USER_ERP_SETTING_COPY;
DROP TABLE IF EXISTS dbo.USER_NUMBER_SERIES_COPY;
DROP TABLE IF EXISTS dbo.USER_SYNC_COPY_TAKEN;

SELECT
    source.STAGING_ID,
    source.BATCH_ID,
    source.STORE_ID,
    source.SOURCE_SYSTEM,
    source.WOO_ORDER_ID,
    source.WOO_ORDER_NO,
    source.CUST_NO,
    source.CUST_EMAIL,
    source.WOO_CUST_ID,
    source.ORD_DAT,
    source.TKT_DT,
    source.ORD_STATUS,
    source.STATUS_GROUP,
    source.STATUS_MEANING,
    source.ORDER_KEY,
    source.READ_MARK,
    source.IS_IN_HAND,
    source.PMT_METH,
    source.TRANSACTION_ID,
    source.SHIP_VIA,
    source.CURRENCY,
    source.SUBTOT,
    source.SHIP_AMT,
    source.TAX_AMT,
    source.DISC_AMT,
    source.TOT_AMT,
    source.SHIP_NAM,
    source.SHIP_ADRS_1,
    source.SHIP_ADRS_2,
    source.SHIP_CITY,
    source.SHIP_STATE,
    source.SHIP_ZIP_COD,
    source.SHIP_CNTRY,
    source.SHIP_PHONE,
    source.LINE_ITEMS_JSON,
    source.ORDER_JSON,
    source.CONTENT_HASH,
    source.APPLIED_HASH,
    source.STATE,
    source.STATE_REASON,
    source.PENDING_ACTION,
    source.ATTEMPT_NO,
    source.MAX_ATTEMPTS,
    source.NEXT_ATTEMPT_DT,
    source.LEASE_OWNER,
    source.LEASE_UNTIL_DT,
    source.ERROR_CLASS,
    source.IS_VALIDATED,
    source.VALIDATED_DT,
    source.VALIDATION_ERROR,
    source.IS_APPLIED,
    source.APPLIED_DT,
    source.CP_DOC_ID,
    source.TKT_NO,
    source.DUPLICATE_OF_ID,
    source.WOO_CREATED_DT,
    source.WOO_MODIFIED_DT,
    source.LAST_SEEN_DT,
    source.CREATED_DT,
    source.CREATED_BY,
    source.UPDATED_DT
INTO dbo.USER_ORDER_STAGING_COPY
FROM dbo.USER_ORDER_STAGING AS source;

SELECT
    source.EVENT_ID,
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.STAGING_ID,
    source.EVENT_DT,
    source.EVENT_TYPE,
    source.SYNC_ID,
    source.WORKER_ID,
    source.ATTEMPT_NO,
    source.MESSAGE
INTO dbo.USER_ORDER_EVENT_COPY
FROM dbo.USER_ORDER_EVENT AS source;

SELECT
    source.ATTEMPT_ID,
    source.STAGING_ID,
    source.ATTEMPT_DT,
    source.ATTEMPT_NO,
    source.WORKER_ID,
    source.PENDING_ACTION,
    source.ERROR_CLASS,
    source.ERROR_CODE,
    source.ERROR_MESSAGE
INTO dbo.USER_ORDER_ATTEMPT_COPY
FROM dbo.USER_ORDER_ATTEMPT AS source;

SELECT
    source.DEAD_LETTER_ID,
    source.STAGING_ID,
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.WOO_ORDER_NO,
    source.PENDING_ACTION,
    source.ERROR_CLASS,
    source.ERROR_CODE,
    source.ERROR_MESSAGE,
    source.ATTEMPTS,
    source.ORDER_JSON,
    source.LINE_ITEMS_JSON,
    source.CREATED_DT,
    source.DECISION,
    source.DECIDED_BY,
    source.DECIDED_DT,
    source.DECISION_REASON
INTO dbo.USER_ORDER_DEAD_LETTER_COPY
FROM dbo.USER_ORDER_DEAD_LETTER AS source;

SELECT
    source.LOG_ID,
    source.SYNC_ID,
    source.OPERATION_TYPE,
    source.DIRECTION,
    source.DRY_RUN,
    source.START_TIME,
    source.END_TIME,
    source.DURATION_SECONDS,
    source.RECORDS_INPUT,
    source.RECORDS_CREATED,
    source.RECORDS_UPDATED,
    source.RECORDS_SKIPPED,
    source.RECORDS_FAILED,
    source.SUCCESS,
    source.ERROR_MESSAGE,
    source.CREATED_DT,
    source.CREATED_BY,
    source.HOST,
    source.PROCESS_ID,
    source.EXIT_CODE,
    source.METRICS_JSON,
    source.STORE_ID
INTO dbo.USER_SYNC_LOG_COPY
FROM dbo.USER_SYNC_LOG AS source;

SELECT
    source.STORE_ID,
    source.WALK_NAME,
    source.WATERMARK_DT,
    source.SINCE_DT,
    source.UNTIL_DT,
    source.LAST_ID,
    source.ROW_OFFSET,
    source.UPDATED_DT,
    source.FINISHED_DT
INTO dbo.USER_SYNC_WALK_COPY
FROM dbo.USER_SYNC_WALK AS source;

SELECT
    source.ERROR_CLASS,
    source.MAX_ATTEMPTS,
    source.BACKOFF_SECONDS,
    source.BACKOFF_FACTOR,
    source.BACKOFF_CAP_SECONDS,
    source.DESTINATION,
    source.DESCR
INTO dbo.USER_RETRY_POLICY_COPY
FROM dbo.USER_RETRY_POLICY AS source;

SELECT
    source.OUTBOX_ID,
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.STAGING_ID,
    source.KIND,
    source.DEDUP_KEY,
    source.TARGET_STATUS,
    source.NOTE,
    source.TAG_VALUE,
    source.STATE,
    source.ATTEMPT_NO,
    source.NEXT_ATTEMPT_DT,
    source.LEASE_OWNER,
    source.LEASE_UNTIL_DT,
    source.ERROR_CLASS,
    source.ERROR_CODE,
    source.ERROR_MESSAGE,
    source.DETAIL,
    source.CREATED_DT,
    source.DELIVERED_DT,
    source.LOOK_FIRST,
    source.TRACKING_NO
INTO dbo.USER_STORE_OUTBOX_COPY
FROM dbo.USER_STORE_OUTBOX AS source;

SELECT
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.STAGING_ID,
    source.DOC_ID,
    source.TKT_NO,
    source.REVISION,
    source.LINK_STATE,
    source.TOT,
    source.ERP_STATUS_TOLD,
    source.CREATED_DT,
    source.UPDATED_DT
INTO dbo.USER_ORDER_LINK_COPY
FROM dbo.USER_ORDER_LINK AS source;

SELECT
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.WOO_LINE_ID,
    source.DOC_ID,
    source.LIN_SEQ_NO,
    source.ITEM_NO,
    source.QTY_SOLD,
    source.EXT_PRC,
    source.STOCK_COLUMNS,
    source.STOCK_LOCATION,
    source.PRODUCT_ID,
    source.VARIATION_ID
INTO dbo.USER_ORDER_LINE_LINK_COPY
FROM dbo.USER_ORDER_LINE_LINK AS source;

SELECT
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.DOC_ID,
    source.PMT_SEQ_NO,
    source.PAY_COD,
    source.AMT,
    source.UPDATED_DT,
    source.DEPOSIT_DOC_ID,
    source.DEPOSIT_TKT_NO,
    source.ON_ORDER_TND,
    source.ON_ORDER_DUE,
    source.DESCR,
    source.BOOKED_AMT
INTO dbo.USER_ORDER_PAYMENT_COPY
FROM dbo.USER_ORDER_PAYMENT AS source;

SELECT
    source.STORE_ID,
    source.WOO_ORDER_ID,
    source.PART,
    source.DOC_ID,
    source.ASKED_HASH,
    source.HELD_HASH,
    source.KEPT_DT,
    source.UPDATED_DT
INTO dbo.USER_ORDER_PART_COPY
FROM dbo.USER_ORDER_PART AS source;

SELECT
    source.MAP_ID,
    source.STORE_ID,
    source.CUST_NO,
    source.WOO_USER_ID,
    source.WOO_EMAIL,
    source.MAPPING_SOURCE,
    source.IS_ACTIVE,
    source.CREATED_DT
INTO dbo.USER_CUSTOMER_MAP_COPY
FROM dbo.USER_CUSTOMER_MAP AS source;

SELECT
    source.STORE_ID,
    source.CUST_NO,
    source.FIELD,
    source.STORE_VALUE,
    source.ERP_VALUE,
    source.IS_KEPT,
    source.UPDATED_DT
INTO dbo.USER_CUSTOMER_FIELD_COPY
FROM dbo.USER_CUSTOMER_FIELD AS source;

SELECT
    source.STORE_ID,
    source.SKU,
    source.ITEM_NO
INTO dbo.USER_ITEM_MAP_COPY
FROM dbo.USER_ITEM_MAP AS source;

SELECT
    source.STORE_ID,
    source.ERP_STATUS,
    source.WOO_STATUS
INTO dbo.USER_STATUS_MAP_COPY
FROM dbo.USER_STATUS_MAP AS source;

SELECT
    source.STORE_ID,
    source.PMT_METH,
    source.PAY_COD
INTO dbo.USER_PAY_CODE_MAP_COPY
FROM dbo.USER_PAY_CODE_MAP AS source;

SELECT
    source.STORE_ID,
    source.RATE_COD,
    source.AUTH_COD,
    source.RUL_COD
INTO dbo.USER_TAX_MAP_COPY
FROM dbo.USER_TAX_MAP AS source;

SELECT
    source.PART,
    source.TABLE_NAME,
    source.ROW_NO,
    source.COLUMN_NAME,
    source.SOURCE,
    source.VALUE
INTO dbo.USER_DEPOSIT_MODEL_COPY
FROM dbo.USER_DEPOSIT_MODEL AS source;

SELECT
    source.NAME,
    source.VALUE,
    source.DESCR
INTO dbo.USER_ERP_SETTING_COPY
FROM dbo.USER_ERP_SETTING AS source;

SELECT
    source.SERIES,
    source.PREFIX,
    source.WIDTH,
    source.NEXT_NO,
    source.DESCR
INTO dbo.USER_NUMBER_SERIES_COPY
FROM dbo.USER_NUMBER_SERIES AS source;

SELECT
    TAKEN_DT = SYSUTCDATETIME(),
    TAKEN_BY = SUSER_SNAME()
INTO dbo.USER_SYNC_COPY_TAKEN;

COMMIT TRANSACTION;

SELECT
    TABLE_NAME = 'USER_ORDER_STAGING',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_STAGING_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_EVENT',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_EVENT_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_ATTEMPT',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_ATTEMPT_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_DEAD_LETTER',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_DEAD_LETTER_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_SYNC_LOG',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_SYNC_LOG_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_SYNC_WALK',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_SYNC_WALK_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_RETRY_POLICY',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_RETRY_POLICY_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_STORE_OUTBOX',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_STORE_OUTBOX_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_LINK',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_LINK_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_LINE_LINK',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_LINE_LINK_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_PAYMENT',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_PAYMENT_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ORDER_PART',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ORDER_PART_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_CUSTOMER_MAP',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_CUSTOMER_MAP_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_CUSTOMER_FIELD',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_CUSTOMER_FIELD_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ITEM_MAP',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ITEM_MAP_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_STATUS_MAP',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_STATUS_MAP_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_PAY_CODE_MAP',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_PAY_CODE_MAP_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_TAX_MAP',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_TAX_MAP_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_DEPOSIT_MODEL',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_DEPOSIT_MODEL_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_ERP_SETTING',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_ERP_SETTING_COPY AS copied
UNION ALL
SELECT
    TABLE_NAME = 'USER_NUMBER_SERIES',
    COPIED_ROWS = COUNT(*)
FROM dbo.USER_NUMBER_SERIES_COPY AS copied;
GO
