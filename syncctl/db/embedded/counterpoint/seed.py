"""A trial ERP's first data."""

from __future__ import annotations

from decimal import Decimal
from importlib import resources
from typing import Any

from syncctl.db.contract import SeedCount, SeedDemoErp
from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.site import local_time
from syncctl.db.embedded.erp import settings_of
from syncctl.db.embedded.order_content import amount_of
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.seeding import items_and_customers, map_customer, map_item


def seed_demo(session: Session, call: SeedDemoErp) -> list[SeedCount]:
    """See `sql/erp/counterpoint/sp_SeedDemoErp.sql`. An embedded ERP is always a trial one."""
    items, customers = items_and_customers(call)
    settings = settings_of(session)
    session.run(
        "INSERT OR IGNORE INTO dbo.SY_PAY_COD (PAY_COD, PAY_TYP, DESCR)"
        " VALUES ('CASH', 'B', 'Cash'), ('WEB', 'B', 'Paid in the web store')"
    )
    if call.with_deposit and not session.one("SELECT 1 FROM dbo.PS_DOC_HDR WHERE TKT_NO IN ('TILL-1', 'TILL-2')"):
        pair = resources.files("syncctl.db.embedded.counterpoint").joinpath("demo_deposit.sql").read_text(encoding="utf-8")
        for statement in pair.split(";\n"):
            if statement.strip():
                session.run(statement)
    locations = {"prc_loc": settings["PRC_LOC_ID"], "stk_loc": settings["STK_LOC_ID"]}
    return [
        SeedCount(
            items=sum(_seed_item(session, item, locations) for item in items),
            customers=sum(_seed_customer(session, customer, settings["STR_ID"], call.store_id) for customer in customers),
        )
    ]


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
    map_item(session, values["sku"], values["item_no"])
    return added


def _seed_customer(session: Session, customer: dict[str, Any], str_id: str | None, store_id: str) -> int:
    values = {
        "cust_no": customer["CUST_NO"],
        "name": _held(customer.get("NAM"), 40),
        "held": _held(customer.get("EMAIL_ADRS_1"), 100),
        "str_id": str_id,
        "local": local_time(session.now, settings_of(session)),
    }
    added = session.run(
        """
        INSERT OR IGNORE INTO dbo.AR_CUST (CUST_NO, NAM, EMAIL_ADRS_1, STR_ID, LST_MAINT_DT)
        VALUES (:cust_no, :name, :held, :str_id, :local)
        """,
        values,
    )
    if customer.get("WOO_USER_ID") is not None and session.one(
        "SELECT 1 FROM dbo.AR_CUST WHERE CUST_NO = :cust_no AND COALESCE(EMAIL_ADRS_1 = :held, 1)", values
    ):
        map_customer(session, customer, store_id, email=customer.get("EMAIL_ADRS_1"))
    return added
