"""A poll looks into what changed, and nothing else; what it leaves out makes no difference to the database."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import ClaimStagedOrders, Database, ListKnownOrders, Procedure, ProcessStagedOrder
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.raws import raw_order
from tests.shop import Shop

LATER = timedelta(minutes=5)
DAY = timedelta(days=1)
_WHEN_MET = ("LAST_SEEN_DT", "LEASE_UNTIL_DT")


class Counted:
    """A database that counts the calls made to it; with `thorough` it knows no order, so that all are looked into."""

    def __init__(self, database: EmbeddedDatabase, *, thorough: bool = False) -> None:
        self.database = database
        self.engine = database.engine
        self.exclusive = database.exclusive
        self.close = database.close
        self.thorough = thorough
        self.calls: Counter[str] = Counter()

    def run(self, call: Procedure[Any]) -> list[Any]:
        self.calls[call.name] += 1
        return [] if self.thorough and isinstance(call, ListKnownOrders) else self.database.run(call)


class Poller:
    """A shop, and databases that are filled from it."""

    def __init__(self, store: SimulatedStore, clock: MovableClock, folder: Path) -> None:
        self.store = store
        self.clock = clock
        self.keeper = store.shopkeeper
        self.short = Counted(EmbeddedDatabase(folder / "short.db", clock=clock))
        self.long = Counted(EmbeddedDatabase(folder / "long.db", clock=clock), thorough=True)

    def client(self) -> WooCommerce:
        keys = {"consumer_key": Secret(self.store.key), "consumer_secret": Secret(self.store.secret)}
        return WooCommerce(Connection(url=self.store.url, **keys), clock=self.clock, sleeper=self.clock.sleep)

    def poll(self, database: Counted | None = None, statuses: tuple[str, ...] = ("processing",), **window: Any) -> Staging:
        database = database or self.short
        database.calls.clear()
        self.store.requests.clear()
        client = self.client()
        try:
            stager = Stager(
                database=database,
                store=client,
                content=ContentBuilder(create_statuses=statuses, timezone=ZoneInfo("UTC")),
                context=RunContext(run_id="poll", sleeper=self.clock.sleep, clock=self.clock),
            )
            return stager.poll(Window(**{"lookback": DAY, "max_pages": 99, **window}))
        finally:
            client.close()

    @property
    def asked(self) -> list[str]:
        """Which orders were asked for by name in the last poll, and what of them."""
        return [path.partition("/orders/")[2].partition("?")[0] for _, path, _ in self.store.requests if "/orders/" in path]

    def content(self, order_id: int) -> Any:
        [row] = self.short.database.query("SELECT * FROM dbo.USER_ORDER_STAGING WHERE WOO_ORDER_ID = ?", (order_id,))
        return row


@pytest.fixture
def poller(tmp_path: Path) -> Iterator[Poller]:
    clock = MovableClock()
    with SimulatedStore(clock=clock) as store:
        poller = Poller(store, clock, tmp_path)
        yield poller
        poller.short.close()
        poller.long.close()


def place(poller: Poller, count: int = 1, **more: Any) -> list[int]:
    return [poller.keeper.place(raw_order(("TEE-BLK", 3, "10.00"), **more)) for _ in range(count)]


def test_what_is_unchanged_is_neither_staged_nor_asked_for_again(poller: Poller) -> None:
    numbers = place(poller, 10)
    poller.keeper.refund_units(numbers[3], 1)
    poller.clock.move(LATER)
    assert poller.poll().counts["staged"] == 10
    assert poller.asked == [f"{numbers[3]}/refunds"]
    poller.clock.move(LATER)
    again = poller.poll()
    assert (again.counts["polled"], again.counts["unchanged"]) == (10, 10)
    assert poller.asked == []
    assert poller.short.calls["sp_ListKnownOrders"] == 1


def test_an_edit_within_the_second_in_which_an_order_was_read_is_not_missed(poller: Poller) -> None:
    [number] = place(poller)
    poller.poll()
    # The same second still, so that the date is the same, and an edit that nothing else in the list tells.
    poller.keeper.change_address(number, city="Paris")
    poller.clock.move(LATER)
    assert poller.poll().counts["restaged"] == 1
    poller.clock.move(LATER)
    assert poller.poll().counts["unchanged"] == 1
    assert poller.content(number)["READ_MARK"] is not None


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"refunds": [{"id": 77, "reason": "", "total": "-1.00"}]}, "restaged"),
        ({"total": "36.00"}, "restaged"),
        ({"order_key": "wc_order_other"}, "unchanged"),
    ],
)
def test_what_a_plugin_changes_past_the_date_is_looked_into(poller: Poller, fields: dict[str, Any], outcome: str) -> None:
    [number] = place(poller)
    poller.clock.move(LATER)
    poller.poll()
    before = poller.content(number)["READ_MARK"]
    poller.store.state.order(number).update(fields)
    poller.clock.move(LATER)
    assert poller.poll().counts[outcome] == 1
    assert poller.content(number)["READ_MARK"] != before


def test_orders_are_looked_into_again_where_other_statuses_are_brought_in(poller: Poller) -> None:
    place(poller)
    poller.clock.move(LATER)
    poller.poll()
    poller.clock.move(LATER)
    assert poller.poll(statuses=("completed",)).counts["skipped"] == 1
    poller.clock.move(LATER)
    assert poller.poll(statuses=("processing",)).counts["restaged"] == 1


def test_a_version_that_could_not_be_read_is_looked_into_until_it_can(poller: Poller) -> None:
    [number] = place(poller)
    poller.keeper.refund_units(number, 1)
    poller.clock.move(LATER)
    poller.poll()
    poller.keeper.change_quantity(number, 2)
    poller.clock.move(LATER)
    poller.store.fail("status", status=500, path=f"/orders/{number}/refunds", times=3)
    assert poller.poll().counts["errors"] == 1
    assert poller.content(number)["STATE"] == "NEEDS_MANUAL_REVIEW"
    poller.store.faults.clear()
    poller.clock.move(LATER)
    assert poller.poll().counts["restaged"] == 1


def test_a_store_that_does_not_tell_its_time_has_all_orders_looked_into(poller: Poller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncctl.stores.woocommerce_http.date_of", lambda headers: None)
    place(poller)
    poller.clock.move(LATER)
    poller.poll()
    poller.clock.move(LATER)
    assert poller.poll().counts["unchanged"] == 1
    assert poller.short.calls["sp_StageOrders"] >= 1
    assert [row["READ_MARK"] for row in poller.short.database.query("SELECT READ_MARK FROM dbo.USER_ORDER_STAGING")] == [None]


def process_all(database: Database) -> None:
    for claimed in database.run(ClaimStagedOrders(worker_id="worker", batch_size=100)):
        database.run(ProcessStagedOrder(staging_id=claimed.staging_id, worker_id="worker", attempt_no=claimed.attempt_no))


def tables(database: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Return what staging holds, but for when an order was last met."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in ("USER_ORDER_STAGING", "USER_ORDER_EVENT", "USER_ORDER_ATTEMPT", "USER_ORDER_DEAD_LETTER", "USER_ORDER_LINK"):
        rows = database.query(f"SELECT * FROM dbo.{table} ORDER BY 1")
        found[table] = [tuple(item for item in zip(row.keys(), row, strict=True) if item[0] not in _WHEN_MET) for row in rows]
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_week_with_edits_comes_out_as_if_every_order_had_been_looked_into(poller: Poller, seed: int) -> None:
    chance = random.Random(seed)
    for each in (poller.short, poller.long):
        Shop(each.database, each.database.query)
    orders = place(poller, 12)
    poller.keeper.refund_units(orders[0], 1)
    edits = [
        lambda number: poller.keeper.change_quantity(number, chance.randint(1, 5)),
        lambda number: poller.keeper.change_address(number, city=chance.choice(["London", "Paris", "Bern"])),
        lambda number: poller.keeper.set_status(number, chance.choice(["processing", "completed", "on-hold", "pending"])),
        lambda number: poller.keeper.cancel(number),
        lambda number: poller.keeper.refund_amount(number, "1.00"),
        lambda number: poller.keeper.trash(number),
        lambda number: poller.keeper.untrash(number),
        lambda number: poller.store.state.order(number).update(total=chance.choice(["nothing", "35.00"])),
    ]
    unchanged = 0
    for _ in range(40):
        for _ in range(chance.choice([0, 0, 1, 2])):
            chance.choice(edits)(chance.choice(orders))
        if chance.random() < 0.2:
            orders += place(poller, customer_id=chance.choice([0, 5]))
        poller.clock.move(timedelta(seconds=chance.choice([0, 1, 30, 119, 121, 900, 14_400, 28_800])))
        short = poller.poll(poller.short)
        long = poller.poll(poller.long)
        assert short.counts == long.counts
        unchanged += short.counts["unchanged"]
        assert tables(poller.short.database) == tables(poller.long.database)
        if chance.random() < 0.3:
            for each in (poller.short, poller.long):
                process_all(each.database)
    assert unchanged
