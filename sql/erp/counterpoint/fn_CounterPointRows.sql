SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.fn_CounterPointRows
    An open document's rows in each PS_DOC_ table that this site has.

Used by      sp_GetErpDocument, sp_SetDepositModel
Returns      a row for each table: TABLE_NAME, KEY_COLUMNS, CONTENT (a JSON array of the rows, NULL where there is none)
Note         The lists of tables and columns are the site's own: a deploy writes them. Of a column of bytes only whether it has any.
Example      SELECT part.* FROM dbo.fn_CounterPointRows(101000000001) AS part;
*/
CREATE OR ALTER FUNCTION dbo.fn_CounterPointRows
(
    @DOC_ID bigint
)
RETURNS TABLE
AS
RETURN
(
    /* For each table like PS_DOC_% with DOC_ID: */
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_AUDIT_LOG'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, LOG_SEQ_NO'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                LOG_SEQ_NO = found.LOG_SEQ_NO,
                DOC_TYP = found.DOC_TYP,
                DOC_GUID = found.DOC_GUID,
                CURR_DT = found.CURR_DT,
                CURR_STR_ID = found.CURR_STR_ID,
                CURR_STA_ID = found.CURR_STA_ID,
                CURR_DRW_ID = found.CURR_DRW_ID,
                CURR_USR_ID = found.CURR_USR_ID,
                CURR_WKSTN_NAM = found.CURR_WKSTN_NAM,
                CURR_DB_NAM = found.CURR_DB_NAM,
                [ACTIV] = found.[ACTIV],
                LOG_ENTRY = found.LOG_ENTRY
            FROM dbo.PS_DOC_AUDIT_LOG AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.LOG_SEQ_NO
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_AUDIT_LOG_TOT'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, LOG_SEQ_NO, TOT_TYP'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                LOG_SEQ_NO = found.LOG_SEQ_NO,
                TOT_TYP = found.TOT_TYP,
                [LINS] = found.[LINS],
                SUB_TOT = found.SUB_TOT,
                TOT_MISC = found.TOT_MISC,
                TAX_AMT = found.TAX_AMT,
                NORM_TAX_AMT = found.NORM_TAX_AMT,
                [TOT] = found.[TOT],
                TOT_TND = found.TOT_TND,
                TOT_CHNG = found.TOT_CHNG,
                AMT_DUE = found.AMT_DUE,
                TOT_EXT_COST = found.TOT_EXT_COST,
                TOT_GFC_AMT = found.TOT_GFC_AMT,
                TOT_SVC_AMT = found.TOT_SVC_AMT,
                DEP_NET_CHANGE = found.DEP_NET_CHANGE
            FROM dbo.PS_DOC_AUDIT_LOG_TOT AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.LOG_SEQ_NO,
                found.TOT_TYP
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_CONTACT'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, CONTACT_ID'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                CONTACT_ID = found.CONTACT_ID,
                NAM_TYP = found.NAM_TYP,
                [NAM] = found.[NAM],
                FST_NAM = found.FST_NAM,
                LST_NAM = found.LST_NAM,
                CONTCT_1 = found.CONTCT_1,
                ADRS_ID = found.ADRS_ID,
                ADRS_1 = found.ADRS_1,
                ADRS_2 = found.ADRS_2,
                ADRS_3 = found.ADRS_3,
                [CITY] = found.[CITY],
                [STATE] = found.[STATE],
                ZIP_COD = found.ZIP_COD,
                [CNTRY] = found.[CNTRY],
                PHONE_1 = found.PHONE_1,
                EMAIL_ADRS_1 = found.EMAIL_ADRS_1
            FROM dbo.PS_DOC_CONTACT AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.CONTACT_ID
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_HDR'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                DOC_GUID = found.DOC_GUID,
                DOC_TYP = found.DOC_TYP,
                STR_ID = found.STR_ID,
                STA_ID = found.STA_ID,
                TKT_NO = found.TKT_NO,
                CUST_NO = found.CUST_NO,
                TKT_DT = found.TKT_DT,
                SHIP_DAT = found.SHIP_DAT,
                SHIP_VIA_COD = found.SHIP_VIA_COD,
                STK_LOC_ID = found.STK_LOC_ID,
                PRC_LOC_ID = found.PRC_LOC_ID,
                TAX_COD = found.TAX_COD,
                CUST_PO_NO = found.CUST_PO_NO,
                ORD_LINS = found.ORD_LINS,
                SAL_LINS = found.SAL_LINS,
                SAL_LIN_TOT = found.SAL_LIN_TOT,
                SHIP_TO_CONTACT_ID = found.SHIP_TO_CONTACT_ID,
                LST_MAINT_DT = found.LST_MAINT_DT,
                LST_MAINT_USR_ID = found.LST_MAINT_USR_ID,
                TKT_TYP = found.TKT_TYP,
                DRW_ID = found.DRW_ID,
                USR_ID = found.USR_ID,
                SLS_REP = found.SLS_REP,
                NORM_TAX_COD = found.NORM_TAX_COD,
                TAX_OVRD_REAS = found.TAX_OVRD_REAS,
                [REF] = found.[REF],
                BILL_TO_CONTACT_ID = found.BILL_TO_CONTACT_ID,
                RET_LINS = found.RET_LINS,
                GFC_LINS = found.GFC_LINS,
                SVC_LINS = found.SVC_LINS,
                BO_LINS = found.BO_LINS,
                SO_LINS = found.SO_LINS,
                DS_LINS = found.DS_LINS,
                TO_REL_LINS = found.TO_REL_LINS,
                TO_LEAVE_LINS = found.TO_LEAVE_LINS,
                RET_LIN_TOT = found.RET_LIN_TOT,
                IS_DOC_COMMITTED = found.IS_DOC_COMMITTED,
                IS_REL_TKT = found.IS_REL_TKT,
                REQ_REPRICE = found.REQ_REPRICE,
                HAS_ENTD_LINS = found.HAS_ENTD_LINS,
                HAS_PCKD_LINS = found.HAS_PCKD_LINS,
                HAS_PCKVRFD_LINS = found.HAS_PCKVRFD_LINS,
                HAS_INVCD_LINS = found.HAS_INVCD_LINS,
                HAS_RLSD_LINS = found.HAS_RLSD_LINS,
                IS_OFFLINE = found.IS_OFFLINE,
                TIMES_PRTD = found.TIMES_PRTD,
                RS_UTC_DT = found.RS_UTC_DT,
                RS_STAT = found.RS_STAT,
                DRW_SESSION_ID = found.DRW_SESSION_ID
            FROM dbo.PS_DOC_HDR AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_HDR_MISC_CHRG'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, TOT_TYP, MISC_CHRG_NO'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                TOT_TYP = found.TOT_TYP,
                MISC_CHRG_NO = found.MISC_CHRG_NO,
                MISC_TYP = found.MISC_TYP,
                MISC_AMT = found.MISC_AMT,
                MISC_PCT = found.MISC_PCT,
                MISC_AMT_SHIPPED = found.MISC_AMT_SHIPPED,
                MISC_TAX_AMT_ALLOC = found.MISC_TAX_AMT_ALLOC,
                MISC_NORM_TAX_AMT_ALLOC = found.MISC_NORM_TAX_AMT_ALLOC
            FROM dbo.PS_DOC_HDR_MISC_CHRG AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.TOT_TYP,
                found.MISC_CHRG_NO
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_HDR_ORIG_DOC'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, ORIG_DOC_ID'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                ORIG_DOC_ID = found.ORIG_DOC_ID,
                ORIG_TKT_NO = found.ORIG_TKT_NO
            FROM dbo.PS_DOC_HDR_ORIG_DOC AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.ORIG_DOC_ID
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_HDR_PROF'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                PROF_ALPHA_1 = found.PROF_ALPHA_1,
                PROF_ALPHA_2 = found.PROF_ALPHA_2,
                PROF_ALPHA_3 = found.PROF_ALPHA_3,
                PROF_ALPHA_4 = found.PROF_ALPHA_4,
                PROF_ALPHA_5 = found.PROF_ALPHA_5
            FROM dbo.PS_DOC_HDR_PROF AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_HDR_TOT'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, TOT_TYP'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                TOT_TYP = found.TOT_TYP,
                SUB_TOT = found.SUB_TOT,
                TAX_AMT = found.TAX_AMT,
                [TOT] = found.[TOT],
                TOT_HDR_DISC = found.TOT_HDR_DISC,
                TOT_LIN_DISC = found.TOT_LIN_DISC,
                TOT_MISC = found.TOT_MISC,
                AMT_DUE = found.AMT_DUE,
                INITIAL_MIN_DUE = found.INITIAL_MIN_DUE,
                TOT_WEIGHT = found.TOT_WEIGHT,
                TOT_CUBE = found.TOT_CUBE,
                TAX_AMT_SHIPPED = found.TAX_AMT_SHIPPED,
                HAS_TAX_OVRD = found.HAS_TAX_OVRD,
                [LINS] = found.[LINS],
                TAX_OVRD_LINS = found.TAX_OVRD_LINS,
                NORM_TAX_AMT = found.NORM_TAX_AMT,
                TOT_TND = found.TOT_TND,
                TOT_CHNG = found.TOT_CHNG,
                TOT_GFC_AMT = found.TOT_GFC_AMT,
                TOT_SVC_AMT = found.TOT_SVC_AMT,
                TOT_EXT_COST = found.TOT_EXT_COST,
                TOT_HDR_DISCNTBL_AMT = found.TOT_HDR_DISCNTBL_AMT
            FROM dbo.PS_DOC_HDR_TOT AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.TOT_TYP
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_LIN'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, LIN_SEQ_NO'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                LIN_SEQ_NO = found.LIN_SEQ_NO,
                STR_ID = found.STR_ID,
                STA_ID = found.STA_ID,
                TKT_NO = found.TKT_NO,
                LIN_TYP = found.LIN_TYP,
                ITEM_NO = found.ITEM_NO,
                [DESCR] = found.[DESCR],
                QTY_SOLD = found.QTY_SOLD,
                SELL_UNIT = found.SELL_UNIT,
                [PRC] = found.[PRC],
                EXT_PRC = found.EXT_PRC,
                GROSS_EXT_PRC = found.GROSS_EXT_PRC,
                CALC_EXT_PRC = found.CALC_EXT_PRC,
                LIN_GUID = found.LIN_GUID,
                STK_LOC_ID = found.STK_LOC_ID,
                CATEG_COD = found.CATEG_COD,
                QTY_NUMER = found.QTY_NUMER,
                QTY_DENOM = found.QTY_DENOM,
                QTY_UNIT = found.QTY_UNIT,
                IS_TXBL = found.IS_TXBL,
                NORM_IS_TXBL = found.NORM_IS_TXBL,
                ITEM_TYP = found.ITEM_TYP,
                TRK_METH = found.TRK_METH,
                HAS_PRC_OVRD = found.HAS_PRC_OVRD,
                USR_ENTD_PRC = found.USR_ENTD_PRC,
                IS_DISCNTBL = found.IS_DISCNTBL,
                IS_WEIGHED = found.IS_WEIGHED,
                IS_KIT_PAR = found.IS_KIT_PAR,
                IS_VAL_RET = found.IS_VAL_RET,
                TAX_AMT_ALLOC = found.TAX_AMT_ALLOC,
                NORM_TAX_AMT_ALLOC = found.NORM_TAX_AMT_ALLOC,
                ORIG_QTY = found.ORIG_QTY,
                QTY_TO_REL = found.QTY_TO_REL,
                QTY_TO_LEAVE = found.QTY_TO_LEAVE,
                QTY_SHIPPED = found.QTY_SHIPPED,
                QTY_RET = found.QTY_RET,
                QTY_ENTD = found.QTY_ENTD,
                QTY_PCKD = found.QTY_PCKD,
                QTY_PCKVRFD = found.QTY_PCKVRFD,
                QTY_INVCD = found.QTY_INVCD,
                QTY_TO_FILL = found.QTY_TO_FILL,
                UNIT_COST = found.UNIT_COST,
                EXT_COST = found.EXT_COST,
                REG_PRC = found.REG_PRC,
                PRC_1 = found.PRC_1,
                CALC_PRC = found.CALC_PRC,
                UNIT_RETL_VAL = found.UNIT_RETL_VAL,
                DISP_EXT_PRC = found.DISP_EXT_PRC,
                GROSS_DISP_EXT_PRC = found.GROSS_DISP_EXT_PRC,
                [BARCOD] = found.[BARCOD],
                SUBCAT_COD = found.SUBCAT_COD,
                ITEM_VEND_NO = found.ITEM_VEND_NO,
                TAX_CATEG = found.TAX_CATEG,
                PRC_LOC_ID = found.PRC_LOC_ID,
                SLS_REP = found.SLS_REP,
                QTY_DECS = found.QTY_DECS,
                PRC_DECS = found.PRC_DECS,
                DIM_1_UPR = found.DIM_1_UPR,
                DIM_2_UPR = found.DIM_2_UPR,
                DIM_3_UPR = found.DIM_3_UPR
            FROM dbo.PS_DOC_LIN AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.LIN_SEQ_NO
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_LIN_PRICE'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, LIN_SEQ_NO, PRC_SEQ_NO'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                LIN_SEQ_NO = found.LIN_SEQ_NO,
                PRC_SEQ_NO = found.PRC_SEQ_NO,
                PRC_JUST_STR = found.PRC_JUST_STR,
                PRC_GRP_TYP = found.PRC_GRP_TYP,
                PRC_RUL_SEQ_NO = found.PRC_RUL_SEQ_NO,
                PRC_BRK_DESCR = found.PRC_BRK_DESCR,
                QTY_PRCD = found.QTY_PRCD,
                UNIT_PRC = found.UNIT_PRC,
                DIM_1_UPR = found.DIM_1_UPR,
                DIM_2_UPR = found.DIM_2_UPR,
                DIM_3_UPR = found.DIM_3_UPR
            FROM dbo.PS_DOC_LIN_PRICE AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.LIN_SEQ_NO,
                found.PRC_SEQ_NO
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_NOTE'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, NOTE_ID'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                NOTE_ID = found.NOTE_ID,
                NOTE_DAT = found.NOTE_DAT,
                USR_ID = found.USR_ID,
                [NOTE] = found.[NOTE]
            FROM dbo.PS_DOC_NOTE AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.NOTE_ID
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_PKG_TRK_NO'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, SEQ_NO'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                SEQ_NO = found.SEQ_NO,
                PKG_TRK_NO = found.PKG_TRK_NO
            FROM dbo.PS_DOC_PKG_TRK_NO AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.SEQ_NO
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_PMT'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, PMT_SEQ_NO'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                PMT_SEQ_NO = found.PMT_SEQ_NO,
                PAY_COD = found.PAY_COD,
                [AMT] = found.[AMT],
                PAY_DAT = found.PAY_DAT,
                PAY_COD_TYP = found.PAY_COD_TYP,
                STR_ID = found.STR_ID,
                STA_ID = found.STA_ID,
                TKT_NO = found.TKT_NO,
                [DESCR] = found.[DESCR],
                FINAL_PMT = found.FINAL_PMT,
                PMT_LIN_TYP = found.PMT_LIN_TYP,
                CURNCY_COD = found.CURNCY_COD,
                EXCH_RATE_NUMER = found.EXCH_RATE_NUMER,
                EXCH_RATE_DENOM = found.EXCH_RATE_DENOM,
                HOME_CURNCY_AMT = found.HOME_CURNCY_AMT,
                EXCH_LOSS = found.EXCH_LOSS,
                ROUND_GAIN_LOSS = found.ROUND_GAIN_LOSS,
                HOME_CURNCY_ROUND_GAIN_LOSS = found.HOME_CURNCY_ROUND_GAIN_LOSS,
                CARD_IS_NEW = found.CARD_IS_NEW,
                SECURE_ECOMM_TRX = found.SECURE_ECOMM_TRX,
                [SWIPED] = found.[SWIPED],
                DEP_LIN_COPIED_TO_REL_DOC = found.DEP_LIN_COPIED_TO_REL_DOC,
                EDC_AUTH_FLG = found.EDC_AUTH_FLG
            FROM dbo.PS_DOC_PMT AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.PMT_SEQ_NO
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_PMT_APPLY'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, PMT_SEQ_NO, APPL_TYP'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                PMT_SEQ_NO = found.PMT_SEQ_NO,
                APPL_TYP = found.APPL_TYP,
                [AMT] = found.[AMT],
                HOME_CURNCY_AMT = found.HOME_CURNCY_AMT,
                EXCH_LOSS = found.EXCH_LOSS
            FROM dbo.PS_DOC_PMT_APPLY AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.PMT_SEQ_NO,
                found.APPL_TYP
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    UNION ALL
    SELECT
        TABLE_NAME = CONVERT(varchar(128), 'PS_DOC_TAX'),
        KEY_COLUMNS = CONVERT(varchar(500), 'DOC_ID, TAX_DOC_PART, AUTH_COD, RUL_COD'),
        CONTENT =
        (
            SELECT
                DOC_ID = found.DOC_ID,
                AUTH_COD = found.AUTH_COD,
                RUL_COD = found.RUL_COD,
                TAX_DOC_PART = found.TAX_DOC_PART,
                LIN_AMT = found.LIN_AMT,
                TXBL_LIN_AMT = found.TXBL_LIN_AMT,
                TXBL_MISC_CHG_AMT_1 = found.TXBL_MISC_CHG_AMT_1,
                TXBL_MISC_CHG_AMT_2 = found.TXBL_MISC_CHG_AMT_2,
                TXBL_MISC_CHG_AMT_3 = found.TXBL_MISC_CHG_AMT_3,
                TXBL_MISC_CHG_AMT_4 = found.TXBL_MISC_CHG_AMT_4,
                TXBL_MISC_CHG_AMT_5 = found.TXBL_MISC_CHG_AMT_5,
                TXBL_GFC_AMT = found.TXBL_GFC_AMT,
                TXBL_SVC_AMT = found.TXBL_SVC_AMT,
                TXBL_TAX_AMT = found.TXBL_TAX_AMT,
                TXBL_QTY = found.TXBL_QTY,
                TAX_AMT = found.TAX_AMT,
                NORM_TAX_AMT = found.NORM_TAX_AMT,
                TAX_AMT_EXACT = found.TAX_AMT_EXACT,
                NORM_TAX_AMT_EXACT = found.NORM_TAX_AMT_EXACT,
                TOT_TXBL_AMT = found.TOT_TXBL_AMT
            FROM dbo.PS_DOC_TAX AS found
            WHERE found.DOC_ID = @DOC_ID
            ORDER BY
                found.DOC_ID,
                found.TAX_DOC_PART,
                found.AUTH_COD,
                found.RUL_COD
            FOR JSON PATH, INCLUDE_NULL_VALUES
        )
    /* End. */
);
GO
