"""What an order looks like in Microsoft RMS, and what is RMS's own."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from syncctl.db.contract import (
    ClaimStagedOrders,
    GetErpDocument,
    ImportErpSettings,
    ListMissingErpSettings,
    ListNumberSeries,
    ProcessStagedOrder,
    SetErpSetting,
    SetNumberSeries,
    ValidateStagedOrder,
)
from syncctl.errors import BadArgument, ConfigError, Conflict, MappingError, NotFound, SyncError
from tests.orders import charge, fail, line, order, stage

ERP = "rms"
D = Decimal


def number(row, column):
    """Return a float column to four decimals."""
    return D(str(row[column])).quantize(D("0.0001"))


def item(ledger, code):
    return ledger.one("SELECT * FROM dbo.Item WHERE ItemLookupCode = ?", code)


def add_item(ledger, code, *, price="0"):
    ledger.query(
        "INSERT INTO dbo.Item (ItemLookupCode, Description, Price, Quantity) VALUES (?, ?, ?, 10)", (code, code[:30], D(price))
    )
    return item(ledger, code)["ID"]


def add_order(ledger, comment, *codes, reference="", **columns):
    """Write an order as the older integration did, one of each item."""
    template = ledger.apply(*(line(number, code, "1", "10.00") for number, code in enumerate(codes, 1))).doc_id
    held, entries = ledger.held(template), ledger.entries(template)
    ledger.query("DELETE FROM dbo.USER_ORDER_LINE_LINK", ())
    ledger.query("DELETE FROM dbo.USER_ORDER_LINK", ())
    ledger.query("DELETE FROM dbo.USER_ORDER_STAGING", ())
    values = {"Comment": comment, "ReferenceNumber": reference, **columns}
    assigned = ", ".join(f"{name} = ?" for name in values)
    ledger.query(f"UPDATE dbo.[Order] SET {assigned} WHERE ID = ?", (*values.values(), held["ID"]))
    assert entries
    return template


# Prices, taxes, totals.


def test_prices_include_tax_and_the_full_price_is_the_one_before_discounts(ledger):
    doc = ledger.apply(
        line(1, "TEE-BLK", "2", "35.38", subtotal="40.00", tax="4.60"), charges=[charge(tax="0.65")], TAX_AMT="5.25"
    ).doc_id
    [tee] = ledger.entries(doc)
    assert (tee["Price"], tee["FullPrice"]) == (D("19.9900"), D("22.6000"))
    assert (number(tee, "QuantityOnOrder"), number(tee, "QuantityRTD"), tee["PriceSource"]) == (D(2), D(0), 1)
    [shipping] = ledger.entries(doc, source=10)
    assert (shipping["Price"], shipping["Comment"], number(shipping, "QuantityOnOrder")) == (D("5.65"), "Shipping Item", D(1))
    held = ledger.held(doc)
    assert (held["Total"], held["Tax"], held["ShippingChargeOnOrder"]) == (D("45.63"), D("5.25"), D("5.65"))
    assert (held["Type"], bool(held["Closed"]), bool(held["Taxable"]), held["Deposit"]) == (2, False, True, D(0))


def test_the_tax_by_the_sites_rate_is_rounded_once(ledger):
    ledger.setting("TAX_RATE", "0.13")
    lines = [line(number, "MUG", "1", "8.84", tax="1.15") for number in (1, 2, 3)]
    doc = ledger.apply(*lines, TAX_AMT="3.45").doc_id
    # Σ (9.99 − 9.99 ÷ 1.13) = 3 × 1.149292… = 3.447876…
    assert (ledger.held(doc)["Tax"], ledger.held(doc)["Total"]) == (D("3.45"), D("29.97"))
    doc_lines = [line(number, "MUG", "1", "0.04", tax="0.01") for number in (1, 2, 3)]
    ledger.apply(*doc_lines, TAX_AMT="0.03")
    # 3 × (0.05 − 0.05 ÷ 1.13) = 0.01725…: each by itself would be 0.01.
    assert (ledger.held(doc)["Tax"], ledger.held(doc)["Total"]) == (D("0.02"), D("0.15"))


def test_prices_without_tax_have_it_on_top(ledger):
    ledger.setting("PRICES_INCLUDE_TAX", "N")
    doc = ledger.apply(
        line(1, "TEE-BLK", "2", "35.38", subtotal="40.00", tax="4.60"), charges=[charge(tax="0.65")], TAX_AMT="5.25"
    ).doc_id
    [tee] = ledger.entries(doc)
    assert (tee["Price"], tee["FullPrice"]) == (D("17.6900"), D("20.0000"))
    held = ledger.held(doc)
    assert (held["Total"], held["Tax"], held["ShippingChargeOnOrder"]) == (D("45.63"), D("5.25"), D("5.00"))


def test_a_cent_that_rounding_leaves_of_the_tax_goes_to_the_last_taxed_line(ledger):
    doc = ledger.apply(line(1, "TEE-BLK", "1", "10.00", tax="1.30"), line(2, "MUG", "1", "1.00"), TAX_AMT="1.31").doc_id
    assert [row["Price"] for row in ledger.entries(doc)] == [D("11.31"), D("1.00")]
    assert ledger.total(doc) == D("12.31")


def test_a_price_of_more_than_four_decimals_goes_to_a_person(ledger):
    stage(ledger.database, order(4711, line(1, "MUG", "300", "100.00")))
    claimed = ledger.claim()
    before = ledger.rows()
    with pytest.raises(Conflict, match=r"its entries come to 99\.99, the store's total is 100\.00"):
        ledger.work(claimed)
    assert ledger.rows() == before


@pytest.mark.parametrize(("total", "price"), [("10.00", "3.3333"), ("0.01", "0.0033")])
def test_a_price_that_does_not_divide_comes_to_the_total_all_the_same(ledger, total, price):
    doc = ledger.apply(line(1, "MUG", "3", total)).doc_id
    assert ledger.entries(doc)[0]["Price"] == D(price)
    assert ledger.total(doc) == D(total)


def test_a_charge_without_an_item_for_it_goes_to_a_person(ledger):
    ledger.setting("CHARGE_ITEM_ID", "")
    stage(ledger.database, order(4711, line(1, "MUG"), charges=[charge("fee", "2.00", description="Gift wrap")]))
    claimed = ledger.claim()
    before = ledger.rows()
    with pytest.raises(MappingError, match=r"no place for its charge 'Gift wrap' of 2\.00"):
        ledger.work(claimed)
    assert ledger.rows() == before


def test_shipping_without_an_item_for_it_is_charged_on_the_order_and_told(ledger):
    ledger.setting("SHIPPING_ITEM_ID", "")
    doc = ledger.apply(line(1, "MUG", "1", "10.00"), charges=[charge()]).doc_id
    assert ledger.entries(doc, source=10) == []
    assert (ledger.held(doc)["ShippingChargeOnOrder"], ledger.total(doc)) == (D("5.00"), D("15.00"))
    assert "NO_SHIPPING_ITEM" in ledger.events()


def test_the_shipping_entry_is_set_to_zero_and_never_deleted(ledger):
    doc = ledger.apply(line(1, "MUG"), charges=[charge()]).doc_id
    [before] = ledger.entries(doc, source=10)
    ledger.apply(line(1, "MUG"))
    [after] = ledger.entries(doc, source=10)
    assert after["ID"] == before["ID"]
    assert (after["Price"], number(after, "QuantityOnOrder"), number(after, "QuantityRTD")) == (D(0), D(0), D(0))
    ledger.apply(line(1, "MUG"), charges=[charge(amount="4.00")])
    [again] = ledger.entries(doc, source=10)
    assert (again["ID"], again["Price"], number(again, "QuantityOnOrder")) == (before["ID"], D("4.00"), D(1))


# What stands on an order.


def test_an_order_has_its_references_and_its_dates(ledger):
    ledger.setting("STORE_ID", "40")
    ledger.setting("SALES_REP_ID", "1000")
    applied = ledger.apply(line(1, "MUG"))
    held = ledger.held(applied.doc_id)
    assert (held["ReferenceNumber"], held["Comment"]) == ("WOOCOMMERCE-4711", "WooCommerce Order #4711")
    assert (held["StoreID"], held["SalesRepID"], applied.tkt_no) == (40, 1000, str(applied.doc_id))
    assert held["Time"].replace(tzinfo=UTC) == datetime(2026, 11, 20, 6, tzinfo=UTC)
    assert held["ExpirationOrDueDate"].replace(tzinfo=UTC) == datetime(2026, 12, 20, 6, tzinfo=UTC)
    [entry] = ledger.entries(applied.doc_id)
    assert (entry["StoreID"], entry["SalesRepID"]) == (40, 1000)
    [said] = ledger.query("SELECT * FROM dbo.OrderHistory", ())
    assert (said["OrderID"], said["StoreID"], said["Comment"], said["DeltaDeposit"]) == (
        applied.doc_id,
        40,
        "Web order entered",
        D(0),
    )


def test_an_order_of_shopify_is_known_as_that(ledger):
    former = add_order(ledger, "Shopify Order #1001", "MUG")
    stage(ledger.database, order(4711, line(1, "MUG", "1", "10.00"), WOO_ORDER_NO="#1001"))
    ledger.query("UPDATE dbo.USER_ORDER_STAGING SET SOURCE_SYSTEM = 'shopify'", ())
    doc = ledger.work(ledger.claim()).doc_id
    assert doc == former
    assert (ledger.held(doc)["ReferenceNumber"], ledger.held(doc)["Comment"]) == ("SHOPIFY-4711", "Shopify Order #1001")


def test_the_store_may_give_its_own_name_to_the_reference(ledger):
    ledger.setting("REFERENCE_FROM", "STORE")
    assert ledger.held(ledger.apply(line(1, "MUG")).doc_id)["ReferenceNumber"] == "WOOCOMMERCE-4711"


def test_each_change_is_in_the_orders_history(ledger):
    doc = ledger.apply(line(1, "MUG")).doc_id
    comment = ledger.held(doc)["Comment"]
    ledger.apply(line(1, "MUG", "2", "39.98"))
    ledger.cancel(line(1, "MUG", "2", "39.98"))
    ledger.apply(line(1, "MUG", "2", "39.98"))
    said = ledger.query("SELECT Comment FROM dbo.OrderHistory WHERE OrderID = ? ORDER BY ID", (doc,))
    assert [row["Comment"] for row in said] == [
        "Web order entered",
        "Web order changed",
        "Web order closed",
        "Web order reopened",
    ]
    assert ledger.held(doc)["Comment"] == comment


def test_closing_keeps_entries_amounts_and_comment(ledger):
    doc = ledger.apply(line(1, "MUG", "2", "39.98"), charges=[charge()]).doc_id
    before, entries = ledger.held(doc), ledger.sold(doc)
    ledger.cancel(line(1, "MUG", "2", "39.98"), charges=[charge()])
    after = ledger.held(doc)
    assert bool(after["Closed"]) and ledger.sold(doc) == entries
    assert (after["Comment"], after["Total"]) == (before["Comment"], before["Total"])


def test_a_long_description_is_cut_on_a_character_and_stands_whole_in_the_comment(ledger):
    told = "Fine tea from Zürich, loose \U0001f469‍\U0001f692 in a tin"
    doc = ledger.apply(line(1, "MUG", descr=told)).doc_id
    [entry] = ledger.entries(doc)
    assert entry["Description"] == "Fine tea from Zürich, loose"
    assert entry["Comment"] == told


def test_the_shipping_notes_hold_the_whole_address_and_what_has_no_column(ledger):
    placed = order(4711, line(1, "MUG"))["ORDER_JSON"]
    long = "The Old Mill behind the Church of Saint James the Great, second door"
    placed["SHIP"] = {**placed["SHIP"], "ADRS_1": long, "ADRS_2": "Floor 2", "ADRS_3": "Door B"}
    placed |= {"CUSTOMER_NOTE": "Ring twice.", "COUPONS": ["SPRING", "TEN"]}
    doc = ledger.apply(line(1, "MUG"), ORDER_JSON=placed).doc_id
    notes = ledger.held(doc)["ShippingNotes"]
    assert f"Ship to: Ada Lovelace, {long}, Floor 2, Door B, London, SW1Y 4JH, GB" in notes
    for said in (
        "Phone: +44 20 0000",
        "Payment: Credit card / stripe",
        "Coupons: SPRING, TEN",
        "Customer note: Ring twice.",
    ):
        assert said in notes
    assert f"In full, SHIP.ADRS_1: {long}" in notes
    row = ledger.one("SELECT * FROM dbo.ShipTo WHERE ID = ?", ledger.held(doc)["ShipToID"])
    assert (row["Address"], row["Address2"]) == (long[:50].rstrip(), "Floor 2, Door B")


def test_two_orders_to_one_address_share_it(ledger):
    first = ledger.apply(line(1, "MUG")).doc_id
    stage(ledger.database, order(5000, line(1, "MUG")))
    second = ledger.work(ledger.claim()).doc_id
    assert ledger.held(first)["ShipToID"] == ledger.held(second)["ShipToID"]


def test_shipping_notes_that_a_person_corrected_outlive_the_stores_changes(ledger):
    doc = ledger.apply(line(1, "MUG")).doc_id
    ledger.query("UPDATE dbo.[Order] SET ShippingNotes = 'Call first' WHERE ID = ?", (doc,))
    ledger.apply(line(1, "MUG", "2", "39.98"))
    assert ledger.held(doc)["ShippingNotes"] == "Call first"
    ledger.apply(line(1, "MUG", "2", "39.98"), SHIP_VIA="Express")
    assert ledger.held(doc)["ShippingNotes"] == "Call first"
    events = ledger.query("SELECT MESSAGE FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'UPDATED' ORDER BY EVENT_ID", ())
    assert "shipping notes" not in events[0]["MESSAGE"]
    assert "kept as a person changed it in Microsoft RMS" in events[1]["MESSAGE"]


def test_a_quote_commits_no_stock(ledger):
    ledger.setting("ORDER_TYPE", "3")
    doc = ledger.apply(line(1, "MUG", "2", "39.98")).doc_id
    assert (ledger.held(doc)["Type"], ledger.on_order()) == (3, {})
    ledger.setting("ORDER_TYPE", "2")
    ledger.apply(line(1, "MUG", "5", "99.95"))
    assert ledger.on_order() == {}, "what was a quote stays one"
    ledger.cancel(line(1, "MUG", "5", "99.95"))
    assert ledger.on_order() == {}


def test_what_floats_have_behind_four_decimals_is_no_difference(ledger):
    doc = ledger.apply(line(1, "MUG", "0.3", "3.00")).doc_id
    ledger.query("UPDATE dbo.OrderEntry SET QuantityOnOrder = QuantityOnOrder + 0.00000001 WHERE OrderID = ?", (doc,))
    ledger.query("UPDATE dbo.Item SET QuantityCommitted = QuantityCommitted + 0.00000001 WHERE ItemLookupCode = 'MUG'", ())
    assert ledger.apply(line(1, "MUG", "0.1", "1.00")).outcome == "updated"
    assert number(item(ledger, "MUG"), "QuantityCommitted") == D("0.1")
    ledger.cancel(line(1, "MUG", "0.1", "1.00"))
    assert item(ledger, "MUG")["QuantityCommitted"] == 0


# Items and customers.


def test_a_sku_is_a_lookup_code_then_an_alias_then_in_the_sites_view(ledger):
    mug = item(ledger, "MUG")["ID"]
    ledger.query("INSERT INTO dbo.Alias (ItemID, Alias) VALUES (?, 'CUP')", (mug,))
    ledger.query("INSERT INTO dbo.Alias (ItemID, Alias) VALUES (?, 'TEE-BLK')", (mug,))
    doc = ledger.apply(line(1, "CUP", "1", "1.00"), line(2, "TEE-BLK", "1", "2.00")).doc_id
    assert [code for code, _, _ in ledger.sold(doc)] == ["MUG", "TEE-BLK"]


def test_an_alias_of_two_items_names_none(ledger):
    for code in ("MUG", "CAP"):
        ledger.query("INSERT INTO dbo.Alias (ItemID, Alias) VALUES (?, 'THING')", (item(ledger, code)["ID"],))
    stage(ledger.database, order(4711, line(1, "THING")))
    [claimed] = ledger.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    [found] = ledger.database.run(ValidateStagedOrder(staging_id=claimed.staging_id))
    assert (found.code, found.value) == ("unknown_sku", "THING")


def test_a_code_that_is_too_long_for_our_side_goes_by_its_id(ledger):
    code = "A-CODE-OF-25-LETTERS-EXAC"
    item_id = add_item(ledger, code)
    doc = ledger.apply(line(1, code, "2", "4.00")).doc_id
    assert ledger.sold(doc) == [(code, D(2), D("4.00"))]
    assert ledger.one("SELECT ITEM_NO FROM dbo.USER_ORDER_LINE_LINK WHERE WOO_LINE_ID = 1")["ITEM_NO"] == f"#{item_id}"
    assert ledger.on_order() == {code: D(2)}
    ledger.cancel(line(1, code, "2", "4.00"))
    assert ledger.on_order() == {}


def test_a_customer_is_made_from_the_billing_address(ledger):
    bill = {
        "FST_NAM": "Zoë",
        "LST_NAM": "Núñez",
        "NAM": "Zoë Núñez",
        "ADRS_1": "Calle 1",
        "CITY": "San José",
        "ZIP_COD": "10101",
        "CNTRY": "CR",
    }
    content = order(4711, line(1, "MUG"))["ORDER_JSON"] | {"BILL": bill, "SHIP": bill}
    stage(ledger.database, order(4711, line(1, "MUG"), ORDER_JSON=content, WOO_CUST_ID=77, CUST_EMAIL="zoe@example.test"))
    [claimed] = ledger.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    rows = ledger.database.run(
        ProcessStagedOrder(
            staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no, unknown_customer="create"
        )
    )
    doc = rows[-1].doc_id
    made = ledger.one("SELECT * FROM dbo.Customer WHERE ID = ?", ledger.held(doc)["CustomerID"])
    assert (made["AccountNumber"], made["FirstName"], made["LastName"], made["City"]) == ("W00000001", "Zoë", "Núñez", "San José")
    assert ledger.one("SELECT CUST_NO FROM dbo.USER_CUSTOMER_MAP WHERE WOO_USER_ID = 77")["CUST_NO"] == "W00000001"


# Orders of an older integration.


def test_an_order_of_the_exact_comment_is_taken_over(ledger):
    former = add_order(ledger, "WooCommerce Order #4711", "MUG", "CAP", reference="4711")
    ids = [row["ID"] for row in ledger.entries(former)]
    applied = ledger.apply(line(21, "CAP", "3", "36.00"), line(22, "MUG", "1", "12.00"))
    assert applied.doc_id == former
    assert ledger.held(former)["ReferenceNumber"] == "WOOCOMMERCE-4711"
    assert sorted(row["ID"] for row in ledger.entries(former)) == ids
    assert sorted(ledger.sold(former)) == [("CAP", D(3), D("36.00")), ("MUG", D(1), D("12.00"))]
    assert ledger.on_order() == {"CAP": D(3), "MUG": D(1)}
    assert ledger.query("SELECT COUNT(*) AS N FROM dbo.[Order]", ())[0]["N"] == 1


@pytest.mark.parametrize(
    ("comment", "reference"),
    [("WooCommerce Order #47110", ""), ("WooCommerce Order #4711", "WOOCOMMERCE-999"), ("Order #4711", "")],
)
def test_an_order_of_another_number_is_none_of_ours(ledger, comment, reference):
    former = add_order(ledger, comment, "MUG", reference=reference)
    assert ledger.apply(line(1, "MUG", "1", "10.00")).doc_id != former


def test_an_order_of_our_reference_is_not_entered_twice(ledger):
    former = add_order(ledger, "typed over", "MUG", reference="WOOCOMMERCE-4711")
    assert ledger.apply(line(1, "MUG", "1", "10.00")).doc_id == former


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({"Closed": 1}, "it is closed"),
        ({"Deposit": D("5.00")}, "it has a deposit of 5.00"),
        ({}, "it has 1 entry that the order"),
    ],
)
def test_a_former_order_that_a_person_has_had_in_hand_is_that_persons(ledger, columns, why):
    add_order(ledger, "WooCommerce Order #4711", "MUG", "CAP", **columns)
    stage(ledger.database, order(4711, line(1, "MUG", "1", "10.00")))
    claimed = ledger.claim()
    before = ledger.rows()
    with pytest.raises(Conflict, match=f"can't take over: {why}"):
        ledger.work(claimed)
    assert ledger.rows() == before


def test_a_site_may_enter_them_anew(ledger):
    former = add_order(ledger, "WooCommerce Order #4711", "MUG")
    ledger.setting("FORMER_ORDERS", "N")
    assert ledger.apply(line(1, "MUG", "1", "10.00")).doc_id != former


# The site's settings.


def test_the_store_is_taken_from_the_erp(ledger):
    ledger.query("UPDATE dbo.USER_ERP_SETTING SET VALUE = NULL WHERE NAME = 'STORE_ID'", ())
    [missing] = ledger.database.run(ListMissingErpSettings())
    assert missing.name == "STORE_ID"
    stage(ledger.database, order(4711, line(1, "MUG")))
    claimed = ledger.claim()
    with pytest.raises(ConfigError, match="STORE_ID is not set"):
        ledger.work(claimed)
    told = ledger.database.run(ImportErpSettings(dry_run=True))
    assert (told[0].name, told[0].erp_value, told[0].outcome) == ("STORE_ID", "1", "set")
    assert ledger.database.run(ListMissingErpSettings()) == [missing]
    ledger.database.run(ImportErpSettings())
    assert ledger.database.run(ListMissingErpSettings()) == []
    assert ledger.database.run(ImportErpSettings())[0].outcome == "same"
    with pytest.raises(NotFound, match="no store 9"):
        ledger.database.run(ImportErpSettings(erp_store="9"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ORDER_TYPE", "4"), ("PRICES_INCLUDE_TAX", "yes"), ("TAX_RATE", "13"), ("TAX_RATE", "0,13"), ("STORE_ID", "S1"),
        ("ORDER_COMMENT", "Web order"), ("DUE_DAYS", "1000"), ("STORE_ID", ""), ("REFERENCE_FROM", "X"),
    ],
)  # fmt: skip
def test_a_setting_takes_what_an_order_can_be_written_by(ledger, name, value):
    with pytest.raises(BadArgument, match=name):
        ledger.database.run(SetErpSetting(setting_name=name, value=value))


def test_a_time_zone_is_one_that_windows_knows(ledger):
    with pytest.raises(
        SyncError, match=r"TIME_ZONE takes the name that Windows has for a time zone|AT TIME ZONE clause is invalid"
    ):
        ledger.setting("TIME_ZONE", "Nowhere")
    ledger.setting("TIME_ZONE", "Central America Standard Time")
    doc = ledger.apply(line(1, "MUG")).doc_id
    assert ledger.held(doc)["LastUpdated"].replace(tzinfo=UTC) < datetime.now(UTC)


def test_only_account_numbers_have_a_series(ledger):
    assert [series.series for series in ledger.database.run(ListNumberSeries())] == ["CUST_NO"]
    with pytest.raises(NotFound, match="there is CUST_NO"):
        ledger.database.run(SetNumberSeries(series="DOC_ID", prefix="1"))
    [series] = ledger.database.run(SetNumberSeries(series="CUST_NO", prefix="WEB-", width=6, next_no=5))
    assert (series.prefix, series.width, series.next_no) == ("WEB-", 6, 5)
    with pytest.raises(BadArgument, match="at most 15 characters"):
        ledger.database.run(SetNumberSeries(series="CUST_NO", width=12))


def test_a_document_is_read_whole_by_its_id_or_its_reference(ledger):
    doc = ledger.apply(line(1, "MUG", "2", "39.98")).doc_id
    parts = ledger.database.run(GetErpDocument(number=str(doc)))
    assert [part.table_name for part in parts] == ["Item", "Order", "OrderEntry", "OrderHistory"]
    assert ledger.database.run(GetErpDocument(number="WOOCOMMERCE-4711")) == parts
    with pytest.raises(NotFound, match="no order 99"):
        ledger.database.run(GetErpDocument(number="99"))


def test_stock_that_is_short_is_told(ledger):
    ledger.setting("STOCK_CHECK", "Y")
    ledger.query("UPDATE dbo.Item SET Quantity = 1 WHERE ItemLookupCode = 'MUG'", ())
    stage(ledger.database, order(4711, line(1, "MUG", "2", "39.98")))
    [claimed] = ledger.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    found = ledger.database.run(
        ValidateStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no)
    )
    assert [row.message for row in found if row.code == "stock"] == ["Item MUG: 2.0000 ordered, 1.0000 available in the ERP."]


def test_a_review_is_in_the_orders_history_once_in_a_row(ledger):
    doc = ledger.apply(line(1, "MUG")).doc_id
    stage(ledger.database, order(4711, line(1, "MUG", "2", "39.98")))
    fail(ledger.database, ledger.staged()["STAGING_ID"], error_class="conflict")
    said = ledger.query("SELECT Comment FROM dbo.OrderHistory WHERE OrderID = ? ORDER BY ID", (doc,))
    assert [row["Comment"] for row in said][-1] == "syncctl: needs a person"


def test_codes_of_the_sites_own_view_come_last(ledger):
    """A site replaces the view that a deploy made empty."""
    view = "CREATE VIEW dbo.USER_V_ITEM_ALIAS AS SELECT {} AS ALIAS, ID AS ITEM_ID FROM {}Item WHERE {}"
    embedded = ledger.database.engine == "embedded"
    schema = "" if embedded else "dbo."
    ledger.query("DROP VIEW dbo.USER_V_ITEM_ALIAS", ())
    ledger.query(view.format("'EAN-' + ItemLookupCode" if not embedded else "'EAN-' || ItemLookupCode", schema, "1 = 1"), ())
    try:
        doc = ledger.apply(line(1, "EAN-CAP", "1", "12.00")).doc_id
        assert ledger.sold(doc) == [("CAP", D(1), D("12.00"))]
    finally:
        ledger.query("DROP VIEW dbo.USER_V_ITEM_ALIAS", ())
        ledger.query(view.format("ItemLookupCode", schema, "1 = 0"), ())


def test_a_deploy_leaves_the_sites_own_view_alone():
    from syncctl.db.deploy_found import Standing, is_sites_own
    from syncctl.db.deploy_scripts import scripts

    [script] = [each for each in scripts(ERP) if each.name.endswith("/USER_V_ITEM_ALIAS.sql")]
    [made] = script.modules.values()
    own = "CREATE VIEW dbo.USER_V_ITEM_ALIAS AS SELECT ALIAS = code, ITEM_ID = item FROM dbo.Codes"
    assert not is_sites_own(script, {})
    for text, is_own in ((made, False), (own, True)):
        assert is_sites_own(script, {"USER_V_ITEM_ALIAS": Standing("USER_V_ITEM_ALIAS", "view", text, None)}) is is_own
    [other] = [each for each in scripts(ERP) if each.name.endswith("/fn_DynamicsSku.sql")]
    assert not is_sites_own(other, {"FN_DYNAMICSSKU": Standing("fn_DynamicsSku", "function", own, None)})
