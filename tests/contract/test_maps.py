"""What a person says of SKUs, customers and states: checked against the ERP, told before it is written, taken back."""

from __future__ import annotations

import pytest

from syncctl.db.contract import (
    ListCustomerMap,
    ListItemMap,
    ListPayCodeMap,
    ListStatusMap,
    ListTaxMap,
    SetCustomerMap,
    SetItemMap,
    SetPayCodeMap,
    SetStatusMap,
    SetTaxMap,
    ValidateStagedOrder,
)
from syncctl.errors import BadArgument, Conflict, MappingError, NotFound
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def items(shop):
    return [(row.store_id, row.sku, row.item_no) for row in shop.database.run(ListItemMap())]


def customers(shop):
    return [(row.cust_no, row.woo_user_id, row.woo_email) for row in shop.database.run(ListCustomerMap())]


def codes(shop):
    return [found.code for found in shop.database.run(ValidateStagedOrder(staging_id=1)) if found.severity == "error"]


def set_item(shop, **more):
    [row] = shop.database.run(SetItemMap(store_id="woocommerce", **more))
    return row.sku, row.item_no, row.previous


def set_customer(shop, **more):
    [row] = shop.database.run(SetCustomerMap(store_id=more.pop("store_id", "woocommerce"), **more))
    return row.cust_no, row.woo_user_id, row.woo_email, row.previous


def set_status(shop, **more):
    [row] = shop.database.run(SetStatusMap(store_id="woocommerce", **more))
    return row.erp_status, row.woo_status, row.is_mapped, row.previous, row.was_mapped


def pay_codes(shop):
    return [(row.store_id, row.pmt_meth, row.pay_cod) for row in shop.database.run(ListPayCodeMap())]


def set_pay_code(shop, **more):
    [row] = shop.database.run(SetPayCodeMap(store_id="woocommerce", **more))
    return row.pmt_meth, row.pay_cod, row.previous


def taxes(shop):
    return [(row.store_id, row.rate_cod, row.auth_cod, row.rul_cod) for row in shop.database.run(ListTaxMap())]


def set_tax(shop, **more):
    [row] = shop.database.run(SetTaxMap(store_id="woocommerce", **more))
    return row.rate_cod, row.auth_cod, row.rul_cod, row.previous_auth_cod, row.previous_rul_cod


# --- Items --------------------------------------------------------------------------------------------------------------


def test_a_sku_gets_an_item_and_the_order_may_enter(shop, database):
    stage(database, order(1, line(1, "TEA")))
    assert codes(shop) == ["unknown_sku"]
    assert set_item(shop, sku="TEA", item_no="MUG", dry_run=True) == ("TEA", "MUG", None)
    assert (items(shop), codes(shop)) == ([], ["unknown_sku"])
    assert set_item(shop, sku=" TEA ", item_no="MUG") == ("TEA", "MUG", None)
    assert (items(shop), codes(shop)) == ([("woocommerce", "TEA", "MUG")], [])


def test_an_items_row_is_changed_and_taken_away(shop):
    set_item(shop, sku="TEA-静岡", item_no="MUG")
    assert set_item(shop, sku="TEA-静岡", item_no="CAP") == ("TEA-静岡", "CAP", "MUG")
    assert items(shop) == [("woocommerce", "TEA-静岡", "CAP")]
    assert set_item(shop, sku="TEA-静岡", dry_run=True) == ("TEA-静岡", None, "CAP")
    assert len(items(shop)) == 1
    assert set_item(shop, sku="TEA-静岡") == ("TEA-静岡", None, "CAP")
    assert items(shop) == []
    with pytest.raises(NotFound, match="The item map has no row for SKU TEA-静岡 and store woocommerce"):
        set_item(shop, sku="TEA-静岡")


def test_an_item_that_the_erp_lacks_is_refused(shop):
    with pytest.raises(MappingError, match="The ERP has no item GONE"):
        set_item(shop, sku="TEA", item_no="GONE")
    with pytest.raises(BadArgument, match="@SKU is required"):
        set_item(shop, sku=" ", item_no="MUG")
    assert items(shop) == []


def test_an_item_is_written_as_the_erp_writes_it(shop):
    assert set_item(shop, sku="TEA", item_no="mug", dry_run=True) == ("TEA", "MUG", None)
    assert set_item(shop, sku="TEA", item_no="mug ") == ("TEA", "MUG", None)
    assert items(shop) == [("woocommerce", "TEA", "MUG")]


# --- Customers ----------------------------------------------------------------------------------------------------------


def test_a_customer_is_found_by_the_address_that_a_person_named(shop, database):
    stage(database, order(1, line(1), WOO_CUST_ID=None, CUST_EMAIL="new@example.test"))
    assert codes(shop) == ["unknown_customer"]
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_EMAIL = NULL WHERE CUST_NO = 'C100'")
    assert set_customer(shop, woo_email="new@example.test", cust_no="C100", dry_run=True)[0] == "C100"
    assert codes(shop) == ["unknown_customer"]
    assert set_customer(shop, woo_email="new@example.test", cust_no="C100") == ("C100", 5, "new@example.test", None)
    assert codes(shop) == []
    assert ("C100", 5, "new@example.test") in customers(shop)


def test_a_customer_is_written_as_the_erp_writes_it(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    assert set_customer(shop, woo_user_id=77, cust_no="c200", dry_run=True) == ("C200", 77, None, None)
    assert set_customer(shop, woo_user_id=77, cust_no=" c200") == ("C200", 77, None, None)
    assert customers(shop) == [("C200", 77, None)]


def test_what_a_person_has_confirmed_is_that_persons_word(shop):
    def source():
        return shop.one("SELECT MAPPING_SOURCE FROM dbo.USER_CUSTOMER_MAP WHERE CUST_NO = 'C100'")["MAPPING_SOURCE"]

    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET MAPPING_SOURCE = 'syncctl'")
    set_customer(shop, woo_user_id=5, cust_no="C100", dry_run=True)
    assert source() == "syncctl"
    set_customer(shop, woo_user_id=5, cust_no="C100")
    assert source() == "manual"


def test_a_customers_row_is_moved_and_taken_away(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    assert set_customer(shop, woo_user_id=77, cust_no="C200") == ("C200", 77, None, None)
    assert set_customer(shop, woo_user_id=77, cust_no="C200") == ("C200", 77, None, "C200")
    assert set_customer(shop, woo_user_id=77, cust_no="C100") == ("C100", 77, None, "C200")
    assert customers(shop) == [("C100", 77, None)]
    assert set_customer(shop, woo_user_id=77, dry_run=True) == (None, 77, None, "C100")
    assert customers(shop) == [("C100", 77, None)]
    assert set_customer(shop, woo_user_id=77) == (None, 77, None, "C100")
    assert customers(shop) == []
    with pytest.raises(NotFound, match="The customer map has no row for 77"):
        set_customer(shop, woo_user_id=77)


def test_a_customer_of_the_erp_is_one_of_the_store_only(shop):
    before = customers(shop)
    with pytest.raises(Conflict, match=r"Customer C100 of the ERP is 5 of the store already.*`syncctl map customer remove 5`"):
        set_customer(shop, woo_user_id=77, cust_no="C100")
    with pytest.raises(Conflict, match="Customer C100 of the ERP is 5 of the store already"):
        set_customer(shop, woo_user_id=6, cust_no="C100")
    assert customers(shop) == before


def test_a_customer_that_the_erp_lacks_is_refused_and_one_is_named_one_way(shop):
    for number in ("C999", "A-NUMBER-TOO-LONG-X"):
        with pytest.raises(MappingError, match=f"The ERP has no customer {number}"):
            set_customer(shop, woo_user_id=77, cust_no=number)
    for named in ({}, {"woo_user_id": 77, "woo_email": "a@example.test"}, {"woo_email": " "}):
        with pytest.raises(BadArgument, match="One of @WOO_USER_ID and @WOO_EMAIL is required"):
            set_customer(shop, cust_no="C100", **named)


# --- States -------------------------------------------------------------------------------------------------------------


def test_a_state_gets_a_word_of_the_stores_and_loses_it(shop):
    assert set_status(shop, erp_status="shipped", woo_status="sent", dry_run=True) == ("shipped", "sent", True, None, False)
    assert set_status(shop, erp_status="shipped", woo_status="sent") == ("shipped", "sent", True, None, False)
    assert set_status(shop, erp_status="shipped") == ("shipped", None, True, "sent", True)
    own = [(row.erp_status, row.woo_status) for row in shop.database.run(ListStatusMap()) if row.store_id == "woocommerce"]
    assert own == [("shipped", None)]
    assert set_status(shop, erp_status="shipped", remove=True) == ("shipped", None, False, None, True)
    assert [row for row in shop.database.run(ListStatusMap()) if row.store_id == "woocommerce"] == []
    with pytest.raises(NotFound, match="The status map has no row for shipped and store woocommerce"):
        set_status(shop, erp_status="shipped", remove=True)


def test_a_state_that_no_document_has_is_refused(shop):
    with pytest.raises(BadArgument, match="@ERP_STATUS takes open, shipped, closed, gone"):
        set_status(shop, erp_status="lost", woo_status="sent")


# --- Pay codes and tax rates --------------------------------------------------------------------------------------------


def test_a_payment_method_gets_a_pay_code_by_which_documents_are_paid(shop):
    shop.setting("WRITE_PAYMENT", "Y")
    assert set_pay_code(shop, pmt_meth=" stripe ", pay_cod="WEB", dry_run=True) == ("stripe", "WEB", None)
    assert pay_codes(shop) == []
    assert set_pay_code(shop, pmt_meth=" stripe ", pay_cod="WEB") == ("stripe", "WEB", None)
    assert set_pay_code(shop, pmt_meth="cod", pay_cod="") == ("cod", "", None)
    assert pay_codes(shop) == [("woocommerce", "cod", ""), ("woocommerce", "stripe", "WEB")]
    doc = shop.apply(line(1), PMT_METH="stripe").doc_id
    assert [row["PAY_COD"] for row in shop.query("SELECT PAY_COD FROM dbo.PS_DOC_PMT WHERE DOC_ID = ?", (doc,))] == ["WEB"]


def test_a_payment_methods_row_is_changed_and_taken_away(shop):
    set_pay_code(shop, pmt_meth="stripe", pay_cod="WEB")
    assert set_pay_code(shop, pmt_meth="stripe", pay_cod="") == ("stripe", "", "WEB")
    assert set_pay_code(shop, pmt_meth="stripe", dry_run=True) == ("stripe", None, "")
    assert pay_codes(shop) == [("woocommerce", "stripe", "")]
    assert set_pay_code(shop, pmt_meth="stripe") == ("stripe", None, "")
    assert pay_codes(shop) == []
    with pytest.raises(NotFound, match="no row for payment method stripe and store woocommerce"):
        set_pay_code(shop, pmt_meth="stripe")


def test_a_pay_code_that_the_erp_lacks_is_refused(shop):
    with pytest.raises(MappingError, match="no pay code NOPE"):
        set_pay_code(shop, pmt_meth="stripe", pay_cod="NOPE")
    with pytest.raises(BadArgument, match=r"@PMT_METH is required\. @PAY_COD takes at most 10 characters"):
        set_pay_code(shop, pmt_meth=" ", pay_cod="12345678901")
    assert pay_codes(shop) == []


def test_a_tax_rate_gets_an_authority_and_loses_it(shop):
    assert set_tax(shop, rate_cod="NYC", auth_cod="CITY", rul_cod="T", dry_run=True) == ("NYC", "CITY", "T", None, None)
    assert taxes(shop) == []
    assert set_tax(shop, rate_cod=" NYC ", auth_cod="CITY", rul_cod="T") == ("NYC", "CITY", "T", None, None)
    assert set_tax(shop, rate_cod="NYC", auth_cod="STATE", rul_cod="T2") == ("NYC", "STATE", "T2", "CITY", "T")
    assert taxes(shop) == [("woocommerce", "NYC", "STATE", "T2")]
    assert set_tax(shop, rate_cod="NYC") == ("NYC", None, None, "STATE", "T2")
    assert taxes(shop) == []
    with pytest.raises(NotFound, match="The map of tax rates has no row for NYC and store woocommerce"):
        set_tax(shop, rate_cod="NYC")
    with pytest.raises(BadArgument, match=r"@RATE_COD is required\. @AUTH_COD and @RUL_COD go together"):
        set_tax(shop, rate_cod="", auth_cod="CITY")


@pytest.mark.parametrize("setting", ["WRITE_PAYMENT", "TAX_AUTH_COD"])
def test_an_erp_whose_documents_take_none_is_told_none(shop, setting):
    shop.query("DELETE FROM dbo.USER_ERP_SETTING WHERE NAME = ?", (setting,))
    with pytest.raises(MappingError, match="This ERP's documents take no"):
        if setting == "WRITE_PAYMENT":
            set_pay_code(shop, pmt_meth="stripe", pay_cod="WEB")
        else:
            set_tax(shop, rate_cod="NYC", auth_cod="CITY", rul_cod="T")
