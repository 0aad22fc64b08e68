"""Shopify's orders as our `Order`: what is left of each line, net, and every amount beside the lines, to the cent.

Amounts are the shop's (`shopMoney`), as it keeps its books; what a customer saw in another currency is noted. All are as they are
now: after edits, removals, returns and refunds. Where lines, shipping, duties, fees, tips and tax don't come to the total that
Shopify itself tells, the order is for a person. Source of each field's sense: the Admin API's own schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import product
from typing import Any, Literal

from syncctl.errors import UnreadableError
from syncctl.models import Address, Charge, Order, OrderLine, TaxLine
from syncctl.stores.rounding import CENT, cents, in_cents
from syncctl.stores.shopify_notes import without_ours
from syncctl.stores.shopify_statuses import REFUNDED, StatusRules, meaning_in, status_of
from syncctl.stores.values import amount_field, code, entries, identifier, moment_field, objects, shown, text, whole_field

Raw = dict[str, Any]

_NONE = Decimal("0.00")
_PER_CENT = Decimal(100)
_OPEN_RETURNS = frozenset({"RETURN_REQUESTED", "IN_PROGRESS", "INSPECTION_COMPLETE"})


def number_of(gid: object) -> int | None:
    """Return the number at the end of an id such as `gid://shopify/Order/450789469`; None where it is none."""
    return identifier(gid.rpartition("/")[2].partition("?")[0]) if isinstance(gid, str) else None


def gid(kind: str, number: int) -> str:
    """Write an id as Shopify takes it."""
    return f"gid://shopify/{kind}/{number}"


def name_of(raw: Mapping[str, Any], order_id: int) -> str:
    """Return an order's number as people say it: its name, without the sign that shops mostly put before it."""
    return text(raw.get("name")).removeprefix("#") or str(order_id)


def read_order(raw: Raw, rules: StatusRules) -> Order:
    """Build an order from what `WholeOrders` gave, all of its lines included.

    Raises:
        UnreadableError: something is missing or makes no sense, or the amounts don't come to the store's total.
    """
    order_id = number_of(raw.get("id"))
    if order_id is None:
        raise UnreadableError(f"id is {shown(raw.get('id'))}, which is no order's id")
    created, modified = moment_field(raw, "createdAt"), moment_field(raw, "updatedAt")
    if created is None or modified is None:
        raise UnreadableError("createdAt or updatedAt is missing")
    bill = _Bill(currency=text(raw.get("currencyCode")), included=raw.get("taxesIncluded") is True)
    warnings: list[str] = []
    for item in _nodes(raw, "lineItems"):
        bill.add_line(item, warnings)
    shipping_lines = _nodes(raw, "shippingLines")
    for item in shipping_lines:
        bill.add_shipping(item)
    bill.add_others(raw)
    total = bill.settle(raw, warnings)
    refunded = _shop(raw, "totalRefundedSet")
    if text(raw.get("returnStatus")) in _OPEN_RETURNS:
        warnings.append("A return is under way; the order changes when it is refunded.")
    billing, shipping = _addresses(raw)
    status = status_of(raw, rules)
    gateways = _texts(raw, "paymentGatewayNames")
    customer = raw.get("customer")
    return Order(
        order_id=order_id,
        number=name_of(raw, order_id),
        status=status,
        meaning=meaning_in(raw, rules),
        currency=bill.currency,
        created_at=created,
        modified_at=modified,
        customer_id=(number_of(customer.get("id")) or 0) if isinstance(customer, dict) else 0,
        email=text(raw.get("email")),
        billing=billing,
        shipping=shipping,
        lines=tuple(bill.lines),
        charges=tuple(bill.charges),
        coupons=tuple(_texts(raw, "discountCodes")),
        discount=sum((line.subtotal - line.total for line in bill.lines), _NONE),
        tax=bill.tax,
        taxes=tuple(_tax_line(item) for item in objects(raw, "currentTaxLines")),
        total=total,
        payment_method=", ".join(gateways),
        payment_title=_payment_title(raw, gateways, bill.currency),
        customer_note=_note(raw),
        shipping_method=", ".join(
            dict.fromkeys(title for item in shipping_lines if not item.get("isRemoved") and (title := text(item.get("title"))))
        ),
        fully_refunded=status == REFUNDED or (refunded > 0 and total <= 0),
        warnings=tuple(warnings),
    )


@dataclass(slots=True, kw_only=True)
class _Bill:
    """An order's amounts while they are read. Lines + charges + tax = total in the end."""

    currency: str
    included: bool
    """Whether prices hold their tax."""
    lines: list[OrderLine] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    tax: Decimal = _NONE
    doubtful: dict[str, Decimal] = field(default_factory=dict)
    """Taxes of shipping and of additional fees: the schema says of the order's tax that it is the lines'."""
    rough: int = 0
    """How many figures are reckoned, and may each be a cent off."""

    def add_line(self, item: Raw, warnings: list[str]) -> None:
        """Take what is left of a line; one of which nothing is left is left out."""
        line_id = number_of(item.get("id"))
        if line_id is None:
            raise UnreadableError(f"a line's id is {shown(item.get('id'))}")
        ordered, left = Decimal(whole_field(item, "quantity")), Decimal(whole_field(item, "currentQuantity"))
        part = left / ordered if ordered else Decimal(0)
        tax = self._cents(_taxes(item) * part)
        total = self._line_total(item, left, part, tax)
        name = text(item.get("name"))
        if self.included and tax:
            self.rough += 1
        if not left:
            if total or tax:
                self._charge("fee", f"Kept of the removed {name}", total, tax)
            return
        group = item.get("lineItemGroup")
        if isinstance(group, dict) and (title := text(group.get("title"))):
            name = f"{name} ({title})"
        if item.get("isGiftCard") is True:
            warnings.append(f"Line {line_id} sells a gift card, {name}: its item in the ERP must be one that books a liability.")
        self.lines.append(
            OrderLine(
                line_id=line_id,
                sku=code(item.get("sku")) or None,
                name=name,
                quantity=left,
                subtotal=self._before_discounts(item, left, total, tax),
                total=total,
                tax=tax,
                product_id=_id_in(item, "product"),
                variation_id=_id_in(item, "variant"),
            )
        )

    def _line_total(self, item: Raw, left: Decimal, part: Decimal, tax: Decimal) -> Decimal:
        """Return what is left of a line after all discounts, without tax."""
        if "priceAfterAllDiscountsBeforeTaxesSet" in item:
            return self._cents(_shop(item, "priceAfterAllDiscountsBeforeTaxesSet"))
        allocated = sum((_shop(each, "allocatedAmountSet") for each in objects(item, "discountAllocations")), _NONE)
        total = self._cents(_shop(item, "originalUnitPriceSet") * left - allocated * part)
        if part != 1:
            self.rough += 1
        return total - tax if self.included else total

    def _before_discounts(self, item: Raw, left: Decimal, total: Decimal, tax: Decimal) -> Decimal:
        """Return what is left of a line before discounts, without tax."""
        before = _shop(item, "originalUnitPriceSet") * left
        if self.included and tax:
            rate = sum((_rate(each) for each in objects(item, "taxLines")), Decimal(0))
            if not rate and total > 0:
                rate = tax / total
            before = self._cents(before / (1 + rate))
            if abs(before - total) <= CENT:
                return total  # rounding, and no discount
        return max(self._cents(before), total)

    def add_shipping(self, item: Raw) -> None:
        """Take a shipping line's price as it is now; one that was removed costs nothing."""
        price, full = _shop(item, "currentDiscountedPriceSet"), _shop(item, "discountedPriceSet")
        if item.get("isRemoved") is True and not price:
            return
        tax = self._cents(_taxes(item) * price / full) if full else _NONE
        if self.included and tax:
            self.rough += 1
        self.doubtful["shipping"] = self.doubtful.get("shipping", _NONE) + tax
        self._charge("shipping", text(item.get("title")) or "Shipping", price - tax if self.included else price, tax)

    def add_others(self, raw: Raw) -> None:
        """Take the order's tax, duties, additional fees and tips."""
        self.tax = self._cents(_shop(raw, "currentTotalTaxSet"))
        duties = _shop(raw, "currentTotalDutiesSet")
        if duties and raw.get("dutiesIncluded") is not True:
            self._charge("fee", "Duties", duties)
        self._add_fees(raw)
        self._add_tip(raw)

    def _add_fees(self, raw: Raw) -> None:
        fees = objects(raw, "additionalFees")
        now = _shop(raw, "currentTotalAdditionalFeesSet")
        self.doubtful["fees"] = self._cents(sum((_taxes(fee) for fee in fees), _NONE))
        if now == sum((_shop(fee, "price") for fee in fees), _NONE):
            for fee in fees:
                self._charge("fee", text(fee.get("name")) or "Fee", _shop(fee, "price"))
        elif now:
            self._charge("fee", "Additional fees", now)

    def _add_tip(self, raw: Raw) -> None:
        """Take the tips as a charge; where they stand among the lines as well, they go from there."""
        tip = _shop(raw, "totalTipReceivedSet")
        if not tip:
            return
        for line in self.lines:
            if line.name.casefold() == "tip" and not line.variation_id and line.total == tip:
                self.lines.remove(line)
                break
        self._charge("fee", "Tip", tip)

    def settle(self, raw: Raw, warnings: list[str]) -> Decimal:
        """Return the order's total, refunds of an amount and cash rounding included, with a charge for each of these.

        Raises:
            UnreadableError: the figures don't come to what Shopify says.
        """
        told = self._cents(_shop(raw, "currentTotalPriceSet"))
        rounding = raw.get("totalCashRoundingAdjustment")
        paid, refund = (
            (_shop(rounding, "paymentSet"), _shop(rounding, "refundSet")) if isinstance(rounding, dict) else (_NONE, _NONE)
        )
        if refund:
            raise UnreadableError(
                f"a refund in cash was rounded by {refund}: whether the total holds that, only a person can tell"
            )
        extras = {"discrepancy": self._cents(_shop(raw, "refundDiscrepancySet")), "rounding": self._cents(paid)}
        figures = sum((line.total for line in self.lines), _NONE) + sum((charge.amount for charge in self.charges), _NONE)
        gap = told - figures - self.tax
        held = self._explain(gap, self.doubtful | extras, figures, told)
        if held is None:
            self._charge("fee", "Rounding", gap)
            warnings.append(f"Its rounded amounts miss the total by {gap}: added as a rounding charge.")
        self.tax += sum((amount for name, amount in self.doubtful.items() if held and name in held), _NONE)
        self._add_extras(extras)
        return told + sum((amount for name, amount in extras.items() if held is None or name not in held), _NONE)

    def _explain(self, gap: Decimal, parts: Mapping[str, Decimal], figures: Decimal, told: Decimal) -> set[str] | None:
        """Say which parts Shopify's total holds beside the figures and the order's tax; None: mere rounding, and none of them."""
        given = [name for name, amount in parts.items() if amount]
        for chosen in product((False, True), repeat=len(given)):
            held = {name for name, is_held in zip(given, chosen, strict=True) if is_held}
            if gap == sum((parts[name] for name in held), _NONE):
                return held
        if abs(gap) <= CENT * self.rough:
            return None
        raise UnreadableError(
            f"its lines, shipping, duties, fees and tips come to {figures} and its tax to {self.tax}, which is "
            f"{figures + self.tax}; the store's total is {told}"
        )

    def _add_extras(self, extras: Mapping[str, Decimal]) -> None:
        discrepancy = extras["discrepancy"]
        if discrepancy < 0:
            self._charge("refund", "Refund", discrepancy)
        elif discrepancy:
            self._charge("fee", "Kept of a refund", discrepancy)
        if extras["rounding"]:
            self._charge("fee", "Cash rounding", extras["rounding"])

    def _charge(
        self, kind: Literal["shipping", "fee", "refund"], description: str, amount: Decimal, tax: Decimal = _NONE
    ) -> None:
        self.charges.append(Charge(kind=kind, description=description, amount=self._cents(amount), tax=tax))

    def _cents(self, amount: Decimal) -> Decimal:
        return in_cents(amount, self.currency)


def _shop(item: Mapping[str, Any], name: str) -> Decimal:
    """Read a MoneyBag's amount in the shop's currency; 0 where there is none."""
    bag = item.get(name)
    if bag is None:
        return _NONE
    money = bag.get("shopMoney") if isinstance(bag, dict) else None
    if not isinstance(money, dict):
        raise UnreadableError(f"{name} is {shown(bag)}, which is no amount")
    amount = amount_field({**money, "id": name}, "amount")
    rounded = cents(amount)
    return rounded if rounded == amount else amount


def _taxes(item: Raw) -> Decimal:
    return sum((_shop(each, "priceSet") for each in objects(item, "taxLines")), _NONE)


def _rate(tax: Raw) -> Decimal:
    return Decimal(0) if tax.get("ratePercentage") is None else amount_field(tax, "ratePercentage") / _PER_CENT


def _tax_line(item: Raw) -> TaxLine:
    rate = None if item.get("ratePercentage") is None else amount_field(item, "ratePercentage")
    percentage = "" if rate is None else f" {format(rate.normalize(), 'f')}%"
    return TaxLine(rate=f"{text(item.get('title'))}{percentage}".strip(), amount=_shop(item, "priceSet"))


def _texts(raw: Raw, name: str) -> list[str]:
    """Read a list of names; what else stands there is none."""
    return [said for each in entries(raw.get(name)) or () if (said := text(each))]


def _nodes(raw: Raw, name: str) -> list[Raw]:
    """Return a connection's rows, all of which were read."""
    held = raw.get(name)
    if not isinstance(held, dict):
        raise UnreadableError(f"{name} is {shown(held)} and no list")
    page = held.get("pageInfo")
    if isinstance(page, dict) and page.get("hasNextPage"):
        raise UnreadableError(f"{name} has more entries than were read")
    return objects(held, "nodes")


def _id_in(item: Raw, name: str) -> int:
    held = item.get(name)
    return (number_of(held.get("id")) or 0) if isinstance(held, dict) else 0


def _note(raw: Raw) -> str:
    """Return the customer's note without what we appended, and the number of the buyer's own order."""
    note, number = without_ours(raw.get("note")), text(raw.get("poNumber"))
    return "\n".join(part for part in (note, f"PO number: {number}" if number else "") if part)


def _payment_title(raw: Raw, gateways: list[str], currency: str) -> str:
    """Name how it was paid and, where the customer saw another currency, what of it."""
    named = ", ".join(gateways)
    shown_in = text(raw.get("presentmentCurrencyCode"))
    total = raw.get("currentTotalPriceSet")
    money = total.get("presentmentMoney") if isinstance(total, dict) else None
    if not shown_in or shown_in == currency or not isinstance(money, dict):
        return named
    return f"{named} ({text(money.get('amount'))} {shown_in})".strip()


def _addresses(raw: Raw) -> tuple[Address, Address]:
    """Return the billing and the shipping address; a company that buys gives its name where they have none."""
    buyer = raw.get("purchasingEntity")
    company = ""
    if isinstance(buyer, dict) and isinstance(buyer.get("company"), dict):
        location = buyer.get("location")
        names = [text(buyer["company"].get("name")), text(location.get("name")) if isinstance(location, dict) else ""]
        company = " - ".join(dict.fromkeys(name for name in names if name))
    contact = text(raw.get("email")), text(raw.get("phone"))
    billing, shipping = raw.get("billingAddress"), raw.get("shippingAddress")
    return (
        read_address(billing if isinstance(billing, dict) else shipping, company, *contact),
        read_address(shipping, company),
    )


def read_address(raw: object, company: str = "", email: str = "", phone: str = "") -> Address:
    """Build an address from Shopify's object for one, whatever of it is missing."""
    held = raw if isinstance(raw, dict) else {}
    return Address(
        first_name=text(held.get("firstName")),
        last_name=text(held.get("lastName")),
        company=text(held.get("company")) or (company if held or email else ""),
        address_1=text(held.get("address1")),
        address_2=text(held.get("address2")),
        city=text(held.get("city")),
        state=text(held.get("provinceCode")) or text(held.get("province")),
        postcode=text(held.get("zip")),
        country=text(held.get("countryCodeV2")) or text(held.get("country")),
        phone=text(held.get("phone")) or phone,
        email=email,
    )
