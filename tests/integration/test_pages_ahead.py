"""Pages and refunds asked for before their turn: the same orders by the same requests, several at once, never too many."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import ListStagedOrders
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.stop import Stop
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.raws import raw_order

ORDERS = 60
REFUNDED = range(1, ORDERS + 1, 5)


class Gauge:
    """How many requests of a kind the shop answers at once; each waits a moment for others to come."""

    def __init__(self, of: str, together: int, *, seconds: float = 0.5) -> None:
        self.of = of
        self.most = 0
        self._now = 0
        self._together = together
        self._seconds = seconds
        self._change = threading.Condition()

    def __call__(self, _method: str, path: str, _query: dict[str, str]) -> None:
        if not path.endswith(self.of):
            return
        with self._change:
            self._now += 1
            self.most = max(self.most, self._now)
            self._change.notify_all()
            self._change.wait_for(lambda: self.most >= self._together, timeout=self._seconds)
            self._now -= 1


class Bench:
    """A shop of sixty orders, a fifth of them with a refund, and polls into a new database each."""

    def __init__(self, store: SimulatedStore, clock: MovableClock, folder: Path) -> None:
        self.store, self.clock, self.folder = store, clock, folder
        self.polls = 0
        self.stop = Stop()

    def poll(self, connections: int, **window: int) -> tuple[Staging, dict[int, str | None]]:
        self.store.requests.clear()
        self.polls += 1
        keys = {"consumer_key": Secret(self.store.key), "consumer_secret": Secret(self.store.secret)}
        client = WooCommerce(
            Connection(url=self.store.url, **keys, connections=connections),
            clock=self.clock,
            sleeper=self.clock.sleep,
            stop=self.stop,
        )
        with closing(client), closing(EmbeddedDatabase(self.folder / f"{self.polls}.db", clock=self.clock)) as database:
            stager = Stager(
                database=database,
                store=client,
                content=ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC")),
                context=RunContext(run_id="poll", sleeper=self.clock.sleep, clock=self.clock, stop=self.stop),
            )
            result = stager.poll(Window(**{"lookback": timedelta(days=1), "batch_size": 5, "max_pages": 99, **window}))
            return result, {order.woo_order_id: order.content_hash for order in database.run(ListStagedOrders())}

    @property
    def asked(self) -> Counter[str]:
        """What was asked for, whichever way it was signed."""
        return Counter(path.partition("&oauth")[0].partition("?oauth")[0] for _, path, _ in self.store.requests)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        store.load(raw_order(id=number, number=str(number)) for number in range(1, ORDERS + 1))
        for number in REFUNDED:
            store.shopkeeper.refund_amount(number, "1.00")
        clock.move(timedelta(minutes=5))
        yield Bench(store, clock, tmp_path)


def test_the_same_orders_come_by_the_same_requests(bench: Bench) -> None:
    before, one = bench.poll(1)
    asked = bench.asked
    after, four = bench.poll(4)
    assert (after.counts, four) == (before.counts, one)
    assert bench.asked == asked
    assert len(four) == ORDERS


@pytest.mark.parametrize(("kind", "batch_size"), [("/orders", 5), ("/refunds", 30)])
def test_several_are_under_way_at_once_and_never_more_than_the_setting_says(bench: Bench, kind: str, batch_size: int) -> None:
    gauge = bench.store.before_request = Gauge(kind, 3)
    bench.poll(3, batch_size=batch_size)
    assert gauge.most == 3
    gauge = bench.store.before_request = Gauge(kind, 2, seconds=0.02)
    bench.poll(1, batch_size=30)
    assert gauge.most == 1


def test_no_more_pages_are_asked_for_than_a_run_takes(bench: Bench) -> None:
    result, staged = bench.poll(4, max_pages=2)
    assert (result.unfinished, len(staged)) == (True, 10)
    assert sum("status=any" in path for path in bench.asked.elements()) == 2


def test_a_page_that_breaks_and_a_store_that_asks_for_rest_lose_nothing(bench: Bench) -> None:
    _, whole = bench.poll(1)
    bench.store.fail("status", status=503, times=2, path="/orders$")
    bench.store.fail("status", status=429, times=1, path="/orders/21/refunds", retry_after="3")
    bench.store.fail("truncated", times=1, path="/orders/31/refunds")
    _, staged = bench.poll(4)
    assert staged == whole
    assert bench.store.faults.happened == 4
    bench.store.odd.breaks[33] = "page"
    broken, staged = bench.poll(4)
    assert (broken.counts["errors"], {key: staged[key] for key in staged if key != 33}) == (
        1,
        {key: whole[key] for key in whole if key != 33},
    )


def test_a_stop_breaks_off_what_is_under_way(bench: Bench) -> None:
    hanging = threading.Event()

    def hang(_method: str, path: str, query: dict[str, str]) -> None:
        if path.endswith("/orders") and "offset" in query:
            bench.stop.set(143)
            hanging.wait(10)

    bench.store.before_request = hang
    begun = time.monotonic()
    result, staged = bench.poll(4)
    hanging.set()
    assert time.monotonic() - begun < 5
    assert (result.unfinished, len(staged) < ORDERS) == (True, True)
