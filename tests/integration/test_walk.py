"""The walk through a store that changes meanwhile: nothing is lost, nothing comes twice, it always ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from syncctl.demo.store import SimulatedStore
from syncctl.errors import StoreRefused, UnreadableError
from syncctl.secret import Secret
from syncctl.stores.base import ORDERS_WALK, TRASH_WALK, Page, WalkState
from syncctl.stores.content import ContentBuilder
from syncctl.stores.walk import IdWalk, Row, Rows
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from tests.clocks import MovableClock
from tests.raws import raw_order

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


@contextmanager
def opened(
    orders: int, *, quirks: tuple[str, ...] = (), first: int = 100, connections: int = 4
) -> Iterator[tuple[SimulatedStore, WooCommerce, MovableClock]]:
    """A shop with orders that were all modified in one second, a client, and the clock of both."""
    clock = MovableClock()
    with SimulatedStore(clock=clock, quirks=quirks) as shop:
        # Every third id is another thing's, as in a real shop.
        shop.load(raw_order(id=first + number + number // 2, number=str(number)) for number in range(orders))
        keys = {"consumer_key": Secret(shop.key), "consumer_secret": Secret(shop.secret)}
        connection = Connection(url=shop.url, **keys, connections=connections)
        woo = WooCommerce(connection, clock=clock, sleeper=clock.sleep)
        try:
            yield shop, woo, clock
        finally:
            woo.close()


def start(woo: WooCommerce, name: str = ORDERS_WALK, since: datetime = BEGIN) -> WalkState:
    return WalkState(name=name, since_dt=since, until_dt=woo.server_time())


def read(woo: WooCommerce, walk: WalkState, batch_size: int) -> list[Page]:
    pages = list(woo.pages(walk, batch_size=batch_size))
    assert pages[-1].after.finished
    assert not any(page.after.finished for page in pages[:-1])
    assert all(len(page.listed) <= batch_size for page in pages)
    return pages


def ids(pages: Iterable[Page]) -> list[int]:
    return [order.order_id for page in pages for order in page.listed]


@pytest.mark.parametrize(
    "quirks", [(), ("ignores-offset",), ("counts-past-the-end",), ("any-lists-trash", "any-lists-checkout-draft")]
)
@pytest.mark.parametrize("batch_size", [7, 99, 100])
def test_300_orders_of_one_second_come_once_each(quirks, batch_size):
    with opened(300, quirks=quirks) as (shop, woo, _):
        pages = read(woo, start(woo), batch_size)
        assert ids(pages) == list(shop.state.orders)


@pytest.mark.parametrize("quirks", [(), ("ignores-offset",)])
def test_a_batch_of_one_comes_through(quirks):
    with opened(20, quirks=quirks) as (shop, woo, _):
        assert ids(read(woo, start(woo), 1)) == list(shop.state.orders)


@pytest.mark.parametrize("orders", [0, 1, 2, 50, 51, 99, 100, 101])
@pytest.mark.parametrize("quirks", [(), ("ignores-offset",)])
def test_lists_of_any_length_end(orders, quirks):
    with opened(orders, quirks=quirks) as (shop, woo, _):
        assert ids(read(woo, start(woo), 50)) == list(shop.state.orders)


def test_an_empty_poll_is_one_request():
    with opened(0) as (shop, woo, _):
        walk = start(woo)
        shop.requests.clear()
        read(woo, walk, 50)
        assert len(shop.requests) == 1


def test_a_walk_that_was_ended_early_goes_on_from_its_page_after_changes():
    with opened(30) as (shop, woo, clock):
        first = next(woo.pages(start(woo), batch_size=10))
        assert not first.after.finished
        clock.move(timedelta(minutes=10))
        for order in first.listed[:5]:
            shop.shopkeeper.trash(order.order_id)
        rest = read(woo, first.after, 10)
        assert sorted(ids([first]) + ids(rest)) == sorted(shop.state.orders)


def test_the_bound_is_inclusive_and_the_trash_is_a_walk_of_its_own():
    with opened(6) as (shop, woo, clock):
        edited, trashed, *_ = shop.state.orders
        shop.shopkeeper.set_status(edited, "completed")
        shop.shopkeeper.trash(trashed)
        since = clock()
        clock.move(timedelta(seconds=30))
        assert ids(read(woo, start(woo, since=since), 10)) == [edited]
        pages = read(woo, start(woo, TRASH_WALK, since), 10)
        assert [(order.order_id, order.status) for order in pages[0].listed] == [(trashed, "trash")]
        assert ids(read(woo, start(woo, since=since + timedelta(seconds=1)), 10)) == []


def test_what_versions_list_too_much_is_left_out():
    with opened(4, quirks=("any-lists-trash", "any-lists-checkout-draft", "any-lists-auto-draft")) as (shop, woo, _):
        draft, auto, trashed, order = shop.state.orders
        shop.state.order(draft)["status"] = "checkout-draft"
        shop.state.order(auto)["status"] = "auto-draft"
        shop.shopkeeper.trash(trashed)
        assert ids(read(woo, start(woo), 10)) == [order]
        days = (datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC))
        assert ids(woo.created(*days, batch_size=50)) == [order]
        assert ids(woo.created(*days, batch_size=50, walk=TRASH_WALK)) == [trashed]


def test_a_window_given_by_hand_ends_where_it_says():
    with opened(4) as (shop, woo, clock):
        late = list(shop.state.orders)[-1]
        shop.shopkeeper.set_status(late, "completed")
        until = clock() - timedelta(minutes=1)
        pages = list(woo.pages(start(woo), batch_size=10, modified_until=until))
        assert ids(pages) == list(shop.state.orders)[:-1]


def test_an_order_that_makes_no_sense_is_listed_and_named_when_it_is_read():
    with opened(3) as (shop, woo, _):
        bad = list(shop.state.orders)[1]
        shop.state.order(bad)["total"] = "a lot"
        [page] = read(woo, start(woo), 10)
        assert ids([page]) == list(shop.state.orders)
        with pytest.raises(UnreadableError, match="total"):
            woo.read(page.listed[1])


def test_customers_and_products_come_whole():
    with opened(0) as (shop, woo, _):
        customers = [{"id": number, "email": f"c{number}@example.test", "role": "customer"} for number in range(1, 122)]
        customers[0]["role"] = "administrator"
        hoodie = {
            "id": 3,
            "name": "Hoodie",
            "type": "variable",
            "variations": [{"id": 4, "sku": "HOOD-M", "name": "M", "price": "51"}],
        }
        shop.load(products=[{"id": 1, "name": "Tee", "type": "simple", "sku": "", "price": ""}, hoodie], customers=customers)
        assert [person.customer_id for person in woo.customers()] == list(range(1, 122))
        assert [(product.sku, product.name, product.parent_id) for product in woo.products()] == [
            (None, "Tee", 0),
            ("HOOD-M", "Hoodie - M", 3),
        ]


def test_products_customers_and_orders_read_alike_where_the_shop_writes_html():
    with opened(0) as (shop, woo, _):
        shop.manner.names_as_html = True
        variant = {"id": 4, "sku": "B&amp;B  M", "name": "M", "price": "51"}
        pots = {"id": 3, "name": "Pots & Pans", "type": "variable", "variations": [variant]}
        someone = {"id": 1, "email": "z@example.test", "role": "customer", "first_name": "Zo&euml;", "last_name": "O&#039;Hara"}
        raw = raw_order(("B&amp;B  M", 1, "51.00"), id=7, number="7")
        raw["line_items"][0]["name"] = "Pots & Pans \N{EN DASH} M"
        shop.load([raw], products=[pots], customers=[someone])
        [product], [person] = woo.products(), woo.customers()
        order = woo.get(7)
        assert order is not None and order.lines[0].name == "Pots &amp; Pans &#8211; M", "as the store writes it"
        line = ContentBuilder(create_statuses=("processing",), timezone=ZoneInfo("UTC")).content(order)["LINE_ITEMS_JSON"][0]
        assert (product.sku, product.name, line["DESCR"]) == ("B&B  M", "Pots & Pans - M", "Pots & Pans \N{EN DASH} M")
        assert line["SKU"] == product.sku
        assert (person.first_name, person.last_name) == ("Zoë", "O'Hara")


ACTIONS = ("edit", "trash", "delete", "place", "untrash")


@settings(max_examples=40, deadline=None)
@given(
    orders=st.integers(0, 25),
    batch_size=st.integers(1, 9),
    plan=st.dictionaries(st.integers(1, 25), st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 40)), max_size=4)),
    quirks=st.sampled_from([(), ("ignores-offset",)]),
    stop_after=st.integers(1, 6),
)
def test_whatever_happens_between_two_pages_is_found_now_or_next_time(orders, batch_size, plan, quirks, stop_after):
    """Two rounds of both walks, the first in pieces and under changes: every order's last state was read, none is overlooked."""
    with opened(orders, quirks=quirks) as (shop, woo, clock):
        untouched = set(shop.state.orders)
        requests = count()
        happening = True

        def meanwhile(method: str, path: str, query: dict[str, str]) -> None:
            clock.move(timedelta(seconds=1))
            assert len(shop.requests) < 1500, "it doesn't end"
            if happening:
                for action, number in plan.get(next(requests), []):
                    untouched.discard(change(shop, action, number))

        shop.before_request = meanwhile
        seen: Counter[int] = Counter()
        last: dict[int, tuple[str, datetime]] = {}
        watermarks: dict[str, datetime] = {}
        for happening in (True, False):
            for name in (TRASH_WALK, ORDERS_WALK):
                walk = start(woo, name, watermarks.get(name, BEGIN))
                while not walk.finished:
                    moved = 0
                    for page in woo.pages(walk, batch_size=batch_size):
                        moved += (page.after.last_id, page.after.row_offset) != (walk.last_id, walk.row_offset)
                        walk = page.after
                        for order in page.listed:
                            assert order.modified_at is not None
                            seen[order.order_id] += happening
                            last[order.order_id] = (order.status, order.modified_at)
                        if moved == stop_after:
                            break
                watermarks[name] = walk.watermark
        for order_id in untouched:
            assert seen[order_id] == 1
        for order_id, raw in shop.state.orders.items():
            assert last[order_id] == (raw["status"], datetime.fromisoformat(raw["date_modified_gmt"]).replace(tzinfo=UTC))


def change(shop: SimulatedStore, action: str, number: int) -> int:
    """Do something to the `number`-th order, and return its id; 0 where there was nothing to do."""
    if action == "place":
        return shop.shopkeeper.place(raw_order())
    known = list(shop.state.orders)
    if not known:
        return 0
    order_id = known[number % len(known)]
    trashed = shop.state.order(order_id)["status"] == "trash"
    if action == "untrash":
        if trashed:
            shop.shopkeeper.untrash(order_id)
        return order_id if trashed else 0
    if action == "delete":
        shop.shopkeeper.delete(order_id)
    elif trashed:
        return 0
    elif action == "trash":
        shop.shopkeeper.trash(order_id)
    else:
        shop.shopkeeper.set_status(order_id, "completed")
    return order_id


@given(
    leaving=st.dictionaries(st.integers(1, 40), st.lists(st.integers(0, 400), max_size=30), max_size=12),
    entering=st.dictionaries(st.integers(1, 40), st.lists(st.integers(0, 400), max_size=30), max_size=12),
    batch_size=st.integers(1, 100),
    ignores_offset=st.booleans(),
)
def test_a_list_that_shrinks_and_grows_anywhere_loses_no_row_that_stays(leaving, entering, batch_size, ignores_offset):
    listed = set(range(0, 800, 2))
    stays = set(listed)
    requests = count(1)

    def fetch(paging: dict[str, str]) -> Rows:
        turn = next(requests)
        assert turn < 5000
        for number in leaving.get(turn, []):
            listed.discard(number * 2)
            stays.discard(number * 2)
        listed.update(number * 2 + 1 for number in entering.get(turn, []))
        size = int(paging["per_page"])
        assert 1 <= size <= 100
        at = (int(paging.get("page", "1")) - 1) * size
        if "offset" in paging and not ignores_offset:
            at = int(paging["offset"])
        found = sorted(listed)[at : at + size]
        return Rows([Row(number + 1, {}) for number in found], len(listed) if found else 0)

    got: list[int] = []
    for step in IdWalk(fetch=fetch, batch_size=batch_size).steps():
        got += [row.id - 1 for row in step.rows if row.id]
        assert len(step.rows) <= batch_size
    assert got == sorted(set(got))
    assert stays <= set(got)


def test_a_store_that_gives_the_same_page_for_ever_is_named():
    def fetch(paging: dict[str, str]) -> Rows:
        return Rows([Row(number, {}) for number in range(1, int(paging["per_page"]) + 1)], 500)

    with pytest.raises(StoreRefused, match="same page"):
        list(IdWalk(fetch=fetch, batch_size=20).steps())


def test_a_store_that_doesnt_sort_is_named():
    def fetch(_: dict[str, str]) -> Rows:
        return Rows([Row(3, {}), Row(1, {})], 2)

    with pytest.raises(StoreRefused, match="orderby=id"):
        list(IdWalk(fetch=fetch, batch_size=20).steps())
