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
    if not has_address(shipping):
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


def read_customer(text: str | None) -> Content | None:
    """Read the addresses of a customer of the store out of its JSON; None where it is no customer's.

    Where the billing address names nobody, the account's name stands in; what the shipping address lacks of name and telephone is
    the billing address's. See `sql/functions/fn_CustomerAddress.sql`.
    """
    customer = _parsed(text, dict)
    billing, shipping = customer.get("billing"), customer.get("shipping")
    if not isinstance(billing, dict):
        return None
    shipping = shipping if isinstance(shipping, dict) else {}
    named = billing if _names_somebody(billing) else customer
    phone = _text(billing, "phone") or _text(customer, "phone")
    return Content(
        lines=(),
        charges=(),
        taxes=(),
        coupons=(),
        billing=_parts(billing, named, phone),
        shipping=_parts(shipping, shipping if _names_somebody(shipping) else named, _text(shipping, "phone") or phone),
        customer_note="",
        payment_title="",
    )


def has_address(address: Mapping[str, str]) -> bool:
    """True where there is more of an address than a name."""
    return any(address.get(part) for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD"))


def _names_somebody(address: Mapping[str, Any]) -> bool:
    return any(_text(address, part) for part in ("first_name", "last_name", "company"))


def _text(parts: Mapping[str, Any], name: str) -> str:
    value = parts.get(name)
    return value.strip(" ") if isinstance(value, str) else ""


def _parts(address: Mapping[str, Any], named: Mapping[str, Any], phone: str) -> dict[str, str]:
    """Return the parts of an order's address that a customer's come to, without the empty ones."""
    first, last, company = (_text(named, part) for part in ("first_name", "last_name", "company"))
    person = f"{first} {last}".strip(" ")
    parts = {
        "FST_NAM": first,
        "LST_NAM": last,
        "NAM": person or company,
        "COMPANY": company,
        "ADRS_1": _text(address, "address_1"),
        "ADRS_2": _text(address, "address_2"),
        "ADRS_3": company if person else "",
        "CITY": _text(address, "city"),
        "STATE": _text(address, "state"),
        "ZIP_COD": _text(address, "postcode"),
        "CNTRY": _text(address, "country"),
        "PHONE": phone,
    }
    return {part: text for part, text in parts.items() if text}


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
