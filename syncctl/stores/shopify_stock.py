"""What Shopify sells, and what it is told of its stock at one location: many items at once, none over a sale made meanwhile.

`inventorySetQuantities` does all or nothing: where an item is refused, the others are sent once more without it. Each is set only
if the store still has what it was believed to have (`changeFromQuantity`); where it has what it should have by itself, as after a
sale that the ERP knows of, all is well (shopify.dev, "Manage inventory quantities and states", compare and swap).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

from syncctl.errors import StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.stores.base import Outdated, Product, StockWrite
from syncctl.stores.shopify_http import Client
from syncctl.stores.shopify_operations import LEVELS, LOCATIONS, PRODUCTS, SET_STOCK, STOCKED
from syncctl.stores.shopify_orders import gid, number_of
from syncctl.stores.shopify_prices import asked_of, place_in
from syncctl.stores.shopify_writes import payload_of
from syncctl.stores.values import amount_if_any, code, shown, text

log = logging.getLogger(__name__)

_MOST_ROUNDS = 4
"""Requests for one batch: whoever is refused in the fourth one is told by the next push."""
_MOST_LOCATIONS = 20
"""Locations named in a message."""
_NAME, _REASON = "available", "correction"
_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE"})
_ANOTHER_KEY = frozenset({"IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"})
_UNDER_WAY = "IDEMPOTENCY_CONCURRENT_REQUEST"
_NO_LOCATION = "INVALID_LOCATION"
_HOW_MANY = "more than one active location, and SYNCCTL_SHOPIFY_LOCATION doesn't say of which one the stock is told"


class Stock:
    """The stock of one store. `location` is the number of a location, None for the only one that is active."""

    def __init__(self, client: Client, location: str | None) -> None:
        self._client = client
        self._location = gid("Location", int(location)) if location else None

    def products(self, *, must: bool) -> Iterator[Product]:
        """Go through everything that the store sells, with the stock of the location.

        Where none is chosen among several, it is that of all of them together, unless the location `must` be known.

        Raises:
            StoreMisconfigured: it must, and isn't.
        """
        try:
            location = self._place()
        except StoreMisconfigured as error:
            if must:
                raise
            log.warning("%s Stock is shown as that of all of them together.", error)
            yield from self.products_in_all()
            return
        for raw in self._client.things(STOCKED, "productVariants", location=location):
            yield _product(raw, at_location=True)

    def products_in_all(self) -> Iterator[Product]:
        """Go through everything that the store sells, with the stock of all locations together."""
        for raw in self._client.things(PRODUCTS, "productVariants"):
            yield _product(raw, at_location=False)

    def put(self, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
        """See `base.Store.put_stock`."""
        location = self._place()
        answers: dict[int, str | Outdated | None] = {
            write.product_id: "the store named no stock item for it" for write in writes if not write.stock_key
        }
        left = [write for write in writes if write.stock_key]
        outdated: list[StockWrite] = []
        for _ in range(_MOST_ROUNDS):
            if not left:
                break
            blamed = self._send(left, location)
            if blamed is None:
                break
            if not blamed:
                answers |= dict.fromkeys((write.product_id for write in left), None)
                left = []
            for place, (said, reason) in blamed.items():
                if said in _STALE:
                    outdated.append(left[place])
                elif said not in _ANOTHER_KEY:
                    answers[left[place].product_id] = reason
            left = [write for place, write in enumerate(left) if place not in blamed or blamed[place][0] in _ANOTHER_KEY]
        return answers | self._by_now(outdated, location)

    def _send(self, writes: Sequence[StockWrite], location: str) -> dict[int, tuple[str, str]] | None:
        """Tell of these items; return by place the code and the words against each that was refused, and then none was told.

        None where nobody knows, because the same request is still under way.

        Raises:
            StoreMisconfigured, StoreRefused, StoreUnavailable: it concerns all of them.
        """
        given = {
            "name": _NAME,
            "reason": _REASON,
            "quantities": [
                {
                    "inventoryItemId": gid("InventoryItem", int(write.stock_key)),
                    "locationId": location,
                    "quantity": write.quantity,
                    "changeFromQuantity": None if write.before is None else int(write.before),
                }
                for write in writes
            ],
        }
        reply = self._client.repeat(SET_STOCK, {"input": given, "key": str(uuid.uuid4())})
        errors = payload_of(reply, "inventorySetQuantities", f"{self._client.base}: stock").get("userErrors")
        blamed: dict[int, tuple[str, str]] = {}
        for error in errors if isinstance(errors, list) else ():
            raw = error if isinstance(error, Mapping) else {}
            said, reason = text(raw.get("code")), self._client.plain(text(raw.get("message"))) or "refused without a reason"
            if said == _UNDER_WAY:
                return None
            if said == _NO_LOCATION:
                raise StoreMisconfigured(
                    f"{self._client.base} has no location {number_of(location)} whose stock could be set ({reason}). Set "
                    f"SYNCCTL_SHOPIFY_LOCATION to one of: {self._known()}.",
                    code=said,
                )
            place = place_in(raw.get("field"), len(writes))
            if place is None and said not in _ANOTHER_KEY:
                raise StoreRefused(f"{self._client.base} refused to set stock: {reason} ({said or 'no code'}).", code=said)
            for each in range(len(writes)) if place is None else (place,):
                blamed[each] = (said, reason)
        return blamed

    def _by_now(self, writes: Sequence[StockWrite], location: str) -> dict[int, str | Outdated | None]:
        """Return of items of which the store had another stock than was believed what is to be said of each."""
        if not writes:
            return {}
        ids = [gid("InventoryItem", int(write.stock_key)) for write in writes]
        reply = self._client.read(LEVELS, {"ids": ids, "location": location}, size=len(ids))
        nodes = reply.data.get("nodes")
        if not isinstance(nodes, list) or len(nodes) != len(writes):
            raise StoreUnavailable(f"{self._client.base}: the answer to {LEVELS.name} isn't of these items.", code="not_json")
        found: dict[int, str | Outdated | None] = {}
        for write, item, node in zip(writes, ids, nodes, strict=True):
            now = _available(node) if isinstance(node, Mapping) and node.get("id") == item else None
            if now is None and reply.faults:
                continue  # Shopify failed, which says nothing of the item: the next push tells it again.
            if now is None:
                found[write.product_id] = "the store keeps no stock of it at the location (any more)"
            else:
                found[write.product_id] = None if now == write.quantity else Outdated(now)
        return found

    def _place(self) -> str:
        """Return the id of the location whose stock is told.

        Raises:
            StoreMisconfigured: none is chosen, and there isn't one active location alone.
        """
        if self._location is None:
            found = self._locations()
            if len(found) != 1:
                raise StoreMisconfigured(
                    f"{self._client.base} has {_HOW_MANY}: set it to one of {self._shown(found)}."
                    if found
                    else f"{self._client.base} has no active location, so that nothing can be said of its stock.",
                    code="location",
                )
            self._location = str(found[0].get("id"))
        return self._location

    def _known(self) -> str:
        return self._shown(self._locations())

    def _locations(self) -> list[Mapping[str, Any]]:
        return [each for each in islice(self._client.things(LOCATIONS, "locations"), _MOST_LOCATIONS + 1) if each.get("id")]

    def _shown(self, locations: Sequence[Mapping[str, Any]]) -> str:
        named = [
            f"{number_of(each.get('id'))} ({self._client.plain(text(each.get('name')))})" for each in locations[:_MOST_LOCATIONS]
        ]
        return ", ".join([*named, *(["and others"] if len(locations) > _MOST_LOCATIONS else [])])


def _product(raw: Mapping[str, Any], *, at_location: bool) -> Product:
    """Read a variant, with the stock of the location that was asked for, or of all of them together."""
    variant = number_of(raw.get("id"))
    held, item = raw.get("product"), raw.get("inventoryItem")
    product = held if isinstance(held, Mapping) else {}
    tracked = item.get("tracked") if isinstance(item, Mapping) else None
    if variant is None or not isinstance(item, Mapping) or not isinstance(tracked, bool):
        log.warning("Variant %s can't be read and is left as it was known.", shown(raw.get("id")))
        return Product.not_read(variant or 0)
    stock = _available(item) if at_location else amount_if_any(raw, "inventoryQuantity")
    if tracked and stock is None and (not at_location or item.get("inventoryLevel") is not None):
        log.warning("Variant %d is left as it was known: its stock can't be read.", variant)
        return Product.not_read(variant)
    title, own = text(product.get("title")), text(raw.get("title"))
    return Product(
        product_id=variant,
        parent_id=number_of(product.get("id")) or 0,
        sku=code(raw.get("sku")) or None,
        name=title if own in ("", "Default Title") else f"{title} - {own}",
        price=amount_if_any(raw, "price"),
        stock=stock if tracked else None,
        on_backorder=raw.get("inventoryPolicy") == "CONTINUE",
        stock_key=str(number_of(item.get("id")) or ""),
        asked=asked_of(raw),
    )


def _available(item: object) -> Decimal | None:
    """Read what a location has of an item; None where it isn't stocked there."""
    level = item.get("inventoryLevel") if isinstance(item, Mapping) else None
    quantities = level.get("quantities") if isinstance(level, Mapping) else None
    first = quantities[0] if isinstance(quantities, list) and quantities else None
    return amount_if_any(first, "quantity") if isinstance(first, Mapping) else None
