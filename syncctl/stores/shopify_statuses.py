"""What an order's financial and fulfilment status mean together.

The word by which an order goes here is its financial status in small letters, for that decides what enters the ERP
(`ALLOWED_ORDER_FINANCIAL_STATUSES`); what happened to the order beyond payment goes before it: `cancelled`, `on_hold` (paid, and
its fulfilment stopped by a person, a fraud check or an app), `test`, `unconfirmed` (its stock isn't reserved yet).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from syncctl.models import Meaning
from syncctl.stores.values import text

CANCELLED, ON_HOLD, TEST, UNCONFIRMED, REFUNDED = "cancelled", "on_hold", "test", "unconfirmed", "refunded"

FINANCIAL: Mapping[str, Meaning] = MappingProxyType(
    {
        "pending": "unpaid",
        "expired": "unpaid",
        "voided": "unpaid",
        "authorized": "ready",
        "partially_paid": "ready",
        "paid": "ready",
        "partially_refunded": "ready",
        REFUNDED: "dead",
    }
)
"""Shopify's financial statuses: of an authorised amount the money is safe, and it is taken when the goods go out."""
FULFILLED = "FULFILLED"
_STOPPED = "ON_HOLD"
SHIPPED_WORDS = frozenset({"completed", "fulfilled"})
"""The words of the status map for an order that was shipped."""


APART: Mapping[str, str] = MappingProxyType(
    {
        TEST: "it is a test order; SYNCCTL_SHOPIFY_TEST_ORDERS=on takes those",
        UNCONFIRMED: "Shopify hasn't reserved its stock yet; it waits until that is done. "
        "SYNCCTL_SHOPIFY_UNCONFIRMED_ORDERS=on takes such orders at once",
    }
)
"""Orders that don't count as orders yet, whatever was paid: why not, and what is to be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRules:
    """Which orders count as orders at all."""

    test_orders: bool = False
    unconfirmed_orders: bool = False


def status_of(raw: Mapping[str, Any], rules: StatusRules) -> str:
    """Return the word for an order's status."""
    if raw.get("cancelledAt"):
        return CANCELLED
    if raw.get("test") is True and not rules.test_orders:
        return TEST
    if raw.get("confirmed") is False and not rules.unconfirmed_orders:
        return UNCONFIRMED
    financial = text(raw.get("displayFinancialStatus")).lower() or "unknown"
    if FINANCIAL.get(financial) == "ready" and raw.get("displayFulfillmentStatus") == _STOPPED:
        return ON_HOLD
    return financial


def meaning_in(raw: Mapping[str, Any], rules: StatusRules) -> Meaning:
    """Tell what an order's statuses mean."""
    status = status_of(raw, rules)
    if status == CANCELLED:
        return "dead"
    if status == ON_HOLD:
        return "held"
    meaning = FINANCIAL.get(status, "unknown")
    # What was sent out on account is done, though its money is yet to come.
    if raw.get("displayFulfillmentStatus") == FULFILLED and (meaning == "ready" or status == "pending"):
        return "done"
    return meaning


def meaning_of(status: str, *, fulfils: bool) -> Meaning:
    """Tell what a word means that an order may get from us: where we may fulfil, that it was shipped; nothing else.

    A payment is never booked, taken back or cancelled from here.
    """
    return "done" if fulfils and status in SHIPPED_WORDS else "unknown"


def why_never(status: str) -> str:
    """Say why no order gets a word from us whose meaning is unknown; see `base.Store.why_never`."""
    if status in SHIPPED_WORDS:
        return "shipped orders are not marked as fulfilled (SYNCCTL_SHOPIFY_FULFIL is off)"
    return f"Shopify's orders have no status {status}; note and tag tell it"
