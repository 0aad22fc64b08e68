#!/usr/bin/env python3
"""Odd orders and claims among thousands of sound ones, a store and carriers that misbehave, workers killed: does the rest go on?

    .venv/bin/python scripts/chaos.py                                   2,000 orders, 5 % of them odd, a throw-away database
    .venv/bin/python scripts/chaos.py --orders 200 --odd 20 --seed 7    fewer orders, more of them odd, others
    .venv/bin/python scripts/chaos.py --database 'SERVER=…;DATABASE=…'  on a SQL Server with the trial ERP

The program itself is run, command by command, as a scheduler would run it. Orders are odd in all the ways of
`syncctl/demo/odd_kinds.py`, claims too; lists hide rows and cut their pages; in some turns the whole store is down for a while;
and commands are killed hard at random. Then the database and the store are asked: each sound order has to be in the ERP and told
once, to the cent; each odd one has to have ended as it should, with its reason, where a person sees it. Exit code 1 where that
isn't so.

A database that is named keeps what was done to it. It has to be a trial one: `syncctl db deploy --demo-erp` makes it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # it is run by its path

from scripts.runs import Ended, Runner, let_time_pass, print_findings, rows_of
from syncctl.carriers.numbers import CHECKS
from syncctl.clock import system_clock
from syncctl.db.connect import is_embedded, open_database
from syncctl.db.contract import AddClaim, AuditOrders, Database
from syncctl.demo.carriers import SimulatedCarriers, Simulation
from syncctl.demo.catalog import customer, products
from syncctl.demo.checks import NOTE
from syncctl.demo.faults import Fault
from syncctl.demo.odd_kinds import FOR_EVER, ODD_CLAIMS, WRONG_KEYS, OddClaim, OddOrder, odd_orders
from syncctl.demo.orders import OrderMaker, Raw
from syncctl.demo.store import SimulatedStore
from syncctl.errors import SyncError
from syncctl.secret import Secret
from syncctl.services.seed import item_of, seed_from_store
from syncctl.services.systems import REFUSALS
from syncctl.stores.base import Product
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection

READ_TIMEOUT = 2
"""Seconds. A machine that is busy with other things needs some to say what it knows."""
MOST_TURNS = 14
CARRIERS = ("acme", "zephyr")
Broken = dict[str, list[str]]


@dataclass
class Plan:
    """What there is: the orders with what is odd about them, and the claims."""

    raws: dict[int, Raw] = field(default_factory=dict)
    odd: dict[int, OddOrder] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    """Rows of the store's lists that it counts and never shows."""
    claims: dict[str, OddClaim] = field(default_factory=dict)

    def end_of(self, order_id: int) -> str:
        """How an order has to end."""
        return self.odd[order_id].end if order_id in self.odd else "applied"

    def ending(self, *ends: str) -> list[int]:
        """Return the orders that have to end so."""
        return [order_id for order_id in self.raws if self.end_of(order_id) in ends]


@dataclass
class Chaos:
    """One chaos: what it is about, what runs in it, and what came of the runs."""

    options: argparse.Namespace
    folder: Path
    url: str
    shop: SimulatedStore
    carriers: SimulatedCarriers
    chance: random.Random
    plan: Plan = field(default_factory=Plan)
    store_id: str = field(default_factory=lambda: f"chaos-{uuid.uuid4().hex[:8]}")
    polled: bool = False
    documents_before: int = 0
    on_order_before: dict[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = self.options
        self.runner = Runner(self.folder, self.environment, self.chance, options.kills, options.limit_minutes)

    def environment(self) -> dict[str, str]:
        """Settings of its own, and none that the caller has."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SYNCCTL_")}
        lookback = 15 if self.polled else 3 * 24 * 60
        ours = {
            "SYNCCTL_DATABASE": self.url,
            "SYNCCTL_STORE_ID": self.store_id,
            "SYNCCTL_WOO_URL": self.shop.url,
            "SYNCCTL_WOO_CONSUMER_KEY": self.shop.key,
            "SYNCCTL_WOO_CONSUMER_SECRET": self.shop.secret,
            "SYNCCTL_UNKNOWN_CUSTOMER": "create",
            # Some of the day's orders are bank transfers; here they are wanted in the ERP while they wait for the money.
            "SYNCCTL_WOO_CREATE_STATUSES": "processing,completed,on-hold",
            "SYNCCTL_HTTP_READ_TIMEOUT": str(READ_TIMEOUT),
            "SYNCCTL_ORDER_POLLING_LOOKBACK_MINUTES": str(lookback),
            "SYNCCTL_ORDER_POLLING_MAX_PAGES": "10000",
            "SYNCCTL_POD_CARRIER_DIR": str(self.folder / "carriers"),
            "SYNCCTL_POD_CHRONOPOST_ACCOUNT": "1",
            "SYNCCTL_POD_CHRONOPOST_PASSWORD": "simulated",
            "SYNCCTL_POD_DIR": str(self.folder / "pods"),
            "SYNCCTL_POD_READ_TIMEOUT": str(READ_TIMEOUT),
            "SYNCCTL_POD_MAX_MEGABYTES": "5",
            "SYNCCTL_POD_BATCH_SIZE": "1000",
            "SYNCCTL_POD_MAX_RETRIES": "100",
            "SYNCCTL_LOG_DIR": str(self.folder / "logs"),
            "SYNCCTL_LOCK_DIR": str(self.folder / "locks"),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
        }
        return {**kept, **ours}

    def run(self, *commands: tuple[str, ...], down_for: float = 0.0) -> list[Ended]:
        """Run commands side by side to their ends, or until one is killed; the store is down for the first seconds of it."""
        down = Fault(kind="status", status=503, times=FOR_EVER if down_for else 0)
        self.shop.faults.add(down, first=True)

        def meanwhile(seconds: float) -> None:
            if seconds > down_for:
                down.times = 0

        try:
            return self.runner.run(*commands, meanwhile=meanwhile, down=bool(down_for))
        finally:
            down.times = 0

    def database(self) -> closing[Any]:
        """Open the database, to look into it."""
        return closing(open_database(self.url))


def main() -> int:
    """Make the chaos, look at what is left of it, print."""
    options = _options()
    hang = 1.3 * READ_TIMEOUT
    with (
        tempfile.TemporaryDirectory(prefix="syncctl-chaos-", ignore_cleanup_errors=True) as name,
        SimulatedStore() as shop,
        SimulatedCarriers(Simulation(hang=hang)) as carriers,
    ):
        folder = Path(name)
        url = options.database or f"sqlite:///{(folder / 'chaos.db').as_posix()}"
        chaos = Chaos(options, folder, url, shop, carriers, random.Random(options.seed))  # noqa: S311 - no secrets
        try:
            return _run(chaos, hang)
        except SyncError as error:
            print(f"chaos: {error}", file=sys.stderr)
            return error.exit_code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=2000, help="how many orders (2000)")
    parser.add_argument("--odd", type=float, default=5, metavar="PERCENT", help="how many of a hundred are odd (5)")
    parser.add_argument("--seed", type=int, default=1, help="another number makes another chaos (1)")
    parser.add_argument("--kills", type=int, default=8, help="how many commands are killed hard (8)")
    parser.add_argument(
        "--kinds", default="", metavar="WORDS", help="only odd orders whose kind has one of these words, between commas"
    )
    parser.add_argument("--database", help="sqlite:///PATH or an ODBC connection string; a throw-away file without it")
    parser.add_argument("--limit-minutes", type=float, default=15, help="give up where a command takes so long (15)")
    return parser.parse_args()


def _run(chaos: Chaos, hang: float) -> int:
    engine = "embedded" if is_embedded(chaos.url) else "SQL Server"
    began = time.monotonic()
    _prepare(chaos, hang)
    plan = chaos.plan
    ways = len({kind.name for kind in plan.odd.values()})
    print(
        f"{engine}: {len(plan.raws):,} orders, {len(plan.odd)} of them odd in {ways} ways, {len(plan.claims)} claims, "
        f"store {chaos.store_id}, seed {chaos.options.seed}",
        flush=True,
    )
    turns = 0
    still_open: list[str] = []
    while turns < MOST_TURNS and (turns < 1 or chaos.runner.kills_left > 0 or still_open):
        turns += 1
        seen = len(chaos.runner.ended)
        _turn(chaos, turns)
        still_open = _still_open(chaos)
        left = f"; {len(still_open)} to come, such as {still_open[0][:200]}" if still_open else ""
        print(f"turn {turns}, {time.monotonic() - began:.0f} s: {chaos.runner.told(seen)}{left}", flush=True)
    quiet = _last_turn(chaos)
    print(
        f"{turns} turns and a last one in {time.monotonic() - began:.0f} s, {sum(run.killed for run in chaos.runner.ended)} kills"
    )
    with chaos.database() as database:
        broken = {**chaos.runner.findings(), **_check_orders(chaos, database), **_check_claims(chaos, database), **quiet}
        broken |= _check_what_people_see(chaos, database)
        _print_orders(chaos, database)
    chaos.runner.print_commands()
    return print_findings(broken)


# Before


def _prepare(chaos: Chaos, hang: float) -> None:
    """Fill the shop, the trial ERP and the claims."""
    maker = OrderMaker(chaos.options.seed)
    now = system_clock() - timedelta(minutes=20)
    count, plan = chaos.options.orders, chaos.plan
    raws = [maker.order(1000 + number, now - timedelta(seconds=60 + 2 * (count - number))) for number in range(count)]
    people = [customer(person, "2026-01-05T09:00:00") for person in maker.people]
    # The ERP gets its items and customers while nothing is odd yet.
    chaos.shop.load([], products=products(), customers=people)
    with chaos.database() as database:
        connection = Connection(
            url=chaos.shop.url, consumer_key=Secret(chaos.shop.key), consumer_secret=Secret(chaos.shop.secret)
        )
        with closing(WooCommerce(connection, store_id=chaos.store_id)) as store:
            seed_from_store(database, store)
        chaos.documents_before = len(rows_of(database, "SELECT DOC_ID FROM dbo.PS_DOC_HDR"))
        chaos.on_order_before = _on_order(database)
        _draw_odd_orders(chaos, maker, raws, hang)
        chaos.shop.load(raws)
        chaos.shop.odd.hidden |= plan.hidden
        _misbehave_on_sound_ones(chaos)
        _draw_claims(chaos, database)


def _draw_odd_orders(chaos: Chaos, maker: OrderMaker, raws: list[Raw], hang: float) -> None:
    """Make some orders odd: every kind once before one comes twice. Some more are rows that the lists only count."""
    chance, plan = chaos.chance, chaos.plan
    words = [word for word in chaos.options.kinds.split(",") if word]
    kinds = [kind for kind in odd_orders() if not words or any(word in kind.name for word in words)]
    wanted = round(len(raws) * chaos.options.odd / 100)
    drawn: list[OddOrder] = []
    while len(drawn) < wanted:
        drawn += chance.sample(kinds, len(kinds))
    # Every second place, so that of two rows without a name each has another neighbour.
    places = sorted(chance.sample(range(1, len(raws) - 1, 2), min(wanted, len(raws) // 2 - 1)))
    odd = dict(zip(places, drawn, strict=False))
    middle = len(raws) // 2 // 2 * 2
    hidden = {0, middle, len(raws) - 2 if len(raws) % 2 == 0 else len(raws) - 1}
    for place, raw in enumerate(raws):
        if place in hidden:
            plan.hidden.add(raw["id"])
            continue
        plan.raws[raw["id"]] = raw
        if place in odd:
            plan.odd[raw["id"]] = odd[place]
            odd[place].make(raw, chaos.shop, maker, hang)


def _misbehave_on_sound_ones(chaos: Chaos) -> None:
    """Let the store fail now and then on orders that are sound: it passes, and nobody may notice."""
    sound = [order_id for order_id in chaos.plan.raws if order_id not in chaos.plan.odd]
    for order_id in chaos.chance.sample(sound, max(4, len(sound) // 100)):
        path = rf"/orders/{order_id}(/notes)?$"
        kind = chaos.chance.choice(("status", "lost_answer", "truncated", "html", "php_warning", "bom", "cut_off"))
        chaos.shop.fail(kind, path=path, methods=("POST", "PUT") if kind in ("lost_answer", "status") else ("GET",))


def _draw_claims(chaos: Chaos, database: Database) -> None:
    """Add claims: three sound ones for each odd one, and describe their carriers."""
    folder = chaos.folder / "carriers"
    for name in (*CARRIERS, WRONG_KEYS):
        chaos.carriers.describe(folder, name)
    (folder / "chronopost.toml").write_text(f'builtin = "chronopost"\nbase_url = "{chaos.carriers.url}"\n', encoding="utf-8")
    claims = [*ODD_CLAIMS, ODD_CLAIMS[-1], ODD_CLAIMS[-1]]
    sound = [OddClaim("", carrier) for carrier in (*CARRIERS, "Chronopost")]
    claims += [sound[number % 3] for number in range(max(10, chaos.options.orders // 20))]
    chaos.chance.shuffle(claims)
    for number, claim in enumerate(claims):
        serial = f"{number:08d}"
        reference, tracking = f"{chaos.store_id}-{number}", f"XN{serial}{CHECKS['s10'](serial)}FR"
        chaos.plan.claims[reference] = claim
        chaos.carriers.simulation.scripts[tracking] = [claim.word]
        database.run(AddClaim(claim_reference=reference, carrier=claim.carrier, tracking_number=tracking))


# Turns


def _turn(chaos: Chaos, number: int) -> None:
    """Run the jobs once, as their schedules would; something else is wrong with the store in each turn."""
    odd = chaos.shop.odd
    odd.page_cap = chaos.chance.choice((0, 0, 20, 10))
    odd.totals = chaos.chance.choice(("right", "right", "first", "none"))
    [polled] = chaos.run(("stage",), down_for=0.0 if number % 3 else chaos.chance.uniform(1, 3))
    chaos.polled = chaos.polled or (polled.code in (0, 1) and not polled.killed)
    if number == 1:
        chaos.run(("validate",))
    down_for = chaos.chance.uniform(1, 4) if chaos.chance.random() < 0.3 else 0.0
    chaos.run(("process", "--parallel"), ("process", "--parallel"), down_for=down_for)
    _let_time_pass(chaos)
    chaos.run(("retry-failed", "--all"))
    chaos.run(("pod-fetch",))
    chaos.run(("pod-retry",))
    _let_time_pass(chaos)


def _let_time_pass(chaos: Chaos) -> None:
    """Let the leases of killed workers end, and what waits become due: no worker is at work now."""
    let_time_pass(
        chaos.database(),
        others=(
            "UPDATE dbo.claims SET pod_lease_until = ? WHERE pod_lease_until IS NOT NULL",
            "UPDATE dbo.claims SET pod_next_attempt_at = ? WHERE pod_next_attempt_at IS NOT NULL",
        ),
    )


def _still_open(chaos: Chaos) -> list[str]:
    """Return what isn't as it has to end yet."""
    with chaos.database() as database:
        found = {**_check_orders(chaos, database), **_check_claims(chaos, database)}
    return [finding for findings in found.values() for finding in findings]


def _last_turn(chaos: Chaos) -> Broken:
    """Run everything once more, undisturbed: nothing may happen twice."""
    with chaos.database() as database:
        before = len(rows_of(database, "SELECT DOC_ID FROM dbo.PS_DOC_HDR"))
    notes = sum(len(notes) for notes in chaos.shop.state.notes.values())
    chaos.shop.odd.page_cap, chaos.shop.odd.totals = 0, "right"
    for command in (("stage",), ("validate",), ("process",), ("retry-failed", "--all"), ("pod-fetch",), ("pod-retry",)):
        chaos.run(command)
    with chaos.database() as database:
        after = len(rows_of(database, "SELECT DOC_ID FROM dbo.PS_DOC_HDR"))
    more = sum(len(notes) for notes in chaos.shop.state.notes.values()) - notes
    told = [f"{after - before} documents and {more} notes more"] if after - before or more else []
    return {"a last quiet turn changes nothing": told}


# After


def _staged(chaos: Chaos, database: Database) -> dict[int, Any]:
    """Return the staging rows by the id of the order that they are of, as far as the row tells."""
    found: dict[int, Any] = {}
    for row in rows_of(database, "SELECT * FROM dbo.USER_ORDER_STAGING WHERE STORE_ID = ?", chaos.store_id):
        number = row["WOO_ORDER_NO"] or ""
        order_id = row["WOO_ORDER_ID"]
        found[int(number) if order_id < 0 and number.isdecimal() else order_id] = row
    return found


def _check_orders(chaos: Chaos, database: Database) -> Broken:
    """Compare every order's end in the database and in the store with how it has to end."""
    plan, shop, mine = chaos.plan, chaos.shop, chaos.store_id
    staged = _staged(chaos, database)
    documents = defaultdict(list)
    for row in rows_of(
        database,
        "SELECT lnk.WOO_ORDER_ID, tot.TOT FROM dbo.USER_ORDER_LINK AS lnk "
        "INNER JOIN dbo.PS_DOC_HDR AS hdr ON hdr.DOC_ID = lnk.DOC_ID "
        "INNER JOIN dbo.PS_DOC_HDR_TOT AS tot ON tot.DOC_ID = lnk.DOC_ID WHERE lnk.STORE_ID = ?",
        mine,
    ):
        documents[row["WOO_ORDER_ID"]].append(row["TOT"])
    events = "SELECT WOO_ORDER_ID FROM dbo.USER_ORDER_EVENT WHERE STORE_ID = ? AND EVENT_TYPE = 'CREATED'"
    created = Counter(row["WOO_ORDER_ID"] for row in rows_of(database, events, mine))
    untold = {
        row["WOO_ORDER_ID"]: row
        for row in rows_of(
            database, "SELECT * FROM dbo.USER_STORE_OUTBOX WHERE STORE_ID = ? AND STATE NOT IN ('DONE', 'DROPPED')", mine
        )
    }
    names = ("sound orders in the ERP", "one document", "total to the cent", "told once", "odd orders")
    wrong: Broken = {name: [] for name in names}
    nameless = [row for key, row in staged.items() if key < 0]
    for order_id, raw in plan.raws.items():
        end = plan.end_of(order_id)
        called = f"order {order_id} ({plan.odd[order_id].name if order_id in plan.odd else 'sound'})"
        row = staged.get(order_id)
        notes = sum(count for text, count in shop.count_notes(order_id).items() if NOTE.match(text))
        in_erp = end in ("applied", "untold")
        if end == "set aside" and not plan.odd[order_id].named:
            continue
        if row is None and end == "set aside" and _by_its_place(order_id, nameless):
            continue
        if row is None:
            wrong["odd orders" if order_id in plan.odd else "sound orders in the ERP"].append(f"{called} was never staged")
            continue
        if in_erp and row["STATE"] != "APPLIED":
            wrong["odd orders" if order_id in plan.odd else "sound orders in the ERP"].append(
                f"{called} is {row['STATE']}: {row['VALIDATION_ERROR'] or row['STATE_REASON']}"
            )
            continue
        if len(documents[order_id]) != in_erp or created[order_id] != in_erp:
            wrong["one document"].append(f"{called}: {len(documents[order_id])} documents, created {created[order_id]} times")
        if in_erp and documents[order_id] and documents[order_id][0] != Decimal(raw["total"]):
            wrong["total to the cent"].append(f"{called}: {documents[order_id][0]} instead of {raw['total']}")
        if end == "applied" and (notes != 1 or order_id in untold):
            waiting = f", {untold[order_id]['STATE']}: {untold[order_id]['ERROR_MESSAGE']}" if order_id in untold else ""
            wrong["told once"].append(f"{called} has {notes} notes{waiting}")
        if notes > in_erp:
            wrong["told once"].append(f"{called} has {notes} notes")
        if problem := _wrong_end(end, row, untold.get(order_id)):
            wrong["odd orders"].append(f"{called}: {problem}")
    unnamed = [order_id for order_id in plan.odd if not plan.odd[order_id].named]
    named = [order_id for order_id in plan.odd if plan.end_of(order_id) == "set aside" and order_id not in unnamed]
    nameless = [row for row in nameless if not any(_by_its_place(order_id, [row]) for order_id in named)]
    if len(nameless) != len(unnamed):
        told = "; ".join(f"{row['WOO_ORDER_NO']}: {row['VALIDATION_ERROR']}" for row in nameless)
        wrong["odd orders"].append(f"{len(nameless)} rows without a name were set aside, not {len(unnamed)} ({unnamed}): {told}")
    wrong["none that was not there"] = [
        f"order {order_id} is {row['STATE']}" for order_id, row in staged.items() if order_id > 0 and order_id not in plan.raws
    ]
    in_erp_now = [order_id for order_id in plan.ending("applied", "untold") if documents[order_id]]
    wrong["stock on order is what was sold"] = _stock(chaos, database, in_erp_now)
    wrong["one document for each order"] = _count_documents(chaos, database, len(in_erp_now))
    wrong["never backwards, nobody mailed"] = [
        *(f"order {order_id} was taken back" for order_id in shop.went_backwards()),
        *(f"mailed: {text}" for text in shop.state.mails),
        *(f"order {order_id} was marked paid by us" for order_id in shop.state.paid_by_api),
    ]
    wrong["audit"] = [
        f"{finding.check_name}: {finding.detail}"
        for finding in [*database.run(AuditOrders(store_id=mine)), *database.run(AuditOrders(inventory=True))]
    ]
    return wrong


def _by_its_place(order_id: int, nameless: Iterable[dict[str, Any]]) -> bool:
    """Tell whether an order was set aside by its place, as one without an id is where another order breaks its page."""
    place = f"behind order {order_id - 1} and before order {order_id + 1}"
    return any(place in (row["WOO_ORDER_NO"] or "") or place in (row["VALIDATION_ERROR"] or "") for row in nameless)


def _wrong_end(end: str, row: Any, message: Any) -> str:
    """Say what is wrong with how an odd order ended; nothing where it is right."""
    if end == "set aside" and (row["STATE"], row["ERROR_CLASS"]) != ("NEEDS_MANUAL_REVIEW", "unreadable"):
        return f"{row['STATE']} ({row['ERROR_CLASS']}) instead of set aside as unreadable"
    if end == "review" and (row["STATE"] != "NEEDS_MANUAL_REVIEW" or row["ERROR_CLASS"] == "unreadable"):
        return f"{row['STATE']} ({row['ERROR_CLASS']}) instead of review"
    if end in ("set aside", "review") and not row["VALIDATION_ERROR"]:
        return "without a reason"
    if end == "untold" and (message is None or message["STATE"] not in ("PENDING", "FAILED") or not message["ERROR_MESSAGE"]):
        return f"no message waits with its reason ({message['STATE'] if message else 'none'})"
    return ""


def _stock(chaos: Chaos, database: Database, orders: Iterable[int]) -> list[str]:
    """Compare what items have on order now with before plus what the orders sell, counted on the orders themselves."""
    expected: dict[str, Decimal] = defaultdict(Decimal, chaos.on_order_before)
    for order_id in orders:
        for line in chaos.plan.raws[order_id]["line_items"]:
            product_id = line["variation_id"] or line["product_id"]
            product = Product(product_id=product_id, parent_id=0, sku=line["sku"], name=line["name"], price=None, stock=None)
            expected[item_of(product)["ITEM_NO"]] += line["quantity"]
    after = _on_order(database)
    items = expected.keys() | after.keys()
    return [
        f"{item}: {after.get(item, 0)} on order, {expected[item]} expected"
        for item in items
        if after.get(item, 0) != expected[item]
    ]


def _count_documents(chaos: Chaos, database: Database, expected: int) -> list[str]:
    made = len(rows_of(database, "SELECT DOC_ID FROM dbo.PS_DOC_HDR")) - chaos.documents_before
    return [] if made == expected else [f"{made} new documents, {expected} orders in the ERP"]


def _check_claims(chaos: Chaos, database: Database) -> Broken:
    """Compare every claim's end with how it has to end. A wrong password is believed after so many refusals."""
    held = {
        row["claim_reference"]: row
        for row in rows_of(database, "SELECT * FROM dbo.claims WHERE claim_reference LIKE ?", f"{chaos.store_id}-%")
    }
    wrong: list[str] = []
    for reference, claim in chaos.plan.claims.items():
        row = held.get(reference)
        called = f"claim {reference} ({claim.name or 'sound'}, {claim.carrier})"
        if row is None:
            wrong.append(f"{called} is gone")
        elif not claim.cause and row["pod_fetch_status"] != "success":
            wrong.append(f"{called} is {row['pod_fetch_status']}: {row['pod_error']}")
        elif claim.cause and row["pod_fetch_status"] == "success":
            wrong.append(f"{called} has a document")
        elif claim.cause and claim.carrier != WRONG_KEYS and claim.cause not in ("*", row["pod_error_cause"]):
            wrong.append(f"{called} is {row['pod_fetch_status']}, {row['pod_error_cause']}: {row['pod_error']}")
        elif claim.cause and claim.carrier != WRONG_KEYS and not row["pod_error"]:
            wrong.append(f"{called} has no reason")
    asked = chaos.carriers.simulation.asked(WRONG_KEYS)
    runs = sum(run.name in ("pod-fetch", "pod-retry") for run in chaos.runner.ended)
    refused = [row for row in held.values() if row["carrier"] == WRONG_KEYS and row["pod_error_cause"] == "invalid_credentials"]
    return {
        "claims": wrong,
        "a wrong password stops its carrier for the run": [
            *([f"{asked} calls in {runs} runs"] if asked > REFUSALS * runs else []),
            *(["no claim says so"] if not refused else []),
        ],
    }


def _check_what_people_see(chaos: Chaos, database: Database) -> Broken:
    """Look at the lists and at health: whatever ended odd has to be there."""
    told = {}
    for command in (("dead-letter", "list"), ("write-back", "list"), ("health",)):
        [ended] = chaos.run((*command, "--json"))
        told[command[0]] = json.loads(ended.text[ended.text.index("{") :])
    letters = {item["staging_id"]: item["error_message"] for item in told["dead-letter"]["items"]}
    messages = {item["woo_order_id"]: item["error_message"] for item in told["write-back"]["items"]}
    review = [row for row in _staged(chaos, database).values() if row["STATE"] == "NEEDS_MANUAL_REVIEW"]
    health = {item["name"]: item for item in told["health"]["items"]}
    untold = chaos.plan.ending("untold")
    said, counts = health["review"]["message"], told["health"]["counts"]
    unnamed = sorted({str(row["ERROR_CLASS"]) for row in review} - set(re.findall(r"\w+", said)))
    unseen = [f"review: nothing of {', '.join(unnamed)}: {said}"] if unnamed else []
    if counts["review"] < len(review):
        unseen.append(f"{counts['review']} in review, not {len(review)}")
    if counts["write_back_pending"] + counts["write_back_failed"] < len(untold):
        unseen.append(f"write-back: {health['write_back']['message']}")
    return {
        "dead-letter list shows every order that needs a person, and why": [
            f"order {row['WOO_ORDER_ID']} is not there" for row in review if not letters.get(row["STAGING_ID"])
        ],
        "write-back list shows every message that could not be delivered, and why": [
            f"order {order_id} is not there" for order_id in untold if not messages.get(order_id)
        ],
        "health names both": unseen,
        "health sees the polls": [health["polls"]["message"]] if health.get("polls", {"level": "ok"})["level"] != "ok" else [],
    }


def _print_orders(chaos: Chaos, database: Database) -> None:
    """Print how the orders of each kind ended."""
    staged = _staged(chaos, database)
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for order_id in chaos.plan.raws:
        kind = chaos.plan.odd.get(order_id)
        row = staged.get(order_id)
        ends[f"{kind.name} → {kind.end}" if kind else "sound → applied"][row["STATE"] if row else "not by its id"] += 1
    width = max(len(name) for name in ends)
    for name, states in sorted(ends.items(), key=lambda entry: (-sum(entry[1].values()), entry[0])):
        print(f"  {name:<{width}}  " + ", ".join(f"{count:,} {state}" for state, count in states.items()))


def _on_order(database: Database) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows_of(database, "SELECT ITEM_NO, QTY_ON_SO FROM dbo.IM_INV"):
        found[row["ITEM_NO"]] += row["QTY_ON_SO"]
    return found


if __name__ == "__main__":
    sys.exit(main())
