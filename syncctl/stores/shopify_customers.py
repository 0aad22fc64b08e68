"""Shopify's customers, by id: each page begins anew behind the highest id of the one before, so that none is lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from syncctl.errors import StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.stores.customers import CustomerPage, CustomerPlace, StoreAccount
from syncctl.stores.shopify_answers import TOO_DEAR
from syncctl.stores.shopify_http import Client, Reply
from syncctl.stores.shopify_operations import LISTED_CUSTOMERS
from syncctl.stores.shopify_orders import number_of, read_address
from syncctl.stores.shopify_walk import faults_of, iso
from syncctl.stores.values import moment, shown, text, whole

_MOST_PER_PAGE = 100
_LEAST_PER_PAGE = 10


def pages(client: Client, place: CustomerPlace, *, since: datetime | None) -> Iterator[CustomerPage]:
    """Give the customers from a place on; with `since` those alone that changed at or after it.

    Raises:
        StoreMisconfigured: the store gives the same page again and again.
    """
    last_id, size = place.last_id, _MOST_PER_PAGE
    changed = f" updated_at:>='{iso(since)}'" if since else ""
    while True:
        try:
            reply = client.read(LISTED_CUSTOMERS, {"first": size, "query": f"id:>{last_id}{changed}"}, size=size)
        except StoreUnavailable as error:
            if error.code != TOO_DEAR or size <= _LEAST_PER_PAGE:
                raise
            size = max(_LEAST_PER_PAGE, size // 2)
            continue
        nodes, more = _nodes(client, reply)
        customers: list[StoreAccount] = []
        unreadable: list[str] = []
        reached = last_id
        for at, node in enumerate(nodes):
            customer_id = number_of(node.get("id")) if isinstance(node, Mapping) else None
            if customer_id is None or not isinstance(node, Mapping):
                unreadable.append(f"a row behind customer {reached} (its id is {shown(node)})")
            elif customer_id > last_id:
                reached = max(reached, customer_id)
                if faults := faults_of(reply.faults, at):
                    customers.append(StoreAccount(customer_id=customer_id, email="", problem=faults[0].message))
                else:
                    customers.append(read(customer_id, node))
        if more and reached == last_id:
            raise StoreMisconfigured(f"{client.base} gives the same page of its list of customers again and again.")
        last_id = reached
        yield CustomerPage(
            customers=tuple(customers),
            after=CustomerPlace(last_id=last_id),
            finished=not more,
            unreadable=tuple(unreadable),
        )
        if not more:
            return


def read(customer_id: int, raw: Mapping[str, Any]) -> StoreAccount:
    """Read a customer, whatever of it is missing or makes no sense."""
    mail = raw.get("defaultEmailAddress")
    email = text(mail.get("emailAddress")) if isinstance(mail, Mapping) else ""
    orders = whole(raw.get("numberOfOrders"))
    address = read_address(raw.get("defaultAddress"), email=email)
    return StoreAccount(
        customer_id=customer_id,
        email=email,
        first_name=text(raw.get("firstName")),
        last_name=text(raw.get("lastName")),
        role="customer",
        created_at=moment(raw.get("createdAt")),
        modified_at=moment(raw.get("updatedAt")),
        has_ordered=None if orders is None else orders > 0,
        billing=address,
        shipping=address,
    )


def _nodes(client: Client, reply: Reply) -> tuple[list[Any], bool]:
    held = reply.data.get("customers")
    nodes = held.get("nodes") if isinstance(held, Mapping) else None
    if not isinstance(held, Mapping) or not isinstance(nodes, list):
        said = "; ".join(fault.message for fault in reply.faults[:3]) or "no list"
        raise StoreRefused(f"{client.base}: its customers can't be read ({said}).", code="no_list")
    info = held.get("pageInfo")
    return nodes, isinstance(info, Mapping) and info.get("hasNextPage") is True
