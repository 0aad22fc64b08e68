#!/usr/bin/env python3
"""What things cost, as ratios measured in one run on one machine, so that they mean the same on another.

    .venv/bin/python scripts/benchmark.py              300 orders, a table
    .venv/bin/python scripts/benchmark.py --json       the same as JSON
    .venv/bin/python scripts/benchmark.py --orders 2000

The store is the simulated one, its HTTP is real; each of its answers takes as long as a small WooCommerce's (`--latency`, in
seconds). The database is an embedded one in a throw-away folder. Nothing here passes or fails: it is for comparing.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from syncctl.clock import system_clock
from syncctl.db.connect import open_database
from syncctl.db.contract import Database, StageOrders
from syncctl.demo.orders import catalogue
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.services.process import ProcessOptions
from syncctl.services.run_context import RunContext
from syncctl.services.seed import seed_from_store
from syncctl.services.stage import Stager, Window
from syncctl.services.validate import Rules
from syncctl.services.workers import process
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection

PAGE = 100
STARTS = 7
SOME = 60
"""Orders in the measurement of workers, which waits for the store."""


@dataclass(frozen=True)
class Comparison:
    """Two ways of doing one thing, in milliseconds for each unit of it."""

    name: str
    unit: str
    one: str
    one_ms: float
    other: str
    other_ms: float

    @property
    def ratio(self) -> float:
        """How many times as long the first takes as the second."""
        return self.one_ms / self.other_ms if self.other_ms else float("inf")


class TimedDatabase:
    """A database that adds up how long its procedures take."""

    engine = "timed"

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seconds = 0.0

    def run(self, call: Any) -> Any:
        """Run a procedure and note its time."""
        begun = time.perf_counter()
        try:
            return self._database.run(call)
        finally:
            self.seconds += time.perf_counter() - begun

    def exclusive(self, resource: str) -> Any:
        """See `Database.exclusive`."""
        return self._database.exclusive(resource)

    def close(self) -> None:
        """See `Database.close`."""
        self._database.close()


def main() -> int:
    """Measure everything and print it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--orders", type=int, default=300, help="orders in the shop (300)")
    options.add_argument("--latency", type=float, default=0.06, help="seconds that each answer of the store takes (0.06)")
    options.add_argument("--json", action="store_true", help="print JSON")
    given = options.parse_args()
    logging.getLogger("syncctl").setLevel(logging.CRITICAL)
    found: list[Comparison] = []
    for comparison in measure(given.orders, given.latency):
        found.append(comparison)
        print(f"measured: {comparison.name}", file=sys.stderr)
    if given.json:
        rows = [{**asdict(comparison), "ratio": round(comparison.ratio, 3)} for comparison in found]
        print(json.dumps({"orders": given.orders, "latency_seconds": given.latency, "comparisons": rows}, indent=2))
        return 0
    print(f"{'what':34} {'':28} {'ms':>9} {'':28} {'ms':>9}  {'ratio':>7}  per")
    for each in found:
        sides = f"{each.one:28} {each.one_ms:9.2f} {each.other:28} {each.other_ms:9.2f}"
        print(f"{each.name:34} {sides}  {each.ratio:7.2f}  {each.unit}")
    return 0


def measure(orders: int, latency: float) -> Iterator[Comparison]:
    """Give one comparison after the other."""
    with shop_of(orders, latency=0) as shop, folder() as place:
        database = TimedDatabase(open_database(f"sqlite:///{place / 'poll.db'}"))
        with closing(database):
            first, first_in_database = poll(shop, database)
            again, again_in_database = poll(shop, database)
        scale = 1000 / orders
        yield Comparison("an unchanged poll", "order", "polled again", again * scale, "polled first", first * scale)
        yield Comparison(
            "… in the database alone", "order", "polled again", again_in_database * scale, "first", first_in_database * scale
        )
        rows = rows_of(shop)
    one_by_one = staging_time([[row] for row in rows])
    by_page = staging_time([rows[start : start + PAGE] for start in range(0, len(rows), PAGE)])
    yield Comparison(
        "one call for a page", "order", "a call for each order", one_by_one * scale, f"a call for {PAGE}", by_page * scale
    )
    few = min(SOME, orders)
    alone, four = (processing_time(few, latency, workers) for workers in (1, 4))
    yield Comparison("workers", "order", "1 worker", alone * 1000 / few, "4 workers", four * 1000 / few)
    nothing = start_up(["-c", "pass"])
    for name, arguments in (
        ("--version", ["--version"]),
        ("--help", ["--help"]),
        ("process, nothing to do", ["process", "--quiet"]),
    ):
        yield Comparison(
            f"start: {name}", "start", "syncctl", start_up(["-m", "syncctl", *arguments]) * 1000, "python -c pass", nothing * 1000
        )


def poll(shop: SimulatedStore, database: TimedDatabase) -> tuple[float, float]:
    """Poll the shop once; return seconds in all, and seconds in the database."""
    database.seconds, begun = 0.0, time.perf_counter()
    with closing(store_of(shop)) as store:
        stager = Stager(database=database, store=store, content=content(), context=RunContext(run_id="benchmark"))
        stager.poll(Window(lookback=timedelta(days=90), batch_size=PAGE, max_pages=1_000_000))
    return time.perf_counter() - begun, database.seconds


def rows_of(shop: SimulatedStore) -> list[dict[str, Any]]:
    """Return the shop's orders as `sp_StageOrders` takes them."""
    with closing(store_of(shop)) as store:
        found = (store.get(order_id) for order_id in list(shop.state.orders))
        return [content().content(order) for order in found if order is not None]


def staging_time(pages: Iterable[list[dict[str, Any]]]) -> float:
    """Stage into an empty database, one call for each page; return the seconds."""
    with folder() as place, closing(open_database(f"sqlite:///{place / 'stage.db'}")) as database:
        begun = time.perf_counter()
        for page in pages:
            orders = json.dumps(page, ensure_ascii=False)
            database.run(StageOrders(store_id="benchmark", source_system="woocommerce", sync_id="benchmark", orders=orders))
        return time.perf_counter() - begun


def processing_time(orders: int, latency: float, workers: int) -> float:
    """Stage orders, then bring them into the ERP and tell the store; return the seconds of the latter."""
    with shop_of(orders, latency=latency) as shop, folder() as place:
        url = f"sqlite:///{place / 'process.db'}"
        with closing(open_database(url)) as database:
            with closing(store_of(shop)) as store:
                seed_from_store(database, store)
            poll(shop, TimedDatabase(database))
        begun = time.perf_counter()
        options = ProcessOptions(rules=Rules(unknown_customer="create"))
        process(lambda: open_database(url), lambda: store_of(shop), options, RunContext(run_id="benchmark"), workers=workers)
        return time.perf_counter() - begun


def start_up(arguments: list[str]) -> float:
    """Start Python several times; return the middle one's seconds."""
    with folder() as place:
        surroundings = {
            "SYNCCTL_DATABASE": f"sqlite:///{place / 'start.db'}",
            "SYNCCTL_LOG_DIR": str(place / "logs"),
            "SYNCCTL_LOCK_DIR": str(place / "locks"),
        }
        timed: list[float] = []
        for _ in range(STARTS + 1):  # the first one warms the caches, and makes the tables
            begun = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=environment(surroundings))
            timed.append(time.perf_counter() - begun)
        return statistics.median(timed[1:])


def environment(settings: dict[str, str]) -> dict[str, str]:
    """This process's environment with no settings but these."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}, **settings}


@contextmanager
def shop_of(orders: int, *, latency: float) -> Iterator[SimulatedStore]:
    """Open a shop with that many orders, whose answers take that long."""
    goods = catalogue(orders, seed=1, clock=system_clock)
    with SimulatedStore() as shop:
        shop.load(goods.orders, products=goods.products, customers=goods.customers)
        slow: Callable[[str, str, dict[str, str]], None] = lambda _method, _path, _query: time.sleep(latency)  # noqa: E731
        shop.before_request = slow if latency else None
        yield shop


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="syncctl-benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def store_of(shop: SimulatedStore) -> WooCommerce:
    """Open a session with the shop."""
    connection = Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret))
    return WooCommerce(connection, store_id="benchmark")


def content() -> ContentBuilder:
    """How orders become rows."""
    return ContentBuilder(create_statuses=("processing", "completed", "on-hold"), timezone=ZoneInfo("UTC"))


if __name__ == "__main__":
    sys.exit(main())
