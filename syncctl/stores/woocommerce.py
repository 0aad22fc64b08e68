"""WooCommerce as a `Store`, through its REST API v3."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from html import unescape
from typing import Any

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import StoreRefused, StoreUnavailable
from syncctl.models import Order
from syncctl.stop import StopFlag
from syncctl.stores.base import ORDERS_WALK, TRASH_WALK, Page, Product, StoreCustomer, StoreStatus, UnreadableOrder, WalkState
from syncctl.stores.walk import MAX_PER_PAGE, IdWalk, Rows, Step
from syncctl.stores.woocommerce_answers import date_of
from syncctl.stores.woocommerce_http import Client, Connection
from syncctl.stores.woocommerce_orders import (
    NOT_ORDERS,
    TAG_KEY,
    TRASH,
    Raw,
    UnreadableError,
    modified_of,
    needs_refunds,
    read_address,
    read_order,
    status_of,
    tag_of,
    utc,
)

log = logging.getLogger(__name__)

BY_ID = {"orderby": "id", "order": "asc"}
NO_SUCH_ORDER = "woocommerce_rest_shop_order_invalid_id"
_ONE_SECOND = timedelta(seconds=1)


class WooCommerce:
    """A WooCommerce store. See `base.Store` for what each method promises."""

    source_system = "woocommerce"

    def __init__(
        self,
        connection: Connection,
        *,
        store_id: str = "woocommerce",
        clock: Clock = system_clock,
        sleeper: Sleeper = system_sleeper,
        stop: StopFlag | None = None,
    ) -> None:
        self.store_id = store_id
        self._clock = clock
        self._client = Client(connection, clock=clock, sleeper=sleeper, stop=stop)

    def pages(self, walk: WalkState, *, batch_size: int, modified_until: datetime | None = None) -> Iterator[Page]:
        """See `base.Store.pages`."""
        trashed = walk.name == TRASH_WALK
        parameters = {
            "status": TRASH if trashed else "any",
            # Exclusive, of one second's resolution, and right in every version only as naive UTC with the flag.
            "modified_after": _naive(walk.since_dt - _ONE_SECOND),
            "dates_are_gmt": "true",
        }
        for step in self._walk(
            "/orders", parameters, batch_size=batch_size, last_id=walk.last_id, row_offset=walk.row_offset
        ).steps():
            wanted = [row for row in step.rows if _belongs(row, walk.since_dt, modified_until, trashed=trashed)]
            yield self._page(wanted, step, walk)

    def _page(self, rows: list[Raw], step: Step, walk: WalkState) -> Page:
        """Read the rows of a step."""
        after = replace(walk, last_id=step.last_id, row_offset=step.row_offset, finished=step.finished)
        orders: list[Order] = []
        unreadable: list[UnreadableOrder] = []
        for raw in rows:
            read = self._read(raw)
            if isinstance(read, UnreadableOrder):
                unreadable.append(read)
            elif read is not None:
                orders.append(read)
        return Page(orders=tuple(orders), after=after, unreadable=tuple(unreadable), rows=step.seen)

    def get(self, order_id: int) -> Order | None:
        """See `base.Store.get`.

        Raises:
            StoreRefused: there is such an order, and it can't be read.
        """
        raw = self._raw(order_id)
        read = None if raw is None else self._read(raw)
        if isinstance(read, UnreadableOrder):
            raise StoreRefused(f"Order {order_id}: the store's answer makes no sense: {read.message}.", code="unreadable")
        return read

    def created(
        self, created_since: datetime, created_until: datetime, *, batch_size: int, trashed: bool = False
    ) -> Iterator[Page]:
        """See `base.Store.created`."""
        parameters = {
            "status": TRASH if trashed else "any",
            "after": _naive(created_since - _ONE_SECOND),
            "before": _naive(created_until + _ONE_SECOND),
            "dates_are_gmt": "true",
        }
        walk = WalkState(name=TRASH_WALK if trashed else ORDERS_WALK, since_dt=created_since, until_dt=created_until)
        for step in self._walk("/orders", parameters, batch_size=batch_size).steps():
            wanted = [row for row in step.rows if status_of(row) not in NOT_ORDERS and (status_of(row) == TRASH) == trashed]
            yield self._page(wanted, step, walk)

    def read_status(self, order_id: int) -> StoreStatus:
        """See `base.Store.read_status`."""
        raw = self._raw(order_id)
        if raw is None:
            return StoreStatus(status="", exists=False)
        status = status_of(raw)
        return StoreStatus(status=status, tag=tag_of(raw), trashed=status == TRASH)

    def notes(self, order_id: int) -> list[str]:
        """See `base.Store.notes`. WooCommerce gives all of them in one answer."""
        try:
            data = self._client.get(f"/orders/{order_id}/notes").data
        except StoreRefused as refused:
            if refused.code in (NO_SUCH_ORDER, "woocommerce_rest_order_invalid_id"):
                return []
            raise
        return [unescape(str(note.get("note", ""))) for note in _list(data)]

    def add_note(self, order_id: int, text: str) -> None:
        """See `base.Store.add_note`. `customer_note` true would e-mail it to the customer."""
        self._client.send("POST", f"/orders/{order_id}/notes", {"note": text, "customer_note": False})

    def put_status(self, order_id: int, status: str | None, *, tag: str | None = None) -> None:
        """See `base.Store.put_status`. Not a batch update: that one takes a misspelt status for `pending`, in silence."""
        body: dict[str, Any] = {}
        if status is not None:
            body["status"] = status
        if tag is not None:
            body["meta_data"] = [{"key": TAG_KEY, "value": tag}]
        if body:
            self._client.send("PUT", f"/orders/{order_id}", body)

    def server_time(self) -> datetime:
        """See `base.Store.server_time`. Ours where the answer has no Date header."""
        answer = self._client.get("/orders", {"per_page": "1", "_fields": "id"})
        return date_of(answer.headers) or self._clock()

    def ping(self, *, writing: bool = False) -> datetime | None:
        """See `base.Store.ping`. A batch with nothing in it changes nothing, and is refused all the same to a read-only key."""
        answer = self._client.get("/orders", {"per_page": "1", "_fields": "id"})
        _list(answer.data)
        if writing:
            self._client.send("POST", "/orders/batch", {})
        return date_of(answer.headers)

    def products(self) -> Iterator[Product]:
        """See `base.Store.products`."""
        for step in self._walk("/products", {"status": "any"}).steps():
            for raw in step.rows:
                if raw.get("type") != "variable":
                    yield _product(raw, "", 0)
                    continue
                for variations in self._walk(f"/products/{raw['id']}/variations", {}).steps():
                    for variation in variations.rows:
                        yield _product(variation, str(raw.get("name") or ""), raw["id"])

    def customers(self) -> Iterator[StoreCustomer]:
        """See `base.Store.customers`. By id: registration dates have ties, and paging by them misses people."""
        for step in self._walk("/customers", {"role": "all"}).steps():
            for raw in step.rows:
                address = read_address(raw.get("billing"))
                yield StoreCustomer(
                    customer_id=raw["id"],
                    email=str(raw.get("email") or address.email),
                    first_name=str(raw.get("first_name") or address.first_name),
                    last_name=str(raw.get("last_name") or address.last_name),
                    address=address,
                    modified_at=utc(raw.get("date_modified_gmt")),
                )

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._client.close()

    def _walk(
        self, path: str, parameters: Mapping[str, str], *, batch_size: int = MAX_PER_PAGE, last_id: int = 0, row_offset: int = 0
    ) -> IdWalk:
        def fetch(paging: dict[str, str]) -> Rows:
            answer = self._client.get(path, {**parameters, **BY_ID, **paging})
            rows = _list(answer.data)
            if any(not isinstance(row, dict) or not isinstance(row.get("id"), int) for row in rows):
                raise StoreUnavailable(f"The store's answer to GET {path} is no list of objects with an id.", code="not_json")
            return Rows(rows, answer.total)

        return IdWalk(fetch=fetch, batch_size=batch_size, last_id=last_id, row_offset=row_offset)

    def _raw(self, order_id: int) -> Raw | None:
        """Read an order as the store gives it. Only its own 404 means that there is none; anything else is an error."""
        try:
            data = self._client.get(f"/orders/{order_id}").data
        except StoreRefused as refused:
            if refused.code == NO_SUCH_ORDER:
                return None
            raise
        if not isinstance(data, dict):
            raise StoreUnavailable(f"Order {order_id}: the store's answer is no order.", code="not_json")
        return data

    def _read(self, raw: Raw) -> Order | UnreadableOrder | None:
        """Read an order with its refunds. None where it was deleted between the list and now."""
        try:
            return read_order(raw, self._refunds(raw["id"]) if needs_refunds(raw) else ())
        except UnreadableError as error:
            return UnreadableOrder(order_id=raw["id"], number=str(raw.get("number") or raw["id"]), message=str(error))
        except StoreRefused as refused:
            if refused.code in (NO_SUCH_ORDER, "woocommerce_rest_order_invalid_id"):
                log.info("Order %s was deleted while it was being read.", raw["id"])
                return None
            raise

    def _refunds(self, order_id: int) -> list[Raw]:
        found: list[Raw] = []
        for step in self._walk(f"/orders/{order_id}/refunds", {}).steps():
            found += step.rows
        return found


def _belongs(raw: Raw, since: datetime, until: datetime | None, *, trashed: bool) -> bool:
    """Filter again on our side: versions differ in what `any` lists, and plugins in what they make of the dates."""
    status = status_of(raw)
    if status in NOT_ORDERS or (status == TRASH) != trashed:
        return False
    modified = modified_of(raw)
    if modified is None:
        return True
    return modified >= since.replace(microsecond=0) and (until is None or modified <= until)


def _product(raw: Raw, parent_name: str, parent_id: int) -> Product:
    name = str(raw.get("name") or "")
    if parent_name:
        name = f"{parent_name} - {name}" if name and not name.startswith(parent_name) else (name or parent_name)
    return Product(
        product_id=raw["id"],
        parent_id=parent_id,
        sku=str(raw.get("sku") or "").strip() or None,
        name=name,
        price=_decimal(raw.get("price")),
        stock=_decimal(raw.get("stock_quantity")),
    )


def _decimal(value: object) -> Decimal | None:
    try:
        return None if value in (None, "") else Decimal(str(value))
    except InvalidOperation:
        return None


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise StoreUnavailable("The store answered with something else than a list.", code="not_json")
    return data


def _naive(moment: datetime) -> str:
    """UTC without a suffix, whole seconds: `modified_after` reads anything else wrong, or not at all."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
