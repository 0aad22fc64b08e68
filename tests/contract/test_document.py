"""What a document of the ERP holds so that the ERP itself can open, edit, release, print and post it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from syncctl.db.contract import ClaimStagedOrders, SetTaxMap
from syncctl.errors import Conflict
from tests.orders import charge, line, order, stage
from tests.shop import BY_HAND, Shop

D = Decimal


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def taxes(shop, doc):
    rows = shop.query("SELECT * FROM dbo.PS_DOC_TAX WHERE DOC_ID = ? ORDER BY AUTH_COD, RUL_COD", (doc,))
    return [(row["AUTH_COD"], row["RUL_COD"], row["TAX_AMT"]) for row in rows]


def allocated(shop, doc):
    rows = shop.query("SELECT TAX_AMT_ALLOC FROM dbo.PS_DOC_LIN WHERE DOC_ID = ? ORDER BY LIN_SEQ_NO", (doc,))
    return [row["TAX_AMT_ALLOC"] for row in rows]


def with_rates(*rates, **parts):
    """ORDER_JSON that names these rates."""
    lines = [{"RATE_COD": code, "TAX_AMT": amount} for code, amount in rates]
    return {**order()["ORDER_JSON"], "TAX_LINES": lines, **parts}


def test_the_header_says_who_where_and_how_it_stands(shop):
    for name, value in {"DRW_ID": "9", "USR_ID": "WEB", "SLS_REP": "ADA", "TAX_COD": "EC_WOO", "TAX_OVRD_REAS": "EC_WOO"}.items():
        shop.setting(name, value)
    doc = shop.apply(line(1), line(2, "MUG", "2", "20.00"), WOO_ORDER_NO="WEB-2026-000000000000004711").doc_id
    header = shop.header(doc)
    assert (header["TKT_TYP"], header["DRW_ID"], header["USR_ID"], header["SLS_REP"]) == ("T", "9", "WEB", "ADA")
    assert (header["TAX_COD"], header["NORM_TAX_COD"], header["TAX_OVRD_REAS"]) == ("EC_WOO", "EC_WOO", "EC_WOO")
    assert (header["REF"], header["CUST_PO_NO"]) == ("WEB-2026-000000000000004711", "WEB-2026-00000000000")
    assert (header["BILL_TO_CONTACT_ID"], header["SHIP_TO_CONTACT_ID"]) == (1, 2)
    assert (header["ORD_LINS"], header["TO_REL_LINS"], header["TO_LEAVE_LINS"], header["RET_LINS"]) == (2, 2, 0, 0)
    flags = ("IS_REL_TKT", "HAS_ENTD_LINS", "HAS_PCKD_LINS", "HAS_PCKVRFD_LINS", "HAS_INVCD_LINS", "HAS_RLSD_LINS")
    assert {header[flag] for flag in flags} == {"N"}
    shop.apply(line(1), WOO_ORDER_NO="WEB-2026-000000000000004711")
    assert (shop.header(doc)["ORD_LINS"], shop.header(doc)["TO_REL_LINS"]) == (1, 1)
    assert shop.header(doc)["REF"] == "WEB-2026-000000000000004711"


def test_the_addresses_stand_on_the_document_and_nowhere_else(shop):
    parts = order()["ORDER_JSON"]
    bill = {**parts["BILL"], "FST_NAM": "", "LST_NAM": "", "NAM": "Engines Ltd", "COMPANY": "Engines Ltd"}
    ship = {**parts["SHIP"], "ADRS_2": "Flat 3"}
    doc = shop.apply(line(1), ORDER_JSON={**parts, "BILL": bill, "SHIP": ship}).doc_id
    billed, shipped = shop.contact(doc, 1), shop.contact(doc, 2)
    assert (billed["NAM"], billed["NAM_TYP"], billed["FST_NAM"], billed["CONTCT_1"]) == ("Engines Ltd", "B", None, None)
    assert (shipped["NAM"], shipped["NAM_TYP"], shipped["CONTCT_1"]) == ("Ada Lovelace", "P", "Ada Lovelace")
    assert (shipped["FST_NAM"], shipped["LST_NAM"], shipped["ADRS_1"]) == ("Ada", "Lovelace", "12 St James's Square")
    assert (shipped["ADRS_2"], billed["ADRS_2"], shipped["STATE"]) == ("Flat 3", None, None)
    assert (shipped["CITY"], shipped["ZIP_COD"], shipped["CNTRY"], shipped["PHONE_1"]) == (
        "London",
        "SW1Y 4JH",
        "GB",
        "+44 20 0000",
    )
    assert (billed["EMAIL_ADRS_1"], shipped["ADRS_ID"]) == ("ada@example.test", None)
    assert shop.query("SELECT CUST_NO FROM dbo.AR_SHIP_ADRS") == []


def test_the_customers_three_hundredth_address_is_a_contact_like_the_first(shop):
    shop.setting("WRITE_SHIP_ADRS", "Y")
    shop.query("INSERT INTO dbo.AR_SHIP_ADRS (CUST_NO, SHIP_ADRS_ID, NAM) VALUES ('C100', '299', 'Depot')")
    doc = shop.apply(line(1)).doc_id
    assert (shop.header(doc)["SHIP_TO_CONTACT_ID"], shop.contact(doc, 2)["ADRS_ID"]) == (2, "300")


def test_a_line_takes_from_its_item_what_the_order_does_not_say(shop):
    shop.query(
        "UPDATE dbo.IM_ITEM SET BARCOD = '4006381', SUBCAT_COD = 'SHIRTS', CATEG_COD = 'WEAR', ITEM_VEND_NO = 'ACME',"
        " STK_UNIT = 'PIECE', TAX_CATEG_COD = 'STD', IS_DISCNTBL = 'N', TRK_METH = 'S', QTY_DECS = 1, LST_COST = '7.5000'"
        " WHERE ITEM_NO = 'TEE-BLK'"
    )
    shop.query("UPDATE dbo.IM_INV SET LST_COST = '8.2550' WHERE ITEM_NO = 'TEE-BLK'")
    shop.query("UPDATE dbo.IM_PRC SET REG_PRC = '24.9900' WHERE ITEM_NO = 'TEE-BLK'")
    doc = shop.apply(line(1, "TEE-BLK", "3", "53.97", subtotal="59.97")).doc_id
    row = shop.one("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = ?", doc)
    assert (row["BARCOD"], row["CATEG_COD"], row["SUBCAT_COD"], row["ITEM_VEND_NO"]) == ("4006381", "WEAR", "SHIRTS", "ACME")
    assert (row["QTY_UNIT"], row["TAX_CATEG"], row["IS_DISCNTBL"], row["TRK_METH"], row["QTY_DECS"]) == (
        "PIECE",
        "STD",
        "N",
        "S",
        1,
    )
    assert (row["UNIT_COST"], row["EXT_COST"], row["REG_PRC"], row["PRC_1"]) == (D("8.255"), D("24.77"), D("24.99"), D("19.99"))
    assert (row["QTY_NUMER"], row["QTY_DENOM"], row["USR_ENTD_PRC"], row["HAS_PRC_OVRD"]) == (1, 1, "Y", "N")
    assert (row["ORIG_QTY"], row["QTY_TO_REL"], row["QTY_TO_LEAVE"], row["QTY_SHIPPED"]) == (3, 3, 0, 0)
    assert (row["CALC_PRC"], row["DISP_EXT_PRC"], row["GROSS_DISP_EXT_PRC"]) == (D("17.99"), D("53.97"), D("59.97"))
    price = shop.one("SELECT * FROM dbo.PS_DOC_LIN_PRICE WHERE DOC_ID = ?", doc)
    assert (price["LIN_SEQ_NO"], price["PRC_SEQ_NO"], price["PRC_GRP_TYP"], price["PRC_RUL_SEQ_NO"]) == (1, 1, "!", -1)
    assert (price["PRC_BRK_DESCR"], price["QTY_PRCD"], price["UNIT_PRC"]) == ("I", 3, D("17.99"))
    assert shop.totals(doc)["TOT_EXT_COST"] == D("24.77")


def test_a_line_that_becomes_another_item_takes_from_that(shop):
    shop.query("UPDATE dbo.IM_ITEM SET BARCOD = ITEM_NO, LST_COST = '2.0000'")
    doc = shop.apply(line(1, "TEE-BLK", "1", "19.99")).doc_id
    shop.apply(line(1, "MUG", "4", "40.00"))
    row = shop.one("SELECT * FROM dbo.PS_DOC_LIN WHERE DOC_ID = ?", doc)
    assert (row["ITEM_NO"], row["BARCOD"], row["EXT_COST"], row["QTY_TO_REL"], row["ORIG_QTY"]) == ("MUG", "MUG", 8, 4, 4)
    assert shop.one("SELECT QTY_PRCD FROM dbo.PS_DOC_LIN_PRICE WHERE DOC_ID = ?", doc)["QTY_PRCD"] == 4
    assert shop.totals(doc)["TOT_EXT_COST"] == 8


def test_the_totals_row_counts_lines_tender_and_what_may_be_discounted(shop):
    doc = shop.apply(line(1), line(2, "MUG", "2", "18.00", subtotal="20.00"), charges=[charge()], TAX_AMT="3.10").doc_id
    totals = shop.totals(doc)
    assert (totals["HAS_TAX_OVRD"], totals["LINS"], totals["TAX_OVRD_LINS"]) == ("!", 2, 0)
    assert (totals["TAX_AMT"], totals["NORM_TAX_AMT"], totals["TOT_HDR_DISCNTBL_AMT"]) == (D("3.10"), D("3.10"), D("37.99"))
    assert (totals["TOT_TND"], totals["AMT_DUE"], totals["TOT_CHNG"]) == (0, totals["TOT"], 0)


def test_the_payment_that_came_with_the_order_is_tendered(shop):
    shop.paid_by("CARD")
    totals = shop.totals(shop.apply(line(1)).doc_id)
    assert (totals["TOT_TND"], totals["AMT_DUE"]) == (D("19.99"), 0)


# --- Tax ----------------------------------------------------------------------------------------------------------------


def test_tax_without_rates_is_the_sites_own_authoritys(shop):
    doc = shop.apply(line(1, tax="1.65"), charges=[charge(tax="0.41")], TAX_AMT="2.06").doc_id
    assert taxes(shop, doc) == [("WEB", "TAX", D("2.06"))]
    row = shop.one("SELECT * FROM dbo.PS_DOC_TAX WHERE DOC_ID = ?", doc)
    assert (row["TAX_DOC_PART"], row["LIN_AMT"], row["TXBL_LIN_AMT"], row["TXBL_QTY"]) == ("O", D("19.99"), D("19.99"), 1)
    assert (row["TXBL_MISC_CHG_AMT_1"], row["TXBL_MISC_CHG_AMT_2"], row["TOT_TXBL_AMT"]) == (5, 0, D("24.99"))
    assert (row["NORM_TAX_AMT"], row["TAX_AMT_EXACT"], row["NORM_TAX_AMT_EXACT"]) == (D("2.06"), D("2.06"), D("2.06"))
    assert allocated(shop, doc) == [D("1.65")]
    assert shop.one("SELECT MISC_TAX_AMT_ALLOC FROM dbo.PS_DOC_HDR_MISC_CHRG")["MISC_TAX_AMT_ALLOC"] == D("0.41")


def test_a_document_without_tax_has_no_tax_row(shop):
    doc = shop.apply(line(1)).doc_id
    assert (taxes(shop, doc), allocated(shop, doc)) == ([], [0])
    assert shop.one("SELECT IS_TXBL, NORM_IS_TXBL FROM dbo.PS_DOC_LIN")["IS_TXBL"] == "N"


def test_each_rate_goes_to_its_authority_by_the_map(shop):
    shop.setting("TAX_AUTH_COD", "REST")
    for store, rate, authority in (
        ("*", "NY", "STATE"),
        ("*", "NYC", "OTHERS"),
        ("woocommerce", "NYC", "CITY"),
        ("*", "MTA", "CITY"),
    ):
        shop.database.run(SetTaxMap(store_id=store, rate_cod=rate, auth_cod=authority, rul_cod="T"))
    rates = with_rates(("NY", "4.00"), ("NYC", "4.50"), ("MTA", "0.38"), ("XX", "0.12"))
    doc = shop.apply(line(1, tax="9.00"), TAX_AMT="9.00", ORDER_JSON=rates).doc_id
    assert taxes(shop, doc) == [("CITY", "T", D("4.88")), ("REST", "TAX", D("0.12")), ("STATE", "T", D("4.00"))]


def test_after_a_refund_the_rates_share_what_is_left(shop):
    shop.database.run(SetTaxMap(store_id="*", rate_cod="A", auth_cod="A", rul_cod="T"))
    rates = with_rates(("A", "2.00"), ("B", "1.00"))
    doc = shop.apply(line(1, tax="3.00"), TAX_AMT="3.00", ORDER_JSON=rates).doc_id
    assert taxes(shop, doc) == [("A", "T", D("2.00")), ("WEB", "TAX", D("1.00"))]
    shop.apply(line(1, total="10.00", tax="1.00"), TAX_AMT="1.00", ORDER_JSON=rates)
    assert taxes(shop, doc) == [("A", "T", D("0.67")), ("WEB", "TAX", D("0.33"))]
    shop.apply(line(1, total="10.00"), TAX_AMT="0.00", ORDER_JSON=rates)
    assert taxes(shop, doc) == []


def test_what_rounding_leaves_goes_to_the_last_taxed_line(shop):
    lines = (line(1, tax="1.66"), line(2, "MUG", "1", "10.00", tax="0.83"), line(3, "CAP", "1", "5.00"))
    doc = shop.apply(*lines, TAX_AMT="2.50").doc_id
    assert allocated(shop, doc) == [D("1.66"), D("0.84"), D("0.00")]
    rows = shop.query("SELECT IS_TXBL, NORM_IS_TXBL FROM dbo.PS_DOC_LIN ORDER BY LIN_SEQ_NO")
    assert [(row["IS_TXBL"], row["NORM_IS_TXBL"]) for row in rows] == [("Y", "Y"), ("Y", "Y"), ("N", "Y")]


def test_tax_of_which_no_line_says_anything_is_on_the_last(shop):
    doc = shop.apply(line(1), line(2, "MUG", "1", "10.00"), TAX_AMT="2.50").doc_id
    assert allocated(shop, doc) == [D("0.00"), D("2.50")]


# --- Charges ------------------------------------------------------------------------------------------------------------


def test_charges_beyond_the_fifth_are_added_to_it_and_named_in_the_note(shop):
    charges = [charge("fee", f"{number}.00", tax="0.10", description=f"Fee {number}") for number in range(1, 8)]
    doc = shop.apply(line(1), charges=charges, TAX_AMT="0.70").doc_id
    rows = shop.query("SELECT * FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = ? ORDER BY MISC_CHRG_NO", (doc,))
    assert [(row["MISC_CHRG_NO"], row["MISC_AMT"]) for row in rows] == [(1, 1), (2, 2), (3, 3), (4, 4), (5, 18)]
    assert [row["MISC_TAX_AMT_ALLOC"] for row in rows] == [D("0.10")] * 4 + [D("0.30")]
    note = shop.one("SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE NOTE_ID = 'WEB-ORDER'")["NOTE"]
    assert [f"Charge: fee: Fee {number} {number}.00" in note for number in range(1, 8)] == [True] * 7
    assert shop.totals(doc)["TOT_MISC"] == 28


# --- Audit row, and rows that must agree -----------------------------------------------------------------------------------


def test_the_document_says_who_entered_it_once(shop):
    doc = shop.apply(line(1)).doc_id
    shop.apply(line(1, qty="2", total="39.98"))
    entry = shop.one("SELECT * FROM dbo.PS_DOC_AUDIT_LOG")
    assert (entry["DOC_ID"], entry["LOG_SEQ_NO"], entry["ACTIV"], entry["DOC_TYP"]) == (doc, 1, "N", "O")
    assert (entry["CURR_STR_ID"], entry["CURR_STA_ID"], entry["CURR_DRW_ID"], entry["CURR_USR_ID"]) == (
        "01",
        "101",
        "101",
        "SYNCCTL",
    )
    assert (entry["LOG_ENTRY"], entry["CURR_WKSTN_NAM"]) == ("Entered web order 4711", "SYNCCTL")
    assert str(entry["DOC_GUID"]).lower() == str(shop.header(doc)["DOC_GUID"]).lower()


def test_a_document_whose_rows_would_not_agree_is_not_written(shop):
    """As where somebody's trigger changes what is written."""
    body = "UPDATE dbo.PS_DOC_TAX SET TAX_AMT = TAX_AMT + 1"
    if shop.database.engine == "embedded":
        shop.query(f"CREATE TRIGGER dbo.injected AFTER INSERT ON PS_DOC_TAX BEGIN {body.replace('dbo.', '')}; END")
    else:
        shop.query(f"CREATE TRIGGER dbo.injected ON dbo.PS_DOC_TAX AFTER INSERT AS {body};")
    stage(shop.database, order(4711, line(1, tax="1.00"), TAX_AMT="1.00"))
    claimed = shop.claim()
    before = shop.snapshot()
    with pytest.raises(Conflict, match="would not agree with itself") as told:
        shop.work(claimed)
    assert "tax 1.00, on lines and charges 1.00, by authority 2.00" in str(told.value)
    assert str(told.value.code) == "50030"
    assert shop.snapshot() == before
    shop.mend()
    assert shop.work(claimed).outcome == "created"


def test_a_cancelled_document_agrees_with_itself_and_comes_back_whole(shop):
    lines = (line(1, tax="1.00"), line(2, "MUG", "2", "20.00", tax="2.00"))
    doc = shop.apply(*lines, TAX_AMT="3.00").doc_id
    shop.cancel(*lines, TAX_AMT="3.00")
    totals = shop.totals(doc)
    assert (totals["LINS"], totals["NORM_TAX_AMT"], totals["TOT_EXT_COST"], totals["TOT_HDR_DISCNTBL_AMT"]) == (0, 0, 0, 0)
    assert (taxes(shop, doc), allocated(shop, doc), shop.header(doc)["TO_REL_LINS"]) == ([], [0, 0], 0)
    assert shop.query("SELECT DOC_ID FROM dbo.PS_DOC_LIN_PRICE") == []
    assert shop.apply(*lines, TAX_AMT="3.00").outcome == "reopened"
    assert (taxes(shop, doc), allocated(shop, doc)) == ([("WEB", "TAX", 3)], [1, 2])
    assert [row["QTY_TO_REL"] for row in shop.query("SELECT QTY_TO_REL FROM dbo.PS_DOC_LIN ORDER BY LIN_SEQ_NO")] == [1, 2]
    assert shop.header(doc)["TO_REL_LINS"] == 2


def test_an_order_staged_without_rates_is_no_other_order(shop):
    """What an older version staged has no TAX_LINES; the hash is of the order, not of them."""
    shop.apply(line(1), TAX_AMT="1.00")
    again = order(4711, line(1), TAX_AMT="1.00")
    again["ORDER_JSON"] = json.loads(json.dumps(with_rates(("NY", "1.00"))))
    stage(shop.database, again)
    assert shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=10)) == []


# --- Numbers, and orders that are there already -----------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["open", "PS_ORD_HIST", "PS_TKT_HIST", "link"])
def test_a_number_that_is_taken_is_passed_over_wherever_it_is_held(shop, where):
    first = shop.apply(line(1)).doc_id
    if where != "open":
        if where != "link":
            shop.query(f"INSERT INTO dbo.{where} (DOC_ID, STR_ID, STA_ID, TKT_NO) VALUES (?, '01', '9', '101-000001')", (first,))
            shop.query("DELETE FROM dbo.USER_ORDER_LINK")
        shop.delete(first)
    shop.query("UPDATE dbo.USER_NUMBER_SERIES SET NEXT_NO = 1")
    for number in range(2, 9):
        stage(shop.database, order(number, line(1)))
        applied = shop.work(shop.claim())
        assert (applied.doc_id, applied.tkt_no) == (101000000000 + number, f"101-{number:06d}")


def former(shop, table="PS_DOC_HDR", **changes):
    """Put a document of order 5000 there that another program entered at our station."""
    made = shop.apply(line(1)).doc_id
    changes = {"DOC_ID": 555, "DOC_GUID": BY_HAND, "TKT_NO": "101-77", "CUST_PO_NO": "5000", "REF": "5000", **changes}
    shop.copy_row("PS_DOC_HDR", shop.header(made), changes)
    if table != "PS_DOC_HDR":
        shop.query(
            f"INSERT INTO dbo.{table} (DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_PO_NO, REF)"
            " SELECT DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_PO_NO, REF FROM dbo.PS_DOC_HDR WHERE DOC_ID = 555"
        )
        shop.query("DELETE FROM dbo.PS_DOC_HDR WHERE DOC_ID = 555")
    stage(shop.database, order(5000, line(1)))
    return shop.claim()


@pytest.mark.parametrize(("table", "how"), [("PS_DOC_HDR", "open"), ("PS_ORD_HIST", "posted"), ("PS_TKT_HIST", "posted")])
@pytest.mark.parametrize("by", ["CUST_PO_NO", "REF"])
def test_an_order_of_a_former_integration_goes_to_a_person(shop, table, how, by):
    claimed = former(shop, table, **{"CUST_PO_NO": None, "REF": None, by: "5000"})
    before = shop.snapshot()
    with pytest.raises(Conflict, match=rf"has it already as {how} document 555 \(101-77\), which syncctl did not write") as told:
        shop.work(claimed)
    assert str(told.value.code) == "50030"
    assert shop.snapshot() == before
    shop.setting("FORMER_ORDERS", "N")
    assert shop.work(claimed).outcome == "created"


def test_a_document_of_that_number_at_another_station_is_no_web_order(shop):
    assert shop.work(former(shop, STA_ID="7")).outcome == "created"


@pytest.mark.parametrize("table", ["PS_DOC_HDR", "PS_ORD_HIST"])
def test_the_stations_of_a_former_integration_may_be_named(shop, table):
    shop.setting("FORMER_ORDERS", "9, 7,")
    with pytest.raises(Conflict, match="which syncctl did not write"):
        shop.work(former(shop, table, STA_ID="7"))


@pytest.mark.parametrize("by", ["CUST_PO_NO", "REF"])
def test_a_former_integration_may_have_written_the_number_with_its_mark(shop, by):
    with pytest.raises(Conflict, match="which syncctl did not write"):
        shop.work(former(shop, **{"CUST_PO_NO": None, "REF": None, by: "#5000"}))


def test_another_stores_order_of_that_number_is_another_order(shop):
    shop.apply(line(1), WOO_ORDER_NO="5000")
    stage(shop.database, order(5000, line(1)))
    assert shop.work(shop.claim()).outcome == "created"
