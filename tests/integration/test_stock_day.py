"""A day of sales in both channels: the store never offers more than there is, but for what was sold since the last push."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.connect import open_database
from syncctl.db.contract import SeedDemoErp
from syncctl.demo.store import SimulatedStore
from syncctl.secret import Secret
from syncctl.services.item_push import ItemListing
from syncctl.services.run_context import RunContext
from syncctl.services.seed import set_up
from syncctl.services.stage import Stager, Window
from syncctl.services.stock import Guard, StockPush
from syncctl.stores.content import ContentBuilder
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.raws import raw_order

SKUS = [f"SKU-{number:02d}" for number in range(12)]
START = 20


class Killed(BaseException):
    """The process is gone, between what the store took and what the database was to note."""


class Dying:
    """A database that dies before it notes what the store was told, when it is told to."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.dies = False

    def run(self, call: Any) -> Any:
        if self.dies and type(call).__name__ == "NoteStockTold":
            raise Killed
        return self._database.run(call)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


@pytest.fixture
def shop() -> Iterator[SimulatedStore]:
    with SimulatedStore() as opened:
        opened.load(
            products=[
                {"id": number, "type": "simple", "name": sku, "sku": sku, "price": "8.00", "variations": []}
                | {"manage_stock": True, "stock_quantity": START}
                for number, sku in enumerate(SKUS, start=1)
            ]
        )
        yield opened


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_never_more_is_offered_than_there_is(shop: SimulatedStore, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    url = f"sqlite:///{tmp_path / 'day.db'}"
    connection = Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret))
    with closing(open_database(url)) as opened, closing(WooCommerce(connection)) as store:
        database = Dying(opened)
        set_up(opened)
        seeded = [{"ITEM_NO": sku, "SKU": sku, "DESCR": sku, "PRC_1": "8.00", "QTY_ON_HND": str(START)} for sku in SKUS]
        opened.run(SeedDemoErp(items=json.dumps(seeded), customers="[]"))
        on_shelf = dict.fromkeys(SKUS, START)
        web_sold: dict[str, int] = dict.fromkeys(SKUS, 0)
        missing: dict[str, int] = dict.fromkeys(SKUS, 0)
        products = {product["sku"]: product for product in shop.state.products.values()}
        run = _runs(database, store)
        run(sure=True)
        open_orders: list[tuple[int, str, int]] = []
        for interval in range(24):
            sold_since: dict[str, int] = dict.fromkeys(SKUS, 0)
            for _ in range(chance.randrange(12)):
                sku, quantity = chance.choice(SKUS), chance.randrange(1, 4)
                if chance.random() < 0.5:
                    quantity = min(quantity, on_shelf[sku])
                    on_shelf[sku] -= quantity
                    sold_since[sku] += quantity
                    _count(opened, sku, on_shelf[sku])
                elif products[sku]["stock_quantity"] >= quantity:  # the store sells what it offers
                    placed = shop.shopkeeper.place(_bought(products[sku]["id"], sku, quantity))
                    products[sku]["stock_quantity"] -= quantity
                    web_sold[sku] += quantity
                    sold_since[sku] += quantity
                    open_orders.append((placed, sku, quantity))
                    if (
                        chance.random() < 0.3
                    ):  # as many come in: what the store was told last is what it should say, and not what it says
                        on_shelf[sku] += quantity
                        _count(opened, sku, on_shelf[sku])
                if open_orders and chance.random() < 0.2:  # the store takes the goods of what is cancelled back by itself
                    placed, sku, quantity = open_orders.pop(chance.randrange(len(open_orders)))
                    shop.shopkeeper.cancel(placed)
                    products[sku]["stock_quantity"] += quantity
                    web_sold[sku] -= quantity
                    if chance.random() < 0.5:  # and as many break
                        on_shelf[sku] -= quantity
                        _count(opened, sku, on_shelf[sku])
            database.dies = chance.random() < 0.3
            try:
                run(sure=False)
            except Killed:
                database.dies = False
                run(sure=False)
            for sku in SKUS:
                there = on_shelf[sku] - web_sold[sku]
                assert products[sku]["stock_quantity"] == max(0, there), (interval, sku)
                short = max(0, -there)
                assert short <= missing[sku] + sold_since[sku], "oversold by what was sold within one interval, and no more"
                missing[sku] = short


def _bought(product_id: int, sku: str, quantity: int) -> dict[str, Any]:
    raw = raw_order((sku, quantity, "8.00"))
    raw["line_items"][0]["product_id"] = product_id
    return raw


def _count(database: Any, sku: str, on_hand: int) -> None:
    database.query("UPDATE dbo.IM_INV SET QTY_ON_HND = ? WHERE ITEM_NO = ?", (Decimal(on_hand), sku))


def _runs(database: Any, store: WooCommerce) -> Callable[..., None]:
    """Return what a scheduler starts: poll, reckon, tell."""
    number = 0

    def run(*, sure: bool) -> None:
        nonlocal number
        number += 1
        context = RunContext(run_id=f"run{number}")
        content = ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC"))
        with database.exclusive("stock woocommerce"):
            guard = Guard(zero_share=Decimal(1), change_share=Decimal(1))
            pushing = StockPush(database=database, store=store, context=context, guard=guard)
            listing = ItemListing(database=database, store=store, context=context)
            if listing.needs_listing(listing.count()):
                listing.list_items()
            stager = Stager(database=database, store=store, content=content, context=context)
            stager.poll(Window(lookback=timedelta(minutes=15)))
            pushing.look(everything=sure)
            pushing.tell(count=listing.count(), sure=sure)

    return run
