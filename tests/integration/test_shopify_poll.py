"""A Shopify store is polled: nothing is lost and nothing read twice, however its lists move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syncctl.db.contract import Database, ListStagedOrders, ListWalks
from syncctl.db.embedded import EmbeddedDatabase
from syncctl.errors import StoreMisconfigured
from syncctl.secret import Secret
from syncctl.services.reconcile import reconcile
from syncctl.services.run_context import RunContext
from syncctl.services.stage import Stager, Staging, Window
from syncctl.stores.base import ORDERS_WALK
from syncctl.stores.content import ContentBuilder
from syncctl.stores.shopify import Shopify
from syncctl.stores.shopify_http import Connection
from tests.clocks import MovableClock
from tests.shopify_orders import line, order
from tests.shopify_shop import TOKEN, SimulatedShopify

ALLOWED = ("paid", "partially_paid", "authorized", "pending")
BEGIN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


class Poller:
    """A shop, a database, and a poll every now and then."""

    def __init__(self, shop: SimulatedShopify, database: Database, clock: MovableClock) -> None:
        self.shop, self.database, self.clock = shop, database, clock

    def stager(self) -> Stager:
        store = Shopify(
            Connection(shop=self.shop.url, token=Secret(TOKEN), version="2026-10"),
            clock=self.clock,
            sleeper=self.clock.sleep,
            seconds=lambda: self.clock.now.timestamp(),
        )
        content = ContentBuilder(
            create_statuses=ALLOWED, timezone=ZoneInfo("UTC"), named_by="SYNCCTL_ALLOWED_ORDER_FINANCIAL_STATUSES"
        )
        context = RunContext(run_id="poll", sleeper=self.clock.sleep)
        return Stager(database=self.database, store=store, content=content, context=context)

    def poll(self, **window: object) -> Staging:
        stager = self.stager()
        try:
            return stager.poll(Window(**{"lookback": timedelta(minutes=15), **window}))
        finally:
            stager.store.close()

    def place(self, count: int, *, every: timedelta = timedelta(seconds=10), first: int = 1) -> None:
        """Let so many orders come in, from `BEGIN` on."""
        for place in range(count):
            when = (BEGIN + place * every).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.shop.load([order(number=first + place, createdAt=when)])

    @property
    def staged(self) -> dict[int, str]:
        return {row.woo_order_id: row.state for row in self.database.run(ListStagedOrders(batch_size=1000))}


@pytest.fixture
def poller(empty_embedded: str, tmp_path: Path) -> Iterator[Poller]:
    clock = MovableClock()
    database = EmbeddedDatabase(tmp_path / "shop.db", clock=clock)
    with SimulatedShopify(clock=clock) as shop:
        yield Poller(shop, database, clock)
    database.close()


def names(shop: SimulatedShopify) -> list[str]:
    return [name for name, _ in shop.calls]


def test_what_changed_is_read_once_and_what_did_not_costs_a_line_of_a_list(poller: Poller):
    poller.place(30)
    first = poller.poll(since=BEGIN, batch_size=250)
    assert (first.counts["staged"], first.counts["errors"]) == (30, 0)
    poller.shop.calls.clear()
    again = poller.poll(since=BEGIN, batch_size=250)
    assert (again.counts["polled"], again.counts["unchanged"]) == (30, 30)
    assert set(names(poller.shop)) == {"Clock", "ListOrders"}


def test_a_list_that_moves_under_the_reader_loses_nobody(poller: Poller):
    poller.place(40)
    shop, clock, moved = poller.shop, poller.clock, iter(range(1, 36, 5))

    def edit(operation: str, _: object) -> None:
        # An order of a page that was read already goes to the end, and all behind it move up past any cursor.
        if operation == "ListOrders" and (number := next(moved, None)) is not None:
            shop.touch(number, email="other@example.test")
            clock.sleep(1)

    shop.before = edit
    result = poller.poll(since=BEGIN, batch_size=7, max_pages=100)
    assert not result.unfinished
    assert sorted(poller.staged) == list(range(1, 41))
    assert result.counts["errors"] == 0


def test_a_row_that_stands_in_its_old_place_with_its_new_date_skips_nobody(poller: Poller):
    poller.place(20)
    raw = poller.shop.orders[5]
    raw["_indexed"] = raw["updatedAt"]
    raw["updatedAt"] = poller.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    poller.poll(since=BEGIN, batch_size=5, max_pages=100)
    assert sorted(poller.staged) == list(range(1, 21))


def test_more_orders_of_one_second_than_a_page_holds_are_all_read(poller: Poller):
    poller.place(25, every=timedelta(0))
    poller.place(5, first=26)
    result = poller.poll(since=BEGIN, batch_size=4, max_pages=2)
    assert sorted(poller.staged) == list(range(1, 31))
    assert result.counts["staged"] == 30


def test_a_run_that_ends_early_is_gone_on_with_by_the_next(poller: Poller):
    poller.place(30)
    first = poller.poll(since=BEGIN, batch_size=5, max_pages=2)
    assert first.unfinished
    seen = len(poller.staged)
    assert 0 < seen < 30
    rounds = 0
    while poller.poll(batch_size=5, max_pages=2).unfinished:
        rounds += 1
        assert rounds < 20
    assert sorted(poller.staged) == list(range(1, 31))
    [walk] = poller.database.run(ListWalks(store_id="shopify"))
    assert (walk.walk_name, walk.since_dt) == (ORDERS_WALK, None)
    assert walk.watermark_dt is not None


def test_points_that_run_out_in_the_middle_of_a_page_are_waited_for(poller: Poller):
    poller.place(30)
    poller.shop.most, poller.shop.available = 1000, 400.0
    result = poller.poll(since=BEGIN, batch_size=30)
    assert (result.counts["staged"], result.counts["errors"]) == (30, 0)
    assert poller.shop.throttled
    assert poller.shop.used <= 1000 + sum(poller.clock.slept) * poller.shop.restore


def test_an_order_that_breaks_is_set_aside_and_the_others_go_on(poller: Poller):
    poller.place(6)
    poller.shop.errors = {(3, "lineItems"): "INTERNAL_SERVER_ERROR", (5, "shippingAddress"): "ACCESS_DENIED"}
    poller.shop.orders[2]["currentTotalPriceSet"] = "1.00"
    result = poller.poll(since=BEGIN, batch_size=50)
    assert (result.counts["staged"], result.counts["errors"]) == (3, 3)
    assert poller.staged[3] == poller.staged[5] == poller.staged[2] == "NEEDS_MANUAL_REVIEW"
    poller.shop.errors.clear()
    poller.clock.sleep(3600)
    healed = poller.poll(batch_size=50)
    assert healed.counts["errors"] <= 1
    assert poller.staged[3] == poller.staged[5] == "PENDING"


def test_a_row_that_breaks_its_list_is_found_by_its_id(poller: Poller):
    poller.place(6)
    poller.shop.errors = {(3, "confirmed"): "INTERNAL_SERVER_ERROR"}  # not nullable: the whole page goes with it
    result = poller.poll(since=BEGIN, batch_size=50)
    assert (result.counts["staged"], result.counts["errors"]) == (5, 1)


def test_what_may_enter_the_erp_is_told_by_financial_status_and_what_may_not_says_why(poller: Poller):
    statuses = {1: "PAID", 2: "PARTIALLY_REFUNDED", 3: "PENDING", 4: "VOIDED"}
    poller.place(7)
    for number, status in statuses.items():
        poller.shop.orders[number]["displayFinancialStatus"] = status
    poller.shop.orders[5]["test"] = True
    poller.shop.orders[6]["cancelledAt"] = "2026-11-20T09:00:00Z"
    poller.shop.orders[7]["displayFulfillmentStatus"] = "ON_HOLD"
    poller.poll(since=BEGIN)
    rows = {row.woo_order_id: row for row in poller.database.run(ListStagedOrders(batch_size=100))}
    assert {number: row.state for number, row in rows.items()} == {
        1: "PENDING",
        2: "SKIPPED",
        3: "PENDING",
        4: "SKIPPED",
        5: "SKIPPED",
        6: "SKIPPED",
        7: "SKIPPED",
    }
    assert "SYNCCTL_ALLOWED_ORDER_FINANCIAL_STATUSES" in (rows[2].state_reason or "")


def test_a_window_of_creation_is_compared_whole_and_deleted_orders_are_found(poller: Poller):
    poller.place(12)
    poller.poll(since=BEGIN)
    del poller.shop.orders[4]
    poller.place(1, first=77)
    stager = poller.stager()
    found = reconcile(stager, since=BEGIN - timedelta(days=1), until=poller.clock())
    stager.store.close()
    assert (found.never_staged, found.not_listed) == ([77], [4])
    assert found.whole


def test_a_page_without_any_order_is_not_the_end_of_a_comparison(poller: Poller):
    poller.place(12)
    poller.poll(since=BEGIN)
    nothing = {"nodes": [None, None], "pageInfo": {"hasNextPage": True, "endCursor": "Mg=="}}
    poller.shop.fail("status", status=200, operation="ListOrders", body={"data": {"orders": nothing}})
    stager = poller.stager()
    found = reconcile(stager, since=BEGIN - timedelta(days=1), until=poller.clock())
    assert (found.in_store, found.whole) == (11, True)  # ten, and the rows that are set aside as one
    poller.shop.fail("status", status=200, operation="ListOrders", body={"data": {"orders": nothing}}, times=1000)
    with pytest.raises(StoreMisconfigured, match="the same page of its list of orders again and again"):
        reconcile(stager, since=BEGIN - timedelta(days=1), until=poller.clock())
    stager.store.close()


def test_an_order_of_many_lines_that_is_edited_while_they_are_read_is_staged_as_it_is_in_the_end(poller: Poller):
    poller.shop.load([order(*[line(price="1.00") for _ in range(60)], createdAt="2026-11-20T09:00:00Z")])
    edits = iter([1])

    def edit(operation: str, _: object) -> None:
        if operation == "MoreLines" and next(edits, None):
            poller.shop.load([order(*[line(price="1.00") for _ in range(70)])])
            poller.shop.touch(1)

    poller.shop.before = edit
    assert poller.poll(since=BEGIN).counts["staged"] == 1
    [row] = poller.database.run(ListStagedOrders(batch_size=10))
    assert row.tot_amt == 70
