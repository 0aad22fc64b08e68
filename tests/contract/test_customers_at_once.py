"""One customer of the store that comes into the ERP several ways is made once: by several workers, by an order and an account."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from syncctl.db.contract import ClaimStagedOrders, ProcessStagedOrder
from tests.conformance.people import CounterPointPeople, customer
from tests.orders import line, order, stage
from tests.shop import Shop


@pytest.fixture
def shop(database, query):
    return Shop(database, query)


def test_a_new_customer_of_several_queues_is_made_once(shop, new_connection):
    workers = [CounterPointPeople.beside(new_connection(), queue) for queue in range(1, 5)]
    barrier = Barrier(len(workers))

    def bring(people):
        barrier.wait(timeout=60)
        while True:
            try:
                return people.sync(customer())[:2]
            except Exception as error:
                if getattr(error, "error_class", "") not in ("deadlock", "lock_timeout"):
                    raise

    with ThreadPoolExecutor(len(workers)) as pool:
        outcomes = sorted(pool.map(bring, workers))
    assert outcomes == [("created", "W00000001"), *[("unchanged", "W00000001")] * 3]
    assert shop.one("SELECT COUNT(*) AS N FROM dbo.AR_CUST")["N"] == 3
    [row] = shop.query("SELECT CUST_NO, WOO_USER_ID FROM dbo.USER_CUSTOMER_MAP WHERE WOO_USER_ID = 41")
    assert (row["CUST_NO"], row["WOO_USER_ID"]) == ("W00000001", 41)


MARY = {
    "FST_NAM": "Mary", "LST_NAM": "Somerville", "NAM": "Mary Somerville", "COMPANY": "", "ADRS_1": "1 Jedburgh Road",
    "ADRS_2": "", "ADRS_3": "", "CITY": "Burntisland", "STATE": "FIF", "ZIP_COD": "KY3 9AA", "CNTRY": "GB", "PHONE": "01592 1",
}  # fmt: skip


def apply_order(shop, number):
    content = order(number, line(1), WOO_CUST_ID=41, CUST_EMAIL="mary@example.test")
    content["ORDER_JSON"] |= {"BILL": MARY, "SHIP": MARY}
    stage(shop.database, content)
    [claimed] = shop.database.run(ClaimStagedOrders(worker_id="worker", batch_size=100))
    call = ProcessStagedOrder(
        staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no, unknown_customer="create"
    )
    assert shop.database.run(call)[-1].outcome == "created"
    return shop.staged(number)["CUST_NO"]


def test_an_order_makes_the_customer_whom_the_account_then_is(shop):
    people = CounterPointPeople(shop)
    number = apply_order(shop, 4711)
    assert people.sync(customer()) == ("unchanged", number, None), "made and remembered alike"
    assert people.sync(customer(phone="01592 2")) == ("updated", number, None), "what an order wrote is the store's"
    people.change(number, phone="by hand")
    assert people.sync(customer(phone="01592 3")).outcome == "unchanged"


def test_an_account_is_the_customer_of_its_orders(shop):
    people = CounterPointPeople(shop)
    made = people.sync(customer())
    assert (made.outcome, apply_order(shop, 4711)) == ("created", made.cust_no)
