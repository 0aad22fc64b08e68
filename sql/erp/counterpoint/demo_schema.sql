SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
A trial ERP: CounterPoint's tables, as far as orders touch them, with what a whole site demands of them
    Names, addresses and descriptions are varchar in code page 1252, as at most sites: other letters don't survive there. Notes are nvarchar.
    For an empty server only. syncctl db deploy --demo-erp runs it; it refuses where the ERP's tables are there already.
    dbo.USER_DEMO_ERP marks a trial ERP: sp_SeedDemoErp fills no other.

Errors       50060 the ERP's tables exist and are no trial
Repeatable   yes: a trial ERP keeps its rows, and gets the tables and columns that an older version left out
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
        TKT_TYP varchar(1) NOT NULL,
        DRW_ID varchar(10) NOT NULL,
        USR_ID varchar(10) NOT NULL,
        SLS_REP varchar(10) NULL,
        NORM_TAX_COD varchar(10) NULL,
        TAX_OVRD_REAS varchar(10) NULL,
        REF varchar(50) NULL,
        BILL_TO_CONTACT_ID tinyint NULL,
        RET_LINS int NOT NULL,
        GFC_LINS int NOT NULL,
        SVC_LINS int NOT NULL,
        BO_LINS int NOT NULL,
        SO_LINS int NOT NULL,
        DS_LINS int NOT NULL,
        TO_REL_LINS int NOT NULL,
        TO_LEAVE_LINS int NOT NULL,
        RET_LIN_TOT decimal(15, 2) NOT NULL,
        IS_DOC_COMMITTED varchar(1) NOT NULL,
        IS_REL_TKT varchar(1) NOT NULL,
        REQ_REPRICE varchar(1) NOT NULL,
        HAS_ENTD_LINS varchar(1) NOT NULL,
        HAS_PCKD_LINS varchar(1) NOT NULL,
        HAS_PCKVRFD_LINS varchar(1) NOT NULL,
        HAS_INVCD_LINS varchar(1) NOT NULL,
        HAS_RLSD_LINS varchar(1) NOT NULL,
        IS_OFFLINE bit NOT NULL,
        TIMES_PRTD int NOT NULL,
        RS_UTC_DT datetime NULL,
        RS_STAT int NULL,
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
        HAS_TAX_OVRD varchar(1) NOT NULL,
        LINS int NOT NULL,
        TAX_OVRD_LINS int NOT NULL,
        NORM_TAX_AMT decimal(15, 2) NOT NULL,
        TOT_TND decimal(15, 2) NOT NULL,
        TOT_CHNG decimal(15, 2) NOT NULL,
        TOT_GFC_AMT decimal(15, 2) NOT NULL,
        TOT_SVC_AMT decimal(15, 2) NOT NULL,
        TOT_EXT_COST decimal(15, 2) NOT NULL,
        TOT_HDR_DISCNTBL_AMT decimal(15, 2) NOT NULL,
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
        DESCR varchar(250) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        QTY_SOLD decimal(15, 4) NOT NULL,
        SELL_UNIT varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_SELL_UNIT DEFAULT ('0'),
        PRC money NULL,
        EXT_PRC decimal(15, 2) NULL,
        GROSS_EXT_PRC decimal(15, 2) NULL,
        CALC_EXT_PRC decimal(15, 2) NULL,
        LIN_GUID uniqueidentifier NOT NULL,
        STK_LOC_ID varchar(10) NULL,
        CATEG_COD varchar(10) NULL,
        QTY_NUMER decimal(15, 4) NOT NULL,
        QTY_DENOM decimal(15, 4) NOT NULL,
        QTY_UNIT varchar(15) NULL,
        IS_TXBL varchar(1) NOT NULL,
        NORM_IS_TXBL varchar(1) NOT NULL,
        ITEM_TYP varchar(1) NOT NULL,
        TRK_METH varchar(1) NOT NULL,
        HAS_PRC_OVRD varchar(1) NOT NULL,
        USR_ENTD_PRC varchar(1) NOT NULL,
        IS_DISCNTBL varchar(1) NOT NULL,
        IS_WEIGHED varchar(1) NOT NULL,
        IS_KIT_PAR varchar(1) NOT NULL,
        IS_VAL_RET varchar(1) NOT NULL,
        TAX_AMT_ALLOC decimal(15, 2) NOT NULL,
        NORM_TAX_AMT_ALLOC decimal(15, 2) NOT NULL,
        ORIG_QTY decimal(15, 4) NOT NULL,
        QTY_TO_REL decimal(15, 4) NOT NULL,
        QTY_TO_LEAVE decimal(15, 4) NOT NULL,
        QTY_SHIPPED decimal(15, 4) NOT NULL,
        QTY_RET decimal(15, 4) NOT NULL,
        QTY_ENTD decimal(15, 4) NOT NULL,
        QTY_PCKD decimal(15, 4) NOT NULL,
        QTY_PCKVRFD decimal(15, 4) NOT NULL,
        QTY_INVCD decimal(15, 4) NOT NULL,
        QTY_TO_FILL decimal(15, 4) NOT NULL,
        UNIT_COST decimal(15, 4) NULL,
        EXT_COST decimal(15, 2) NULL,
        REG_PRC decimal(15, 4) NULL,
        PRC_1 decimal(15, 4) NULL,
        CALC_PRC decimal(15, 4) NULL,
        UNIT_RETL_VAL decimal(15, 4) NULL,
        DISP_EXT_PRC decimal(15, 2) NULL,
        GROSS_DISP_EXT_PRC decimal(15, 2) NULL,
        BARCOD varchar(50) NULL,
        SUBCAT_COD varchar(10) NULL,
        ITEM_VEND_NO varchar(15) NULL,
        TAX_CATEG varchar(10) NULL,
        PRC_LOC_ID varchar(10) NULL,
        SLS_REP varchar(10) NULL,
        QTY_DECS int NOT NULL,
        PRC_DECS int NOT NULL,
        DIM_1_UPR varchar(15) NOT NULL,
        DIM_2_UPR varchar(15) NOT NULL,
        DIM_3_UPR varchar(15) NOT NULL,
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
        MISC_PCT decimal(15, 4) NOT NULL,
        MISC_AMT_SHIPPED decimal(15, 2) NOT NULL,
        MISC_TAX_AMT_ALLOC decimal(15, 2) NOT NULL,
        MISC_NORM_TAX_AMT_ALLOC decimal(15, 2) NOT NULL,
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
        PAY_COD_TYP varchar(1) NOT NULL,
        STR_ID varchar(10) NOT NULL,
        STA_ID varchar(10) NOT NULL,
        TKT_NO varchar(15) NOT NULL,
        DESCR varchar(50) NULL,
        FINAL_PMT varchar(1) NOT NULL,
        PMT_LIN_TYP varchar(1) NOT NULL,
        CURNCY_COD varchar(10) NOT NULL,
        EXCH_RATE_NUMER decimal(15, 4) NOT NULL,
        EXCH_RATE_DENOM decimal(15, 4) NOT NULL,
        HOME_CURNCY_AMT decimal(15, 2) NOT NULL,
        EXCH_LOSS decimal(15, 2) NOT NULL,
        ROUND_GAIN_LOSS decimal(15, 2) NOT NULL,
        HOME_CURNCY_ROUND_GAIN_LOSS decimal(15, 2) NOT NULL,
        CARD_IS_NEW varchar(1) NOT NULL,
        SECURE_ECOMM_TRX varchar(1) NOT NULL,
        SWIPED varchar(1) NOT NULL,
        DEP_LIN_COPIED_TO_REL_DOC varchar(1) NOT NULL,
        EDC_AUTH_FLG varchar(1) NOT NULL,
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
        DESCR varchar(250) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CATEG_COD varchar(10) NULL,
        ITEM_TYP varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_ITEM_TYP DEFAULT ('I'),
        STAT varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_STAT DEFAULT ('A'),
        SUBCAT_COD varchar(10) NULL,
        ITEM_VEND_NO varchar(15) NULL,
        TAX_CATEG_COD varchar(10) NULL,
        BARCOD varchar(50) NULL,
        STK_UNIT varchar(15) NOT NULL CONSTRAINT DF_IM_ITEM_STK_UNIT DEFAULT ('EACH'),
        IS_TXBL varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_TXBL DEFAULT ('Y'),
        TRK_METH varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_TRK_METH DEFAULT ('N'),
        IS_DISCNTBL varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_DISCNTBL DEFAULT ('Y'),
        IS_WEIGHED varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_WEIGHED DEFAULT ('N'),
        IS_KIT_PAR varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_KIT_PAR DEFAULT ('N'),
        QTY_DECS int NOT NULL CONSTRAINT DF_IM_ITEM_QTY_DECS DEFAULT (0),
        PRC_DECS int NOT NULL CONSTRAINT DF_IM_ITEM_PRC_DECS DEFAULT (2),
        LST_COST decimal(15, 4) NULL,
        PRC_1 decimal(15, 4) NULL,
        REG_PRC decimal(15, 4) NULL,
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
        PRC_2 decimal(15, 4) NULL,
        PRC_3 decimal(15, 4) NULL,
        PRC_4 decimal(15, 4) NULL,
        PRC_5 decimal(15, 4) NULL,
        PRC_6 decimal(15, 4) NULL,
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
        QTY_ON_ORD decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_ORD DEFAULT (0),
        QTY_ON_BO decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_BO DEFAULT (0),
        QTY_ON_LWY decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_LWY DEFAULT (0),
        LST_COST decimal(15, 4) NULL,
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
        NAM varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        FST_NAM varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        LST_NAM varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_1 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_2 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_3 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CITY varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        STATE varchar(10) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ZIP_COD varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CNTRY varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        PHONE_1 varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        EMAIL_ADRS_1 varchar(100) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CATEG_COD varchar(10) NULL,
        PROF_COD_1 varchar(10) NULL,
        TAX_COD varchar(10) NULL,
        STR_ID varchar(10) NULL,
        LST_MAINT_DT datetime NULL,
        CUST_TYP varchar(1) NOT NULL CONSTRAINT DF_AR_CUST_CUST_TYP DEFAULT ('A'),
        CUST_NAM_TYP varchar(1) NOT NULL CONSTRAINT DF_AR_CUST_CUST_NAM_TYP DEFAULT ('P'),
        BAL_METH varchar(1) NOT NULL CONSTRAINT DF_AR_CUST_BAL_METH DEFAULT ('!'),
        TERMS_COD varchar(10) NULL,
        NAM_UPR varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        FST_NAM_UPR varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        LST_NAM_UPR varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
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
        NAM varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        FST_NAM varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        LST_NAM varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_1 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_2 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_3 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CITY varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        STATE varchar(10) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ZIP_COD varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CNTRY varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        PHONE_1 varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CONSTRAINT PK_AR_SHIP_ADRS PRIMARY KEY CLUSTERED (CUST_NO, SHIP_ADRS_ID)
    );
END;
GO
/* A trial ERP that an older version made gets the columns it lacks. */
IF COL_LENGTH(N'dbo.AR_CUST', N'NAM_UPR') IS NULL
BEGIN
    ALTER TABLE dbo.AR_CUST ADD
        NAM_UPR varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        FST_NAM_UPR varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        LST_NAM_UPR varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL;
END;
GO
IF COL_LENGTH(N'dbo.PS_DOC_HDR', N'TKT_TYP') IS NULL
BEGIN
    ALTER TABLE dbo.PS_DOC_HDR ADD
        TKT_TYP varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TKT_TYP DEFAULT ('T'),
        DRW_ID varchar(10) NOT NULL CONSTRAINT DF_PS_DOC_HDR_DRW_ID DEFAULT ('101'),
        USR_ID varchar(10) NOT NULL CONSTRAINT DF_PS_DOC_HDR_USR_ID DEFAULT ('SYNCCTL'),
        SLS_REP varchar(10) NULL,
        NORM_TAX_COD varchar(10) NULL,
        TAX_OVRD_REAS varchar(10) NULL,
        REF varchar(50) NULL,
        BILL_TO_CONTACT_ID tinyint NULL,
        RET_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_RET_LINS DEFAULT (0),
        GFC_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_GFC_LINS DEFAULT (0),
        SVC_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_SVC_LINS DEFAULT (0),
        BO_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_BO_LINS DEFAULT (0),
        SO_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_SO_LINS DEFAULT (0),
        DS_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_DS_LINS DEFAULT (0),
        TO_REL_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_TO_REL_LINS DEFAULT (0),
        TO_LEAVE_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_TO_LEAVE_LINS DEFAULT (0),
        RET_LIN_TOT decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_RET_LIN_TOT DEFAULT (0),
        IS_DOC_COMMITTED varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_IS_DOC_COMMITTED DEFAULT ('N'),
        IS_REL_TKT varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_IS_REL_TKT DEFAULT ('N'),
        REQ_REPRICE varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_REQ_REPRICE DEFAULT ('N'),
        HAS_ENTD_LINS varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_HAS_ENTD_LINS DEFAULT ('N'),
        HAS_PCKD_LINS varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_HAS_PCKD_LINS DEFAULT ('N'),
        HAS_PCKVRFD_LINS varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_HAS_PCKVRFD_LINS DEFAULT ('N'),
        HAS_INVCD_LINS varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_HAS_INVCD_LINS DEFAULT ('N'),
        HAS_RLSD_LINS varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_HAS_RLSD_LINS DEFAULT ('N'),
        IS_OFFLINE bit NOT NULL CONSTRAINT DF_PS_DOC_HDR_IS_OFFLINE DEFAULT (0),
        TIMES_PRTD int NOT NULL CONSTRAINT DF_PS_DOC_HDR_TIMES_PRTD DEFAULT (0),
        RS_UTC_DT datetime NULL,
        RS_STAT int NULL;
END;
GO
IF COL_LENGTH(N'dbo.PS_DOC_HDR_TOT', N'HAS_TAX_OVRD') IS NULL
BEGIN
    ALTER TABLE dbo.PS_DOC_HDR_TOT ADD
        HAS_TAX_OVRD varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_HAS_TAX_OVRD DEFAULT ('!'),
        LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_LINS DEFAULT (0),
        TAX_OVRD_LINS int NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TAX_OVRD_LINS DEFAULT (0),
        NORM_TAX_AMT decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_NORM_TAX_AMT DEFAULT (0),
        TOT_TND decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TOT_TND DEFAULT (0),
        TOT_CHNG decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TOT_CHNG DEFAULT (0),
        TOT_GFC_AMT decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TOT_GFC_AMT DEFAULT (0),
        TOT_SVC_AMT decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TOT_SVC_AMT DEFAULT (0),
        TOT_EXT_COST decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TOT_EXT_COST DEFAULT (0),
        TOT_HDR_DISCNTBL_AMT decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_TOT_TOT_HDR_DISCNTBL_AMT DEFAULT (0);
END;
GO
IF COL_LENGTH(N'dbo.PS_DOC_LIN', N'QTY_NUMER') IS NULL
BEGIN
    ALTER TABLE dbo.PS_DOC_LIN ADD
        QTY_NUMER decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_NUMER DEFAULT (1),
        QTY_DENOM decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_DENOM DEFAULT (1),
        QTY_UNIT varchar(15) NULL,
        IS_TXBL varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_IS_TXBL DEFAULT ('Y'),
        NORM_IS_TXBL varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_NORM_IS_TXBL DEFAULT ('Y'),
        ITEM_TYP varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_ITEM_TYP DEFAULT ('I'),
        TRK_METH varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_TRK_METH DEFAULT ('N'),
        HAS_PRC_OVRD varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_HAS_PRC_OVRD DEFAULT ('N'),
        USR_ENTD_PRC varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_USR_ENTD_PRC DEFAULT ('Y'),
        IS_DISCNTBL varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_IS_DISCNTBL DEFAULT ('Y'),
        IS_WEIGHED varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_IS_WEIGHED DEFAULT ('N'),
        IS_KIT_PAR varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_IS_KIT_PAR DEFAULT ('N'),
        IS_VAL_RET varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_LIN_IS_VAL_RET DEFAULT ('N'),
        TAX_AMT_ALLOC decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_LIN_TAX_AMT_ALLOC DEFAULT (0),
        NORM_TAX_AMT_ALLOC decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_LIN_NORM_TAX_AMT_ALLOC DEFAULT (0),
        ORIG_QTY decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_ORIG_QTY DEFAULT (0),
        QTY_TO_REL decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_TO_REL DEFAULT (0),
        QTY_TO_LEAVE decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_TO_LEAVE DEFAULT (0),
        QTY_SHIPPED decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_SHIPPED DEFAULT (0),
        QTY_RET decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_RET DEFAULT (0),
        QTY_ENTD decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_ENTD DEFAULT (0),
        QTY_PCKD decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_PCKD DEFAULT (0),
        QTY_PCKVRFD decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_PCKVRFD DEFAULT (0),
        QTY_INVCD decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_INVCD DEFAULT (0),
        QTY_TO_FILL decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_TO_FILL DEFAULT (0),
        UNIT_COST decimal(15, 4) NULL,
        EXT_COST decimal(15, 2) NULL,
        REG_PRC decimal(15, 4) NULL,
        PRC_1 decimal(15, 4) NULL,
        CALC_PRC decimal(15, 4) NULL,
        UNIT_RETL_VAL decimal(15, 4) NULL,
        DISP_EXT_PRC decimal(15, 2) NULL,
        GROSS_DISP_EXT_PRC decimal(15, 2) NULL,
        BARCOD varchar(50) NULL,
        SUBCAT_COD varchar(10) NULL,
        ITEM_VEND_NO varchar(15) NULL,
        TAX_CATEG varchar(10) NULL,
        PRC_LOC_ID varchar(10) NULL,
        SLS_REP varchar(10) NULL,
        QTY_DECS int NOT NULL CONSTRAINT DF_PS_DOC_LIN_QTY_DECS DEFAULT (0),
        PRC_DECS int NOT NULL CONSTRAINT DF_PS_DOC_LIN_PRC_DECS DEFAULT (2),
        DIM_1_UPR varchar(15) NOT NULL CONSTRAINT DF_PS_DOC_LIN_DIM_1_UPR DEFAULT ('*'),
        DIM_2_UPR varchar(15) NOT NULL CONSTRAINT DF_PS_DOC_LIN_DIM_2_UPR DEFAULT ('*'),
        DIM_3_UPR varchar(15) NOT NULL CONSTRAINT DF_PS_DOC_LIN_DIM_3_UPR DEFAULT ('*');
END;
GO
IF COL_LENGTH(N'dbo.PS_DOC_HDR_MISC_CHRG', N'MISC_PCT') IS NULL
BEGIN
    ALTER TABLE dbo.PS_DOC_HDR_MISC_CHRG ADD
        MISC_PCT decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_HDR_MISC_CHRG_MISC_PCT DEFAULT (0),
        MISC_AMT_SHIPPED decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_MISC_CHRG_MISC_AMT_SHIPPED DEFAULT (0),
        MISC_TAX_AMT_ALLOC decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_MISC_CHRG_MISC_TAX_AMT_ALLOC DEFAULT (0),
        MISC_NORM_TAX_AMT_ALLOC decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_HDR_MISC_CHRG_MISC_NORM_TAX_AMT_ALLOC DEFAULT (0);
END;
GO
IF COL_LENGTH(N'dbo.IM_ITEM', N'SUBCAT_COD') IS NULL
BEGIN
    ALTER TABLE dbo.IM_ITEM ADD
        SUBCAT_COD varchar(10) NULL,
        ITEM_VEND_NO varchar(15) NULL,
        TAX_CATEG_COD varchar(10) NULL,
        BARCOD varchar(50) NULL,
        STK_UNIT varchar(15) NOT NULL CONSTRAINT DF_IM_ITEM_STK_UNIT DEFAULT ('EACH'),
        IS_TXBL varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_TXBL DEFAULT ('Y'),
        TRK_METH varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_TRK_METH DEFAULT ('N'),
        IS_DISCNTBL varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_DISCNTBL DEFAULT ('Y'),
        IS_WEIGHED varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_WEIGHED DEFAULT ('N'),
        IS_KIT_PAR varchar(1) NOT NULL CONSTRAINT DF_IM_ITEM_IS_KIT_PAR DEFAULT ('N'),
        QTY_DECS int NOT NULL CONSTRAINT DF_IM_ITEM_QTY_DECS DEFAULT (0),
        PRC_DECS int NOT NULL CONSTRAINT DF_IM_ITEM_PRC_DECS DEFAULT (2),
        LST_COST decimal(15, 4) NULL;
END;
GO
IF COL_LENGTH(N'dbo.IM_ITEM', N'PRC_1') IS NULL
BEGIN
    ALTER TABLE dbo.IM_ITEM ADD
        PRC_1 decimal(15, 4) NULL,
        REG_PRC decimal(15, 4) NULL;
END;
GO
IF COL_LENGTH(N'dbo.IM_PRC', N'PRC_2') IS NULL
BEGIN
    ALTER TABLE dbo.IM_PRC ADD
        PRC_2 decimal(15, 4) NULL,
        PRC_3 decimal(15, 4) NULL,
        PRC_4 decimal(15, 4) NULL,
        PRC_5 decimal(15, 4) NULL,
        PRC_6 decimal(15, 4) NULL;
END;
GO
IF COL_LENGTH(N'dbo.IM_INV', N'QTY_ON_ORD') IS NULL
BEGIN
    ALTER TABLE dbo.IM_INV ADD
        QTY_ON_ORD decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_ORD DEFAULT (0),
        QTY_ON_BO decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_BO DEFAULT (0),
        QTY_ON_LWY decimal(15, 4) NOT NULL CONSTRAINT DF_IM_INV_QTY_ON_LWY DEFAULT (0),
        LST_COST decimal(15, 4) NULL;
END;
GO
IF COL_LENGTH(N'dbo.AR_CUST', N'CUST_TYP') IS NULL
BEGIN
    ALTER TABLE dbo.AR_CUST ADD
        CUST_TYP varchar(1) NOT NULL CONSTRAINT DF_AR_CUST_CUST_TYP DEFAULT ('A'),
        CUST_NAM_TYP varchar(1) NOT NULL CONSTRAINT DF_AR_CUST_CUST_NAM_TYP DEFAULT ('P'),
        BAL_METH varchar(1) NOT NULL CONSTRAINT DF_AR_CUST_BAL_METH DEFAULT ('!'),
        TERMS_COD varchar(10) NULL;
END;
GO
IF COL_LENGTH(N'dbo.PS_DOC_PMT', N'PAY_COD_TYP') IS NULL
BEGIN
    ALTER TABLE dbo.PS_DOC_PMT ADD
        PAY_COD_TYP varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_PAY_COD_TYP DEFAULT ('B'),
        STR_ID varchar(10) NOT NULL CONSTRAINT DF_PS_DOC_PMT_STR_ID DEFAULT ('01'),
        STA_ID varchar(10) NOT NULL CONSTRAINT DF_PS_DOC_PMT_STA_ID DEFAULT ('101'),
        TKT_NO varchar(15) NOT NULL CONSTRAINT DF_PS_DOC_PMT_TKT_NO DEFAULT (''),
        DESCR varchar(50) NULL,
        FINAL_PMT varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_FINAL_PMT DEFAULT ('N'),
        PMT_LIN_TYP varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_PMT_LIN_TYP DEFAULT ('T'),
        CURNCY_COD varchar(10) NOT NULL CONSTRAINT DF_PS_DOC_PMT_CURNCY_COD DEFAULT ('HOME'),
        EXCH_RATE_NUMER decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_PMT_EXCH_RATE_NUMER DEFAULT (1),
        EXCH_RATE_DENOM decimal(15, 4) NOT NULL CONSTRAINT DF_PS_DOC_PMT_EXCH_RATE_DENOM DEFAULT (1),
        HOME_CURNCY_AMT decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_PMT_HOME_CURNCY_AMT DEFAULT (0),
        EXCH_LOSS decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_PMT_EXCH_LOSS DEFAULT (0),
        ROUND_GAIN_LOSS decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_PMT_ROUND_GAIN_LOSS DEFAULT (0),
        HOME_CURNCY_ROUND_GAIN_LOSS decimal(15, 2) NOT NULL CONSTRAINT DF_PS_DOC_PMT_HOME_CURNCY_ROUND_GAIN_LOSS DEFAULT (0),
        CARD_IS_NEW varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_CARD_IS_NEW DEFAULT ('N'),
        SECURE_ECOMM_TRX varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_SECURE_ECOMM_TRX DEFAULT ('N'),
        SWIPED varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_SWIPED DEFAULT ('N'),
        DEP_LIN_COPIED_TO_REL_DOC varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_DEP_LIN_COPIED_TO_REL_DOC DEFAULT ('N'),
        EDC_AUTH_FLG varchar(1) NOT NULL CONSTRAINT DF_PS_DOC_PMT_EDC_AUTH_FLG DEFAULT ('O');
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_PMT_APPLY', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_PMT_APPLY
    (
        DOC_ID bigint NOT NULL,
        PMT_SEQ_NO int NOT NULL,
        APPL_TYP varchar(1) NOT NULL,
        AMT decimal(15, 2) NOT NULL,
        HOME_CURNCY_AMT decimal(15, 2) NOT NULL,
        EXCH_LOSS decimal(15, 2) NOT NULL,
        CONSTRAINT PK_PS_DOC_PMT_APPLY PRIMARY KEY CLUSTERED (DOC_ID, PMT_SEQ_NO, APPL_TYP)
    );
END;
GO
IF OBJECT_ID(N'dbo.SY_PAY_COD', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.SY_PAY_COD
    (
        PAY_COD varchar(10) NOT NULL,
        PAY_TYP varchar(1) NOT NULL,
        DESCR varchar(50) NULL,
        EDC_AUTH_FLG varchar(1) NOT NULL CONSTRAINT DF_SY_PAY_COD_EDC_AUTH_FLG DEFAULT ('O'),
        CONSTRAINT PK_SY_PAY_COD PRIMARY KEY CLUSTERED (PAY_COD)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_AUDIT_LOG_TOT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_AUDIT_LOG_TOT
    (
        DOC_ID bigint NOT NULL,
        LOG_SEQ_NO int NOT NULL,
        TOT_TYP varchar(1) NOT NULL,
        LINS int NOT NULL,
        SUB_TOT decimal(15, 2) NOT NULL,
        TOT_MISC decimal(15, 2) NOT NULL,
        TAX_AMT decimal(15, 2) NOT NULL,
        NORM_TAX_AMT decimal(15, 2) NOT NULL,
        TOT decimal(15, 2) NOT NULL,
        TOT_TND decimal(15, 2) NOT NULL,
        TOT_CHNG decimal(15, 2) NOT NULL,
        AMT_DUE decimal(15, 2) NOT NULL,
        TOT_EXT_COST decimal(15, 2) NOT NULL,
        TOT_GFC_AMT decimal(15, 2) NOT NULL,
        TOT_SVC_AMT decimal(15, 2) NOT NULL,
        DEP_NET_CHANGE decimal(15, 2) NOT NULL,
        CONSTRAINT PK_PS_DOC_AUDIT_LOG_TOT PRIMARY KEY CLUSTERED (DOC_ID, LOG_SEQ_NO, TOT_TYP)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_HDR_PROF', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_HDR_PROF
    (
        DOC_ID bigint NOT NULL,
        PROF_ALPHA_1 varchar(30) NULL,
        PROF_ALPHA_2 varchar(30) NULL,
        PROF_ALPHA_3 varchar(30) NULL,
        PROF_ALPHA_4 varchar(30) NULL,
        PROF_ALPHA_5 varchar(30) NULL,
        CONSTRAINT PK_PS_DOC_HDR_PROF PRIMARY KEY CLUSTERED (DOC_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_CONTACT', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_CONTACT
    (
        DOC_ID bigint NOT NULL,
        CONTACT_ID int NOT NULL,
        NAM_TYP varchar(1) NOT NULL,
        NAM varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        FST_NAM varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        LST_NAM varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CONTCT_1 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_ID varchar(10) NULL,
        ADRS_1 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_2 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ADRS_3 varchar(40) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CITY varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        STATE varchar(10) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        ZIP_COD varchar(15) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CNTRY varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        PHONE_1 varchar(25) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        EMAIL_ADRS_1 varchar(100) COLLATE SQL_Latin1_General_CP1_CI_AS NULL,
        CONSTRAINT PK_PS_DOC_CONTACT PRIMARY KEY CLUSTERED (DOC_ID, CONTACT_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_LIN_PRICE', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_LIN_PRICE
    (
        DOC_ID bigint NOT NULL,
        LIN_SEQ_NO int NOT NULL,
        PRC_SEQ_NO int NOT NULL,
        PRC_JUST_STR varchar(50) NOT NULL,
        PRC_GRP_TYP varchar(1) NOT NULL,
        PRC_RUL_SEQ_NO int NOT NULL,
        PRC_BRK_DESCR varchar(50) NOT NULL,
        QTY_PRCD decimal(15, 4) NOT NULL,
        UNIT_PRC decimal(15, 4) NOT NULL,
        DIM_1_UPR varchar(15) NOT NULL,
        DIM_2_UPR varchar(15) NOT NULL,
        DIM_3_UPR varchar(15) NOT NULL,
        CONSTRAINT PK_PS_DOC_LIN_PRICE PRIMARY KEY CLUSTERED (DOC_ID, LIN_SEQ_NO, PRC_SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_TAX', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_TAX
    (
        DOC_ID bigint NOT NULL,
        AUTH_COD varchar(10) NOT NULL,
        RUL_COD varchar(10) NOT NULL,
        TAX_DOC_PART varchar(1) NOT NULL,
        LIN_AMT decimal(15, 2) NOT NULL,
        TXBL_LIN_AMT decimal(15, 2) NOT NULL,
        TXBL_MISC_CHG_AMT_1 decimal(15, 2) NOT NULL,
        TXBL_MISC_CHG_AMT_2 decimal(15, 2) NOT NULL,
        TXBL_MISC_CHG_AMT_3 decimal(15, 2) NOT NULL,
        TXBL_MISC_CHG_AMT_4 decimal(15, 2) NOT NULL,
        TXBL_MISC_CHG_AMT_5 decimal(15, 2) NOT NULL,
        TXBL_GFC_AMT decimal(15, 2) NOT NULL,
        TXBL_SVC_AMT decimal(15, 2) NOT NULL,
        TXBL_TAX_AMT decimal(15, 2) NOT NULL,
        TXBL_QTY decimal(15, 4) NOT NULL,
        TAX_AMT decimal(15, 2) NOT NULL,
        NORM_TAX_AMT decimal(15, 2) NOT NULL,
        TAX_AMT_EXACT decimal(15, 4) NOT NULL,
        NORM_TAX_AMT_EXACT decimal(15, 4) NOT NULL,
        TOT_TXBL_AMT decimal(15, 2) NOT NULL,
        CONSTRAINT PK_PS_DOC_TAX PRIMARY KEY CLUSTERED (DOC_ID, TAX_DOC_PART, AUTH_COD, RUL_COD)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_DOC_AUDIT_LOG', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_DOC_AUDIT_LOG
    (
        DOC_ID bigint NOT NULL,
        LOG_SEQ_NO int NOT NULL,
        DOC_TYP varchar(1) NOT NULL,
        DOC_GUID uniqueidentifier NOT NULL,
        CURR_DT datetime NOT NULL,
        CURR_STR_ID varchar(10) NOT NULL,
        CURR_STA_ID varchar(10) NOT NULL,
        CURR_DRW_ID varchar(10) NULL,
        CURR_USR_ID varchar(10) NOT NULL,
        CURR_WKSTN_NAM varchar(50) NOT NULL,
        CURR_DB_NAM varchar(50) NOT NULL,
        ACTIV varchar(1) NOT NULL,
        LOG_ENTRY varchar(255) NULL,
        CONSTRAINT PK_PS_DOC_AUDIT_LOG PRIMARY KEY CLUSTERED (DOC_ID, LOG_SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_ORD_HIST', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_ORD_HIST
    (
        DOC_ID bigint NOT NULL,
        STR_ID varchar(10) NOT NULL,
        STA_ID varchar(10) NOT NULL,
        TKT_NO varchar(15) NOT NULL,
        CUST_NO varchar(15) NULL,
        CUST_PO_NO varchar(20) NULL,
        REF varchar(50) NULL,
        TKT_DT datetime NULL,
        POST_DAT datetime NULL,
        CONSTRAINT PK_PS_ORD_HIST PRIMARY KEY CLUSTERED (DOC_ID)
    );

    CREATE NONCLUSTERED INDEX IX_PS_ORD_HIST_TKT_NO
    ON dbo.PS_ORD_HIST (TKT_NO);
END;
GO
IF OBJECT_ID(N'dbo.PS_ORD_HIST_LIN', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_ORD_HIST_LIN
    (
        DOC_ID bigint NOT NULL,
        LIN_SEQ_NO int NOT NULL,
        ITEM_NO varchar(20) NULL,
        ORIG_QTY decimal(15, 4) NOT NULL,
        QTY_SOLD decimal(15, 4) NOT NULL,
        EXT_PRC decimal(15, 2) NULL,
        CONSTRAINT PK_PS_ORD_HIST_LIN PRIMARY KEY CLUSTERED (DOC_ID, LIN_SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_TKT_HIST', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_TKT_HIST
    (
        DOC_ID bigint NOT NULL,
        STR_ID varchar(10) NOT NULL,
        STA_ID varchar(10) NOT NULL,
        TKT_NO varchar(15) NOT NULL,
        CUST_NO varchar(15) NULL,
        CUST_PO_NO varchar(20) NULL,
        REF varchar(50) NULL,
        TKT_DT datetime NULL,
        POST_DAT datetime NULL,
        CONSTRAINT PK_PS_TKT_HIST PRIMARY KEY CLUSTERED (DOC_ID)
    );

    CREATE NONCLUSTERED INDEX IX_PS_TKT_HIST_TKT_NO
    ON dbo.PS_TKT_HIST (TKT_NO);
END;
GO
IF OBJECT_ID(N'dbo.PS_TKT_HIST_LIN', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_TKT_HIST_LIN
    (
        DOC_ID bigint NOT NULL,
        LIN_SEQ_NO int NOT NULL,
        ITEM_NO varchar(20) NULL,
        ORIG_QTY decimal(15, 4) NOT NULL,
        QTY_SOLD decimal(15, 4) NOT NULL,
        EXT_PRC decimal(15, 2) NULL,
        CONSTRAINT PK_PS_TKT_HIST_LIN PRIMARY KEY CLUSTERED (DOC_ID, LIN_SEQ_NO)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_STR', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_STR
    (
        STR_ID varchar(10) NOT NULL,
        DESCR varchar(50) NULL,
        STK_LOC_ID varchar(10) NULL,
        PRC_LOC_ID varchar(10) NULL,
        TAX_COD varchar(10) NULL,
        CONSTRAINT PK_PS_STR PRIMARY KEY CLUSTERED (STR_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.PS_STA', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.PS_STA
    (
        STR_ID varchar(10) NOT NULL,
        STA_ID varchar(10) NOT NULL,
        DESCR varchar(50) NULL,
        CONSTRAINT PK_PS_STA PRIMARY KEY CLUSTERED (STR_ID, STA_ID)
    );
END;
GO
IF OBJECT_ID(N'dbo.EC_CTL', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.EC_CTL
    (
        KEY_ID int NOT NULL,
        STR_ID varchar(10) NULL,
        ORD_STA_ID varchar(10) NULL,
        ORD_DRW_ID varchar(10) NULL,
        ORD_CUST_NO varchar(15) NULL,
        ORD_BASE_TAX_COD varchar(10) NULL,
        ORD_MISC_CHRG_NO varchar(1) NULL,
        NXT_CUST_NO varchar(15) NULL,
        TMPLT_CUST_NO varchar(15) NULL,
        CONSTRAINT PK_EC_CTL PRIMARY KEY CLUSTERED (KEY_ID)
    );
END;
GO
/* What the vendor's own online shop is set up by, so that `syncctl config erp import` has something to read in a trial, too. */
INSERT INTO dbo.EC_CTL
(
    KEY_ID, STR_ID, ORD_STA_ID, ORD_DRW_ID, ORD_CUST_NO, ORD_MISC_CHRG_NO
)
SELECT
    1,
    '01',
    '101',
    '101',
    'CASH',
    '1'
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.EC_CTL AS control
);
GO
IF OBJECT_ID(N'dbo.SY_WRKGRP', N'U') IS NULL
BEGIN
    CREATE TABLE dbo.SY_WRKGRP
    (
        WRKGRP_ID varchar(10) NOT NULL,
        NXT_CUST_NO varchar(15) NULL,
        NXT_CUST_NO_AUTO varchar(1) NOT NULL,
        CONSTRAINT PK_SY_WRKGRP PRIMARY KEY CLUSTERED (WRKGRP_ID)
    );
END;
GO
