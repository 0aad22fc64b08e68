"""Fill a trial ERP with the items, prices, stock and customers of the store, so that a trial runs on the user's own data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from syncctl.db.contract import Database, ImportErpSettings, SeedDemoErp
from syncctl.services.erp_site import missing_settings
from syncctl.stores.base import Product, Store, StoreCustomer

_BATCH = 200
_ITEM_NO_WIDTH = 20
_CODE_PAGE = "cp1252"
"""What a varchar column of the ERP can hold; an item number with other letters is replaced, and mapped to the SKU."""


@dataclass(slots=True)
class Seeding:
    """What was added, and what could not be."""

    items: int = 0
    customers: int = 0
    skipped: list[str] = field(default_factory=list)


def seed_from_store(database: Database, store: Store, store_id: str = "") -> Seeding:
    """Copy the store's products and customers into the trial ERP, and give it the site settings that its own set-up says.

    What is there already stays; running it twice adds nothing.

    Raises:
        UsageError: the database holds a real ERP.
        StoreUnavailable, StoreRefused: the store doesn't answer.
    """
    seeding = Seeding()
    seed(database, items=(), customers=())  # refused here, before the store is read to the end
    set_up(database)
    items: list[dict[str, str]] = []
    for product in store.products():
        if not product.sku:
            why = "can't be read" if product.unreadable else f"({product.name}) has no SKU"
            seeding.skipped.append(f"product {product.product_id or 'without an id'} {why}")
            continue
        items.append(item_of(product))
    customers = [customer_of(customer) for customer in store.customers()]
    for start in range(0, max(len(items), len(customers)), _BATCH):
        added = seed(
            database, items=items[start : start + _BATCH], customers=customers[start : start + _BATCH], store_id=store_id
        )
        seeding.items += added[0]
        seeding.customers += added[1]
    return seeding


def set_up(database: Database) -> None:
    """Take the site settings of a trial ERP from it, as `config erp import` does, where a document still lacks some."""
    if missing_settings(database):
        database.run(ImportErpSettings())


def seed(
    database: Database, *, items: Iterable[dict[str, str]], customers: Iterable[dict[str, object]], store_id: str = ""
) -> tuple[int, int]:
    """Add items and customers as `item_of` and `customer_of` make them; return how many were new."""
    call = SeedDemoErp(items=json.dumps(list(items)), customers=json.dumps(list(customers)), store_id=store_id)
    added = database.run(call)[0]
    return added.items, added.customers


def seed_deposit(database: Database) -> None:
    """Add an order with a deposit ticket, as if a person had keyed them; an ERP without such tickets gets none."""
    set_up(database)
    database.run(SeedDemoErp(items="[]", customers="[]", with_deposit=True))


def item_of(product: Product) -> dict[str, str]:
    """Return a product as an item of the ERP: `ITEM_NO` is the SKU, or where that doesn't fit, a number of our own."""
    sku = product.sku or ""
    return {
        "ITEM_NO": sku if _fits(sku) else f"WEB-{product.product_id}",
        "SKU": sku,
        "DESCR": product.name[:250],
        "PRC_1": format(product.price or Decimal(0), "f"),
        "QTY_ON_HND": format(product.stock if product.stock is not None else Decimal(0), "f"),
    }


def customer_of(customer: StoreCustomer) -> dict[str, object]:
    """Return a store customer as a customer of the ERP, linked to it by id."""
    name = " ".join(part for part in (customer.first_name, customer.last_name) if part) or customer.email
    return {
        "CUST_NO": f"S{customer.customer_id:08d}",
        "NAM": name[:40],
        "EMAIL_ADRS_1": customer.email,
        "WOO_USER_ID": customer.customer_id,
    }


def _fits(sku: str) -> bool:
    try:
        return len(sku.encode(_CODE_PAGE)) <= _ITEM_NO_WIDTH
    except UnicodeEncodeError:
        return False
