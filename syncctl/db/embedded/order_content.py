"""A staged order's content as the ERP procedures read it: lines, charges and addresses out of its JSON, money as Decimal."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

_CENT = Decimal("0.01")
_TENTH_OF_MILL = Decimal("0.0001")
_LARGEST = Decimal(10) ** 11


def cents(amount: Decimal) -> Decimal:
    """Round to the two decimals of the ERP's amounts, half away from zero as T-SQL's ROUND does."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def unit_price(total: Decimal, quantity: Decimal) -> Decimal:
    """Divide a line's total into a price of four decimals (`PRC` is money), half away from zero."""
    return (total / quantity).quantize(_TENTH_OF_MILL, ROUND_HALF_UP)


def amount_of(text: object) -> Decimal | None:
    """Read an amount as `TRY_CONVERT(decimal(15,4), …)` does; None for what is none."""
    try:
        amount = Decimal(str(text).strip())
        if not amount.is_finite() or abs(amount) >= _LARGEST:
            return None
        return amount.quantize(_TENTH_OF_MILL, ROUND_HALF_UP)
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class StagedLine:
    """One line of `LINE_ITEMS_JSON`. `position` counts from 1 in the store's order."""

    position: int
    line_id: int
    sku: str
    descr: str
    quantity: Decimal
    subtotal: Decimal
    total: Decimal
    tax: Decimal
    product_id: int = 0
    variation_id: int = 0

    @property
    def sold(self) -> bool:
        """True where the line belongs into the ERP; the others only say that something was removed."""
        return self.quantity > 0


@dataclass(frozen=True, slots=True)
class StagedCharge:
    """One element of `CHARGES`: shipping, a fee (may be negative) or a refund of an amount."""

    kind: str
    descr: str
    amount: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class StagedTax:
    """One element of `TAX_LINES`: a rate of the store, and the tax by it before refunds."""

    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Content:
    """What a staged row's two JSON columns say."""

    lines: tuple[StagedLine, ...]
    charges: tuple[StagedCharge, ...]
    taxes: tuple[StagedTax, ...]
    coupons: tuple[str, ...]
    billing: Mapping[str, str]
    shipping: Mapping[str, str]
    customer_note: str
    payment_title: str

    @property
    def sold_lines(self) -> tuple[StagedLine, ...]:
        """The lines that belong into the ERP."""
        return tuple(line for line in self.lines if line.sold)


def read_content(staged: sqlite3.Row) -> Content:
    """Read a staged row's content. What can't be read counts as missing, which validation reports."""
    items = _parsed(staged["LINE_ITEMS_JSON"], list)
    order = _parsed(staged["ORDER_JSON"], dict)
    billing = _texts(order.get("BILL"))
    shipping = _texts(order.get("SHIP"))
    if not any(shipping.get(part) for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        shipping = billing
    return Content(
        lines=tuple(_line(position, item) for position, item in enumerate(items, start=1) if isinstance(item, dict)),
        charges=tuple(
            StagedCharge(
                str(charge.get("TYPE") or ""),
                str(charge.get("DESCR") or ""),
                amount_of(charge.get("AMT")) or Decimal(0),
                amount_of(charge.get("TAX_AMT")) or Decimal(0),
            )
            for charge in _list(order, "CHARGES")
            if isinstance(charge, dict)
        ),
        taxes=tuple(
            StagedTax(str(rate.get("RATE_COD") or "")[:100], cents(amount_of(rate.get("TAX_AMT")) or Decimal(0)))
            for rate in _list(order, "TAX_LINES")
            if isinstance(rate, dict)
        ),
        coupons=tuple(str(code) for code in _list(order, "COUPONS")),
        billing=billing,
        shipping=shipping,
        customer_note=str(order.get("CUSTOMER_NOTE") or ""),
        payment_title=str(order.get("PMT_TITLE") or ""),
    )


def _list(order: dict[str, Any], name: str) -> list[Any]:
    found = order.get(name)
    return found if isinstance(found, list) else []


def _line(position: int, item: dict[str, Any]) -> StagedLine:
    subtotal, total = amount_of(item.get("SUBTOT_AMT")), amount_of(item.get("TOT_AMT"))
    return StagedLine(
        position=position,
        line_id=int(item.get("WOO_LINE_ID") or 0),
        sku=str(item.get("SKU") or "").strip(),
        descr=str(item.get("DESCR") or ""),
        quantity=amount_of(item.get("QTY")) or Decimal(0),
        subtotal=subtotal or Decimal(0),
        total=total or Decimal(0),
        tax=amount_of(item.get("TAX_AMT")) or Decimal(0),
        product_id=int(item.get("PRODUCT_ID") or 0),
        variation_id=int(item.get("VARIATION_ID") or 0),
    )


def _parsed(text: str | None, kind: type) -> Any:
    try:
        value = json.loads(text or "null")
    except ValueError:
        value = None
    return value if isinstance(value, kind) else kind()


def _texts(address: object) -> dict[str, str]:
    parts = address if isinstance(address, dict) else {}
    return {name: str(value) for name, value in parts.items() if value}
