#!/usr/bin/env python3
"""A day of a store whose orders are placed, edited, refunded and cancelled while commands run and are killed: is nothing lost?

    .venv/bin/python scripts/store_day.py                                     5,000 orders of a Shopify store, into Microsoft RMS
    .venv/bin/python scripts/store_day.py --source woocommerce --erp counterpoint
    .venv/bin/python scripts/store_day.py --orders 300 --kills 4 --turns 6    a short day

The program itself is run, command by command, as a scheduler would run it. Customers and staff go on in between two pages, and
now and then the store is down for a while. In the end the database, the ERP and the store are asked: each order has to be in the
ERP once, as the store has it, to the cent and to the unit; what was cancelled, refunded whole or deleted has to be closed; each
has to be told once. Of a Shopify store the points are counted: its bucket and prices are those that Shopify documents, and the
simulated store executes each query on Shopify's published schema. Exit code 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is run by its path

from scripts.erp_sums import documents, on_order
from scripts.runs import Runner, let_time_pass, print_findings, rows_of
from syncctl.clock import system_clock, system_sleeper
from syncctl.db.connect import open_database
from syncctl.db.contract import AuditOrders, Database
from syncctl.demo.catalog import ITEMS
from syncctl.demo.checks import NOTE
from syncctl.demo.orders import Catalogue, catalogue
from syncctl.demo.shopfronts import FRONTS, Shopfront, ShopifyFront, WooCommerceFront
from syncctl.demo.shopify_raws import total_of
from syncctl.errors import SyncError
from syncctl.services.seed import item_of, seed_from_store
from syncctl.stores.base import Product

MOST_AFTERWARDS = 12
"""Turns after the day's last order until everything has to stand still."""


@dataclass
class Day:
    """The shop, what happens in it, and what runs beside it."""

    options: argparse.Namespace
    folder: Path
    url: str
    shop: Shopfront
    chance: random.Random
    goods: Catalogue
    polled: bool = False
    left: int = 0
    """Orders that are still to come."""
    gone: set[int] = field(default_factory=set)
    dead: set[int] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)
    """What happened in the shop, and how often."""
    is_open: bool = True

    def __post_init__(self) -> None:
        options = self.options
        self.left = options.orders
        self.runner = Runner(self.folder, self.environment, self.chance, options.kills, options.limit_minutes)

    @property
    def name(self) -> str:
        """The store's name in the database."""
        return str(self.options.source)

    def environment(self) -> dict[str, str]:
        """Settings of its own, and none that the caller has."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
        ours = {
            "SYNCCTL_DATABASE": self.url,
            "SYNCCTL_ERP": self.options.erp,
            "SYNCCTL_SOURCE": self.options.source,
            "SYNCCTL_UNKNOWN_CUSTOMER": "create",
            # Edits and refunds may come before an order was read for the first time; it is wanted all the same.
            "ALLOWED_ORDER_FINANCIAL_STATUSES": "PAID,PARTIALLY_PAID,AUTHORIZED,PENDING,PARTIALLY_REFUNDED",
            "SYNCCTL_WOO_CREATE_STATUSES": "processing,completed,on-hold",
            "SYNCCTL_HTTP_READ_TIMEOUT": "20",
            "SYNCCTL_ORDER_POLLING_LOOKBACK_MINUTES": "15" if self.polled else "4320",
            "SYNCCTL_ORDER_POLLING_BATCH_SIZE": "100",
            "SYNCCTL_ORDER_POLLING_MAX_PAGES": "10000",
            "SYNCCTL_LOG_DIR": str(self.folder / "logs"),
            "SYNCCTL_LOCK_DIR": str(self.folder / "locks"),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
        }
        if isinstance(self.shop, ShopifyFront):
            ours |= {"SYNCCTL_SHOPIFY_URL": self.shop.shop.url, "SYNCCTL_SHOPIFY_TOKEN": self.shop.shop.token}
        elif isinstance(self.shop, WooCommerceFront):
            shop = self.shop.shop
            ours |= {
                "SYNCCTL_WOO_URL": shop.url,
                "SYNCCTL_WOO_CONSUMER_KEY": shop.key,
                "SYNCCTL_WOO_CONSUMER_SECRET": shop.secret,
            }
        return {**kept, **ours}

    def database(self) -> closing[Any]:
        """Open the database, to look into it."""
        return closing(open_database(self.url))

    # What happens in the shop

    def something(self) -> None:
        """Let a customer order, or somebody change an order."""
        if not self.is_open:
            return
        if self.left and self.chance.random() < 0.5:
            self.place()
        else:
            self.edit()

    def place(self) -> None:
        """Let one more order come in."""
        if self.left:
            self.left -= 1
            item = self.chance.choice(ITEMS)
            raw = self.shop.new_order(self.goods, item.sku, str(item.price))
            order_id = self.shop.keeper.place(raw)
            for other in self.chance.sample(ITEMS, self.chance.choice((0, 0, 1, 2))):
                self.shop.keeper.add_line(order_id, other.sku, str(other.price), quantity=self.chance.randint(1, 4))
            self.done["placed"] += 1

    def edit(self) -> None:
        """Change an order, as people do."""
        order_id = self.chance.choice(self.shop.order_ids())
        what = self.chance.choice(EDITS)
        if order_id in self.dead or not self.shop.is_under_way(order_id) or not self._may(what, order_id):
            return
        self._do(what, order_id)
        self.done[what] += 1
        if what == "deleted":
            self.gone.add(order_id)
        if what in OVER or total(self.shop, order_id) <= 0:
            self.dead.add(order_id)

    def _may(self, what: str, order_id: int) -> bool:
        """Say whether people could do that to an order: a shop's own pages don't let them do everything."""
        lines = sum(quantity > 0 for quantity in sold(self.shop, order_id).values())
        if what in ("a unit back", "an amount back") and total(self.shop, order_id) < LEAST_REFUNDED:
            return False
        if what in ("quantity", "a line off", "shipping", "a unit back") and is_locked(self.shop, order_id):
            return False
        return lines > (what == "a line off")

    def _do(self, what: str, order_id: int) -> None:
        keeper, chance = self.shop.keeper, self.chance
        item = chance.choice(ITEMS)
        doings: dict[str, Callable[[], object]] = {
            "quantity": lambda: keeper.change_quantity(order_id, chance.randint(1, 9)),
            "a line on": lambda: keeper.add_line(order_id, item.sku, str(item.price), quantity=chance.randint(1, 3)),
            "a line off": lambda: keeper.remove_line(order_id, line=0),
            "address": lambda: keeper.change_address(order_id, address_1=f"{chance.randint(1, 99)} New Street", city="Zürich"),
            "shipping": lambda: keeper.change_shipping(order_id, chance.choice(("0.00", "3.30", "12.00"))),
            "a unit back": lambda: keeper.refund_units(order_id, 1),
            "an amount back": lambda: keeper.refund_amount(order_id, "1.50"),
            "cancelled": lambda: keeper.cancel(order_id),
            "all back": lambda: keeper.refund_all(order_id),
            "deleted": lambda: keeper.delete(order_id),
        }
        doings[what]()


OVER = ("cancelled", "all back", "deleted")
EDITS = (*("quantity", "a line on", "a line off", "address", "shipping", "a unit back", "an amount back") * 4, *OVER)
LEAST_REFUNDED = 30
"""An order of less is refunded whole or not at all here."""


# What the shop itself says of an order, read without the adapter


def _woo(shop: Shopfront) -> Any:
    return shop.shop.state if isinstance(shop, WooCommerceFront) else None


def sold(shop: Shopfront, order_id: int) -> Counter[str]:
    """Return how many of each SKU an order still sells."""
    found: Counter[str] = Counter()
    if isinstance(shop, ShopifyFront):
        for line in shop.shop.orders[order_id]["lineItems"]:
            found[line["sku"]] += line["currentQuantity"]
        return found
    state = _woo(shop)
    for line in state.orders[order_id]["line_items"]:
        found[line["sku"]] += line["quantity"]
    for refund in state.refunds[order_id]:
        for line in refund["line_items"]:
            found[line["sku"]] += line["quantity"]
    return found


def total(shop: Shopfront, order_id: int) -> Decimal:
    """Return what an order comes to now, refunds taken off."""
    if isinstance(shop, ShopifyFront):
        return total_of(shop.shop.orders[order_id])
    state = _woo(shop)
    back = sum((Decimal(refund["amount"]) for refund in state.refunds[order_id]), Decimal(0))
    return Decimal(state.orders[order_id]["total"]) - back


def is_locked(shop: Shopfront, order_id: int) -> bool:
    """Say whether something of an order was refunded that its edits have to leave alone: WooCommerce's pages don't allow them."""
    return isinstance(shop, WooCommerceFront) and bool(_woo(shop).refunds[order_id])


# The day


def main() -> int:
    """Live through the day, look at what is left of it, print."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="syncctl-day-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        url = options.database or f"sqlite:///{(folder / 'day.db').as_posix()}"
        with _front(options) as shop:
            chance = random.Random(options.seed)  # noqa: S311 - no secrets
            day = Day(options, folder, url, shop, chance, catalogue(1, seed=options.seed, clock=system_clock))
            try:
                return _run(day)
            except SyncError as error:
                print(f"store_day: {error}", file=sys.stderr)
                return error.exit_code


def _front(options: argparse.Namespace) -> Shopfront:
    if options.source != "shopify":
        return FRONTS[options.source](clock=system_clock)
    from tests.shopify_shop import SimulatedShopify

    return ShopifyFront(clock=system_clock, shop=SimulatedShopify(bucket=20 * options.restore, restore=options.restore))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", choices=sorted(FRONTS), default="shopify", help="the kind of store (shopify)")
    parser.add_argument("--erp", choices=("counterpoint", "rms"), default="rms", help="the ERP (rms)")
    parser.add_argument("--orders", type=int, default=5000, help="how many orders (5000)")
    parser.add_argument("--turns", type=int, default=24, help="how often the commands are run while orders come in (24)")
    parser.add_argument("--edits", type=float, default=60, metavar="PERCENT", help="edits for a hundred orders (60)")
    parser.add_argument("--kills", type=int, default=12, help="how many commands are killed hard (12)")
    parser.add_argument(
        "--restore",
        type=int,
        default=1000,
        help="points a second that Shopify gives back, of a bucket 20 times as large: 100 on the smallest plan (1000)",
    )
    parser.add_argument("--seed", type=int, default=1, help="another number makes another day (1)")
    parser.add_argument("--database", help="sqlite:///PATH or an ODBC connection string of a trial ERP without orders")
    parser.add_argument("--limit-minutes", type=float, default=15, help="give up where a command takes so long (15)")
    return parser.parse_args()


def _run(day: Day) -> int:
    began = time.monotonic()
    options = day.options
    with closing(open_database(day.url, create=True, erp=options.erp)) as database:
        day.goods.orders.clear()
        day.shop.load(day.goods)
        with closing(day.shop.open_store(day.name, clock=system_clock, sleeper=system_sleeper)) as store:
            seed_from_store(database, store, day.name)
    used_before = _points(day)
    _let_them_go_on_in_between(day)
    print(f"{options.source} → {options.erp}: {options.orders:,} orders, seed {options.seed}", flush=True)
    for turn in range(1, options.turns + 1):
        until = options.orders * (options.turns - turn) // options.turns
        while day.left > until:
            day.place()
        for _ in range(round(options.orders / options.turns * options.edits / 100)):
            day.edit()
        _turn(day, turn, began)
    day.is_open = False
    for turn in range(options.turns + 1, options.turns + MOST_AFTERWARDS + 1):
        _turn(day, turn, began, reconcile=True)
        with day.database() as database:
            still_open = [finding for findings in _check(day, database).values() for finding in findings]
        if day.runner.kills_left <= 0 and not still_open:
            break
        print(f"  {len(still_open)} to come, such as {still_open[0][:200]}" if still_open else "  kills to come", flush=True)
    points = _points(day) - used_before
    quiet = _last_turn(day)
    print(f"{turn} turns and a last one in {time.monotonic() - began:.0f} s, {sum(run.killed for run in day.runner.ended)} kills")
    print("  in the shop: " + ", ".join(f"{count:,} {what}" for what, count in day.done.most_common()))
    with day.database() as database:
        broken = {**day.runner.findings(), **_check(day, database), **quiet, **day.shop.promises()}
        _print_states(database)
    day.runner.print_commands()
    _print_points(day, points)
    return print_findings(broken)


def _let_them_go_on_in_between(day: Day) -> None:
    """Let something happen before every tenth answer."""

    def before(*_: object) -> None:
        if day.chance.random() < 0.1:
            day.something()

    if isinstance(day.shop, ShopifyFront):
        day.shop.shop.before = before
    elif isinstance(day.shop, WooCommerceFront):
        day.shop.shop.before_request = before


def _turn(day: Day, number: int, began: float, *, reconcile: bool = False) -> None:
    """Run the jobs once, as their schedules would; in some turns the store is down to begin with, or others use up its points."""
    seen = len(day.runner.ended)
    _with_store_down(day, day.chance.uniform(1, 3) if number % 5 == 0 and day.is_open else 0.0, ("stage",))
    day.polled = day.polled or any(run.name == "stage" and not run.killed and run.code in (0, 1) for run in day.runner.ended)
    if isinstance(day.shop, ShopifyFront) and number % 4 == 0:
        day.shop.shop.empty()
    down_for = day.chance.uniform(1, 3) if number % 7 == 0 and day.is_open else 0.0
    _with_store_down(day, down_for, ("process", "--parallel"), ("process", "--parallel"))
    let_time_pass(day.database())
    if reconcile:
        day.runner.run(("stage", "--reconcile"))
        day.runner.run(("process",))
        let_time_pass(day.database())
    if number % 3 == 0 or reconcile:
        day.runner.run(("retry-failed", "--all"))
        let_time_pass(day.database())
    placed = day.done["placed"]
    print(f"turn {number}, {time.monotonic() - began:.0f} s, {placed:,} orders: {day.runner.told(seen)}", flush=True)


def _with_store_down(day: Day, seconds_down: float, *commands: tuple[str, ...]) -> None:
    if seconds_down:
        day.shop.go_down()

    def meanwhile(seconds: float) -> None:
        if seconds > seconds_down:
            day.shop.come_back()

    try:
        day.runner.run(*commands, meanwhile=meanwhile, down=bool(seconds_down))
    finally:
        day.shop.come_back()


def _last_turn(day: Day) -> dict[str, list[str]]:
    """Run everything once more: nothing may happen twice."""
    with day.database() as database:
        before = documents(database)
    notes = sum(len(day.shop.notes_of(order_id)) for order_id in day.shop.order_ids())
    for command in (("stage",), ("validate",), ("process",), ("retry-failed", "--all")):
        day.runner.run(command)
    with day.database() as database:
        after = documents(database)
    more = sum(len(day.shop.notes_of(order_id)) for order_id in day.shop.order_ids()) - notes
    told = [f"{len(after) - len(before)} documents and {more} notes more"] if after != before or more else []
    return {"a last quiet turn changes nothing": told}


# After


def _check(day: Day, database: Database) -> dict[str, list[str]]:
    """Compare every order's end in database, ERP and store with what the store has."""
    staged = {row["WOO_ORDER_ID"]: row for row in rows_of(database, "SELECT * FROM dbo.USER_ORDER_STAGING")}
    links = defaultdict(list)
    for row in rows_of(database, "SELECT WOO_ORDER_ID, DOC_ID FROM dbo.USER_ORDER_LINK"):
        links[row["WOO_ORDER_ID"]].append(int(row["DOC_ID"]))
    events = rows_of(database, "SELECT WOO_ORDER_ID FROM dbo.USER_ORDER_EVENT WHERE EVENT_TYPE = 'CREATED'")
    created = Counter(row["WOO_ORDER_ID"] for row in events)
    there = documents(database)
    wrong: dict[str, list[str]] = {
        name: [] for name in ("no order lost", "no order twice", "total to the cent", "told once", "closed where it is over")
    }
    expected: Counter[str] = Counter()
    orders = {*day.shop.order_ids(), *day.gone}
    for order_id in sorted(orders):
        row = staged.get(order_id)
        if row is None:
            if order_id not in day.gone:  # what is deleted before it was ever read, nobody can know of
                wrong["no order lost"].append(f"order {order_id} was never staged")
            continue
        made = len(links[order_id])
        if made > 1 or created[order_id] > 1:
            wrong["no order twice"].append(f"order {order_id}: {made} documents, created {created[order_id]} times")
        is_dead = order_id in day.dead
        held = f"order {order_id} is {row['STATE']}: {row['VALIDATION_ERROR'] or row['STATE_REASON']}"
        if is_dead:
            if row["STATE"] not in ("CANCELLED", "SKIPPED"):
                wrong["closed where it is over"].append(held)
        elif row["STATE"] != "APPLIED" or made != 1:
            wrong["no order lost"].append(held)
        else:
            document = there.get(links[order_id][0])
            if document is None or document.total != total(day.shop, order_id):
                wrong["total to the cent"].append(f"order {order_id}: {document} instead of {total(day.shop, order_id)}")
            expected += sold(day.shop, order_id)
        notes = sum(1 for note in day.shop.notes_of(order_id) if NOTE.match(note))
        if notes > 1 or (notes == 0 and not is_dead):
            wrong["told once"].append(f"order {order_id} ({row['STATE']}) has {notes} notes")
    linked = {doc for docs in links.values() for doc in docs}
    wrong["no order twice"] += [f"document {doc} belongs to no order" for doc in there.keys() - linked]
    wrong["stock on order is what is sold"] = _stock(expected, on_order(database))
    wrong["audit"] = [f"{each.check_name}: {each.detail}" for each in database.run(AuditOrders(inventory=True))]
    waiting = rows_of(database, "SELECT WOO_ORDER_ID FROM dbo.USER_STORE_OUTBOX WHERE STATE NOT IN ('DONE', 'DROPPED')")
    wrong["nothing left untold"] = [f"order {row['WOO_ORDER_ID']}" for row in waiting if row["WOO_ORDER_ID"] not in day.gone]
    return wrong


def _stock(expected: Counter[str], there: dict[str, Decimal]) -> list[str]:
    wanted: Counter[str] = Counter()
    for item in ITEMS:
        product_id = item.variation_id or item.product_id
        product = Product(product_id=product_id, parent_id=0, sku=item.sku, name=item.name, price=None, stock=None)
        wanted[item_of(product)["ITEM_NO"]] += expected[item.sku]
    return [
        f"{item}: {there.get(item, 0)} on order, {wanted[item]} expected"
        for item in sorted(wanted.keys() | there.keys())
        if there.get(item, Decimal(0)) != wanted[item]
    ]


def _print_states(database: Database) -> None:
    states = Counter(row["STATE"] for row in rows_of(database, "SELECT STATE FROM dbo.USER_ORDER_STAGING"))
    print("  in the end: " + ", ".join(f"{count:,} {state}" for state, count in states.most_common()))


def _points(day: Day) -> float:
    return day.shop.shop.used if isinstance(day.shop, ShopifyFront) else 0.0


def _print_points(day: Day, points: float) -> None:
    if not isinstance(day.shop, ShopifyFront):
        return
    shop = day.shop.shop
    told = sum(10 * count for count in shop.writes.values())
    read = Counter(name for name, _ in shop.calls)
    whole = sum(len(variables["ids"]) for name, variables in shop.calls if name == "WholeOrders")
    placed = day.done["placed"]
    print(
        f"  points: {points:,.0f} in all, {points / placed:.0f} an order with all its edits: {told / placed:.0f} to tell, "
        f"{(points - told) / placed:.0f} to read; {whole:,} times an order was read whole"
    )
    print(
        f"  bucket of {shop.most:,} with {shop.restore:,} a second: never below 0; {shop.throttled} of {sum(read.values()):,} "
        "requests were put off"
    )


if __name__ == "__main__":
    sys.exit(main())
