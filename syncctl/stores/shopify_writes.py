"""What Shopify is told of an order: our lines behind its note, a tag and a metafield, and where allowed that it was sent out.

`userErrors` come with HTTP 200: Shopify understood, and said no to this one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from syncctl.errors import StoreRefused, StoreUnavailable
from syncctl.stores.base import StatusWrite
from syncctl.stores.shopify_answers import DENIED, Fault
from syncctl.stores.shopify_http import Client, Reply
from syncctl.stores.shopify_notes import appended, ours
from syncctl.stores.shopify_operations import FULFIL, KEY, NAMESPACE, NOTE, PUT_NOTE, TO_FULFIL, mark
from syncctl.stores.shopify_orders import gid
from syncctl.stores.shopify_statuses import SHIPPED_WORDS
from syncctl.stores.values import shown, text

log = logging.getLogger(__name__)

TAG = "syncctl "
"""How the tag begins that people see on the order."""
LONGEST_TAG = 40
"""Characters."""
AT_A_TIME = 20
"""Orders marked by one request: each costs three mutations of ten points."""
_OPEN = frozenset({"OPEN", "IN_PROGRESS"})


class Writer:
    """Writes to one store; see `base.Store` for what each method promises."""

    def __init__(self, client: Client, *, fulfils: bool) -> None:
        self._client = client
        self._fulfils = fulfils

    def notes(self, order_id: int) -> list[str]:
        """See `base.Store.notes`: our own ones."""
        order = self._order(order_id)
        return [] if order is None else ours(order.get("note"))

    def add_note(self, order_id: int, note: str) -> None:
        """See `base.Store.add_note`. The whole note is written: it is read right before, and looked at once more afterwards."""
        order = self._order(order_id)
        if order is None:
            raise StoreRefused(f"Order {order_id}: the store has none of that id (any more).", code="no_such_order")
        whole = appended(order.get("note"), note)
        if whole is None:
            log.warning(
                "Order %s: its note is full, so that nothing is added to it; tag and metafield tell all the same.", order_id
            )
            return
        reply = self._client.send(PUT_NOTE, {"input": {"id": gid("Order", order_id), "note": whole}})
        written = self._done(reply, "orderUpdate", f"Order {order_id}: its note").get("order")
        if not isinstance(written, Mapping) or note not in ours(written.get("note")):
            raise StoreUnavailable(f"Order {order_id}: the store's answer doesn't show the note.", code="not_written")

    def put_status(
        self, order_id: int, status: str | None, *, tag: str | None, tags: Sequence[str] = (), parcels: Sequence[str] = ()
    ) -> None:
        """See `base.Store.put_status`; `tags` are those that the order has. Of statuses there is one: that it was sent out."""
        if status is not None:
            if not (self._fulfils and status in SHIPPED_WORDS):
                raise StoreRefused(f"Order {order_id}: the status {status} is none that Shopify takes from here.", code="status")
            self._fulfil(order_id, parcels)
        if tag is not None:
            write = StatusWrite(order_id=order_id, status=None, tag=tag)
            self._marked(self._client.send(mark(1), _variables([(write, tags)]), size=1), 0, order_id)

    def put_statuses(self, writes: Sequence[tuple[StatusWrite, Sequence[str]]]) -> set[int]:
        """See `base.Store.put_statuses`: tags and metafields; each with the tags that the order has. Statuses go one by one."""
        done: set[int] = set()
        plain = [(write, tags) for write, tags in writes if write.status is None and write.tag is not None]
        for first in range(0, len(plain), AT_A_TIME):
            some = plain[first : first + AT_A_TIME]
            reply = self._client.send(mark(len(some)), _variables(some), size=len(some))
            for place, (write, _) in enumerate(some):
                try:
                    self._marked(reply, place, write.order_id)
                except (StoreRefused, StoreUnavailable) as error:
                    log.info("%s It is written by itself.", error)
                else:
                    done.add(write.order_id)
        return done

    def _marked(self, reply: Reply, place: int, order_id: int) -> None:
        for name in ("former", "tags", "fields"):
            if name == "former" and reply.data.get(f"{name}{place}") is None and not _faults(reply, f"{name}{place}"):
                continue
            self._done(reply, f"{name}{place}", f"Order {order_id}: its mark")

    def _fulfil(self, order_id: int, parcels: Sequence[str]) -> None:
        """Say that what is open of an order was sent, with these tracking numbers; nobody is mailed.

        What another delivery told already is closed, and left alone.
        """
        reply = self._client.read(TO_FULFIL, {"id": gid("Order", order_id)})
        order = reply.data.get("order")
        connection = order.get("fulfillmentOrders") if isinstance(order, Mapping) else None
        nodes = connection.get("nodes") if isinstance(connection, Mapping) else None
        if not isinstance(nodes, list):
            _raise(reply.faults, f"Order {order_id}: what is to be fulfilled of it")
            raise StoreUnavailable(f"Order {order_id}: the store doesn't say what is to be fulfilled of it.", code="not_json")
        for each in nodes:
            if each.get("status") not in _OPEN:
                continue
            # One for each: those of different locations can't go together.
            fulfillment: dict[str, Any] = {
                "lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": each["id"]}],
                "notifyCustomer": False,
            }
            if parcels:
                fulfillment["trackingInfo"] = {"numbers": list(parcels)}
            self._done(
                self._client.send(FULFIL, {"fulfillment": fulfillment}), "fulfillmentCreate", f"Order {order_id}: its fulfilment"
            )

    def _order(self, order_id: int) -> Mapping[str, Any] | None:
        reply = self._client.read(NOTE, {"id": gid("Order", order_id)})
        order = reply.data.get("order")
        if order is None:
            _raise(reply.faults, f"Order {order_id}: its note")
            return None
        if not isinstance(order, Mapping) or order.get("id") != gid("Order", order_id):
            raise StoreUnavailable(f"Order {order_id}: the store's answer is of {shown(order)}.", code="not_json")
        return order

    def _done(self, reply: Reply, name: str, what: str) -> Mapping[str, Any]:
        """Return what a mutation was answered with.

        Raises:
            StoreRefused, StoreUnavailable: it names an error, or there is none of it.
        """
        payload = payload_of(reply, name, what)
        errors = payload.get("userErrors")
        if errors:
            said = "; ".join(_user_error(each) for each in errors if isinstance(each, Mapping))
            raise StoreRefused(f"{what} was refused: {self._client.plain(said)}.", code="user_error")
        return payload


def read_tags(raw: Mapping[str, Any]) -> list[str]:
    """Return an order's tags."""
    return [text(tag) for tag in raw.get("tags") or () if isinstance(tag, str)]


def visible_tag(tag: str) -> str:
    """Return what people see of our tag: the document first, and of the database what fits."""
    return (TAG + tag.replace(",", " "))[:LONGEST_TAG].rstrip()


def _variables(writes: Sequence[tuple[StatusWrite, Sequence[str]]]) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    for place, (write, tags) in enumerate(writes):
        owner, tag = gid("Order", write.order_id), visible_tag(write.tag or "")
        former = [known for known in tags if known.startswith(TAG) and known != tag]
        variables |= {
            f"id{place}": owner,
            f"tags{place}": [tag],
            f"former{place}": former,
            f"stale{place}": bool(former),
            f"fields{place}": [
                {"ownerId": owner, "namespace": NAMESPACE, "key": KEY, "type": "single_line_text_field", "value": write.tag}
            ],
        }
    return variables


def payload_of(reply: Reply, name: str, what: str) -> Mapping[str, Any]:
    """Return what a mutation was answered with, which may be that it was refused.

    Raises:
        StoreRefused, StoreUnavailable: there is an error in its place, or nothing.
    """
    _raise(_faults(reply, name), what)
    payload = reply.data.get(name)
    if not isinstance(payload, Mapping):
        raise StoreUnavailable(f"{what}: the store's answer doesn't say whether it was written.", code="not_json")
    return payload


def _faults(reply: Reply, name: str) -> list[Fault]:
    return [fault for fault in reply.faults if not fault.path or fault.path[0] == name]


def _raise(faults: Sequence[Fault], what: str) -> None:
    """Raise what an answer's `errors` say of one part of it."""
    for fault in faults:
        said = f"{what} could not be had or written ({fault.code or 'error'}: {fault.message})."
        if fault.passing:
            raise StoreUnavailable(said, code=fault.code)
        raise StoreRefused(said, code=fault.code or DENIED)


def _user_error(error: Mapping[str, Any]) -> str:
    path = error.get("field")
    where = ".".join(map(str, path)) if isinstance(path, list) else ""
    return f"{where}: {error.get('message')}" if where else str(error.get("message"))
