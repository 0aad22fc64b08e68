"""What the audit promises: silence over sound data, a finding for each promise that is broken. And the trial ERP's seed."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from syncctl.db.contract import AuditOrders, RollbackOrder, SeedDemoErp
from syncctl.errors import BadArgument, UsageError
from tests.orders import charge, line, order, stage
from tests.shop import BY_HAND, Shop

D = Decimal


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


@pytest.fixture
def audit(shop):
    """Runs the audit and returns its findings as (check, detail)."""

    def run(**call):
        return [(row.check_name, row.detail) for row in shop.database.run(AuditOrders(**{"inventory": True, **call}))]

    return run


def test_an_empty_database_keeps_every_promise(audit):
    assert audit() == []


def test_orders_in_every_state_keep_every_promise(shop, audit):
    shop.apply(
        line(1, qty="2", total="39.98"), line(2, "MUG", "1", "10.00", subtotal="12.00"), charges=[charge()], TAX_AMT="1.23"
    )
    shop.apply(line(1, qty="3", total="59.97"), charges=[charge(), charge("fee", "-1.00")], TAX_AMT="1.23")
    assert audit() == []
    shop.cancel(line(1))
    assert audit() == []
    shop.apply(line(1), line(2, "CAP", "2", "20.00"))
    assert audit() == []
    shop.database.run(RollbackOrder(staging_id=shop.staged()["STAGING_ID"], reason="test", decided_by="ada"))
    assert audit() == []
    stage(shop.database, order(1, line(1)), order(2, line(1), STATUS_GROUP="wait", STATUS_REASON="not paid"))
    shop.claim()
    assert audit() == []


def test_an_edit_on_its_way_is_no_difference(shop, audit):
    shop.apply(line(1))
    stage(shop.database, order(4711, line(1, qty="2", total="39.98")))
    assert audit() == []


@pytest.mark.parametrize(
    ("change", "check", "detail"),
    [
        ("IS_APPLIED = 0", "one_state", "state APPLIED, but IS_APPLIED is 0"),
        ("STATE = 'SKIPPED', STATE_REASON = 'x'", "one_state", "state SKIPPED, but IS_APPLIED is 1"),
        ("STATE = 'PENDING', PENDING_ACTION = NULL", "one_state", "state PENDING, but nothing to do"),
        ("STATE = 'CLAIMED', PENDING_ACTION = 'update'", "one_state", "state CLAIMED without a lease"),
        ("CP_DOC_ID = '5'", "one_document", "the row says document 5, the link 101000000001"),
        (
            "TOT_AMT = '20.00'",
            "totals_equal",
            "document 101000000001: staged 20.00, link 19.99, TOT 19.99, its parts 19.99, lines and charges 19.99",
        ),
    ],
)
def test_a_staging_row_that_lies_is_found(shop, audit, change, check, detail):
    shop.apply(line(1))
    shop.query(f"UPDATE dbo.USER_ORDER_STAGING SET {change}")
    assert (check, detail) in audit()


def test_a_skipped_order_without_its_reason_is_found(shop, audit):
    stage(shop.database, order(4711, line(1), STATUS_GROUP="wait", STATUS_REASON="not paid"))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET STATE_REASON = NULL")
    assert audit() == [("one_state", "state SKIPPED without a reason")]


def test_an_applied_order_whose_link_is_lost_is_found(shop, audit):
    doc = shop.apply(line(1)).doc_id
    shop.query("DELETE FROM dbo.USER_ORDER_LINK")
    assert audit() == [("one_document", "applied, but it has no open link")]
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET CP_DOC_ID = NULL")
    assert ("one_document", f"document {doc} bears the order's number without a link") in audit()


def test_an_order_applied_by_an_older_program_needs_no_link(shop, audit):
    stage(shop.database, order(4711, line(1)))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET STATE = 'APPLIED', IS_APPLIED = 1, PENDING_ACTION = NULL, CP_DOC_ID = '77'")
    assert audit() == []


def test_a_link_to_an_order_that_is_not_applied_is_found(shop, audit):
    doc = shop.apply(line(1)).doc_id
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET IS_APPLIED = 0, STATE = 'SKIPPED', STATE_REASON = 'x'")
    assert audit() == [("one_document", f"document {doc} is linked to an order that isn't applied")]


def test_a_second_document_of_one_order_is_found(shop, audit):
    doc = shop.apply(line(1)).doc_id
    shop.copy_row("PS_DOC_HDR", shop.header(doc), {"DOC_ID": doc + 1, "DOC_GUID": BY_HAND, "TKT_NO": "101-000002"})
    assert audit() == [("one_document", f"document {doc + 1} bears the order's number without a link")]


def test_a_document_that_vanished_is_found_until_its_end_was_told(shop, audit):
    doc = shop.apply(line(1)).doc_id
    shop.delete(doc)
    assert ("one_document", f"document {doc} is not in the ERP") in audit(inventory=False)
    shop.query("UPDATE dbo.USER_ORDER_LINK SET ERP_STATUS_TOLD = 'gone'")
    assert audit(inventory=False) == []


def test_a_posted_document_is_where_it_belongs(shop, audit):
    shop.post(shop.apply(line(1)).doc_id)
    assert audit(inventory=False) == []


@pytest.mark.parametrize(
    ("statement", "figures"),
    [
        (
            "UPDATE dbo.PS_DOC_HDR_TOT SET TOT = '25.00'",
            "staged 24.99, link 24.99, TOT 25.00, its parts 24.99, lines and charges 24.99",
        ),
        (
            "UPDATE dbo.PS_DOC_HDR_TOT SET TOT_MISC = '4.99'",
            "staged 24.99, link 24.99, TOT 24.99, its parts 24.98, lines and charges 24.99",
        ),
        (
            "UPDATE dbo.PS_DOC_LIN SET EXT_PRC = '19.98'",
            "staged 24.99, link 24.99, TOT 24.99, its parts 24.99, lines and charges 24.98",
        ),
        ("DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG", "staged 24.99, link 24.99, TOT 24.99, its parts 24.99, lines and charges 19.99"),
        (
            "UPDATE dbo.USER_ORDER_LINK SET TOT = '0.00'",
            "staged 24.99, link 0.00, TOT 24.99, its parts 24.99, lines and charges 24.99",
        ),
    ],
)
def test_a_cent_that_is_off_is_found(shop, audit, statement, figures):
    doc = shop.apply(line(1), charges=[charge()]).doc_id
    shop.query(statement)
    assert [found for found in audit() if found[0] == "totals_equal"] == [("totals_equal", f"document {doc}: {figures}")]


@pytest.mark.parametrize(
    ("statement", "detail"),
    [
        ("UPDATE dbo.PS_DOC_LIN SET TAX_AMT_ALLOC = '1.00'", "tax 2.00, on lines and charges 1.00, by authority 2.00"),
        ("UPDATE dbo.PS_DOC_TAX SET TAX_AMT = '1.99'", "tax 2.00, on lines and charges 2.00, by authority 1.99"),
        ("DELETE FROM dbo.PS_DOC_TAX", "by authority 0.00"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET TOT_TND = '5.00'", "tendered 5.00, payments 0.00"),
        ("UPDATE dbo.PS_DOC_HDR_TOT SET LINS = 3", "lines 1, counted 3 and 1, priced 1"),
        ("UPDATE dbo.PS_DOC_HDR SET ORD_LINS = 2", "lines 1, counted 1 and 2, priced 1"),
        ("DELETE FROM dbo.PS_DOC_LIN_PRICE", "lines 1, counted 1 and 1, priced 0"),
    ],
)
def test_a_document_that_does_not_agree_with_itself_is_found(shop, audit, statement, detail):
    doc = shop.apply(line(1, tax="2.00"), TAX_AMT="2.00").doc_id
    assert audit() == []
    shop.query(statement)
    [(check, told)] = audit()
    assert (check, told.startswith(f"document {doc}: "), detail in told) == ("document_whole", True, True), told


def test_a_document_that_an_older_version_wrote_is_not_asked_for_what_it_never_had(shop, audit):
    shop.apply(line(1, tax="2.00"), TAX_AMT="2.00")
    for table in ("PS_DOC_AUDIT_LOG", "PS_DOC_TAX", "PS_DOC_LIN_PRICE", "PS_DOC_CONTACT"):
        shop.query(f"DELETE FROM dbo.{table}")
    assert audit() == []


def test_a_missing_totals_row_is_found(shop, audit):
    doc = shop.apply(line(1)).doc_id
    shop.query("DELETE FROM dbo.PS_DOC_HDR_TOT")
    assert audit() == [("totals_equal", f"document {doc} has no totals row")]


def test_stock_that_does_not_fit_the_open_lines_is_found_only_when_asked(shop, audit):
    shop.apply(line(1, qty="2", total="39.98"), line(2, "MUG", "1", "10.00"))
    shop.query("UPDATE dbo.IM_INV SET QTY_ON_SO = '3.0000' WHERE ITEM_NO = 'TEE-BLK'")
    shop.query("UPDATE dbo.IM_INV SET QTY_ON_SO = '1.0000' WHERE ITEM_NO = 'CAP'")
    shop.query("DELETE FROM dbo.IM_INV WHERE ITEM_NO = 'MUG'")
    assert audit() == [
        ("inventory_equals_open_lines", "item CAP at 01: QTY_ON_SO 1.0000, open lines 0.0000"),
        ("inventory_equals_open_lines", "item MUG at 01: QTY_ON_SO 0.0000, open lines 1.0000"),
        ("inventory_equals_open_lines", "item TEE-BLK at 01: QTY_ON_SO 3.0000, open lines 2.0000"),
    ]
    assert audit(inventory=False) == []


def test_one_stores_audit_leaves_the_others_out(shop, audit):
    shop.apply(line(1))
    shop.query("UPDATE dbo.USER_ORDER_STAGING SET IS_APPLIED = 0")
    assert len(audit()) == 2
    assert audit(store_id="shopify") == []
    assert len(audit(store_id="woocommerce")) == 2


# --- The trial ERP's seed -----------------------------------------------------------------------------------------------


def seed(database, items=(), customers=()):
    [count] = database.run(SeedDemoErp(items=json.dumps(list(items)), customers=json.dumps(list(customers))))
    return count.items, count.customers


def test_a_seed_fills_items_prices_stock_customers_and_maps(database, query):
    items = [
        {"ITEM_NO": "TEE-BLK", "SKU": "TEE-BLK", "DESCR": "Tee ☕", "PRC_1": "19.99", "QTY_ON_HND": "50"},
        {"ITEM_NO": "WEB-1", "SKU": "TEA-静岡", "DESCR": "Tea", "PRC_1": "13.13", "QTY_ON_HND": None},
    ]
    customers = [
        {"CUST_NO": "C1", "NAM": "Ada", "EMAIL_ADRS_1": "ada@example.test", "WOO_USER_ID": 5},
        {"CUST_NO": "CASH", "NAM": "Web guests", "EMAIL_ADRS_1": None, "WOO_USER_ID": None},
    ]
    assert seed(database, items, customers) == (2, 2)
    assert [(row["ITEM_NO"], row["DESCR"]) for row in query("SELECT * FROM dbo.IM_ITEM ORDER BY ITEM_NO")] == [
        ("TEE-BLK", "Tee ?"),
        ("WEB-1", "Tea"),
    ]
    assert [
        (row["ITEM_NO"], row["LOC_ID"], row["PRC_1"], row["REG_PRC"])
        for row in query("SELECT * FROM dbo.IM_PRC ORDER BY ITEM_NO")
    ] == [
        ("TEE-BLK", "01", D("19.99"), D("19.99")),
        ("WEB-1", "01", D("13.13"), D("13.13")),
    ]
    stock = query("SELECT * FROM dbo.IM_INV ORDER BY ITEM_NO")
    assert [(row["ITEM_NO"], row["LOC_ID"], row["QTY_ON_HND"], row["QTY_ON_SO"]) for row in stock] == [
        ("TEE-BLK", "01", D(50), 0),
        ("WEB-1", "01", 0, 0),
    ]
    assert [(row["STORE_ID"], row["SKU"], row["ITEM_NO"]) for row in query("SELECT * FROM dbo.USER_ITEM_MAP")] == [
        ("*", "TEA-静岡", "WEB-1")
    ]
    assert [(row["CUST_NO"], row["NAM"], row["STR_ID"]) for row in query("SELECT * FROM dbo.AR_CUST ORDER BY CUST_NO")] == [
        ("C1", "Ada", "01"),
        ("CASH", "Web guests", "01"),
    ]
    assert [(row["CUST_NO"], row["WOO_USER_ID"]) for row in query("SELECT * FROM dbo.USER_CUSTOMER_MAP")] == [("C1", 5)]


def test_an_erp_that_is_no_trial_one_is_never_seeded(database, query):
    if database.engine == "embedded":
        assert seed(database, [{"ITEM_NO": "A"}]) == (1, 0)
        return
    query("EXECUTE sp_rename 'dbo.USER_DEMO_ERP', 'USER_DEMO_ERP_ASIDE', 'OBJECT'")
    try:
        with pytest.raises(UsageError, match="not a trial one") as refused:
            seed(database, [{"ITEM_NO": "A"}])
        assert refused.value.code == "50060"
        assert query("SELECT ITEM_NO FROM dbo.IM_ITEM") == []
    finally:
        query("EXECUTE sp_rename 'dbo.USER_DEMO_ERP_ASIDE', 'USER_DEMO_ERP', 'OBJECT'")


def test_a_second_seed_adds_what_is_new_and_leaves_what_is_there(database, query):
    seed(
        database,
        [{"ITEM_NO": "A", "DESCR": "First", "PRC_1": "1.00", "QTY_ON_HND": "5"}],
        [{"CUST_NO": "C1", "NAM": "Ada", "WOO_USER_ID": 5}],
    )
    again = seed(
        database,
        [{"ITEM_NO": "A", "DESCR": "Second", "PRC_1": "2.00", "QTY_ON_HND": "9"}, {"ITEM_NO": "B", "PRC_1": "3.00"}],
        [{"CUST_NO": "C1", "NAM": "Other", "WOO_USER_ID": 9}, {"CUST_NO": "C2", "NAM": "Eve", "WOO_USER_ID": 5}],
    )
    assert again == (1, 1)
    assert query("SELECT DESCR FROM dbo.IM_ITEM WHERE ITEM_NO = 'A'")[0]["DESCR"] == "First"
    assert query("SELECT PRC_1 FROM dbo.IM_PRC WHERE ITEM_NO = 'A'")[0]["PRC_1"] == D("1.00")
    assert query("SELECT QTY_ON_HND FROM dbo.IM_INV WHERE ITEM_NO = 'A'")[0]["QTY_ON_HND"] == D(5)
    assert [(row["CUST_NO"], row["WOO_USER_ID"]) for row in query("SELECT * FROM dbo.USER_CUSTOMER_MAP")] == [("C1", 5)]


def test_the_same_seed_twice_in_one_call_counts_once(database, query):
    item, ada = {"ITEM_NO": "A", "SKU": "a-1", "PRC_1": "1.00"}, {"CUST_NO": "C1", "WOO_USER_ID": 5}
    assert seed(database, [item, item], [ada, ada]) == (1, 1)
    assert len(query("SELECT SKU FROM dbo.USER_ITEM_MAP")) == 1


@pytest.mark.parametrize(
    ("items", "customers", "named"),
    [
        ("nope", "[]", "@ITEMS"),
        ("[]", "{}", "@CUSTOMERS"),
        ('[{"SKU": "A"}]', "[]", "ITEM_NO"),
        ("[]", '[{"NAM": "A"}]', "CUST_NO"),
    ],
)
def test_a_seed_that_cannot_be_read_is_refused(database, items, customers, named):
    with pytest.raises(BadArgument, match=named):
        database.run(SeedDemoErp(items=items, customers=customers))
