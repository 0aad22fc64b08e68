#!/usr/bin/env python3
"""Many worker processes on many staged orders: is each order done once, and how fast?

    .venv/bin/python scripts/load_test.py                                   2,000 orders, 8 processes, a throw-away database
    .venv/bin/python scripts/load_test.py --kill                            the same, workers killed hard at random meanwhile
    .venv/bin/python scripts/load_test.py --erp rms                         into Microsoft RMS
    .venv/bin/python scripts/load_test.py --database 'SERVER=…;DATABASE=…'  on a SQL Server with the trial ERP

Orders are made up, staged through the simulated store, and worked on by `syncctl process --parallel` in processes of their own.
Then the database itself is asked. It ends with exit code 1 where an order was lost or done twice.

A database that is named keeps what was done to it. It has to be a trial one: `syncctl db deploy --demo-erp` makes it.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is run by its path

from scripts import erp_sums
from scripts.erp_sums import on_order, sums_of
from scripts.runs import print_findings, rows_of
from syncctl.clock import system_clock
from syncctl.db.connect import is_embedded, open_database
from syncctl.db.contract import AuditOrders, Database
from syncctl.demo.catalog import customer, products
from syncctl.demo.orders import OrderMaker, Raw
from syncctl.demo.store import SimulatedStore
from syncctl.errors import SyncError
from syncctl.secret import Secret
from syncctl.services.run_context import RunContext
from syncctl.services.seed import item_of, seed_from_store
from syncctl.services.stage import Stager, Window
from syncctl.stores.base import Product
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection

STATUSES = ("processing", "completed", "on-hold")


@dataclass
class Load:
    """What one run is about. `store_id` keeps it apart from everything else in the database."""

    orders: int
    processes: int
    url: str
    erp: str
    folder: Path
    seed: int
    kills: int
    kill_every: float
    lease_seconds: int
    limit_minutes: float
    store_id: str = field(default_factory=lambda: f"load-{uuid.uuid4().hex[:8]}")
    begun: datetime = field(default_factory=system_clock)
    killed: int = 0
    exits: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True)
class Before:
    """The database as it was before the workers came."""

    documents: int
    numbers: dict[str, int]
    on_order: dict[str, Decimal]


def main() -> int:
    """Stage, work, check, print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="syncctl-load-", ignore_cleanup_errors=True) as folder:
        load = Load(
            orders=options.orders,
            processes=options.processes,
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
            return _run(load)
        except SyncError as error:
            print(f"load_test: {error}", file=sys.stderr)
            return error.exit_code


def _run(load: Load) -> int:
    engine = "embedded" if is_embedded(load.url) else "SQL Server"
    with closing(open_database(load.url, create=True, erp=load.erp)) as database:
        started = time.monotonic()
        raws = _stage(load, database)
        print(f"{engine}: staged {load.orders:,} orders in {time.monotonic() - started:.1f} s as store {load.store_id}")
        before = _before(database)
    load.begun = system_clock()
    started = time.monotonic()
    _work(load)
    if load.kills:
        print(f"killed {load.killed} workers; the leases of their orders run out, and one worker takes up what they left")
    if load.kills or load.exits - Counter({0: load.exits[0]}):
        _mop_up(load)
    took = time.monotonic() - started
    with closing(open_database(load.url)) as database:
        _print_speed(load, database, took)
        broken = _check(load, database, before, raws)
    return print_findings(broken, most=5)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=2000, help="how many orders (2000)")
    parser.add_argument("--processes", type=int, default=8, help="how many worker processes (8)")
    parser.add_argument("--database", help="sqlite:///PATH or an ODBC connection string; a throw-away file without it")
    parser.add_argument(
        "--erp",
        choices=sorted(erp_sums.ERPS),
        default="counterpoint",
        help="which ERP a throw-away file is made for (counterpoint)",
    )
    parser.add_argument("--seed", type=int, default=1, help="another number makes other orders (1)")
    parser.add_argument("--kill", action="store_true", help="kill workers hard at random, two for each process, and replace them")
    parser.add_argument("--kill-every", type=float, default=2.0, metavar="SECONDS", help="about how often (2)")
    parser.add_argument("--lease-seconds", type=int, default=60, help="how long an order stays with a dead worker (60)")
    parser.add_argument("--limit-minutes", type=float, default=60, help="give up after so long (60)")
    return parser.parse_args()


def _stage(load: Load, database: Database) -> list[Raw]:
    """Make the orders up, fill the trial ERP with what they need, and stage them."""
    maker = OrderMaker(load.seed)
    now = system_clock()
    raws = [maker.order(number, now - timedelta(seconds=60 + load.orders - number)) for number in range(1, load.orders + 1)]
    with SimulatedStore() as shop:
        shop.load(raws, products=products(), customers=[customer(person, "2026-01-05T09:00:00") for person in maker.people])
        connection = Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret))
        with closing(WooCommerce(connection, store_id=load.store_id)) as store:
            seed_from_store(database, store)
            stager = Stager(
                database=database,
                store=store,
                content=ContentBuilder(create_statuses=STATUSES, timezone=ZoneInfo("UTC")),
                context=RunContext(run_id=load.store_id),
            )
            result = stager.poll(Window(lookback=timedelta(days=2), max_pages=10_000))
    if result.counts["staged"] != load.orders:
        raise SyncError(f"Staging went wrong: {result.counts}.")
    return raws


def _worker(load: Load) -> subprocess.Popen[bytes]:
    """Start a worker as a scheduler would, with settings of its own. Without a store: its messages stay in the outbox."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
    ours = {
        "SYNCCTL_DATABASE": load.url,
        "SYNCCTL_STORE_ID": load.store_id,
        "SYNCCTL_UNKNOWN_CUSTOMER": "create",
        "SYNCCTL_LEASE_SECONDS": str(load.lease_seconds),
        "SYNCCTL_LOG_DIR": str(load.folder / "logs"),
        "SYNCCTL_LOCK_DIR": str(load.folder / "locks"),
        "PYTHONPATH": str(ROOT),
    }
    with (load.folder / "workers.txt").open("ab") as told:
        return subprocess.Popen(
            [sys.executable, "-m", "syncctl", "process", "--parallel", "--quiet"],
            cwd=load.folder,
            env={**kept, **ours},
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
        )


def _work(load: Load) -> None:
    """Run the workers until each has found nothing more to do; with `kills`, hit one now and then and replace it."""
    chance = random.Random(load.seed)  # noqa: S311 - no secrets
    until = time.monotonic() + load.limit_minutes * 60
    with _workers(load) as workers, closing(open_database(load.url)) as database:
        next_kill = time.monotonic() + chance.uniform(0.5, 1.5) * load.kill_every
        while workers:
            time.sleep(0.05)
            if time.monotonic() > until:
                raise SyncError(f"{len(workers)} workers were still at it after {load.limit_minutes:g} minutes.")
            for worker in [worker for worker in workers if worker.poll() is not None]:
                workers.remove(worker)
                load.exits[worker.returncode] += 1
            if load.killed >= load.kills or time.monotonic() < next_kill:
                continue
            next_kill = time.monotonic() + chance.uniform(0.5, 1.5) * load.kill_every
            busy = _at_work(database)
            if victims := [worker for worker in workers if worker.pid in busy]:
                victim = chance.choice(victims)
                victim.kill()
                victim.wait()
                workers.remove(victim)
                load.killed += 1
                workers.append(_worker(load))


def _at_work(database: Database) -> set[int]:
    """Return the processes that have begun and not ended: nothing is proven by killing one that is still starting."""
    runs = rows_of(database, "SELECT PROCESS_ID FROM dbo.USER_SYNC_LOG WHERE OPERATION_TYPE = 'process' AND END_TIME IS NULL")
    return {row["PROCESS_ID"] for row in runs}


@contextmanager
def _workers(load: Load) -> Iterator[list[subprocess.Popen[bytes]]]:
    workers = [_worker(load) for _ in range(load.processes)]
    try:
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def _mop_up(load: Load) -> None:
    """After a crash the scheduler's next run takes up what is left, as soon as the leases are over."""
    until = time.monotonic() + 3 * load.lease_seconds + 60
    while True:
        worker = _worker(load)
        load.exits[worker.wait(timeout=load.limit_minutes * 60)] += 1
        with closing(open_database(load.url)) as database:
            left = rows_of(
                database,
                "SELECT STAGING_ID FROM dbo.USER_ORDER_STAGING WHERE STORE_ID = ? AND STATE IN ('PENDING', 'CLAIMED')",
                load.store_id,
            )
        if not left or time.monotonic() > until:
            return
        time.sleep(2)


def _before(database: Database) -> Before:
    return Before(
        documents=len(erp_sums.documents(database)),
        numbers=_numbers(database),
        on_order=on_order(database),
    )


def _numbers(database: Database) -> dict[str, int]:
    return {row["SERIES"]: row["NEXT_NO"] for row in rows_of(database, "SELECT SERIES, NEXT_NO FROM dbo.USER_NUMBER_SERIES")}


def _check(load: Load, database: Database, before: Before, raws: list[Raw]) -> dict[str, list[str]]:
    """Ask the database; return each promise with what breaks it."""
    staged = rows_of(database, "SELECT * FROM dbo.USER_ORDER_STAGING WHERE STORE_ID = ?", load.store_id)
    there = erp_sums.documents(database)
    linked = rows_of(database, "SELECT WOO_ORDER_ID, DOC_ID FROM dbo.USER_ORDER_LINK WHERE STORE_ID = ?", load.store_id)
    links = [row for row in linked if int(row["DOC_ID"]) in there]
    created = Counter(row["WOO_ORDER_ID"] for row in _created(load, database))
    told = rows_of(
        database, "SELECT WOO_ORDER_ID FROM dbo.USER_STORE_OUTBOX WHERE STORE_ID = ? AND KIND = 'applied'", load.store_id
    )
    documents = len(there) - before.documents
    series = sums_of(database).series
    drawn = {name: number - before.numbers[name] for name, number in _numbers(database).items() if name in series}
    numbers = Counter(there[int(row["DOC_ID"])].number for row in links)
    states = Counter(row["STATE"] for row in staged)
    broken = {
        "no order lost": [] if states == {"APPLIED": load.orders} else [f"the orders' states: {dict(states)}"],
        "no order done twice": [
            f"order {order_id} was created {times} times" for order_id, times in created.items() if times > 1
        ],
        "one document for each order": []
        if len(links) == documents == len({row["WOO_ORDER_ID"] for row in links}) == load.orders
        else [f"{documents} new documents, {len(links)} linked to {load.orders} orders"],
        "one message to the store for each order": []
        if len(told) == len({row["WOO_ORDER_ID"] for row in told}) == load.orders
        else [f"{len(told)} messages for {load.orders} orders"],
        "stock on order is what was sold": _stock(before, on_order(database), raws),
        "audit": [
            f"{finding.check_name}: {finding.detail}"
            for finding in [*database.run(AuditOrders(store_id=load.store_id)), *database.run(AuditOrders(inventory=True))]
        ],
    }
    broken["numbers unique, without gaps"] = [
        *(f"{value} was given {times} times" for value, times in numbers.items() if times > 1),
        *(f"{drawn[name]} of {name} were drawn for {documents} documents" for name in series if drawn[name] != documents),
    ]
    if not load.kills:
        again = [row for row in staged if row["ATTEMPT_NO"] != 1]
        broken["no order claimed twice"] = [f"order {row['WOO_ORDER_ID']} took {row['ATTEMPT_NO']} claims" for row in again]
        broken["every worker ended well"] = [f"exit code {code}, {times} times" for code, times in load.exits.items() if code]
        if broken["every worker ended well"]:
            broken["every worker ended well"] += (load.folder / "workers.txt").read_text("utf-8", "replace").splitlines()[-4:]
    return broken


def _stock(before: Before, after: dict[str, Decimal], raws: list[Raw]) -> list[str]:
    """Compare what items have on order now with before plus what the orders sell, counted on the orders themselves."""
    expected: dict[str, Decimal] = defaultdict(Decimal, before.on_order)
    for raw in raws:
        for line in raw["line_items"]:
            product_id = line["variation_id"] or line["product_id"]
            product = Product(product_id=product_id, parent_id=0, sku=line["sku"], name=line["name"], price=None, stock=None)
            expected[item_of(product)["ITEM_NO"]] += line["quantity"]
    items = expected.keys() | after.keys()
    return [
        f"{item}: {after.get(item, 0)} on order, {expected[item]} expected"
        for item in items
        if after.get(item, 0) != expected[item]
    ]


def _created(load: Load, database: Database) -> list[Any]:
    return rows_of(
        database,
        "SELECT WOO_ORDER_ID, WORKER_ID, EVENT_DT FROM dbo.USER_ORDER_EVENT "
        "WHERE STORE_ID = ? AND EVENT_TYPE = 'CREATED' ORDER BY EVENT_ID",
        load.store_id,
    )


def _print_speed(load: Load, database: Database, took: float) -> None:
    """Print orders per second, and how long an order took from one creation of its worker to the next."""
    by_worker: dict[str, list[datetime]] = defaultdict(list)
    for row in _created(load, database):
        by_worker[row["WORKER_ID"]].append(row["EVENT_DT"])
    moments = sorted(moment for worker in by_worker.values() for moment in worker)
    if not moments:
        return
    gaps = sorted(
        (later - earlier).total_seconds()
        for worker in by_worker.values()
        for earlier, later in zip(sorted(worker), sorted(worker)[1:], strict=False)
    )
    span = (moments[-1] - moments[0]).total_seconds() or 0.001
    print(
        f"{len(moments):,} orders in {took:.1f} s with {load.processes} processes: {len(moments) / took:.1f} a second in all, "
        f"{(len(moments) - 1) / span:.1f} a second from the first document to the last"
    )
    if gaps:
        shares = {f"p{share}": gaps[min(len(gaps) - 1, len(gaps) * share // 100)] for share in (50, 90, 95, 99)}
        told = ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in shares.items())
        print(f"a worker's time for one order: {told}, longest {gaps[-1] * 1000:.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
