"""Every row and column that a web order has where the ERP itself writes it, by the vendor's own sample documents."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncctl.db.contract import AuditOrders
from tests.orders import charge, line, order
from tests.shop import Shop

D = Decimal

SITE = {
    "TAX_COD": "EC_WOO",
    "TAX_OVRD_REAS": "EC_WOO",
    "SLS_REP": "WEB",
    "SHIP_VIA_PROF": "PROF_ALPHA_1",
    "WRITE_SHIP_ADRS": "Y",
}

FILLED = {
    "PS_DOC_HDR": """
        DOC_ID DOC_GUID DOC_TYP TKT_TYP STR_ID STA_ID DRW_ID TKT_NO USR_ID SLS_REP CUST_NO TKT_DT STK_LOC_ID PRC_LOC_ID TAX_COD
        NORM_TAX_COD TAX_OVRD_REAS REF CUST_PO_NO BILL_TO_CONTACT_ID SHIP_TO_CONTACT_ID ORD_LINS SAL_LINS SAL_LIN_TOT RET_LINS
        RET_LIN_TOT GFC_LINS SVC_LINS BO_LINS SO_LINS DS_LINS TO_REL_LINS TO_LEAVE_LINS IS_DOC_COMMITTED IS_REL_TKT REQ_REPRICE
        HAS_ENTD_LINS HAS_PCKD_LINS HAS_PCKVRFD_LINS HAS_INVCD_LINS HAS_RLSD_LINS IS_OFFLINE TIMES_PRTD RS_UTC_DT RS_STAT
        LST_MAINT_DT LST_MAINT_USR_ID""",
    "PS_DOC_CONTACT": """
        DOC_ID CONTACT_ID NAM NAM_TYP FST_NAM LST_NAM CONTCT_1 ADRS_1 ADRS_2 ADRS_3 CITY STATE ZIP_COD CNTRY PHONE_1
        EMAIL_ADRS_1""",
    "PS_DOC_LIN": """
        DOC_ID LIN_SEQ_NO STR_ID STA_ID TKT_NO LIN_TYP ITEM_NO DESCR QTY_SOLD QTY_NUMER QTY_DENOM QTY_UNIT SELL_UNIT PRC EXT_PRC
        GROSS_EXT_PRC DISP_EXT_PRC GROSS_DISP_EXT_PRC CALC_PRC CALC_EXT_PRC REG_PRC PRC_1 UNIT_RETL_VAL UNIT_COST EXT_COST IS_TXBL
        NORM_IS_TXBL ITEM_TYP TRK_METH LIN_GUID QTY_RET HAS_PRC_OVRD USR_ENTD_PRC IS_DISCNTBL IS_WEIGHED IS_KIT_PAR IS_VAL_RET
        TAX_AMT_ALLOC NORM_TAX_AMT_ALLOC ORIG_QTY QTY_TO_REL QTY_TO_LEAVE QTY_SHIPPED QTY_ENTD QTY_PCKD QTY_PCKVRFD QTY_INVCD
        QTY_TO_FILL BARCOD CATEG_COD SUBCAT_COD ITEM_VEND_NO TAX_CATEG STK_LOC_ID PRC_LOC_ID SLS_REP QTY_DECS PRC_DECS DIM_1_UPR
        DIM_2_UPR DIM_3_UPR""",
    "PS_DOC_LIN_PRICE": """
        DOC_ID LIN_SEQ_NO PRC_JUST_STR PRC_GRP_TYP PRC_RUL_SEQ_NO PRC_BRK_DESCR PRC_SEQ_NO QTY_PRCD UNIT_PRC DIM_1_UPR DIM_2_UPR
        DIM_3_UPR""",
    "PS_DOC_HDR_TOT": """
        DOC_ID TOT_TYP INITIAL_MIN_DUE HAS_TAX_OVRD TAX_AMT_SHIPPED LINS TOT_GFC_AMT TOT_SVC_AMT SUB_TOT TAX_OVRD_LINS
        TOT_EXT_COST TOT_MISC TAX_AMT NORM_TAX_AMT TOT_TND TOT_CHNG TOT_WEIGHT TOT_CUBE TOT AMT_DUE TOT_HDR_DISC TOT_LIN_DISC
        TOT_HDR_DISCNTBL_AMT""",
    "PS_DOC_TAX": """
        DOC_ID AUTH_COD RUL_COD TAX_DOC_PART LIN_AMT TXBL_LIN_AMT TXBL_MISC_CHG_AMT_1 TXBL_MISC_CHG_AMT_2 TXBL_MISC_CHG_AMT_3
        TXBL_MISC_CHG_AMT_4 TXBL_MISC_CHG_AMT_5 TXBL_GFC_AMT TXBL_SVC_AMT TXBL_TAX_AMT TXBL_QTY TAX_AMT NORM_TAX_AMT
        TAX_AMT_EXACT NORM_TAX_AMT_EXACT TOT_TXBL_AMT""",
    "PS_DOC_HDR_MISC_CHRG": """
        DOC_ID TOT_TYP MISC_CHRG_NO MISC_TYP MISC_AMT MISC_PCT MISC_AMT_SHIPPED MISC_TAX_AMT_ALLOC MISC_NORM_TAX_AMT_ALLOC""",
    "PS_DOC_PMT": """
        DOC_ID PMT_SEQ_NO PAY_COD PAY_COD_TYP AMT HOME_CURNCY_AMT STR_ID STA_ID TKT_NO FINAL_PMT PMT_LIN_TYP PAY_DAT DESCR
        CURNCY_COD EXCH_RATE_NUMER EXCH_RATE_DENOM EXCH_LOSS ROUND_GAIN_LOSS HOME_CURNCY_ROUND_GAIN_LOSS CARD_IS_NEW
        SECURE_ECOMM_TRX SWIPED DEP_LIN_COPIED_TO_REL_DOC EDC_AUTH_FLG""",
    "PS_DOC_PMT_APPLY": "DOC_ID PMT_SEQ_NO APPL_TYP AMT HOME_CURNCY_AMT EXCH_LOSS",
    "PS_DOC_AUDIT_LOG": """
        DOC_ID LOG_SEQ_NO DOC_TYP DOC_GUID CURR_DT CURR_STR_ID CURR_STA_ID CURR_DRW_ID CURR_USR_ID CURR_WKSTN_NAM CURR_DB_NAM
        ACTIV LOG_ENTRY""",
    "PS_DOC_AUDIT_LOG_TOT": """
        DOC_ID LOG_SEQ_NO TOT_TYP LINS SUB_TOT TOT_MISC TAX_AMT NORM_TAX_AMT TOT TOT_TND TOT_CHNG AMT_DUE TOT_EXT_COST TOT_GFC_AMT
        TOT_SVC_AMT DEP_NET_CHANGE""",
    "PS_DOC_HDR_PROF": "DOC_ID PROF_ALPHA_1",
    "PS_DOC_NOTE": "DOC_ID NOTE_ID NOTE_DAT USR_ID NOTE",
}
"""Table → the columns that hold something in each of its rows, where order, item and site say all that they can say."""


@pytest.fixture
def shop(database, query):
    shop = Shop(database, query)
    for name, value in SITE.items():
        shop.setting(name, value)
    shop.paid_by("CARD")
    query(
        "UPDATE dbo.IM_ITEM SET BARCOD = '4006381', CATEG_COD = 'WEAR', SUBCAT_COD = 'SHIRTS', ITEM_VEND_NO = 'ACME',"
        " TAX_CATEG_COD = 'STD', LST_COST = '7.5000'"
    )
    return shop


def whole_order(shop, *lines, **columns):
    parts = order()["ORDER_JSON"]
    address = {**parts["SHIP"], "ADRS_2": "Flat 3", "ADRS_3": "Bell twice", "STATE": "LDN"}
    json = {**parts, "BILL": address, "SHIP": address, "CHARGES": [charge(tax="0.41")], "CUSTOMER_NOTE": "Leave it at the door"}
    return shop.apply(*lines, charges=[charge(tax="0.41")], TAX_AMT="2.06", ORDER_JSON=json, **columns)


def gaps(shop, doc):
    """The tables without a row of the document, and the columns that hold nothing in one of theirs."""
    found = []
    for table, columns in FILLED.items():
        rows = shop.query(f"SELECT * FROM dbo.{table} WHERE DOC_ID = ?", (doc,))
        found += [] if rows else [table]
        found += [f"{table}.{column}" for row in rows for column in columns.split() if row[column] in (None, "")]
    return found


def test_a_web_order_has_every_row_and_column(shop):
    doc = whole_order(shop, line(1, tax="1.65"), line(2, "MUG", "2", "20.00")).doc_id
    assert gaps(shop, doc) == []
    contacts = shop.query("SELECT CONTACT_ID, ADRS_ID FROM dbo.PS_DOC_CONTACT ORDER BY CONTACT_ID")
    assert [(row["CONTACT_ID"], row["ADRS_ID"]) for row in contacts] == [(1, None), (2, "1")]


def test_it_still_has_them_when_it_was_changed_and_when_it_comes_back(shop):
    lines = (line(1, tax="1.65"), line(2, "MUG", "2", "20.00"))
    doc = whole_order(shop, *lines).doc_id
    whole_order(shop, line(1, "CAP", "3", "36.00", tax="1.65"), line(3, "POSTER", "1", "9.00"))
    assert gaps(shop, doc) == []
    shop.cancel(*lines)
    assert (whole_order(shop, *lines).outcome, gaps(shop, doc)) == ("reopened", [])
    assert shop.database.run(AuditOrders(inventory=True)) == []


def test_the_audit_row_tells_what_the_order_came_to_when_it_was_entered(shop):
    doc = whole_order(shop, line(1, tax="1.65"), line(2, "MUG", "2", "18.00", subtotal="20.00")).doc_id
    first = shop.totals(doc)
    entry = shop.one("SELECT * FROM dbo.PS_DOC_AUDIT_LOG_TOT")
    same = ("TOT_TYP", "LINS", "SUB_TOT", "TOT_MISC", "TAX_AMT", "NORM_TAX_AMT", "TOT", "TOT_TND", "AMT_DUE", "TOT_EXT_COST")
    assert {column: entry[column] for column in same} == {column: first[column] for column in same}
    assert (entry["LOG_SEQ_NO"], entry["TOT"], entry["DEP_NET_CHANGE"]) == (1, D("45.05"), D("45.05"))
    assert (entry["TOT_CHNG"], entry["TOT_GFC_AMT"], entry["TOT_SVC_AMT"]) == (0, 0, 0)
    whole_order(shop, line(1, qty="2", total="39.98", tax="1.65"))
    assert shop.one("SELECT TOT FROM dbo.PS_DOC_AUDIT_LOG_TOT")["TOT"] == D("45.05")
