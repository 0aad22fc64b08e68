"""A store's webhook body: whether the store signed it, and which order it speaks of.

A body is a hint and never the truth: it may come late, twice, or in the wrong order. All that is taken from it is the id of an
order, which is then asked for like any other.

Sources: both stores sign the whole body with HMAC-SHA256 and send it in base64 (`X-WC-Webhook-Signature`,
`X-Shopify-Hmac-Sha256`). WooCommerce tries a new webhook with a form-encoded, unsigned `webhook_id=N`; a deletion is `{"id": N}`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from syncctl.answer_json import NoJson, read_json
from syncctl.errors import UsageError
from syncctl.secret import Secret
from syncctl.stores.values import identifier, shown, text

HEADERS: Mapping[str, Mapping[str, str]] = {
    "woocommerce": {
        "signature": "X-WC-Webhook-Signature",
        "topic": "X-WC-Webhook-Topic",
        "sender": "X-WC-Webhook-Source",
        "trial": "",
    },
    "shopify": {
        "signature": "X-Shopify-Hmac-Sha256",
        "topic": "X-Shopify-Topic",
        "sender": "X-Shopify-Shop-Domain",
        "trial": "X-Shopify-Test",
    },
}
"""Kind of store → what its deliveries tell → the header that tells it."""
_PING = re.compile(rb"webhook_id=[0-9]{1,19}")
_TOPIC = re.compile(r"[a-z0-9_./-]{1,100}")
_OF_ORDERS = {
    "woocommerce": re.compile(r"order\.[a-z_]+"),
    "shopify": re.compile(r"(orders|refunds|fulfillments|order_transactions|returns)/[a-z_]+"),
}
_HOLDERS = ("order", "order_edit")
"""Objects of a body that hold the order, or its id, where the body itself is about something else."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook's body, and what its headers said; empty where they weren't given."""

    body: bytes
    signature: str = ""
    topic: str = ""
    sender: str = ""
    trial: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """What is to be asked for. None: nothing, and `reason` says why, for people."""

    order_id: int | None
    reason: str = ""


def read_hint(source: str, delivery: Delivery, *, secret: Secret, store_url: str | None) -> Hint:
    """Check who sent a body, and read of which order it speaks.

    Raises:
        UsageError: it isn't signed with the secret, is of another store, or names no order though it should.
    """
    if source == "woocommerce" and _PING.fullmatch(delivery.body.strip()):
        return Hint(None, "It is the ping that WooCommerce sends when a webhook is made; it names no order.")
    _require_signed(source, delivery, secret)
    _require_sender(delivery.sender, store_url)
    if delivery.trial.strip().casefold() == "true":
        return Hint(None, "It is a trial that somebody sent from the store's settings; its order isn't a real one.")
    topic = delivery.topic.strip().lower()
    if topic and not _TOPIC.fullmatch(topic):
        raise UsageError(
            f"The topic is {shown(topic)}, which is none. Give it as the store's header {HEADERS[source]['topic']} has it."
        )
    if topic and not _OF_ORDERS[source].fullmatch(topic):
        return Hint(None, f"Its topic is {topic}; only what happens to orders is followed.")
    return Hint(_order_id(source, _object(delivery.body), topic))


def _require_signed(source: str, delivery: Delivery, secret: Secret) -> None:
    header = HEADERS[source]["signature"]
    given = delivery.signature.strip()
    if not given:
        raise UsageError(f"The body's signature is missing: give what the header {header} says with --signature.")
    digest = hmac.new(secret.reveal().encode(), delivery.body, hashlib.sha256).digest()
    # Bytes, in constant time: nobody learns from how long it takes how much of a made-up signature is right.
    if not hmac.compare_digest(base64.b64encode(digest), given.encode("utf-8", "replace")):
        raise UsageError(
            "The body isn't signed with this store's secret: somebody else sent it, it was changed on its way (the bytes count, "
            "a line end more is another body), or the secret in the settings isn't the webhook's. Nothing was read."
        )


def _require_sender(sender: str, store_url: str | None) -> None:
    """Refuse another store's body: one app's secret may sign for several."""
    told, ours = _host(sender), _host(store_url or "")
    if told and ours and told != ours:
        raise UsageError(f"The body is from the store {told}; the settings are those of {ours}. Nothing was read.")


def _host(address: str) -> str:
    address = address.strip()
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.removeprefix("www.") if re.fullmatch(r"[a-z0-9.:-]+", host) else ""


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = read_json(body).value
    except NoJson as none:
        raise UsageError(f"The body is signed, but no JSON that could be read ({none.kind.replace('_', ' ')}).") from None
    if not isinstance(value, Mapping):
        raise UsageError("The body is signed, but names no order.")
    return value


def _order_id(source: str, held: Mapping[str, Any], topic: str) -> int:
    """Return the id of the order that a body speaks of.

    Raises:
        UsageError: there is none in it, or without a topic it can't be told whether it is an order's.
    """
    is_order = topic.startswith(("order.", "orders/")) or (not topic and _looks_like_order(source, held))
    found = [held.get("order_id")]
    found += [inner.get(name) for inner in map(held.get, _HOLDERS) if isinstance(inner, Mapping) for name in ("order_id", "id")]
    if is_order:
        found.append(held.get("id"))
    order_id = next((number for each in found if (number := identifier(each)) is not None), None)
    if order_id is None:
        kind = f" (topic {topic})" if topic else ""
        raise UsageError(
            f"The body is signed, but names no order{kind}. Give its topic with --topic, or fetch it with --order-id."
        )
    return order_id


def _looks_like_order(source: str, held: Mapping[str, Any]) -> bool:
    """Tell an order from a product or a customer, which have an `id`, too."""
    if set(held) == {"id"}:
        return True
    if source == "shopify":
        return text(held.get("admin_graphql_api_id")).startswith("gid://shopify/Order/")
    return "order_key" in held
