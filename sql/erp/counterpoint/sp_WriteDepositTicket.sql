SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
dbo.sp_WriteDepositTicket
    Writes the rows of a deposit ticket, and what the order beside it has of the deposit, as the site's model shows them.

Called by    sp_WriteOrderDeposit, inside its caller's transaction
Parameters   @STAGING_ID; @DOC_ID the order; @TICKET_DOC_ID, @TICKET_TKT_NO the ticket's numbers; @AMT, @PAY_COD, @PAY_COD_TYP, @DESCR,
             @EDC_AUTH_FLG the payment; @MOMENT the ticket's date and time, local
Returns      no rows
Errors       none of its own
Locks        the new rows
Repeatable   no: the rows must not be there
Note         USER_DEPOSIT_MODEL says of each cell where it comes from (sp_SetDepositModel); what comes from the model is written as it was
             read, and so is what stands there for where this order has nothing. A deploy writes the site's own columns in place of the trial ERP's.
             The ticket's drawer session is the drawer's newest one: the model's is closed by then.
Example      EXECUTE dbo.sp_WriteDepositTicket @STAGING_ID = 1, @DOC_ID = 101000000001, @TICKET_DOC_ID = 101000000002, …;
*/
CREATE OR ALTER PROCEDURE dbo.sp_WriteDepositTicket
    @STAGING_ID int,
    @DOC_ID bigint,
    @TICKET_DOC_ID bigint,
    @TICKET_TKT_NO varchar(15),
    @AMT decimal(15, 2),
    @PAY_COD varchar(10),
    @PAY_COD_TYP varchar(1),
    @DESCR varchar(50),
    @EDC_AUTH_FLG varchar(1),
    @MOMENT datetime2(3),
    @NOW datetime2(3) = NULL
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET @NOW = COALESCE(@NOW, SYSUTCDATETIME());

    DECLARE
        @LOCAL_NOW datetime2(3),
        @WOO_ORDER_NO varchar(50),
        @CUST_NO varchar(15),
        @ORDER_TKT_NO varchar(15),
        @ORDER_GUID uniqueidentifier,
        @STR_ID varchar(10),
        @STA_ID varchar(10),
        @DRW_ID varchar(10),
        @USR_ID varchar(10),
        @SLS_REP varchar(10),
        @STK_LOC_ID varchar(10),
        @PRC_LOC_ID varchar(10),
        @SESSION_ID bigint,
        @TICKET_GUID uniqueidentifier = NEWID(),
        @NEW_GUID uniqueidentifier = NEWID();
    DECLARE @CELL table
    (
        PART varchar(10) NOT NULL,
        TABLE_NAME varchar(128) NOT NULL,
        ROW_NO int NOT NULL,
        COLUMN_NAME varchar(128) NOT NULL,
        VALUE nvarchar(1000) NULL,
        PRIMARY KEY (PART, TABLE_NAME, ROW_NO, COLUMN_NAME)
    );

    SELECT
        @LOCAL_NOW = moment.LOCAL_DT
    FROM dbo.fn_CounterPointTime(@NOW) AS moment;

    SELECT
        @WOO_ORDER_NO = staged.WOO_ORDER_NO
    FROM dbo.USER_ORDER_STAGING AS staged
    WHERE staged.STAGING_ID = @STAGING_ID;

    SELECT
        @ORDER_TKT_NO = document.TKT_NO,
        @ORDER_GUID = document.DOC_GUID,
        @CUST_NO = document.CUST_NO,
        @STR_ID = document.STR_ID,
        @STA_ID = document.STA_ID,
        @STK_LOC_ID = document.STK_LOC_ID
    FROM dbo.PS_DOC_HDR AS document
    WHERE document.DOC_ID = @DOC_ID;

    SELECT
        @DRW_ID = MAX(CASE WHEN setting.NAME = 'DRW_ID' THEN setting.VALUE END),
        @USR_ID = MAX(CASE WHEN setting.NAME = 'USR_ID' THEN setting.VALUE END),
        @SLS_REP = NULLIF(MAX(CASE WHEN setting.NAME = 'SLS_REP' THEN setting.VALUE END), N''),
        @PRC_LOC_ID = MAX(CASE WHEN setting.NAME = 'PRC_LOC_ID' THEN setting.VALUE END)
    FROM dbo.USER_ERP_SETTING AS setting;

    /* Where there is PS_DRW_SESSION: */
    SELECT
        @SESSION_ID = MAX(opened.DRW_SESSION_ID)
    FROM dbo.PS_DRW_SESSION AS opened
    WHERE opened.STR_ID = @STR_ID
    AND   opened.DRW_ID = @DRW_ID;
    /* End. */

    INSERT INTO @CELL
    (
        PART, TABLE_NAME, ROW_NO, COLUMN_NAME, VALUE
    )
    SELECT
        model.PART,
        model.TABLE_NAME,
        model.ROW_NO,
        model.COLUMN_NAME,
        COALESCE
        (
            CASE model.SOURCE
                WHEN 'AMOUNT' THEN CONVERT(nvarchar(30), @AMT)
                WHEN 'MINUS' THEN CONVERT(nvarchar(30), -@AMT)
                WHEN 'NONE' THEN N'0'
                WHEN 'TICKET_ID' THEN CONVERT(nvarchar(30), @TICKET_DOC_ID)
                WHEN 'TICKET_NO' THEN @TICKET_TKT_NO
                WHEN 'TICKET_GUID' THEN CONVERT(nvarchar(36), @TICKET_GUID)
                WHEN 'ORDER_ID' THEN CONVERT(nvarchar(30), @DOC_ID)
                WHEN 'ORDER_NO' THEN @ORDER_TKT_NO
                WHEN 'ORDER_GUID' THEN CONVERT(nvarchar(36), @ORDER_GUID)
                WHEN 'NEW_GUID' THEN CONVERT(nvarchar(36), @NEW_GUID)
                WHEN 'CUST_NO' THEN @CUST_NO
                WHEN 'WEB_ORDER' THEN @WOO_ORDER_NO
                WHEN 'STR_ID' THEN @STR_ID
                WHEN 'STA_ID' THEN @STA_ID
                WHEN 'DRW_ID' THEN @DRW_ID
                WHEN 'USR_ID' THEN @USR_ID
                WHEN 'SLS_REP' THEN @SLS_REP
                WHEN 'STK_LOC_ID' THEN @STK_LOC_ID
                WHEN 'PRC_LOC_ID' THEN @PRC_LOC_ID
                WHEN 'SESSION' THEN CONVERT(nvarchar(30), @SESSION_ID)
                WHEN 'SYNCCTL' THEN N'SYNCCTL'
                WHEN 'DB_NAM' THEN LEFT(DB_NAME(), 50)
                WHEN 'LOG_ENTRY' THEN CONCAT(N'Entered the deposit of web order ', @WOO_ORDER_NO)
                WHEN 'PAY_COD' THEN @PAY_COD
                WHEN 'PAY_COD_TYP' THEN @PAY_COD_TYP
                WHEN 'PAY_DESCR' THEN @DESCR
                WHEN 'EDC_AUTH_FLG' THEN @EDC_AUTH_FLG
                WHEN 'DAY' THEN CONVERT(nvarchar(30), CONVERT(datetime2(3), CONVERT(date, @MOMENT)), 126)
                WHEN 'MOMENT' THEN CONVERT(nvarchar(30), @MOMENT, 126)
                WHEN 'LOCAL' THEN CONVERT(nvarchar(30), @LOCAL_NOW, 126)
                WHEN 'UTC' THEN CONVERT(nvarchar(30), @NOW, 126)
            END,
            model.VALUE
        )
    FROM dbo.USER_DEPOSIT_MODEL AS model
    WHERE model.PART IN ('TICKET', 'ORDER');

    INSERT INTO dbo.PS_DOC_HDR
    (
        DOC_ID, DOC_GUID, DOC_TYP, STR_ID, STA_ID, TKT_NO, CUST_NO, TKT_DT, SHIP_DAT, SHIP_VIA_COD, STK_LOC_ID,
        PRC_LOC_ID, TAX_COD, CUST_PO_NO, ORD_LINS, SAL_LINS, SAL_LIN_TOT, SHIP_TO_CONTACT_ID, LST_MAINT_DT,
        LST_MAINT_USR_ID, TKT_TYP, DRW_ID, USR_ID, SLS_REP, NORM_TAX_COD, TAX_OVRD_REAS, REF, BILL_TO_CONTACT_ID,
        RET_LINS, GFC_LINS, SVC_LINS, BO_LINS, SO_LINS, DS_LINS, TO_REL_LINS, TO_LEAVE_LINS, RET_LIN_TOT,
        IS_DOC_COMMITTED, IS_REL_TKT, REQ_REPRICE, HAS_ENTD_LINS, HAS_PCKD_LINS, HAS_PCKVRFD_LINS, HAS_INVCD_LINS,
        HAS_RLSD_LINS, IS_OFFLINE, TIMES_PRTD, RS_UTC_DT, RS_STAT, DRW_SESSION_ID
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(uniqueidentifier, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_GUID' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_TYP' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'STR_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'STA_ID' THEN cell.VALUE END)),
        CONVERT(varchar(15), MAX(CASE WHEN cell.COLUMN_NAME = 'TKT_NO' THEN cell.VALUE END)),
        CONVERT(varchar(15), MAX(CASE WHEN cell.COLUMN_NAME = 'CUST_NO' THEN cell.VALUE END)),
        CONVERT(datetime2(3), MAX(CASE WHEN cell.COLUMN_NAME = 'TKT_DT' THEN cell.VALUE END), 126),
        CONVERT(datetime2(3), MAX(CASE WHEN cell.COLUMN_NAME = 'SHIP_DAT' THEN cell.VALUE END), 126),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'SHIP_VIA_COD' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'STK_LOC_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'PRC_LOC_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'TAX_COD' THEN cell.VALUE END)),
        CONVERT(varchar(20), MAX(CASE WHEN cell.COLUMN_NAME = 'CUST_PO_NO' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'ORD_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'SAL_LINS' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'SAL_LIN_TOT' THEN cell.VALUE END)),
        CONVERT(tinyint, MAX(CASE WHEN cell.COLUMN_NAME = 'SHIP_TO_CONTACT_ID' THEN cell.VALUE END)),
        CONVERT(datetime2(3), MAX(CASE WHEN cell.COLUMN_NAME = 'LST_MAINT_DT' THEN cell.VALUE END), 126),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'LST_MAINT_USR_ID' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'TKT_TYP' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'DRW_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'USR_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'SLS_REP' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'NORM_TAX_COD' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'TAX_OVRD_REAS' THEN cell.VALUE END)),
        CONVERT(varchar(50), MAX(CASE WHEN cell.COLUMN_NAME = 'REF' THEN cell.VALUE END)),
        CONVERT(tinyint, MAX(CASE WHEN cell.COLUMN_NAME = 'BILL_TO_CONTACT_ID' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'RET_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'GFC_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'SVC_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'BO_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'SO_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'DS_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'TO_REL_LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'TO_LEAVE_LINS' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'RET_LIN_TOT' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'IS_DOC_COMMITTED' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'IS_REL_TKT' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'REQ_REPRICE' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'HAS_ENTD_LINS' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'HAS_PCKD_LINS' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'HAS_PCKVRFD_LINS' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'HAS_INVCD_LINS' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'HAS_RLSD_LINS' THEN cell.VALUE END)),
        CONVERT(bit, MAX(CASE WHEN cell.COLUMN_NAME = 'IS_OFFLINE' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'TIMES_PRTD' THEN cell.VALUE END)),
        CONVERT(datetime2(3), MAX(CASE WHEN cell.COLUMN_NAME = 'RS_UTC_DT' THEN cell.VALUE END), 126),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'RS_STAT' THEN cell.VALUE END)),
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DRW_SESSION_ID' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_HDR'
    AND   cell.PART = 'TICKET'
    GROUP BY
        cell.PART,
        cell.ROW_NO;

    INSERT INTO dbo.PS_DOC_HDR_TOT
    (
        DOC_ID, TOT_TYP, SUB_TOT, TAX_AMT, TOT, TOT_HDR_DISC, TOT_LIN_DISC, TOT_MISC, AMT_DUE, INITIAL_MIN_DUE,
        TOT_WEIGHT, TOT_CUBE, TAX_AMT_SHIPPED, HAS_TAX_OVRD, LINS, TAX_OVRD_LINS, NORM_TAX_AMT, TOT_TND, TOT_CHNG,
        TOT_GFC_AMT, TOT_SVC_AMT, TOT_EXT_COST, TOT_HDR_DISCNTBL_AMT
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_TYP' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'SUB_TOT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TAX_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_HDR_DISC' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_LIN_DISC' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_MISC' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'AMT_DUE' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'INITIAL_MIN_DUE' THEN cell.VALUE END)),
        CONVERT(decimal(15, 4), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_WEIGHT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 4), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_CUBE' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TAX_AMT_SHIPPED' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'HAS_TAX_OVRD' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'LINS' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'TAX_OVRD_LINS' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'NORM_TAX_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_TND' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_CHNG' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_GFC_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_SVC_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_EXT_COST' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_HDR_DISCNTBL_AMT' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_HDR_TOT'
    AND   cell.PART = 'TICKET'
    GROUP BY
        cell.PART,
        cell.ROW_NO;

    INSERT INTO dbo.PS_DOC_PMT
    (
        DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, PAY_DAT, PAY_COD_TYP, STR_ID, STA_ID, TKT_NO, DESCR, FINAL_PMT, PMT_LIN_TYP,
        CURNCY_COD, EXCH_RATE_NUMER, EXCH_RATE_DENOM, HOME_CURNCY_AMT, EXCH_LOSS, ROUND_GAIN_LOSS,
        HOME_CURNCY_ROUND_GAIN_LOSS, CARD_IS_NEW, SECURE_ECOMM_TRX, SWIPED, DEP_LIN_COPIED_TO_REL_DOC, EDC_AUTH_FLG
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'PMT_SEQ_NO' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'PAY_COD' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'AMT' THEN cell.VALUE END)),
        CONVERT(datetime2(3), MAX(CASE WHEN cell.COLUMN_NAME = 'PAY_DAT' THEN cell.VALUE END), 126),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'PAY_COD_TYP' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'STR_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'STA_ID' THEN cell.VALUE END)),
        CONVERT(varchar(15), MAX(CASE WHEN cell.COLUMN_NAME = 'TKT_NO' THEN cell.VALUE END)),
        CONVERT(varchar(50), MAX(CASE WHEN cell.COLUMN_NAME = 'DESCR' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'FINAL_PMT' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'PMT_LIN_TYP' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'CURNCY_COD' THEN cell.VALUE END)),
        CONVERT(decimal(15, 4), MAX(CASE WHEN cell.COLUMN_NAME = 'EXCH_RATE_NUMER' THEN cell.VALUE END)),
        CONVERT(decimal(15, 4), MAX(CASE WHEN cell.COLUMN_NAME = 'EXCH_RATE_DENOM' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'HOME_CURNCY_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'EXCH_LOSS' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'ROUND_GAIN_LOSS' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'HOME_CURNCY_ROUND_GAIN_LOSS' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'CARD_IS_NEW' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'SECURE_ECOMM_TRX' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'SWIPED' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'DEP_LIN_COPIED_TO_REL_DOC' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'EDC_AUTH_FLG' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_PMT'
    GROUP BY
        cell.PART,
        cell.ROW_NO;

    INSERT INTO dbo.PS_DOC_PMT_APPLY
    (
        DOC_ID, PMT_SEQ_NO, APPL_TYP, AMT, HOME_CURNCY_AMT, EXCH_LOSS
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'PMT_SEQ_NO' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'APPL_TYP' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'HOME_CURNCY_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'EXCH_LOSS' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_PMT_APPLY'
    GROUP BY
        cell.PART,
        cell.ROW_NO;

    INSERT INTO dbo.PS_DOC_AUDIT_LOG
    (
        DOC_ID, LOG_SEQ_NO, DOC_TYP, DOC_GUID, CURR_DT, CURR_STR_ID, CURR_STA_ID, CURR_DRW_ID, CURR_USR_ID,
        CURR_WKSTN_NAM, CURR_DB_NAM, ACTIV, LOG_ENTRY
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'LOG_SEQ_NO' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_TYP' THEN cell.VALUE END)),
        CONVERT(uniqueidentifier, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_GUID' THEN cell.VALUE END)),
        CONVERT(datetime2(3), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_DT' THEN cell.VALUE END), 126),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_STR_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_STA_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_DRW_ID' THEN cell.VALUE END)),
        CONVERT(varchar(10), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_USR_ID' THEN cell.VALUE END)),
        CONVERT(varchar(50), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_WKSTN_NAM' THEN cell.VALUE END)),
        CONVERT(varchar(50), MAX(CASE WHEN cell.COLUMN_NAME = 'CURR_DB_NAM' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'ACTIV' THEN cell.VALUE END)),
        CONVERT(varchar(255), MAX(CASE WHEN cell.COLUMN_NAME = 'LOG_ENTRY' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_AUDIT_LOG'
    AND   cell.PART = 'TICKET'
    GROUP BY
        cell.PART,
        cell.ROW_NO;

    INSERT INTO dbo.PS_DOC_AUDIT_LOG_TOT
    (
        DOC_ID, LOG_SEQ_NO, TOT_TYP, LINS, SUB_TOT, TOT_MISC, TAX_AMT, NORM_TAX_AMT, TOT, TOT_TND, TOT_CHNG, AMT_DUE,
        TOT_EXT_COST, TOT_GFC_AMT, TOT_SVC_AMT, DEP_NET_CHANGE
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'LOG_SEQ_NO' THEN cell.VALUE END)),
        CONVERT(varchar(1), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_TYP' THEN cell.VALUE END)),
        CONVERT(int, MAX(CASE WHEN cell.COLUMN_NAME = 'LINS' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'SUB_TOT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_MISC' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TAX_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'NORM_TAX_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_TND' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_CHNG' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'AMT_DUE' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_EXT_COST' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_GFC_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'TOT_SVC_AMT' THEN cell.VALUE END)),
        CONVERT(decimal(15, 2), MAX(CASE WHEN cell.COLUMN_NAME = 'DEP_NET_CHANGE' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_AUDIT_LOG_TOT'
    AND   cell.PART = 'TICKET'
    GROUP BY
        cell.PART,
        cell.ROW_NO;

    /* Where there is PS_DOC_HDR_ORIG_DOC: */
    INSERT INTO dbo.PS_DOC_HDR_ORIG_DOC
    (
        DOC_ID, ORIG_DOC_ID, ORIG_TKT_NO
    )
    SELECT
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'DOC_ID' THEN cell.VALUE END)),
        CONVERT(bigint, MAX(CASE WHEN cell.COLUMN_NAME = 'ORIG_DOC_ID' THEN cell.VALUE END)),
        CONVERT(varchar(15), MAX(CASE WHEN cell.COLUMN_NAME = 'ORIG_TKT_NO' THEN cell.VALUE END))
    FROM @CELL AS cell
    WHERE cell.TABLE_NAME = 'PS_DOC_HDR_ORIG_DOC'
    GROUP BY
        cell.PART,
        cell.ROW_NO;
    /* End. */

    INSERT INTO dbo.PS_DOC_CONTACT
    (
        DOC_ID, CONTACT_ID, NAM_TYP, NAM, FST_NAM, LST_NAM, CONTCT_1, ADRS_ID, ADRS_1, ADRS_2, ADRS_3, CITY, STATE,
        ZIP_COD, CNTRY, PHONE_1, EMAIL_ADRS_1
    )
    SELECT
        @TICKET_DOC_ID,
        template.CONTACT_ID,
        template.NAM_TYP,
        template.NAM,
        template.FST_NAM,
        template.LST_NAM,
        template.CONTCT_1,
        template.ADRS_ID,
        template.ADRS_1,
        template.ADRS_2,
        template.ADRS_3,
        template.CITY,
        template.STATE,
        template.ZIP_COD,
        template.CNTRY,
        template.PHONE_1,
        template.EMAIL_ADRS_1
    FROM dbo.PS_DOC_CONTACT AS template
    INNER JOIN @CELL AS cell
        ON  cell.TABLE_NAME = 'PS_DOC_CONTACT'
        AND cell.COLUMN_NAME = 'CONTACT_ID'
        AND TRY_CONVERT(int, cell.VALUE) = template.CONTACT_ID
    WHERE template.DOC_ID = @DOC_ID;
END;
GO
