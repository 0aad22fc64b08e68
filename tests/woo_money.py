"""Orders reckoned as WooCommerce reckons them, in every way that a shop can be set up: what a test of rounding starts from.

As in WC_Cart_Totals and WC_Abstract_Order::calculate_totals: net amounts are stored with six decimals, taxes rounded per line or
not, the total rounded to the shop's decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from tests.raws import raw_order

D = Decimal
_STORED = D("0.000001")
_RATE = D("0.21")


@dataclass(frozen=True)
class Setup:
    """A shop's settings that concern rounding."""

    decimals: int = 2
    prices_include_tax: bool = False
    at_subtotal: bool = False
    rate: Decimal = _RATE
    sums_rounded_lines: bool = False
    """Totals reckoned anew in the order's page add up rounded lines, those of the cart whole ones."""


def reckoned(
    setup: Setup,
    lines: Sequence[tuple[int, str, int]],
    *,
    order_id: int = 1,
    shipping: str | None = None,
    fee: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return an order of lines (quantity, unit price, discount in percent), as the shop stores it: amounts of six decimals."""
    unit = D(1).scaleb(-setup.decimals)
    raw = raw_order(*[("TEE-BLK", quantity, "1.00") for quantity, _, _ in lines], id=order_id, number=str(order_id), **more)
    raw["shipping_lines"] = [{"id": 900, "method_title": "Flat rate"}] if shipping is not None else []
    raw["fee_lines"] = [{"id": 901, "name": "Wrapping"}] if fee is not None else []
    raw["prices_include_tax"] = setup.prices_include_tax
    nets, taxes = [], []

    def put(item: dict[str, Any], amount: Decimal, *, with_tax: bool) -> None:
        exact = amount - amount / (1 + setup.rate) if with_tax else amount * setup.rate
        net = amount - exact if with_tax else amount
        tax = exact.quantize(_STORED, ROUND_HALF_UP)
        if not setup.at_subtotal:
            tax = exact.quantize(unit, ROUND_HALF_DOWN if with_tax else ROUND_HALF_UP)
        net = net.quantize(_STORED, ROUND_HALF_UP)
        item |= {"total": str(net), "total_tax": str(tax)}
        nets.append(net)
        taxes.append(tax)

    for item, (quantity, price, percent) in zip(raw["line_items"], lines, strict=True):
        put(item, D(price) * quantity, with_tax=setup.prices_include_tax)
        item |= {"subtotal": item["total"], "subtotal_tax": item["total_tax"]}
        if percent:
            off = (D(price) * quantity * percent / 100).quantize(unit, ROUND_HALF_UP)
            nets.pop()
            taxes.pop()
            put(item, D(price) * quantity - off, with_tax=setup.prices_include_tax)
    for name, cost in (("shipping_lines", shipping), ("fee_lines", fee)):
        for item in raw[name]:
            put(item, D(cost or 0), with_tax=False)
    items = sum((net.quantize(unit, ROUND_HALF_UP) for net in nets), D(0)) if setup.sums_rounded_lines else sum(nets, D(0))
    raw["total_tax"] = str(sum(taxes, D(0)).quantize(unit, ROUND_HALF_UP))
    raw["total"] = str((items + sum(taxes, D(0))).quantize(unit, ROUND_HALF_UP))
    return raw
