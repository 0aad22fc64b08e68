"""Several worker processes on one database: each order once, whether the workers live or are killed at random."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import timedelta
from decimal import Decimal

from syncctl.db.contract import CountStates, SetRetryPolicy
from tests.crash.conftest import Shop
from tests.crash.hosts import eventually
from tests.nobody import gone
from tests.orders import line, order, stage

NEVER = "before:never:1"
NOT_ALL = "stuck:sp_ProcessStagedOrder:12"
"""So many orders are more than it gets to before it is killed; and it isn't through however late that is."""
PAUSE = 0.002
"""As long as a worker does something else between two calls; without it one would have the database most of the time."""


def stage_many(shop: Shop, count: int) -> Decimal:
    """Stage that many orders of the store's (two lines of one item each) and return how many units they come to."""
    units = Decimal(0)
    for start in range(1, count + 1, 100):
        page = []
        for number in range(start, min(start + 100, count + 1)):
            page.append(order(number, line(1, qty="1"), line(2, qty=str(number % 3 + 1), total="30.00")))
            units += 1 + number % 3 + 1
        stage(shop.database, *page)
    return units


def assert_each_applied_once(shop: Shop, count: int, units: Decimal) -> None:
    assert {row.state: row.orders for row in shop.database.run(CountStates()) if row.orders} == {"APPLIED": count}
    documents = shop.rows("SELECT DOC_ID, TKT_NO, CUST_PO_NO FROM dbo.PS_DOC_HDR")
    for column in ("DOC_ID", "TKT_NO", "CUST_PO_NO"):
        taken = Counter(row[column] for row in documents)
        assert len(taken) == len(documents) == count, f"{column} is not unique: {taken.most_common(3)}"
    numbers = sorted(int(row["TKT_NO"].split("-")[1]) for row in documents)
    assert numbers == list(range(1, count + 1)), "the ticket numbers have gaps"
    assert shop.on_order() == {"TEE-BLK": units}
    assert len(shop.rows("SELECT OUTBOX_ID FROM dbo.USER_STORE_OUTBOX WHERE KIND = 'applied'")) == count


def wait_for(workers: int, shop: Shop) -> None:
    """Wait until so many workers, in all, have finished an order."""
    finished = "SELECT DISTINCT WORKER_ID FROM dbo.USER_ORDER_EVENT WHERE WORKER_ID IS NOT NULL"
    eventually(lambda: len(shop.rows(finished)) == workers)


def test_eight_processes_share_the_orders(shop: Shop) -> None:
    units = stage_many(shop, 200)
    gone(shop.store)  # nobody answers: what counts here is the database, and no order may hang on the store
    workers = [shop.worker(NEVER, pause=PAUSE) for _ in range(8)]
    assert [worker.wait() for worker in workers] == [0] * 8
    assert_each_applied_once(shop, 200, units)
    attempts = Counter(row["ATTEMPT_NO"] for row in shop.rows("SELECT ATTEMPT_NO FROM dbo.USER_ORDER_STAGING"))
    assert attempts == {1: 200}, "an order was taken more than once"


def test_workers_killed_at_random_lose_and_double_nothing(shop: Shop) -> None:
    units = stage_many(shop, 160)
    gone(shop.store)
    # On a busy machine chance may hit one order each time.
    shop.database.run(SetRetryPolicy(error_class="crash", max_attempts=10))
    chance = random.Random(4711)
    for turn in range(1, 6):
        workers = [shop.worker(NOT_ALL, pause=PAUSE) for _ in range(2)]
        wait_for(2 * turn, shop)
        time.sleep(chance.uniform(0.0, 0.1))
        for worker in workers:
            worker.kill()
        assert 0 not in [worker.wait() for worker in workers]
        shop.clock.move(timedelta(hours=1))
    for _ in range(3):
        shop.clock.move(timedelta(days=1))
        worker = shop.worker(NEVER)
        assert worker.wait() == 0
    assert_each_applied_once(shop, 160, units)
