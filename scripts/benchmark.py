#!/usr/bin/env python3
"""What things cost beside others on the same machine: wall time, CPU, memory, calls. docs/PERFORMANCE.md tells what was found.

    .venv/bin/python scripts/benchmark.py                               all of it: some minutes on two cores, Markdown
    .venv/bin/python scripts/benchmark.py --peers                       beside dlt and WooCommerce's own client, each in a venv
    .venv/bin/python scripts/benchmark.py --before FOLDER               beside another version of syncctl, unpacked there
    .venv/bin/python scripts/benchmark.py --tsql "DRIVER=…;DATABASE=…"  also workers and hosts, in an empty T-SQL database
    .venv/bin/python scripts/benchmark.py --only start,poll --json
    .venv/bin/python scripts/benchmark.py --orders 1000 --sizes 1000 --grown 20000 --rounds 1        a quick look

Each thing is a process of its own, and what is compared takes turns (A B A B), so that both get the machine's good and bad
moments. Told are the medians. The shop is another process: what its answers take is in the wall times, not in the CPU
seconds. It is the simulated one where orders are written back to it, else one that only gives out what it has
(`benchmark_shop.py`). The database is an embedded one, but for workers and hosts. Nothing here passes or fails.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parent.parent))  # of a script, only its own folder is there

from scripts.benchmark_table import BEFORE, LATENCY, SLOW, Cost, Measured, as_goals, as_json, as_markdown, fill

PEERS = HERE.with_name("benchmark_peers.py")
QUICK = HERE.with_name("benchmark_shop.py")
HELLO = "import typer\napp = typer.Typer(add_completion=False)\n@app.command()\ndef main() -> None:\n    print('hello')\napp()\n"
PACKAGES = {"client": ("woocommerce",), "dlt": ("dlt[duckdb]", "requests")}
"""Peer → what its environment needs; the floor runs in ours."""
CREWS = ((1, 1), (1, 2), (1, 4), (2, 1), (4, 1), (2, 2))
"""Hosts, and the workers of each, that share the orders of one T-SQL database."""
REFUNDED = 10
"""One order in so many has a refund where refunds are measured."""


def main() -> int:
    """Measure what was asked for and print it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--orders", type=int, default=10_000, help="orders in the shop (10000)")
    options.add_argument("--sizes", default="1000,10000,100000", help="numbers of orders, with commas, to measure memory at")
    options.add_argument("--processed", type=int, default=200, help="orders in the measurement of process (200)")
    options.add_argument("--crew", type=int, default=60, help="orders for each crew of workers and hosts (60)")
    options.add_argument("--grown", type=int, default=250_000, help="orders beside which commands are measured again (250000)")
    options.add_argument("--rounds", type=int, default=3, help="runs of each (3)")
    options.add_argument("--only", default=",".join(GROUPS), help="groups, with commas")
    options.add_argument(
        "--tsql", default="", help="also workers and hosts, in this T-SQL database, empty or a trial without orders"
    )
    options.add_argument("--peers", action="store_true", help="also dlt and WooCommerce's client; installs each in a venv")
    options.add_argument(
        "--before", type=Path, help="also the polls of another version of syncctl, whose source is in this folder"
    )
    options.add_argument("--json", action="store_true", help="print JSON")
    options.add_argument("--page", type=Path, help="put what was found into this page, docs/PERFORMANCE.md")
    given = options.parse_args()
    # As an installation has them: to compile them anew each time would be a third of a small run.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for tree in (HERE.parent.parent, *([given.before] if given.before else [])):
        compileall.compile_dir(tree / "syncctl", quiet=2)
    found: list[Measured] = []
    for group in given.only.split(","):
        for measured in GROUPS[group](given):
            found.append(measured)
            print(f"measured: {measured.group}, {measured.name}", file=sys.stderr)
    if given.page:
        fill(given.page, found)
    print(as_json(found) if given.json else f"{as_markdown(found)}\n\n{as_goals(found)}")
    return 0


def start(given: argparse.Namespace) -> Iterator[Measured]:
    """How long a process takes that has nothing to do."""
    with folder() as place:
        base = settings(place)
        run([sys.executable, "-m", "syncctl", "db", "seed", "--empty"], base)
        (place / "hello.py").write_text(HELLO, encoding="utf-8")
        commands = {
            "python -c pass": ["-c", "pass"],
            "a hello-world Typer": [str(place / "hello.py")],
            "--version": ["-m", "syncctl", "--version"],
            "--help": ["-m", "syncctl", "--help"],
            "health --nagios": ["-m", "syncctl", "health", "--nagios"],
            "validate -q": ["-m", "syncctl", "validate", "-q"],
        }
        yield from turns(
            "start",
            {name: lambda words=words: run([sys.executable, *words], base) for name, words in commands.items()},  # type: ignore[misc]
            given.rounds + 2,
            beside={
                "--version": "python -c pass",
                "health --nagios": "a hello-world Typer",
                "validate -q": "a hello-world Typer",
            },
        )


def stage(given: argparse.Namespace) -> Iterator[Measured]:
    """A first poll of the whole shop, beside what others do with the same orders."""
    with shop(given.orders, quick=True) as store:
        contenders: dict[str, Callable[[], Cost]] = {
            "stage -q": lambda: store.stage("-q"),
            "stage": lambda: store.stage(),
            "floor": lambda: store.peer("floor"),
        }
        if given.before:
            contenders[BEFORE] = lambda: store.stage_by(given.before)
        if given.peers:
            contenders |= {"WooCommerce's client": lambda: store.peer("client"), "dlt to DuckDB": lambda: store.peer("dlt")}
        yield from turns("stage", contenders, given.rounds, units=given.orders, beside=dict.fromkeys(contenders, "floor"))


def memory(given: argparse.Namespace) -> Iterator[Measured]:
    """The peak of a first poll by the shop's size; once each."""
    for size in [int(number) for number in given.sizes.split(",") if number]:
        with shop(size, quick=True) as store:
            yield from turns(f"memory, {size:,} orders", {"stage -q": lambda: store.stage("-q")}, 1, units=size)


def latency(given: argparse.Namespace) -> Iterator[Measured]:
    """A first poll where each answer takes a while, without and with refunds."""
    for what, refunded in (("", 0), (f", one order in {REFUNDED} refunded", REFUNDED)):
        with shop(given.orders, seconds=SLOW, refunded=refunded, quick=True) as store:
            contenders: dict[str, Callable[[], Cost]] = {"stage -q": lambda: store.stage("-q")}
            if not refunded:
                contenders["floor, 4 connections"] = lambda: store.peer("floor", "4")
                if given.before:
                    contenders[BEFORE] = lambda: store.stage_by(given.before)
            yield from turns(
                f"{LATENCY}{what}",
                contenders,
                given.rounds,
                units=given.orders,
                beside=dict.fromkeys(contenders, "floor, 4 connections"),
            )


def poll(given: argparse.Namespace) -> Iterator[Measured]:
    """A poll of what is staged already, and one that finds nothing."""
    with shop(given.orders, quick=True) as store, folder() as place:
        first = Measured("poll", "first", given.orders)
        again = Measured("poll", "the same orders again", given.orders, beside="first")
        empty = Measured("poll", "nothing new", 1)
        for number in range(given.rounds):
            there = place / str(number)
            there.mkdir()
            first.runs.append(store.stage("-q", "--since", "400d", place=there))
            again.runs.append(store.stage("-q", "--since", "400d", place=there))
            empty.runs.append(store.stage("-q", place=there))
        yield from (first, again, empty)


def process(given: argparse.Namespace) -> Iterator[Measured]:
    """Orders into the ERP, and the store told."""
    measured = Measured("process", "process -q", given.processed)
    for _ in range(given.rounds):
        with shop(given.processed) as store, folder() as place:
            run([sys.executable, "-m", "syncctl", "db", "seed", "--from-store"], store.settings(place))
            store.stage("-q", "--since", "400d", place=place)
            measured.runs.append(store.counted("process", "-q", place=place))
    yield measured


def growth(given: argparse.Namespace) -> Iterator[Measured]:
    """Commands beside many staged orders and beside a few."""
    commands = {
        "health": ["health", "--nagios"],
        "trace": ["trace", "1001", "--offline", "-q"],
        "pod-retry": ["pod-retry", "-q"],
        "validate one order": ["validate", "1", "-q"],
    }
    with shop(10) as store, folder() as few, folder() as many:
        for place in (few, many):
            run([sys.executable, "-m", "syncctl", "db", "seed", "--from-store"], store.settings(place))
            store.stage("-q", "--since", "400d", place=place)
        multiply(many / "shop.db", given.grown)
        for name, words in commands.items():
            sides = {f"beside {given.grown:,}": many, "beside 10": few}
            yield from turns(
                f"growth, {name}",
                {side: lambda place=place: store.counted(*words, place=place) for side, place in sides.items()},  # type: ignore[misc]  # noqa: B023
                given.rounds,
                beside={f"beside {given.grown:,}": "beside 10"},
            )


def hosts(given: argparse.Namespace) -> Iterator[Measured]:
    """Orders into the ERP by so many workers of so many hosts, in one T-SQL database; each answer of the shop takes a while."""
    if not given.tsql:
        return
    orders = given.crew * len(CREWS) * 3 // 2  # some wait for their payment, or for a person
    with shop(orders, seconds=SLOW) as store, folder() as place:
        base = {**store.settings(place), "SYNCCTL_DATABASE": given.tsql, "SYNCCTL_UNKNOWN_CUSTOMER": "create"}
        if not _stands_ready(given.tsql):
            run([sys.executable, "-m", "syncctl", "db", "deploy", "--erp", "counterpoint", "--demo-erp"], base)
        store.seed(given.tsql)
        run([sys.executable, "-m", "syncctl", "stage", "-q", *FROM_THE_START], base)
        for number, workers in CREWS:
            words = ["process", "-q", "--limit", str(given.crew // number), "--workers", str(workers)]
            measured = Measured(
                f"{given.crew} orders, T-SQL", f"{_several(number, 'host')}, {_several(workers, 'worker')} each", given.crew
            )
            with ThreadPoolExecutor(number) as pool, ExitStack() as held:
                places = [held.enter_context(folder()) for _ in range(number)]
                begun = time.perf_counter()
                crews = [pool.submit(run, [sys.executable, "-m", "syncctl", *words], {**base, **own(each)}) for each in places]
                costs = [crew.result() for crew in crews]
                wall = time.perf_counter() - begun
            cpu = sum(cost.cpu or 0 for cost in costs)
            measured.runs.append(Cost(wall, cpu, max(cost.peak_mb or 0 for cost in costs)))
            yield measured
        _require_once(given.tsql, orders)


GROUPS: dict[str, Callable[[argparse.Namespace], Iterator[Measured]]] = {
    each.__name__: each for each in (start, stage, memory, latency, poll, process, growth, hosts)
}
FROM_THE_START = ("--since", "400d", "--max-pages", "10000", "--batch-size", "100")
"""What has `stage` read the whole shop."""


def turns(
    group: str, contenders: dict[str, Callable[[], Cost]], rounds: int, *, units: int = 1, beside: dict[str, str] | None = None
) -> list[Measured]:
    """Let each run in turn, round after round."""
    found = {name: Measured(group, name, units, beside=(beside or {}).get(name, "")) for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            found[name].runs.append(contender())
    return list(found.values())


class Shop:
    """The simulated shop in a process of its own."""

    def __init__(self, server: subprocess.Popen[str], place: Path) -> None:
        self._server = server
        self._place = place
        assert server.stdout  # noqa: S101
        self.url, self.key, self.secret = server.stdout.readline().split()

    def settings(self, place: Path) -> dict[str, str]:
        """The settings of a run in that folder, with this store."""
        keys = {"SYNCCTL_WOO_URL": self.url, "SYNCCTL_WOO_CONSUMER_KEY": self.key, "SYNCCTL_WOO_CONSUMER_SECRET": self.secret}
        return {**settings(place), **keys, "SYNCCTL_UNKNOWN_CUSTOMER": "create"}

    def stage(self, *words: str, place: Path | None = None) -> Cost:
        """Poll everything; into a new database where no place is named."""
        if place is not None:
            return self.counted("stage", "--max-pages", "10000", "--batch-size", "100", *words, place=place)
        with folder() as fresh:
            return self.counted("stage", *FROM_THE_START, *words, place=fresh)

    def counted(self, *words: str, place: Path) -> Cost:
        """Run a command, and count what it asks of the store and the database."""
        before = self._requests()
        cost = run([sys.executable, str(HERE), "--child", *words], self.settings(place))
        cost.http = self._requests() - before
        return cost

    def stage_by(self, tree: Path) -> Cost:
        """Poll everything into a new database, by the version of syncctl that is in the folder."""
        before = self._requests()
        with folder() as fresh:
            variables = {**self.settings(fresh), "PYTHONPATH": str(tree.resolve()), "PYTHONSAFEPATH": "1"}
            cost = run([sys.executable, "-m", "syncctl", "stage", *FROM_THE_START, "-q"], variables)
        cost.http = self._requests() - before
        return cost

    def peer(self, name: str, *more: str) -> Cost:
        """Let a peer fetch everything."""
        python = sys.executable if name == "floor" else environment_of(name)
        before = self._requests()
        with folder() as place:
            cost = run(
                [python, str(PEERS), name, self.url, self.key, self.secret, str(place / "orders.db"), *more], settings(place)
            )
        cost.http = self._requests() - before
        return cost

    def seed(self, tsql: str) -> None:
        """Take the shop's items and customers into the trial ERP of a T-SQL database."""
        from syncctl.db.connect import open_database
        from syncctl.secret import Secret
        from syncctl.services.seed import seed_from_store
        from syncctl.stores.woocommerce import WooCommerce
        from syncctl.stores.woocommerce_http import Connection

        woo = WooCommerce(Connection(url=self.url, consumer_key=Secret(self.key), consumer_secret=Secret(self.secret)))
        with closing(open_database(tsql)) as database, closing(woo):
            seed_from_store(database, woo, woo.store_id)

    def _requests(self) -> int:
        assert self._server.stdin and self._server.stdout  # noqa: S101
        self._server.stdin.write("\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@contextmanager
def shop(orders: int, *, seconds: float = 0, refunded: int = 0, quick: bool = False) -> Iterator[Shop]:
    """Open a shop with that many orders, whose answers take that long; a `quick` one is for reading only."""
    served_by = [str(QUICK)] if quick else [str(HERE), "--serve"]
    words = [sys.executable, *served_by, str(orders), str(seconds), str(refunded)]
    with folder() as place, subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield Shop(server, place)
        finally:
            server.kill()


def serve(orders: int, seconds: float, refunded: int) -> None:
    """Be the shop: say where, then how many requests were answered whenever asked."""
    from syncctl.clock import system_clock
    from syncctl.demo.orders import catalogue
    from syncctl.demo.store import SimulatedStore

    goods = catalogue(orders, seed=1, clock=system_clock)
    with SimulatedStore(plays_https=True) as store:
        store.load(goods.orders, products=goods.products, customers=goods.customers)
        for number in sorted(store.state.orders)[:: refunded or orders + 1][: orders if refunded else 0]:
            store.shopkeeper.refund_amount(number, "1.00")
        if seconds:
            store.before_request = lambda _method, _path, _query: time.sleep(seconds)
        print(store.url, store.key, store.secret, flush=True)
        for _ in sys.stdin:
            print(len(store.requests), flush=True)


def child(words: list[str]) -> int:
    """Run a command of syncctl and say on stderr how often it called the database."""
    from syncctl.cli.app import run_app
    from syncctl.db.embedded import EmbeddedDatabase

    calls, asked = [0], EmbeddedDatabase.run

    def noted(database: EmbeddedDatabase, call: Any) -> Any:
        calls[0] += 1
        return asked(database, call)

    EmbeddedDatabase.run = noted  # type: ignore[method-assign, assignment]
    code = run_app(words)
    print(f"database calls: {calls[0]}", file=sys.stderr)
    return code


def run(words: list[str], variables: dict[str, str]) -> Cost:
    """Run a process to its end; the numbers are its own, as the system kept them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        running = subprocess.Popen(words, env={**kept, **variables}, stdout=subprocess.DEVNULL, stderr=errors)
        usage = None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
        else:
            running.wait()
        wall = time.perf_counter() - begun
        errors.seek(0)
        said = errors.read()
    if running.returncode not in ((0, 1, 2, 3) if "--nagios" in words else (0, 1)):
        raise RuntimeError(f"{' '.join(words)} ended with {running.returncode}: {said}")
    last = said.splitlines()[-1] if said else ""
    calls = int(last.rpartition(" ")[2]) if last.startswith("database calls: ") else 0
    if usage is None:
        return Cost(wall, None, None, calls=calls)
    kilobytes = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return Cost(wall, usage.ru_utime + usage.ru_stime, kilobytes / 1024, calls=calls)


def own(place: Path) -> dict[str, str]:
    """Settings of what each host has for itself."""
    return {"SYNCCTL_LOG_DIR": str(place / "logs"), "SYNCCTL_LOCK_DIR": str(place / "locks")}


def settings(place: Path) -> dict[str, str]:
    """Settings that touch nothing outside a folder."""
    return {
        **own(place),
        "SYNCCTL_DATABASE": f"sqlite:///{(place / 'shop.db').as_posix()}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", str(HERE.parent.parent)),
    }


def environment_of(peer: str) -> str:
    """Return the Python of a peer's own environment, made where it is missing."""
    place = Path(tempfile.gettempdir()) / f"syncctl-benchmark-{peer}"
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        try:
            venv.create(place, with_pip=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *PACKAGES[peer]], check=True)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return str(python)


def multiply(file: Path, times: int) -> None:
    """Copy the first staged order and what happened to it that many times; the copies wait."""
    first = 10_000_000
    changed = {
        "STAGING_ID": f"{first} + n", "EVENT_ID": f"{first} + n", "WOO_ORDER_ID": f"{first} + n",
        "WOO_ORDER_NO": f"CAST({first} + n AS TEXT)", "TRANSACTION_ID": "NULL", "STATE": "'PENDING'",
    }  # fmt: skip
    with closing(sqlite3.connect(file)) as database, database:
        for table in ("USER_ORDER_STAGING", "USER_ORDER_EVENT"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(changed.get(column, f"one.{column}") for column in columns)
            database.execute(
                f"WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {times}) "  # noqa: S608
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM counted, (SELECT * FROM {table} LIMIT 1) AS one"
            )


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="syncctl-benchmark-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _several(number: int, what: str) -> str:
    return f"{number} {what}" + ("s" if number > 1 else "")


def _stands_ready(tsql: str) -> bool:
    """Tell whether a trial was deployed there already; one with orders in it isn't touched."""
    import pyodbc

    with closing(pyodbc.connect(tsql, autocommit=True)) as connection:
        if connection.execute("SELECT OBJECT_ID(N'dbo.USER_DEMO_ERP')").fetchone()[0] is None:
            return False
        if connection.execute("SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING").fetchone()[0]:
            raise RuntimeError("the T-SQL database has orders already: name an empty one, or a trial without any")
    return True


def _require_once(tsql: str, orders: int) -> None:
    """See to it that no order was done twice, or left out but for its own sake."""
    import pyodbc

    with closing(pyodbc.connect(tsql, autocommit=True)) as connection:
        links, distinct, pending = connection.execute(
            "SELECT (SELECT COUNT(*) FROM dbo.USER_ORDER_LINK), (SELECT COUNT(DISTINCT WOO_ORDER_ID) FROM dbo.USER_ORDER_LINK), "
            "(SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE STATE IN ('PENDING', 'CLAIMED'))"
        ).fetchone()
        documents = connection.execute("SELECT COUNT(*) FROM dbo.PS_DOC_HDR").fetchone()[0]
    print(f"{orders} orders: {documents} documents, {links} links of {distinct} orders, {pending} left pending", file=sys.stderr)
    if not links == distinct == documents:
        raise RuntimeError("an order was done twice")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
        sys.exit()
    sys.exit(child(sys.argv[2:]) if sys.argv[1:2] == ["--child"] else main())
