"""What a poll remembers: nothing is lost between two polls, whatever ends one of them early."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import Database, ListStagedOrders, ListWalks
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.errors import AlreadyRunning, StoreUnavailable, UsageError
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.stores.base import ORDERS_WALK
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.raws import raw_order

QUARTER = timedelta(minutes=15)


class Poller:
    """A store, a database, and a poll every now and then."""

    def __init__(self, store: SimulatedStore, database: Database, clock: MovableClock) -> None:
        self.store = store
        self.database = database
        self.clock = clock
        self.asked_since: list[str] = []
        store.before_request = lambda _method, _path, query: self.asked_since.append(query.get("modified_after", ""))

    def poll(self, *, dry_run: bool = False, **window: object) -> Staging:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        client = WooCommerce(connection, clock=self.clock, sleeper=self.clock.sleep)
        content = ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC"))
        stager = Stager(
            database=self.database,
            store=client,
            content=content,
            context=RunContext(run_id="poll", sleeper=self.clock.sleep),
            dry_run=dry_run,
        )
        try:
            return stager.poll(Window(**{"lookback": QUARTER, **window}))
        finally:
            client.close()

    def place(self, count: int = 1) -> None:
        for _ in range(count):
            self.store.shopkeeper.place(raw_order())

    def appears_late(self, number: int, modified: datetime) -> None:
        """An order of an earlier moment that the list shows only now: its transaction took so long."""
        moment = modified.replace(tzinfo=None).isoformat(timespec="seconds")
        self.store.load([raw_order(id=number, number=str(number), date_modified_gmt=moment, date_created_gmt=moment)])

    @property
    def staged(self) -> int:
        return len(self.database.run(ListStagedOrders()))

    @property
    def watermark(self) -> datetime | None:
        walks = {walk.walk_name: walk for walk in self.database.run(ListWalks(store_id="woocommerce"))}
        return walks[ORDERS_WALK].watermark_dt if ORDERS_WALK in walks else None


@pytest.fixture
def poller(tmp_path: Path) -> Iterator[Poller]:
    clock = MovableClock()
    database = EmbeddedDatabase(tmp_path / "poll.db", clock=clock)
    with SimulatedStore(clock=clock) as store:
        yield Poller(store, database, clock)
    database.close()


def test_each_poll_begins_a_little_before_the_end_of_the_last(poller: Poller) -> None:
    poller.poll()
    first = poller.watermark
    assert first is not None
    poller.clock.move(timedelta(minutes=10))
    poller.appears_late(900, first - timedelta(minutes=14))
    poller.poll()
    assert poller.staged == 1
    assert poller.watermark is not None
    assert poller.watermark > first


def test_an_outage_longer_than_the_lookback_loses_nothing(poller: Poller) -> None:
    poller.poll()
    poller.place(3)
    poller.clock.move(timedelta(days=3))
    poller.poll()
    assert poller.staged == 3


def test_a_poll_that_ends_at_max_pages_goes_on_from_there_whenever_that_is(poller: Poller) -> None:
    poller.place(7)
    first = poller.poll(batch_size=2, max_pages=2)
    assert (first.unfinished, poller.staged, poller.watermark) == (True, 4, None)
    assert any("the next run goes on from there" in note for note in first.notes)
    poller.clock.move(timedelta(days=2))
    second = poller.poll(batch_size=2, max_pages=2)
    assert (second.unfinished, poller.staged) == (False, 7)
    assert poller.watermark is not None


def test_a_poll_that_breaks_off_leaves_the_watermark_where_it_was(poller: Poller) -> None:
    poller.poll()
    before = poller.watermark
    poller.place(5)
    seen: list[str] = []

    def break_the_second_page(_method: str, path: str, query: dict[str, str]) -> None:
        if path.endswith("/orders") and query.get("status") != "trash" and query.get("modified_after"):
            seen.append(path)
            if len(seen) == 2:
                poller.store.fail("status", status=503, times=99)

    poller.store.before_request = break_the_second_page
    with pytest.raises(StoreUnavailable):
        poller.poll(batch_size=2)
    assert (poller.staged, poller.watermark) == (2, before)
    poller.store.faults.clear()
    poller.clock.move(timedelta(days=2))
    poller.poll(batch_size=2)
    assert poller.staged == 5


def test_a_window_by_hand_moves_the_watermark_only_where_it_leaves_no_gap(poller: Poller) -> None:
    poller.poll()
    before = poller.watermark
    assert before is not None
    poller.clock.move(timedelta(hours=5))
    poller.poll(since=before + timedelta(hours=1))
    assert poller.watermark == before
    poller.poll(until=before + timedelta(hours=1))
    assert poller.watermark == before
    poller.poll(since=before - timedelta(hours=1))
    assert poller.watermark is not None
    assert poller.watermark > before


def test_what_goes_to_the_trash_is_noticed_by_a_poll(poller: Poller) -> None:
    poller.place(2)
    poller.poll()
    poller.store.shopkeeper.trash(1)
    poller.clock.move(timedelta(minutes=1))
    poller.poll()
    states = {order.woo_order_id: (order.state, order.ord_status) for order in poller.database.run(ListStagedOrders())}
    assert states == {1: ("SKIPPED", "trash"), 2: ("PENDING", "processing")}


def test_a_dry_run_remembers_nothing(poller: Poller) -> None:
    poller.place(2)
    assert poller.poll(dry_run=True).counts["staged"] == 2
    assert (poller.staged, poller.watermark) == (0, None)


def test_a_stores_clock_that_was_set_back_loses_nothing(poller: Poller) -> None:
    poller.poll()
    poller.clock.now -= timedelta(hours=6)
    poller.place()
    poller.poll()
    assert poller.staged == 1


def test_a_window_that_makes_no_sense_is_refused(poller: Poller) -> None:
    now = poller.clock()
    with pytest.raises(UsageError, match="must be before --until"):
        poller.poll(since=now, until=now)
    with pytest.raises(UsageError, match="in the future"):
        poller.poll(since=now + timedelta(days=1))


def test_a_store_that_is_being_polled_is_left_alone(poller: Poller) -> None:
    poller.place()
    with poller.database.exclusive("stage woocommerce"), pytest.raises(AlreadyRunning):
        poller.poll()
    assert poller.staged == 0


def test_orders_are_asked_for_with_exact_amounts_so_that_the_shops_decimals_edit_none(poller: Poller) -> None:
    raw = raw_order(("TEE-BLK", 3, "8.26"), id=4711, number="4711", refunds=[{"id": 9, "total": "-1.00"}])
    raw["line_items"][0] |= {"total": "24.793389", "subtotal": "24.793389"}
    poller.store.load([raw, raw_order(id=4712, number="4712")])
    asked: set[str | None] = set()
    poller.store.before_request = lambda _method, path, query: asked.add(query.get("dp") if "_fields" not in query else "a ping")
    hashes = set()
    for decimals in (2, 0, 3):
        poller.store.manner.decimals = decimals
        for order_id in (4711, 4712):
            poller.store.state.touch(poller.store.state.order(order_id))
        poller.poll()
        assert isinstance(poller.database, EmbeddedDatabase)
        hashes.add(tuple(row[0] for row in poller.database.query("SELECT CONTENT_HASH FROM dbo.USER_ORDER_STAGING")))
        poller.clock.move(QUARTER)
    assert poller.staged == 2
    assert len(hashes) == 1
    assert asked == {"6", "a ping"}


def test_what_the_store_says_of_an_order_that_is_set_aside_is_marked_as_personal(
    poller: Poller, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("syncctl.services.intake")
    logger.addHandler(caplog.handler)
    poller.place()
    next(iter(poller.store.state.orders.values()))["date_created_gmt"] = "by Ada Lovelace"
    poller.poll()
    logger.removeHandler(caplog.handler)
    [told, *_] = [record for record in caplog.records if "is set aside" in record.getMessage()]
    assert "'by Ada Lovelace'" in told.getMessage()
    assert vars(told)["personal"] is True
