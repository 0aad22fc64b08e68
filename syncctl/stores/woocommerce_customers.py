"""WooCommerce's customers, by id: registration dates have ties, and paging by them misses people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

from msgspec.structs import replace

from syncctl.errors import StoreUnavailable
from syncctl.models import Address
from syncctl.stores import woocommerce_lists as lists
from syncctl.stores.customers import CustomerPage, CustomerPlace, StoreAccount, names
from syncctl.stores.values import moment, text
from syncctl.stores.walk import MAX_PER_PAGE
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_orders import read_address

PATH = "/customers"
_PARTS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
    "phone",
    "email",
)


def pages(
    client: Client, place: CustomerPlace, *, ping: Callable[[], object], one: Callable[[str], Any], most: int | None = None
) -> Iterator[CustomerPage]:
    """Give the customers of every role from a place on, by id. `one` reads what breaks its page, or gives None."""
    steps = lists.walk(
        client,
        PATH,
        {"role": "all"},
        ping=ping,
        batch_size=MAX_PER_PAGE,
        last_id=place.last_id,
        row_offset=place.row_offset,
        ahead=True,
        most=most,
    ).steps()
    for step in steps:
        customers: list[StoreAccount] = []
        unreadable: list[str] = []
        for row in step.rows:
            raw = row.raw if row.id is None or row.raw is not None else one(f"{PATH}/{row.id}")
            if row.id is None:
                unreadable.append(f"a row behind customer {row.after} ({row.reason or 'it is no object'})")
            elif isinstance(raw, dict):
                customers.append(read(row.id, raw))
            else:
                customers.append(StoreAccount(customer_id=row.id, email="", problem=row.reason or "its answer is no object"))
        if unreadable and not customers:
            raise StoreUnavailable(f"The store's list of customers can't be read: {names(unreadable)}.", code="unreadable")
        yield CustomerPage(
            customers=tuple(customers),
            after=CustomerPlace(last_id=step.last_id, row_offset=step.row_offset),
            finished=step.finished,
            total=step.total,
            unreadable=tuple(unreadable),
            not_shown=step.not_shown,
        )


def read(customer_id: int, raw: dict[str, Any]) -> StoreAccount:
    """Read a customer, whatever of it is missing or makes no sense."""
    paid = raw.get("is_paying_customer")
    return StoreAccount(
        customer_id=customer_id,
        email=_plain(raw.get("email")),
        first_name=_plain(raw.get("first_name")),
        last_name=_plain(raw.get("last_name")),
        username=_plain(raw.get("username")),
        role=_plain(raw.get("role")),
        created_at=moment(raw.get("date_created_gmt")),
        modified_at=moment(raw.get("date_modified_gmt")),
        has_ordered=paid if isinstance(paid, bool) else None,
        billing=_decoded(read_address(raw.get("billing"))),
        shipping=_decoded(read_address(raw.get("shipping"))),
    )


def _plain(raw: object) -> str:
    """Return a text as a person reads it: a shop may write it as HTML."""
    return text(unescape(text(raw)))


def _decoded(address: Address) -> Address:
    parts = {part: getattr(address, part) for part in _PARTS}
    if not any("&" in part for part in parts.values()):
        return address
    return replace(address, **{name: _plain(part) for name, part in parts.items()})
