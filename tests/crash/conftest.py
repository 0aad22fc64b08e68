"""A shop, a database on each engine in turn, and workers that can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.connect import open_database
from syncctl.db.contract import Database, ListStagedOrders, StagedOrder
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.services.process import ProcessOptions, ProcessResult
from syncctl.services.retry_failed import retry_failed
from syncctl.services.run_context import RunContext
from syncctl.services.seed import seed, set_up
from syncctl.services.stage import Stager, Staging, Window
from syncctl.services.validate import Rules
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.contract.conftest import clock, database, new_connection, query, url  # noqa: F401
from tests.crash import worker
from tests.crash.hosts import NOTE, Site
from tests.crash.workers import Worker

ITEMS = ("TEE-BLK", "MUG", "CAP")


class Shop:
    """The simulated store with a database behind it, and what runs between the two."""

    def __init__(
        self, store: SimulatedStore, database: Database, connect: Callable[[], Database], url: str, clock: MovableClock
    ) -> None:
        self.store = store
        self.database = database
        self.connect = connect
        self.url = url
        self.clock = clock
        self.run_number = 0
        items = [{"ITEM_NO": sku, "SKU": sku, "DESCR": sku, "PRC_1": "19.99", "QTY_ON_HND": "5"} for sku in ITEMS]
        customer = {"CUST_NO": "S1", "NAM": "Ada", "EMAIL_ADRS_1": "ada@example.test", "WOO_USER_ID": 5}
        set_up(database)
        seed(database, items=items, customers=[customer])

    def client(self) -> WooCommerce:
        connection = Connection(
            url=self.store.url, consumer_key=Secret(self.store.key), consumer_secret=Secret(self.store.secret)
        )
        return WooCommerce(connection, clock=self.clock, sleeper=self.clock.sleep)

    def stage(self, create_statuses: tuple[str, ...] = ("processing", "completed", "on-hold")) -> Staging:
        self.clock.move(timedelta(seconds=5))
        client = self.client()
        try:
            content = ContentBuilder(create_statuses=create_statuses, timezone=ZoneInfo("UTC"))
            stager = Stager(
                database=self.database,
                store=client,
                content=content,
                context=RunContext(run_id="stage", sleeper=self.clock.sleep),
            )
            return stager.poll(Window(lookback=timedelta(days=30), max_pages=1000))
        finally:
            client.close()

    def catch_up(self, scope: str = "pending") -> ProcessResult:
        """What the scheduler runs next: long enough after, that every lease is over and every wait, too."""
        self.clock.move(timedelta(days=1))
        self.run_number += 1
        return retry_failed(
            self.connect,
            self.client,
            ProcessOptions(rules=Rules(), scope=scope),
            RunContext(run_id=f"heir-{self.run_number}", clock=self.clock, sleeper=self.clock.sleep),
        )

    def killed(self, moment: str, **more: Any) -> None:
        """Run a worker that dies at that moment."""
        done = self.worker(moment, **more).wait()
        assert done == worker.KILLED, f"the worker was to die {moment}, and ended with {done}"

    def worker(self, moment: str, **more: Any) -> Worker:
        self.run_number += 1
        given = {
            "url": self.url,
            "shop_url": self.store.url,
            "key": self.store.key,
            "secret": self.store.secret,
            "now": self.clock().isoformat(),
            "run_id": f"victim-{self.run_number}",
            "kill": moment,
            **more,
        }
        return Worker(worker.main, given)

    def order(self, order_id: int) -> StagedOrder:
        return self.database.run(ListStagedOrders(order_ref=str(order_id)))[0]

    def rows(self, sql: str, *parameters: Any) -> list[Any]:
        return self.database.query(sql, parameters)  # type: ignore[attr-defined, no-any-return]

    def on_order(self) -> dict[str, Decimal]:
        """What each item has on order, where it is anything."""
        found = {row["ITEM_NO"]: Decimal(row["QTY_ON_SO"]) for row in self.rows("SELECT ITEM_NO, QTY_ON_SO FROM dbo.IM_INV")}
        return {item: quantity for item, quantity in found.items() if quantity}

    def notes(self, order_id: int) -> int:
        return sum(count for text, count in self.store.count_notes(order_id).items() if text.startswith(NOTE))


@pytest.fixture
def shop(
    database: Database,
    new_connection: Callable[[], Database],
    url: str,
    clock: MovableClock,
) -> Iterator[Shop]:
    with SimulatedStore(clock=clock) as store:
        yield Shop(store, database, new_connection, url, clock)


def _site(url: str, database: Database, folder: Path) -> Iterator[Site]:
    items = [{"ITEM_NO": sku, "SKU": sku, "DESCR": sku, "PRC_1": "19.99", "QTY_ON_HND": "5"} for sku in ITEMS]
    set_up(database)
    seed(database, items=items, customers=[{"CUST_NO": "S1", "NAM": "Ada", "EMAIL_ADRS_1": "ada@example.test", "WOO_USER_ID": 5}])
    with SimulatedStore() as store:
        yield Site(store, database, url, folder)


@pytest.fixture
def anywhere(url: str, database: Database, tmp_path: Path) -> Iterator[Site]:
    """A store in real time, with the real program's hosts, on each engine in turn."""
    yield from _site(url, database, tmp_path)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The same on the embedded database: what is looked at is the program, not the engine."""
    url = f"sqlite:///{(tmp_path / 'shop.db').as_posix()}"
    with closing(open_database(url)) as database:
        yield from _site(url, database, tmp_path)
