"""A trial RMS's first data. See `sql/erp/rms/sp_SeedDemoErp.sql`."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from syncctl.db.contract import SeedCount, SeedDemoErp
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session, require
from syncctl.db.embedded.rms.site import site_of
from syncctl.text_width import shorten

_OF_THE_TRIAL = {"SHIPPING_ITEM_ID": ("SHIPPING", "Shipping"), "CHARGE_ITEM_ID": ("WEB-CHARGES", "Fees of web orders")}
"""Setting → lookup code and description of the item that a trial ERP has for it."""


def seed_demo(session: Session, call: SeedDemoErp) -> list[SeedCount]:
    """Add items and customers that aren't there yet, and the two items that stand for no product. An embedded ERP is a trial."""
    items, customers = _objects(call.items), _objects(call.customers)
    require(
        (items is not None, "@ITEMS takes a JSON array of objects."),
        (customers is not None, "@CUSTOMERS takes a JSON array of objects."),
        (all(item.get("ITEM_NO") for item in items or ()), "Every item needs ITEM_NO."),
        (all(customer.get("CUST_NO") for customer in customers or ()), "Every customer needs CUST_NO."),
    )
    for setting, (code, descr) in _OF_THE_TRIAL.items():
        _add_item(session, {"code": code, "descr": descr, "price": Decimal(0), "on_hand": Decimal(0)})
        if not settings_of(session).get(setting):
            session.run(
                "UPDATE dbo.USER_ERP_SETTING SET VALUE = (SELECT ID FROM dbo.Item WHERE ItemLookupCode = :code)"
                " WHERE NAME = :name",
                {"code": code, "name": setting},
            )
    return [
        SeedCount(
            items=sum(_seed_item(session, item) for item in items or ()),
            customers=sum(_seed_customer(session, customer, call.store_id) for customer in customers or ()),
        )
    ]


def _objects(text: str) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(thing, dict) for thing in found) else None


def _add_item(session: Session, values: dict[str, Any]) -> int:
    return session.run(
        """
        INSERT OR IGNORE INTO dbo.Item (ItemLookupCode, Description, Price, Quantity, LastUpdated)
        VALUES (:code, :descr, :price, :on_hand, :now)
        """,
        {**values, "now": site_of(session).local_time(session.now)},
    )


def _seed_item(session: Session, item: dict[str, Any]) -> int:
    values = {
        "code": item["ITEM_NO"],
        "sku": item.get("SKU") or item["ITEM_NO"],
        "descr": shorten(item.get("DESCR") or "", 30),
        "price": amount_of(item.get("PRC_1")) or Decimal(0),
        "on_hand": amount_of(item.get("QTY_ON_HND")) or Decimal(0),
    }
    added = _add_item(session, values)
    if values["sku"] != values["code"]:
        session.run("INSERT OR IGNORE INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', :sku, :code)", values)
    return added


def _seed_customer(session: Session, customer: dict[str, Any], store_id: str) -> int:
    first, _, last = (customer.get("NAM") or "").strip().rpartition(" ")
    values = {
        "cust_no": customer["CUST_NO"],
        "first": shorten(first, 30),
        "last": shorten(last, 50),
        "email": customer.get("EMAIL_ADRS_1") or "",
        "user": customer.get("WOO_USER_ID"),
        "store": store_id,
        "now": session.now,
        "local": site_of(session).local_time(session.now),
    }
    added = session.run(
        """
        INSERT OR IGNORE INTO dbo.Customer (AccountNumber, FirstName, LastName, EmailAddress, LastUpdated)
        VALUES (:cust_no, :first, :last, :email, :local)
        """,
        values,
    )
    if values["user"] is not None:
        session.run(
            """
            INSERT INTO dbo.USER_CUSTOMER_MAP (STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
            SELECT :store, :cust_no, :user, NULLIF(:email, ''), 'seed', 1, :now
            WHERE EXISTS (
                SELECT 1 FROM dbo.Customer
                WHERE AccountNumber = :cust_no AND (EmailAddress = :email OR '' IN (EmailAddress, :email))
            )
            AND NOT EXISTS (
                SELECT 1 FROM dbo.USER_CUSTOMER_MAP
                WHERE IS_ACTIVE = 1 AND STORE_ID IN (:store, '') AND (WOO_USER_ID = :user OR CUST_NO = :cust_no)
            )
            """,
            values,
        )
    return added
