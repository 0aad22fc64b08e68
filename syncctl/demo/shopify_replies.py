"""What the simulated Shopify answers the operations with that we send, by their names; and what an answer costs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from syncctl.demo.shopify_raws import Raw

MUTATION = 10
"""Points that a mutation costs."""
_LISTED = (
    "id", "name", "createdAt", "updatedAt", "cancelledAt", "test", "confirmed", "displayFinancialStatus",
    "displayFulfillmentStatus",
)  # fmt: skip
_PRIVATE = ("tags", "metafields", "fulfillmentOrders")
"""What of an order is asked for by itself."""
_CONNECTIONS = {"lineItems": "lines", "shippingLines": "shipping"}
"""Connections of an order → the variable that says how many of them."""


def _lean(names: Iterable[str]) -> Callable[[Raw | None], Raw | None]:
    return lambda raw: None if raw is None else {name: raw[name] for name in names}


def _listed(rows: Raw, names: Iterable[str]) -> Raw:
    return {**rows, "nodes": [_lean(names)(raw) for raw in rows["nodes"]]}


def _statuses(raw: Raw | None) -> Raw | None:
    if raw is None:
        return None
    field = next(iter(raw["metafields"].values()), None)
    return {**{name: raw[name] for name in _LISTED}, "tags": raw["tags"], "metafield": field}


def _payload(given: Raw) -> Raw:
    """Return what a mutation is answered with: of the order that it wrote, its note."""
    kept = {name: given[name] for name in ("userErrors", "fulfillment") if name in given}
    return kept | ({"order": _lean(("id", "note"))(given["order"])} if "order" in given else {})


def payload_of(made: Callable[[], Raw]) -> Raw:
    """Carry out a mutation; return what it is answered with."""
    return _payload(made())


def _whole(raw: Raw | None, variables: Raw) -> Raw | None:
    if raw is None:
        return None
    found: Raw = {}
    for name, held in raw.items():
        if name in _CONNECTIONS:
            found[name] = page(_shown(held), {"first": variables.get(_CONNECTIONS[name])})
        elif not name.startswith("_") and name not in _PRIVATE:
            found[name] = _shown(held, name)
    return found


def _shown(value: Any, name: str = "") -> Any:
    """Write amounts as money, and leave out what the shop knows for itself."""
    if isinstance(value, list):
        return [_shown(each, name) for each in value]
    if isinstance(value, dict):
        return {key: _shown(each, key) for key, each in value.items() if not key.startswith("_")}
    if value is not None and (name.endswith("Set") or name == "price"):
        # What the customer saw is asked for of the total alone.
        return money(value) if name == "currentTotalPriceSet" else {"shopMoney": money(value)["shopMoney"]}
    return value


def money(value: Any) -> Raw:
    """Write an amount as a MoneyBag; a pair is the shop's money and what the customer saw."""
    shop, shown = value if isinstance(value, tuple) else (value, value)
    return {"shopMoney": {"amount": str(shop)}, "presentmentMoney": {"amount": str(shown)}}


def _more_lines(raw: Raw | None, variables: Raw) -> Raw | None:
    if raw is None:
        return None
    lines = page(_shown(raw["lineItems"]), {"first": variables["lines"], "after": variables.get("after")})
    return {"id": raw["id"], "updatedAt": raw["updatedAt"], "lineItems": lines}


def _to_fulfil(raw: Raw | None) -> Raw | None:
    return None if raw is None else {"id": raw["id"], "fulfillmentOrders": page(raw["fulfillmentOrders"], {"first": 50})}


def _list_of(root: Raw, variables: Raw) -> Raw:
    how = {name: variables.get(name) for name in ("first", "after", "query")}
    found: Raw = root["orders"](sortKey=variables["sort"], **how)
    return found


def _stocked(root: Raw, variables: Raw) -> Raw:
    """A page of variants with what one location has of each."""
    found: Raw = root["productVariants"](first=variables["first"], after=variables.get("after"))
    location = variables["location"]
    return {**found, "nodes": [{**each, "inventoryItem": _at(root, each["inventoryItem"], location)} for each in found["nodes"]]}


def _at(root: Raw, item: Raw | None, location: str) -> Raw | None:
    return None if item is None else {**item, "inventoryLevel": root["level"](item["id"], location)}


_Query = Callable[[Raw, Raw], Mapping[str, Callable[[], Any]]]
QUERIES: dict[str, _Query] = {
    "Clock": lambda root, _: {"shop": lambda: {"id": root["shop"]["id"]}},
    "Shop": lambda root, _: {
        name: partial(root.__getitem__, name) for name in ("shop", "currentAppInstallation", "publicApiVersions")
    },
    "ListOrders": lambda root, given: {"orders": lambda: _listed(_list_of(root, given), _LISTED)},
    "ListIds": lambda root, given: {"orders": lambda: _listed(_list_of(root, given), ("id", "updatedAt"))},
    "ListedOrders": lambda root, given: {"nodes": lambda: [_lean(_LISTED)(raw) for raw in root["nodes"](given["ids"])]},
    "Statuses": lambda root, given: {"nodes": lambda: [_statuses(raw) for raw in root["nodes"](given["ids"])]},
    "WholeOrders": lambda root, given: {"nodes": lambda: [_whole(raw, given) for raw in root["nodes"](given["ids"])]},
    "MoreLines": lambda root, given: {"order": lambda: _more_lines(root["order"](id=given["id"]), given)},
    "Note": lambda root, given: {"order": lambda: _lean(("id", "note"))(root["order"](id=given["id"]))},
    "ToFulfil": lambda root, given: {"order": lambda: _to_fulfil(root["order"](id=given["id"]))},
    "PricesKept": lambda root, _: {"shop": partial(root.__getitem__, "shop")},
    "Products": lambda root, given: {"productVariants": lambda: root["productVariants"](**given)},
    "Stocked": lambda root, given: {"productVariants": lambda: _stocked(root, given)},
    "Locations": lambda root, given: {"locations": lambda: root["locations"](**given)},
    "Levels": lambda root, given: {"nodes": lambda: [_at(root, item, given["location"]) for item in root["nodes"](given["ids"])]},
    "Customers": lambda root, given: {"customers": lambda: root["customers"](**given)},
    "ListCustomers": lambda root, given: {"customers": lambda: root["customers"](**given)},
}
MUTATIONS = {"PutNote": ("orderUpdate", "input"), "Fulfil": ("fulfillmentCreate", "fulfillment")}
"""Operation → its mutation and the argument that it takes."""


def actual(data: Any) -> int:
    """Return the points that an answer took: its objects, by Shopify's documented rules; a mutation 10."""
    if isinstance(data, list):
        return sum(actual(each) for each in data)
    if not isinstance(data, dict):
        return 0
    if any(isinstance(each, dict) and "userErrors" in each for each in data.values()):
        return MUTATION * len(data)
    return sum(_object(key, each) for key, each in data.items())


def _object(key: str, value: Any) -> int:
    if key == "pageInfo":
        return 0
    if isinstance(value, dict):
        return 1 + actual(value)
    if isinstance(value, list):
        return sum(1 + actual(each) for each in value if isinstance(each, dict))
    return 0


def error(code: str, message: str) -> Raw:
    """Write an entry of an answer's errors."""
    return {"message": message, "extensions": {"code": code}}


def page(rows: list[Raw], how: Mapping[str, Any]) -> Raw:
    """A page by a cursor that counts rows."""
    if how.get("includeRemovals") is False:
        rows = [row for row in rows if not row.get("isRemoved")]
    begin = int(base64.b64decode(how["after"])) if how.get("after") else 0
    end = begin + min(how.get("first") or 0, 250)
    cursor = base64.b64encode(str(end).encode()).decode()
    info = {"hasNextPage": end < len(rows), "endCursor": cursor if rows[begin:end] else None}
    return {"nodes": rows[begin:end], "pageInfo": info}
