"""Webhooks' bodies: signed by the store, and of an order, or not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from syncctl.errors import UsageError
from syncctl.secret import Secret
from syncctl.stores.payload import Delivery, Hint, read_hint

SECRET = "öld & new"
URL = "https://shop.example"


def sign(body: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def read(body: object, source: str = "woocommerce", **headers: str) -> Hint:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers.setdefault("signature", sign(raw))
    return read_hint(source, Delivery(raw, **headers), secret=Secret(SECRET), store_url=URL)


WOO = {"id": 61, "order_key": "wc_order_x", "line_items": [{"id": 7}]}
SHOPIFY = {"id": 820982911946154508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508"}


@pytest.mark.parametrize(
    ("source", "topic", "body", "order_id"),
    [
        ("woocommerce", "order.created", WOO, 61),
        ("woocommerce", "order.deleted", {"id": 61}, 61),
        ("woocommerce", "", WOO, 61),
        ("woocommerce", "", {"id": 61}, 61),
        ("woocommerce", "order.updated", {"id": "61"}, 61),
        ("shopify", "orders/create", SHOPIFY, 820982911946154508),
        ("shopify", "", SHOPIFY, 820982911946154508),
        ("shopify", "orders/delete", {"id": 5}, 5),
        ("shopify", "refunds/create", {"id": 9, "order_id": 5}, 5),
        ("shopify", "fulfillments/update", {"id": 9, "order_id": 5}, 5),
        ("shopify", "orders/edited", {"order_edit": {"id": 9, "order_id": 5}}, 5),
        ("shopify", "returns/approve", {"id": 9, "order": {"id": 5}}, 5),
    ],
)
def test_the_order_that_a_body_speaks_of(source: str, topic: str, body: Any, order_id: int) -> None:
    assert read(body, source, topic=topic) == Hint(order_id)


def test_capitals_make_no_difference_in_a_topic() -> None:
    assert read(SHOPIFY, "shopify", topic="Orders/Updated").order_id is not None
    assert read({"id": 61}, topic="ORDER.DELETED") == Hint(61)


@pytest.mark.parametrize("body", [b"webhook_id=12", b"webhook_id=12\r\n"])
def test_the_ping_of_a_new_webhook_is_unsigned_and_no_order(body: bytes) -> None:
    hint = read(body, signature="")
    assert hint.order_id is None
    assert "ping" in hint.reason


@pytest.mark.parametrize(
    ("source", "topic"), [("woocommerce", "product.updated"), ("woocommerce", "customer.created"), ("shopify", "products/update")]
)
def test_what_happens_to_other_things_is_ignored(source: str, topic: str) -> None:
    hint = read({"id": 61}, source, topic=topic)
    assert hint.order_id is None
    assert topic in hint.reason


def test_a_trial_of_shopify_is_ignored() -> None:
    assert read(SHOPIFY, "shopify", topic="orders/paid", trial="true").order_id is None


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "x",
        "é" * 44,
        sign(json.dumps(WOO).encode(), "another"),
        sign(b"another body"),
        sign(json.dumps(WOO).encode()) + "x",
        "\udc80",
    ],
)
def test_a_body_that_the_store_did_not_sign_is_refused(signature: str) -> None:
    with pytest.raises(UsageError, match="sign") as refused:
        read(WOO, signature=signature)
    assert SECRET not in str(refused.value)


def test_a_body_that_was_changed_by_a_byte_is_refused() -> None:
    raw = json.dumps(WOO).encode()
    with pytest.raises(UsageError, match="changed on its way"):
        read(raw + b"\n", signature=sign(raw))


def test_an_unsigned_ping_is_none_of_shopify() -> None:
    with pytest.raises(UsageError, match="signature is missing"):
        read(b"webhook_id=12", "shopify", signature="")


@pytest.mark.parametrize("sender", ["https://other.example/", "other.example", "HTTPS://OTHER.example:8080"])
def test_another_stores_body_is_refused(sender: str) -> None:
    with pytest.raises(UsageError, match=r"from the store other\.example"):
        read(WOO, sender=sender)


@pytest.mark.parametrize("sender", ["", "https://www.shop.example/", "SHOP.example", "http://[broken", "\x1b[31m"])
def test_the_own_store_is_known_however_it_writes_itself(sender: str) -> None:
    assert read(WOO, sender=sender) == Hint(61)


@pytest.mark.parametrize(
    ("body", "topic"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"61", ""),
        (b"\xff\xfe", ""),
        (b'{"id": 61', ""),
        (b"[" * 100_000, ""),
        (b'{"id": ' + b"9" * 5000 + b"}", "order.updated"),
        (b'{"id": 61, "sku": "A"}', ""),
        (b'{"id": -1}', "order.updated"),
        (b'{"id": true}', "order.updated"),
        (b'{"id": 9}', "refunds/create"),
        (b'{"id": 61}', "order.updated\x1b[31m"),
    ],
)
def test_a_body_without_an_order_is_refused_in_words(body: bytes, topic: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(body, "shopify" if "/" in topic else "woocommerce", topic=topic)
    assert "\x1b" not in str(refused.value)
