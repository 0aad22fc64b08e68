"""What `load_test.py` asks database and store in the end: was each order done once, and told once?"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts import erp_sums
from scripts.erp_sums import on_order, sums_of
from scripts.load_workers import Load, told
from scripts.runs import rows_of
from syncctl.db.contract import AuditOrders, Database
from syncctl.demo.checks import NOTE
from syncctl.demo.orders import Raw
from syncctl.demo.store import SimulatedStore
from syncctl.services.seed import item_of
from syncctl.stores.base import Product

WELL = (0, 1, 69)
"""How a run may end while the store misbehaves: done, with messages that wait, with the store given up on for now."""


@dataclass(frozen=True)
class Before:
    """The database as it was before the workers came."""

    documents: int
    numbers: dict[str, int]
    on_order: dict[str, Decimal]


def before(database: Database) -> Before:
    """Count what is there."""
    return Before(documents=len(erp_sums.documents(database)), numbers=_numbers(database), on_order=on_order(database))


def check(load: Load, database: Database, was: Before, raws: list[Raw], shop: SimulatedStore) -> dict[str, list[str]]:
    """Ask database and store; return each promise with what breaks it."""
    staged = rows_of(database, "SELECT * FROM dbo.USER_ORDER_STAGING WHERE STORE_ID = ?", load.store_id)
    there = erp_sums.documents(database)
    linked = rows_of(database, "SELECT WOO_ORDER_ID, DOC_ID FROM dbo.USER_ORDER_LINK WHERE STORE_ID = ?", load.store_id)
    links = [row for row in linked if int(row["DOC_ID"]) in there]
    times_created = Counter(row["WOO_ORDER_ID"] for row in created(load, database))
    documents = len(there) - was.documents
    series = sums_of(database).series
    drawn = {name: number - was.numbers[name] for name, number in _numbers(database).items() if name in series}
    numbers = Counter(there[int(row["DOC_ID"])].number for row in links)
    states = Counter(row["STATE"] for row in staged)
    broken = {
        "no order lost": [] if states == {"APPLIED": load.orders} else [f"the orders' states: {dict(states)}"],
        "no order done twice": [
            f"order {order_id} was created {times} times" for order_id, times in times_created.items() if times > 1
        ],
        "one document for each order": []
        if len(links) == documents == len({row["WOO_ORDER_ID"] for row in links}) == load.orders
        else [f"{documents} new documents, {len(links)} linked to {load.orders} orders"],
        "the store told of each order, once": _told(load, database, raws, shop),
        "stock on order is what was sold": _stock(was, on_order(database), raws),
        "audit": [
            f"{finding.check_name}: {finding.detail}"
            for finding in [*database.run(AuditOrders(store_id=load.store_id)), *database.run(AuditOrders(inventory=True))]
        ],
        "numbers unique, without gaps": [
            *(f"{value} was given {times} times" for value, times in numbers.items() if times > 1),
            *(f"{drawn[name]} of {name} were drawn for {documents} documents" for name in series if drawn[name] != documents),
        ],
    }
    if not load.kills:
        again = [row for row in staged if row["ATTEMPT_NO"] != 1]
        broken["no order claimed twice"] = [f"order {row['WOO_ORDER_ID']} took {row['ATTEMPT_NO']} claims" for row in again]
    may = WELL if load.faults else (0, 1) if load.kills else (0,)
    ended = load.exits + load.polls
    broken["every run ended well"] = [f"exit code {code}, {times} times" for code, times in ended.items() if code not in may]
    if broken["every run ended well"]:
        broken["every run ended well"].append(told(load))
    return broken


def created(load: Load, database: Database) -> list[Any]:
    """Return who created which document when, in that order."""
    return rows_of(
        database,
        "SELECT WOO_ORDER_ID, WORKER_ID, EVENT_DT FROM dbo.USER_ORDER_EVENT "
        "WHERE STORE_ID = ? AND EVENT_TYPE = 'CREATED' ORDER BY EVENT_ID",
        load.store_id,
    )


def _told(load: Load, database: Database, raws: list[Raw], shop: SimulatedStore) -> list[str]:
    """Look at the messages in the database, and at what came of them in the store: its orders' notes and statuses."""
    sql = "SELECT WOO_ORDER_ID, STATE FROM dbo.USER_STORE_OUTBOX WHERE STORE_ID = ? AND KIND = 'applied'"
    messages = rows_of(database, sql, load.store_id)
    states = Counter(row["STATE"] for row in messages)
    said = [] if states == {"DONE": load.orders} else [f"the messages' states: {dict(states)}"]
    for raw in raws:
        notes = sum(count for text, count in shop.count_notes(raw["id"]).items() if NOTE.match(text))
        if notes != 1:
            said.append(f"order {raw['id']} has {notes} notes in the store")
    return said + [f"order {order_id} went back to an earlier status in the store" for order_id in shop.went_backwards()]


def _stock(was: Before, after: dict[str, Decimal], raws: list[Raw]) -> list[str]:
    """Compare what items have on order now with before plus what the orders sell, counted on the orders themselves."""
    expected: dict[str, Decimal] = defaultdict(Decimal, was.on_order)
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


def _numbers(database: Database) -> dict[str, int]:
    return {row["SERIES"]: row["NEXT_NO"] for row in rows_of(database, "SELECT SERIES, NEXT_NO FROM dbo.USER_NUMBER_SERIES")}
