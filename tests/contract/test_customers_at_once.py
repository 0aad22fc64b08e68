"""One customer of the store that several workers bring into the ERP at the same time is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.conformance.people import CounterPointPeople, customer
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
