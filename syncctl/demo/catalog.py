"""What the simulated shop sells and to whom: made up, but with everything that makes real data difficult."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """A product, or a variation of one, as an order line names it."""

    product_id: int
    variation_id: int
    sku: str
    name: str
    price: Decimal


ITEMS = (
    Item(12, 0, "TEE-BLK", "Plain Tee, black", Decimal("19.99")),
    Item(13, 0, "MUG-11OZ", "Enamel Mug 11oz", Decimal("14.50")),
    Item(14, 0, "BAG-TOTE", "Canvas Tote", Decimal("24.00")),
    Item(15, 0, "CAP-NVY", "Navy Cap", Decimal("22.35")),
    Item(16, 0, "STK-PACK-3", "Sticker Pack (3)", Decimal("3.33")),
    Item(17, 0, "NOTE-A5", "Notebook A5 — dotted", Decimal("12.90")),
    Item(18, 0, "PEN/FINE 0.3", "Fine Pen 0.3", Decimal("4.25")),
    Item(19, 0, "CND-LAV", 'Candle "Lavender" & Sage', Decimal("18.75")),
    Item(20, 0, "café-250", "Café en grains 250 g", Decimal("11.40")),
    Item(21, 0, "TEA-靜岡", "静岡 green tea", Decimal("13.13")),
    Item(30, 31, "HOOD-S", "Hoodie - S", Decimal("49.00")),
    Item(30, 32, "HOOD-M", "Hoodie - M", Decimal("51.00")),
    Item(30, 33, "HOOD-L", "Hoodie - L", Decimal("53.00")),
    Item(40, 41, "OIL-250-ML", "Olive Oil - 250 ml", Decimal("17.25")),
    Item(40, 42, "OIL-1-L", "Olive Oil - 1 l", Decimal("21.25")),
)
"""Everything on sale; the last five are variations."""

UNKNOWN_ITEM = Item(99, 0, "NOT-IN-ERP", "Sold by a marketplace plugin", Decimal("9.99"))
"""Not among the products: an order names it, and nobody else has heard of it."""

_PARENTS = {30: ("Hoodie", "HOOD"), 40: ("Olive Oil", "OIL")}


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. `customer_id` 0 is a guest."""

    customer_id: int
    first_name: str
    last_name: str
    company: str
    street: str
    city: str
    state: str
    postcode: str
    country: str
    tax_label: str
    tax_percent: Decimal

    @property
    def email(self) -> str:
        """An address that can't exist."""
        return f"customer{self.customer_id}@example.test" if self.customer_id else f"guest.{len(self.last_name)}@example.test"

    @property
    def billing(self) -> Raw:
        """The address in WooCommerce's shape."""
        return {
            "first_name": self.first_name,
            "last_name": self.last_name,
            "company": self.company,
            "address_1": self.street,
            "address_2": "",
            "city": self.city,
            "state": self.state,
            "postcode": self.postcode,
            "country": self.country,
            "email": self.email,
            "phone": f"+1 555 {self.customer_id:04}",
        }


_PLACES = (
    ("11 Main St", "San José", "CA", "95112", "US", "CA Tax", "7.25"),
    ("12 Main St", "Austin", "TX", "73301", "US", "TX Tax", "6.25"),
    ("1 Pike Pl", "Portland", "OR", "97201", "US", "", "0"),
    ("55 Hauptstraße", "München", "", "80331", "DE", "MwSt.", "19"),
    ("86 High St", "London", "", "SW1A 1AA", "GB", "VAT", "20"),
    ("2 rue de la République", "Orléans", "", "45000", "FR", "TVA", "20"),
)
_NAMES = (
    ("Ada", "Lovelace", ""),
    ("José", "García", ""),
    ("Mårten", "Müller", 'Früchte & Co. "KG"'),
    ("Zoë", "田中", ""),
    ("Noah", "O'Brien", ""),
    ("Ünal", "Παππάς", ""),
    ("Emma", "Kowalczyk", "Smith, Smith & Daughters (Est. 1888)"),
    ("Grace", "Hopper", ""),
    ("李", "小龙", ""),
)


def people(count: int) -> list[Person]:
    """Make up registered customers 1 to `count`."""
    found = []
    for number in range(1, count + 1):
        street, city, state, postcode, country, label, percent = _PLACES[number % len(_PLACES)]
        first, last, company = _NAMES[number % len(_NAMES)]
        found.append(Person(number, first, last, company, street, city, state, postcode, country, label, Decimal(percent)))
    return found


def customer(person: Person, created: str) -> Raw:
    """Build a customer in WooCommerce's shape."""
    return {
        "id": person.customer_id,
        "date_created_gmt": created,
        "date_modified_gmt": created if person.customer_id % 7 else None,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "role": "administrator" if person.customer_id == 1 else "customer",
        "username": f"customer{person.customer_id}",
        "billing": person.billing,
        "shipping": {name: value for name, value in person.billing.items() if name != "email"},
        "meta_data": [],
    }


def products(stock: int = 100) -> list[Raw]:
    """Build the shop's products in WooCommerce's shape, a variable product with its variations in it."""
    simple = [item for item in ITEMS if not item.variation_id]
    found = [_product(item.product_id, item.sku, item.name, item.price, stock) for item in simple]
    for parent_id, (name, sku) in _PARENTS.items():
        variations = [item for item in ITEMS if item.product_id == parent_id]
        parent = _product(parent_id, sku, name, variations[0].price, None)
        rows = [_product(item.variation_id, item.sku, item.name, item.price, stock) for item in variations]
        found.append({**parent, "type": "variable", "regular_price": "", "variations": rows})
    return found


def _product(product_id: int, sku: str, name: str, price: Decimal, stock: int | None) -> Raw:
    return {
        "id": product_id,
        "name": name,
        "type": "simple",
        "status": "publish",
        "sku": sku,
        "price": str(price),
        "regular_price": str(price),
        "sale_price": "",
        "date_on_sale_from_gmt": None,
        "date_on_sale_to_gmt": None,
        "manage_stock": stock is not None,
        "stock_quantity": stock,
        "variations": [],
    }
