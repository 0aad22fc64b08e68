"""Pages and refunds asked for before their turn: the same orders by the same requests, several at once, never too many."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import ListStagedOrders
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.demo.store_routes import Routes
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.stop import Stop
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import PATIENCE, MovableClock
from tests.raws import raw_order

ORDERS = 60
REFUNDED = range(1, ORDERS + 1, 5)


class Gauge:
    """How many requests of a kind the shop answers at once; each waits a moment for others to come."""

    def __init__(self, of: str, together: int, *, seconds: float) -> None:
        self.of = of
        self.most = 0
        self._now = 0
        self._together = together
        self._seconds = seconds
        self._change = threading.Condition()

    def __call__(self, _method: str, path: str, query: dict[str, str]) -> None:
        if not path.endswith(self.of):
            return
        # A first page is known before the next is asked for, and so is whether there is a list of several orders' refunds.
        comes_alone = "offset" not in query if self.of == "/orders" else "/orders/" not in path
        with self._change:
            self._now += 1
            self.most = max(self.most, self._now)
            self._change.notify_all()
            self._change.wait_for(lambda: comes_alone or self.most >= self._together, timeout=self._seconds)
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


@contextmanager
def opened(folder: Path, *quirks: str) -> Iterator[Bench]:
    clock = MovableClock()
    with SimulatedStore(clock=clock, quirks=quirks) as store:
        store.load(raw_order(id=number, number=str(number)) for number in range(1, ORDERS + 1))
        for number in REFUNDED:
            store.shopkeeper.refund_amount(number, "1.00")
        clock.move(timedelta(minutes=5))
        yield Bench(store, clock, folder)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def older(tmp_path: Path) -> Iterator[Bench]:
    """A shop that has each order's list of refunds alone."""
    with opened(tmp_path / "older", "before-9.0") as made:
        yield made


def test_the_same_orders_come_by_the_same_requests(bench: Bench) -> None:
    before, one = bench.poll(1)
    asked = bench.asked
    after, four = bench.poll(4)
    assert (after.counts, four) == (before.counts, one)
    assert bench.asked == asked
    assert len(four) == ORDERS


@pytest.mark.parametrize(("kind", "batch_size"), [("/orders", 5), ("/refunds", 30)])
def test_several_are_under_way_at_once_and_never_more_than_the_setting_says(older: Bench, kind: str, batch_size: int) -> None:
    gauge = older.store.before_request = Gauge(kind, 3, seconds=PATIENCE)
    older.poll(3, batch_size=batch_size)
    assert gauge.most == 3
    gauge = older.store.before_request = Gauge(kind, 2, seconds=0.02)
    older.poll(1, batch_size=30)
    assert gauge.most == 1


def refund_requests(bench: Bench) -> list[str]:
    """Which lists of refunds were asked for, in any order: those of several orders at once, and an order's own."""
    paths = [path.partition("?")[0].partition("/wc/v3")[2] for path in bench.asked.elements()]
    return sorted(path for path in paths if path.endswith("/refunds"))


@pytest.mark.parametrize("connections", [1, 4])
def test_refunds_of_several_orders_come_with_one_request(bench: Bench, older: Bench, connections: int) -> None:
    _, by_own_lists = older.poll(connections, batch_size=30)
    own, several = {f"/orders/{number}/refunds" for number in REFUNDED}, refund_requests(older).count("/refunds")
    assert (set(refund_requests(older)), len(refund_requests(older))) == (own | {"/refunds"}, len(own) + several)
    assert 1 <= several <= min(connections, 2), "of two pages both may have been asked for when the first answer comes"
    _, together = bench.poll(connections, batch_size=30)
    assert refund_requests(bench) == ["/refunds", "/refunds"]
    assert together == by_own_lists


def test_a_lone_order_and_one_that_names_no_refund_have_their_own_lists_asked_for(bench: Bench) -> None:
    for number in (6, 11):
        bench.store.state.orders[number]["refunds"] = []
        bench.store.state.orders[number]["status"] = "partially-refunded"
    _, staged = bench.poll(4, batch_size=6)
    assert len(staged) == ORDERS
    asked = refund_requests(bench)
    assert {"/orders/6/refunds", "/orders/11/refunds"} <= set(asked)


def test_an_order_that_was_refunded_whole_and_names_less_has_its_own_list_asked_for(bench: Bench, older: Bench) -> None:
    for each in (bench, older):
        raw = each.store.state.orders[11]
        each.store.shopkeeper.refund_amount(11, "2.00")
        raw["refunds"], raw["status"] = raw["refunds"][:1], "refunded"
    _, by_own_lists = older.poll(4, batch_size=30)
    _, staged = bench.poll(4, batch_size=30)
    assert staged == by_own_lists
    assert "/orders/11/refunds" in refund_requests(bench)


def test_an_order_whose_refunds_break_the_list_is_set_aside_alone(bench: Bench) -> None:
    _, whole = bench.poll(1, batch_size=30)
    bench.store.odd.refunds[11] = 500
    result, staged = bench.poll(4, batch_size=30)
    assert result.counts["errors"] == 1
    assert {key: staged[key] for key in staged if key != 11} == {key: whole[key] for key in whole if key != 11}
    assert {"/refunds", "/orders/11/refunds", "/orders/6/refunds"} <= set(refund_requests(bench))


@pytest.mark.parametrize("hidden", ["a refund", "its order", "include"])
def test_a_list_that_comes_short_is_not_believed(bench: Bench, hidden: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole = bench.poll(1, batch_size=30)
    listed = Routes._list_all_refunds

    def short(routes: Routes, call: Any) -> Any:
        if hidden == "include":
            call.query.pop("include")
            call.query["per_page"] = "3"
        reply = listed(routes, call)
        if hidden == "a refund":
            del reply.body[1]
        elif hidden == "its order":
            reply.body[1]["parent_id"] = 1
        return reply

    monkeypatch.setattr(Routes, "_list_all_refunds", short)
    _, staged = bench.poll(4, batch_size=30)
    assert staged == whole
    own = [path for path in refund_requests(bench) if path != "/refunds"]
    assert len(own) >= (2 if hidden != "include" else 6)


@pytest.mark.parametrize("connections", [1, 4])
def test_refunds_that_together_are_too_large_to_be_kept_are_asked_for_one_by_one(bench: Bench, connections: int) -> None:
    _, whole = bench.poll(1, batch_size=30)
    for number in REFUNDED:
        bench.store.state.refunds[number][0]["meta_data"] = [{"id": 1, "key": "_log", "value": "x" * 1024 * 1024}]
    result, staged = bench.poll(connections, batch_size=60)
    assert (result.counts["errors"], staged) == (0, whole)
    assert refund_requests(bench) == sorted(["/refunds", *(f"/orders/{number}/refunds" for number in REFUNDED)])


def test_no_more_pages_are_asked_for_than_a_run_takes(bench: Bench) -> None:
    result, staged = bench.poll(4, max_pages=2)
    assert (result.unfinished, len(staged)) == (True, 10)
    assert sum("status=any" in path for path in bench.asked.elements()) == 2


def test_a_page_that_breaks_and_a_store_that_asks_for_rest_lose_nothing(older: Bench) -> None:
    bench = older
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
            hanging.wait(4 * PATIENCE)

    bench.store.before_request = hang
    begun = time.monotonic()
    result, staged = bench.poll(4)
    hanging.set()
    assert time.monotonic() - begun < PATIENCE
    assert (result.unfinished, len(staged) < ORDERS) == (True, True)
