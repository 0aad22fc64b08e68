"""A trial RMS's first data. See `sql/erp/rms/sp_SeedDemoErp.sql`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from syncctl.db.contract import SeedCount, SeedDemoErp
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.site import site_of
from syncctl.db.embedded.seeding import items_and_customers, map_customer, map_item
from syncctl.text_width import shorten

_OF_THE_TRIAL = {"SHIPPING_ITEM_ID": ("SHIPPING", "Shipping"), "CHARGE_ITEM_ID": ("WEB-CHARGES", "Fees of web orders")}
"""Setting → lookup code and description of the item that a trial ERP has for it."""


def seed_demo(session: Session, call: SeedDemoErp) -> list[SeedCount]:
    """Add items and customers that aren't there yet, and the two items that stand for no product. An embedded ERP is a trial."""
    items, customers = items_and_customers(call)
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
            items=sum(_seed_item(session, item) for item in items),
            customers=sum(_seed_customer(session, customer, call.store_id) for customer in customers),
        )
    ]


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
    map_item(session, values["sku"], values["code"])
    return added


def _seed_customer(session: Session, customer: dict[str, Any], store_id: str) -> int:
    first, _, last = (customer.get("NAM") or "").strip().rpartition(" ")
    values = {
        "cust_no": customer["CUST_NO"],
        "first": shorten(first, 30),
        "last": shorten(last, 50),
        "email": customer.get("EMAIL_ADRS_1") or "",
        "local": site_of(session).local_time(session.now),
    }
    added = session.run(
        """
        INSERT OR IGNORE INTO dbo.Customer (AccountNumber, FirstName, LastName, EmailAddress, LastUpdated)
        VALUES (:cust_no, :first, :last, :email, :local)
        """,
        values,
    )
    if customer.get("WOO_USER_ID") is not None and session.one(
        "SELECT 1 FROM dbo.Customer WHERE AccountNumber = :cust_no AND (EmailAddress = :email OR '' IN (EmailAddress, :email))",
        values,
    ):
        map_customer(session, customer, store_id, email=values["email"] or None)
    return added
