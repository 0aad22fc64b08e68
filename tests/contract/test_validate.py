"""What validation promises: everything that is wrong with an order, all at once, and noted on its row."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from syncctl.db.contract import ClaimStagedOrders, DecideDeadLetter, ValidateStagedOrder
from syncctl.errors import BadArgument, LeaseLost, NotFound
from tests.orders import charge, fail, line, order, stage
from tests.shop import Shop

D = Decimal


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def validate(shop, content=None, **call):
    """Stage an order, validate it, and return its violations."""
    if content is not None:
        stage(shop.database, content)
    staging_id = shop.staged(content["WOO_ORDER_ID"] if content else 4711)["STAGING_ID"]
    return shop.database.run(ValidateStagedOrder(staging_id=staging_id, **call))


def found(violations):
    return [(row.code, row.field, row.value, row.severity) for row in violations]


def test_an_order_without_fault_is_valid(shop):
    assert validate(shop, order(4711, line(1), charges=[charge()], TAX_AMT="2.00")) == []
    staged = shop.staged()
    assert (staged["IS_VALIDATED"], staged["VALIDATION_ERROR"], staged["CUST_NO"]) == (True, None, "C100")
    assert staged["VALIDATED_DT"] is not None
    assert shop.events()[-1] == "VALIDATED"


def test_every_violation_is_found_at_once(shop):
    first = order(4710, line(1), TRANSACTION_ID="txn-4711")
    bad = order(
        4711,
        line(1, None, "1", "10.00", descr="Mystery"),
        line(2, "NO-SUCH", "1", "10.00"),
        line(3, "MUG", "0", "0.00"),
        line(4, "MUG", "-1", "-5.00"),
        line(5, "CAP", "2", "50.00"),
        WOO_ORDER_NO=None,
        CURRENCY="EUR",
        WOO_CUST_ID=99,
        CUST_EMAIL="nobody@example.test",
        TKT_DT="1999-12-31T23:59:59.000",
        TOT_AMT="999.99",
    )
    stage(shop.database, first)
    violations = validate(shop, bad)
    assert found(violations) == [
        ("duplicate_transaction", "TRANSACTION_ID", "txn-4711", "error"),
        ("missing_field", "WOO_ORDER_NO", None, "error"),
        ("invalid_date", "TKT_DT", "1999-12-31 23:59:59", "error"),
        ("currency", "CURRENCY", "EUR", "error"),
        ("unknown_customer", "CUST_NO", "nobody@example.test", "error"),
        ("missing_sku", "LINE_ITEMS[1].SKU", "Mystery", "error"),
        ("unknown_sku", "LINE_ITEMS[2].SKU", "NO-SUCH", "error"),
        ("quantity", "LINE_ITEMS[3].QTY", "0", "warning"),
        ("quantity", "LINE_ITEMS[4].QTY", "-1", "error"),
        ("price", "LINE_ITEMS[5].PRC", "25.0000", "warning"),
        ("total", "TOT_AMT", "999.99", "error"),
    ]
    assert all(row.message and row.message.endswith((".", "ERP", "store")) for row in violations)
    staged = shop.staged()
    assert (staged["IS_VALIDATED"], staged["CUST_NO"]) == (False, None)
    errors = "; ".join(row.message for row in violations if row.severity == "error")
    assert staged["VALIDATION_ERROR"] == errors[:500]
    event = shop.query("SELECT * FROM dbo.USER_ORDER_EVENT ORDER BY EVENT_ID")[-1]
    assert event["EVENT_TYPE"] == "INVALID"
    assert "unknown_sku LINE_ITEMS[2].SKU" in event["MESSAGE"]


def test_a_fault_put_right_is_forgotten(shop):
    assert found(validate(shop, order(4711, line(1, "NEW-ITEM")))) == [("unknown_sku", "LINE_ITEMS[1].SKU", "NEW-ITEM", "error")]
    shop.query("INSERT INTO dbo.IM_ITEM (ITEM_NO, DESCR) VALUES ('NEW-ITEM', 'New')")
    assert validate(shop) == []
    assert (shop.staged()["IS_VALIDATED"], shop.staged()["VALIDATION_ERROR"]) == (True, None)


def test_a_former_attempts_error_is_taken_off_a_valid_order(shop):
    stage(shop.database, order(4711, line(1)))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET VALIDATION_ERROR = '[Attempt 1/3] deadlock'")
    validate(shop)
    assert shop.staged()["VALIDATION_ERROR"] is None


# --- The order ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["WOO_ORDER_NO", "CURRENCY", "TOT_AMT", "TKT_DT"])
def test_a_required_field_is_missing(shop, field):
    assert found(validate(shop, order(4711, line(1), **{field: None}))) == [("missing_field", field, None, "error")]


def test_an_order_with_neither_lines_nor_charges_is_empty(shop):
    content = order(4711, line(1))
    content |= {"LINE_ITEMS_JSON": [], "SUBTOT": "0.00", "TOT_AMT": "0.00"}
    assert found(validate(shop, content)) == [("missing_field", "LINES", None, "error")]
    content |= {"CONTENT_HASH": "b" * 64, "TOT_AMT": "5.00"}
    content["ORDER_JSON"]["CHARGES"] = [charge()]
    assert validate(shop, content) == []


def test_content_that_cannot_be_read_is_a_violation_not_a_crash(shop):
    stage(shop.database, order(4711, line(1)))
    for lines, content in (("not json", "not json"), (None, None), ('{"a": 1}', "[1]")):
        shop.query("UPDATE dbo.USER_ORDER_STAGING SET LINE_ITEMS_JSON = ?, ORDER_JSON = ?", (lines, content))
        assert [(code, field) for code, field, *_ in found(validate(shop))] == [("missing_field", "LINES"), ("total", "TOT_AMT")]


@pytest.mark.parametrize(
    ("offset", "code"),
    [(timedelta(hours=23), None), (timedelta(days=1), None), (timedelta(days=1, seconds=1), "invalid_date")],
)
def test_a_date_lies_in_the_future(shop, clock, offset, code):
    moment = (clock() + offset).strftime("%Y-%m-%dT%H:%M:%S.000")
    violations = validate(shop, order(4711, line(1), TKT_DT=moment))
    assert [row.code for row in violations] == ([code] if code else [])


def test_the_erps_currency_is_a_setting(shop):
    content = order(4711, line(1), CURRENCY="EUR")
    [violation] = validate(shop, content)
    assert (violation.code, violation.value) == ("currency", "EUR")
    assert "EUR" in violation.message
    assert "USD" in violation.message
    assert validate(shop, erp_currency="eur") == []


def test_the_total_must_agree_to_the_cent(shop):
    content = order(
        4711, line(1), line(2, "MUG", "3", "19.98", subtotal="59.97"), charges=[charge(), charge("fee", "-1.01")], TAX_AMT="3.33"
    )
    assert content["TOT_AMT"] == "47.29"
    assert validate(shop, content) == []
    [violation] = validate(shop, {**content, "TOT_AMT": "47.30", "CONTENT_HASH": "c" * 64})
    assert (violation.code, violation.value, violation.severity) == ("total", "47.30", "error")
    assert "47.29" in violation.message


def decided(shop, message):
    """Have a person told this of the order, who has it tried again."""
    staging_id = shop.staged()["STAGING_ID"]
    fail(shop.database, staging_id, error_class="validation", message=message)
    shop.database.run(DecideDeadLetter(staging_id=staging_id, decision="retry", decided_by="ada", reason="both are meant"))


def test_of_two_live_orders_with_the_same_payment_the_later_one_waits_for_a_person(shop):
    stage(shop.database, order(1, line(1), TRANSACTION_ID="same"), order(2, line(1), TRANSACTION_ID="same", WOO_ORDER_NO="A-2"))
    dead = order(3, line(1), TRANSACTION_ID="same", STATUS_GROUP="dead", STATUS_REASON="cancelled")
    stage(shop.database, dead)
    [violation] = validate(shop, order(4711, line(1), TRANSACTION_ID="same"))
    assert (violation.code, violation.severity) == ("duplicate_transaction", "error")
    assert "1, A-2" in violation.message
    first = shop.database.run(ValidateStagedOrder(staging_id=shop.staged(1)["STAGING_ID"]))
    assert [(row.code, row.severity) for row in first] == [("duplicate_transaction", "warning")]
    assert not shop.staged()["IS_VALIDATED"]
    decided(shop, violation.message)
    assert [row.severity for row in validate(shop)] == ["warning"]
    assert shop.staged()["IS_VALIDATED"]
    assert validate(shop, order(4712, line(1), TRANSACTION_ID=None)) == []
    assert validate(shop, order(4713, line(1), TRANSACTION_ID=None)) == []


def test_a_number_that_is_cut_to_that_of_another_order_waits_for_a_person(shop):
    stage(shop.database, order(1, line(1), WOO_ORDER_NO="ACME-WEBSHOP-EU-2026-00000711"))
    stage(shop.database, order(2, line(1), WOO_ORDER_NO="ACME-WEBSHOP-EU-2025-00000711"))
    first = shop.database.run(ValidateStagedOrder(staging_id=shop.staged(1)["STAGING_ID"]))
    assert [(row.code, row.severity) for row in first] == [("cut", "warning")]
    stage(shop.database, order(4711, line(1), WOO_ORDER_NO="acme-webshop-eu-2026-00000712"))
    told, alike = validate(shop)
    assert (told.code, alike.code, alike.field, alike.severity) == ("cut", "alike_number", "WOO_ORDER_NO", "error")
    assert (
        "takes 20 letters of an order's number, and those are the same for order ACME-WEBSHOP-EU-2026-00000711" in alike.message
    )
    assert shop.staged()["VALIDATION_ERROR"] == alike.message
    decided(shop, alike.message)
    assert [row.code for row in validate(shop)] == ["cut"]
    shop.query("UPDATE dbo.USER_ORDER_DEAD_LETTER SET ERROR_MESSAGE = 'something else'")
    assert [row.code for row in validate(shop)] == ["cut", "alike_number"]


def test_an_order_that_another_row_has_in_the_erp_is_a_duplicate(shop):
    stage(shop.database, order(4711, line(1)))
    shop.query(
        "INSERT INTO dbo.USER_ORDER_STAGING"
        " (BATCH_ID, STORE_ID, WOO_ORDER_ID, STATE, IS_APPLIED, CP_DOC_ID, DUPLICATE_OF_ID, CREATED_DT)"
        " VALUES ('old', 'woocommerce', 4711, 'SKIPPED', 1, '555', 1, '2026-01-01 00:00:00.000')"
    )
    [violation] = shop.database.run(ValidateStagedOrder(staging_id=1))
    assert (violation.code, violation.field, violation.value, violation.severity) == (
        "duplicate",
        "WOO_ORDER_ID",
        "4711",
        "error",
    )
    assert "document 555" in violation.message


def test_an_order_that_another_link_has_is_a_duplicate(shop):
    stage(shop.database, order(4711, line(1)))
    shop.query(
        "INSERT INTO dbo.USER_ORDER_LINK (STORE_ID, WOO_ORDER_ID, STAGING_ID, DOC_ID, TKT_NO, TOT, CREATED_DT)"
        " VALUES ('woocommerce', 4711, 9999, 777, 'X', 1, '2026-01-01 00:00:00.000')"
    )
    [violation] = validate(shop)
    assert (violation.code, violation.severity) == ("duplicate", "error")
    assert "document 777" in violation.message


@pytest.mark.parametrize(("year", "code"), [("0001", "invalid_date"), ("0999", "invalid_date"), ("9999", "invalid_date")])
def test_a_date_at_an_end_of_the_calendar_is_named_as_it_stands(shop, year, code):
    [violation] = validate(shop, order(4711, line(1), TKT_DT=f"{year}-01-02T03:04:05.000"))
    assert (violation.code, violation.value) == (code, f"{year}-01-02 03:04:05")


# --- The customer -------------------------------------------------------------------------------------------------------


def customer(shop, number, email=None):
    shop.query("INSERT INTO dbo.AR_CUST (CUST_NO, NAM, EMAIL_ADRS_1) VALUES (?, ?, ?)", (number, number, email))


def test_the_customer_map_comes_before_the_e_mail_address(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_EMAIL = NULL")
    validate(shop, order(4711, line(1), WOO_CUST_ID=6, CUST_EMAIL="ada@example.test"))
    assert shop.staged()["CUST_NO"] == "C200"


def test_an_inactive_mapping_does_not_count(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0 WHERE CUST_NO = 'C200'")
    validate(shop, order(4711, line(1), WOO_CUST_ID=6, CUST_EMAIL="ADA@Example.Test"))
    assert shop.staged()["CUST_NO"] == "C100"


def test_the_e_mail_address_is_compared_without_case(shop):
    customer(shop, "B1", "Twin@Example.test")
    validate(shop, order(4711, line(1), WOO_CUST_ID=None, CUST_EMAIL="tWIN@example.TEST"))
    assert shop.staged()["CUST_NO"] == "B1"


def test_a_guest_is_found_through_a_mapped_e_mail_address(shop):
    customer(shop, "C300")
    shop.query("INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_EMAIL, IS_ACTIVE) VALUES ('C300', 'shop@example.test', 1)")
    validate(shop, order(4711, line(1), WOO_CUST_ID=None, CUST_EMAIL="Shop@example.test"))
    assert shop.staged()["CUST_NO"] == "C300"


UNKNOWN = {"WOO_CUST_ID": 99, "CUST_EMAIL": "nobody@example.test"}


def test_an_unknown_customer_waits_for_a_person(shop):
    assert found(validate(shop, order(4711, line(1), **UNKNOWN))) == [
        ("unknown_customer", "CUST_NO", "nobody@example.test", "error")
    ]
    content = order(4712, line(1), WOO_CUST_ID=99, CUST_EMAIL=None)
    assert found(validate(shop, content)) == [("unknown_customer", "CUST_NO", "99", "error")]


def test_an_unknown_customer_will_be_created(shop):
    assert validate(shop, order(4711, line(1), **UNKNOWN), unknown_customer="create") == []
    assert shop.staged()["CUST_NO"] is None
    without = order(4712, line(1), WOO_CUST_ID=99, CUST_EMAIL=None)
    assert found(validate(shop, without, unknown_customer="create")) == [("missing_field", "CUST_EMAIL", None, "error")]


def test_an_unknown_customer_buys_on_the_guest_account(shop):
    content = order(4711, line(1), **UNKNOWN)
    assert found(validate(shop, content, unknown_customer="guest")) == [("unknown_customer", "CUST_NO", None, "error")]
    wrong = validate(shop, unknown_customer="guest", guest_cust_no="CASH")
    assert found(wrong) == [("unknown_customer", "CUST_NO", "CASH", "error")]
    customer(shop, "CASH")
    assert validate(shop, unknown_customer="guest", guest_cust_no="CASH") == []
    assert shop.staged()["CUST_NO"] == "CASH"
    known = order(4712, line(1))
    assert validate(shop, known, unknown_customer="guest", guest_cust_no="CASH") == []
    assert shop.staged(4712)["CUST_NO"] == "C100"


def test_a_mapped_customer_that_the_erp_has_no_more_is_unknown(shop):
    shop.query("DELETE FROM dbo.AR_CUST WHERE CUST_NO = 'C100'")
    for mode in ("review", "create"):
        assert found(validate(shop, order(4711, line(1)), unknown_customer=mode)) == [
            ("unknown_customer", "CUST_NO", "C100", "error")
        ]


# --- The lines ----------------------------------------------------------------------------------------------------------


def test_an_item_is_found_through_the_map_or_by_its_number(shop):
    shop.query("INSERT INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', ?, 'MUG')", ("TEA-静岡",))
    shop.query("INSERT INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('other', 'ONLY-THERE', 'MUG')")
    shop.query("INSERT INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', 'STALE', 'GONE')")
    content = order(
        4711, line(1, "TEA-静岡", descr="Tea"), line(2, "CAP"), line(3, "ONLY-THERE"), line(4, "STALE"), line(5, "TEA-??")
    )
    violations = validate(shop, content)
    assert [(row.code, row.field) for row in violations] == [
        ("unknown_sku", "LINE_ITEMS[3].SKU"),
        ("unknown_sku", "LINE_ITEMS[4].SKU"),
        ("unknown_sku", "LINE_ITEMS[5].SKU"),
    ]


def test_a_sku_that_the_erps_code_page_cannot_hold_is_never_taken_for_another(shop):
    shop.query("INSERT INTO dbo.IM_ITEM (ITEM_NO, DESCR) VALUES ('TEA-??', 'Question marks')")
    assert found(validate(shop, order(4711, line(1, "TEA-静岡", descr="Tea")))) == [
        ("unknown_sku", "LINE_ITEMS[1].SKU", "TEA-静岡", "error")
    ]


def test_a_sku_longer_than_an_item_number_is_never_cut_to_another(shop):
    shop.query("INSERT INTO dbo.IM_ITEM (ITEM_NO, DESCR) VALUES ('ABCDEFGHIJKLMNOPQRST', 'Twenty')")
    [violation] = validate(shop, order(4711, line(1, "ABCDEFGHIJKLMNOPQRST-XL")))
    assert (violation.code, violation.value) == ("unknown_sku", "ABCDEFGHIJKLMNOPQRST-XL")


@pytest.mark.parametrize(
    ("quantity", "amounts", "severity", "value"),
    [
        ("0", ("0.00", "0.00"), "warning", "0"),
        ("-2", ("0.00", "0.00"), "warning", "-2"),
        ("0", ("5.00", "0.00"), "error", "0"),
        ("0", ("0.00", "5.00"), "error", "0"),
        ("-0.5", ("-5.00", "-5.00"), "error", "-0.5000"),
    ],
)
def test_a_quantity_not_above_0_is_left_out_or_refused(shop, quantity, amounts, severity, value):
    subtotal, total = amounts
    content = order(4711, line(1), line(2, None, quantity, total, subtotal=subtotal))
    assert found(validate(shop, content)) == [("quantity", "LINE_ITEMS[2].QTY", value, severity)]


# --- The price ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "subtotal", "tolerance", "unit"),
    [
        ("1", "19.99", None, None),
        ("1", "20.00", None, "20.0000"),
        ("1", "19.98", None, "19.9800"),
        ("3", "59.97", None, None),
        ("3", "59.96", None, None),
        ("3", "59.95", None, "19.9833"),
        ("1", "20.98", D("0.05"), None),
        ("1", "21.00", D("0.05"), "21.0000"),
        ("1", "18.99", D("0.05"), None),
        ("1", "18.98", D("0.05"), "18.9800"),
        ("2", "39.98", D(0), None),
    ],
)
def test_a_price_is_compared_with_the_erps_within_the_tolerance(shop, quantity, subtotal, tolerance, unit):
    violations = validate(shop, order(4711, line(1, "MUG", quantity, "5.00", subtotal=subtotal)), price_tolerance=tolerance)
    assert found(violations) == ([("price", "LINE_ITEMS[1].PRC", unit, "warning")] if unit else [])


def test_a_different_price_is_an_error_or_nothing_by_setting(shop):
    content = order(4711, line(1, "MUG", "1", "25.00"))
    [violation] = validate(shop, content, price_check="error")
    assert (violation.severity, shop.staged()["IS_VALIDATED"]) == ("error", False)
    assert "19.9900 in the ERP" in violation.message
    assert [row.severity for row in validate(shop)] == ["warning"]
    assert shop.staged()["IS_VALIDATED"]
    assert validate(shop, price_check="off") == []


def test_an_item_without_a_price_at_the_web_location_is_not_compared(shop):
    shop.setting("PRC_LOC_ID", "WEB")
    assert validate(shop, order(4711, line(1, "MUG", "1", "25.00")), price_check="error") == []
    shop.query("INSERT INTO dbo.IM_PRC (ITEM_NO, LOC_ID, PRC_1) VALUES ('MUG', 'WEB', NULL)")
    assert validate(shop, price_check="error") == []
    shop.query("UPDATE dbo.IM_PRC SET PRC_1 = ? WHERE LOC_ID = 'WEB'", (D("24.9900"),))
    assert [row.code for row in validate(shop, price_check="error")] == ["price"]


# --- The call -----------------------------------------------------------------------------------------------------------


def test_every_bad_argument_is_named_at_once(shop):
    stage(shop.database, order(4711, line(1)))
    with pytest.raises(BadArgument) as refused:
        validate(shop, unknown_customer="?", price_check="?", erp_currency="", price_tolerance=D(2))
    for name in ("@UNKNOWN_CUSTOMER", "@PRICE_CHECK", "@ERP_CURRENCY", "@PRICE_TOLERANCE"):
        assert name in str(refused.value)


def test_a_worker_and_its_attempt_come_together(shop):
    stage(shop.database, order(4711, line(1)))
    for half in ({"worker_id": "worker"}, {"attempt_no": 1}):
        with pytest.raises(BadArgument, match="@WORKER_ID and @ATTEMPT_NO come together"):
            validate(shop, **half)


def test_an_attempt_that_holds_the_order_notes_what_it_finds(shop):
    stage(shop.database, order(4711, line(1)))
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    assert validate(shop, worker_id="worker", attempt_no=claimed.attempt_no) == []
    assert (shop.staged()["IS_VALIDATED"], shop.staged()["CUST_NO"], shop.events()[-1]) == (True, "C100", "VALIDATED")


@pytest.mark.parametrize(("worker", "attempt"), [("another", 1), ("worker", 2), ("", 1)])
def test_an_attempt_that_does_not_hold_the_order_writes_nothing(shop, worker, attempt):
    stage(shop.database, order(4711, line(1)))
    shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1))
    before = shop.snapshot()
    with pytest.raises(LeaseLost, match=r"4711 .* no longer holds it"):
        validate(shop, worker_id=worker, attempt_no=attempt)
    assert shop.snapshot() == before


def test_a_staging_id_that_does_not_exist_is_not_found(database):
    with pytest.raises(NotFound):
        database.run(ValidateStagedOrder(staging_id=4711))


def test_an_order_to_be_cancelled_or_skipped_is_not_looked_at(shop):
    shop.apply(line(1))
    shop.query("DELETE FROM dbo.IM_ITEM")
    shop.stage_cancelled(line(1))
    before = shop.snapshot()
    assert validate(shop) == []
    skipped = order(4712, line(1), STATUS_GROUP="wait", STATUS_REASON="not paid")
    stage(shop.database, skipped)
    assert validate(shop, skipped) == []
    assert {key: rows for key, rows in shop.snapshot().items() if key != "USER_ORDER_STAGING"}["PS_DOC_HDR"] == before[
        "PS_DOC_HDR"
    ]
    assert "INVALID" not in shop.events()


def test_an_update_is_validated_too(shop):
    shop.apply(line(1))
    [violation] = validate(shop, order(4711, line(1, "NO-SUCH", "1", "30.00")))
    assert (violation.code, shop.staged()["IS_VALIDATED"], shop.staged()["IS_APPLIED"]) == ("unknown_sku", False, True)


def test_a_long_text_is_cut_to_its_column(shop):
    content = order(4711, *(line(number, f"NO-SUCH-{number}") for number in range(1, 30)))
    validate(shop, content)
    assert len(shop.staged()["VALIDATION_ERROR"]) == 500
    assert json.loads(shop.staged()["LINE_ITEMS_JSON"])[28]["SKU"] == "NO-SUCH-29"


# --- Whose the row is ---------------------------------------------------------------------------------------------------


def held(shop, lease_seconds=60):
    """Stage an order whose customer is in the ERP, and let a worker hold it."""
    stage(shop.database, order(4711, line(1)))
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=1, lease_seconds=lease_seconds))
    return claimed


def test_an_order_that_a_worker_holds_is_told_and_left_alone(shop):
    claimed = held(shop)
    validate(shop, worker_id="worker", attempt_no=claimed.attempt_no)
    shop.query("DELETE FROM dbo.AR_CUST")
    before = shop.snapshot()
    assert [row.code for row in validate(shop)] == ["unknown_customer"]
    assert shop.snapshot() == before, "the worker's own look at it stands"
    assert (shop.staged()["CUST_NO"], shop.staged()["IS_VALIDATED"]) == ("C100", True)


def test_an_order_whose_lease_ran_out_is_anybodys(shop, clock):
    held(shop)
    assert validate(shop) == []
    assert not shop.staged()["IS_VALIDATED"]
    clock.move(timedelta(seconds=60))
    assert validate(shop) == []
    assert shop.staged()["IS_VALIDATED"]


def test_an_order_that_failed_waits_for_the_erp_too(shop):
    stage(shop.database, order(4711, line(1)))
    fail(shop.database, shop.staged()["STAGING_ID"], error_class="connection")
    assert shop.staged()["STATE"] == "FAILED"
    validate(shop)
    assert shop.staged()["IS_VALIDATED"]


@pytest.mark.parametrize("state", ["NEEDS_MANUAL_REVIEW", "SKIPPED", "APPLIED", "CANCELLED"])
def test_an_order_that_does_not_wait_for_the_erp_keeps_its_reason(shop, state):
    stage(shop.database, order(4711, line(1, "NO-SUCH-ITEM")))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = ?, VALIDATION_ERROR = 'why it is so'", (state,))
    before = shop.snapshot()
    assert [row.code for row in validate(shop)] == ["unknown_sku"]
    assert shop.snapshot() == before


def test_a_person_who_asks_while_a_worker_validates_changes_nothing_for_it(shop, new_connection):
    """The two in either order, on two connections: the worker's words are the ones that stay."""
    claimed = held(shop)
    other = new_connection()
    try:
        for guest in ("G1", "G2"):
            other.run(
                ValidateStagedOrder(
                    staging_id=claimed.staging_id, unknown_customer="guest", guest_cust_no=guest, erp_currency="EUR"
                )
            )
            assert validate(shop, worker_id="worker", attempt_no=claimed.attempt_no) == []
            assert (shop.staged()["IS_VALIDATED"], shop.staged()["VALIDATION_ERROR"]) == (True, None)
    finally:
        other.close()
    assert shop.work(claimed).outcome == "created"
