"""A simulated Shopify: an HTTP server on loopback that executes GraphQL on Shopify's own schema, with its bucket of points.

Its lists are as unkind as a list may be: a cursor counts rows, so that a list that moves makes it skip some; a row may stand in
its old place with its new date.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache, partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from syncctl.clock import Clock, system_clock
from syncctl.demo.store import _Server
from syncctl.stores.shopify_operations import NEWEST
from tests.shopify_cost import actual, requested

Raw = dict[str, Any]
DATA = Path(__file__).parent / "data" / "shopify"
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
MOST_POINTS = 1000
SCOPES = ("read_orders", "write_orders", "read_customers", "read_products", "read_all_orders")
_TERM = re.compile(r"(\w+):(>=|<=|>|<|)'?([^' ]+)'?")


@cache
def schema(version: str = NEWEST) -> GraphQLSchema:
    return build_schema((DATA / f"admin_{version}.graphql").read_text(encoding="utf-8"), assume_valid=True)


@dataclass
class Fault:
    """What a request is answered with instead; `lost`: it is done, and the answer never comes."""

    kind: str
    operation: str = ""
    times: int = 1
    status: int = 500
    headers: Mapping[str, str] | None = None
    body: Any = None


class SimulatedShopify:
    """The shop: its server, its orders, its bucket."""

    def __init__(self, *, clock: Clock = system_clock, version: str = NEWEST, bucket: int = 2000, restore: int = 100) -> None:
        self.clock = clock
        self.version = version
        self.orders: dict[int, Raw] = {}
        self.products: list[Raw] = []
        self.customers: list[Raw] = []
        self.scopes = list(SCOPES)
        self.most, self.restore = bucket, restore
        self.available, self._at = float(bucket), clock()
        self.used = 0.0
        self.throttled = 0
        self.calls: list[tuple[str, Raw]] = []
        """Every request that was answered with data: operation and variables."""
        self.before: Callable[[str, Raw], None] | None = None
        """Called with operation and variables before each answer: what happens in the shop meanwhile."""
        self.faults: list[Fault] = []
        self.user_errors: dict[str, str] = {}
        """Mutation → what it says, once."""
        self.errors: dict[tuple[int, str], str] = {}
        """(order id, field) → the code of the error in its place."""
        self.headers: dict[str, str] = {}
        self.fulfilled: list[Raw] = []
        self.writes: Counter[str] = Counter()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self._lock = threading.RLock()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def load(self, orders: Iterable[Raw]) -> None:
        for raw in orders:
            self.orders[int(raw["id"].rpartition("/")[2])] = raw

    def touch(self, order_id: int, **fields: Any) -> Raw:
        """Change an order as somebody in the shop would."""
        raw = self.orders[order_id]
        raw |= fields
        raw["updatedAt"] = self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return raw

    def empty(self) -> None:
        """Let another program take all the points there are."""
        self.available, self._at = 0.0, self.clock()

    def fail(self, kind: str, **how: Any) -> None:
        self.faults.append(Fault(kind, **how))

    # === Answers ===

    def handle(self, path: str, token: str, body: bytes) -> tuple[int, Any]:
        """Answer a request that no fault hits."""
        if path != f"/admin/api/{self.version}/graphql.json":
            return 404, {"errors": "Not Found"}
        if token != TOKEN:
            return 401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
        asked = json.loads(body)
        document, variables = parse(asked["query"]), asked.get("variables") or {}
        kinds = schema(self.version)
        if wrong := validate(kinds, document):
            return 200, {"errors": [{"message": error.message, "extensions": {"code": "undefinedField"}} for error in wrong]}
        wanted = requested(kinds, document, variables)
        self._refill()
        if wanted > MOST_POINTS:
            return 200, {"errors": [_error("MAX_COST_EXCEEDED", f"Query cost is {wanted:g}, the limit is {MOST_POINTS}")]}
        if wanted > self.available:
            self.throttled += 1
            return 200, {"errors": [_error("THROTTLED", "Throttled")], "extensions": self._cost(wanted, None)}
        done = execute_sync(kinds, document, self._root(), variable_values=variables, field_resolver=self._resolve)
        took = actual(done.data)
        self.available -= took
        self.used += took
        self.calls.append((asked["operationName"], variables))
        answer: Raw = {"data": done.data, "extensions": self._cost(wanted, took)}
        if done.errors:
            answer["errors"] = [error.formatted for error in done.errors]
        return 200, answer

    def _refill(self) -> None:
        now = self.clock()
        self.available = min(self.most, self.available + (now - self._at).total_seconds() * self.restore)
        self._at = now

    def _cost(self, wanted: float, took: float | None) -> Raw:
        status = {"maximumAvailable": self.most, "currentlyAvailable": int(self.available), "restoreRate": self.restore}
        return {"cost": {"requestedQueryCost": wanted, "actualQueryCost": took, "throttleStatus": status}}

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        name, kind = info.field_name, str(get_named_type(info.return_type))
        value = source.get(name)
        if info.parent_type.name == "Order":
            code = self.errors.get((int(source["id"].rpartition("/")[2]), name))
            if code:
                raise GraphQLError(f"{name} can't be had", extensions={"code": code})
            if name == "metafield":
                return source["metafields"].get((arguments["namespace"], arguments["key"]))
        if callable(value):
            return value(**arguments)
        if kind.endswith("Connection"):
            return _page(value or [], arguments)
        if kind == "MoneyBag" and value is not None and not isinstance(value, dict):
            shop, shown = value if isinstance(value, tuple) else (value, value)
            return {"shopMoney": {"amount": str(shop)}, "presentmentMoney": {"amount": str(shown)}}
        return value

    def _root(self) -> Raw:
        versions = [{"handle": each, "supported": True} for each in ("2026-04", "2026-07", "2026-10")]
        return {
            "shop": {"id": "gid://shopify/Shop/1", "name": "A shop"},
            "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in self.scopes]},
            "publicApiVersions": versions,
            "orders": self._list,
            "nodes": lambda ids: [self._find(each) for each in ids],
            "order": lambda **how: self._find(how["id"]),
            "productVariants": lambda **how: _page(self.products, how),
            "customers": lambda **how: _page(self.customers, how),
            "orderUpdate": self._update,
            "tagsAdd": self._add_tags,
            "tagsRemove": self._remove_tags,
            "metafieldsSet": self._set_fields,
            "fulfillmentCreate": self._fulfil,
        }

    def _find(self, gid: str) -> Raw | None:
        return self.orders.get(int(gid.rpartition("/")[2]))

    def _list(self, *, query: str = "", sortKey: str = "PROCESSED_AT", **how: Any) -> Raw:  # noqa: N803
        found = [raw for raw in self.orders.values() if all(_holds(raw, *term) for term in _TERM.findall(query))]
        found.sort(key=lambda raw: (_indexed(raw) if sortKey == "UPDATED_AT" else "", int(raw["id"].rpartition("/")[2])))
        return _page(found, how)

    def _written(self, name: str, made: Callable[[], Raw]) -> Raw:
        self.writes[name] += 1
        said = self.user_errors.pop(name, None)
        if said is not None:
            return {"userErrors": [{"field": ["input"], "message": said}]}
        return {**made(), "userErrors": []}

    def _of(self, gid: str, change: Callable[[Raw], object]) -> Raw:
        raw = self._find(gid)
        if raw is None:
            raise GraphQLError("invalid id", extensions={"code": "RESOURCE_NOT_FOUND"})
        change(raw)
        self.touch(int(gid.rpartition("/")[2]))
        return raw

    def _update(self, **how: Any) -> Raw:
        given = how["input"]
        return self._written("orderUpdate", lambda: {"order": self._of(given["id"], lambda raw: raw.update(note=given["note"]))})

    def _add_tags(self, **how: Any) -> Raw:
        def add(raw: Raw) -> None:
            raw["tags"] = sorted({*raw["tags"], *how["tags"]})

        return self._written("tagsAdd", lambda: {"node": self._of(how["id"], add)})

    def _remove_tags(self, **how: Any) -> Raw:
        def remove(raw: Raw) -> None:
            raw["tags"] = [tag for tag in raw["tags"] if tag not in how["tags"]]

        return self._written("tagsRemove", lambda: {"node": self._of(how["id"], remove)})

    def _set_fields(self, *, metafields: list[Raw]) -> Raw:
        def made() -> Raw:
            for each in metafields:
                self._of(each["ownerId"], partial(_set_field, each))
            return {"metafields": []}

        return self._written("metafieldsSet", made)

    def _fulfil(self, *, fulfillment: Raw, **_: Any) -> Raw:
        def made() -> Raw:
            self.fulfilled.append(fulfillment)
            for part in fulfillment["lineItemsByFulfillmentOrder"]:
                for number, raw in self.orders.items():
                    for each in raw["fulfillmentOrders"]:
                        if each["id"] == part["fulfillmentOrderId"]:
                            each["status"] = "CLOSED"
                            self.touch(number, displayFulfillmentStatus="FULFILLED")
            return {"fulfillment": {"id": f"gid://shopify/Fulfillment/{len(self.fulfilled)}"}}

        return self._written("fulfillmentCreate", made)

    def take_fault(self, operation: str) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.operation in ("", operation):
                fault.times -= 1
                return fault
        return None


def _set_field(field: Raw, raw: Raw) -> None:
    raw["metafields"][field["namespace"], field["key"]] = {"value": field["value"]}


def _error(code: str, message: str) -> Raw:
    return {"message": message, "extensions": {"code": code}}


def _indexed(raw: Raw) -> str:
    """The date by which the search knows an order."""
    return str(raw.get("_indexed") or raw["updatedAt"])


def _holds(raw: Raw, name: str, sign: str, value: str) -> bool:
    if name == "id":
        held: Any = int(raw["id"].rpartition("/")[2])
        wanted: Any = int(value)
    else:
        held = datetime.fromisoformat(_indexed(raw) if name == "updated_at" else raw["createdAt"])
        wanted = datetime.fromisoformat(value)
    answers: dict[str, bool] = {
        ">=": held >= wanted,
        "<=": held <= wanted,
        ">": held > wanted,
        "<": held < wanted,
        "": held == wanted,
    }
    return answers[sign]


def _page(rows: list[Raw], how: Mapping[str, Any]) -> Raw:
    """A page by a cursor that counts rows."""
    if how.get("includeRemovals") is False:
        rows = [row for row in rows if not row.get("isRemoved")]
    begin = int(base64.b64decode(how["after"])) if how.get("after") else 0
    end = begin + min(how.get("first") or 0, 250)
    cursor = base64.b64encode(str(end).encode()).decode()
    info = {"hasNextPage": end < len(rows), "endCursor": cursor if rows[begin:end] else None}
    return {"nodes": rows[begin:end], "pageInfo": info}


def _handler_of(shop: SimulatedShopify) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = json.loads(body)
            with shop._lock:
                fault = shop.take_fault(asked["operationName"])
                if shop.before is not None:
                    shop.before(asked["operationName"], asked.get("variables") or {})
                headers: Mapping[str, str] = shop.headers
                if fault is not None and fault.kind != "lost":
                    status, answer = fault.status, fault.body
                    headers = fault.headers or {}
                else:
                    status, answer = shop.handle(self.path, self.headers.get("X-Shopify-Access-Token", ""), body)
            if fault is not None and fault.kind == "lost":
                self.close_connection = True
                return
            content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            given = {
                "Date": format_datetime(shop.clock().astimezone(UTC), usegmt=True),
                "Content-Type": "application/json",
                "Content-Length": str(len(content)),
                **headers,
            }
            head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in given.items())
            self.wfile.write(f"{head}\r\n".encode() + content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's own name
            """Keep quiet."""

    return Handler
