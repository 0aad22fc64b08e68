"""WooCommerce's orders as our `Order`: amounts exact, refunds taken off, odd shapes repaired or named.

Sources of the odd shapes: WooCommerce REST v3 answers of versions 8.9, 10.3 and 11.0. `sku` may be a string, "" or null, `price`
is a JSON number with float noise (never read here), meta values may be objects, `refunds` may lack what its own endpoint has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec.structs import replace

from syncctl.errors import UnreadableError
from syncctl.models import Address, Charge, Order, OrderLine, TaxLine
from syncctl.stores.rounding import cents, paid, rounding_of, tolerance
from syncctl.stores.values import (
    LARGEST_AMOUNT,
    amount_field,
    code,
    identifier,
    lines_of_text,
    moment,
    moment_field,
    objects,
    objects_if_any,
    quantity_field,
    shown,
    text,
    texts,
    whole_field,
)
from syncctl.stores.woocommerce_refunds import all_refunds
from syncctl.stores.woocommerce_statuses import meaning_with, status_of

Raw = dict[str, Any]

TAG_KEY = "_syncctl_document"
"""The order's meta data that says which ERP document it became. The leading underscore hides it from the shop's own pages."""

NOT_ORDERS = frozenset({"auto-draft", "checkout-draft", "draft", "new"})
"""Statuses of carts that haven't become orders; some versions list them among the orders."""

_TEXTS = ("number", "currency", "payment_method", "payment_method_title", "transaction_id", "order_key")
_ADDRESS = (
    *("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country"),
    *("phone", "email"),
)
_MODEST = Decimal(10) ** 7
"""Where all figures of an order together stay below it, none of their sums is beyond what the database holds, and no price of a
ten-thousandth, the least quantity."""

EXACT = {"dp": "6"}
"""Asks for amounts as the store keeps them: else they are rounded to the shop's number of decimals, which anybody may change."""


def needs_refunds(raw: Raw) -> bool:
    """True where the order's refunds have to be read: it names some, or its status says so."""
    return bool(raw.get("refunds")) or "refund" in str(raw.get("status", ""))


def modified_of(raw: Raw) -> datetime | None:
    """Return when the order was last modified, as aware UTC; None where neither of its dates can be read."""
    return moment(raw.get("date_modified_gmt")) or moment(raw.get("date_created_gmt"))


def tag_of(raw: Raw) -> str | None:
    """Return our tag from the order's meta data; None where there is none."""
    found = [item.get("value") for item in objects_if_any(raw, "meta_data") if item.get("key") == TAG_KEY]
    return str(found[-1]) if found and found[-1] not in (None, "") else None


def read_order(raw: Raw, refunds: Sequence[Raw] = (), *, shows_whole: Callable[[], bool] = lambda: False) -> Order:
    """Build an order from the store's answer and that of its refunds endpoint.

    `shows_whole` says whether the shop shows amounts without decimals; it is called only where rounding can't be told otherwise.

    Raises:
        UnreadableError: the id, a date or an amount is missing, makes no sense, or is beyond what the database holds; the message
            names the field.
    """
    order_id = identifier(raw.get("id"))
    if order_id is None:
        raise UnreadableError(f"id is {shown(raw.get('id'))}, which is no order's id")
    warnings: list[str] = []
    number, currency, payment_method, payment_title, transaction_id, order_key = texts(raw, _TEXTS)
    rounded = rounding_of(currency)
    lines = [_line(item, rounded) for item in objects(raw, "line_items")]
    shipping_lines, fee_lines = objects(raw, "shipping_lines"), objects(raw, "fee_lines")
    charges = [_charge(item, "shipping", "method_title", rounded) for item in shipping_lines]
    charges += [_charge(item, "fee", "name", rounded) for item in fee_lines]
    bill = _Bill(
        lines=lines,
        charges=charges,
        charge_ids=[whole_field(item, "id", 0) for item in (*shipping_lines, *fee_lines)],
        tax=_plain(amount_field(raw, "total_tax", "0")),
        total=_plain(amount_field(raw, "total")),
        rounded=rounded,
    )
    gross = bill.total
    taken_off = all_refunds(raw, refunds, warnings) if refunds or raw.get("refunds") != [] else []
    for refund, amount in taken_off:
        bill.take_off(refund, amount, warnings)
    _even_out_rounding(raw, bill, warnings, shows_whole)
    created, modified = moment_field(raw, "date_created_gmt"), moment_field(raw, "date_modified_gmt")
    created, modified = created or modified, modified or created
    if created is None or modified is None:
        raise UnreadableError("date_created_gmt and date_modified_gmt are missing")
    bill.require_range()
    status = status_of(raw)
    billing = read_address(raw.get("billing"))
    return Order(
        order_id=order_id,
        number=number or str(order_id),
        status=status,
        meaning=meaning_with(status, raw),
        currency=currency,
        created_at=created,
        modified_at=modified,
        customer_id=whole_field(raw, "customer_id", 0),
        email=billing.email,
        billing=billing,
        shipping=read_address(raw.get("shipping")),
        lines=tuple(bill.lines),
        charges=tuple(bill.charges),
        coupons=tuple([text(item.get("code")) for item in objects_if_any(raw, "coupon_lines")]),
        discount=sum([line.subtotal - line.total for line in bill.lines], Decimal("0.00")),
        tax=bill.tax,
        taxes=tuple([_tax(item) for item in objects_if_any(raw, "tax_lines")]),
        total=bill.total,
        payment_method=payment_method,
        payment_title=payment_title,
        transaction_id=transaction_id,
        customer_note=lines_of_text(raw.get("customer_note")),
        shipping_method=", ".join(dict.fromkeys([name for item in shipping_lines if (name := text(item.get("method_title")))])),
        order_key=order_key,
        fully_refunded=status == "refunded" or (bool(taken_off) and gross > 0 and bill.total <= 0),
        warnings=tuple(warnings),
        is_html=True,
    )


@dataclass(slots=True, kw_only=True)
class _Bill:
    """An order's amounts while refunds are being taken off. Lines + charges + tax = total before and after."""

    lines: list[OrderLine]
    charges: list[Charge]
    charge_ids: list[int]
    """The store's ids of the first charges; those that refunds and rounding add have none."""
    tax: Decimal
    total: Decimal
    rounded: Callable[[Decimal], Decimal]
    """Rounds amounts of lines and charges."""

    def take_off(self, refund: Raw, amount: Decimal, warnings: list[str]) -> None:
        """Take one refund of this amount off: named items off their lines and charges, the rest as a charge of its own."""
        amount = paid(amount)
        named = Decimal(0)
        for item in [*objects(refund, "line_items"), *objects(refund, "shipping_lines"), *objects(refund, "fee_lines")]:
            total, tax = (self.rounded(amount_field(item, name, "0")) for name in ("total", "total_tax"))
            if self._take_off_item(_refunded_item(item), quantity_field(item), total, tax):
                named -= total + tax
                self.tax += tax
        self.total -= amount
        if rest := amount - named:
            reason = text(refund.get("reason"))
            self.charges.append(Charge(kind="refund", description=reason or "Refund", amount=-rest, tax=Decimal("0.00")))
            if rest < 0:
                warnings.append(f"Refund {refund.get('id')} is of less than its items come to; the difference is a charge.")

    def require_range(self) -> None:
        """See to it that every sum fits the database's columns, as each figure does.

        Raises:
            UnreadableError: one doesn't.
        """
        lines, charges = self.lines, self.charges
        together = abs(self.tax) + abs(self.total)
        for line in lines:
            together += abs(line.subtotal) + abs(line.total) + abs(line.quantity)
        for charge in charges:
            together += abs(charge.amount)
        if together < _MODEST:
            return
        sums = {
            "the sum of its lines before discounts": sum((abs(line.subtotal) for line in lines), Decimal(0)),
            "the sum of its lines": sum((abs(line.total) for line in lines), Decimal(0)),
            "the sum of its charges": sum((abs(charge.amount) for charge in charges), Decimal(0)),
            "its discount": abs(sum((line.subtotal - line.total for line in lines), Decimal(0))),
            "the sum of its quantities": sum((abs(line.quantity) for line in lines), Decimal(0)),
            "its tax": abs(self.tax),
            "its total": abs(self.total),
        }
        sums |= {
            f"the price of one {shown(line.name)}": max(abs(line.total), abs(line.subtotal)) / line.quantity
            for line in lines
            if line.quantity > 0
        }
        for name, figure in sums.items():
            if figure >= LARGEST_AMOUNT:
                raise UnreadableError(f"{name} comes to {shown(figure)}: more than the database holds (10^11)")

    def _take_off_item(self, item_id: int | None, quantity: Decimal, total: Decimal, tax: Decimal) -> bool:
        """Take (negative) figures off the line or charge with that id; False where there is none."""
        if item_id is None:
            return False
        for place, line in enumerate(self.lines):
            if line.line_id == item_id:
                self.lines[place] = self._without_rest(_less(line, quantity, total, tax))
                return True
        for place, charge_id in enumerate(self.charge_ids):
            if charge_id == item_id:
                charge = self.charges[place]
                self.charges[place] = replace(charge, amount=charge.amount + total, tax=charge.tax + tax)
                return True
        return False

    def _without_rest(self, line: OrderLine) -> OrderLine:
        """Make a fee of what the shop kept of a line that came back whole (a restocking fee): no goods are left to sell."""
        if line.quantity != 0 or not (line.total or line.tax):
            return line
        kept = Charge(kind="fee", description=f"Kept of the refunded {line.name}", amount=line.total, tax=line.tax)
        self.charges.append(kept)
        return replace(line, subtotal=Decimal("0.00"), total=Decimal("0.00"), tax=Decimal("0.00"))


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


def _even_out_rounding(raw: Raw, bill: _Bill, warnings: list[str], shows_whole: Callable[[], bool]) -> None:
    """Make a charge of what rounding leaves between the order's total and its figures in cents.

    Any other difference is for validation to find, and so is a total that cents can't hold.
    """
    gap = bill.total - cents(bill.tax)
    for line in bill.lines:
        gap -= line.total
    for charge in bill.charges:
        gap -= charge.amount
    if not gap or gap != cents(gap):
        return
    charges = [*objects(raw, "shipping_lines"), *objects(raw, "fee_lines")]
    written = [*objects(raw, "line_items"), *(charge for charge in charges if amount_field(charge, "total", "0"))]
    within = tolerance(
        amount_field(raw, "total"),
        amount_field(raw, "total_tax", "0"),
        [amount_field(item, "total", "0") for item in written],
        [amount_field(item, "total_tax", "0") for item in written],
        shows_whole=shows_whole,
    )
    if abs(gap) <= within:
        bill.charges.append(Charge(kind="fee", description="Rounding", amount=gap, tax=Decimal("0.00")))
        warnings.append(f"Its rounded amounts miss the total by {gap}: added as a rounding charge.")


def _plain(amount: Decimal) -> Decimal:
    """Return an amount without the zeros behind its cents that only the number of decimals asked for brings."""
    rounded = cents(amount)
    return rounded if rounded == amount else amount


def _line(item: Raw, rounded: Callable[[Decimal], Decimal]) -> OrderLine:
    total, tax = amount_field(item, "total"), amount_field(item, "total_tax", "0")
    before = item.get("subtotal")
    subtotal = total if before is None or before == "" else amount_field(item, "subtotal")
    return OrderLine(
        line_id=whole_field(item, "id"),
        sku=code(item.get("sku")) or None,
        name=text(item.get("name")),
        quantity=quantity_field(item),
        subtotal=rounded(subtotal),
        total=rounded(total),
        tax=rounded(tax),
        product_id=whole_field(item, "product_id", 0),
        variation_id=whole_field(item, "variation_id", 0),
    )


def _charge(item: Raw, kind: Literal["shipping", "fee"], title: str, rounded: Callable[[Decimal], Decimal]) -> Charge:
    return Charge(
        kind=kind,
        description=text(item.get(title)) or kind.capitalize(),
        amount=rounded(amount_field(item, "total", "0")),
        tax=rounded(amount_field(item, "total_tax", "0")),
    )


def _tax(item: Raw) -> TaxLine:
    """Read a rate. Its amounts only share out the order's tax: one that makes no sense counts as nothing."""
    try:
        amount = amount_field(item, "tax_total", "0") + amount_field(item, "shipping_tax_total", "0")
    except UnreadableError:
        amount = Decimal(0)
    return TaxLine(rate=text(item.get("rate_code")) or text(item.get("label")), amount=_plain(amount))


def _refunded_item(item: Raw) -> int | None:
    """Return the id of the order's line that a refund's line takes back."""
    for meta in objects_if_any(item, "meta_data"):
        if meta.get("key") == "_refunded_item_id":
            return identifier(meta.get("value"))
    return None


def read_address(raw: object) -> Address:
    """Build an address from WooCommerce's object for one, whatever of it is missing."""
    if not isinstance(raw, dict):
        return Address()
    first, last, company, address_1, address_2, city, state, postcode, country, phone, email = texts(raw, _ADDRESS)
    return Address(
        first_name=first,
        last_name=last,
        company=company,
        address_1=address_1,
        address_2=address_2,
        city=city,
        state=state,
        postcode=postcode,
        country=country,
        phone=phone,
        email=email,
    )
