"""WooCommerce's orders as our `Order`: amounts exact, refunds taken off, odd shapes repaired or named.

Sources of the odd shapes: WooCommerce REST v3 answers of versions 8.9, 10.3 and 11.0. `sku` may be a string, "" or null, `price`
is a JSON number with float noise (never read here), meta values may be objects, `refunds` may lack what its own endpoint has.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from syncctl.models import Address, Charge, Order, OrderLine, TaxLine

Raw = dict[str, Any]

TAG_KEY = "_syncctl_document"
"""The order's meta data that says which ERP document it became. The leading underscore hides it from the shop's own pages."""

NOT_ORDERS = frozenset({"auto-draft", "checkout-draft", "draft", "new"})
"""Statuses of carts that haven't become orders; some versions list them among the orders."""

TRASH = "trash"
_CENT = Decimal("0.01")
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories that have no place in one line of text: control characters, halves of a letter, line ends."""


class UnreadableError(ValueError):
    """The store's answer lacks something that can't be guessed, or has nonsense in its place."""


def needs_refunds(raw: Raw) -> bool:
    """True where the order's refunds have to be read: it names some, or its status says so."""
    return bool(raw.get("refunds")) or "refund" in str(raw.get("status", ""))


def status_of(raw: Raw) -> str:
    """Return the status without the `wc-` that some versions leave on plugins' own statuses."""
    return str(raw.get("status") or "").removeprefix("wc-")


def modified_of(raw: Raw) -> datetime | None:
    """Return when the order was last modified, as aware UTC."""
    return utc(raw.get("date_modified_gmt")) or utc(raw.get("date_created_gmt"))


def tag_of(raw: Raw) -> str | None:
    """Return our tag from the order's meta data; None where there is none."""
    found = [item.get("value") for item in _objects(raw, "meta_data") if item.get("key") == TAG_KEY]
    return str(found[-1]) if found and found[-1] not in (None, "") else None


def utc(text: object) -> datetime | None:
    """Parse one of WooCommerce's `…_gmt` times: UTC without a suffix. None for null, "" and nonsense."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_order(raw: Raw, refunds: Sequence[Raw] = ()) -> Order:
    """Build an order from the store's answer and that of its refunds endpoint.

    Raises:
        UnreadableError: the id, a date or an amount is missing or makes no sense; the message names the field.
    """
    warnings: list[str] = []
    lines = [_line(item) for item in _objects(raw, "line_items")]
    charges = [_charge(item, "shipping", "method_title") for item in _objects(raw, "shipping_lines")]
    charges += [_charge(item, "fee", "name") for item in _objects(raw, "fee_lines")]
    bill = _Bill(lines=lines, charges=charges, tax=_amount(raw, "total_tax", "0"), total=_amount(raw, "total"))
    gross = bill.total
    for refund in refunds:
        bill.take_off(refund, warnings)
    _even_out_rounding(raw, bill, warnings)
    modified = modified_of(raw)
    created = utc(raw.get("date_created_gmt")) or modified
    if created is None or modified is None:
        raise UnreadableError("date_created_gmt and date_modified_gmt are missing")
    status = status_of(raw)
    billing = read_address(raw.get("billing"))
    return Order(
        order_id=_whole(raw, "id"),
        number=_text(raw.get("number")) or str(raw["id"]),
        status=status,
        currency=_text(raw.get("currency")),
        created_at=created,
        modified_at=modified,
        customer_id=_whole(raw, "customer_id", 0),
        email=billing.email,
        billing=billing,
        shipping=read_address(raw.get("shipping")),
        lines=tuple(item.line for item in bill.lines),
        charges=tuple(item.charge for item in bill.charges),
        coupons=tuple(_text(item.get("code")) for item in _objects(raw, "coupon_lines")),
        discount=sum((item.line.subtotal - item.line.total for item in bill.lines), Decimal("0.00")),
        tax=bill.tax,
        taxes=tuple(_tax(item) for item in _objects(raw, "tax_lines")),
        total=bill.total,
        payment_method=_text(raw.get("payment_method")),
        payment_title=_text(raw.get("payment_method_title")),
        transaction_id=_text(raw.get("transaction_id")),
        customer_note=_lines(raw.get("customer_note")),
        shipping_method=", ".join(
            dict.fromkeys(name for item in _objects(raw, "shipping_lines") if (name := _text(item.get("method_title"))))
        ),
        fully_refunded=status == "refunded" or (bool(refunds) and gross > 0 and bill.total <= 0),
        warnings=tuple(warnings),
    )


@dataclass(slots=True)
class _Line:
    item_id: int
    line: OrderLine


@dataclass(slots=True)
class _Charge:
    item_id: int
    charge: Charge


@dataclass(slots=True, kw_only=True)
class _Bill:
    """An order's amounts while refunds are being taken off. Lines + charges + tax = total before and after."""

    lines: list[_Line]
    charges: list[_Charge]
    tax: Decimal
    total: Decimal

    def take_off(self, refund: Raw, warnings: list[str]) -> None:
        """Take one refund off: named items off their lines and charges, the rest as a charge of its own."""
        amount = abs(_amount(refund, "amount") if "amount" in refund else _amount(refund, "total"))
        named = Decimal(0)
        for item in [*_objects(refund, "line_items"), *_objects(refund, "shipping_lines"), *_objects(refund, "fee_lines")]:
            total, tax = _amount(item, "total", "0"), _amount(item, "total_tax", "0")
            if self._take_off_item(_refunded_item(item), _quantity(item), total, tax):
                named -= total + tax
                self.tax += tax
        self.total -= amount
        if rest := amount - named:
            reason = _text(refund.get("reason"))
            self.charges.append(
                _Charge(0, Charge(kind="refund", description=reason or "Refund", amount=-rest, tax=Decimal("0.00")))
            )
            if rest < 0:
                warnings.append(f"Refund {refund.get('id')} is of less than its items come to; the difference is a charge.")

    def _take_off_item(self, item_id: int | None, quantity: Decimal, total: Decimal, tax: Decimal) -> bool:
        """Take (negative) figures off the line or charge with that id; False where there is none."""
        if item_id is None:
            return False
        for held in self.lines:
            if held.item_id == item_id:
                held.line = _less(held.line, quantity, total, tax)
                self._keep_rest(held)
                return True
        for found in self.charges:
            if found.item_id == item_id:
                found.charge = replace(found.charge, amount=found.charge.amount + total, tax=found.charge.tax + tax)
                return True
        return False

    def _keep_rest(self, held: _Line) -> None:
        """Make a fee of what the shop kept of a line that came back whole (a restocking fee): no goods are left to sell."""
        line = held.line
        if line.quantity == 0 and (line.total or line.tax):
            kept = Charge(kind="fee", description=f"Kept of the refunded {line.name}", amount=line.total, tax=line.tax)
            self.charges.append(_Charge(0, kept))
            held.line = replace(line, subtotal=Decimal("0.00"), total=Decimal("0.00"), tax=Decimal("0.00"))


def _less(line: OrderLine, quantity: Decimal, total: Decimal, tax: Decimal) -> OrderLine:
    """Take refunded (negative) figures off a line. Its subtotal follows the quantity: what the rest cost before discounts."""
    left = line.quantity + quantity
    new_total = line.total + total
    subtotal = line.subtotal
    if quantity and line.quantity:
        subtotal = (line.subtotal * left / line.quantity).quantize(line.subtotal)
    # Where units came back for less than their price, the rest isn't dearer after discounts than before.
    subtotal = max(subtotal, new_total) if left else Decimal(0).quantize(line.subtotal)
    return replace(line, quantity=left, subtotal=subtotal, total=new_total, tax=line.tax + tax)


def _even_out_rounding(raw: Raw, bill: _Bill, warnings: list[str]) -> None:
    """Where prices include tax, WooCommerce rounds each net amount for display: the sum may miss the total by some cents.

    Only there, and only up to half a cent for each rounded figure; any other difference is for validation to find.
    """
    if raw.get("prices_include_tax") is not True:
        return
    figures = [item.line.total for item in bill.lines] + [item.charge.amount for item in bill.charges]
    taxes = [item.line.tax for item in bill.lines] + [item.charge.tax for item in bill.charges]
    gap = bill.total - bill.tax - sum(figures, Decimal(0))
    if gap and abs(gap) <= max(_CENT, _CENT / 2 * (len(figures) + len(taxes))):
        bill.charges.append(_Charge(0, Charge(kind="fee", description="Rounding", amount=gap, tax=Decimal("0.00"))))
        warnings.append(
            f"Its prices include tax, and the rounded net amounts miss the total by {gap}: added as a rounding charge."
        )


def _line(item: Raw) -> _Line:
    total = _amount(item, "total")
    line = OrderLine(
        line_id=_whole(item, "id"),
        sku=_text(item.get("sku")) or None,
        name=_text(item.get("name")),
        quantity=_quantity(item),
        subtotal=_amount(item, "subtotal", str(total)),
        total=total,
        tax=_amount(item, "total_tax", "0"),
        product_id=_whole(item, "product_id", 0),
        variation_id=_whole(item, "variation_id", 0),
    )
    return _Line(line.line_id, line)


def _charge(item: Raw, kind: Literal["shipping", "fee"], title: str) -> _Charge:
    charge = Charge(
        kind=kind,
        description=_text(item.get(title)) or kind.capitalize(),
        amount=_amount(item, "total", "0"),
        tax=_amount(item, "total_tax", "0"),
    )
    return _Charge(_whole(item, "id", 0), charge)


def _tax(item: Raw) -> TaxLine:
    """Read a rate. Its amounts only share out the order's tax: one that makes no sense counts as nothing."""
    try:
        amount = _amount(item, "tax_total", "0") + _amount(item, "shipping_tax_total", "0")
    except UnreadableError:
        amount = Decimal(0)
    return TaxLine(rate=_text(item.get("rate_code")) or _text(item.get("label")), amount=amount)


def _refunded_item(item: Raw) -> int | None:
    """Return the id of the order's line that a refund's line takes back."""
    for meta in _objects(item, "meta_data"):
        if meta.get("key") == "_refunded_item_id" and str(meta.get("value")).isdecimal():
            return int(str(meta["value"]))
    return None


def read_address(raw: object) -> Address:
    """Build an address from WooCommerce's object for one, whatever of it is missing."""
    parts = raw if isinstance(raw, dict) else {}
    names = Address.__dataclass_fields__
    return Address(**{name: _text(parts.get(name)) for name in names})


def _objects(raw: Raw, name: str) -> Iterable[Raw]:
    """Return a list of objects; empty where the field is null, missing or (PHP's empty array) something else."""
    found = raw.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _text(value: object) -> str:
    """One line of text. Objects and lists, which plugins put in odd places, are nobody's name."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    # Not isprintable(): it is false for what joins an emoji or a Persian word, and for letters younger than this Python.
    return " ".join("".join(" " if unicodedata.category(letter) in _NO_TEXT else letter for letter in str(value)).split())


def _lines(value: object) -> str:
    """Text of several lines, without what no database takes: control characters and halves of a letter."""
    kept = (letter for letter in str(value or "") if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    return "".join(kept)


def _amount(item: Raw, name: str, default: str | None = None) -> Decimal:
    """Read an amount, which is a string. A JSON number is taken as it was written; null and "" are the default."""
    value = item.get(name)
    if value in (None, "") and default is not None:
        value = default
    return _number(item, name, value)


def _quantity(item: Raw) -> Decimal:
    value = item.get("quantity")
    return _number(item, "quantity", 0 if value in (None, "") else value)


def _number(item: Raw, name: str, value: object) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise UnreadableError(f"{name} of {item.get('id', 'an item')} is {value!r}, which is no amount") from None
    if not number.is_finite():
        raise UnreadableError(f"{name} of {item.get('id', 'an item')} is {value!r}, which is no amount")
    return number


def _whole(item: Raw, name: str, default: int | None = None) -> int:
    value = item.get(name, default)
    if value in (None, "") and default is not None:
        return default
    try:
        return int(str(value))
    except ValueError:
        raise UnreadableError(f"{name} is {value!r}, which is no whole number") from None
