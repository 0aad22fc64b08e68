"""A trial ERP's first data."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from syncctl.db.contract import SeedCount, SeedDemoErp
from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.site import local_time
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session, require


def seed_demo(session: Session, call: SeedDemoErp) -> list[SeedCount]:
    """See `sql/erp/counterpoint/sp_SeedDemoErp.sql`. An embedded ERP is always a trial one."""
    items, customers = _objects(call.items), _objects(call.customers)
    require(
        (items is not None, "@ITEMS takes a JSON array of objects."),
        (customers is not None, "@CUSTOMERS takes a JSON array of objects."),
        (all(item.get("ITEM_NO") for item in items or ()), "Every item needs ITEM_NO."),
        (all(customer.get("CUST_NO") for customer in customers or ()), "Every customer needs CUST_NO."),
    )
    settings = settings_of(session)
    session.run(
        "INSERT OR IGNORE INTO dbo.SY_PAY_COD (PAY_COD, PAY_TYP, DESCR)"
        " VALUES ('CASH', 'B', 'Cash'), ('WEB', 'B', 'Paid in the web store')"
    )
    locations = {"prc_loc": settings["PRC_LOC_ID"], "stk_loc": settings["STK_LOC_ID"]}
    return [
        SeedCount(
            items=sum(_seed_item(session, item, locations) for item in items or ()),
            customers=sum(_seed_customer(session, customer, settings["STR_ID"], call.store_id) for customer in customers or ()),
        )
    ]


def _objects(text: str) -> list[dict[str, Any]] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(thing, dict) for thing in found) else None


def _held(text: str | None, width: int) -> str | None:
    return None if text is None else held(text, width)


def _seed_item(session: Session, item: dict[str, Any], locations: dict[str, str | None]) -> int:
    values = {
        "item_no": item["ITEM_NO"],
        "sku": item.get("SKU") or item["ITEM_NO"],
        "descr": _held(item.get("DESCR"), 250),
        "price": amount_of(item.get("PRC_1")),
        "on_hand": amount_of(item.get("QTY_ON_HND")) or Decimal(0),
        **locations,
    }
    added = session.run("INSERT OR IGNORE INTO dbo.IM_ITEM (ITEM_NO, DESCR) VALUES (:item_no, :descr)", values)
    session.run(
        "INSERT OR IGNORE INTO dbo.IM_PRC (ITEM_NO, LOC_ID, PRC_1, REG_PRC) VALUES (:item_no, :prc_loc, :price, :price)", values
    )
    session.run("INSERT OR IGNORE INTO dbo.IM_INV (ITEM_NO, LOC_ID, QTY_ON_HND) VALUES (:item_no, :stk_loc, :on_hand)", values)
    if values["sku"] != values["item_no"]:
        session.run("INSERT OR IGNORE INTO dbo.USER_ITEM_MAP (STORE_ID, SKU, ITEM_NO) VALUES ('*', :sku, :item_no)", values)
    return added


def _seed_customer(session: Session, customer: dict[str, Any], str_id: str | None, store_id: str) -> int:
    values = {
        "cust_no": customer["CUST_NO"],
        "name": _held(customer.get("NAM"), 40),
        "email": customer.get("EMAIL_ADRS_1"),
        "held": _held(customer.get("EMAIL_ADRS_1"), 100),
        "user": customer.get("WOO_USER_ID"),
        "str_id": str_id,
        "store": store_id,
        "now": session.now,
        "local": local_time(session.now, settings_of(session)),
    }
    added = session.run(
        """
        INSERT OR IGNORE INTO dbo.AR_CUST (CUST_NO, NAM, EMAIL_ADRS_1, STR_ID, LST_MAINT_DT)
        VALUES (:cust_no, :name, :held, :str_id, :local)
        """,
        values,
    )
    if values["user"] is not None:
        session.run(
            """
            INSERT INTO dbo.USER_CUSTOMER_MAP (STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)
            SELECT :store, :cust_no, :user, :email, 'seed', 1, :now
            WHERE EXISTS (
                SELECT 1 FROM dbo.AR_CUST
                WHERE CUST_NO = :cust_no AND COALESCE(EMAIL_ADRS_1 = :held, 1))
            AND NOT EXISTS (
                SELECT 1 FROM dbo.USER_CUSTOMER_MAP
                WHERE IS_ACTIVE = 1 AND STORE_ID IN (:store, '') AND (WOO_USER_ID = :user OR CUST_NO = :cust_no))
            """,
            values,
        )
    return added
