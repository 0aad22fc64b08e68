"""Prices to Shopify: a product's variants together, one variant's refusal no other's, and each answer looked at."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from syncctl.errors import StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.secret import Secret
from syncctl.stores.base import Asked, PriceWrite
from syncctl.stores.shopify import Rules, Shopify
from syncctl.stores.shopify_http import Connection
from syncctl.stores.shopify_prices import asked_of
from tests.clocks import MovableClock
from tests.shopify_shop import TOKEN, SimulatedShopify

D = Decimal


def variant(number: int, product: int) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": f"S-{number}",
        "title": "Default Title",
        "price": "9.50",
        "compareAtPrice": None,
        "inventoryQuantity": 1,
        "inventoryPolicy": "DENY",
        "product": {"id": f"gid://shopify/Product/{product}", "title": "Shirt"},
        "inventoryItem": {"__typename": "InventoryItem", "id": f"gid://shopify/InventoryItem/{number + 100}", "tracked": True},
    }


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def shop(clock: MovableClock) -> Iterator[SimulatedShopify]:
    with SimulatedShopify(clock=clock) as made:
        made.products = [variant(1, 1), variant(2, 1), variant(3, 2)]
        yield made


@pytest.fixture
def store(shop: SimulatedShopify, clock: MovableClock) -> Iterator[Shopify]:
    made = Shopify(
        Connection(shop=shop.url, token=Secret(TOKEN), version="2026-10"),
        rules=Rules(prices=True),
        clock=clock,
        sleeper=clock.sleep,
        seconds=lambda: clock.now.timestamp(),
    )
    yield made
    made.close()


def write(number: int, product: int, regular: str, sale: str | None = None) -> PriceWrite:
    asked = Asked(regular=D(regular), sale=None if sale is None else D(sale))
    return PriceWrite(product_id=number, parent_id=product, asked=asked)


def has(shop: SimulatedShopify) -> list[tuple[str, str | None]]:
    return [(each["price"], each["compareAtPrice"]) for each in shop.products]


def test_a_sale_is_the_price_and_the_regular_one_stands_beside_it(shop: SimulatedShopify, store: Shopify):
    assert store.put_prices([write(1, 1, "12.00", "10"), write(2, 1, "11"), write(3, 2, "8")]) == {1: None, 2: None, 3: None}
    assert has(shop) == [("10.00", "12.00"), ("11.00", None), ("8.00", None)]
    assert [name for name, _ in shop.calls] == ["SetPrices"], "all in one request"
    assert next(store.products()).asked == Asked(regular=D(12), sale=D(10))


def test_one_variant_that_is_refused_is_no_others_fault(shop: SimulatedShopify, store: Shopify):
    shop.prices.refused[shop.products[0]["id"]] = "<b>Not this one</b>"
    answers = store.put_prices([write(1, 1, "12"), write(2, 1, "11"), write(3, 2, "8"), write(9, 2, "8"), write(4, 7, "8")])
    assert (answers[2], answers[3]) == (None, None)
    assert "Not this one" in str(answers[1])
    assert "does not exist" in str(answers[9]) and "does not exist" in str(answers[4])
    assert has(shop) == [("9.50", None), ("11.00", None), ("8.00", None)]


def test_many_products_go_in_several_requests(shop: SimulatedShopify, store: Shopify):
    shop.products = [variant(number, number) for number in range(1, 46)]
    answers = store.put_prices([write(number, number, "8") for number in range(1, 46)])
    assert set(answers.values()) == {None} and len(answers) == 45
    assert [name for name, _ in shop.calls] == ["SetPrices"] * 3


def test_an_answer_that_is_lost_is_asked_for_again(shop: SimulatedShopify, store: Shopify):
    shop.fail("lost", operation="SetPrices")
    assert store.put_prices([write(1, 1, "12")]) == {1: None}
    assert has(shop)[0] == ("12.00", None)


def test_points_are_waited_for(shop: SimulatedShopify, store: Shopify, clock: MovableClock):
    assert store.put_prices([write(1, 1, "12")]) == {1: None}
    shop.empty()
    assert store.put_prices([write(1, 1, "13")]) == {1: None}
    assert clock.slept


def answered(**payload: Any) -> dict[str, Any]:
    return {"data": {"prices0": {"productVariants": None, "userErrors": [], **payload}}}


ROW = {"id": "gid://shopify/ProductVariant/1", "price": "9.00", "compareAtPrice": None}
SUSPENDED = [{"code": "PRODUCT_SUSPENDED", "field": ["productId"], "message": "Suspended"}]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (answered(productVariants=[ROW]), "it asks 9 now, and not 12"),
        (answered(productVariants=[{**ROW, "price": "12.0"}]), None),
        (answered(userErrors=SUSPENDED), "Suspended"),
    ],
)
def test_an_answer_is_looked_at(shop: SimulatedShopify, store: Shopify, body: Any, said: str | None):
    shop.fail("status", operation="SetPrices", status=200, body=body)
    answers = store.put_prices([write(1, 1, "12"), *([write(2, 1, "12")] if said == "Suspended" else [])])
    assert answers == dict.fromkeys(answers, said)


def test_what_is_not_shown_is_not_known(shop: SimulatedShopify, store: Shopify):
    shop.fail("status", operation="SetPrices", status=200, body=answered(productVariants=[{**ROW, "price": "12.00"}]))
    assert store.put_prices([write(1, 1, "12"), write(2, 1, "12")]) == {1: None}


@pytest.mark.parametrize("body", [{"data": {"prices0": None}}, {"data": {}}])
def test_an_answer_of_nothing_is_none(shop: SimulatedShopify, store: Shopify, body: Any):
    shop.fail("status", operation="SetPrices", status=200, body=body)
    with pytest.raises((StoreUnavailable, StoreRefused)):
        store.put_prices([write(1, 1, "12")])


def test_an_item_of_no_product_is_said_so(store: Shopify):
    assert "no product" in str(store.put_prices([write(1, 0, "12")])[1])


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("EUR", 2)])
def test_prices_are_kept_as_the_shop_says(shop: SimulatedShopify, store: Shopify, currency: str, decimals: int):
    shop.prices.currency, shop.prices.taxes_included = currency, True
    rules = store.price_rules()
    assert (rules.decimals, rules.includes_tax, rules.sale_dates) == (decimals, True, False)


def test_the_right_to_write_products_is_asked_for(shop: SimulatedShopify, store: Shopify):
    store.ping(writing=True)
    shop.scopes.remove("write_products")
    store.ping()
    with pytest.raises(StoreMisconfigured, match="write_products"):
        store.ping(writing=True)
    with pytest.raises((StoreRefused, StoreMisconfigured), match="ACCESS_DENIED"):
        store.put_prices([write(1, 1, "12")])


def test_a_compared_price_that_is_not_above_is_no_sale():
    assert asked_of({"price": "9.50", "compareAtPrice": "9.50"}) == Asked(regular=D("9.5"))
    assert asked_of({"price": "9.50", "compareAtPrice": "0.00"}) == Asked(regular=D("9.5"))
    assert asked_of({"price": "odd", "compareAtPrice": "12"}) == Asked(regular=None)
