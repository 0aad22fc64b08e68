"""What entries an order is to have in RMS, to the cent; the twin of `dbo.fn_OrderEntries`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from decimal import Decimal

from syncctl.db.embedded.order_content import Content, cents, unit_price
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.items import item_by_id, known_item, require_item
from syncctl.db.embedded.rms.site import Site
from syncctl.errors import Conflict, MappingError
from syncctl.text_width import shorten

SHIPPING = -1
"""The key of the shipping entry among an order's line links; the store's lines have theirs, charges have -2 and below."""
PRODUCT_SOURCE, SHIPPING_SOURCE = 1, 10
"""What PriceSource says of an entry."""
SHIPPING_COMMENT = "Shipping Item"
_NOTHING = Decimal("0.00")
_WIDTH = 30
_COMMENT_WIDTH = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is to be. `key` is the store's line id, or a number below 0 for shipping and charges."""

    key: int
    descr: str
    comment: str
    quantity: Decimal
    net: Decimal
    """Without tax, after discounts."""
    gross: Decimal
    """Without tax, before them."""
    tax: Decimal
    amount: Decimal = _NOTHING
    """What the entry comes to: with tax where prices include it."""
    full_amount: Decimal = _NOTHING
    item: sqlite3.Row | None = None
    product_id: int = 0
    variation_id: int = 0

    @property
    def is_product(self) -> bool:
        """True for a line of the store's."""
        return self.key >= 0

    @property
    def price(self) -> Decimal:
        """What one costs, to four decimals."""
        return unit_price(self.amount, self.quantity)

    @property
    def full_price(self) -> Decimal:
        """What one cost before discounts."""
        return unit_price(self.full_amount, self.quantity)


@dataclass(frozen=True, slots=True)
class Plan:
    """An order's entries, and what its header says of them."""

    entries: tuple[Entry, ...]
    shipping: Decimal
    """ShippingChargeOnOrder, whether there is an entry for it or not."""
    tax: Decimal
    total: Decimal


def plan_entries(session: Session, staged: sqlite3.Row, content: Content, site: Site) -> Plan:
    """Reckon an order's entries.

    Raises:
        Conflict: they don't come to the store's total, to the cent.
        MappingError: an item has no counterpart, or a charge has no item that takes it.
    """
    tax = cents(staged["TAX_AMT"] or Decimal(0))
    parts = _with_tax(_parts(staged, content), tax, site)
    shipping = next((part.amount for part in parts if part.key == SHIPPING), _NOTHING)
    entries = tuple(
        entry for part in parts if part.amount or part.is_product if (entry := _placed(session, staged, content, site, part))
    )
    unplaced = _NOTHING if any(entry.key == SHIPPING for entry in entries) else shipping
    come_to = sum((cents(entry.price * entry.quantity) for entry in entries), unplaced)
    come_to += _NOTHING if site.prices_include_tax else tax
    total = cents(staged["TOT_AMT"] or Decimal(0))
    if come_to != total:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: its entries come to {come_to}, the store's total is {total}. Correct the order in"
            " the store, or enter it in Microsoft RMS by hand.",
            code=50030,
        )
    return Plan(entries, shipping, _order_tax(parts, tax, site), total)


def _parts(staged: sqlite3.Row, content: Content) -> list[Entry]:
    """Return everything that an order comes to: its lines, its shipping in one, its other charges."""
    parts = [
        Entry(
            line.line_id,
            shorten(line.descr, _WIDTH),
            shorten(line.descr, _COMMENT_WIDTH) if shorten(line.descr, _WIDTH) != line.descr else "",
            line.quantity,
            cents(line.total),
            cents(line.subtotal),
            cents(line.tax),
            product_id=line.product_id,
            variation_id=line.variation_id,
        )
        for line in content.sold_lines
    ]
    one = Decimal("1.0000")
    shipping = [charge for charge in content.charges if charge.kind == "shipping"]
    if shipping:
        net = sum((cents(charge.amount) for charge in shipping), _NOTHING)
        said = shorten(staged["SHIP_VIA"] or "Shipping", _WIDTH)
        taxed = sum((cents(charge.tax) for charge in shipping), _NOTHING)
        parts.append(Entry(SHIPPING, said, SHIPPING_COMMENT, one, net, net, taxed))
    others = [charge for charge in content.charges if charge.kind != "shipping"]
    for number, charge in enumerate(others, start=2):
        net = cents(charge.amount)
        parts.append(Entry(-number, shorten(charge.descr or charge.kind, _WIDTH), charge.kind, one, net, net, cents(charge.tax)))
    return parts


def _with_tax(parts: list[Entry], tax: Decimal, site: Site) -> list[Entry]:
    """Say what each part comes to. What rounding leaves of the tax goes to the last taxed line, else the last line or charge."""
    if not site.prices_include_tax:
        return [replace(part, amount=part.net, full_amount=part.gross) for part in parts]
    rest = tax - sum((part.tax for part in parts), _NOTHING)
    ranked = sorted(
        range(len(parts)), key=lambda at: (0 if parts[at].is_product and parts[at].tax else 1 if parts[at].is_product else 2, -at)
    )
    found = []
    for at, part in enumerate(parts):
        amount = part.net + part.tax + (rest if at == ranked[0] else _NOTHING)
        full = amount if part.gross == part.net or not part.net else cents(part.gross * amount / part.net)
        found.append(replace(part, amount=amount, full_amount=part.gross if not part.net and part.gross else full))
    return found


def _order_tax(parts: list[Entry], tax: Decimal, site: Site) -> Decimal:
    """Return the order's tax: the store's, or what the site's rate makes of prices that include it, rounded once."""
    if not site.prices_include_tax or site.tax_rate is None:
        return tax
    taxed = [part.price * part.quantity for part in parts if part.tax]
    return cents(sum((price - price / (1 + site.tax_rate) for price in taxed), _NOTHING))


def _placed(session: Session, staged: sqlite3.Row, content: Content, site: Site, part: Entry) -> Entry | None:
    """Return a part with its item; None for shipping that there is no item for."""
    if part.is_product:
        line = next(line for line in content.sold_lines if line.line_id == part.key)
        return replace(part, item=require_item(session, staged, line))
    linked = session.one(
        "SELECT ITEM_NO FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :key",
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "key": part.key},
    )
    item = known_item(session, linked["ITEM_NO"]) if linked is not None else None
    if item is None:
        item = item_by_id(session, site.shipping_item_id if part.key == SHIPPING else site.charge_item_id)
    if item is None and part.key != SHIPPING:
        raise MappingError(
            f"Order {staged['WOO_ORDER_NO']}: Microsoft RMS has no place for its charge '{part.descr}' of {part.amount}. Name"
            " an item for charges (`syncctl config erp set CHARGE_ITEM_ID`), then `syncctl dead-letter retry`; or enter the order"
            " by hand.",
            code=50040,
        )
    return None if item is None else replace(part, item=item)
