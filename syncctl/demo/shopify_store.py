"""A simulated Shopify: an HTTP server on loopback that knows the operations we send, with a bucket of points and moving lists.

Its lists are as unkind as a list may be: a cursor counts rows, so that a list that moves makes it skip some; a row may stand in
its old place with its new date. The tests' own (`tests/shopify_shop.py`) is this one, but executes whatever it is sent on
Shopify's published schema; this one needs no GraphQL library, and answers by an operation's name.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any, Self

from syncctl.clock import Clock, system_clock
from syncctl.demo.loopback import LoopbackServer
from syncctl.demo.shopify_levels import Levels
from syncctl.demo.shopify_prices import Prices
from syncctl.demo.shopify_raws import Raw
from syncctl.demo.shopify_replies import MUTATION, MUTATIONS, QUERIES, actual, error, page, payload_of
from syncctl.stores.shopify_operations import NEWEST

TOKEN = "shpat_0123456789abcdef0123456789abcdef"  # noqa: S105 - opens nothing but this
MOST_POINTS = 1000
SCOPES = (
    "read_orders", "write_orders", "read_customers", "read_products", "read_all_orders", "read_inventory", "write_inventory",
    "read_locations", "write_products",
)  # fmt: skip
_TERM = re.compile(r"(\w+):(>=|<=|>|<|)'?([^' ]+)'?")


class ShopifyError(Exception):
    """A field could not be had or written; its `code` goes into the answer's errors."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Refused(Exception):
    """A request that is not carried out at all; `errors` say why."""

    def __init__(self, errors: list[Raw]) -> None:
        super().__init__(str(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that can be carried out: what has to be in the bucket for it, and how to."""

    points: float
    run: Callable[[], tuple[Raw | None, list[Raw]]]
    """Gives data, None where all of it failed, and errors."""


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
        self.token = TOKEN
        self.orders: dict[int, Raw] = {}
        self.last_id = 4700
        """The highest id that an order ever had."""
        self.products: list[Raw] = []
        self.customers: list[Raw] = []
        self.stock = Levels(lambda: self.products)
        self.prices = Prices(lambda: self.products)
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
        self.lock = threading.RLock()
        self._server = LoopbackServer(("127.0.0.1", 0), _handler_of(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        """The shop's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def load(self, orders: Iterable[Raw]) -> None:
        """Take over orders, in place of those of their ids."""
        with self.lock:
            for raw in orders:
                number = int(raw["id"].rpartition("/")[2])
                self.orders[number] = raw
                self.last_id = max(self.last_id, number)

    def touch(self, order_id: int, **fields: Any) -> Raw:
        """Change an order as somebody in the shop would."""
        with self.lock:
            raw = self.orders[order_id]
            raw |= fields
            raw["updatedAt"] = self.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return raw

    def empty(self) -> None:
        """Let another program take all the points there are."""
        self.available, self._at = 0.0, self.clock()

    def fail(self, kind: str, **how: Any) -> None:
        """Line up a fault; see `Fault`."""
        self.faults.append(Fault(kind, **how))

    # === Answers ===

    def handle(self, path: str, token: str, body: bytes) -> tuple[int, Any]:
        """Answer a request that no fault hits."""
        if path != f"/admin/api/{self.version}/graphql.json":
            return 404, {"errors": "Not Found"}
        if token != self.token:
            return 401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
        asked = json.loads(body)
        name, variables = asked["operationName"], asked.get("variables") or {}
        try:
            prepared = self.prepare(name, asked["query"], variables)
        except Refused as refused:
            return 200, {"errors": refused.errors}
        wanted = prepared.points
        self._refill()
        if wanted > MOST_POINTS:
            return 200, {"errors": [error("MAX_COST_EXCEEDED", f"Query cost is {wanted:g}, the limit is {MOST_POINTS}")]}
        if wanted > self.available:
            self.throttled += 1
            return 200, {"errors": [error("THROTTLED", "Throttled")], "extensions": self._cost(wanted, None)}
        data, errors = prepared.run()
        took = actual(data)
        self.available -= took
        self.used += took
        self.calls.append((name, variables))
        answer: Raw = {"data": data, "extensions": self._cost(wanted, took)}
        return 200, answer | ({"errors": errors} if errors else {})

    def prepare(self, name: str, query: str, variables: Raw) -> Prepared:  # noqa: ARG002 - the schema's has to read the query
        """Look at a request without carrying it out.

        Raises:
            Refused: it is none that this shop knows.
        """
        root = self.root()
        if name == "Mark":
            return Prepared(MUTATION * _marks(variables), lambda: self._mark(root, variables))
        if name == "SetStock":
            put = partial(root["inventorySetQuantities"], variables["input"], key=variables["key"])
            return Prepared(MUTATION, lambda: self._fields({"inventorySetQuantities": partial(payload_of, put)}))
        if name == "SetPrices":
            groups = sum(each.startswith("product") for each in variables)
            return Prepared(
                MUTATION * groups,
                lambda: self._fields({f"prices{at}": self._put_prices(root, variables, at) for at in range(groups)}),
            )
        if name in MUTATIONS:
            field, argument = MUTATIONS[name]
            made = partial(root[field], **{argument: variables[argument]})
            return Prepared(MUTATION, lambda: self._fields({field: partial(payload_of, made)}))
        if name not in QUERIES:
            raise Refused([error("undefinedField", f"Operation {name} isn't known here")])
        data, errors = self._fields(QUERIES[name](root, variables))
        # Without a schema nothing tells what a request could take beyond what it does.
        return Prepared(actual(data), lambda: (data, errors))

    def _fields(self, fields: Mapping[str, Callable[[], Any]]) -> tuple[Raw, list[Raw]]:
        """Carry out the fields of a request one by one: one that fails is null, and stands among the errors."""
        data: Raw = {}
        errors: list[Raw] = []
        for name, made in fields.items():
            try:
                data[name] = made()
            except ShopifyError as failed:
                data[name] = None
                errors.append({**error(failed.code, str(failed)), "path": [name]})
        return data, errors

    def _mark(self, root: Raw, variables: Raw) -> tuple[Raw, list[Raw]]:
        fields: dict[str, Callable[[], Any]] = {}
        for at in range(_marks(variables)):
            order_id = variables[f"id{at}"]
            if variables[f"stale{at}"]:
                fields[f"former{at}"] = partial(root["tagsRemove"], id=order_id, tags=variables[f"former{at}"])
            fields[f"tags{at}"] = partial(root["tagsAdd"], id=order_id, tags=variables[f"tags{at}"])
            fields[f"fields{at}"] = partial(root["metafieldsSet"], metafields=variables[f"fields{at}"])
        return self._fields({name: partial(payload_of, made) for name, made in fields.items()})

    def _refill(self) -> None:
        now = self.clock()
        self.available = min(self.most, self.available + (now - self._at).total_seconds() * self.restore)
        self._at = now

    def _cost(self, wanted: float, took: float | None) -> Raw:
        status = {"maximumAvailable": self.most, "currentlyAvailable": int(self.available), "restoreRate": self.restore}
        return {"cost": {"requestedQueryCost": wanted, "actualQueryCost": took, "throttleStatus": status}}

    def root(self) -> Raw:
        """Return every field that a request may begin with, those with arguments as functions."""
        versions = [{"handle": each, "supported": True} for each in ("2026-04", "2026-07", "2026-10")]
        return {
            "shop": {
                "id": "gid://shopify/Shop/1",
                "name": "A shop",
                "currencyCode": self.prices.currency,
                "taxesIncluded": self.prices.taxes_included,
            },
            "currentAppInstallation": {"accessScopes": [{"handle": scope} for scope in self.scopes]},
            "publicApiVersions": versions,
            "orders": self._list,
            "nodes": lambda ids: [self._find(each) for each in ids],
            "order": lambda **how: self._find(how["id"]),
            "productVariants": lambda **how: page(self.products, how),
            "customers": lambda **how: page(self._customers(how.get("query") or ""), how),
            "orderUpdate": self._update,
            "tagsAdd": self._add_tags,
            "tagsRemove": self._remove_tags,
            "metafieldsSet": self._set_fields,
            "fulfillmentCreate": self._fulfil,
            "locations": lambda **how: page(self.stock.locations, how),
            "inventorySetQuantities": self._set_stock,
            "productVariantsBulkUpdate": self._set_prices,
            "level": self.stock.level,
        }

    def _find(self, gid: str) -> Raw | None:
        if "/InventoryItem/" in gid:
            variant = self.stock.find(gid)
            return None if variant is None else variant["inventoryItem"]
        return self.orders.get(int(gid.rpartition("/")[2]))

    def _customers(self, query: str) -> list[Raw]:
        """List customers by id; a first trial asks for all of them in the order that they have."""
        found = [raw for raw in self.customers if all(_holds(raw, *term) for term in _TERM.findall(query))]
        return sorted(found, key=lambda raw: int(raw["id"].rpartition("/")[2])) if query else found

    def _list(self, *, query: str = "", sortKey: str = "PROCESSED_AT", **how: Any) -> Raw:  # noqa: N803
        found = [raw for raw in self.orders.values() if all(_holds(raw, *term) for term in _TERM.findall(query))]
        found.sort(key=lambda raw: (_indexed(raw) if sortKey == "UPDATED_AT" else "", int(raw["id"].rpartition("/")[2])))
        return page(found, how)

    # === Writes ===

    def _written(self, name: str, made: Callable[[], Raw]) -> Raw:
        self.writes[name] += 1
        said = self.user_errors.pop(name, None)
        if said is not None:
            return {"userErrors": [{"field": ["input"], "message": said}]}
        return {"userErrors": [], **made()}

    def _of(self, gid: str, change: Callable[[Raw], object]) -> Raw:
        raw = self._find(gid)
        if raw is None:
            raise ShopifyError("invalid id", "RESOURCE_NOT_FOUND")
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

    def _set_stock(self, input: Raw, *, key: str) -> Raw:  # noqa: A002 - the argument's own name
        if "write_inventory" not in self.scopes:
            raise ShopifyError("Access denied for inventorySetQuantities field.", "ACCESS_DENIED")
        return self._written("inventorySetQuantities", lambda: self.stock.put(input, key))

    def _put_prices(self, root: Raw, variables: Raw, at: int) -> Callable[[], Raw]:
        given = {"productId": variables[f"product{at}"], "variants": variables[f"variants{at}"]}
        made: Callable[[], Raw] = partial(root["productVariantsBulkUpdate"], **given, allowPartialUpdates=True)
        return made

    def _set_prices(self, *, productId: str, variants: list[Raw], allowPartialUpdates: bool = False) -> Raw:  # noqa: N803
        if "write_products" not in self.scopes:
            raise ShopifyError("Access denied for productVariantsBulkUpdate field.", "ACCESS_DENIED")
        self.writes["productVariantsBulkUpdate"] += 1
        return self.prices.put(productId, variants, partial=allowPartialUpdates)

    def take_fault(self, operation: str) -> Fault | None:
        """Return what hits this request, if anything does."""
        for fault in self.faults:
            if fault.times and fault.operation in ("", operation):
                fault.times -= 1
                return fault
        return None


def _set_field(field: Raw, raw: Raw) -> None:
    raw["metafields"][field["namespace"], field["key"]] = {"value": field["value"]}


def _marks(variables: Raw) -> int:
    return sum(name.startswith("id") for name in variables)


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


def _handler_of(shop: SimulatedShopify) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = json.loads(body)
            with shop.lock:
                fault = shop.take_fault(asked["operationName"])
                if shop.before is not None:
                    shop.before(asked["operationName"], asked.get("variables") or {})
                headers: Mapping[str, str] = shop.headers
                if fault is not None and fault.kind != "lost":
                    status, answer = fault.status, fault.body
                    headers = fault.headers or {}
                else:
                    status, answer = shop.handle(self.path, self.headers.get("X-Shopify-Access-Token", ""), body)
                content = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            if fault is not None and fault.kind == "lost":
                self.close_connection = True
                return
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
