"""What filling a trial ERP comes to whatever ERP it is: what the call holds, and the rows of the maps. See `sp_SeedDemoErp`."""

from __future__ import annotations

import json
from typing import Any

from syncctl.db.contract import SeedDemoErp
from syncctl.db.embedded.registry import Session, require

Given = list[dict[str, Any]]


def items_and_customers(call: SeedDemoErp) -> tuple[Given, Given]:
    """Check what was given and return it.

    Raises:
        BadArgument: no JSON array of objects, or one of an item or customer without its number.
    """
    items, customers = _objects(call.items), _objects(call.customers)
    require(
        (items is not None, "@ITEMS takes a JSON array of objects."),
        (customers is not None, "@CUSTOMERS takes a JSON array of objects."),
        (all(item.get("ITEM_NO") for item in items or ()), "Every item needs ITEM_NO."),
        (all(customer.get("CUST_NO") for customer in customers or ()), "Every customer needs CUST_NO."),
    )
    return items or [], customers or []


def map_item(session: Session, sku: str, item_no: str) -> None:
    """Note which item a SKU is, where it isn't called the same and nobody has said so yet."""
    if sku != item_no:
        session.run(
            "INSERT OR IGNORE INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', :sku, :item_no)",
            {"sku": sku, "item_no": item_no},
        )


def map_customer(session: Session, customer: dict[str, Any], store_id: str, *, email: str | None) -> None:
    """Note which customer of the store one of the ERP is, where nothing is known of either yet."""
    session.run(
        """
        INSERT INTO dbo.USER_CUSTOMER_MAP (STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
        SELECT :store, :cust_no, :user, :email, 'seed', 1, :now
        WHERE NOT EXISTS (
            SELECT 1 FROM dbo.USER_CUSTOMER_MAP
            WHERE IS_ACTIVE = 1 AND STORE_ID IN (:store, '') AND (WOO_USER_ID = :user OR CUST_NO = :cust_no))
        """,
        {
            "store": store_id,
            "cust_no": customer["CUST_NO"],
            "user": customer["WOO_USER_ID"],
            "email": email,
            "now": session.now,
        },
    )


def _objects(text: str) -> Given | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(thing, dict) for thing in found) else None
