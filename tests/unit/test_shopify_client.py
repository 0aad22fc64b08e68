"""The session with Shopify: points, rest, rights, and what of an answer concerns whom."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from syncctl.errors import ConfigError, StoreMisconfigured, StoreRefused, StoreUnavailable, UnreadableError
from syncctl.secret import Secret
from syncctl.stores.base import Listed
from syncctl.stores.shopify import Rules, Shopify
from syncctl.stores.shopify_http import Connection
from syncctl.stores.shopify_operations import CLOCK
from tests.clocks import MovableClock
from tests.shopify_orders import line, order
from tests.shopify_shop import TOKEN, SimulatedShopify


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def shop(clock: MovableClock) -> Iterator[SimulatedShopify]:
    with SimulatedShopify(clock=clock) as made:
        yield made


def session(
    shop: SimulatedShopify, clock: MovableClock, *, token: str = TOKEN, version: str = "2026-10", fulfils: bool = False
) -> Shopify:
    return Shopify(
        Connection(shop=shop.url, token=Secret(token), version=version),
        rules=Rules(fulfils=fulfils),
        clock=clock,
        sleeper=clock.sleep,
        seconds=lambda: clock.now.timestamp(),
    )


@pytest.fixture
def store(shop: SimulatedShopify, clock: MovableClock) -> Iterator[Shopify]:
    made = session(shop, clock)
    yield made
    made.close()


def listed(*order_ids: int) -> list[Listed]:
    return [Listed(order_id=order_id, number=str(order_id)) for order_id in order_ids]


def test_the_bucket_is_waited_for_exactly_before_shopify_has_to_say_no(
    store: Shopify, shop: SimulatedShopify, clock: MovableClock
):
    shop.load([order(number=number) for number in range(1, 41)])
    shop.most, shop.available = 700, 700.0
    rows = listed(*range(1, 41))
    store.expect(rows)
    assert [found.order_id for row in rows if (found := store.read(row))] == list(range(1, 41))
    assert shop.throttled <= 1  # nobody knew how large the bucket was
    assert clock.slept
    assert shop.used <= 700 + sum(clock.slept) * shop.restore


def test_a_throttled_request_waits_until_its_points_are_there_and_is_done_once(
    store: Shopify, shop: SimulatedShopify, clock: MovableClock
):
    shop.load([order()])
    store.get(1)
    shop.available = 0.0
    store.add_note(1, "Order created")
    assert shop.writes["orderUpdate"] == 1
    wanted = [slept for slept in clock.slept if slept > 0]
    assert wanted == [0.01, 0.1]  # a point for the note as it is, 10 for the mutation, at 100 a second


def test_429_is_waited_for_as_it_asks(store: Shopify, shop: SimulatedShopify, clock: MovableClock):
    shop.fail("status", status=429, headers={"Retry-After": "2.5"}, body={"errors": "Too many"}, times=2)
    store.server_time()
    assert clock.slept == [2.5, 2.5]
    shop.fail("status", status=429, headers={"Retry-After": "900"}, body="")
    with pytest.raises(StoreUnavailable) as told:
        store.server_time()
    assert told.value.retry_after == 900


def test_a_bucket_that_others_empty_ends_in_words(store: Shopify, shop: SimulatedShopify):
    shop.before = lambda *_: shop.empty()
    with pytest.raises(StoreUnavailable, match="put Clock off 10 times for want of points"):
        store.server_time()


@pytest.mark.parametrize("status", [500, 503, 408])
def test_silence_is_tried_three_times(store: Shopify, shop: SimulatedShopify, clock: MovableClock, status: int):
    shop.fail("status", status=status, body="<html>", times=2)
    store.server_time()
    assert clock.slept == [1.0, 2.0]
    shop.fail("status", status=status, body="<html>", times=3)
    with pytest.raises(StoreUnavailable):
        store.server_time()


def test_a_write_is_sent_once(store: Shopify, shop: SimulatedShopify):
    shop.load([order()])
    shop.fail("lost", operation="PutNote")
    with pytest.raises(StoreUnavailable, match="Whether it was carried out isn't known"):
        store.add_note(1, "Order created")
    assert shop.writes["orderUpdate"] == 1
    assert store.notes(1) == ["Order created"]


def test_the_token_the_domain_and_the_version_are_named_when_they_are_wrong(shop: SimulatedShopify, clock: MovableClock):
    for wrong, said in (
        ({"token": "shpat_ffffffffffffffff"}, "SYNCCTL_SHOPIFY_TOKEN"),
        ({"version": "2026-07"}, "SYNCCTL_SHOPIFY_API_VERSION"),
    ):
        store = session(shop, clock, **wrong)
        with pytest.raises(StoreMisconfigured, match=said) as told:
            store.ping()
        assert "ffffffff" not in str(told.value)
        store.close()
    with pytest.raises(ConfigError, match="https"):
        session_of = Connection(shop="http://shop.example", token=Secret(TOKEN), version="2026-10")
        _ = session_of.base


def test_the_token_is_in_no_message(store: Shopify, shop: SimulatedShopify):
    shop.fail("status", status=400, body={"errors": f"bad token {TOKEN}"})
    with pytest.raises(StoreMisconfigured) as told:
        store.server_time()
    assert TOKEN not in str(told.value)


def test_rights_that_are_missing_are_named_before_an_order_is_read(store: Shopify, shop: SimulatedShopify, clock: MovableClock):
    store.ping(writing=True)
    assert store.warnings == []
    shop.scopes = ["read_orders", "read_customers"]
    store.ping()
    with pytest.raises(StoreMisconfigured, match="write_orders"):
        store.ping(writing=True)
    shop.scopes = ["write_orders", "read_customers"]
    store.ping(writing=True)  # who may write may read
    assert "older than 60 days" in store.warnings[0]
    fulfilling = session(shop, clock, fulfils=True)
    with pytest.raises(StoreMisconfigured, match="fulfillment"):
        fulfilling.ping(writing=True)
    fulfilling.close()


def test_an_order_that_is_not_shown_is_gone_only_where_all_orders_are_shown(
    store: Shopify, shop: SimulatedShopify, clock: MovableClock
):
    assert store.get(99) is None
    assert store.read_status(99).exists is False
    shop.scopes.remove("read_all_orders")
    other = session(shop, clock)
    for ask in (other.get, other.read_status):
        with pytest.raises(StoreRefused, match="older than 60 days"):
            ask(99)
    other.close()


def test_a_version_that_goes_out_of_use_is_a_warning(store: Shopify, shop: SimulatedShopify):
    shop.headers = {"X-Shopify-API-Version": "2027-01", "X-Shopify-API-Deprecated-Reason": "https://shopify.dev/changelog"}
    store.ping()
    store.ping()
    assert [warning.split(":")[0][:45] for warning in store.warnings] == [
        "Shopify answers by version 2027-01 of its API",
        "Shopify says that something which is asked fo",
    ]


def test_an_error_in_one_order_is_that_orders_alone(store: Shopify, shop: SimulatedShopify):
    shop.load([order(number=number) for number in range(1, 5)])
    shop.errors = {(2, "billingAddress"): "INTERNAL_SERVER_ERROR", (3, "customer"): "ACCESS_DENIED"}
    rows = listed(1, 2, 3, 4)
    store.expect(rows)
    assert store.read(rows[0]) is not None
    with pytest.raises(StoreUnavailable, match="Order 2: the store doesn't give billingAddress"):
        store.read(rows[1])
    with pytest.raises(StoreMisconfigured, match=r"Order 3: .*access scopes"):
        store.read(rows[2])
    assert store.read(rows[3]) is not None
    assert [name for name, _ in shop.calls] == ["WholeOrders"]


def test_an_answer_without_data_for_several_is_asked_for_in_parts(store: Shopify, shop: SimulatedShopify):
    shop.load([order(number=number) for number in range(1, 5)])

    broken = {"errors": [{"message": "boom", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    handle = shop.handle

    def handled(path: str, token: str, body: bytes) -> tuple[int, object]:
        return (200, broken) if b"WholeOrders" in body and b"Order/3" in body else handle(path, token, body)

    shop.handle = handled  # type: ignore[method-assign]
    rows = listed(1, 2, 3, 4)
    store.expect(rows)
    found: dict[int, str] = {}
    for row in rows:
        try:
            store.read(row)
            found[row.order_id] = "read"
        except StoreUnavailable as error:
            found[row.order_id] = error.of_one_row().code or ""
    assert found == {1: "read", 2: "read", 3: "INTERNAL_SERVER_ERROR", 4: "read"}


def test_a_query_that_the_version_does_not_know_is_a_matter_of_the_settings(store: Shopify, shop: SimulatedShopify):
    shop.fail(
        "status", status=200, body={"errors": [{"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}]}
    )
    with pytest.raises(StoreMisconfigured, match="SYNCCTL_SHOPIFY_API_VERSION"):
        store.client.read(CLOCK, {})


def test_more_lines_than_a_page_are_read_to_the_last(store: Shopify, shop: SimulatedShopify):
    shop.load([order(*[line(quantity=1, price="1.00") for _ in range(260)])])
    made = store.get(1)
    assert made is not None
    assert (len(made.lines), made.total) == (260, 260)


def test_an_order_that_is_edited_while_its_second_page_of_lines_is_read_is_read_anew(
    store: Shopify, shop: SimulatedShopify, clock: MovableClock
):
    shop.load([order(*[line(price="1.00") for _ in range(60)])])
    edits = iter([order(*[line(price="1.00") for _ in range(61)], number=1)])

    def edit(operation: str, _: dict[str, object]) -> None:
        if operation == "MoreLines" and (new := next(edits, None)) is not None:
            shop.load([new])
            shop.touch(1)

    shop.before = edit
    made = store.get(1)
    assert made is not None
    assert (len(made.lines), made.total) == (61, 61)


def test_an_order_that_somebody_works_on_all_the_time_is_left_to_later(
    store: Shopify, shop: SimulatedShopify, clock: MovableClock
):
    shop.load([order(*[line(price="1.00") for _ in range(60)])])

    def edit(operation: str, _: dict[str, object]) -> None:
        if operation == "MoreLines":
            clock.sleep(1)
            shop.touch(1)

    shop.before = edit
    with pytest.raises(StoreUnavailable, match="somebody works on it"):
        store.get(1)


@pytest.mark.parametrize("nodes", [[], None, {}, "lines"])
def test_a_list_of_lines_that_says_it_goes_on_and_does_not_is_no_endless_loop(
    store: Shopify, shop: SimulatedShopify, nodes: object
):
    shop.load([order(*[line(price="1.00") for _ in range(60)])])
    lines = {"nodes": nodes, "pageInfo": {"hasNextPage": True, "endCursor": "8"}}
    body = {"data": {"order": {"updatedAt": shop.orders[1]["updatedAt"], "lineItems": lines}}}
    shop.fail("status", status=200, operation="MoreLines", body=body, times=1000)
    with pytest.raises(UnreadableError, match="order 1: its list of lines says that it goes on, and doesn't"):
        store.get(1)


def test_products_and_customers_for_a_first_trial(store: Shopify, shop: SimulatedShopify):
    product = {"id": "gid://shopify/Product/1", "title": "Shirt"}
    shop.products = [
        {"id": f"gid://shopify/ProductVariant/{n}", "sku": f"S-{n}", "title": title, "price": "9.50", "inventoryQuantity": 4,
         "product": product, "inventoryPolicy": "DENY",
         "inventoryItem": {"id": f"gid://shopify/InventoryItem/{n}", "tracked": n == 1}}
        for n, title in ((1, "Default Title"), (2, "Red"))
    ]  # fmt: skip
    shop.customers = [
        {"id": "gid://shopify/Customer/5", "firstName": "Ada", "lastName": "Lovelace", "updatedAt": "2026-11-20T10:00:00Z",
         "defaultEmailAddress": {"emailAddress": "ada@example.test"}, "defaultAddress": None}
    ]  # fmt: skip
    assert [(each.sku, each.name, each.stock) for each in store.products()] == [("S-1", "Shirt", 4), ("S-2", "Shirt - Red", None)]
    assert [(each.customer_id, each.email) for each in store.customers()] == [(5, "ada@example.test")]
