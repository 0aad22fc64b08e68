"""What WooCommerce is told of an order: notes, and changes of one order or of many at once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from html import unescape
from typing import Any

from syncctl.errors import StoreRefused, StoreUnavailable
from syncctl.stores import woocommerce_lists as lists
from syncctl.stores.base import StatusWrite
from syncctl.stores.values import identifier, shown
from syncctl.stores.woocommerce_http import Client
from syncctl.stores.woocommerce_orders import TAG_KEY, Raw
from syncctl.stores.woocommerce_statuses import MEANINGS, TRASH

log = logging.getLogger(__name__)

NO_SUCH_ORDER = "woocommerce_rest_shop_order_invalid_id"
NO_PARENT_ORDER = "woocommerce_rest_order_invalid_id"
"""The code of the same for an order's notes and refunds."""
BATCH = "/orders/batch"
_NO_ORDER = "/orders/0"


class Writer:
    """Writes to one store; see `base.Store` for what each method promises."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.together = True
        """False once the store has refused to take many changes in one request."""

    def notes(self, order_id: int) -> list[str]:
        """See `base.Store.notes`. WooCommerce gives all of them in one answer."""
        try:
            answer = self._client.get(f"/orders/{order_id}/notes")
        except StoreRefused as refused:
            if refused.code in (NO_SUCH_ORDER, NO_PARENT_ORDER):
                return []
            raise
        found = lists.rows_of(answer, f"/orders/{order_id}/notes")
        return [unescape(str(note.get("note", ""))) for note in found if isinstance(note, dict)]

    def add_note(self, order_id: int, text: str) -> None:
        """See `base.Store.add_note`. `customer_note` true would e-mail it to the customer."""
        answer = self._client.send("POST", f"/orders/{order_id}/notes", {"note": text, "customer_note": False})
        if not isinstance(answer.data, dict) or identifier(answer.data.get("id")) is None:
            raise StoreUnavailable(f"Order {order_id}: the store's answer to its note is no note.", code="not_json")

    def put_status(self, order_id: int, status: str | None, *, tag: str | None = None) -> None:
        """See `base.Store.put_status`. A status that the store doesn't know is refused here, and named."""
        body = _changes(status, tag)
        if body:
            that_order(self._client.send("PUT", f"/orders/{order_id}", body).data, order_id, "PUT")

    def put_statuses(self, writes: Sequence[StatusWrite]) -> set[int]:
        """See `base.Store.put_statuses`. Only for WooCommerce's own statuses: a batch takes any other word for `pending`."""
        known = [write for write in writes if write.status is None or (write.status in MEANINGS and write.status != TRASH)]
        if not known:
            return set()
        changes = [{"id": write.order_id, **_changes(write.status, write.tag)} for write in known]
        try:
            data = self._client.send("POST", BATCH, {"update": changes}).data
        except StoreRefused as refused:
            self.together = False
            log.warning("The store refuses changes of many orders at once; each is written by itself. %s", refused)
            return set()
        answers = data.get("update") if isinstance(data, dict) else None
        done = {identifier(item.get("id")) for item in _objects(answers) if "error" not in item}
        return {write.order_id for write in known if write.order_id in done}

    def require_rights(self) -> None:
        """Make sure that the keys may write. Nothing changes by it.

        A batch with nothing in it is refused all the same to a read-only key; where that route is closed, an order that can't be
        there is asked for instead.

        Raises:
            StoreRefused, StoreUnavailable: they may not, or there is no answer.
        """
        closed: StoreRefused | None = None
        if self.together:
            try:
                self._client.send("POST", BATCH, {})
                return
            except StoreRefused as refused:
                if (refused.code or "").startswith("woocommerce_"):  # its own answer, of the keys
                    raise
                closed = refused
        try:
            self._client.send("PUT", _NO_ORDER, {})
        except StoreRefused as refused:
            if refused.code != NO_SUCH_ORDER:
                raise closed or refused from None
        self.together = False


def that_order(data: Any, order_id: int, method: str) -> Raw:
    """Return what a request for one order was answered with.

    Raises:
        StoreUnavailable: it is something else, such as an error with status 200, or what a cache keeps of another order.
    """
    if isinstance(data, dict) and identifier(data.get("id")) == order_id:
        return data
    of = f"order {shown(data['id'])}" if isinstance(data, dict) and data.get("id") else "no order"
    raise StoreUnavailable(f"Order {order_id}: the store's answer to {method} /orders/{order_id} is {of}.", code="not_json")


def _changes(status: str | None, tag: str | None) -> dict[str, Any]:
    """Return what a write changes of an order, as WooCommerce takes it."""
    body: dict[str, Any] = {} if status is None else {"status": status}
    if tag is not None:
        body["meta_data"] = [{"key": TAG_KEY, "value": tag}]
    return body


def _objects(rows: object) -> list[Raw]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
