-- The tables of a site from before syncctl, as they are documented, with rows: duplicates of WOO_ORDER_ID among them.
CREATE TABLE dbo.USER_ORDER_STAGING
(
    STAGING_ID int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    BATCH_ID varchar(50) NOT NULL,
    WOO_ORDER_ID int NOT NULL,
    WOO_ORDER_NO varchar(50) NULL,
    CUST_NO varchar(15) NULL,
    CUST_EMAIL varchar(100) NULL,
    ORD_DAT date NULL,
    ORD_STATUS varchar(20) NULL,
    PMT_METH varchar(50) NULL,
    SHIP_VIA varchar(100) NULL,
    SUBTOT decimal(15, 4) NULL,
    SHIP_AMT decimal(15, 4) NULL,
    TAX_AMT decimal(15, 4) NULL,
    DISC_AMT decimal(15, 4) NULL,
    TOT_AMT decimal(15, 4) NULL,
    SHIP_NAM varchar(40) NULL,
    SHIP_ADRS_1 varchar(40) NULL,
    SHIP_ADRS_2 varchar(40) NULL,
    SHIP_CITY varchar(20) NULL,
    SHIP_STATE varchar(3) NULL,
    SHIP_ZIP_COD varchar(15) NULL,
    SHIP_CNTRY varchar(3) NULL,
    SHIP_PHONE varchar(25) NULL,
    LINE_ITEMS_JSON nvarchar(max) NULL,
    IS_VALIDATED bit NULL,
    VALIDATION_ERROR nvarchar(500) NULL,
    IS_APPLIED bit NULL,
    APPLIED_DT datetime2 NULL,
    CP_DOC_ID varchar(15) NULL,
    SOURCE_SYSTEM varchar(50) NULL,
    CREATED_DT datetime2 NULL,
    CREATED_BY varchar(50) NULL
);
GO
CREATE TABLE dbo.USER_SYNC_LOG
(
    LOG_ID int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    SYNC_ID varchar(50) NOT NULL,
    OPERATION_TYPE varchar(50) NULL,
    DIRECTION varchar(20) NULL,
    DRY_RUN bit NULL,
    START_TIME datetime2 NULL,
    END_TIME datetime2 NULL,
    DURATION_SECONDS decimal(10, 2) NULL,
    RECORDS_INPUT int NULL,
    RECORDS_CREATED int NULL,
    RECORDS_UPDATED int NULL,
    RECORDS_SKIPPED int NULL,
    RECORDS_FAILED int NULL,
    SUCCESS bit NULL,
    ERROR_MESSAGE nvarchar(max) NULL,
    CREATED_DT datetime2 NULL,
    CREATED_BY varchar(50) NULL
);
GO
CREATE TABLE dbo.USER_CUSTOMER_MAP
(
    MAP_ID int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    CUST_NO varchar(15) NOT NULL,
    WOO_USER_ID int NULL,
    WOO_EMAIL varchar(100) NULL,
    MAPPING_SOURCE varchar(20) NULL,
    IS_ACTIVE bit NOT NULL,
    CREATED_DT datetime2 NULL
);
GO
INSERT INTO dbo.USER_ORDER_STAGING
(
    BATCH_ID, WOO_ORDER_ID, WOO_ORDER_NO, SHIP_NAM, TOT_AMT, VALIDATION_ERROR, IS_VALIDATED, IS_APPLIED, APPLIED_DT, CP_DOC_ID, CREATED_DT
)
VALUES
    ('B1', 1, '1001', 'Applied once', 10, NULL, 1, 1, '2026-01-02', '101000000001', '2026-01-01'),
    ('B1', 2, '1002', 'Waits', 20, NULL, 0, 0, NULL, NULL, '2026-01-01'),
    ('B1', 3, '1003', 'Failed', 30, '[Attempt 3/3] Customer not found', 0, NULL, NULL, NULL, NULL),
    ('B1', 4, '1004', 'Older of two', 40, NULL, 0, 0, NULL, NULL, '2026-01-01'),
    ('B2', 4, '1004', 'Newer of two', 40, NULL, 0, 0, NULL, NULL, '2026-01-02'),
    ('B1', 5, '1005', 'Applied, older', 50, NULL, 1, 1, '2026-01-02', '101000000005', '2026-01-01'),
    ('B2', 5, '1005', 'Staged again', 50, NULL, 0, 0, NULL, NULL, '2026-01-03'),
    ('B1', 6, '1006', 'Staged first', 60, NULL, NULL, 0, NULL, NULL, '2026-01-01'),
    ('B2', 6, '1006', 'Applied second', 60, NULL, 1, 1, '2026-01-05', '101000000006', '2026-01-02'),
    ('B3', 6, '1006', 'Applied first', 60, NULL, 1, 1, '2026-01-04', '101000000007', '2026-01-03');
INSERT INTO dbo.USER_SYNC_LOG (SYNC_ID, OPERATION_TYPE, START_TIME, SUCCESS) VALUES ('old-run', 'order_sync', '2026-01-01', 1);
INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE) VALUES
    ('C1', 5, 'ada@example.test', 'manual', 1);
GO
