"""WooCommerce as a `Store`, through its REST API v3."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from html import unescape
from typing import Any

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.errors import StoreRefused, StoreUnavailable
from syncctl.http_dates import date_of
from syncctl.models import Meaning, Order
from syncctl.stop import StopFlag
from syncctl.stores import woocommerce_customers, woocommerce_lists as lists
from syncctl.stores.base import (
    ORDERS_WALK,
    TRASH_WALK,
    Listed,
    NoSuchList,
    Outdated,
    Page,
    PriceRules,
    PriceWrite,
    Product,
    StatusWrite,
    StockWrite,
    StoreCustomer,
    StoreStatus,
    UnreadableOrder,
    WalkState,
)
from syncctl.stores.content_hash import encode
from syncctl.stores.customers import CustomerPage, CustomerPlace
from syncctl.stores.values import identifier, moment, shown, text
from syncctl.stores.walk import MAX_PER_PAGE, Row, Step
from syncctl.stores.woocommerce_hidden import Gap, gaps
from syncctl.stores.woocommerce_http import Client, Connection
from syncctl.stores.woocommerce_orders import (
    EXACT,
    NOT_ORDERS,
    Raw,
    modified_of,
    needs_refunds,
    read_address,
    read_order,
    tag_of,
)
from syncctl.stores.woocommerce_prices import price_rules, put_prices
from syncctl.stores.woocommerce_refund_lists import RefundLists
from syncctl.stores.woocommerce_shapes import ORDERS
from syncctl.stores.woocommerce_statuses import MEANINGS, TRASH, meaning_in, meaning_of, status_of
from syncctl.stores.woocommerce_stock import product_of, put_stock
from syncctl.stores.woocommerce_walks import NAMED, Belongs, changed_between, changed_in, listed_by, of, status_known, window
from syncctl.stores.woocommerce_writes import NO_PARENT_ORDER, NO_SUCH_ORDER, Writer, that_order

log = logging.getLogger(__name__)

NO_ORDERS = {"per_page": "1", "_fields": "id", "after": "2100-01-01T00:00:00"}
"""Asks for a list without any order: one that is broken must not look like a store that is down."""
_NUMBER_SHOWN = 40
_PAGES_AHEAD = 2
"""Pages whose refunds are asked for while those of the page before them are still read."""
_TELLING = (
    "date_modified_gmt",
    "status",
    "order_key",
    "number",
    "customer_id",
    "date_created_gmt",
    "date_paid_gmt",
    "date_paid",
    "total",
    "refunds",
)
"""The fields of a list's row by which a version of an order is told from another."""
_OF_STATUS = "id,status,order_key,meta_data,customer_id,billing,shipping,date_paid,date_paid_gmt"
"""What of an order says its status and what that means."""


class WooCommerce:
    """A WooCommerce store. See `base.Store` for what each method promises."""

    source_system = "woocommerce"
    warnings: Sequence[str] = ()
    version_ends: date | None = None

    def __init__(
        self,
        connection: Connection,
        *,
        store_id: str = "woocommerce",
        create_statuses: Iterable[str] = (),
        clock: Clock = system_clock,
        sleeper: Sleeper = system_sleeper,
        stop: StopFlag | None = None,
    ) -> None:
        """Make a session. Of `create_statuses` those that are a plugin's are asked for by name: `any` may leave them out."""
        self.store_id = store_id
        named = dict.fromkeys(status.removeprefix("wc-") for status in create_statuses)
        self.walks = (TRASH_WALK, *(f"{NAMED}{status}" for status in named if status not in MEANINGS), ORDERS_WALK)
        self._clock = clock
        self._client = Client(connection, clock=clock, sleeper=sleeper, stop=stop)
        self._writer = Writer(self._client)
        self._refunds = RefundLists(self._client)

    def pages(
        self, walk: WalkState, *, batch_size: int, modified_until: datetime | None = None, most: int | None = None
    ) -> Iterator[Page]:
        """See `base.Store.pages`."""
        # Where the store doesn't tell its time, ours counts, from before it was asked.
        begun = self._clock()
        steps = lists.walk(
            self._client,
            "/orders",
            changed_in(walk),
            ping=self.ping,
            batch_size=batch_size,
            last_id=walk.last_id,
            row_offset=walk.row_offset,
            shape=ORDERS,
            ahead=True,
            most=most,
        ).steps()
        belongs = changed_between(walk.name, walk.since_dt, modified_until)
        state = walk
        with status_known(walk.name):
            for step in steps:
                if state.until_dt is None:
                    state = replace(walk, until_dt=step.read_at or begun)
                yield _page(step, state, belongs)

    def expect_walks(self, walks: Sequence[WalkState], *, batch_size: int) -> None:
        """See `base.Store.expect_walks`. One that goes on from a place asks for it in its turn."""
        first = [lists.first_page(changed_in(walk), batch_size) for walk in walks if not walk.row_offset]
        self._client.expect("first pages", [("/orders", parameters) for parameters in first])

    @property
    def pages_ahead(self) -> int:
        """See `base.Store.pages_ahead`: with one connection nothing is asked for before its turn."""
        return min(_PAGES_AHEAD, self._client.connection.connections - 1)

    def expect(self, listed: Sequence[Listed]) -> None:
        """See `base.Store.expect`: the refunds of those that have any."""
        self._refunds.expect([dict(each.raw) for each in listed if each.raw is not None])

    def read(self, listed: Listed) -> Order | None:
        """See `base.Store.read`."""
        if listed.raw is not None:
            return self._read(dict(listed.raw))
        # Its list's page was tried often enough.
        raw = self._raw(listed.order_id, once=True)
        # The list couldn't say whether it is an order at all, or still a cart.
        return None if raw is None or status_of(raw) in NOT_ORDERS else self._read(raw)

    def get(self, order_id: int) -> Order | None:
        """See `base.Store.get`."""
        raw = self._raw(order_id)
        return None if raw is None else self._read(raw)

    def created(
        self, created_since: datetime, created_until: datetime, *, batch_size: int, walk: str = ORDERS_WALK
    ) -> Iterator[Page]:
        """See `base.Store.created`."""
        parameters = {**window(walk, created_since, created_until), **EXACT}
        state = WalkState(name=walk, since_dt=created_since, until_dt=created_until)
        steps = lists.walk(
            self._client, "/orders", parameters, ping=self.ping, batch_size=batch_size, shape=ORDERS, ahead=True
        ).steps()
        with status_known(walk):
            for step in steps:
                yield _page(step, state, of(walk))

    def of_ids(self, order_ids: Sequence[int]) -> Iterator[Page]:
        """See `base.Store.of_ids`."""
        moment = self._clock()
        state = WalkState(name=ORDERS_WALK, since_dt=moment, until_dt=moment)
        # A page that isn't full is the last one: 100 ids would take a second request to see that there are no more.
        most = MAX_PER_PAGE - 1
        for first in range(0, len(order_ids), most):
            asked = {"status": "any", "include": ",".join(map(str, order_ids[first : first + most]))}
            steps = lists.walk(self._client, "/orders", asked, ping=self.ping, batch_size=MAX_PER_PAGE, shape=ORDERS).steps()
            for step in steps:
                yield _page(step, state, of(ORDERS_WALK))

    def gaps(self, created_since: datetime, created_until: datetime, *, walk: str = ORDERS_WALK, most: int = 20) -> list[Gap]:
        """See `base.Store.gaps`."""
        with status_known(walk):
            return gaps(self._client, window(walk, created_since, created_until), most=most)

    def shows(self, order_id: int) -> bool:
        """See `base.Store.shows`."""
        for walk in reversed(self.walks):
            asked = {"include": str(order_id), "status": listed_by(walk), "_fields": "id"}
            with suppress(NoSuchList), status_known(walk):
                rows = lists.rows_of(self._client.get("/orders", asked), "/orders")
                if any(isinstance(row, dict) and identifier(row.get("id")) == order_id for row in rows):
                    return True
        return False

    @staticmethod
    def meaning(status: str) -> Meaning:
        """See `base.Store.meaning`."""
        return meaning_of(status)

    @staticmethod
    def why_never(status: str) -> str:
        """See `base.Store.why_never`."""
        return f"{status} is none that an order gets from us"

    def read_status(self, order_id: int) -> StoreStatus:
        """See `base.Store.read_status`."""
        raw = self._raw(order_id)
        return StoreStatus(status="", exists=False) if raw is None else _status(raw)

    def read_statuses(self, order_ids: Sequence[int]) -> dict[int, StoreStatus]:
        """See `base.Store.read_statuses`. `any` hides the trash and some plugins' statuses."""
        asked = {
            "include": ",".join(map(str, order_ids)),
            "status": "any",
            "per_page": str(MAX_PER_PAGE),
            **lists.BY_ID,
            "_fields": _OF_STATUS,
        }
        rows = lists.rows_of(self._client.get("/orders", asked, once=True), "/orders")
        found = {identifier(raw.get("id")): _status(raw) for raw in rows if isinstance(raw, dict)}
        return {order_id: found[order_id] for order_id in order_ids if order_id in found}

    def notes(self, order_id: int) -> list[str]:
        """See `base.Store.notes`. WooCommerce gives all of them in one answer."""
        return self._writer.notes(order_id)

    def add_note(self, order_id: int, text: str) -> None:
        """See `base.Store.add_note`."""
        self._writer.add_note(order_id, text)

    def put_status(self, order_id: int, status: str | None, *, tag: str | None = None, parcels: Sequence[str] = ()) -> None:  # noqa: ARG002
        """See `base.Store.put_status`; the note tells the tracking numbers."""
        self._writer.put_status(order_id, status, tag=tag)

    @property
    def connections(self) -> int:
        """See `base.Store.connections`."""
        return self._client.bearable

    @property
    def writes_together(self) -> bool:
        """See `base.Store.writes_together`: false once the batch route was refused, by a firewall for instance."""
        return self._writer.together

    def put_statuses(self, writes: Sequence[StatusWrite]) -> set[int]:
        """See `base.Store.put_statuses`."""
        return self._writer.put_statuses(writes)

    def server_time(self) -> datetime:
        """See `base.Store.server_time`. Ours where the answer has no Date header."""
        answer = self._client.get("/orders", NO_ORDERS)
        return date_of(answer.headers) or self._clock()

    def ping(self, *, writing: bool = False) -> datetime | None:
        """See `base.Store.ping`."""
        answer = self._client.get("/orders", NO_ORDERS)
        lists.rows_of(answer, "/orders")
        if writing:
            self._writer.require_rights()
        return date_of(answer.headers)

    def products(self) -> Iterator[Product]:
        """See `base.Store.products`."""
        for product_id, raw in self._things("/products", {"status": "any"}):
            if raw is None or raw.get("type") != "variable":
                yield product_of(raw, product_id)
                continue
            for variation_id, variation in self._things(f"/products/{product_id}/variations", {}):
                yield product_of(variation, variation_id or product_id, parent=raw, parent_id=product_id)

    def put_stock(self, writes: Sequence[StockWrite]) -> dict[int, str | Outdated | None]:
        """See `base.Store.put_stock`. Variations are told product by product, as WooCommerce takes them."""
        return put_stock(self._client, writes)

    def price_rules(self) -> PriceRules:
        """See `base.Store.price_rules`."""
        return price_rules(self._client)

    def put_prices(self, writes: Sequence[PriceWrite]) -> dict[int, str | None]:
        """See `base.Store.put_prices`. Variations are told product by product, as WooCommerce takes them."""
        return put_prices(self._client, writes)

    def customers(self) -> Iterator[StoreCustomer]:
        """See `base.Store.customers`. By id: registration dates have ties, and paging by them misses people."""
        for customer_id, raw in self._things("/customers", {"role": "all"}):
            if raw is None:
                continue
            address = read_address(raw.get("billing"))
            yield StoreCustomer(
                customer_id=customer_id,
                email=str(raw.get("email") or address.email),
                first_name=unescape(str(raw.get("first_name") or address.first_name)),
                last_name=unescape(str(raw.get("last_name") or address.last_name)),
                address=address,
                modified_at=moment(raw.get("date_modified_gmt")),
            )

    def customer_pages(
        self,
        place: CustomerPlace,
        *,
        since: datetime | None = None,  # noqa: ARG002  (WooCommerce ignores dates here in silence)
        most: int | None = None,
    ) -> Iterator[CustomerPage]:
        """See `base.Store.customer_pages`."""
        return woocommerce_customers.pages(self._client, place, ping=self.ping, one=self._one, most=most)

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._client.close()

    def _things(self, path: str, parameters: Mapping[str, str]) -> Iterator[tuple[int, Raw | None]]:
        """List products, variations or customers with their ids. What can't be had is named in the log, and the rest comes.

        It comes as None, with the id 0 where that isn't known either.
        """
        for step in lists.walk(self._client, path, parameters, ping=self.ping).steps():
            for row in step.rows:
                raw = row.raw if row.id is None or row.raw is not None else self._one(f"{path}/{row.id}")
                if row.id is not None and isinstance(raw, dict):
                    yield row.id, raw
                else:
                    named = f"{path}/{row.id}" if row.id else f"A row of {path} behind {row.after}"
                    log.warning("%s can't be read and is left out. %s", named, row.reason)
                    yield row.id or 0, None
            if step.not_shown:
                log.warning("The store counts %d more of %s than it shows to this key.", step.not_shown, path)

    def _one(self, path: str) -> Any:
        """Ask by its id for what breaks the list's page; None where that fails as well, and the store itself answers."""
        try:
            return self._client.get(path, once=True).data
        except (StoreRefused, StoreUnavailable):
            self.ping()
            return None

    def _raw(self, order_id: int, *, once: bool = False) -> Raw | None:
        """Read an order as the store gives it. Only its own 404 means that there is none; anything else is an error."""
        try:
            data = self._client.get(f"/orders/{order_id}", EXACT, once=once).data
        except StoreRefused as refused:
            if refused.code == NO_SUCH_ORDER:
                return None
            raise
        return that_order(data, order_id, "GET")

    def _read(self, raw: Raw) -> Order | None:
        """Read an order with its refunds. None where it was deleted between the list and now."""
        order_id = identifier(raw.get("id"))
        shows_whole = partial(self._shows_whole, order_id)
        if not needs_refunds(raw):
            return read_order(raw, shows_whole=shows_whole)
        try:
            return read_order(raw, self._refunds.of(order_id, raw) if order_id else (), shows_whole=shows_whole)
        except StoreRefused as refused:
            if refused.code in (NO_SUCH_ORDER, NO_PARENT_ORDER) and order_id and self._raw(order_id) is None:
                log.info("Order %s was deleted while it was being read.", order_id)
                return None
            raise

    def _shows_whole(self, order_id: int | None) -> bool:
        """Tell whether the shop shows this order's total without decimals: asked for without a number of decimals, in its own."""
        raw = self._client.get(f"/orders/{order_id}", {"_fields": "id,total"}).data
        return isinstance(raw, dict) and text(raw.get("total")).removeprefix("-").isdecimal()


def _status(raw: Raw) -> StoreStatus:
    """Return what an order's own object says of its status."""
    status = status_of(raw)
    return StoreStatus(
        status=status,
        meaning=meaning_in(raw),
        order_key=text(raw.get("order_key")),
        tag=tag_of(raw),
        trashed=status == TRASH,
    )


def _page(step: Step, walk: WalkState, belongs: Belongs) -> Page:
    """Make a page of a step's rows."""
    listed: list[Listed] = []
    nameless: dict[int, UnreadableOrder] = {}
    for row in step.rows:
        if row.id is None:
            if not isinstance(row.raw, dict) or belongs(status_of(row.raw), modified_of(row.raw)):
                bad = _nameless(row)
                nameless[bad.order_id] = bad
            continue
        if row.raw is None:
            listed.append(Listed(order_id=row.id, number=str(row.id)))
            continue
        status, modified = status_of(row.raw), modified_of(row.raw)
        if belongs(status, modified):
            listed.append(
                Listed(
                    order_id=row.id,
                    number=text(row.raw.get("number")) or str(row.id),
                    status=status,
                    modified_at=modified,
                    version=_version(row.raw),
                    raw=row.raw,
                )
            )
    return Page(
        listed=tuple(listed),
        after=replace(walk, last_id=step.last_id, row_offset=step.row_offset, finished=step.finished),
        unreadable=tuple(nameless.values()),
        not_shown=step.not_shown,
        total=step.total,
        read_at=step.read_at,
    )


def _version(raw: Raw) -> str:
    """Return what tells whether an order changed: its dates and status, and some more, for plugins write past the dates."""
    told = list(map(raw.get, _TELLING))
    try:
        return encode(told).decode()
    except (ValueError, TypeError, OverflowError, RecursionError):  # half a letter, or what a plugin made of a field
        return repr(told)


def _nameless(row: Row) -> UnreadableOrder:
    """Name a row that has no id to ask for: by what else it says, or by its neighbours in the list."""
    raw = row.raw if isinstance(row.raw, dict) else {}
    number, key, created = (text(raw.get(name))[:_NUMBER_SHOWN] for name in ("number", "order_key", "date_created_gmt"))
    between = f"behind order {row.after}" if row.after else "at the beginning of the list"
    between += f" and before order {row.before}" if row.before else ""
    if number or key:
        known = f"number {number or 'unknown'}, key {key or 'unknown'}, created {created or 'at an unknown time'}"
        message = f"a row of the store's list ({known}) has the id {shown(raw.get('id'))}, which is no order's"
    elif row.raw is None:
        message = (
            f"a row of the store's list, {between}, breaks every page that it is on, and its id can't be learnt: {row.reason}"
        )
    else:
        message = f"a row of the store's list, {between}, is {shown(row.raw)} with the id {shown(raw.get('id'))}: no order"
    # The same row gets the same number in the next poll, where its neighbours may be others.
    named = f"{number}|{key}|{created}" if number or key else between
    order_id = -int.from_bytes(hashlib.sha256(named.encode("utf-8", "replace")).digest()[:7], "big") - 1
    return UnreadableOrder(order_id=order_id, number=number or f"row {between}", message=message)
