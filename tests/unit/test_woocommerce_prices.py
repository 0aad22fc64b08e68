"""Prices to WooCommerce: what it is sent, and each item's answer looked at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncctl.demo.store import SimulatedStore
from syncctl.errors import StoreRefused, StoreUnavailable
from syncctl.secret import Secret
from syncctl.stores.base import Asked, PriceWrite
from syncctl.stores.woocommerce import WooCommerce
from syncctl.stores.woocommerce_http import Connection
from syncctl.stores.woocommerce_prices import asked_of

D = Decimal
LATER = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
PLAIN = {
    "type": "simple",
    "name": "Mug",
    "sku": "MUG",
    "price": "8.00",
    "regular_price": "8.00",
    "sale_price": "",
    "variations": [],
}


@pytest.fixture
def shop() -> Iterator[SimulatedStore]:
    with SimulatedStore() as store:
        store.load(products=[{**PLAIN, "id": number, "sku": f"S-{number}"} for number in range(1, 4)])
        yield store


@pytest.fixture
def store(shop: SimulatedStore) -> Iterator[WooCommerce]:
    made = WooCommerce(
        Connection(url=shop.url, consumer_key=Secret(shop.key), consumer_secret=Secret(shop.secret)), sleeper=lambda _: None
    )
    yield made
    made.close()


def write(number: int, regular: str, sale: str | None = None, **dates: datetime | None) -> PriceWrite:
    asked = Asked(regular=D(regular), sale=None if sale is None else D(sale), **dates)
    return PriceWrite(product_id=number, parent_id=0, asked=asked)


def test_a_sale_has_its_dates_and_they_are_taken_away_again(shop: SimulatedStore, store: WooCommerce):
    until = LATER + timedelta(days=2)
    assert store.put_prices([write(1, "12.50", "9.00", sale_from=LATER, sale_to=until)]) == {1: None}
    held = shop.state.products[1]
    assert (held["regular_price"], held["sale_price"], held["price"]) == ("12.50", "9.00", "12.50")
    assert held["date_on_sale_to_gmt"] == until.strftime("%Y-%m-%dT%H:%M:%S")
    [listed] = [each.asked for each in store.products() if each.product_id == 1]
    assert listed == Asked(regular=D("12.5"), sale=D(9), sale_from=LATER, sale_to=until)
    assert store.put_prices([write(1, "12.50")]) == {1: None}
    assert (held["sale_price"], held["date_on_sale_from_gmt"], held["date_on_sale_to_gmt"]) == ("", None, None)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("regular_price", "13.00", "it asks 13, on sale at 9 now, and not 12.50, on sale at 9"),
        ("regular_price", "", "it asks no price now"),
        ("regular_price", "many", "it asks no price now"),
        ("sale_price", "", "it asks 12.50 now, and not 12.50, on sale at 9"),
        ("date_on_sale_to_gmt", "2098-01-01T00:00:00", "on sale at 9 to 2098-01-01 00:00 UTC now"),
    ],
)
def test_an_answer_that_is_not_what_was_told_is_a_refusal(
    shop: SimulatedStore, store: WooCommerce, field: str, value: str, said: str
):
    row = {"id": 1, "regular_price": "12.5", "sale_price": "9", field: value}
    shop.fail("status", status=200, path="/products/batch", times=1, body={"update": [row, {"id": 2, "regular_price": "8"}]})
    answers = store.put_prices([write(1, "12.50", "9.00"), write(2, "8.00"), write(3, "8.00")])
    assert said in str(answers[1])
    assert (answers[2], 3 in answers) == (None, False), "of the third nothing is said"


@pytest.mark.parametrize("body", [{"update": {}}, {}, [], "ok"])
def test_an_answer_of_nothing_is_none(shop: SimulatedStore, store: WooCommerce, body: Any):
    shop.fail("status", status=200, path="/products/batch", times=1, body=body)
    with pytest.raises((StoreUnavailable, StoreRefused)):
        store.put_prices([write(1, "12.50")])


def test_a_hundred_go_in_a_request(shop: SimulatedStore, store: WooCommerce):
    shop.load(products=[{**PLAIN, "id": number, "sku": f"S-{number}"} for number in range(1, 251)])
    answers = store.put_prices([write(number, "9.00") for number in range(1, 251)])
    assert set(answers.values()) == {None} and len(answers) == 250
    assert sum(method == "POST" for method, _, _ in shop.requests) == 3


def test_what_the_store_does_not_say_of_its_prices_is_not_guessed(shop: SimulatedStore, store: WooCommerce):
    del shop.state.settings["tax"]["woocommerce_prices_include_tax"]
    shop.state.settings["tax"]["other"] = "1"
    with pytest.raises(StoreRefused, match="doesn't say whether its prices include tax"):
        store.price_rules()
    shop.state.settings["general"].clear()
    with pytest.raises(StoreRefused, match="key of SYNCCTL_WOO_CONSUMER_KEY must belong to an administrator"):
        store.price_rules()


@pytest.mark.parametrize(("said", "decimals"), [("2", 2), ("0", 0), ("3", 3), ("9", 4), ("-1", 0), ("x", 2)])
def test_decimals_are_those_of_the_shop(shop: SimulatedStore, store: WooCommerce, said: str, decimals: int):
    shop.state.settings["general"] |= {"woocommerce_price_num_decimals": said, "woocommerce_calc_taxes": "no"}
    assert (store.price_rules().decimals, store.price_rules().includes_tax) == (decimals, None)


def test_odd_prices_are_none():
    assert [asked_of({"type": kind, "regular_price": "9"}) for kind in ("grouped", "variable-subscription")] == [None, None]
    assert asked_of({"regular_price": "1e99", "sale_price": [], "date_on_sale_to_gmt": "soon"}) == Asked(regular=None)
    assert asked_of({"regular_price": "8", "sale_price": "", "date_on_sale_to_gmt": "2098-01-01T00:00:00"}) == Asked(regular=D(8))
