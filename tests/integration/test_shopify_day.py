"""A day of a Shopify store whose orders change while they are read by runs that end early: nothing is lost, each amount right."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from syncctl.db.contract import ListStagedOrders
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import StoreUnavailable
from tests.clocks import MovableClock
from tests.integration.test_shopify_poll import BEGIN, Poller
from tests.shopify_orders import line, order, shipping
from tests.shopify_shop import SimulatedShopify

MOST_POINTS_AN_ORDER = 100


@pytest.fixture
def poller(empty_embedded: str, tmp_path: Path) -> Iterator[Poller]:
    clock = MovableClock()
    database = EmbeddedDatabase(tmp_path / "shop.db", clock=clock)
    with SimulatedShopify(clock=clock) as shop:
        yield Poller(shop, database, clock)
    database.close()


class Day:
    """What customers and staff do, at any moment, also between two pages."""

    def __init__(self, poller: Poller, seed: int) -> None:
        self.poller, self.shop, self.dice = poller, poller.shop, random.Random(seed)
        self.number = 0

    def place(self) -> None:
        self.number += 1
        self._write(self.number)

    def edit(self) -> None:
        self._write(self.dice.randint(1, self.number))

    def _write(self, number: int) -> None:
        dice = self.dice
        included = number % 2 == 0
        lines = [
            line(
                dice.choice(("TEE-BLK", "MUG", "CAP")),
                quantity := dice.randint(1, 5),
                f"{dice.randint(1, 99)}.{dice.randint(0, 99):02}",
                current=dice.randint(0, quantity) if dice.random() < 0.2 else quantity,
                discount=dice.choice(("0", "0.50")),
                rate=dice.choice(("0", "5.5", "20")),
                included=included,
            )
            for _ in range(dice.choice((1, 1, 2, 3, 12)))
        ]
        made = order(
            *lines,
            number=number,
            included=included,
            shipping_lines=(shipping("5.00"),),
            createdAt=self.shop.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self.shop.load([made])

    def something(self, operation: str, _: object) -> None:
        if self.number and self.dice.random() < 0.3:
            self.dice.choice((self.place, self.edit, self.edit))()
        if self.dice.random() < 0.3:
            self.poller.clock.sleep(self.dice.choice((0.2, 1, 40)))
        if self.dice.random() < 0.02:
            self.shop.fail("status", status=503, operation=operation, times=self.dice.choice((1, 4)))


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_while_they_are_read_every_order_is_staged_as_it_is_in_the_end(poller: Poller, seed: int):
    day, shop = Day(poller, seed), poller.shop
    for _ in range(60):
        day.place()
        poller.clock.move(timedelta(seconds=day.dice.choice((0, 0, 1, 30))))
    shop.before = day.something
    begin = {"since": BEGIN}
    for _ in range(12):
        try:
            done = poller.poll(batch_size=day.dice.choice((3, 7, 50)), max_pages=day.dice.choice((1, 3, 50)), **begin)
            assert done.counts["errors"] == 0 or shop.faults
            begin = {}
        except StoreUnavailable:
            shop.faults.clear()
        poller.clock.move(timedelta(minutes=day.dice.choice((1, 10))))
    shop.before = None
    shop.faults.clear()
    poller.clock.move(timedelta(hours=1))
    while poller.poll(batch_size=50, **begin).unfinished:
        begin = {}
    poller.clock.move(timedelta(days=1))
    poller.poll(batch_size=50)  # what was set aside is asked for again
    rows = poller.database.run(ListStagedOrders(batch_size=1000))
    staged = {row.woo_order_id: row.tot_amt for row in rows}
    there = {number: Decimal(raw["currentTotalPriceSet"]) for number, raw in shop.orders.items()}
    assert staged == there
    assert {row.state for row in rows} <= {"PENDING", "SKIPPED"}
    read = sum(len(variables.get("ids", ())) for name, variables in shop.calls if name == "WholeOrders")
    assert shop.used / read < MOST_POINTS_AN_ORDER
    print(f"{read} orders were read whole, {shop.used / read:.0f} points each, lists included")  # noqa: T201
