SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
A trial ERP: CounterPoint's tables, as far as orders touch them
    For an empty server only. syncctl db deploy --demo-erp runs it; it refuses where the ERP's tables are there already.
    dbo.USER_DEMO_ERP marks a trial ERP: sp_SeedDemoErp fills no other.

Errors       50060 the ERP's tables exist and are no trial
Repeatable   yes: a trial ERP is left as it is
*/
IF OBJECT_ID(N'dbo.USER_DEMO_ERP', N'U') IS NULL
AND
(
    OBJECT_ID(N'dbo.PS_DOC_HDR', N'U') IS NOT NULL
    OR OBJECT_ID(N'dbo.AR_CUST', N'U') IS NOT NULL
    OR OBJECT_ID(N'dbo.IM_INV', N'U') IS NOT NULL
)
BEGIN
    THROW 50060, N'The ERP''s tables exist in this database already; a trial ERP is made in an empty one only.', 1;
END;
GO
IF OBJECT_ID(N'dbo.USER_DEMO_ERP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.USER_DEMO_ERP
    (
        CREATED_DT datetime2(3) NOT NULL CONSTRAINT DF_USER_DEMO_ERP_CREATED_DT DEFAULT (SYSUTCDATETIME()),
        CONSTRAINT PK_USER_DEMO_ERP PRIMARY KEY CLUSTERED (CREATED_DT)
    );
END;
GO
INSERT INTO dbo.USER_DEMO_ERP
(
    CREATED_DT
)
SELECT
    SYSUTCDATETIME()
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_DEMO_ERP AS marked
);
GO
IF OBJECT_ID(N'dbo.PS_DOC_HDR', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_HDR
    (
        DOC_ID bigint NOT NULL,
        DOC_GUID uniqueidentifier NOT NULL,
        DOC_TYP varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_DOC_TYP DEFAULT ('T'),
        STR_ID varchar(10) NOT NULL,
        STA_ID varchar(10) NOT NULL,
        TKT_NO varchar(15) NOT NULL,
        CUST_NO varchar(15) NULL,
        TKT_DT datetime NULL,
        SHIP_DAT datetime NULL,
        SHIP_VIA_COD varchar(10) NULL,
        STK_LOC_ID varchar(10) NULL,
        PRC_LOC_ID varchar(10) NULL,
        TAX_COD varchar(10) NULL,
        CUST_PO_NO varchar(20) NULL,
        ORD_LINS int NULL,
        SAL_LINS int NULL,
        SAL_LIN_TOT decimal(15, 2) NULL,
        SHIP_TO_CONTACT_ID tinyint NULL,
        LST_MAINT_DT datetime NULL,
        LST_MAINT_USR_ID varchar(10) NULL,
        CONSTRAINT PK_PS_DOC_HDR PRIMARY KEY CLUSTERED (DOC_ID)
    );

    CREATE UNIQUE NONCLUSTERED INDEX UX_PS_DOC_HDR_TKT_NO
    ON dbo.PS_DOC_HDR (TKT_NO);
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_HDR_TOT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_HDR_TOT
    (
        DOC_ID bigint NOT NULL,
        TOT_TYP varchar(1) NOT NULL,
        SUB_TOT decimal(15, 2) NOT NULL,
        TAX_AMT decimal(15, 2) NOT NULL,
        TOT decimal(15, 2) NOT NULL,
        TOT_HDR_DISC decimal(15, 2) NOT NULL,
        TOT_LIN_DISC decimal(15, 2) NOT NULL,
        TOT_MISC decimal(15, 2) NOT NULL,
        AMT_DUE decimal(15, 2) NOT NULL,
        INITIAL_MIN_DUE decimal(15, 2) NOT NULL,
        TOT_WEIGHT decimal(15, 4) NOT NULL,
        TOT_CUBE decimal(15, 4) NOT NULL,
        TAX_AMT_SHIPPED decimal(15, 2) NOT NULL,
        CONSTRAINT PK_PS_DOC_HDR_TOT PRIMARY KEY CLUSTERED (DOC_ID, TOT_TYP)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_LIN', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_LIN
    (
        DOC_ID bigint NOT NULL,
        LIN_SEQ_NO int NOT NULL,
        STR_ID varchar(10) NOT NULL,
        STA_ID varchar(10) NOT NULL,
        TKT_NO varchar(15) NOT NULL,
        LIN_TYP varchar(1) NOT NULL,
        ITEM_NO varchar(20) NULL,
        DESCR nvarchar(250) NULL,
        QTY_SOLD decimal(15, 4) NOT NULL,
        SELL_UNIT varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_SELL_UNIT DEFAULT ('0'),
        PRC money NULL,
        EXT_PRC decimal(15, 2) NULL,
        GROSS_EXT_PRC decimal(15, 2) NULL,
        CALC_EXT_PRC decimal(15, 2) NULL,
        LIN_GUID uniqueidentifier NOT NULL,
        STK_LOC_ID varchar(10) NULL,
        CATEG_COD varchar(10) NULL,
        CONSTRAINT PK_PS_DOC_LIN PRIMARY KEY CLUSTERED (DOC_ID, LIN_SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_HDR_MISC_CHRG', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_HDR_MISC_CHRG
    (
        DOC_ID bigint NOT NULL,
        TOT_TYP varchar(1) NOT NULL,
        MISC_CHRG_NO int NOT NULL,
        MISC_TYP varchar(1) NOT NULL,
        MISC_AMT decimal(15, 2) NOT NULL,
        CONSTRAINT PK_PS_DOC_HDR_MISC_CHRG PRIMARY KEY CLUSTERED (DOC_ID, TOT_TYP, MISC_CHRG_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_NOTE', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_NOTE
    (
        DOC_ID bigint NOT NULL,
        NOTE_ID varchar(20) NOT NULL,
        NOTE_DAT datetime NULL,
        USR_ID varchar(10) NULL,
        NOTE nvarchar(max) NULL,
        CONSTRAINT PK_PS_DOC_NOTE PRIMARY KEY CLUSTERED (DOC_ID, NOTE_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_PMT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_PMT
    (
        DOC_ID bigint NOT NULL,
        PMT_SEQ_NO int NOT NULL,
        PAY_COD varchar(10) NOT NULL,
        AMT decimal(15, 2) NOT NULL,
        PAY_DAT datetime NULL,
        CONSTRAINT PK_PS_DOC_PMT PRIMARY KEY CLUSTERED (DOC_ID, PMT_SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_PKG_TRK_NO', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_PKG_TRK_NO
    (
        DOC_ID bigint NOT NULL,
        SEQ_NO int NOT NULL,
        PKG_TRK_NO varchar(50) NOT NULL,
        CONSTRAINT PK_PS_DOC_PKG_TRK_NO PRIMARY KEY CLUSTERED (DOC_ID, SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.IM_ITEM', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.IM_ITEM
    (
        ITEM_NO varchar(20) NOT NULL,
        DESCR nvarchar(250) NULL,
        CATEG_COD varchar(10) NULL,
        ITEM_TYP varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_ITEM_TYP DEFAULT ('I'),
        STAT varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_STAT DEFAULT ('A'),
        CONSTRAINT PK_IM_ITEM PRIMARY KEY CLUSTERED (ITEM_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.IM_PRC', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.IM_PRC
    (
        ITEM_NO varchar(20) NOT NULL,
        LOC_ID varchar(10) NOT NULL,
        PRC_1 decimal(15, 4) NULL,
        REG_PRC decimal(15, 4) NULL,
        CONSTRAINT PK_IM_PRC PRIMARY KEY CLUSTERED (ITEM_NO, LOC_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.IM_INV', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.IM_INV
    (
        ITEM_NO varchar(20) NOT NULL,
        LOC_ID varchar(10) NOT NULL,
        QTY_ON_HND decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_HND DEFAULT (0),
        QTY_ON_SO decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_SO DEFAULT (0),
        QTY_COMMIT decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_COMMIT DEFAULT (0),
        QTY_AVAIL AS (QTY_ON_HND - QTY_ON_SO - QTY_COMMIT),
        CONSTRAINT PK_IM_INV PRIMARY KEY CLUSTERED (ITEM_NO, LOC_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.AR_CUST', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.AR_CUST
    (
        CUST_NO varchar(15) NOT NULL,
        NAM nvarchar(40) NULL,
        FST_NAM nvarchar(15) NULL,
        LST_NAM nvarchar(25) NULL,
        ADRS_1 nvarchar(40) NULL,
        ADRS_2 nvarchar(40) NULL,
        ADRS_3 nvarchar(40) NULL,
        CITY nvarchar(20) NULL,
        STATE nvarchar(10) NULL,
        ZIP_COD nvarchar(15) NULL,
        CNTRY nvarchar(20) NULL,
        PHONE_1 nvarchar(25) NULL,
        EMAIL_ADRS_1 nvarchar(100) NULL,
        CATEG_COD varchar(10) NULL,
        PROF_COD_1 varchar(10) NULL,
        TAX_COD varchar(10) NULL,
        STR_ID varchar(10) NULL,
        LST_MAINT_DT datetime NULL,
        CONSTRAINT PK_AR_CUST PRIMARY KEY CLUSTERED (CUST_NO)
    );

    CREATE NONCLUSTERED INDEX IX_AR_CUST_EMAIL
    ON dbo.AR_CUST (EMAIL_ADRS_1);
END;
GO
IF OBJECT_ID(N'dbo.AR_SHIP_ADRS', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.AR_SHIP_ADRS
    (
        CUST_NO varchar(15) NOT NULL,
        SHIP_ADRS_ID varchar(10) NOT NULL,
        NAM nvarchar(40) NULL,
        FST_NAM nvarchar(15) NULL,
        LST_NAM nvarchar(25) NULL,
        ADRS_1 nvarchar(40) NULL,
        ADRS_2 nvarchar(40) NULL,
        ADRS_3 nvarchar(40) NULL,
        CITY nvarchar(20) NULL,
        STATE nvarchar(10) NULL,
        ZIP_COD nvarchar(15) NULL,
        CNTRY nvarchar(20) NULL,
        PHONE_1 nvarchar(25) NULL,
        CONSTRAINT PK_AR_SHIP_ADRS PRIMARY KEY CLUSTERED (CUST_NO, SHIP_ADRS_ID)
    );
END;
GO
