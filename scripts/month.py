#!/usr/bin/env python3
"""A month without anybody at the keyboard, in a few minutes: is everybody told of everything, once, and does nothing grow?

    .venv/bin/python scripts/month.py                     30 days, 40 orders a day, 200 of them odd
    .venv/bin/python scripts/month.py --days 3 --orders 12 --odd 6

All jobs of `syncctl/jobs.py` that have something to do run within this process, one after the other, as their intervals say, by a
clock that is moved: nothing sleeps. The store is simulated, the database a throw-away file, people are told by real HTTP and
real mail. In the month the store is down for hours, the database can't be written, and the store's key is wrong for a while.
Meanwhile the till sells, too, goods are delivered, and prices change: the pushes of stock and prices have to keep the store
right, though one day the ERP shows no stock of anything, two prices change by more than a third, and the store refuses items.
Half a year before there was another such month: the nightly purge forgets of it, day by day, as much as this one brings. Each
morning somebody decides about the orders that need a person. Exit code 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is run by its path

from scripts.month_findings import BOUNDED, EVENTS, KEPT, findings, unchecked
from scripts.month_goods import goods_on_sale
from scripts.month_world import BEGIN, PURGED_AFTER, Month, month
from scripts.runs import print_findings
from syncctl.db.connect import open_database
from syncctl.demo.catalog import customer
from syncctl.secret import Secret
from syncctl.services.seed import seed_from_store
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection


def _prepare(made: Month) -> None:
    """Fill shop and trial ERP."""
    people = [customer(person, "2026-01-05T09:00:00") for person in made.maker.people]
    made.shop.load([], products=goods_on_sale(made.goods.chance), customers=people)
    connection = Connection(url=made.shop.url, consumer_key=Secret(made.shop.key), consumer_secret=Secret(made.shop.secret))
    with closing(open_database(made.url)) as database, closing(WooCommerce(connection, store_id="woocommerce")) as store:
        seed_from_store(database, store)
    made.goods.open()
    made.pushes.switch_on()


def live(made: Month) -> None:
    """Live through a month long ago, and then through the one that the promises are about."""
    days = made.options.days
    _prepare(made)
    made.days(BEGIN, made.options.before, odd=made.options.odd)
    made.morning()
    made.odd.clear()
    begin = BEGIN + PURGED_AFTER
    made.clock.moment = begin - timedelta(minutes=30)
    for _ in range(2):
        for job in made.jobs:  # everything was at rest meanwhile; what is due at once isn't what is watched
            made.start(job, made.now)
        made.clock.wait(600)
    made.listen()
    made.heard.clear()
    made.mailbox.mails.clear()
    made.ran.clear()
    made.pushes.by_hand.clear()
    made.watched = True
    made.plan(begin, days)
    made.sizes.append(_rows(made))
    made.days(begin, days, odd=made.options.odd)
    made.listen()
    made.sizes.append(_rows(made))


def _rows(made: Month) -> dict[str, int]:
    with closing(sqlite3.connect(made.folder / "month.db")) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'USER_%'")]
        return {name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608


def _print(made: Month, took: float) -> None:
    told = ", ".join(f"{count} {what}" for what, count in sorted(Counter(each.what for each in made.heard).items()))
    ends = Counter(order.kind.end for order in made.odd.values())
    odd = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    print(
        f"{made.options.days} days in {took:.0f} s: {made.placed:,} orders with those of half a year before, {len(made.odd)} odd "
        f"({odd}), {len(made.ran):,} runs of {len(made.jobs)} jobs, "
        f"{len(made.outages)} outages, {len(made.pushes.troubles)} troubles of the pushes"
    )
    print(f"  told: {told}; of {made.owed} odd orders somebody had to hear; health was right {made.told_truth} times")
    checked, gone = made.pushes.checked, made.goods.turned_away
    print(
        f"  after {checked['stock']:,} pushes of stock and {checked['price']:,} of prices the store had what it "
        f"should; an item was sold out {made.pushes.sold_out} times, {gone} customers went away without anything"
    )
    for table in (*BOUNDED, EVENTS, *KEPT):
        kept = " (kept for ever)" if table in KEPT else " (one of each order is kept)" if table == EVENTS else ""
        print(f"  {table:<22} {made.sizes[0][table]:>7,} rows before, {made.sizes[-1][table]:>7,} after{kept}")


def main() -> int:
    """Live through it, look at it, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30, help="how many days (30)")
    parser.add_argument("--orders", type=int, default=40, help="how many orders a day (40)")
    parser.add_argument("--odd", type=int, default=200, help="how many of them all are odd (200)")
    parser.add_argument("--seed", type=int, default=1, help="another number makes another month (1)")
    parser.add_argument("--before", type=int, help="how many days of half a year before (as many)")
    options = parser.parse_args()
    if options.days < 1 or min(options.orders, options.odd, options.before or 0) < 0:
        parser.error("there is no such month")
    options.before = options.days if options.before is None else options.before
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="syncctl-month-", dir=_place(), ignore_cleanup_errors=True) as name,
        month(options, Path(name)) as made,
    ):
        live(made)
        found = findings(made)
        _print(made, time.monotonic() - began)
        return print_findings(found, unchecked=unchecked(made))


def _place() -> str | None:
    """Return a place in memory, where there is one: what survives when the power fails is not what this is about."""
    memory = Path("/dev/shm")  # noqa: S108
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


if __name__ == "__main__":
    sys.exit(main())
