#!/usr/bin/env python3
"""Many worker processes on many staged orders, and a store that misbehaves: is each order done once, and how fast?

    .venv/bin/python scripts/load_test.py                                   2,000 orders, 8 processes, a throw-away database
    .venv/bin/python scripts/load_test.py --faults 5                        the same; of 100 requests to the store 5 go wrong
    .venv/bin/python scripts/load_test.py --kill                            the same, workers killed hard at random meanwhile
    .venv/bin/python scripts/load_test.py --erp rms                         into Microsoft RMS
    .venv/bin/python scripts/load_test.py --database 'SERVER=…;DATABASE=…'  on a SQL Server with the trial ERP

Orders are made up and put into a simulated store. `syncctl stage` polls them, `syncctl process --parallel` works on them in
processes of their own and tells the store, `syncctl retry-failed` takes up what was left, as the jobs do. Faults are answers of
429, 500 and 503, connections that are reset before or after the work was done, answers that are cut, pages in place of JSON, and
half a second's wait, each as often as another. Then database and store are asked. It ends with exit code 1 where an order was
lost, done twice, or told twice.

A database that is named keeps what was done to it. It has to be a trial one: `syncctl db deploy --demo-erp` makes it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is run by its path

from scripts import erp_sums
from scripts.load_checks import before, check, created
from scripts.load_faults import ByChance
from scripts.load_workers import Load, poll, take_up, work
from scripts.runs import print_findings, rows_of
from syncctl.clock import system_clock
from syncctl.db.connect import is_embedded, open_database
from syncctl.db.contract import Database, ListStepTimes
from syncctl.demo.catalog import customer, products
from syncctl.demo.orders import OrderMaker, Raw
from syncctl.demo.store import SimulatedStore
from syncctl.errors import SyncError
from syncctl.secret import Secret
from syncctl.services.seed import seed_from_store
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection

STATUSES = ("processing", "completed", "on-hold")
SHARES = (50, 95, 99)
STEPS = {"to_erp": "staged to in the ERP", "to_store": "in the ERP to told"}
CALLS = {
    "sp_ClaimStagedOrders": "claiming a batch",
    "sp_ProcessStagedOrder": "a call: an order into the ERP",
    **dict.fromkeys(("HTTP GET", "HTTP POST", "HTTP PUT"), "a request to the store"),
}


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds, shortest first."""

    each: list[float]

    def at(self, share: int) -> float:
        """The time that so many of a hundred didn't exceed."""
        return self.each[min(len(self.each) - 1, len(self.each) * share // 100)]


def main() -> int:
    """Stage, work, check, print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="syncctl-load-", ignore_cleanup_errors=True) as folder:
        load = Load(
            orders=options.orders,
            processes=options.processes,
            faults=options.faults / 100,
            url=options.database or f"sqlite:///{(Path(folder) / 'load.db').as_posix()}",
            erp=options.erp,
            folder=Path(folder),
            seed=options.seed,
            kills=2 * options.processes if options.kill else 0,
            kill_every=options.kill_every,
            lease_seconds=options.lease_seconds,
            limit_minutes=options.limit_minutes,
        )
        try:
            with SimulatedStore() as shop:
                return run(load, shop, row=options.row)
        except SyncError as error:
            print(f"load_test: {error}", file=sys.stderr)
            return error.exit_code


def run(load: Load, shop: SimulatedStore, *, row: bool = False) -> int:
    """Do it all, and return the exit code; with `row` a line for a table is printed, too."""
    engine = "embedded" if is_embedded(load.url) else "SQL Server"
    faults = ByChance(share=load.faults, seed=load.seed)
    started = time.monotonic()
    with closing(open_database(load.url, create=True, erp=load.erp)) as database:
        raws = _fill(load, shop, database)
        shop.faults = faults
        poll(load)
        said = ", ".join(f"{times} ended with {code}" for code, times in sorted(load.polls.items()))
        took = time.monotonic() - started
        print(f"{engine}: staged {load.orders:,} orders in {took:.1f} s as store {load.store_id}; polls: {said}")
        was = before(database)
    began, started = system_clock(), time.monotonic()
    work(load)
    worked = time.monotonic() - started
    if load.killed:
        print(f"killed {load.killed} workers; others take up what they left, as if its leases were over")
    take_up(load)
    took = time.monotonic() - started
    faults.share = 0
    with closing(open_database(load.url)) as database:
        orders = _orders(load, database)
        _print_speed(load, orders, worked, took)
        _print_steps(load, database, began)
        _print_errors(load, database, shop, faults)
        broken = check(load, database, was, raws, shop)
    if row:
        print(_row(load, orders, took, faults))
    return print_findings(broken, most=5)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=2000, help="how many orders (2000)")
    parser.add_argument("--processes", type=int, default=8, help="how many worker processes (8)")
    parser.add_argument(
        "--faults", type=float, default=0.0, metavar="PERCENT", help="how many of 100 requests to the store go wrong (0)"
    )
    parser.add_argument("--database", help="sqlite:///PATH or an ODBC connection string; a throw-away file without it")
    parser.add_argument(
        "--erp",
        choices=sorted(erp_sums.ERPS),
        default="counterpoint",
        help="which ERP a throw-away file is made for (counterpoint)",
    )
    parser.add_argument("--seed", type=int, default=1, help="another number makes other orders and other faults (1)")
    parser.add_argument("--kill", action="store_true", help="kill workers hard at random, two for each process, and replace them")
    parser.add_argument("--kill-every", type=float, default=2.0, metavar="SECONDS", help="about how often (2)")
    parser.add_argument("--lease-seconds", type=int, default=60, help="how long an order stays with a dead worker (60)")
    parser.add_argument("--limit-minutes", type=float, default=60, help="give up after so long (60)")
    parser.add_argument("--row", action="store_true", help="print the figures as a row of a Markdown table, too")
    options = parser.parse_args()
    if min(options.orders, options.processes) < 1 or not 0 <= options.faults <= 90:
        parser.error("orders and processes are at least 1, faults 0 to 90 of 100 requests")
    return options


def _fill(load: Load, shop: SimulatedStore, database: Database) -> list[Raw]:
    """Make the orders up, and fill the trial ERP with what they need; return the orders."""
    maker = OrderMaker(load.seed)
    now = system_clock()
    raws = [maker.order(number, now - timedelta(seconds=60 + load.orders - number)) for number in range(1, load.orders + 1)]
    shop.load(raws, products=products(), customers=[customer(person, "2026-01-05T09:00:00") for person in maker.people])
    load.store = {
        "SYNCCTL_WOO_URL": shop.url,
        "SYNCCTL_WOO_CONSUMER_KEY": shop.key,
        "SYNCCTL_WOO_CONSUMER_SECRET": shop.secret,
        "SYNCCTL_WOO_CREATE_STATUSES": ",".join(STATUSES),
        "SYNCCTL_ORDER_POLLING_LOOKBACK_MINUTES": "2880",
        "SYNCCTL_ORDER_POLLING_MAX_PAGES": "10000",
        "SYNCCTL_HTTP_READ_TIMEOUT": "20",
    }
    connection = Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret))
    with closing(WooCommerce(connection, store_id=load.store_id)) as store:
        seed_from_store(database, store)
    return raws


@dataclass(frozen=True, slots=True)
class Orders:
    """When orders came into the ERP, and how long each of them took its worker: from its last document to the next."""

    moments: list[datetime]
    times: Times

    @property
    def span(self) -> float:
        """Seconds from the first document to the last."""
        return (self.moments[-1] - self.moments[0]).total_seconds() or 0.001


def _orders(load: Load, database: Database) -> Orders:
    by_worker: dict[str, list[datetime]] = defaultdict(list)
    for row in created(load, database):
        by_worker[row["WORKER_ID"]].append(row["EVENT_DT"])
    gaps = [
        (later - earlier).total_seconds()
        for worker in by_worker.values()
        for earlier, later in zip(sorted(worker), sorted(worker)[1:], strict=False)
    ]
    return Orders(sorted(moment for worker in by_worker.values() for moment in worker), Times(sorted(gaps) or [0.0]))


def _print_speed(load: Load, orders: Orders, worked: float, took: float) -> None:
    """Print orders per second, and how long an order took its worker."""
    if not orders.moments:
        return
    number = len(orders.moments)
    print(
        f"{number:,} orders with {load.processes} processes, each told to the store, in {took:.1f} s "
        f"({worked:.1f} s, then what was left in turns: {load.turns}): {number / took:.1f} a second, "
        f"{(number - 1) / orders.span:.1f} from the first document to the last"
    )
    told = ", ".join(f"p{share} {_ms(orders.times.at(share))}" for share in SHARES)
    print(f"  {'a worker, one order to the next':<34}  {told}, longest {_ms(orders.times.each[-1])}")


def _print_steps(load: Load, database: Database, began: datetime) -> None:
    """Print how long the steps took: by the orders' events, and by the workers' own clocks."""
    call = ListStepTimes(since_dt=began, until_dt=system_clock() + timedelta(hours=1), store_id=load.store_id)
    for step in database.run(call):
        if step.step in STEPS:
            shares = ((50, step.median_ms), (95, step.p95_ms), (99, step.p99_ms))
            told = ", ".join(f"p{share} {_ms(value / 1000)}" for share, value in shares)
            print(f"  {STEPS[step.step]:<34}  {told}, longest {_ms(step.longest_ms / 1000)}")
    metered: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for row in rows_of(database, "SELECT METRICS_JSON FROM dbo.USER_SYNC_LOG WHERE STORE_ID = ?", load.store_id):
        for name, noted in json.loads(row["METRICS_JSON"] or "{}").get("steps", {}).items():
            if called := CALLS.get(name):
                count, seconds, longest = metered[called]
                metered[called] = [count + noted["count"], seconds + noted["seconds"], max(longest, noted["longest"])]
    for called, (count, seconds, longest) in metered.items():
        if count:
            print(f"  {called:<34}  {count:,.0f} times, mean {_ms(seconds / count)}, longest {_ms(longest)}")


def _print_errors(load: Load, database: Database, shop: SimulatedStore, faults: ByChance) -> None:
    """Print what went wrong, by kind: in the store, at orders, at messages, and how the runs ended."""
    requests = len(shop.requests)
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(faults.kinds.items())) or "none"
    print(f"  requests to the store: {requests:,}; faults: {kinds}")
    sql = (
        "SELECT attempt.ERROR_CLASS FROM dbo.USER_ORDER_ATTEMPT AS attempt INNER JOIN dbo.USER_ORDER_STAGING AS staged "
        "ON staged.STAGING_ID = attempt.STAGING_ID WHERE staged.STORE_ID = ?"
    )
    at_orders = Counter(row["ERROR_CLASS"] for row in rows_of(database, sql, load.store_id))
    sql = "SELECT ATTEMPT_NO FROM dbo.USER_STORE_OUTBOX WHERE STORE_ID = ?"
    tries = Counter(row["ATTEMPT_NO"] for row in rows_of(database, sql, load.store_id))
    print(f"  failed attempts at orders: {_counted(at_orders)}; tries that messages took: {_counted(tries)}")
    print(f"  runs by exit code: {_counted(load.exits)}" + (f"; {load.killed} killed" if load.killed else ""))


def _counted(counted: Counter[int] | Counter[str]) -> str:
    return ", ".join(f"{count:,} × {name}" for name, count in sorted(counted.items())) or "none"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _row(load: Load, orders: Orders, took: float, faults: ByChance) -> str:
    number = len(orders.moments)
    cells = [
        f"{load.orders:,}",
        load.erp,
        load.processes,
        f"{load.faults * 100:g} %",
        f"{faults.happened:,}",
        load.killed,
        f"{number / took:.0f}",
        f"{(number - 1) / orders.span:.0f}",
        *(_ms(orders.times.at(share)) for share in SHARES),
        _ms(orders.times.each[-1]),
    ]
    return f"| {' | '.join(str(cell) for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main())
