"""What became of a linked order in RMS since we wrote it; see `dbo.fn_ErpDocumentState` and `dbo.fn_ErpStatus`."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.erp import DocumentState, plain_number
from syncctl.db.embedded.order_content import cents
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.items import item_no
from syncctl.db.embedded.rms.site import COMMITTED, WORK_ORDER, quantity_of


def document_state(session: Session, link: sqlite3.Row) -> DocumentState:
    """See `Erp.document_state`. A deposit forbids every change, as what was picked up does."""
    key = {"doc": link["DOC_ID"], "store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]}
    order = session.one("SELECT * FROM dbo.[Order] WHERE ID = :doc", key)
    if order is None:
        return DocumentState(found=False, reasons=("it is no longer among the orders: it was deleted by hand",))
    is_open = link["LINK_STATE"] == "OPEN"
    entries = session.all(
        "SELECT entry.*, item.ItemLookupCode FROM dbo.OrderEntry AS entry LEFT JOIN dbo.Item AS item ON item.ID = entry.ItemID"
        " WHERE entry.OrderID = :doc",
        key,
    )
    links = session.all(
        "SELECT * FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND DOC_ID = :doc", key
    )
    reasons = []
    picked = sum(1 for row in entries if row["QuantityRTD"] > 0)
    if picked:
        reasons.append(f"{picked} of its {len(entries)} lines {'was' if picked == 1 else 'were'} picked up")
    if order["Deposit"]:
        reasons.append(f"it has a deposit of {order['Deposit']:.2f}")
    if order["Closed"] and is_open:
        reasons.append("it was closed by hand")
    if not order["Closed"] and not is_open:
        reasons.append("it was opened by hand")
    holds = any(row["STOCK_COLUMNS"] == COMMITTED for row in links)
    if is_open and holds != (order["Type"] == WORK_ORDER) and any(row["WOO_LINE_ID"] >= 0 for row in links):
        reasons.append(f"its type was changed by hand: it is {order['Type']}")
    reasons += _line_reasons(entries, links)
    if is_open and order["Total"] != link["TOT"]:
        reasons.append(f"its total was changed by hand: {order['Total']:.2f} instead of {link['TOT']:.2f}")
    return DocumentState(found=True, parcels=len(tracking_numbers(session, link["DOC_ID"])), reasons=tuple(reasons))


def _line_reasons(entries: list[sqlite3.Row], links: list[sqlite3.Row]) -> list[str]:
    """Name the entries that are missing, extra or different."""
    found, ours = {row["ID"]: row for row in entries}, {row["LIN_SEQ_NO"]: row for row in links}
    changed = [number for number in ours.keys() & found.keys() if _differs(ours[number], found[number])]
    counts = (
        (len(ours.keys() - found.keys()), "removed"),
        (len(found.keys() - ours.keys()), "added"),
        (len(changed), "changed"),
    )
    return [f"{count} of its lines {'was' if count == 1 else 'were'} {what} by hand" for count, what in counts if count]


def _differs(link: sqlite3.Row, entry: sqlite3.Row) -> bool:
    quantity = quantity_of(entry["QuantityOnOrder"])
    return (
        entry["ItemLookupCode"] is None
        or item_no({**dict(entry), "ID": entry["ItemID"]}) != link["ITEM_NO"]
        or quantity != link["QTY_SOLD"]
        or cents(entry["Price"] * quantity) != link["EXT_PRC"]
    )


def tracking_numbers(session: Session, doc_id: int) -> list[str]:
    """See `Erp.tracking_numbers`. An order has one, as long as its column."""
    row = session.one("SELECT ShippingTrackingNumber FROM dbo.[Order] WHERE ID = :doc", {"doc": doc_id})
    number = "" if row is None else plain_number(row["ShippingTrackingNumber"])[:100]
    return [number] if number else []


def statuses(session: Session, store_id: str, *, after_id: int) -> dict[int, str]:
    """See `Erp.statuses`. What was picked up or has a tracking number was shipped; one picked up whole is closed."""
    rows = session.all(
        """
        SELECT
            link.WOO_ORDER_ID,
            CASE
                WHEN held.ID IS NULL THEN 'gone'
                WHEN TRIM(held.ShippingTrackingNumber) <> '' THEN 'shipped'
                WHEN held.Closed = 1 AND EXISTS (
                    SELECT 1 FROM dbo.OrderEntry AS entry WHERE entry.OrderID = held.ID AND entry.QuantityRTD > 0
                ) THEN 'shipped'
                WHEN held.Closed = 1 THEN 'closed'
                WHEN EXISTS (
                    SELECT 1 FROM dbo.OrderEntry AS entry
                    WHERE entry.OrderID = held.ID AND entry.QuantityRTD > 0 AND entry.PriceSource <> 10
                )
                AND NOT EXISTS (
                    SELECT 1 FROM dbo.OrderEntry AS entry
                    WHERE entry.OrderID = held.ID AND entry.PriceSource <> 10 AND ROUND(entry.QuantityRTD, 4) <= 0
                )
                AND NOT EXISTS (
                    SELECT 1 FROM dbo.OrderEntry AS entry
                    WHERE entry.OrderID = held.ID AND entry.PriceSource <> 10
                    AND ROUND(entry.QuantityRTD, 4) < ROUND(entry.QuantityOnOrder, 4)
                ) THEN 'shipped'
                ELSE 'open'
            END AS ERP_STATUS
        FROM dbo.USER_ORDER_LINK AS link
        LEFT JOIN dbo.[Order] AS held ON held.ID = link.DOC_ID
        WHERE link.STORE_ID = :store
        AND link.LINK_STATE = 'OPEN'
        AND COALESCE(link.ERP_STATUS_TOLD, 'open') <> 'gone'
        AND link.STAGING_ID > :after
        """,
        {"store": store_id, "after": after_id},
    )
    return {row["WOO_ORDER_ID"]: row["ERP_STATUS"] for row in rows}
