"""The simulated shop's REST API: which request does what."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from syncctl.demo import store_errors as errors, store_lists, store_products
from syncctl.demo.store_amounts import Manner
from syncctl.demo.store_lists import Listing
from syncctl.demo.store_odd import Oddities
from syncctl.demo.store_state import Raw, StoreState

API = "/wp-json/wc/v3"
_BATCH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request brings: the address's parameters, the JSON object sent, the id in the path."""

    query: dict[str, str]
    body: Raw
    id: int = 0
    name: str = ""
    """The word in the path, where there is no id."""


@dataclass(slots=True)
class Routes:
    """Finds the method for a request."""

    state: StoreState
    quirks: frozenset[str] = frozenset()
    """Ways in which other versions and hosts differ: `ignores-offset`, `any-lists-trash`, `any-lists-checkout-draft` …"""
    odd: Oddities = field(default_factory=Oddities)
    manner: Manner = field(default_factory=Manner)

    def answer(self, method: str, path: str, query: dict[str, str], body: Raw) -> Reply:
        """Do what a request asks.

        Raises:
            StoreError: anything but success.
            Odd: what is odd about an order shows.
        """
        table: tuple[tuple[str, str, Callable[[Call], Reply]], ...] = (
            ("GET", r"/orders", self._list_orders),
            ("POST", r"/orders/batch", self._batch),
            ("GET", r"/orders/(\d+)", self._get_order),
            ("PUT", r"/orders/(\d+)", self._put_order),
            ("DELETE", r"/orders/(\d+)", self._delete_order),
            ("GET", r"/orders/(\d+)/notes", self._list_notes),
            ("POST", r"/orders/(\d+)/notes", self._add_note),
            ("GET", r"/orders/(\d+)/refunds", self._list_refunds),
            ("POST", r"/orders/(\d+)/refunds", self._add_refund),
            ("GET", r"/refunds", self._list_all_refunds),
            ("GET", r"/products", self._list_products),
            ("GET", r"/products/(\d+)/variations", self._list_variations),
            ("POST", r"/products/batch", self._product_batch),
            ("POST", r"/products/(\d+)/variations/batch", self._product_batch),
            ("GET", r"/customers", self._list_customers),
            ("GET", r"/settings/(\w+)", self._list_settings),
        )
        if not path.startswith(API + "/"):
            raise errors.no_route()
        for known, pattern, serve in table:
            found = re.fullmatch(pattern, path.removeprefix(API).rstrip("/"))
            if found and known == method:
                with self.state.lock:
                    named = found[1] if found.groups() else "0"
                    return serve(Call(query, body, int(named)) if named.isdecimal() else Call(query, body, name=named))
        raise errors.no_route()

    def _list_orders(self, call: Call) -> Reply:
        held = self.state.orders.values()
        listing = store_lists.orders(
            call.query,
            held,
            timezone=self.state.timezone,
            quirks=self.quirks,
            odd=self.odd,
            plugins=self.state.listed,
            excluded=self.state.excluded,
            switched_off=self.state.switched_off,
            manner=self.manner,
        )
        return _listed(listing)

    def _get_order(self, call: Call) -> Reply:
        found = self.state.order(call.id)
        self.odd.look_at_order(call.id)
        return Reply(200, copy.deepcopy(self.odd.as_shown(self.manner.write(found, call.query.get("dp")))))

    def _put_order(self, call: Call) -> Reply:
        return Reply(200, self.state.put(call.id, call.body))

    def _delete_order(self, call: Call) -> Reply:
        if (call.query.get("force") or str(call.body.get("force", ""))).lower() in ("true", "1"):
            return Reply(200, self.state.delete(call.id))
        return Reply(200, self.state.trash(call.id, by_api=True))

    def _batch(self, call: Call) -> Reply:
        if sum(len(call.body.get(name) or []) for name in ("create", "update", "delete")) > _BATCH_LIMIT:
            raise errors.too_many()
        done: Raw = {}
        for item in call.body.get("update") or []:
            done.setdefault("update", []).append(_tried(item["id"], partial(self._put_in_batch, item)))
        for order_id in call.body.get("delete") or []:
            done.setdefault("delete", []).append(_tried(order_id, partial(self.state.trash, order_id, by_api=True)))
        return Reply(200, done or [])  # an empty PHP array is a list

    def _put_in_batch(self, item: Raw) -> Raw:
        if item["id"] in self.odd.refused:
            raise errors.StoreError(400, "woocommerce_rest_cannot_edit", "The order can't be changed.")
        return self.state.put(item["id"], item, validate=False)

    def _list_notes(self, call: Call) -> Reply:
        if call.id not in self.state.orders:
            raise errors.no_parent_order()
        return Reply(200, [dict(note) for note in reversed(self.state.notes[call.id])])

    def _add_note(self, call: Call) -> Reply:
        to_customer = call.body.get("customer_note") in (True, "true", 1)
        return Reply(201, dict(self.state.note(call.id, str(call.body.get("note", "")), to_customer=to_customer)))

    def _list_refunds(self, call: Call) -> Reply:
        if call.id not in self.state.orders:
            raise errors.no_parent_order()
        self.odd.look_at_refunds(call.id)
        rows = copy.deepcopy(self.state.refunds[call.id])
        return self._page(call.query, rows, {"date": "date_created_gmt", "id": "id"})

    def _list_all_refunds(self, call: Call) -> Reply:
        """Give refunds of any orders, as WooCommerce does since 9.0; `parent` is ignored there, too."""
        if "before-9.0" in self.quirks:
            raise errors.no_route()
        of = {refund["id"]: order_id for order_id, refunds in self.state.refunds.items() for refund in refunds}
        rows = [
            {"parent_id": order_id, **copy.deepcopy(refund)}
            for order_id, refunds in self.state.refunds.items()
            for refund in refunds
        ]
        listing = store_lists.page(
            call.query,
            rows,
            order_by={"date": "date_created_gmt", "id": "id"},
            quirks=self.quirks,
            odd=self.odd,
            manner=self.manner,
        )
        for row in listing.rows:
            self.odd.look_at_refunds(of[row["id"]])
        return _listed(listing)

    def _add_refund(self, call: Call) -> Reply:
        return Reply(201, copy.deepcopy(self.state.refund(call.id, call.body)))

    def _list_products(self, call: Call) -> Reply:
        store_products.keep_sale(self.state.products.values(), self.state.clock())
        rows = [
            {**product, "variations": [variation["id"] for variation in product.get("variations") or []]}
            for product in self.state.products.values()
        ]
        return self._page(call.query, rows, {"date": "date_created_gmt", "id": "id", "title": "name"})

    def _list_variations(self, call: Call) -> Reply:
        if call.id not in self.state.products:
            raise errors.StoreError(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        variations = self.state.products[call.id].get("variations") or []
        store_products.keep_sale(variations, self.state.clock())
        rows = [dict(row) for row in variations]
        return self._page(call.query, rows, {"date": "date_created_gmt", "id": "id"})

    def _product_batch(self, call: Call) -> Reply:
        rows = call.body.get("update") or []
        if len(rows) > _BATCH_LIMIT:
            raise errors.too_many()
        held = self.state.products.get(call.id, {}).get("variations") or [] if call.id else self.state.products.values()
        known = {product["id"]: product for product in held}
        return Reply(200, {"update": [_tried(row["id"], partial(self._put_product, known, row)) for row in rows]} if rows else [])

    def _put_product(self, known: dict[int, Raw], row: Raw) -> Raw:
        product = known.get(row["id"])
        if product is None:
            raise errors.StoreError(400, "woocommerce_rest_product_invalid_id", "Invalid ID.")
        if row["id"] in self.odd.refused:
            raise errors.StoreError(400, "woocommerce_rest_cannot_edit", "The product can't be changed.")
        store_products.put(product, row, self.state.clock())
        return dict(product)

    def _list_settings(self, call: Call) -> Reply:
        held = self.state.settings.get(call.name)
        if held is None:
            raise errors.StoreError(404, "rest_setting_setting_group_invalid", "Invalid setting group.")
        return Reply(200, [{"id": name, "value": value, "default": value} for name, value in held.items()])

    def _list_customers(self, call: Call) -> Reply:
        role = call.query.get("role", "customer")
        rows = [row for row in self.state.customers.values() if role in ("all", row.get("role"))]
        order_by = {"name": "last_name", "id": "id", "registered_date": "date_created_gmt", "include": "id"}
        return self._page({"orderby": "name", "order": "asc", **call.query}, rows, order_by)

    def _page(self, query: dict[str, str], rows: list[Raw], order_by: dict[str, str]) -> Reply:
        return _listed(store_lists.page(query, rows, order_by=order_by, quirks=self.quirks, odd=self.odd, manner=self.manner))


def _listed(listing: Listing) -> Reply:
    return Reply(200, copy.deepcopy(listing.rows), listing.headers)


def _tried(order_id: int, act: Callable[[], Raw]) -> Raw:
    """One item of a batch: its result, or an object that holds its error while the whole answer stays 200."""
    try:
        return act()
    except errors.StoreError as error:
        return {"id": order_id, "error": error.body}
