"""What the simulated shop holds, and what a write does to it: WooCommerce's side effects, as recorded from version 11.0."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from syncctl.clock import Clock, system_clock
from syncctl.demo import store_errors as errors

Raw = dict[str, Any]

LONGEST_NOTE = 70_000
PAID_BY = ("processing", "completed")
"""Statuses that set the date of payment and grant downloads, where that wasn't done before."""
_STOPPED = ("pending", "failed", "cancelled")
_MAILED_ON = {"processing": ("on-hold", *_STOPPED), "on-hold": _STOPPED, "completed": None, "refunded": None}
"""Status → from which others it is a reason to mail the customer; None: from every one."""
SETTINGS = {
    "general": {
        "woocommerce_currency": "USD",
        "woocommerce_price_num_decimals": "2",
        "woocommerce_calc_taxes": "yes",
    },
    "tax": {"woocommerce_prices_include_tax": "no"},
}
"""The settings of a shop that the API shows, by group, as far as anybody asks for them."""
_NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One status that an order took: when, from what to what, and whether through the API or in the shop."""

    at: datetime
    before: str
    after: str
    by_api: bool

    @property
    def backwards(self) -> bool:
        """True where the API moved an order that wasn't paid and waiting, or to where no such order goes on to."""
        return self.by_api and (self.before != "processing" or self.after not in ("completed", "cancelled"))


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a status change sent to an order's customer."""

    order_id: int
    kind: str
    by_api: bool


@dataclass(slots=True)
class StoreState:
    """Orders, refunds, notes, products and customers. Every method holds the lock; `orders` is sorted by id."""

    clock: Clock = system_clock
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("America/New_York"))
    hpos: bool = True
    """False: as with the legacy tables, where a PUT that changes no status leaves the modified date alone."""
    orders: dict[int, Raw] = field(default_factory=dict)
    refunds: dict[int, list[Raw]] = field(default_factory=dict)
    notes: dict[int, list[Raw]] = field(default_factory=dict)
    products: dict[int, Raw] = field(default_factory=dict)
    customers: dict[int, Raw] = field(default_factory=dict)
    history: dict[int, list[StatusChange]] = field(default_factory=dict)
    trashed_from: dict[int, str] = field(default_factory=dict)
    mails: list[str] = field(default_factory=list)
    """Notes that went to a customer. Stays empty unless somebody makes a mistake."""
    mail_log: list[Mail] = field(default_factory=list)
    """What status changes mailed to customers."""
    paid_by_api: list[int] = field(default_factory=list)
    """Orders whose date of payment was set because the API gave them a status."""
    downloads: dict[int, bool] = field(default_factory=dict)
    """Orders whose downloads a status change granted; true where the API gave them that status."""
    listed: set[str] = field(default_factory=set)
    """Plugins' statuses that stand in every list, and may be asked for by name."""
    excluded: set[str] = field(default_factory=set)
    """Plugins' statuses registered with `exclude_from_search`: `any` doesn't list them, asked for by name they come."""
    switched_off: set[str] = field(default_factory=set)
    """Statuses whose plugin was switched off: such orders are counted and not shown, and asking for the status is an error."""
    settings: dict[str, dict[str, str]] = field(default_factory=lambda: copy.deepcopy(SETTINGS))
    """The shop's settings by group, as far as the API is asked for them."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    _last_id: int = 0

    @property
    def downloads_by_us(self) -> list[int]:
        """Orders whose downloads were granted because the API gave them a status."""
        return [order_id for order_id, by_api in self.downloads.items() if by_api]

    def next_id(self) -> int:
        """Hand out an id; orders, refunds and notes share one series, so orders' ids have gaps."""
        with self.lock:
            self._last_id += 1
            return self._last_id

    def add(self, raws: Iterable[Raw]) -> None:
        """Take over orders as they are, such as recorded ones, with refunds made up from the ones that they name."""
        with self.lock:
            for raw in raws:
                self.orders[raw["id"]] = copy.deepcopy(raw)
                self.notes.setdefault(raw["id"], [])
                self.history.setdefault(raw["id"], [])
                named = raw.get("refunds") or []
                self._last_id = max([self._last_id, raw["id"], *(entry["id"] for entry in named)])
                self.refunds[raw["id"]] = [_refund_named(raw, entry) for entry in named]
            self.orders = dict(sorted(self.orders.items()))

    def order(self, order_id: int, *, writing: bool = False) -> Raw:
        """Return the order itself, not a copy.

        Raises:
            StoreError: there is none.
        """
        try:
            return self.orders[order_id]
        except KeyError:
            raise errors.no_such_order(writing=writing) from None

    def touch(self, raw: Raw) -> None:
        """Move the modified date to the shop's present second."""
        raw["date_modified_gmt"], raw["date_modified"] = self.moments()

    def moments(self, moment: datetime | None = None) -> tuple[str, str]:
        """Write a moment as WooCommerce does: (UTC, the shop's local time), whole seconds, no suffix."""
        moment = (moment or self.clock()).astimezone(UTC).replace(microsecond=0)
        return moment.replace(tzinfo=None).isoformat(), moment.astimezone(self.timezone).replace(tzinfo=None).isoformat()

    def set_status(self, order_id: int, status: str, *, by_api: bool = False) -> None:
        """Give an order a status, with the note and dates that come with it."""
        with self.lock:
            raw = self.order(order_id, writing=by_api)
            before = raw["status"]
            raw["status"] = status
            self.touch(raw)
            if before == status:
                return
            self.trashed_from.pop(order_id, None)
            self.history[order_id].append(StatusChange(self.clock(), before, status, by_api))
            if status in PAID_BY:
                self.downloads.setdefault(order_id, by_api)
                if not raw.get("date_paid_gmt"):
                    raw["date_paid_gmt"], raw["date_paid"] = self.moments()
                    self.paid_by_api += [order_id] * by_api
            if status in _MAILED_ON and before in (_MAILED_ON[status] or (before,)):
                self.mail_log.append(Mail(order_id, f"customer_{status.replace('-', '_')}_order", by_api))
            if status == "completed":
                raw["date_completed_gmt"], raw["date_completed"] = self.moments()
            self.note(order_id, f"Order status changed from {before} to {status}.")

    def put(self, order_id: int, body: Raw, *, validate: bool = True) -> Raw:
        """Change an order through the API. A trashed order comes back; without `validate` (a batch) a wrong status is `pending`.

        Raises:
            StoreError: no such order, or no such status.
        """
        with self.lock:
            raw = self.order(order_id, writing=True)
            status = body.get("status")
            if status is not None:
                status = str(status).removeprefix("wc-")
                known = (*errors.STATUSES, *sorted(self.listed | self.excluded))
                if status not in known:
                    if validate:
                        raise errors.bad_status("status", known)
                    status = "pending"
            elif raw["status"] == "trash":
                status = self.trashed_from.get(order_id, "pending")
            for meta in body.get("meta_data") or []:
                self._put_meta(raw, meta)
            for name in ("customer_note", "transaction_id", "payment_method", "payment_method_title", "customer_id"):
                if name in body:
                    raw[name] = body[name]
            for name in ("billing", "shipping"):
                raw[name].update(body.get(name) or {})
            if status is not None and (self.hpos or status != raw["status"]):
                self.set_status(order_id, status, by_api=True)
            elif self.hpos:
                self.touch(raw)
            return copy.deepcopy(raw)

    def _put_meta(self, raw: Raw, meta: Raw) -> None:
        for held in raw["meta_data"]:
            if held["key"] == meta.get("key") or held["id"] == meta.get("id"):
                held["value"] = meta.get("value")
                return
        raw["meta_data"].append({"id": self.next_id(), "key": meta.get("key"), "value": meta.get("value")})

    def trash(self, order_id: int, *, by_api: bool = False) -> Raw:
        """Move an order to the trash; returns it as it was before.

        Raises:
            StoreError: no such order, or there already.
        """
        with self.lock:
            raw = self.order(order_id)
            before = copy.deepcopy(raw)
            if raw["status"] == "trash":
                raise errors.already_gone()
            self.trashed_from[order_id] = raw["status"]
            raw["status"] = "trash"
            self.touch(raw)
            self.history[order_id].append(StatusChange(self.clock(), before["status"], "trash", by_api))
            return before

    def untrash(self, order_id: int) -> None:
        """Bring an order back from the trash with the status it had."""
        with self.lock:
            self.set_status(order_id, self.trashed_from.get(order_id, "pending"))

    def delete(self, order_id: int) -> Raw:
        """Delete an order for good: it vanishes from every list. Its history stays, for whoever checks it later.

        Raises:
            StoreError: no such order.
        """
        with self.lock:
            raw = self.order(order_id)
            del self.orders[order_id]
            self.refunds.pop(order_id, None)
            return raw

    def note(self, order_id: int, text: str, *, to_customer: bool = False, author: str = "WooCommerce") -> Raw:
        """Write a note. The order's modified date stays.

        Raises:
            StoreError: no such order, or a text that is too long.
        """
        with self.lock:
            if order_id not in self.orders:
                raise errors.no_parent_order()
            if len(text) > LONGEST_NOTE:
                raise errors.critical("Allowed memory size exhausted.")
            gmt, local = self.moments()
            written = {
                "id": self.next_id(),
                "author": author,
                "date_created": local,
                "date_created_gmt": gmt,
                "note": text,
                "customer_note": to_customer,
            }
            self.notes[order_id].append(written)
            if to_customer:
                self.mails.append(text)
            return written

    def refund(self, order_id: int, body: Raw) -> Raw:
        """Refund an amount, or items; a refund of all that is left makes the order `refunded`.

        Raises:
            StoreError: no such order, or more than is left.
        """
        with self.lock:
            if order_id not in self.orders:
                raise errors.no_parent_order()
            raw = self.orders[order_id]
            items = [_refund_item(raw, item, self.next_id()) for item in body.get("line_items") or []]
            itemised = -sum((Decimal(item["total"]) + Decimal(item["total_tax"]) for item in items), Decimal(0))
            amount = Decimal(str(body["amount"])) if body.get("amount") not in (None, "") else itemised
            left = Decimal(raw["total"]) - sum((Decimal(entry["amount"]) for entry in self.refunds[order_id]), Decimal(0))
            if not _NOTHING < amount <= left:
                raise errors.refund_too_much()
            gmt, local = self.moments()
            made = {
                "id": self.next_id(),
                "date_created": local,
                "date_created_gmt": gmt,
                "amount": str(amount),
                "reason": str(body.get("reason") or ""),
                "refunded_by": 1,
                "refunded_payment": False,
                "meta_data": [],
                "line_items": [item for item in items if "quantity" in item],
                "shipping_lines": [item for item in items if item.get("method_title")],
                "fee_lines": [item for item in items if "quantity" not in item and not item.get("method_title")],
                "tax_lines": [],
            }
            self.refunds[order_id].append(made)
            taxes = sum((Decimal(item["total_tax"]) for item in items), Decimal("0.00"))
            raw["refunds"].append({"id": made["id"], "reason": made["reason"], "total": str(-amount), "total_tax": str(taxes)})
            self.touch(raw)
            if amount == left:
                self.set_status(order_id, "refunded")
            return made


def _refund_item(raw: Raw, item: Raw, new_id: int) -> Raw:
    """Build a refund's own line from a line of the order: negative figures, pointing back by `_refunded_item_id`."""
    for kind in ("line_items", "shipping_lines", "fee_lines"):
        for line in raw[kind]:
            if line["id"] != item["id"]:
                continue
            taxes = item.get("refund_tax") or []
            total = -Decimal(str(item.get("refund_total", "0")))
            tax = -sum((Decimal(str(entry["refund_total"])) for entry in taxes), Decimal("0.00"))
            made = {
                "id": new_id,
                "name": line.get("name") or line.get("method_title", ""),
                "total": str(total),
                "total_tax": str(tax),
                "meta_data": [{"id": new_id, "key": "_refunded_item_id", "value": str(line["id"])}],
            }
            if kind == "line_items":
                made |= {"quantity": -int(item.get("quantity", 0)), "subtotal": str(total), "sku": line.get("sku")}
            if kind == "shipping_lines":
                made["method_title"] = line.get("method_title") or "Shipping"
            return made
    raise errors.StoreError(400, "woocommerce_rest_invalid_order_refund", "Order item ID provided is not associated with order.")


def _refund_named(raw: Raw, entry: Raw) -> Raw:
    """Make up the refund behind an order's `refunds` entry. One with tax was of one unit of the line that comes to just that."""
    amount, tax = abs(Decimal(entry["total"])), abs(Decimal(entry.get("total_tax") or "0"))
    made: Raw = {"id": entry["id"], "amount": str(amount), "reason": entry.get("reason") or "", "line_items": []}
    made |= {"shipping_lines": [], "fee_lines": [], "meta_data": []}
    for line in raw["line_items"] if tax else []:
        units = Decimal(line["quantity"])
        if units and (Decimal(line["total"]) / units, Decimal(line["total_tax"]) / units) == (amount - tax, tax):
            item = {
                "id": line["id"],
                "quantity": 1,
                "refund_total": str(amount - tax),
                "refund_tax": [{"refund_total": str(tax)}],
            }
            made["line_items"] = [_refund_item(raw, item, entry["id"] + 100_000)]
            break
    return made
