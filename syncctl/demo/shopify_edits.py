"""What people do to orders in Shopify's own pages: edits that keep every total right, cancel, delete, refund.

The same doings by the same names as `store_edits.Shopkeeper`, as Shopify has them: nothing of an order is ever taken off its
lists, a removed line stays with nothing left of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from syncctl.demo.shopify_raws import Raw, cents, give_id, line, reckon, reckon_line, shipping, total_of
from syncctl.demo.shopify_store import SimulatedShopify

_ADDRESS = {"address_1": "address1", "address_2": "address2", "postcode": "zip"}
"""What the parts of an address are called in the other shop → here."""


class ShopifyKeeper:
    """Edits the orders of a simulated shop. Every edit moves the date of the last change."""

    def __init__(self, shop: SimulatedShopify) -> None:
        self.shop = shop

    def place(self, raw: Raw) -> int:
        """Take a new order in, at the shop's present time, under a new id; returns the id."""
        with self.shop.lock:
            number = self.shop.last_id + 1
            raw |= {"id": f"gid://shopify/Order/{number}", "name": f"#{number}"}
            raw["fulfillmentOrders"] = [{"id": f"gid://shopify/FulfillmentOrder/{number}", "status": "OPEN"}]
            self.shop.load([raw])
            raw["createdAt"] = self.shop.touch(number)["updatedAt"]
            return number

    def change_quantity(self, order_id: int, quantity: int, *, line: int = 0) -> None:
        """Sell another quantity of the order's `line`-th line, at the same price and discount a piece; 0 removes it."""
        item = self._lines(order_id)[line]
        if quantity:
            for each in item["discountAllocations"]:
                off = Decimal(each["allocatedAmountSet"])
                each["allocatedAmountSet"] = str(cents(off * quantity / item["quantity"]))
            item["quantity"] = quantity
        item["currentQuantity"] = quantity
        self._edited(order_id)

    def change_price(self, order_id: int, unit_price: str, *, line: int = 0) -> None:
        """Sell the order's `line`-th line at another price; a lower one is a discount, as Shopify's editing has it."""
        item = self._lines(order_id)[line]
        off = (Decimal(item["originalUnitPriceSet"]) - Decimal(unit_price)) * item["quantity"]
        item["discountAllocations"] = [{"allocatedAmountSet": str(off)}] if off > 0 else []
        if off < 0:
            item["originalUnitPriceSet"] = unit_price
        self._edited(order_id)

    def add_line(self, order_id: int, sku: str, unit_price: str, *, quantity: int = 1, name: str = "") -> int:
        """Add a product, taxed as the others are; returns the new line's id."""
        with self.shop.lock:
            raw = self.shop.orders[order_id]
            rate = raw["lineItems"][0]["_rate"] if raw["lineItems"] else "0"
            made = line(sku, quantity, unit_price, rate=rate, included=raw["taxesIncluded"], name=name or sku)
            line_id = give_id(raw, made)
            raw["lineItems"].append(made)
            self._edited(order_id)
            return line_id

    def remove_line(self, order_id: int, *, line: int = -1) -> None:
        """Take the `line`-th line off the order: it stays there, with nothing left of it."""
        self._lines(order_id)[line]["currentQuantity"] = 0
        self._edited(order_id)

    def change_address(self, order_id: int, **parts: str) -> None:
        """Ship the order somewhere else."""
        address = self.shop.orders[order_id]["shippingAddress"]
        self.shop.touch(order_id, shippingAddress=address | {_ADDRESS.get(name, name): part for name, part in parts.items()})

    def change_customer(self, order_id: int, customer_id: int, email: str) -> None:
        """Give the order to another customer."""
        self.shop.touch(order_id, customer={"id": f"gid://shopify/Customer/{customer_id}"}, email=email)

    def change_shipping(self, order_id: int, amount: str) -> None:
        """Ask for another amount for the shipping; nothing takes the shipping off, something afterwards is a line of its own."""
        with self.shop.lock:
            raw = self.shop.orders[order_id]
            live = [each for each in raw["shippingLines"] if not each["isRemoved"]]
            for each in live:
                each |= {"isRemoved": True, "currentDiscountedPriceSet": "0.00"}
            if Decimal(amount):
                raw["shippingLines"].append(shipping(amount, title=live[0]["title"] if live else "Standard"))
            self._edited(order_id)

    def cancel(self, order_id: int) -> None:
        """Cancel the order."""
        self.shop.touch(order_id, cancelledAt=self._now())

    def uncancel(self, order_id: int) -> None:
        """Let a cancelled order be one again, as a restored copy of the shop has it."""
        self.shop.touch(order_id, cancelledAt=None)

    def delete(self, order_id: int) -> None:
        """Delete the order for good."""
        with self.shop.lock:
            del self.shop.orders[order_id]

    def refund_amount(self, order_id: int, amount: str) -> None:
        """Refund an amount without naming what it is for."""
        raw = self.shop.orders[order_id]
        raw["refundDiscrepancySet"] = str(Decimal(raw["refundDiscrepancySet"]) - Decimal(amount))
        self._refunded(order_id, Decimal(amount))

    def refund_all(self, order_id: int) -> None:
        """Take everything back and refund it, shipping and fees included."""
        with self.shop.lock:
            raw = self.shop.orders[order_id]
            back = total_of(raw)
            for item in raw["lineItems"]:
                item["currentQuantity"] = 0
            for each in raw["shippingLines"]:
                each["currentDiscountedPriceSet"] = "0.00"
            raw |= {"additionalFees": [], "currentTotalAdditionalFeesSet": None, "refundDiscrepancySet": "0.00"}
            raw["_extra"] = "0"
            self._edited(order_id)
            self._refunded(order_id, back)

    def refund_units(self, order_id: int, units: int, *, line: int = 0) -> None:
        """Take back some units of a line, at what they were sold for."""
        with self.shop.lock:
            before = total_of(self.shop.orders[order_id])
            self._lines(order_id)[line]["currentQuantity"] -= units
            self._edited(order_id)
            self._refunded(order_id, before - total_of(self.shop.orders[order_id]))

    def _lines(self, order_id: int) -> list[Raw]:
        """Return the lines of which something is left, as a person sees them."""
        lines: list[Raw] = [each for each in self.shop.orders[order_id]["lineItems"] if each["currentQuantity"]]
        return lines

    def _refunded(self, order_id: int, amount: Decimal) -> None:
        raw = self.shop.orders[order_id]
        whole = total_of(raw) <= 0
        given = Decimal(raw["totalRefundedSet"]) + amount
        self.shop.touch(
            order_id, totalRefundedSet=str(given), displayFinancialStatus="REFUNDED" if whole else "PARTIALLY_REFUNDED"
        )

    def _edited(self, order_id: int, **fields: Any) -> None:
        with self.shop.lock:
            raw = self.shop.orders[order_id]
            for item in raw["lineItems"]:
                reckon_line(item)
            reckon(raw)
            self.shop.touch(order_id, **fields)

    def _now(self) -> str:
        return self.shop.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
