"""Shopify as a `Store`, through its Admin GraphQL API."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import StoreMisconfigured, StoreRefused, StoreUnavailable
from syncctl.http_dates import date_of
from syncctl.models import Meaning, Order
from syncctl.stop import StopFlag
from syncctl.stores import shopify_customers
from syncctl.stores.base import (
    ORDERS_WALK,
    Listed,
    Outdated,
    Page,
    PriceRules,
    PriceWrite,
    Product,
    StatusWrite,
    StockWrite,
    StoreCustomer,
    StoreStatus,
    WalkState,
)
from syncctl.stores.customers import CustomerPage, CustomerPlace
from syncctl.stores.shopify_http import Client, Connection
from syncctl.stores.shopify_operations import CLOCK, CUSTOMERS, LISTED_BY_ID, SHOP, STATUSES, Operation
from syncctl.stores.shopify_orders import gid, number_of, read_address, read_order
from syncctl.stores.shopify_prices import price_rules, put_prices
from syncctl.stores.shopify_statuses import StatusRules, meaning_in, meaning_of, status_of, why_never
from syncctl.stores.shopify_stock import Stock
from syncctl.stores.shopify_walk import MOST_PER_PAGE, ListReader, faults_of, iso
from syncctl.stores.shopify_whole import WholeOrders, of_fault
from syncctl.stores.shopify_writes import Writer, read_tags
from syncctl.stores.values import moment, text

log = logging.getLogger(__name__)

_SECOND = timedelta(seconds=1)
_SCOPES = ("read_orders", "read_customers")
"""Without these no order can be read whole."""
_STOCK_SCOPES = ("read_products", "read_inventory", "read_locations")
"""Without these nobody sees what a location has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a site makes of its store."""

    statuses: StatusRules = field(default_factory=StatusRules)
    fulfils: bool = False
    """Whether an order that was shipped is told to be fulfilled."""
    stock: bool = False
    """Whether the store is told of its stock."""
    prices: bool = False
    """Whether the store is told of its prices."""
    location: str | None = None
    """The number of the location whose stock is told; None for the only active one."""


class Shopify:
    """A Shopify store. See `base.Store` for what each method promises."""

    source_system = "shopify"
    walks = (ORDERS_WALK,)
    writes_together = True
    connections = 4
    """Requests at once: the points are what limits, not workers."""

    def __init__(
        self,
        connection: Connection,
        *,
        store_id: str = "shopify",
        rules: Rules | None = None,
        clock: Clock = system_clock,
        sleeper: Sleeper = system_sleeper,
        stop: StopFlag | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store_id = store_id
        self._rules = rules or Rules()
        self._clock = clock
        self.client = Client(connection, clock=clock, sleeper=sleeper, stop=stop, seconds=seconds)
        self._lists = ListReader(self.client, self._rules.statuses)
        self._whole = WholeOrders(self.client, connection.version)
        self._writer = Writer(self.client, fulfils=self._rules.fulfils)
        self._stock = Stock(self.client, self._rules.location)
        self._scopes: frozenset[str] | None = None
        self._advice: list[str] = []
        self._tags: dict[int, list[str]] = {}
        """The tags of orders whose status was read last."""

    @property
    def warnings(self) -> Sequence[str]:
        """See `base.Store.warnings`."""
        return [*self.client.warnings, *self._advice]

    @property
    def version_ends(self) -> date | None:
        """See `base.Store.version_ends`. Shopify keeps each for twelve months (shopify.dev, API versioning)."""
        year, _, month = self.client.connection.version.partition("-")
        return date(int(year) + 1, int(month), 1) if year.isdigit() and month.isdigit() else None

    def pages(
        self,
        walk: WalkState,
        *,
        batch_size: int,
        modified_until: datetime | None = None,
        most: int | None = None,  # noqa: ARG002
    ) -> Iterator[Page]:
        """See `base.Store.pages`. By the date of the last change, not by id: the place is the second that was reached."""
        return self._lists.changed(walk, batch_size=batch_size, modified_until=modified_until)

    def expect_walks(self, walks: Sequence[WalkState], *, batch_size: int) -> None:
        """See `base.Store.expect_walks`: there is one walk."""

    @property
    def pages_ahead(self) -> int:
        """See `base.Store.pages_ahead`: a page's orders are asked for together, and cost points."""
        return 0

    def expect(self, listed: Sequence[Listed]) -> None:
        """See `base.Store.expect`."""
        self._whole.expect([each.order_id for each in listed])

    def read(self, listed: Listed) -> Order | None:
        """See `base.Store.read`."""
        return self._order(self._whole.get(listed.order_id))

    def get(self, order_id: int) -> Order | None:
        """See `base.Store.get`."""
        raw = self._whole.get(order_id)
        if raw is None:
            self._require_gone(order_id)
        return self._order(raw)

    def created(
        self, created_since: datetime, created_until: datetime, *, batch_size: int, walk: str = ORDERS_WALK
    ) -> Iterator[Page]:
        """See `base.Store.created`."""
        state = WalkState(name=walk, since_dt=created_since, until_dt=created_until)
        query = f"created_at:>='{iso(created_since - _SECOND)}' created_at:<='{iso(created_until + _SECOND)}'"
        return self._lists.by_id(query, state, batch_size=max(batch_size, MOST_PER_PAGE))

    def of_ids(self, order_ids: Sequence[int]) -> Iterator[Page]:
        """See `base.Store.of_ids`."""
        now = self._clock()
        state = WalkState(name=ORDERS_WALK, since_dt=now, until_dt=now)
        for first in range(0, len(order_ids), MOST_PER_PAGE):
            some = order_ids[first : first + MOST_PER_PAGE]
            rows, read_at = self._nodes(LISTED_BY_ID, some)
            listed = [row for raw in rows if raw is not None and (row := self._lists.listed(raw)) is not None]
            yield Page(listed=tuple(listed), after=state, read_at=read_at)

    def gaps(
        self,
        created_since: datetime,  # noqa: ARG002
        created_until: datetime,  # noqa: ARG002
        *,
        walk: str = ORDERS_WALK,  # noqa: ARG002
        most: int = 20,  # noqa: ARG002
    ) -> list[tuple[int | None, int | None]]:
        """See `base.Store.gaps`: Shopify counts nothing that it doesn't show."""
        return []

    def shows(self, order_id: int) -> bool:
        """See `base.Store.shows`."""
        return any(number_of(row.get("id")) == order_id for row in self._lists.rows(f"id:{order_id}", "ID", 2).rows if row)

    def meaning(self, status: str) -> Meaning:
        """See `base.Store.meaning`."""
        return meaning_of(status, fulfils=self._rules.fulfils)

    def why_never(self, status: str) -> str:
        """See `base.Store.why_never`."""
        return why_never(status)

    def read_status(self, order_id: int) -> StoreStatus:
        """See `base.Store.read_status`."""
        found = self.read_statuses([order_id])
        if order_id in found:
            return found[order_id]
        self._require_gone(order_id)
        return StoreStatus(status="", exists=False)

    def read_statuses(self, order_ids: Sequence[int]) -> dict[int, StoreStatus]:
        """See `base.Store.read_statuses`."""
        rows, _ = self._nodes(STATUSES, order_ids)
        found: dict[int, StoreStatus] = {}
        for order_id, raw in zip(order_ids, rows, strict=True):
            if raw is None:
                continue
            field = raw.get("metafield")
            tag = text(field.get("value")) if isinstance(field, Mapping) else ""
            statuses = self._rules.statuses
            found[order_id] = StoreStatus(status=status_of(raw, statuses), meaning=meaning_in(raw, statuses), tag=tag or None)
            self._tags[order_id] = read_tags(raw)
        return found

    def notes(self, order_id: int) -> list[str]:
        """See `base.Store.notes`: ours, which stand in the order's one note."""
        return self._writer.notes(order_id)

    def add_note(self, order_id: int, text: str) -> None:
        """See `base.Store.add_note`. What others wrote into the order's note stays before it."""
        self._writer.add_note(order_id, text)

    def put_status(self, order_id: int, status: str | None, *, tag: str | None = None, parcels: Sequence[str] = ()) -> None:
        """See `base.Store.put_status`."""
        self._writer.put_status(order_id, status, tag=tag, tags=self._tags.pop(order_id, ()), parcels=parcels)

    def put_statuses(self, writes: Sequence[StatusWrite]) -> set[int]:
        """See `base.Store.put_statuses`."""
        return self._writer.put_statuses([(write, self._tags.pop(write.order_id, ())) for write in writes])

    def server_time(self) -> datetime:
        """See `base.Store.server_time`. Ours where the answer has no Date header."""
        return date_of(self.client.read(CLOCK, {}).headers) or self._clock()

    def ping(self, *, writing: bool = False) -> datetime | None:
        """See `base.Store.ping`. The rights are told by the app's installation, so that nothing has to be tried."""
        reply = self.client.read(SHOP, {})
        self._advice = [*self._out_of_use(reply.data.get("publicApiVersions"))]
        app = reply.data.get("currentAppInstallation")
        scopes = app.get("accessScopes") if isinstance(app, Mapping) else None
        if isinstance(scopes, list):
            self._scopes = frozenset(text(each.get("handle")) for each in scopes if isinstance(each, Mapping))
            self._require_scopes(writing=writing)
        return date_of(reply.headers)

    def _out_of_use(self, versions: object) -> Iterator[str]:
        """Warn where the version in use is none of those that Shopify still supports."""
        known = [each for each in versions if isinstance(each, Mapping)] if isinstance(versions, list) else []
        supported = sorted(text(each.get("handle")) for each in known if each.get("supported") is True)
        version = self.client.connection.version
        if supported and version not in supported:
            yield (
                f"Shopify supports version {version} of its API no more; set SYNCCTL_SHOPIFY_API_VERSION to one of "
                f"{', '.join(handle for handle in supported if handle != 'unstable')}"
            )

    def _require_scopes(self, *, writing: bool) -> None:
        wanted = [*_SCOPES, *(["write_orders"] if writing else [])]
        if writing and self._rules.fulfils:
            wanted.append("write_merchant_managed_fulfillment_orders")
        if writing and self._rules.stock:
            wanted += [*_STOCK_SCOPES, "write_inventory"]
        if writing and self._rules.prices:
            wanted.append("write_products")
        missing = [scope for scope in wanted if not self._may(scope)]
        if missing:
            raise StoreMisconfigured(
                f"{self.client.base}: the app of SYNCCTL_SHOPIFY_TOKEN lacks the access scope {', '.join(missing)}. Add it to "
                "the app's Admin API scopes, and install the app anew.",
                code="scope",
            )
        if writing and not self._may("read_all_orders"):
            self._advice.append(
                "the app may not read orders older than 60 days (access scope read_all_orders): what becomes of those is not "
                "followed"
            )

    def products(self) -> Iterator[Product]:
        """See `base.Store.products`. Stock is that of one location, where it is told, or shown by an app that may read it."""
        if not self._rules.stock and self._rules.location is None:
            if self._scopes is None:
                self.ping()
            if not all(self._may(scope) for scope in _STOCK_SCOPES):
                return self._stock.products_in_all()
        return self._stock.products(must=self._rules.stock)

    def put_stock(self, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
        """See `base.Store.put_stock`. What the store sold meanwhile is not overwritten."""
        return self._stock.put(writes)

    def price_rules(self) -> PriceRules:
        """See `base.Store.price_rules`."""
        return price_rules(self.client)

    def put_prices(self, writes: Sequence[PriceWrite]) -> dict[int, str | None]:
        """See `base.Store.put_prices`. Variants are told product by product, as Shopify takes them."""
        return put_prices(self.client, writes)

    def customers(self) -> Iterator[StoreCustomer]:
        """See `base.Store.customers`."""
        for raw in self.client.things(CUSTOMERS, "customers"):
            customer_id = number_of(raw.get("id"))
            if customer_id is None:
                continue
            mail = raw.get("defaultEmailAddress")
            email = text(mail.get("emailAddress")) if isinstance(mail, Mapping) else ""
            yield StoreCustomer(
                customer_id=customer_id,
                email=email,
                first_name=text(raw.get("firstName")),
                last_name=text(raw.get("lastName")),
                address=read_address(raw.get("defaultAddress"), email=email),
                modified_at=moment(raw.get("updatedAt")),
            )

    def customer_pages(
        self,
        place: CustomerPlace,
        *,
        since: datetime | None = None,
        most: int | None = None,  # noqa: ARG002
    ) -> Iterator[CustomerPage]:
        """See `base.Store.customer_pages`."""
        return shopify_customers.pages(self.client, place, since=since)

    def close(self) -> None:
        """See `base.Store.close`; tells in the log what the session cost."""
        bucket = self.client.bucket
        if bucket.requests:
            log.info("%s: %d requests used %.0f points.", self.client.base, bucket.requests, bucket.used)
        self.client.close()

    def _order(self, raw: Mapping[str, Any] | None) -> Order | None:
        return None if raw is None else read_order(dict(raw), self._rules.statuses)

    def _nodes(self, operation: Operation, order_ids: Sequence[int]) -> tuple[list[Mapping[str, Any] | None], datetime | None]:
        """Read something of many orders, in the order of their ids; None for one that isn't there.

        Raises:
            StoreUnavailable, StoreRefused: something of one of them could not be had.
        """
        if not order_ids:
            return [], None
        reply = self.client.read(operation, {"ids": [gid("Order", each) for each in order_ids]}, size=len(order_ids))
        nodes = reply.data.get("nodes")
        if not isinstance(nodes, list) or len(nodes) != len(order_ids):
            raise StoreUnavailable(f"{self.client.base}: the answer to {operation.name} isn't of these orders.", code="not_json")
        rows: list[Mapping[str, Any] | None] = []
        for place, (order_id, node) in enumerate(zip(order_ids, nodes, strict=True)):
            for fault in faults_of(reply.faults, place):
                if len(order_ids) == 1:
                    raise of_fault(order_id, fault)
            mine = isinstance(node, Mapping) and node.get("id") == gid("Order", order_id)
            rows.append(node if mine and not faults_of(reply.faults, place) else None)
        return rows, reply.asked_at

    def _may(self, scope: str) -> bool:
        """Tell whether a scope is granted; who may write may read."""
        held = self._scopes or frozenset()
        return scope in held or scope.replace("read_", "write_", 1) in held

    def _require_gone(self, order_id: int) -> None:
        """Make sure that an order which isn't shown is gone.

        Raises:
            StoreRefused: orders older than 60 days are hidden from this app, so that nobody can tell.
        """
        if self._scopes is None:
            self.ping()
        if self._scopes is not None and not self._may("read_all_orders"):
            raise StoreRefused(
                f"Order {order_id}: the store shows none of that id. Orders older than 60 days are hidden from this app, so that "
                "whether it is gone can't be told: give the app the access scope read_all_orders.",
                code="read_all_orders",
            )
