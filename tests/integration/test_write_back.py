"""Telling the store: once, never backwards, never a resurrection, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncctl.db.contract import ListOutbox
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.write_back import Delivery, WriteBack, is_forward
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.integration.test_process import Bench
from tests.orders import order, stage
from tests.raws import raw_order

NOTE = "Order created in CounterPoint. DOC_ID: 101000000001, TKT_NO: 101-000001"


class Told(Bench):
    """A bench with a store, and one applied order of it whose message waits."""

    def __init__(self, path: Path, store: SimulatedStore, clock: MovableClock) -> None:
        super().__init__(path)
        self.clock = clock
        self.store = store
        self.context = RunContext(run_id="run", clock=clock, sleeper=clock.sleep)
        self.monotonic: Callable[[], float] = lambda: 0.0

    def deliver(self, **options: Any) -> list[Delivery]:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        client = WooCommerce(connection, sleeper=self.clock.sleep)
        try:
            return WriteBack(self.database, client, "teller", self.context, monotonic=self.monotonic).deliver(**options)
        finally:
            client.close()

    def notes(self, number: int) -> list[str]:
        return [text for text in self.store.count_notes(number).elements() if text.startswith("Order created")]

    def status(self, number: int) -> str:
        return str(self.store.state.orders[number]["status"])


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Callable[[str], tuple[Told, int]]]:
    """Applies an order that has this status in the store."""
    clock = MovableClock()
    opened: list[EmbeddedDatabase] = []
    with SimulatedStore(clock=clock) as store:

        def make(status: str) -> tuple[Told, int]:
            bench = Told(tmp_path / "told.db", store, clock)
            opened.append(bench.database)
            number = store.shopkeeper.place(raw_order(status=status))
            stage(bench.database, order(number))
            assert bench.process().counts["created"] == 1
            return bench, number

        yield make
        for database in opened:
            database.close()


@pytest.mark.parametrize(
    ("before", "after"),
    [("on-hold", "processing"), ("pending", "processing"), ("processing", "processing"), ("completed", "completed")],
)
def test_the_status_goes_forward_only_and_the_note_is_exact(told, before, after):
    bench, number = told(before)
    assert [delivery.outcome for delivery in bench.deliver()] == ["delivered"]
    assert bench.status(number) == after
    assert bench.notes(number) == [NOTE]
    assert bench.store.state.mails == []
    assert bench.deliver() == []


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_lost_answer_posts_no_second_note(told, method):
    bench, number = told("on-hold")
    bench.store.fail("lost_answer", methods=(method,))
    assert [delivery.outcome for delivery in bench.deliver()] == ["waiting"]
    assert [delivery.outcome for delivery in bench.deliver(ignore_due=True)] == ["delivered"]
    assert bench.notes(number) == [NOTE]
    assert bench.status(number) == "processing"


def test_a_trashed_order_is_not_brought_back(told):
    bench, number = told("processing")
    bench.store.shopkeeper.trash(number)
    assert [delivery.outcome for delivery in bench.deliver()] == ["dropped"]
    assert bench.status(number) == "trash"


def test_an_order_deleted_meanwhile_is_dropped_with_the_reason(told):
    bench, number = told("processing")
    bench.store.shopkeeper.delete(number)
    assert [(delivery.outcome, delivery.message) for delivery in bench.deliver()] == [
        ("dropped", "the order is gone from the store")
    ]


def test_an_order_that_moves_on_while_it_is_told_is_not_taken_back(told):
    bench, number = told("on-hold")

    def complete(method: str, path: str, _query: dict[str, str]) -> None:
        if method == "POST" and path.endswith("/notes"):
            bench.store.shopkeeper.set_status(number, "completed")

    bench.store.before_request = complete
    assert [delivery.outcome for delivery in bench.deliver()] == ["delivered"]
    assert bench.status(number) == "completed"
    assert bench.store.went_backwards() == []


def test_an_order_that_is_trashed_while_it_is_told_is_not_brought_back(told):
    bench, number = told("processing")

    def trash(method: str, path: str, _query: dict[str, str]) -> None:
        if method == "POST" and path.endswith("/notes"):
            bench.store.shopkeeper.trash(number)

    bench.store.before_request = trash
    assert [delivery.outcome for delivery in bench.deliver()] == ["delivered"]
    assert bench.status(number) == "trash"


def test_a_store_slower_than_the_lease_gets_no_note_that_another_worker_may_post_too(told):
    bench, number = told("on-hold")
    ticks = iter([0.0, 151.0])
    bench.monotonic = lambda: next(ticks)
    assert [delivery.outcome for delivery in bench.deliver()] == ["waiting"]
    assert bench.notes(number) == []


def test_when_the_store_is_down_the_breaker_opens_and_the_rest_is_not_tried(told):
    bench, number = told("on-hold")
    more = [bench.store.shopkeeper.place(raw_order()) for _ in range(5)]
    stage(bench.database, *(order(each) for each in more))
    bench.process()
    bench.store.fail("status", status=503, times=1000)
    assert bench.deliver() == []
    assert bench.context.breaker("store").open
    assert 4 in bench.clock.slept, "it is waited for, between the three tries"
    attempts = {entry.woo_order_id: entry.attempt_no for entry in bench.database.run(ListOutbox())}
    assert [attempts[each] for each in [number, *more]] == [0] * 6, "no attempt is burnt"


def _refused(bench: Told, number: int, status: int) -> None:
    """From now on the store answers what names this order, and writes, with that status."""
    bench.store.fail("status", status=status, times=10_000, methods=("POST", "PUT"), path=rf"/orders/{number}(/|$)")


@pytest.mark.parametrize("status", [401, 403, 405, 500, 503])
def test_one_order_that_the_store_refuses_holds_up_no_other_message(told, status):
    bench, number = told("on-hold")
    more = [bench.store.shopkeeper.place(raw_order()) for _ in range(3)]
    stage(bench.database, *(order(each) for each in more))
    bench.process()
    _refused(bench, number, status)
    outcomes = {delivery.woo_order_id: delivery.outcome for delivery in bench.deliver()}
    assert outcomes == {number: "waiting"} | dict.fromkeys(more, "delivered")
    assert not bench.context.breaker("store").open
    assert [entry.attempt_no for entry in bench.database.run(ListOutbox())] == [1], "its attempts are counted, so it ends"


def test_all_messages_are_tried_once_each_whatever_some_of_them_meet(told):
    bench, number = told("on-hold")
    more = [bench.store.shopkeeper.place(raw_order()) for _ in range(26)]
    stage(bench.database, *(order(each) for each in more))
    bench.process()
    for each in more[::5]:
        _refused(bench, each, 503)
    deliveries = bench.deliver(ignore_due=True)
    assert len(deliveries) == len({delivery.outbox_id for delivery in deliveries}) == 27
    assert sorted(delivery.woo_order_id for delivery in deliveries if delivery.outcome == "waiting") == more[::5]
    assert bench.notes(number)


def test_a_status_nobody_knows_is_left_alone():
    assert not is_forward("wc-partially-shipped", "processing")
    assert not is_forward("cancelled", "processing")
    assert not is_forward("refunded", "cancelled")
    assert is_forward("processing", "completed")
