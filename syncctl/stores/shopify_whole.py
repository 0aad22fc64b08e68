"""Whole orders, a few to a request, as many as its points allow; with all of their lines, as they stand at one moment."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from syncctl.errors import StoreMisconfigured, StoreUnavailable, SyncError, UnreadableError
from syncctl.stores.shopify_answers import DENIED, TOO_DEAR, Fault
from syncctl.stores.shopify_http import Client
from syncctl.stores.shopify_operations import more_lines, whole_orders
from syncctl.stores.shopify_orders import gid
from syncctl.stores.values import MOST_ITEMS, entries

log = logging.getLogger(__name__)

FIRST_LINES = 8
"""Lines that come with an order: more are rare, and asked for by themselves."""
MORE_LINES = 50
FIRST_SHIPPING = 3
MOST_SHIPPING = 50
MOST_TOGETHER = 50
_TO_BEGIN_WITH = 4
TRIES = 3
"""How often an order is read anew that is changed while its lines are read."""


class WholeOrders:
    """Reads whole orders, those that were announced together. One thread's."""

    def __init__(self, client: Client, version: str) -> None:
        self._client = client
        self._whole, self._more = whole_orders(version), more_lines(version)
        self._expected: dict[int, None] = {}
        self._read: dict[int, Mapping[str, Any] | SyncError | None] = {}
        self._together = _TO_BEGIN_WITH
        self._lines = MORE_LINES

    def expect(self, order_ids: Sequence[int]) -> None:
        """Say which will be asked for next, in order."""
        self._expected, self._read = dict.fromkeys(order_ids), {}

    def get(self, order_id: int) -> Mapping[str, Any] | None:
        """Return an order with all its lines; None where the store shows none of that id.

        Raises:
            StoreUnavailable, StoreMisconfigured: no answer of use, or none to what concerns this order.
        """
        if order_id not in self._read:
            self._read = self._ask(self._next(order_id))
        raw = self._read.pop(order_id, None)
        self._expected.pop(order_id, None)
        if isinstance(raw, SyncError):
            raise raw
        return raw if raw is None else self._complete(order_id, raw)

    def _next(self, order_id: int) -> list[int]:
        """Return what is asked for together with an order: those that come behind it."""
        if order_id not in self._expected:
            return [order_id]
        known = list(self._expected)
        begin = known.index(order_id)
        return known[begin : begin + self._together]

    def _ask(
        self, order_ids: Sequence[int], *, shipping: int = FIRST_SHIPPING
    ) -> dict[int, Mapping[str, Any] | SyncError | None]:
        """Ask for orders. What fails as a whole is asked for one by one, so that one order is no other's fault."""
        variables = {"ids": [gid("Order", each) for each in order_ids], "lines": FIRST_LINES, "shipping": shipping}
        try:
            reply = self._client.read(self._whole, variables, size=len(order_ids))
        except StoreUnavailable as error:
            if len(order_ids) == 1 or (error.code != TOO_DEAR and error.of_one_row() is error):
                raise
            if error.code == TOO_DEAR:
                self._together = max(1, len(order_ids) // 2)
                return self._ask(order_ids[: self._together])
            log.info("%d orders can't be read together (%s): fewer at a time.", len(order_ids), error)
            return self._ask(order_ids[: len(order_ids) // 2])
        if reply.cost:
            each = max(1.0, reply.cost / len(order_ids))
            self._together = max(1, min(MOST_TOGETHER, int(self._client.bucket.largest / each)))
        nodes = reply.data.get("nodes")
        if not isinstance(nodes, list) or len(nodes) != len(order_ids):
            raise StoreUnavailable(f"{self._client.base}: the answer isn't of the orders that were asked for.", code="not_json")
        found: dict[int, Mapping[str, Any] | SyncError | None] = {}
        for place, (order_id, node) in enumerate(zip(order_ids, nodes, strict=True)):
            faults = [fault for fault in reply.faults if fault.path[:2] == ("nodes", place)]
            whole = [fault for fault in reply.faults if not fault.path or fault.path == ("nodes",)]
            if faults or whole:
                found[order_id] = of_fault(order_id, [*faults, *whole][0])
            elif node is None:
                found[order_id] = None
            elif isinstance(node, Mapping) and node.get("id") == gid("Order", order_id):
                found[order_id] = node
            else:
                found[order_id] = UnreadableError(f"the store's answer for order {order_id} is of something else")
        return found

    def _complete(self, order_id: int, raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Read the lines and shipping lines that didn't come with the order; anew where it was changed in between."""
        for _ in range(TRIES):
            held = self._with_all(order_id, raw)
            if held is not None:
                return held
            log.info("Order %s was changed while its lines were read: read anew.", order_id)
            again = self._ask([order_id])[order_id]
            if isinstance(again, SyncError):
                raise again
            if again is None:
                return None
            raw = again
        raise StoreUnavailable(
            f"Order {order_id} is changed each time while its lines are read: somebody works on it.",
            code="edited",
            alone=f"Order {order_id} was changed each of {TRIES} times while its lines were read: somebody works on it.",
        )

    def _with_all(self, order_id: int, raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the order with all of its lines; None where it isn't any more what it was when the first of them came."""
        if _info(raw, "shippingLines").get("hasNextPage"):
            again = self._ask([order_id], shipping=MOST_SHIPPING)[order_id]
            if isinstance(again, SyncError):
                raise again
            if again is None or again.get("updatedAt") != raw.get("updatedAt"):
                return None
            raw = again
        info = _info(raw, "lineItems")
        if not info.get("hasNextPage"):
            return raw
        lines = list(entries(raw["lineItems"].get("nodes")) or ())
        while info.get("hasNextPage"):
            order = self._page_of_lines(order_id, info.get("endCursor"))
            if order is None or order.get("updatedAt") != raw.get("updatedAt"):
                return None
            more = entries(order["lineItems"].get("nodes"))
            if not more:
                raise UnreadableError(f"order {order_id}: its list of lines says that it goes on, and doesn't")
            lines += more
            if len(lines) > MOST_ITEMS:
                break  # `read_order` says that it is too many
            info = _info(order, "lineItems")
        return {**raw, "lineItems": {"nodes": lines, "pageInfo": {"hasNextPage": False}}}

    def _page_of_lines(self, order_id: int, after: object) -> Mapping[str, Any] | None:
        while True:
            variables = {"id": gid("Order", order_id), "lines": self._lines, "after": after}
            try:
                reply = self._client.read(self._more, variables, size=self._lines)
            except StoreUnavailable as error:
                if error.code != TOO_DEAR or self._lines == 1:
                    raise
                self._lines = max(1, self._lines // 2)
                continue
            if reply.faults:
                raise of_fault(order_id, reply.faults[0])
            order = reply.data.get("order")
            if order is None:
                return None
            if not isinstance(order, Mapping) or not isinstance(order.get("lineItems"), Mapping):
                raise StoreUnavailable(f"Order {order_id}: the store doesn't give its lines.", code="not_json")
            return order


def of_fault(order_id: int, fault: Fault) -> SyncError:
    """Return the error that says what of an order could not be had."""
    where = ".".join(str(step) for step in fault.path[2:]) if fault.path[:1] == ("nodes",) else ".".join(map(str, fault.path))
    said = f"Order {order_id}: the store doesn't give {where or 'it'} ({fault.code or 'error'}: {fault.message})."
    if fault.code == DENIED:
        return StoreMisconfigured(f"{said} The app lacks a right: see its access scopes.", code=DENIED, alone=said)
    if fault.passing or not fault.code:
        return StoreUnavailable(said, code=fault.code or "error", alone=said)
    return UnreadableError(said, code=fault.code)


def _info(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    held = raw.get(name)
    info = held.get("pageInfo") if isinstance(held, Mapping) else None
    return info if isinstance(info, Mapping) else {}
