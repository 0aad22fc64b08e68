"""The maps between store and ERP on the embedded engine, as a person changes them."""

from __future__ import annotations

import sqlite3

from syncctl.db.contract import (
    ChangedStatusMapping,
    CustomerMapping,
    ItemMapping,
    ListCustomerMap,
    ListItemMap,
    SetCustomerMap,
    SetItemMap,
    SetStatusMap,
)
from syncctl.db.embedded.customers import has_other_stores
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.errors import Conflict, MappingError, NotFound


def put_row(
    session: Session, table: str, key: dict[str, str], values: dict[str, str | None] | None, *, named: str, dry_run: bool
) -> sqlite3.Row | None:
    """Put a map's row in place of the one with that key, or with no `values` take that away; return the row of before.

    Raises:
        NotFound: there is none to take away; `named` says which.
    """
    found = f"FROM dbo.{table} WHERE {' AND '.join(f'{column} = :{column}' for column in key)}"
    row = session.one(f"SELECT * {found}", key)
    if row is None and values is None:
        raise NotFound(f"{named} and store {key['STORE_ID']}.", code=50004)
    if not dry_run:
        session.run(f"DELETE {found}", key)
        if values is not None:
            new = {**key, **values}
            places = ", ".join(f":{column}" for column in new)
            session.run(f"INSERT INTO dbo.{table} ({', '.join(new)}) VALUES ({places})", new)  # noqa: S608  (names of this package)
    return row


@serves(ListItemMap)
def list_item_map(session: Session, _call: ListItemMap) -> list[ItemMapping]:
    """See `sql/procedures/sp_ListItemMap.sql`."""
    rows = session.all("SELECT STORE_ID, SKU, ITEM_NO FROM dbo.USER_ITEM_MAP ORDER BY SKU, STORE_ID")
    return [ItemMapping(row["STORE_ID"], row["SKU"], row["ITEM_NO"], None) for row in rows]


@serves(SetItemMap)
def set_item_map(session: Session, call: SetItemMap) -> list[ItemMapping]:
    """See `sql/procedures/sp_SetItemMap.sql`."""
    sku, item_no = call.sku.strip(), (call.item_no or "").strip() or None
    require((call.store_id != "", "@STORE_ID is required."), (sku != "", "@SKU is required."))
    if item_no is not None:
        item = erp_of(session).find_item(session, item_no, item_no)
        if item is None:
            raise MappingError(f"The ERP has no item {item_no}. Name one that it has, or add it there first.", code=50040)
        item_no = item.item_no
    row = put_row(
        session,
        "USER_ITEM_MAP",
        {"STORE_ID": call.store_id, "SKU": sku},
        None if item_no is None else {"ITEM_NO": item_no},
        named=f"The item map has no row for SKU {sku}",
        dry_run=call.dry_run,
    )
    return [ItemMapping(call.store_id, sku, item_no, None if row is None else row["ITEM_NO"])]


@serves(ListCustomerMap)
def list_customer_map(session: Session, _call: ListCustomerMap) -> list[CustomerMapping]:
    """See `sql/procedures/sp_ListCustomerMap.sql`."""
    rows = session.all("SELECT * FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 ORDER BY CUST_NO, STORE_ID, MAP_ID")
    return [CustomerMapping(row["STORE_ID"], row["CUST_NO"], row["WOO_USER_ID"], row["WOO_EMAIL"], None) for row in rows]


@serves(SetCustomerMap)
def set_customer_map(session: Session, call: SetCustomerMap) -> list[CustomerMapping]:
    """See `sql/procedures/sp_SetCustomerMap.sql`."""
    email, cust_no = (call.woo_email or "").strip() or None, (call.cust_no or "").strip() or None
    require((call.store_id != "", "@STORE_ID is required."))
    require(((call.woo_user_id is None) != (email is None), "One of @WOO_USER_ID and @WOO_EMAIL is required."))
    if cust_no is not None:
        asked, cust_no = cust_no, erp_of(session).customer_no(session, cust_no)
        if cust_no is None:
            raise MappingError(f"The ERP has no customer {asked}. Name one that it has, or add it there first.", code=50040)
    alone = not has_other_stores(session, call.store_id)
    key = {"store": call.store_id, "user": call.woo_user_id, "email": email, "cust": cust_no, "now": session.now}
    key |= {"alone": alone, "any": alone or cust_no is None}
    named = "WOO_USER_ID = :user" if email is None else "WOO_EMAIL = :email"
    row = session.one(
        f"SELECT * FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND {named}"  # noqa: S608
        " AND (STORE_ID = :store OR (STORE_ID = '' AND :any)) ORDER BY STORE_ID = '', CUST_NO",
        key,
    )
    if row is None and cust_no is None:
        raise NotFound(f"The customer map has no row for {email or call.woo_user_id} and store {call.store_id}.", code=50004)
    own = session.one(
        "SELECT * FROM dbo.USER_CUSTOMER_MAP WHERE IS_ACTIVE = 1 AND CUST_NO = :cust"
        " AND (STORE_ID = :store OR (STORE_ID = '' AND :alone)) ORDER BY STORE_ID = ''",
        key,
    )
    taken = own is not None and (own["WOO_EMAIL"] if email else own["WOO_USER_ID"]) is not None
    if own is not None and (own["MAP_ID"] != row["MAP_ID"] if row is not None else taken):
        there = own["WOO_EMAIL"] if own["WOO_USER_ID"] is None else own["WOO_USER_ID"]
        raise Conflict(
            f"Customer {cust_no} of the ERP is {there} of the store already, and can be one only. Take that away first: "
            f"`syncctl map customer remove {there}`.",
            code=50030,
        )
    kept = row if row is not None else own
    key["map"] = None if kept is None else kept["MAP_ID"]
    if call.dry_run:
        pass
    elif cust_no is None:
        session.run("UPDATE dbo.USER_CUSTOMER_MAP SET IS_ACTIVE = 0 WHERE MAP_ID = :map", key)
    elif row is not None:
        session.run(
            "UPDATE dbo.USER_CUSTOMER_MAP SET CUST_NO = :cust, STORE_ID = :store, MAPPING_SOURCE = 'manual' WHERE MAP_ID = :map",
            key,
        )
    elif own is not None:
        session.run(
            "UPDATE dbo.USER_CUSTOMER_MAP SET STORE_ID = :store, WOO_USER_ID = COALESCE(WOO_USER_ID, :user),"
            " WOO_EMAIL = COALESCE(WOO_EMAIL, :email), MAPPING_SOURCE = 'manual' WHERE MAP_ID = :map",
            key,
        )
    else:
        session.run(
            "INSERT INTO dbo.USER_CUSTOMER_MAP (STORE_ID, CUST_NO, WOO_USER_ID, WOO_EMAIL, MAPPING_SOURCE, IS_ACTIVE, CREATED_DT)"
            " VALUES (:store, :cust, :user, :email, 'manual', 1, :now)",
            key,
        )
    user = call.woo_user_id if call.woo_user_id is not None or kept is None else kept["WOO_USER_ID"]
    address = email if email is not None or kept is None else kept["WOO_EMAIL"]
    store = call.store_id if cust_no is not None or row is None else row["STORE_ID"]
    return [CustomerMapping(store, cust_no, user, address, None if row is None else row["CUST_NO"])]


@serves(SetStatusMap)
def set_status_map(session: Session, call: SetStatusMap) -> list[ChangedStatusMapping]:
    """See `sql/procedures/sp_SetStatusMap.sql`."""
    status = None if call.remove else (call.woo_status or "").strip() or None
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (call.erp_status in ("open", "shipped", "closed", "gone"), "@ERP_STATUS takes open, shipped, closed, gone."),
    )
    row = put_row(
        session,
        "USER_STATUS_MAP",
        {"STORE_ID": call.store_id, "ERP_STATUS": call.erp_status},
        None if call.remove else {"WOO_STATUS": status},
        named=f"The status map has no row for {call.erp_status}",
        dry_run=call.dry_run,
    )
    previous = None if row is None else row["WOO_STATUS"]
    return [ChangedStatusMapping(call.store_id, call.erp_status, status, not call.remove, previous, row is not None)]
