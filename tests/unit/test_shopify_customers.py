"""Shopify's customers, page by page behind the highest id: none lost, none twice, none for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from syncctl.errors import StoreMisconfigured
from syncctl.secret import Secret
from syncctl.stores.customers import CustomerPlace, as_object
from syncctl.stores.shopify import Shopify
from syncctl.stores.shopify_http import Connection
from tests.shopify_shop import TOKEN, SimulatedShopify


def person(number: int, **more: Any) -> dict[str, Any]:
    home = {"firstName": "Ada", "lastName": "Lovelace", "address1": "1 Main St", "zip": "Z1", "countryCodeV2": "GB", "phone": "1"}
    return {
        "id": f"gid://shopify/Customer/{number}",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "createdAt": "2026-11-01T10:00:00Z",
        "updatedAt": "2026-11-20T10:00:00Z",
        "numberOfOrders": "2",
        "defaultEmailAddress": {"emailAddress": f"ada{number}@example.test"},
        "defaultAddress": home,
        **more,
    }


@pytest.fixture
def shop() -> Iterator[SimulatedShopify]:
    with SimulatedShopify() as made:
        yield made


@pytest.fixture
def store(shop: SimulatedShopify) -> Iterator[Shopify]:
    made = Shopify(Connection(shop=shop.url, token=Secret(TOKEN), version="2026-10"), sleeper=lambda _: None)
    yield made
    made.close()


def test_each_comes_once_while_the_list_changes(shop: SimulatedShopify, store: Shopify) -> None:
    shop.customers = [person(number) for number in range(1, 251)]

    def meanwhile(operation: str, variables: dict[str, Any]) -> None:
        if operation == "ListCustomers" and "id:>100" in variables["query"]:
            shop.customers = [each for each in shop.customers if not each["id"].endswith(("/7", "/150"))]
            shop.customers.append(person(300))

    shop.before = meanwhile
    pages = list(store.customer_pages(CustomerPlace()))
    found = [each.customer_id for page in pages for each in page.customers]
    assert found == [*(number for number in range(1, 251) if number != 150), 300]
    assert [page.finished for page in pages] == [False, False, True]
    assert [each.customer_id for page in store.customer_pages(CustomerPlace(last_id=249)) for each in page.customers] == [
        250,
        300,
    ]


def test_a_customer_is_read_whole(shop: SimulatedShopify, store: Shopify) -> None:
    shop.customers = [person(5), person(6, defaultEmailAddress=None, defaultAddress=None, numberOfOrders="0", firstName=None)]
    [page] = store.customer_pages(CustomerPlace())
    first, second = (as_object(each) for each in page.customers)
    assert (first["WOO_CUSTOMER_ID"], first["EMAIL"], first["HAS_ORDERED"]) == (5, "ada5@example.test", True)
    held = first["CUSTOMER"]
    assert (held["created"], held["billing"]["postcode"], held["shipping"]["country"]) == ("2026-11-01T10:00:00", "Z1", "GB")
    assert (second["EMAIL"], second["HAS_ORDERED"], second["CUSTOMER"]["last_name"]) == ("", False, "Lovelace")


def test_only_those_who_changed_are_asked_for(shop: SimulatedShopify, store: Shopify) -> None:
    shop.customers = [person(1)]
    list(store.customer_pages(CustomerPlace(), since=datetime(2026, 11, 20, tzinfo=UTC)))
    assert shop.calls[-1][1]["query"] == "id:>0 updated_at:>='2026-11-20T00:00:00Z'"


def test_one_page_for_ever_ends_the_reading(shop: SimulatedShopify, store: Shopify, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.customers = [person(number) for number in range(1, 251)]
    read = store.client.read

    def always_the_first(operation: Any, variables: Any, **more: Any) -> Any:
        return read(operation, {**variables, "query": "id:>0"}, **more)

    monkeypatch.setattr(store.client, "read", always_the_first)
    with pytest.raises(StoreMisconfigured, match="same page"):
        list(store.customer_pages(CustomerPlace()))
