"""Orders for the simulated shop: made up from a seed, so that the same seed gives the same orders."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from syncctl.clock import Clock, system_clock
from syncctl.demo.catalog import ITEMS, UNKNOWN_ITEM, Item, Person, customer, people, products
from syncctl.demo.store_edits import recalculate

Raw = dict[str, Any]

FIRST_ID = 4701
CENT = Decimal("0.01")
_PAYMENTS = (
    ("stripe", "Credit Card (Stripe)"),
    ("paypal", "PayPal"),
    ("bacs", "Direct bank transfer"),
    ("cod", "Cash on delivery"),
)


class OrderMaker:
    """Makes orders. The first ones of a run are the difficult kinds, one of each (`KINDS`); the rest are everyday ones."""

    def __init__(self, seed: int = 1, *, customers: int = 40) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up orders, no secrets
        self.people = people(customers)
        self._item_id = 100_000

    def orders(self, count: int, *, now: datetime, first_id: int = FIRST_ID) -> list[Raw]:
        """Make `count` orders, the newest created a few minutes before `now`, oldest first."""
        kinds = list(KINDS)[:count]
        made = []
        for number in range(count):
            created = now - timedelta(minutes=5 + 3 * (count - number))
            made.append(self.order(first_id + number, created, kind=kinds[number] if number < len(kinds) else "everyday"))
        return made

    def order(self, order_id: int, created: datetime, *, kind: str = "everyday") -> Raw:
        """Make one order of a kind."""
        chosen = self._random.sample(ITEMS, self._random.choice((1, 1, 2, 2, 3)))
        raw = self._plain(order_id, created, self._random.choice(self.people), chosen)
        if kind == "everyday":
            kind = self._random.choices(("everyday", "coupon", "fee", "guest", "free_shipping"), (10, 3, 1, 4, 2))[0]
        KINDS[kind](self, raw)
        recalculate(raw)
        return raw

    def _plain(self, order_id: int, created: datetime, person: Person, items: list[Item]) -> Raw:
        gmt = created.replace(tzinfo=None, microsecond=0).isoformat()
        payment, title = self._random.choice(_PAYMENTS)
        raw: Raw = {
            "id": order_id,
            "parent_id": 0,
            "number": str(order_id),
            "status": self._random.choice(("processing", "processing", "processing", "on-hold", "completed")),
            "currency": "USD",
            "version": "11.0.1",
            "prices_include_tax": False,
            "date_created_gmt": gmt,
            "date_created": gmt,
            "date_modified_gmt": gmt,
            "date_modified": gmt,
            "date_paid_gmt": gmt,
            "date_completed_gmt": None,
            "customer_id": person.customer_id,
            "billing": person.billing,
            "shipping": {name: value for name, value in person.billing.items() if name != "email"},
            "payment_method": payment,
            "payment_method_title": title,
            "transaction_id": f"ch_demo{order_id}" if payment in ("stripe", "paypal") else "",
            "customer_note": "",
            "created_via": "checkout",
            "meta_data": [{"id": order_id * 10, "key": "_wc_order_attribution_source_type", "value": "organic"}],
            "line_items": [],
            "tax_lines": _tax_lines(person),
            "shipping_lines": [],
            "fee_lines": [],
            "coupon_lines": [],
            "refunds": [],
        }
        if raw["status"] == "on-hold":
            # A bank transfer that hasn't come.
            raw |= {"payment_method": "bacs", "payment_method_title": "Direct bank transfer", "transaction_id": ""}
            raw["date_paid_gmt"] = None
        for item in items:
            self.add(raw, item, self._random.choice((1, 1, 1, 2, 3)))
        self.ship(raw, "Flat rate", Decimal("7.95"))
        return raw

    def add(self, raw: Raw, item: Item, quantity: int) -> None:
        """Put an item on the order."""
        total = item.price * quantity
        tax = _cents(total * _rate(raw))
        raw["line_items"].append(
            {
                "id": self._next_id(),
                "name": item.name,
                "product_id": item.product_id,
                "variation_id": item.variation_id,
                "quantity": quantity,
                "tax_class": "",
                "subtotal": str(_cents(total)),
                "subtotal_tax": str(tax),
                "total": str(_cents(total)),
                "total_tax": str(tax),
                "taxes": [],
                "meta_data": [],
                "sku": item.sku,
                # A number with float noise, as the real one: whoever calculates with it is a cent off before long.
                "price": float(total) / quantity if quantity else 0,
                "image": {"id": "", "src": ""},
                "parent_name": None,
            }
        )

    def ship(self, raw: Raw, title: str, cost: Decimal) -> None:
        """Ship the order this way and no other."""
        raw["shipping_lines"] = [
            {
                "id": self._next_id(),
                "method_title": title,
                "method_id": title.lower().replace(" ", "_"),
                "total": str(_cents(cost)),
                "total_tax": str(_cents(cost * _rate(raw))),
                "taxes": [],
                "meta_data": [],
            }
        ]

    def charge(self, raw: Raw, name: str, amount: Decimal) -> None:
        """Add a fee; a negative one is a rebate."""
        fee = {"id": self._next_id(), "name": name, "tax_class": "", "tax_status": "taxable", "total": str(_cents(amount))}
        raw["fee_lines"].append({**fee, "total_tax": str(_cents(amount * _rate(raw))), "taxes": [], "meta_data": []})

    def discount(self, raw: Raw, code: str, percent: int) -> None:
        """Take a coupon's percentage off each line, as WooCommerce spreads it."""
        taken = Decimal(0)
        for line in raw["line_items"]:
            off = _cents(Decimal(line["subtotal"]) * percent / 100)
            line["total"] = str(Decimal(line["subtotal"]) - off)
            line["total_tax"] = str(_cents(Decimal(line["total"]) * _rate(raw)))
            taken += off
        # Unpadded, as the real one writes it.
        raw["coupon_lines"].append({"id": self._next_id(), "code": code, "discount": f"{taken.normalize():f}", "meta_data": []})

    def _next_id(self) -> int:
        self._item_id += 1
        return self._item_id


def _everyday(_maker: OrderMaker, _raw: Raw) -> None:
    """Nothing special."""


def _guest(_: OrderMaker, raw: Raw) -> None:
    raw["customer_id"] = 0
    raw["billing"]["email"] = f"guest{raw['id']}@example.test"


def _coupon(maker: OrderMaker, raw: Raw) -> None:
    maker.discount(raw, "save10", 10)


def _fee(maker: OrderMaker, raw: Raw) -> None:
    maker.charge(raw, "Gift wrapping", Decimal("2.50"))


def _negative_fee(maker: OrderMaker, raw: Raw) -> None:
    maker.charge(raw, "Goodwill", Decimal("-3.00"))


def _two_lines(maker: OrderMaker, raw: Raw) -> None:
    raw["line_items"] = []
    maker.add(raw, ITEMS[0], 1)
    maker.add(raw, ITEMS[0], 2)


def _unicode(maker: OrderMaker, raw: Raw) -> None:
    person = replace(
        maker.people[0],
        first_name="Zoë 👩‍👩‍👧",
        last_name="von und zu Hohenlohe-Schillingsfürst",
        street="Straße der Freundschaft zwischen den Völkern 1234 b",
    )
    raw["customer_id"] = 0
    raw["billing"] = {**person.billing, "email": f"guest{raw['id']}@example.test"}
    raw["shipping"] = {name: value for name, value in raw["billing"].items() if name != "email"}
    raw["customer_note"] = "Für Zoë ♥ – bitte klingeln!\n静かに 🙏"


def _bad_sku(maker: OrderMaker, raw: Raw) -> None:
    maker.add(raw, UNKNOWN_ITEM, 1)


def _euro(_: OrderMaker, raw: Raw) -> None:
    raw["currency"] = "EUR"


def _pending(_: OrderMaker, raw: Raw) -> None:
    raw["status"] = "pending"
    raw["date_paid_gmt"] = None


def _cancelled(_: OrderMaker, raw: Raw) -> None:
    raw["status"] = "cancelled"


def _nothing_of_it(maker: OrderMaker, raw: Raw) -> None:
    maker.add(raw, replace(ITEMS[1], price=Decimal(0)), 0)


def _free_shipping(maker: OrderMaker, raw: Raw) -> None:
    maker.ship(raw, "Free shipping", Decimal(0))


KINDS: dict[str, Callable[[OrderMaker, Raw], None]] = {
    "everyday": _everyday,
    "guest": _guest,
    "coupon": _coupon,
    "two_lines": _two_lines,
    "negative_fee": _negative_fee,
    "unicode": _unicode,
    "bad_sku": _bad_sku,
    "pending": _pending,
    "euro": _euro,
    "fee": _fee,
    "cancelled": _cancelled,
    "quantity_0": _nothing_of_it,
    "free_shipping": _free_shipping,
}
"""The kinds of orders, in the order in which a run begins with them."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A shop's whole filling, in WooCommerce's shapes, and a way to make one more order."""

    orders: list[Raw]
    products: list[Raw]
    customers: list[Raw]
    maker: OrderMaker
    clock: Clock
    sku: str = ITEMS[0].sku
    """Something the shop sells."""
    price: str = str(ITEMS[0].price)

    def new_order(self, sku: str, price: str) -> Raw:
        """Make an order of one unit; the shop gives it its id and date when it is placed."""
        raw = self.maker.order(0, self.clock())
        raw["status"] = "processing"
        raw["line_items"], raw["fee_lines"], raw["coupon_lines"] = [], [], []
        self.maker.add(raw, Item(0, 0, sku, sku.replace("-", " ").capitalize(), Decimal(price)), 1)
        recalculate(raw)
        return raw


def catalogue(count: int, *, seed: int = 1, clock: Clock = system_clock) -> Catalogue:
    """Fill a shop: `count` orders of the last hours, the products they sell, and the customers who bought them."""
    maker = OrderMaker(seed)
    registered = "2026-01-05T09:00:00"
    return Catalogue(
        orders=maker.orders(count, now=clock()),
        products=products(),
        customers=[customer(person, registered) for person in maker.people],
        maker=maker,
        clock=clock,
    )


def _tax_lines(person: Person) -> list[Raw]:
    if not person.tax_percent:
        return []
    return [
        {
            "id": person.customer_id,
            "rate_code": f"{person.tax_label}-1",
            "label": person.tax_label,
            "rate_percent": str(person.tax_percent),
            "compound": False,
        }
    ]


def _rate(raw: Raw) -> Decimal:
    return sum((Decimal(line["rate_percent"]) for line in raw["tax_lines"]), Decimal(0)) / 100


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
