"""Reading orders' refunds: those of several orders with one request where the store can, else each order's own list.

WooCommerce 9.0 has a list of all refunds; of what it may be asked for, only `include` picks some of them out (it ignores
`parent`). So it is asked for the refunds that the listed orders name, and believed of an order where it gives each of those, as
that order's. Any other order's own list is asked, as everybody's is in older versions: of an order that names none though its
status speaks of one, of one that was refunded whole and names less, of one whose refunds came short, and where a host left
`include` out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from syncctl.errors import STOPPED, StoreRefused, StoreUnavailable, UnreadableError
from syncctl.stores import woocommerce_lists as lists
from syncctl.stores.rounding import cents
from syncctl.stores.values import amount_field, identifier, objects_if_any
from syncctl.stores.walk import MAX_PER_PAGE
from syncctl.stores.woocommerce_http import Client, lane_of
from syncctl.stores.woocommerce_orders import EXACT, Raw, needs_refunds
from syncctl.stores.woocommerce_refunds import refund_amount
from syncctl.stores.woocommerce_statuses import status_of

ALL = "/refunds"
_FAILURES = 3
"""So many lists of several orders' refunds in a row that can't be had, and no other is asked for in this run."""


@dataclass(slots=True)
class _Together:
    """Several orders whose refunds are asked for at once."""

    named: Mapping[int, frozenset[int]]
    """Order → the refunds that it names."""
    parameters: Mapping[str, str]
    found: dict[int, dict[int, Raw]] | None = None
    """Order → its refunds by their ids, once they were asked for; an order of which not all came isn't there."""


class RefundLists:
    """Gives the refunds of orders that were announced, and of any other. One thread's."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._failures = 0
        self._together: dict[int, _Together] = {}
        """Order → the request that its refunds come with."""
        self._alone: dict[int, None] = {}
        """Orders whose own lists will be asked for, in order."""

    def expect(self, raws: Iterable[Raw]) -> None:
        """Say which orders' refunds will be asked for next, behind those that were named before."""
        named: dict[int, frozenset[int]] = {}
        for raw in raws:
            order_id = identifier(raw.get("id"))
            if order_id is None or not needs_refunds(raw):
                continue
            ids = _named(raw)
            if 0 < len(ids) < MAX_PER_PAGE and self._failures < _FAILURES and _names_all(raw):
                named[order_id] = ids
            else:
                self._alone[order_id] = None
        if len(named) == 1:  # its own list is as good, and every version has it
            self._alone.update(dict.fromkeys(named))
        else:
            self._put_together(named)
        self._begin()

    def of(self, order_id: int, raw: Raw) -> list[Raw]:
        """Return all refunds of an order, which is `raw`: one that is missing would be paid for.

        Raises:
            UnreadableError: the store counts more than it shows, or one is no object.
            StoreRefused, StoreUnavailable: no answer of use to a question about this order.
        """
        together = self._together.pop(order_id, None)
        if together is not None and together.named[order_id] == _named(raw):
            if together.found is None:
                self._ask(together)
            if (refunds := (together.found or {}).get(order_id)) is not None:
                return list(refunds.values())
        self._alone.pop(order_id, None)
        return self._own(order_id)

    def _put_together(self, named: Mapping[int, frozenset[int]]) -> None:
        """Share orders out among as few requests as can be; a page that isn't full needs no second one to see that it is all."""
        part: dict[int, frozenset[int]] = {}
        for order_id, ids in named.items():
            if sum(map(len, part.values())) + len(ids) >= MAX_PER_PAGE:
                self._add(part)
                part = {}
            part[order_id] = ids
        self._add(part)

    def _add(self, named: Mapping[int, frozenset[int]]) -> None:
        if named:
            ids = sorted(frozenset().union(*named.values()))
            together = _Together(named, lists.first_page({**EXACT, "include": ",".join(map(str, ids))}))
            self._together.update(dict.fromkeys(named, together))

    def _begin(self) -> None:
        """Have the requests begun before their turn, as far as there is room."""
        several = {id(each): each for each in self._together.values() if each.found is None}.values()
        self._client.expect(lane_of(ALL, EXACT), [(ALL, each.parameters) for each in several])
        own = [(f"/orders/{order_id}/refunds", lists.first_page(EXACT)) for order_id in self._alone]
        self._client.expect(lane_of("/orders/1/refunds", EXACT), own)

    def _ask(self, together: _Together) -> None:
        """Ask for the refunds of several orders; those that don't come whole are asked for one by one."""
        together.found = {}
        try:
            rows = lists.rows_of(self._client.get_small(ALL, together.parameters), ALL)
        except (StoreRefused, StoreUnavailable) as error:
            if error.code == STOPPED:
                raise
            # An older version (404), more than is kept until its orders are read, or one refund that breaks all of them. If it is
            # the whole store, the next request says so.
            self._failures = _FAILURES if isinstance(error, StoreRefused) else self._failures + 1
        else:
            self._failures = 0
            together.found = _whole(rows, together.named)
        given_up = self._failures >= _FAILURES
        missing = [
            order_id
            for order_id, each in self._together.items()
            if order_id not in (each.found or ()) and (each is together or (given_up and each.found is None))
        ]
        for order_id in missing:
            del self._together[order_id]
        self._alone = {**dict.fromkeys(missing), **self._alone}
        self._begin()

    def _own(self, order_id: int) -> list[Raw]:
        found: list[Raw] = []
        for step in lists.walk(self._client, f"/orders/{order_id}/refunds", EXACT).steps():
            if step.not_shown or not all(isinstance(row.raw, dict) for row in step.rows):
                raise UnreadableError(
                    f"its refunds can't all be read: the store counts {step.not_shown or 'some'} that it doesn't show"
                )
            found += [row.raw for row in step.rows]
        return found


def _named(raw: Raw) -> frozenset[int]:
    """Return the ids of the refunds that an order names; none where one of them has no id, or the id of another."""
    ids = [identifier(refund.get("id")) for refund in objects_if_any(raw, "refunds")]
    found = frozenset(each for each in ids if each is not None)
    return found if len(found) == len(ids) else frozenset()


def _names_all(raw: Raw) -> bool:
    """Tell whether the refunds that an order names come to what its status says; any but `refunded` says nothing of it."""
    if status_of(raw) != "refunded":
        return True
    try:
        return cents(sum(map(refund_amount, objects_if_any(raw, "refunds")), Decimal(0))) == cents(amount_field(raw, "total"))
    except UnreadableError:
        return False


def _whole(rows: Iterable[Any], named: Mapping[int, frozenset[int]]) -> dict[int, dict[int, Raw]]:
    """Return the refunds of each order of which all came, in the order of their ids, as an order's own list has them."""
    found: dict[int, dict[int, Raw]] = {order_id: {} for order_id in named}
    for row in rows:
        if not isinstance(row, dict):
            continue
        order_id, refund_id = identifier(row.get("parent_id")), identifier(row.get("id"))
        if order_id is not None and refund_id is not None and refund_id in named.get(order_id, ()):
            found[order_id][refund_id] = row
    return {order_id: dict(sorted(refunds.items())) for order_id, refunds in found.items() if refunds.keys() == named[order_id]}
