"""A run of the customer queue that is killed at any step: whoever goes on brings each customer in once, and all of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from syncctl.db.contract import CustomerQueue, ListCustomerActivity, ListCustomerLines, ListCustomerQueues, StartCustomerQueue
from tests.acceptance.test_customers import person
from tests.crash import customer_worker, worker
from tests.crash.conftest import Shop
from tests.crash.workers import Worker

ORG = "woocommerce"
CUSTOMERS = 130
STEPS = (
    "before:sp_FillCustomerQueue:2",
    "after:sp_FillCustomerQueue:2",
    "after:sp_ClaimCustomers:2",
    "before:sp_ApplyCustomers:1",
    "after:sp_ApplyCustomers:2",
)


def start(shop: Shop) -> None:
    shop.store.load(customers=[person(number) for number in range(101, 101 + CUSTOMERS)])
    shop.database.run(StartCustomerQueue(org_id=ORG, store_id="woocommerce", queue_name="all"))


def run(shop: Shop, moment: str = "before:never:1", *, gate: Path | None = None) -> Worker:
    shop.run_number += 1
    given = {
        "url": shop.url,
        "shop_url": shop.store.url,
        "key": shop.store.key,
        "secret": shop.store.secret,
        "now": shop.clock().isoformat(),
        "run_id": f"run-{shop.run_number}",
        "kill": moment,
        "gate": gate,
    }
    return Worker(customer_worker.main, given)


def queue(shop: Shop) -> CustomerQueue:
    [found] = shop.database.run(ListCustomerQueues(org_id=ORG))
    return found


def assert_each_once(shop: Shop) -> None:
    done = queue(shop)
    assert (done.state, done.total_count, done.created_count, done.failed_count) == ("done", CUSTOMERS, CUSTOMERS, 0)
    lines = shop.database.run(ListCustomerLines(queue_id=1, org_id=ORG))
    assert len({line.woo_customer_id for line in lines}) == len({line.cust_no for line in lines}) == CUSTOMERS
    rows = shop.rows("SELECT CUST_NO FROM dbo.AR_CUST WHERE EMAIL_ADRS_1 LIKE ?", "ada%@example.test")
    assert len(rows) - len(shop.rows("SELECT CUST_NO FROM dbo.AR_CUST WHERE CUST_NO = ?", "S1")) == CUSTOMERS
    told = shop.database.run(ListCustomerActivity(queue_id=1, org_id=ORG))
    assert sum(each.customers for each in told if each.activity_type == "batch_processed") == CUSTOMERS, "the history is whole"
    assert [each.activity_type for each in told].count("queue_filled") == 1


@pytest.mark.parametrize("moment", STEPS)
def test_each_customer_is_brought_once(shop: Shop, moment: str) -> None:
    start(shop)
    assert run(shop, moment).wait() == worker.KILLED
    shop.clock.move(timedelta(seconds=61))
    assert run(shop).wait() == 0
    assert_each_once(shop)


def test_several_processes_share_a_queue_and_one_is_killed(shop: Shop, tmp_path: Path) -> None:
    start(shop)
    gate = tmp_path / "gate"
    killed, *others = run(shop, "after:sp_ClaimCustomers:1"), run(shop, gate=gate), run(shop, gate=gate)
    assert killed.wait() == worker.KILLED
    gate.touch()  # they leave it something to claim
    assert [each.wait() for each in others] == [0, 0]
    shop.clock.move(timedelta(seconds=61))
    assert run(shop).wait() == 0
    assert_each_once(shop)
