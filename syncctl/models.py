"""One order, as every store's adapter gives it and staging takes it. Money is `Decimal`, time is aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeVar, dataclass_transform

import msgspec

Made = TypeVar("Made")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(made: type[Made]) -> type[Made]:
    """Make a dataclass whose objects nobody changes: the type checker sees to it. At run time it would cost ten times as much."""
    return dataclass(slots=True, kw_only=True)(made)


class Value(msgspec.Struct, kw_only=True, frozen=True, gc=False):
    """What an order is made of. A shop's orders are hundreds of thousands of these: they are made in a fifth of the time."""


Meaning = Literal["unpaid", "held", "ready", "done", "dead", "unknown"]
"""What a store's status says of an order; the adapter tells it, and nothing beyond the adapter knows a store's own words.

`unpaid`: the money hasn't come, or won't. `held`: a person or a dispute stopped it. `ready`: paid, to be fulfilled. `done`:
fulfilled. `dead`: cancelled, refunded, trashed, gone. `unknown`: a plugin's own.
"""

StatusGroup = Literal["live", "wait", "dead"]
"""What the site makes of it. `live`: belongs into the ERP. `wait`: not to be created (yet). `dead`: not, or no more."""


class Address(Value, kw_only=True, frozen=True):
    """A postal address, each part as the store has it, whole. Its parts stand in the order in which they are hashed."""

    address_1: str = ""
    address_2: str = ""
    city: str = ""
    company: str = ""
    country: str = ""
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    postcode: str = ""
    state: str = ""

    @property
    def empty(self) -> bool:
        """True where nothing says where to send a parcel."""
        return not (self.address_1 or self.address_2 or self.city or self.postcode)


class OrderLine(Value, kw_only=True, frozen=True):
    """One product line, refunds already taken off.

    `subtotal` is before, `total` after discounts; both are without tax and for the whole line.
    """

    line_id: int
    sku: str | None
    name: str
    quantity: Decimal
    subtotal: Decimal
    total: Decimal
    tax: Decimal
    product_id: int = 0
    variation_id: int = 0


class Charge(Value, kw_only=True, frozen=True):
    """An amount that is no product: `shipping`, `fee` (may be negative) or `refund` (an amount refunded without naming lines)."""

    kind: Literal["shipping", "fee", "refund"]
    description: str
    amount: Decimal
    tax: Decimal


class TaxLine(Value, kw_only=True, frozen=True):
    """The tax of one rate, as the store reckoned it before refunds. `rate` is the store's code of it."""

    rate: str
    amount: Decimal


class Order(Value, kw_only=True, frozen=True):
    """An order of any store.

    `total` is what it comes to now, refunds taken off; `status` is the store's own word for its state.
    """

    order_id: int
    number: str
    status: str
    meaning: Meaning = "unknown"
    """What the status says."""
    currency: str
    created_at: datetime
    modified_at: datetime
    customer_id: int
    """The store's customer, 0 for a guest."""
    email: str
    billing: Address
    shipping: Address
    lines: tuple[OrderLine, ...]
    charges: tuple[Charge, ...]
    coupons: tuple[str, ...]
    discount: Decimal
    tax: Decimal
    total: Decimal
    payment_method: str = ""
    payment_title: str = ""
    transaction_id: str = ""
    customer_note: str = ""
    shipping_method: str = ""
    order_key: str = ""
    """The store's own key of the order, which never changes; empty where it has none."""
    fully_refunded: bool = False
    taxes: tuple[TaxLine, ...] = ()
    is_html: bool = False
    """True where the store writes texts for a web page: `&amp;` stands for `&`."""
    warnings: tuple[str, ...] = ()
    """What had to be guessed or repaired while reading the store's answer."""

    @property
    def nobody(self) -> bool:
        """True of an order that says neither who ordered nor where to send it."""
        names = (self.billing, self.shipping)
        return not self.customer_id and all(
            address.empty and not (address.first_name or address.last_name or address.company or address.phone or address.email)
            for address in names
        )
