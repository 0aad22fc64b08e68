SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO
/*
CounterPoint's site settings and number series
    Which ERP this database belongs to (ERP, ERP_NAME), and the settings that its documents are written by.

Note         A setting or series that a site has changed stays as it is. Station and drawer, and the series of documents and tickets, have
             no default: syncctl config erp import takes them from EC_CTL, config erp set and config erp series set them. Until then no
             order is processed (fn_MissingErpSettings).
             Payments that a version without USER_ORDER_PAYMENT wrote are entered there, once: the first and only one of a document from
             before that table, of its total, at the moment of its ticket. A person's, dated by the day, is never taken for one of ours.
Repeatable   yes: each step looks first
*/
INSERT INTO dbo.USER_ERP_SETTING
(
    NAME, VALUE, DESCR
)
SELECT
    seed.NAME,
    seed.VALUE,
    seed.DESCR
FROM
(
    VALUES
        (N'ERP', N'counterpoint', N'Which ERP this database belongs to, as it was deployed'),
        (N'ERP_NAME', N'CounterPoint', N'What people call it, in notes and messages'),
        (N'STR_ID', N'01', N'Store of web orders (PS_DOC_HDR.STR_ID)'),
        (N'STA_ID', NULL, N'Station of web orders (PS_DOC_HDR.STA_ID); it has no default'),
        (N'STK_LOC_ID', N'01', N'Location whose stock is committed'),
        (N'PRC_LOC_ID', N'01', N'Location whose prices are compared'),
        (N'DOC_TYP', N'O', N'Document type of an order'),
        (N'LIN_TYP', N'O', N'Line type of an order line'),
        (N'TOT_TYP', N'O', N'Type of the totals row'),
        (N'TAX_COD', NULL, N'Tax code of documents and new customers; empty: not set'),
        (N'MISC_CHRG_NO', N'1', N'Number of the first misc charge'),
        (N'MISC_TYP', N'A', N'Type of a misc charge (A: an amount)'),
        (N'TAX_AMT_SHIPPED', N'0', N'TAX_AMT_SHIPPED of a new order: 0, or TAX for the tax amount'),
        (N'WRITE_PAYMENT', N'N', N'Payment of a paid order, its pay code from USER_PAY_CODE_MAP: Y on the order, D on a deposit ticket beside it, N none'),
        (N'DEPOSIT_MODEL', NULL, N'Deposit ticket that others are written like (WRITE_PAYMENT D); config erp deposit-model reads it'),
        (N'CUST_CATEG_COD', NULL, N'Category of customers made from web orders'),
        (N'CUST_NO_FROM', N'SERIES', N'What numbers new customers: SERIES (the CUST_NO series), EC_CTL or SY_WRKGRP (their NXT_CUST_NO)'),
        (N'WRKGRP_ID', NULL, N'Workgroup whose NXT_CUST_NO numbers customers (CUST_NO_FROM SY_WRKGRP); empty: the only one'),
        (N'TMPLT_CUST_NO', NULL, N'Customer that new ones are made like; empty: the one of EC_CTL, - for none'),
        (N'TKT_TYP', N'T', N'Ticket type of an order'),
        (N'DRW_ID', NULL, N'Drawer of web orders (PS_DOC_HDR.DRW_ID); it has no default'),
        (N'USR_ID', N'SYNCCTL', N'User that documents are entered by; one that the ERP knows'),
        (N'SLS_REP', NULL, N'Sales representative of web orders; empty: none'),
        (N'NORM_TAX_COD', NULL, N'Tax code that would apply without the override; empty: TAX_COD'),
        (N'TAX_OVRD_REAS', NULL, N'Reason for the override that keeps the tax of the store; empty: none'),
        (N'TAX_AUTH_COD', N'WEB', N'Tax authority of rates that USER_TAX_MAP has no row for'),
        (N'TAX_RUL_COD', N'TAX', N'Its tax rule'),
        (N'FORMER_ORDERS', N'Y', N'Y: no order is entered whose number the station has, not by syncctl; N: each; or further stations, with commas'),
        (N'WRITE_SHIP_ADRS', N'N', N'Y adds the ship-to address to the addresses of the customer, too'),
        (N'PAY_COD_TYP', N'B', N'Type of a pay code, where the ERP has no table of pay codes'),
        (N'CUST_MATCH_NAME', N'N', N'Y matches a customer of the store by name and postcode, too, where the e-mail address finds nobody'),
        (N'CUST_CHANGES', N'ERP', N'Whose word counts where both the store and a person in the ERP changed a customer: ERP or STORE'),
        (N'TIME_ZONE', NULL, N'Time zone of the ERP, as Windows names it; empty: that of the server'),
        (N'SHIP_VIA_PROF', NULL, N'Profile field that takes the shipping method (PROF_ALPHA_1 to 5); empty: none'),
        (N'STOCK_COLUMNS', N'QTY_ON_SO', N'Stock columns that an order moves: QTY_ON_SO, QTY_ON_ORD, QTY_COMMIT, or several with commas'),
        (N'STOCK_CHECK', N'N', N'Y warns of orders of more than is available: on hand without what STOCK_COLUMNS says open orders hold'),
        (N'STOCK_LOCATIONS', NULL, N'Locations whose stock is for the web, with commas (stock push); empty: STK_LOC_ID'),
        (N'WEB_PRICE_LIST', N'PRC_1', N'Column of IM_PRC that has the regular price of the web (price push): PRC_1 to PRC_6, or REG_PRC'),
        (N'WEB_SALE_LIST', NULL, N'Column of IM_PRC that has the price of a sale where it is lower (price push); empty: no sales'),
        (N'WEB_PRICES_INCLUDE_TAX', N'N', N'Y: the prices of WEB_PRICE_LIST and WEB_SALE_LIST include tax; N: they are without (price push)')
) AS seed (NAME, VALUE, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_ERP_SETTING AS known
    WHERE known.NAME = seed.NAME
);
GO
UPDATE
    dbo.USER_ERP_SETTING
SET
    DESCR = N'Payment of a paid order, its pay code from USER_PAY_CODE_MAP: Y on the order, D on a deposit ticket beside it, N none'
WHERE NAME = 'WRITE_PAYMENT'
AND   DESCR LIKE N'Y writes the payment%';
GO
UPDATE
    dbo.USER_ERP_SETTING
SET
    DESCR = N'Y: no order is entered whose number the station has, not by syncctl; N: each; or further stations, with commas'
WHERE NAME = 'FORMER_ORDERS'
AND   DESCR LIKE N'N enters an order even%';
GO
INSERT INTO dbo.USER_NUMBER_SERIES
(
    SERIES, PREFIX, WIDTH, NEXT_NO, DESCR
)
SELECT
    seed.SERIES,
    seed.PREFIX,
    seed.WIDTH,
    seed.NEXT_NO,
    seed.DESCR
FROM
(
    VALUES
        (N'CUST_NO', N'W', 8, 1, N'Customers made from web orders')
) AS seed (SERIES, PREFIX, WIDTH, NEXT_NO, DESCR)
WHERE NOT EXISTS
(
    SELECT
        1
    FROM dbo.USER_NUMBER_SERIES AS known
    WHERE known.SERIES = seed.SERIES
);
GO
INSERT INTO dbo.USER_ORDER_PAYMENT
(
    STORE_ID, WOO_ORDER_ID, DOC_ID, PMT_SEQ_NO, PAY_COD, AMT, UPDATED_DT
)
SELECT
    linked.STORE_ID,
    linked.WOO_ORDER_ID,
    linked.DOC_ID,
    payment.PMT_SEQ_NO,
    payment.PAY_COD,
    payment.AMT,
    linked.CREATED_DT
FROM dbo.USER_ORDER_LINK AS linked
INNER JOIN dbo.PS_DOC_HDR AS document
    ON document.DOC_ID = linked.DOC_ID
INNER JOIN dbo.PS_DOC_PMT AS payment
    ON  payment.DOC_ID = linked.DOC_ID
    AND payment.PMT_SEQ_NO = 1
    AND payment.AMT = linked.TOT
    AND payment.PAY_DAT = document.TKT_DT
WHERE NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_PAYMENT AS known)
AND   linked.CREATED_DT <
(
    SELECT
        MIN(journal.APPLIED_DT)
    FROM dbo.USER_SCHEMA_JOURNAL AS journal
    WHERE journal.SCRIPT = 'schema/040_USER_ORDER_PAYMENT.sql'
)
AND   EXISTS (SELECT 1 FROM dbo.USER_ERP_SETTING AS setting WHERE setting.NAME = 'WRITE_PAYMENT' AND setting.VALUE = N'Y')
AND   NOT EXISTS
(
    SELECT
        1
    FROM dbo.PS_DOC_PMT AS other
    WHERE other.DOC_ID = payment.DOC_ID
    AND   other.PMT_SEQ_NO <> payment.PMT_SEQ_NO
);
GO
