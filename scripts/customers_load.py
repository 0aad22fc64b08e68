"""Bring many customers of a simulated store into an embedded ERP with the real program, kill it again and again, and measure.

python scripts/customers_load.py                      797 customers, against the 27 minutes of the documented quick start
python scripts/customers_load.py --customers 10000 --kills 10 --processes 2
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from syncctl.demo.store import SimulatedStore

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTED = 27 * 60
"""Seconds for 797 customers, says the quick start that the queue is documented by."""


def person(number: int) -> dict[str, Any]:
    """Return a customer in WooCommerce's shape; every seventh has a company, every fifth letters that a code page lacks."""
    first = ("Ada", "José", "Zoë 田中", "Noah", "Ünal")[number % 5]
    home = {
        "first_name": first,
        "last_name": f"Customer{number}",
        "company": f"Company {number}" if number % 7 == 0 else "",
        "address_1": f"{number} Main St",
        "address_2": "",
        "city": "Springfield",
        "state": "IL",
        "postcode": f"{number:05}",
        "country": "US",
        "phone": f"+1 555 {number:04}",
    }
    return {
        "id": number,
        "email": f"customer{number}@example.test",
        "first_name": first,
        "last_name": f"Customer{number}",
        "role": "customer",
        "username": f"customer{number}",
        "date_created_gmt": "2026-11-01T10:00:00",
        "date_modified_gmt": None,
        "is_paying_customer": number % 3 == 0,
        "billing": {**home, "email": f"customer{number}@example.test"},
        "shipping": home,
        "meta_data": [],
    }


class Site:
    """A folder with settings and a database, and the program run in it."""

    def __init__(self, folder: Path, store: SimulatedStore) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
        self.environment = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "SYNCCTL_DATABASE": f"sqlite:///{(folder / 'shop.db').as_posix()}",
            "SYNCCTL_LOG_DIR": str(folder / "logs"),
            "SYNCCTL_LOCK_DIR": str(folder / "locks"),
            "SYNCCTL_WOO_URL": store.url,
            "SYNCCTL_WOO_CONSUMER_KEY": store.key,
            "SYNCCTL_WOO_CONSUMER_SECRET": store.secret,
            "SYNCCTL_LEASE_SECONDS": "30",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the program."""
        return subprocess.Popen(
            [sys.executable, "-m", "syncctl", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> str:
        """Run it to its end."""
        with self.start(*arguments) as process:
            told, _ = process.communicate()
        if process.returncode not in (0, 1):
            raise SystemExit(f"syncctl {' '.join(arguments)} ended with {process.returncode}: {told}")
        return told

    def one(self, sql: str) -> Any:
        """Return the first value of a query."""
        with closing(sqlite3.connect(self.folder / "shop.db")) as database:
            return database.execute(sql).fetchone()[0]


def main() -> None:
    """Run what the command line asks for, print the figures, and fail where a customer is missing or there twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=797)
    parser.add_argument("--kills", type=int, default=0, help="kill the run so many times, at random moments")
    parser.add_argument("--processes", type=int, default=1, help="runs of resume side by side")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311  (moments of a test)
    folder = Path(tempfile.mkdtemp(prefix="customers-"))
    with SimulatedStore() as store:
        site = Site(folder, store)
        site.run("db", "seed", "--from-store")
        store.load(customers=[person(number) for number in range(1, given.customers + 1)])
        begun = time.monotonic()
        if given.kills or given.processes > 1:
            if given.kills:
                while not site.one("SELECT COUNT(*) FROM woo_customer_sync_queue"):
                    _killed(site, "start", chance)
            else:
                site.run("customers", "start", "--detach")
            filled = time.monotonic()
            for _ in range(given.kills):
                _killed(site, "resume", chance)
                _end_leases(site)
            runs = [site.start("customers", "resume", "--parallel") for _ in range(given.processes)]
            told = [run.communicate()[0] for run in runs][-1]
        else:
            filled = begun
            told = site.run("customers", "start")
        seconds = time.monotonic() - begun
    print(told.strip())
    print(f"{given.customers} customers in {seconds:.1f} s (filled after {filled - begun:.1f} s), {given.kills} kills")
    print(f"{DOCUMENTED * given.customers / 797 / seconds:,.0f} times as fast as documented")
    _check(site, given.customers)
    shutil.rmtree(folder)


def _killed(site: Site, command: str, chance: random.Random) -> None:
    """Start a run and kill it at a random moment; one that comes to its end before is none."""
    with site.start("customers", command) as process:
        time.sleep(chance.uniform(0.5, 5.0))
        process.kill()
        process.communicate()


def _end_leases(site: Site) -> None:
    """Let the time of the leases go by."""
    with closing(sqlite3.connect(site.folder / "shop.db", timeout=30)) as database, database:
        database.execute(
            "UPDATE woo_customer_sync_queue_line SET lease_until_dt = '2000-01-01 00:00:00.000' WHERE state = 'processing'"
        )


def _check(site: Site, customers: int) -> None:
    wrong = {
        "queues that are done": (site.one("SELECT COUNT(*) FROM woo_customer_sync_queue WHERE state = 'done'"), 1),
        "lines": (site.one("SELECT total_count FROM woo_customer_sync_queue"), customers),
        "created": (site.one("SELECT created_count FROM woo_customer_sync_queue"), customers),
        "customers in the ERP": (site.one("SELECT COUNT(*) FROM AR_CUST WHERE EMAIL_ADRS_1 LIKE 'customer%'"), customers),
        "their addresses": (
            site.one("SELECT COUNT(DISTINCT EMAIL_ADRS_1) FROM AR_CUST WHERE EMAIL_ADRS_1 LIKE 'customer%'"),
            customers,
        ),
        "their numbers": (site.one("SELECT COUNT(DISTINCT CUST_NO) FROM AR_CUST WHERE EMAIL_ADRS_1 LIKE 'customer%'"), customers),
        "customers in the history": (
            site.one("SELECT SUM(customers - failures) FROM woo_sync_activity WHERE activity_type = 'batch_processed'"),
            customers,
        ),
    }
    faults = {what: found for what, found in wrong.items() if found[0] != found[1]}
    if faults:
        raise SystemExit(f"WRONG (found, wanted): {faults}; the folder is {site.folder}")
    print("Each customer once, counters exact, history complete.")


if __name__ == "__main__":
    main()
