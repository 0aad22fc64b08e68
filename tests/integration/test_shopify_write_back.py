"""Shopify is told: once, behind what others wrote, and what it refuses is told by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncctl.errors import StoreRefused, StoreUnavailable
from syncctl.secret import Secret
from syncctl.stores.base import StatusWrite
from syncctl.stores.shopify import Rules, Shopify
from syncctl.stores.shopify_http import Connection
from tests.clocks import MovableClock
from tests.shopify_orders import order
from tests.shopify_shop import TOKEN, SimulatedShopify

TAG = "101000000001/1@a-database-whose-name-is-long-enough"


@pytest.fixture
def shop() -> Iterator[SimulatedShopify]:
    with SimulatedShopify(clock=MovableClock()) as made:
        made.load([order(number=number, note="Ring twice") for number in range(1, 5)])
        yield made


@pytest.fixture
def store(shop: SimulatedShopify) -> Iterator[Shopify]:
    clock = shop.clock
    assert isinstance(clock, MovableClock)
    made = Shopify(
        Connection(shop=shop.url, token=Secret(TOKEN), version="2026-10"),
        rules=Rules(fulfils=True),
        clock=clock,
        sleeper=clock.sleep,
        seconds=lambda: clock.now.timestamp(),
    )
    yield made
    made.close()


def test_a_note_is_appended_to_what_stands_there_now(store: Shopify, shop: SimulatedShopify):
    store.add_note(1, "Order created in CounterPoint. DOC_ID: 1")
    shop.orders[1]["note"] += "\nAnd a word of the shop's"
    store.add_note(1, "Order shipped.")
    assert shop.orders[1]["note"].split("\n") == [
        "Ring twice",
        "[syncctl] Order created in CounterPoint. DOC_ID: 1",
        "And a word of the shop's",
        "[syncctl] Order shipped.",
    ]
    assert store.notes(1) == ["Order shipped.", "Order created in CounterPoint. DOC_ID: 1"]


def test_a_note_that_is_full_keeps_what_is_in_it(store: Shopify, shop: SimulatedShopify):
    shop.orders[1]["note"] = "x" * 4990
    store.add_note(1, "Order created in CounterPoint.")
    assert shop.orders[1]["note"] == "x" * 4990
    assert shop.writes["orderUpdate"] == 0


def test_the_tag_names_document_and_database_and_the_metafield_all_of_it(store: Shopify, shop: SimulatedShopify):
    shop.orders[1]["tags"] = ["vip", "syncctl 99/1@before"]
    assert store.read_status(1).tag is None
    store.put_status(1, None, tag=TAG)
    assert shop.orders[1]["tags"] == [f"syncctl {TAG}"[:40], "vip"]
    assert store.read_status(1).tag == TAG


def test_many_orders_are_marked_by_one_request_and_one_that_is_refused_is_told_by_itself(store: Shopify, shop: SimulatedShopify):
    store.read_statuses([1, 2, 3])
    shop.user_errors = {"metafieldsSet": "Value is invalid"}
    shop.calls.clear()
    done = store.put_statuses([StatusWrite(order_id=number, status=None, tag=f"{number}/1@db") for number in (1, 2, 3)])
    assert [name for name, _ in shop.calls] == ["Mark"]
    assert done == {2, 3}
    assert {number: state.tag for number, state in store.read_statuses([1, 2, 3]).items()} == {1: None, 2: "2/1@db", 3: "3/1@db"}


def test_what_shopify_refuses_is_told_by_its_own_words(store: Shopify, shop: SimulatedShopify):
    shop.user_errors = {"tagsAdd": "Tag is too long"}
    with pytest.raises(StoreRefused, match=r"Order 1: its mark was refused: input: Tag is too long"):
        store.put_status(1, None, tag=TAG)
    shop.user_errors = {"orderUpdate": "Note is too long"}
    with pytest.raises(StoreRefused, match="Note is too long"):
        store.add_note(1, "Order created")
    with pytest.raises(StoreRefused, match="none of that id"):
        store.add_note(99, "Order created")


def test_a_batch_with_an_order_that_is_gone_marks_the_others(store: Shopify, shop: SimulatedShopify):
    done = store.put_statuses([StatusWrite(order_id=number, status=None, tag=f"{number}/1@db") for number in (1, 99, 2)])
    # The payload of one that doesn't exist is null, with an error of its own.
    assert done == {1, 2}


def test_an_order_is_fulfilled_once_with_its_parcels_and_nobody_is_mailed(store: Shopify, shop: SimulatedShopify):
    numbers = ["gid://shopify/FulfillmentOrder/71", "gid://shopify/FulfillmentOrder/72", "gid://shopify/FulfillmentOrder/73"]
    shop.orders[1]["fulfillmentOrders"] = [
        {"id": gid, "status": status} for gid, status in zip(numbers, ("OPEN", "CLOSED", "IN_PROGRESS"), strict=True)
    ]
    store.add_note(1, "Order shipped. Tracking number: SOMEBODY-ELSES")  # a note tells people, and is no source of ours
    shop.fail("lost", operation="Fulfil")
    with pytest.raises(StoreUnavailable, match="isn't known"):
        store.put_status(1, "completed", parcels=["1Z1", "1Z2"])
    store.put_status(1, "completed", parcels=["1Z1", "1Z2"])  # the first parcel's answer was lost, and it is closed by now
    told = [each["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderId"] for each in shop.fulfilled]
    assert told == [numbers[0], numbers[2]]
    assert {each["notifyCustomer"] for each in shop.fulfilled} == {False}
    assert shop.fulfilled[0]["trackingInfo"] == {"numbers": ["1Z1", "1Z2"]}


def test_an_order_without_parcels_is_fulfilled_without_numbers(store: Shopify, shop: SimulatedShopify):
    store.add_note(1, "Order shipped. Tracking number: 1Z1")
    store.put_status(1, "completed")
    assert [each.get("trackingInfo") for each in shop.fulfilled] == [None]


def test_no_other_status_is_ever_set(store: Shopify, shop: SimulatedShopify):
    with pytest.raises(StoreRefused, match="none that Shopify takes from here"):
        store.put_status(1, "cancelled", tag=TAG)
    assert not shop.writes
