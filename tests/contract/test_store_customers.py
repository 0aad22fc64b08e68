"""Stores in one database, or a copy for trials and the live one: customer 5 of one is never taken for customer 5 of another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from syncctl.db.contract import (
    ClaimStagedOrders,
    ListCustomerMap,
    ProcessStagedOrder,
    SeedDemoErp,
    SetCustomerMap,
    StageOrders,
    ValidateStagedOrder,
)
from syncctl.errors import NotFound
from tests.orders import line, order
from tests.shop import Shop

FIRST, SECOND = "woocommerce", "second"


@pytest.fixture
def shop(database, query):
    """A shop whose map belongs to the first store."""
    shop = Shop(database, query)
    staged(shop, FIRST, 1)
    return shop


def staged(shop: Shop, store_id: str, order_id: int, user: int | None = 5, email: str = "other@example.test") -> int:
    content = order(order_id, line(1), WOO_CUST_ID=user, CUST_EMAIL=email, TRANSACTION_ID=f"{store_id} {order_id}")
    call = StageOrders(store_id=store_id, source_system="woocommerce", sync_id="test", orders=json.dumps([content]))
    [row] = shop.database.run(call)
    assert row.staging_id is not None
    return row.staging_id


def whose(shop: Shop, staging_id: int) -> tuple[str | None, list[str]]:
    found = shop.database.run(ValidateStagedOrder(staging_id=staging_id))
    row = shop.one("SELECT CUST_NO FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = ?", staging_id)
    return row["CUST_NO"], [each.code for each in found if each.severity == "error"]


def rows(shop: Shop) -> list[tuple[Any, ...]]:
    return [(row.store_id, row.cust_no, row.woo_user_id, row.woo_email) for row in shop.database.run(ListCustomerMap())]


def set_customer(shop: Shop, store_id: str, **more: Any) -> tuple[Any, ...]:
    [row] = shop.database.run(SetCustomerMap(store_id=store_id, **more))
    return row.store_id, row.cust_no, row.woo_user_id, row.woo_email, row.previous


def without_store(shop: Shop, cust_no: str, user: int | None, email: str | None) -> None:
    """A row as another program, or a version before, wrote it."""
    shop.query(
        "INSERT INTO dbo.USER_CUSTOMER_MAP (CUST_NO, WOO_USER_ID, WOO_EMAIL, IS_ACTIVE) VALUES (?, ?, ?, 1)",
        (cust_no, user, email),
    )


def test_the_first_stores_rows_are_its_own(shop):
    assert [row[:3] for row in rows(shop)] == [(FIRST, "C100", 5), (FIRST, "C200", 6)]
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_EMAIL = NULL")
    second, first = staged(shop, SECOND, 7), staged(shop, FIRST, 7)
    assert whose(shop, first) == ("C100", [])
    assert whose(shop, second) == (None, ["unknown_customer"]), "not the first store's customer 5"


def test_neither_does_an_address_that_the_first_stores_map_knows_count_for_the_second(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_EMAIL = 'test@example.test' WHERE CUST_NO = 'C100'")
    assert whose(shop, staged(shop, SECOND, 7, None, "test@example.test")) == (None, ["unknown_customer"])
    assert whose(shop, staged(shop, FIRST, 7, None, "test@example.test")) == ("C100", [])


def test_both_may_map_the_same_id_and_the_same_customer_of_the_erp(shop):
    assert set_customer(shop, SECOND, woo_user_id=5, cust_no="C200") == (SECOND, "C200", 5, None, None)
    assert whose(shop, staged(shop, SECOND, 7)) == ("C200", [])
    assert rows(shop) == [
        (FIRST, "C100", 5, "ada@example.test"),
        (SECOND, "C200", 5, None),
        (FIRST, "C200", 6, "grace@example.test"),
    ] or rows(shop) == [
        (FIRST, "C100", 5, "ada@example.test"),
        (FIRST, "C200", 6, "grace@example.test"),
        (SECOND, "C200", 5, None),
    ]
    assert set_customer(shop, SECOND, woo_user_id=5) == (SECOND, None, 5, None, "C200")
    assert [row[0] for row in rows(shop)] == [FIRST, FIRST]
    with pytest.raises(NotFound, match="The customer map has no row for 6 and store second"):
        set_customer(shop, SECOND, woo_user_id=6)


def test_a_customer_that_is_made_belongs_to_the_orders_store(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    for store, email in ((FIRST, "one@example.test"), (SECOND, "two@example.test")):
        staging_id = staged(shop, store, 8, 77, email)
        claim = ClaimStagedOrders(worker_id="worker", batch_size=1, scope="listed", staging_ids=f"[{staging_id}]")
        [claimed] = shop.database.run(claim)
        shop.database.run(
            ProcessStagedOrder(
                staging_id=staging_id, worker_id="worker", attempt_no=claimed.attempt_no, unknown_customer="create"
            )
        )
    assert [(row[0], row[2], row[3]) for row in rows(shop)] == [(FIRST, 77, "one@example.test"), (SECOND, 77, "two@example.test")]
    assert len({row[1] for row in rows(shop)}) == 2


def test_a_row_without_a_store_counts_while_there_is_one_store_and_goes_to_it(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    staging_id = staged(shop, FIRST, 7)
    without_store(shop, "C200", 5, None)
    assert whose(shop, staging_id) == ("C200", [])
    staged(shop, FIRST, 8)
    assert rows(shop) == [(FIRST, "C200", 5, None)]


def test_where_there_are_two_it_counts_for_its_address_alone(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    ids = {store: staged(shop, store, 7) for store in (FIRST, SECOND)}
    without_store(shop, "C200", 5, None)
    assert [whose(shop, each) for each in ids.values()] == [(None, ["unknown_customer"])] * 2
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET WOO_EMAIL = 'Other@example.test' WHERE STORE_ID = ''")
    assert [whose(shop, each) for each in ids.values()] == [("C200", [])] * 2
    set_customer(shop, SECOND, woo_user_id=5, cust_no="C100")
    assert [whose(shop, each)[0] for each in ids.values()] == ["C200", "C100"], "the store's own goes before"
    assert rows(shop) == [(SECOND, "C100", 5, None), ("", "C200", 5, "Other@example.test")]
    assert set_customer(shop, FIRST, woo_user_id=5) == ("", None, 5, "Other@example.test", "C200"), "it can be taken away"
    assert rows(shop) == [(SECOND, "C100", 5, None)]


def test_a_row_without_a_store_becomes_the_stores_that_changes_it(shop):
    shop.query("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0")
    without_store(shop, "C200", 5, None)
    assert set_customer(shop, FIRST, woo_email="ada@example.test", cust_no="C200") == (FIRST, "C200", 5, "ada@example.test", None)
    assert rows(shop) == [(FIRST, "C200", 5, "ada@example.test")]


def test_a_seeded_number_that_another_stores_customer_has_is_nobodys(shop):
    customers = [{"CUST_NO": "C100", "NAM": "Bob", "EMAIL_ADRS_1": "bob@example.test", "WOO_USER_ID": 5}]
    shop.database.run(SeedDemoErp(items="[]", customers=json.dumps(customers), store_id=SECOND))
    assert [row[0] for row in rows(shop)] == [FIRST, FIRST]
