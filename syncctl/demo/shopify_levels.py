"""What the simulated Shopify has of each item at its locations, and how it is set: all of a request or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from syncctl.demo.shopify_raws import Raw

HOME = "gid://shopify/Location/71"
_LARGEST = 1_000_000_000


class Levels:
    """The stock of a shop. Of the first location it is the variants' own (`inventoryQuantity`); the others have what they got."""

    def __init__(self, variants: Callable[[], list[Raw]]) -> None:
        self._variants = variants
        self.locations: list[Raw] = [{"id": HOME, "name": "Warehouse"}]
        self.elsewhere: dict[tuple[str, str], int] = {}
        """(inventory item, location) → how many."""
        self.refused: dict[str, str] = {}
        """Inventory item → the code with which it is refused."""
        self.requests: dict[str, tuple[str, Raw]] = {}
        """Key → what was asked with it, and answered."""

    def find(self, item: str) -> Raw | None:
        """Return the variant of an inventory item."""
        return next((each for each in self._variants() if each["inventoryItem"]["id"] == item), None)

    def at(self, item: str, location: str) -> int | None:
        """Return what a location has of an item; None where it isn't stocked there."""
        variant = self.find(item)
        if location != HOME or variant is None:
            return self.elsewhere.get((item, location))
        return int(variant["inventoryQuantity"])

    def level(self, item: str, location: str) -> Raw | None:
        """Return it as a field of an inventory item."""
        found = self.at(item, location)
        return None if found is None else {"quantities": [{"name": "available", "quantity": found}]}

    def take(self, sku: str, quantity: int) -> None:
        """Let the shop sell of an item, from its first location."""
        for variant in self._variants():
            if variant["sku"] == sku:
                variant["inventoryQuantity"] -= quantity

    def put(self, given: Raw, key: str) -> Raw:
        """Set quantities, once for each key."""
        asked = json.dumps(given, sort_keys=True)
        if key in self.requests:
            before, answer = self.requests[key]
            return answer if before == asked else {"userErrors": [_error("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", ["input"])]}
        errors = list(self._faults(given))
        if not errors:
            for each in given["quantities"]:
                self._set(each["inventoryItemId"], each["locationId"], each["quantity"])
        self.requests[key] = asked, {"userErrors": errors}
        return {"userErrors": errors}

    def _set(self, item: str, location: str, quantity: int) -> None:
        variant = self.find(item)
        if location == HOME and variant is not None:
            variant["inventoryQuantity"] = quantity
        else:
            self.elsewhere[item, location] = quantity

    def _faults(self, given: Raw) -> Iterator[Raw]:
        if given["name"] not in ("available", "on_hand"):
            yield _error("INVALID_NAME", ["input", "name"])
        seen: set[tuple[str, str]] = set()
        for place, each in enumerate(given["quantities"]):
            item, location, quantity = each["inventoryItemId"], each["locationId"], each["quantity"]
            path = ["input", "quantities", str(place)]
            if location not in [known["id"] for known in self.locations]:
                yield _error("INVALID_LOCATION", [*path, "locationId"])
            elif self.find(item) is None:
                yield _error("INVALID_INVENTORY_ITEM", [*path, "inventoryItemId"])
            elif (item, location) in seen:
                yield _error("NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR", path)
            elif item in self.refused:
                yield _error(self.refused[item], [*path, "inventoryItemId"])
            elif not 0 <= quantity <= _LARGEST:
                yield _error("INVALID_QUANTITY_NEGATIVE" if quantity < 0 else "INVALID_QUANTITY_TOO_HIGH", [*path, "quantity"])
            elif each["changeFromQuantity"] not in (None, self.at(item, location)):
                yield _error("CHANGE_FROM_QUANTITY_STALE", [*path, "changeFromQuantity"])
            seen.add((item, location))


def _error(code: str, field: list[str]) -> Raw:
    return {"code": code, "field": field, "message": f"{code.replace('_', ' ').capitalize()}."}
