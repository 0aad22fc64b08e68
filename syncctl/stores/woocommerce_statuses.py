"""What WooCommerce's statuses mean.

`on-hold` is said of an order whose payment is awaited (bank transfer, cheque, an amount authorised and not yet captured) and of
one that was paid and that a person, a fraud check or a dispute then stopped: the date of payment tells which.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from syncctl.models import Meaning
from syncctl.stores.values import text

TRASH = "trash"

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        "pending": "unpaid",
        "failed": "unpaid",
        "on-hold": "unpaid",
        "processing": "ready",
        "completed": "done",
        "cancelled": "dead",
        "refunded": "dead",
        TRASH: "dead",
    }
)
"""WooCommerce's own statuses. Every other one is a plugin's."""


def status_of(raw: Mapping[str, Any]) -> str:
    """Return an order's status without the `wc-` that some versions leave on plugins' own statuses."""
    return text(raw.get("status")).removeprefix("wc-")


def meaning_of(status: str) -> Meaning:
    """Tell what a status means of an order of which nothing else is known."""
    return MEANINGS.get(status, "unknown")


def meaning_in(raw: Mapping[str, Any]) -> Meaning:
    """Tell what an order's status means.

    An unpaid order that names nobody any more is held: a guest's checkout that was begun anew leaves the first one's order blank,
    and whether it is to be closed only a person can tell.
    """
    return meaning_with(status_of(raw), raw)


def meaning_with(status: str, raw: Mapping[str, Any]) -> Meaning:
    """Tell what the order's status means, which was read already."""
    meaning = meaning_of(status)
    if meaning == "unpaid" and (is_blank(raw) or (status == "on-hold" and _was_paid(raw))):
        return "held"
    return meaning


def is_blank(raw: Mapping[str, Any]) -> bool:
    """True of an order that says neither who ordered nor where to send it."""
    parts = [part for part in (raw.get("billing"), raw.get("shipping")) if isinstance(part, dict)]
    # A country stands there without anybody's doing: the shop's own, as a default.
    told = ("first_name", "last_name", "company", "address_1", "city", "postcode", "phone", "email")
    return not raw.get("customer_id") and not any(text(part.get(name)) for part in parts for name in told)


def _was_paid(raw: Mapping[str, Any]) -> bool:
    return bool(text(raw.get("date_paid_gmt")) or text(raw.get("date_paid")))
