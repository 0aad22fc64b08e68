"""Writing, changing, closing and removing orders in RMS; the twins of `sql/erp/rms/sp_…ErpDocument.sql`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from syncctl.db.embedded.erp import ChangedRow, Document
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.records import write_event
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.customer import cust_no as number_of, known_customer
from syncctl.db.embedded.rms.entries import PRODUCT_SOURCE, SHIPPING, SHIPPING_SOURCE, Entry, Plan, plan_entries
from syncctl.db.embedded.rms.former import former_order, take_over
from syncctl.db.embedded.rms.items import commit_stock, committed_quantities, item_no, known_item
from syncctl.db.embedded.rms.notes import PART, write_history, write_shipping
from syncctl.db.embedded.rms.settings import missing_settings
from syncctl.db.embedded.rms.site import COMMITTED, NOT_COMMITTED, WORK_ORDER, Site, quantity_of, site_of
from syncctl.errors import ConfigError, MappingError

_NOTHING = Decimal("0.0000")
_NO_QUANTITY = Decimal("0.0000")


def create_document(session: Session, staged: sqlite3.Row, content: Content, cust_no: str) -> Document:
    """See `Erp.create_document`."""
    for lacking in missing_settings(session):
        raise ConfigError(
            f"No document can be written: {lacking.name} is not set. `{lacking.command}`, or `syncctl config erp import`.",
            code=50041,
        )
    site = site_of(session)
    plan = plan_entries(session, staged, content, site)
    customer_id = _customer_id(session, staged, cust_no)
    former = former_order(session, staged, site)
    if former is not None:
        order_id = int(former["ID"])
        take_over(session, staged, former, plan)
    else:
        order_id = _insert_order(session, staged, site)
    before = committed_quantities(session, staged)
    _follow_entries(session, staged, order_id, plan, site)
    _follow_header(session, staged, order_id, customer_id, plan, site)
    session.run(
        "UPDATE dbo.[Order] SET ReferenceNumber = :reference WHERE ID = :id",
        {"id": order_id, "reference": site.reference(staged)},
    )
    write_shipping(session, staged, content, order_id, customer_id, is_new=True)
    commit_stock(session, before, committed_quantities(session, staged))
    write_history(session, order_id, "Web order entered" if former is None else "Web order taken over")
    if plan.shipping and not any(entry.key == SHIPPING for entry in plan.entries):
        write_event(
            session,
            staged,
            "NO_SHIPPING_ITEM",
            "The order has its shipping charge, but no entry for it: `syncctl config erp set SHIPPING_ITEM_ID` names the item.",
        )
    return Document(order_id, str(order_id))


def change_document(session: Session, staged: sqlite3.Row, content: Content, link: sqlite3.Row, cust_no: str) -> str:
    """See `Erp.change_document`."""
    site, order_id = site_of(session), int(link["DOC_ID"])
    plan = plan_entries(session, staged, content, site)
    customer_id = _customer_id(session, staged, cust_no)
    before = committed_quantities(session, staged)
    counts = _follow_entries(session, staged, order_id, plan, site)
    moved, kept = write_shipping(session, staged, content, order_id, customer_id)
    told = _follow_header(session, staged, order_id, customer_id, plan, site)
    commit_stock(session, before, committed_quantities(session, staged))
    write_history(session, order_id, "Web order changed" if link["LINK_STATE"] == "OPEN" else "Web order reopened")
    told += "other ship-to address; " if moved else ""
    told += "kept as a person changed it in Microsoft RMS, though the store did, too: shipping notes; " if kept else ""
    return "{} lines changed, {} added, {} removed; ".format(*counts) + told


def _customer_id(session: Session, staged: sqlite3.Row, cust_no: str) -> int:
    customer = known_customer(session, cust_no)
    if customer is None:
        raise MappingError(f"Order {staged['WOO_ORDER_NO']}: customer {cust_no} is not in the ERP.", code=50040)
    return int(customer["ID"])


def _insert_order(session: Session, staged: sqlite3.Row, site: Site) -> int:
    """Write an order's header, without what follows from its entries and its customer. Returns its ID."""
    return _insert(
        session,
        "Order",
        {
            "StoreID": site.store_id,
            "Closed": 0,
            "Time": staged["TKT_DT"],
            "Type": site.order_type,
            "Comment": site.comment(staged),
            "CustomerID": 0,
            "ShipToID": 0,
            "DepositOverride": 0,
            "Deposit": _NOTHING,
            "Tax": _NOTHING,
            "Total": _NOTHING,
            "LastUpdated": site.local_time(session.now),
            "ExpirationOrDueDate": staged["TKT_DT"] + timedelta(days=site.due_days),
            "Taxable": 1,
            "SalesRepID": site.sales_rep_id,
            "ReferenceNumber": site.reference(staged),
            "ShippingChargeOnOrder": _NOTHING,
            "ShippingChargeOverride": 1,
            "ShippingServiceID": site.shipping_service_id,
            "ShippingTrackingNumber": "",
            "ShippingNotes": "",
            **dict.fromkeys(("ReasonCodeID", "ExchangeID"), 0),
            "ChannelType": site.channel_type,
            **dict.fromkeys(("DefaultDiscountReasonCodeID", "DefaultReturnReasonCodeID", "DefaultTaxChangeReasonCodeID"), 0),
        },
    )


def _follow_header(session: Session, staged: sqlite3.Row, order_id: int, customer_id: int, plan: Plan, site: Site) -> str:
    """Let amounts and customer follow, opened where it was closed; return what changed of them beside the total."""
    key = {"id": order_id, "customer": customer_id, "store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]}
    held = session.one("SELECT CustomerID, ShippingChargeOnOrder, Type FROM dbo.[Order] WHERE ID = :id", key)
    assert held is not None  # noqa: S101  (the caller has found or written it)
    session.run(
        """
        UPDATE dbo.[Order]
        SET CustomerID = :customer, Tax = :tax, Total = :total, Taxable = :taxable, ShippingChargeOnOrder = :shipping, Closed = 0,
            LastUpdated = :now
        WHERE ID = :id
        """,
        {
            **key,
            "tax": plan.tax,
            "total": plan.total,
            "taxable": plan.tax != 0,
            "shipping": plan.shipping,
            "now": site.local_time(session.now),
        },
    )
    session.run(
        "UPDATE dbo.USER_ORDER_LINE_LINK SET STOCK_COLUMNS = :columns"
        " WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID >= 0",
        {**key, "columns": COMMITTED if held["Type"] == WORK_ORDER else NOT_COMMITTED},
    )
    told = ""
    if held["CustomerID"] != customer_id:
        told += f"customer {_named(session, held['CustomerID'])} → {_named(session, customer_id)}; "
    if held["ShippingChargeOnOrder"] != plan.shipping:
        told += f"shipping {held['ShippingChargeOnOrder']:.2f} → {plan.shipping:.2f}; "
    return told


def _named(session: Session, customer_id: int) -> str:
    row = session.one("SELECT * FROM dbo.Customer WHERE ID = :id", {"id": customer_id})
    return "none" if row is None else number_of(row)


def _follow_entries(session: Session, staged: sqlite3.Row, order_id: int, plan: Plan, site: Site) -> tuple[int, int, int]:
    """Change the entries that differ, add what is new, delete what the order no longer has; count the lines among them.

    The shipping entry is never deleted: without shipping its price and quantities are 0.
    """
    key = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "doc": order_id}
    wanted = {entry.key: entry for entry in plan.entries}
    changed = added = removed = 0
    linked = session.all(
        """
        SELECT link.WOO_LINE_ID, entry.*
        FROM dbo.USER_ORDER_LINE_LINK AS link
        INNER JOIN dbo.OrderEntry AS entry ON entry.OrderID = link.DOC_ID AND entry.ID = link.LIN_SEQ_NO
        WHERE link.STORE_ID = :store AND link.WOO_ORDER_ID = :order AND link.DOC_ID = :doc
        ORDER BY entry.ID
        """,
        key,
    )
    for row in linked:
        number = row["WOO_LINE_ID"]
        entry = wanted.get(number)
        if entry is None and number != SHIPPING:
            session.run("DELETE FROM dbo.OrderEntry WHERE ID = :id", {"id": row["ID"]})
            session.run(
                "DELETE FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line",
                {**key, "line": number},
            )
            removed += number >= 0
            continue
        values = _values(entry) if entry is not None else _NO_SHIPPING
        if any((quantity_of(row[name]) if name.startswith("Quantity") else row[name]) != value for name, value in values.items()):
            more = {} if entry is None or entry.item is None else {"Cost": entry.item["Cost"]}
            _update(session, row["ID"], {**values, **more, "LastUpdated": site.local_time(session.now)})
            changed += number >= 0
        _write_link(session, key, number, row["ID"], entry)
    there = {row["WOO_LINE_ID"] for row in linked}
    for entry in plan.entries:
        if entry.key in there:
            continue
        entry_id = _insert_entry(session, staged, order_id, entry, site)
        _write_link(session, key, entry.key, entry_id, entry)
        added += entry.is_product
    return changed, added, removed


_NO_SHIPPING: dict[str, Any] = {
    "Price": _NOTHING, "FullPrice": _NOTHING, "QuantityOnOrder": _NO_QUANTITY, "QuantityRTD": _NO_QUANTITY,
}  # fmt: skip


def _values(entry: Entry) -> dict[str, Any]:
    """Say what an entry's columns must hold by the order; where one differs, the entry has changed."""
    assert entry.item is not None  # noqa: S101  (a planned entry has its item)
    return {
        "ItemID": entry.item["ID"],
        "Description": entry.descr,
        "Price": entry.price,
        "FullPrice": entry.full_price,
        "QuantityOnOrder": entry.quantity,
        "Taxable": int(entry.tax != 0),
        "Comment": entry.comment,
    }


def _insert_entry(session: Session, staged: sqlite3.Row, order_id: int, entry: Entry, site: Site) -> int:
    assert entry.item is not None  # noqa: S101  (a planned entry has its item)
    return _insert(
        session,
        "OrderEntry",
        {
            "StoreID": site.store_id,
            "OrderID": order_id,
            "DetailID": 0,
            **_values(entry),
            "Cost": entry.item["Cost"],
            "QuantityRTD": _NO_QUANTITY,
            "PriceSource": SHIPPING_SOURCE if entry.key == SHIPPING else PRODUCT_SOURCE,
            **dict.fromkeys(("DiscountReasonCodeID", "ReturnReasonCodeID", "TaxChangeReasonCodeID"), 0),
            "SalesRepID": site.sales_rep_id,
            "IsAddMoney": 0,
            "VoucherID": 0,
            "LastUpdated": site.local_time(session.now),
            "TransactionTime": staged["TKT_DT"],
        },
    )


def _insert(session: Session, table: str, values: Mapping[str, Any]) -> int:
    """Add a row with these columns; return its ID."""
    columns, marks = ", ".join(values), ", ".join(f":{column}" for column in values)
    cursor = session.db.execute(f"INSERT INTO dbo.[{table}] ({columns}) VALUES ({marks})", dict(values))  # noqa: S608  (constants)
    return int(cursor.lastrowid or 0)


def _update(session: Session, entry_id: int, values: Mapping[str, Any]) -> None:
    columns = ", ".join(f"{column} = :{column}" for column in values)
    session.run(f"UPDATE dbo.OrderEntry SET {columns} WHERE ID = :entry_id", {**values, "entry_id": entry_id})  # noqa: S608


def _write_link(session: Session, key: Mapping[str, Any], number: int, entry_id: int, entry: Entry | None) -> None:
    """Say what an entry was written with; `entry` None: shipping that there is none of."""
    values = {
        **key,
        "line": number,
        "entry": entry_id,
        "item": item_no(entry.item) if entry is not None and entry.item is not None else None,
        "quantity": entry.quantity if entry is not None else _NO_QUANTITY,
        "amount": entry.amount if entry is not None else Decimal("0.00"),
        "product": entry.product_id if entry is not None else 0,
        "variation": entry.variation_id if entry is not None else 0,
        "columns": NOT_COMMITTED,
    }
    changed = session.run(
        """
        UPDATE dbo.USER_ORDER_LINE_LINK
        SET ITEM_NO = COALESCE(:item, ITEM_NO), QTY_SOLD = :quantity, EXT_PRC = :amount,
            PRODUCT_ID = CASE WHEN :product = 0 THEN PRODUCT_ID ELSE :product END,
            VARIATION_ID = CASE
                WHEN :product = 0 OR (:variation = 0 AND COALESCE(PRODUCT_ID, 0) = :product) THEN VARIATION_ID ELSE :variation
            END
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line
        """,
        values,
    )
    if changed == 0:
        session.run(
            """
            INSERT INTO dbo.USER_ORDER_LINE_LINK
                (STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC, STOCK_COLUMNS, PRODUCT_ID,
                 VARIATION_ID)
            VALUES (:store, :order, :line, :doc, :entry, :item, :quantity, :amount, :columns, :product, :variation)
            """,
            values,
        )


def close_document(session: Session, staged: sqlite3.Row, link: sqlite3.Row) -> None:
    """See `Erp.close_document`. RMS keeps a closed order as it was; the links say that its stock is given back."""
    key = {
        "id": link["DOC_ID"], "store": link["STORE_ID"], "order": link["WOO_ORDER_ID"], "columns": NOT_COMMITTED,
        "now": site_of(session).local_time(session.now),
    }  # fmt: skip
    commit_stock(session, committed_quantities(session, staged), {})
    session.run(
        "UPDATE dbo.USER_ORDER_LINE_LINK SET STOCK_COLUMNS = :columns WHERE STORE_ID = :store AND WOO_ORDER_ID = :order", key
    )
    session.run("UPDATE dbo.[Order] SET Closed = 1, LastUpdated = :now WHERE ID = :id", key)
    write_history(session, link["DOC_ID"], "Web order closed")


def document_rows(session: Session, link: sqlite3.Row) -> Iterator[ChangedRow]:
    """See `Erp.document_rows`."""
    order_id = link["DOC_ID"]
    for number, quantity in sorted(committed_quantities(session, link).items()):
        item = known_item(session, number)
        before = quantity_of(item["QuantityCommitted"]) if item is not None else _NO_QUANTITY
        if quantity:
            yield ChangedRow("Item", f"ItemLookupCode = {number}", f"QuantityCommitted {before:.4f} → {before - quantity:.4f}")
    key = {"doc": order_id, "store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]}
    for row in session.all("SELECT * FROM dbo.OrderEntry WHERE OrderID = :doc ORDER BY ID", key):
        change = f"deleted: {row['Description']}, quantity {quantity_of(row['QuantityOnOrder']):.4f}, price {row['Price']:.4f}"
        yield ChangedRow("OrderEntry", f"OrderID = {order_id}, ID = {row['ID']}", change)
    for row in session.all("SELECT * FROM dbo.OrderHistory WHERE OrderID = :doc ORDER BY ID", key):
        yield ChangedRow("OrderHistory", f"OrderID = {order_id}, ID = {row['ID']}", "deleted")
    if session.one("SELECT 1 FROM dbo.USER_ORDER_PART WHERE STORE_ID = :store AND WOO_ORDER_ID = :order", key) is not None:
        yield ChangedRow("USER_ORDER_PART", f"WOO_ORDER_ID = {link['WOO_ORDER_ID']}, PART = {PART}", "deleted")
    for row in session.all("SELECT * FROM dbo.[Order] WHERE ID = :doc", key):
        yield ChangedRow("Order", f"ID = {order_id}", f"deleted: {row['ReferenceNumber']}, total {row['Total']:.2f}")


def remove_document(session: Session, link: sqlite3.Row) -> None:
    """See `Erp.remove_document`."""
    key = {"doc": link["DOC_ID"], "store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]}
    commit_stock(session, committed_quantities(session, link), {})
    session.run("DELETE FROM dbo.OrderEntry WHERE OrderID = :doc", key)
    session.run("DELETE FROM dbo.OrderHistory WHERE OrderID = :doc", key)
    session.run("DELETE FROM dbo.USER_ORDER_PART WHERE STORE_ID = :store AND WOO_ORDER_ID = :order", key)
    session.run("DELETE FROM dbo.[Order] WHERE ID = :doc", key)
