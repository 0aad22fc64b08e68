"""The goods of the month of `month.py`: sold at the till and in the shop, delivered, shipped, their prices changed.

Beside the ERP and the store, the truth is kept: how many of each item there are, how many of them are free, what it costs.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from syncctl.demo.catalog import products
from syncctl.demo.store import SimulatedStore

ONLY_AT_THE_TILL = 45
"""Items that the shop offers, too, and nobody buys there: a push that tells of everything sold in hours stays a small part."""
_AT_FIRST = 20
_FEW = 3
"""Of an item that has no more of them free there are more the next morning."""
_MOST_DELIVERED = 5
_BROKEN = 0.5
"""The share of the cancelled orders whose goods nobody can sell again."""
_HIDDEN = "GONE"
_CENT = Decimal("0.01")


def goods_on_sale(chance: random.Random) -> list[dict[str, Any]]:
    """Return the shop's products: those of the demo, and those that are sold at the till alone."""
    found = products(_AT_FIRST)
    like = found[0]
    for number in range(ONLY_AT_THE_TILL):
        price = str(Decimal(chance.randrange(300, 6000)) / 100)
        own = {"id": 200 + number, "sku": f"SHELF-{number:02}", "name": f"Shelf {number}", "price": price, "regular_price": price}
        found.append({**like, **own})
    return found


@dataclass
class TakenBack:
    """What a cancelled order was of."""

    units: Counter[str]
    is_staged: bool = False


@dataclass
class Goods:
    """What there is of each item, by SKU, and what happens to it."""

    shop: SimulatedStore
    file: Path
    """The database."""
    chance: random.Random
    on_hand: Counter[str] = field(default_factory=Counter)
    free: Counter[str] = field(default_factory=Counter)
    """On hand, and not sold by an order that the ERP could know; below 0 where more was sold than there is."""
    unread: dict[int, Counter[str]] = field(default_factory=dict)
    """What orders sold that nobody could read: the store alone knows of it, until somebody enters the order by hand."""
    taken_back: list[TakenBack] = field(default_factory=list)
    """What the store has again from orders that were cancelled, while their documents may still hold it."""
    sold: Counter[str] = field(default_factory=Counter)
    """What was taken from the shelf since the store was last told of an item, and the store doesn't know."""
    prices: dict[str, Decimal] = field(default_factory=dict)
    """The ERP's."""
    turned_away: int = 0
    """Customers who found nothing of what they wanted."""
    _usual: dict[str, Decimal] = field(default_factory=dict)
    _places: dict[str, tuple[str, str]] = field(default_factory=dict)
    """SKU → item and location."""
    _products: dict[str, dict[str, Any]] = field(default_factory=dict)

    def open(self) -> None:
        """Begin: shop and ERP have the same."""
        rows = [row for product in self.shop.state.products.values() for row in product["variations"] or [product]]
        self._products = {row["sku"]: row for row in rows}
        with self._database() as database:
            numbers = dict(database.execute("SELECT SKU, ITEM_NO FROM USER_ITEM_MAP"))
            locations = dict(database.execute("SELECT ITEM_NO, LOC_ID FROM IM_INV"))
        for sku, row in self._products.items():
            item = numbers.get(sku, sku)
            self._places[sku] = (item, locations[item])
            self.on_hand[sku] = self.free[sku] = row["stock_quantity"]
            self.prices[sku] = self._usual[sku] = Decimal(row["regular_price"])

    @property
    def bought_in_shop(self) -> list[str]:
        """What is bought in both channels."""
        return self.skus[:-ONLY_AT_THE_TILL]

    @property
    def skus(self) -> list[str]:
        """All that is on sale."""
        return list(self._products)

    def offered(self, sku: str) -> int:
        """How many the store offers."""
        return int(self._products[sku]["stock_quantity"])

    def asked(self, sku: str) -> Decimal:
        """What the store asks."""
        return Decimal(self._products[sku]["regular_price"])

    def product(self, sku: str) -> dict[str, Any]:
        """An item, as the store has it."""
        return self._products[sku]

    def unsure(self, sku: str) -> int:
        """How many the store may lack: sold by orders that nobody could read, or still held by documents of cancelled ones."""
        return sum(units[sku] for units in (*self.unread.values(), *(order.units for order in self.taken_back)))

    # --- The shop --------------------------------------------------------------------------------------------------------

    def basket(self, order: Callable[[], dict[str, Any]], *, tries: int) -> dict[str, Any] | None:
        """Return an order of what the store offers; None where after so many tries a customer goes away."""
        for _ in range(tries):
            raw = order()
            if all(units <= self.offered(sku) for sku, units in self._units(raw).items()):
                return raw
        self.turned_away += 1
        return None

    def sell_in_shop(self, raw: dict[str, Any], *, is_read: bool) -> None:
        """Let the store count what an order sells."""
        units = self._units(raw)
        for sku, number in units.items():
            self._products[sku]["stock_quantity"] -= number
        if is_read:
            self.free.subtract(units)
        else:
            self.unread[raw["id"]] = units

    def cancel_in_shop(self, raw: dict[str, Any]) -> None:
        """Let the store take back by itself what an order sold."""
        self.shop.shopkeeper.cancel(raw["id"])
        units = self._units(raw)
        for sku, number in units.items():
            self._products[sku]["stock_quantity"] += number
            self.sold[sku] += min(number, max(0, -self.free[sku]))  # the till sold them before: the store offers what isn't there
            self.free[sku] += number
        self.taken_back.append(TakenBack(units))

    def note(self, job: str) -> None:
        """Know what a run did with orders that were cancelled."""
        if job == "process":
            back = [order for order in self.taken_back if order.is_staged]
            self.taken_back = [order for order in self.taken_back if not order.is_staged]
            for order in back:
                if (
                    self.chance.random() < _BROKEN
                ):  # as many: what the store was told last is what it should say, and it says more
                    for sku, number in order.units.items():
                        self._take(sku, number)
        elif job in ("stage", "stock-push"):
            for order in self.taken_back:
                order.is_staged = True

    def enter(self, raw: dict[str, Any]) -> None:
        """Let somebody enter an order by hand that was given up, and ship it at once."""
        units = self._units(raw)
        if self.unread.pop(raw["id"], None) is not None:
            self.free.subtract(units)
            self.sold.update(units)
        with self._database() as database:
            for sku, number in units.items():
                self._count(database, sku, self.on_hand[sku] - number)

    def _units(self, raw: dict[str, Any]) -> Counter[str]:
        """Count what an order is of; what a plugin sells, nobody counts."""
        units: Counter[str] = Counter()
        for line in raw["line_items"]:
            if line["sku"] in self._products:
                units[line["sku"]] += line["quantity"]
        return units

    # --- The ERP ---------------------------------------------------------------------------------------------------------

    def sell_at_till(self, sku: str = "", *, all_of_it: bool = False) -> None:
        """Let somebody buy something in the shop round the corner: what lies there, whoever ordered it in the web."""
        sku = sku or self.chance.choice(self.skus)
        units = self.on_hand[sku] if all_of_it else min(self.chance.choice((1, 1, 2, 3)), self.on_hand[sku])
        if units > 0:
            self._take(sku, units)

    def deliver(self, *also: str) -> None:
        """Let more come of some of the items that there are few of, and of those named."""
        few = sorted((sku for sku in self.skus if self.free[sku] <= _FEW), key=lambda sku: self.free[sku])[:_MOST_DELIVERED]
        with self._database() as database:
            for sku in dict.fromkeys((*few, *also)):
                more = self.chance.randrange(_AT_FIRST, 2 * _AT_FIRST)
                self.free[sku] += more
                self._count(database, sku, self.on_hand[sku] + more)

    def change_price(self, sku: str, *, factor: str = "") -> None:
        """Let an item cost a bit more or less than it does as a rule, or by a factor."""
        by = Decimal(factor) if factor else Decimal(self.chance.randrange(90, 111)) / 100
        self.set_price(sku, (self._usual[sku] * by).quantize(_CENT))

    def set_price(self, sku: str, price: Decimal, *, usual: bool = False) -> None:
        """Let the ERP ask this for an item, from now on as a rule where that is `usual`."""
        self.prices[sku] = price
        if usual:
            self._usual[sku] = price
        with self._database() as database:
            database.execute("UPDATE IM_PRC SET PRC_1 = ? WHERE ITEM_NO = ?", (str(price), self._places[sku][0]))

    def hide_stock(self) -> None:
        """Let the ERP show no stock of anything."""
        with self._database() as database:
            database.execute("UPDATE IM_INV SET LOC_ID = ?", (_HIDDEN,))
        self._places = {sku: (item, _HIDDEN) for sku, (item, _) in self._places.items()}

    def show_stock(self, location: str) -> None:
        """Let it show its stock again, and what orders moved meanwhile."""
        with self._database() as database:
            moved = database.execute("SELECT ITEM_NO, QTY_ON_SO FROM IM_INV WHERE LOC_ID <> ?", (_HIDDEN,)).fetchall()
            database.execute("DELETE FROM IM_INV WHERE LOC_ID <> ?", (_HIDDEN,))
            database.execute("UPDATE IM_INV SET LOC_ID = ?", (location,))
            for item, units in moved:
                database.execute("UPDATE IM_INV SET QTY_ON_SO = QTY_ON_SO + ? WHERE ITEM_NO = ?", (float(units), item))
        self._places = {sku: (item, location) for sku, (item, _) in self._places.items()}

    def location(self) -> str:
        """Where the goods lie."""
        return next(iter(self._places.values()))[1]

    def post(self, before: datetime) -> None:
        """Let documents go into the history, and their goods off the shelf, as posting them in the ERP does."""
        with self._database() as database:
            ids = _open_since(database, before)
            item_of = {item: sku for sku, (item, _) in self._places.items()}
            for doc_id in ids:
                lines = database.execute("SELECT ITEM_NO, QTY_SOLD FROM PS_DOC_LIN WHERE DOC_ID = ?", (doc_id,)).fetchall()
                for item, units in lines:
                    if item in item_of:
                        database.execute("UPDATE IM_INV SET QTY_ON_SO = QTY_ON_SO - ? WHERE ITEM_NO = ?", (float(units), item))
                        self._count(database, item_of[item], self.on_hand[item_of[item]] - int(Decimal(units)))
                _post(database, doc_id)

    def _take(self, sku: str, units: int) -> None:
        """Let somebody take from the shelf what the store doesn't know of."""
        self.free[sku] -= units
        self.sold[sku] += units
        with self._database() as database:
            self._count(database, sku, self.on_hand[sku] - units)

    def _count(self, database: sqlite3.Connection, sku: str, on_hand: int) -> None:
        self.on_hand[sku] = on_hand
        sql = "UPDATE IM_INV SET QTY_ON_HND = ? WHERE ITEM_NO = ? AND LOC_ID = ?"
        database.execute(sql, (str(on_hand), *self._places[sku]))

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.file)) as database, database:
            yield database


def _open_since(database: sqlite3.Connection, before: datetime) -> list[str]:
    """Return the open documents that are that old."""
    which = (
        "SELECT DOC_ID FROM USER_ORDER_LINK WHERE LINK_STATE = 'OPEN' AND CREATED_DT < ? "
        "AND DOC_ID IN (SELECT DOC_ID FROM PS_DOC_HDR)"
    )
    return [row[0] for row in database.execute(which, (before.strftime("%Y-%m-%d %H:%M:%S"),))]


def _post(database: sqlite3.Connection, doc_id: str) -> None:
    head = "DOC_ID, STR_ID, STA_ID, TKT_NO, CUST_NO, CUST_PO_NO, REF, TKT_DT"
    tables = [
        row[0]
        for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'PS_DOC_%'")
        if row[0] not in ("PS_DOC_PMT", "PS_DOC_PMT_APPLY", "PS_DOC_PKG_TRK_NO")
    ]
    database.execute(f"INSERT INTO PS_ORD_HIST ({head}) SELECT {head} FROM PS_DOC_HDR WHERE DOC_ID = ?", (doc_id,))  # noqa: S608
    database.execute(
        "INSERT INTO PS_ORD_HIST_LIN (DOC_ID, LIN_SEQ_NO, ITEM_NO, ORIG_QTY, QTY_SOLD, EXT_PRC)"
        " SELECT DOC_ID, LIN_SEQ_NO, ITEM_NO, ORIG_QTY, QTY_SOLD, EXT_PRC FROM PS_DOC_LIN WHERE DOC_ID = ?",
        (doc_id,),
    )
    for table in tables:
        database.execute(f"DELETE FROM {table} WHERE DOC_ID = ?", (doc_id,))  # noqa: S608
