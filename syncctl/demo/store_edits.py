"""What people do to orders in the shop's own pages: edits that keep every total right, cancel, trash, delete, refund."""

from __future__ import annotations

import copy
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from syncctl.demo.store_state import Raw, StoreState

CENT = Decimal("0.01")


class Shopkeeper:
    """Edits the orders of a simulated shop. Every edit moves the modified date, as in the real one."""

    def __init__(self, state: StoreState) -> None:
        self.state = state

    def place(self, raw: Raw) -> int:
        """Take a new order in, at the shop's present time, under a new id; returns the id."""
        with self.state.lock:
            new = copy.deepcopy(raw)
            new["id"] = self.state.next_id()
            new["number"] = str(new["id"])
            if new.get("transaction_id"):
                new["transaction_id"] = f"ch_demo{new['id']}"  # a payment of its own
            new["date_created_gmt"], new["date_created"] = self.state.moments()
            self.state.touch(new)
            recalculate(new)
            self.state.add([new])
            return int(new["id"])

    def change_quantity(self, order_id: int, quantity: int, *, line: int = 0) -> None:
        """Sell another quantity of the order's `line`-th line, at the same price and discount."""
        with self.state.lock:
            raw = self.state.order(order_id)
            item = raw["line_items"][line]
            factor = Decimal(quantity) / Decimal(item["quantity"])
            for name in ("subtotal", "subtotal_tax", "total", "total_tax"):
                item[name] = _cents(Decimal(item.get(name) or "0") * factor)
            item["quantity"] = quantity
            self._edited(raw)

    def change_price(self, order_id: int, unit_price: str, *, line: int = 0) -> None:
        """Sell the order's `line`-th line at another price, without discount."""
        with self.state.lock:
            raw = self.state.order(order_id)
            item = raw["line_items"][line]
            rate = tax_rate(raw)
            total = Decimal(unit_price) * item["quantity"]
            item["subtotal"] = item["total"] = _cents(total)
            item["subtotal_tax"] = item["total_tax"] = _cents(total * rate)
            item["price"] = float(unit_price)
            self._edited(raw)

    def add_line(self, order_id: int, sku: str, unit_price: str, *, quantity: int = 1, name: str = "") -> int:
        """Add a product; returns the new line's id."""
        with self.state.lock:
            raw = self.state.order(order_id)
            line_id = self.state.next_id()
            total = Decimal(unit_price) * quantity
            raw["line_items"].append(
                line_item(line_id, sku=sku, name=name or sku, quantity=quantity, total=total, tax=total * tax_rate(raw))
            )
            self._edited(raw)
            return line_id

    def remove_line(self, order_id: int, *, line: int = -1) -> None:
        """Take the `line`-th line off the order."""
        with self.state.lock:
            raw = self.state.order(order_id)
            del raw["line_items"][line]
            self._edited(raw)

    def change_address(self, order_id: int, **parts: str) -> None:
        """Ship the order somewhere else."""
        with self.state.lock:
            raw = self.state.order(order_id)
            raw["shipping"].update(parts)
            self._edited(raw)

    def change_customer(self, order_id: int, customer_id: int, email: str) -> None:
        """Give the order to another customer."""
        with self.state.lock:
            raw = self.state.order(order_id)
            raw["customer_id"] = customer_id
            raw["billing"]["email"] = email
            self._edited(raw)

    def change_shipping(self, order_id: int, amount: str) -> None:
        """Ask for another amount for the shipping; nothing takes it off, something afterwards is a line of its own."""
        with self.state.lock:
            raw = self.state.order(order_id)
            titles = [line["method_title"] for line in raw["shipping_lines"]] or ["Flat rate"]
            cost = Decimal(amount)
            made = {"id": self.state.next_id(), "method_title": titles[0], "method_id": "flat_rate", "total": _cents(cost)}
            made |= {"total_tax": _cents(cost * tax_rate(raw)), "taxes": [], "meta_data": []}
            raw["shipping_lines"] = [made] if cost else []
            self._edited(raw)

    def set_status(self, order_id: int, status: str) -> None:
        """Give the order a status by hand."""
        self.state.set_status(order_id, status)

    def cancel(self, order_id: int) -> None:
        """Cancel the order."""
        self.state.set_status(order_id, "cancelled")

    def uncancel(self, order_id: int) -> None:
        """Let a cancelled order be a paid one again."""
        self.state.set_status(order_id, "processing")

    def trash(self, order_id: int) -> None:
        """Move the order to the trash."""
        self.state.trash(order_id)

    def untrash(self, order_id: int) -> None:
        """Bring the order back from the trash."""
        self.state.untrash(order_id)

    def delete(self, order_id: int) -> None:
        """Delete the order for good."""
        self.state.delete(order_id)

    def refund_amount(self, order_id: int, amount: str, *, reason: str = "") -> None:
        """Refund an amount without naming what it is for."""
        self.state.refund(order_id, {"amount": amount, "reason": reason})

    def refund_all(self, order_id: int, *, reason: str = "Customer changed mind") -> None:
        """Refund what is left of the order, which makes it `refunded`."""
        with self.state.lock:
            raw = self.state.order(order_id)
            given = sum((Decimal(entry["amount"]) for entry in self.state.refunds[order_id]), Decimal(0))
            self.state.refund(order_id, {"amount": str(Decimal(raw["total"]) - given), "reason": reason})

    def refund_units(self, order_id: int, units: int, *, line: int = 0, reason: str = "Damaged") -> None:
        """Take back some units of a line, at what they were sold for."""
        with self.state.lock:
            raw = self.state.order(order_id)
            item = raw["line_items"][line]
            share = Decimal(units) / Decimal(item["quantity"])
            refunded: dict[str, Any] = {
                "id": item["id"],
                "quantity": units,
                "refund_total": _cents(Decimal(item["total"]) * share),
                "refund_tax": [{"refund_total": _cents(Decimal(item["total_tax"]) * share)}],
            }
            self.state.refund(order_id, {"line_items": [refunded], "reason": reason})

    def _edited(self, raw: Raw) -> None:
        recalculate(raw)
        self.state.touch(raw)


def line_item(line_id: int, *, sku: str | None, name: str, quantity: int, total: Decimal, tax: Decimal) -> Raw:
    """Build a product line without discount."""
    return {
        "id": line_id,
        "name": name,
        "product_id": 0 if sku is None else line_id,
        "variation_id": 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": _cents(total),
        "subtotal_tax": _cents(tax),
        "total": _cents(total),
        "total_tax": _cents(tax),
        "taxes": [],
        "meta_data": [],
        "sku": sku,
        "price": float(total / quantity) if quantity else 0,
        "image": {"id": "", "src": ""},
        "parent_name": None,
    }


def recalculate(raw: Raw) -> None:
    """Work out the order's totals from its lines, shipping and fees."""
    lines, shipping, fees = raw["line_items"], raw["shipping_lines"], raw["fee_lines"]
    raw["discount_total"] = _cents(_sum(lines, "subtotal") - _sum(lines, "total"))
    raw["discount_tax"] = _cents(_sum(lines, "subtotal_tax") - _sum(lines, "total_tax"))
    raw["shipping_total"], raw["shipping_tax"] = _cents(_sum(shipping, "total")), _cents(_sum(shipping, "total_tax"))
    cart_tax = _sum(lines, "total_tax") + _sum(fees, "total_tax")
    tax = cart_tax + _sum(shipping, "total_tax")
    raw["cart_tax"], raw["total_tax"] = _cents(cart_tax), _cents(tax)
    raw["total"] = _cents(_sum(lines, "total") + _sum(shipping, "total") + _sum(fees, "total") + tax)


def tax_rate(raw: Raw) -> Decimal:
    """Return the order's tax rate as a fraction."""
    return sum((Decimal(str(line.get("rate_percent") or 0)) for line in raw["tax_lines"]), Decimal(0)) / 100


def _sum(items: list[Raw], name: str) -> Decimal:
    return sum((Decimal(item.get(name) or "0") for item in items), Decimal(0))


def _cents(amount: Decimal) -> str:
    return str(amount.quantize(CENT, rounding=ROUND_HALF_UP))
