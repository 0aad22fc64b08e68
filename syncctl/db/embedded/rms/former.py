"""Orders that an older integration entered: found by their exact reference or comment, and taken over. See `sp_TakeOverOrder`."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.order_content import cents
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.entries import SHIPPING, SHIPPING_SOURCE, Plan
from syncctl.db.embedded.rms.items import item_no
from syncctl.db.embedded.rms.site import COMMITTED, NOT_COMMITTED, WORK_ORDER, Site, quantity_of
from syncctl.errors import Conflict


def former_order(session: Session, staged: sqlite3.Row, site: Site) -> sqlite3.Row | None:
    """Return the order of this reference, or of this comment and no reference of ours, that belongs to no other order.

    Raises:
        Conflict: there is one, and it is closed, picked up or has a deposit.
    """
    if not site.takes_over:
        return None
    key = {"reference": site.reference(staged), "comment": site.comment(staged), "prefix": f"{site.prefix(staged)}-"}
    former = session.one(
        """
        SELECT * FROM dbo.[Order] AS former
        WHERE (
            former.ReferenceNumber = :reference
            OR (former.Comment = :comment AND SUBSTR(UPPER(former.ReferenceNumber), 1, LENGTH(:prefix)) <> UPPER(:prefix))
        )
        AND NOT EXISTS (SELECT 1 FROM dbo.USER_ORDER_LINK AS linked WHERE linked.DOC_ID = former.ID)
        ORDER BY former.ReferenceNumber <> :reference, former.Closed, former.ID
        LIMIT 1
        """,
        key,
    )
    if former is None:
        return None
    picked = session.one("SELECT 1 FROM dbo.OrderEntry WHERE OrderID = :id AND QuantityRTD > 0", {"id": former["ID"]})
    why = (
        "is closed"
        if former["Closed"]
        else "was picked up in part"
        if picked is not None
        else f"has a deposit of {former['Deposit']:.2f}"
        if former["Deposit"]
        else None
    )
    if why is not None:
        raise _conflict(staged, former, why)
    return former


def take_over(session: Session, staged: sqlite3.Row, former: sqlite3.Row, plan: Plan) -> None:
    """Link the entries of a former order with the lines that they are of, item by item in their order.

    Raises:
        Conflict: it has entries that the order doesn't have.
    """
    rows = session.all(
        "SELECT entry.*, item.ItemLookupCode FROM dbo.OrderEntry AS entry INNER JOIN dbo.Item AS item ON item.ID = entry.ItemID"
        " WHERE entry.OrderID = :id ORDER BY entry.ID",
        {"id": former["ID"]},
    )
    count = session.one("SELECT COUNT(*) AS ENTRIES FROM dbo.OrderEntry WHERE OrderID = :id", {"id": former["ID"]})
    left = list(rows)
    for entry in plan.entries:
        found = next((row for row in left if _is_of(row, entry.key, entry.item["ID"] if entry.item is not None else 0)), None)
        if found is None:
            continue
        left.remove(found)
        quantity = quantity_of(found["QuantityOnOrder"])
        holds = entry.is_product and former["Type"] == WORK_ORDER
        session.run(
            """
            INSERT INTO dbo.USER_ORDER_LINE_LINK
                (STORE_ID, WOO_ORDER_ID, WOO_LINE_ID, DOC_ID, LIN_SEQ_NO, ITEM_NO, QTY_SOLD, EXT_PRC, STOCK_COLUMNS, PRODUCT_ID,
                 VARIATION_ID)
            VALUES (:store, :order, :line, :doc, :entry, :item, :quantity, :amount, :columns, :product, :variation)
            """,
            {
                "store": staged["STORE_ID"],
                "order": staged["WOO_ORDER_ID"],
                "line": entry.key,
                "doc": former["ID"],
                "entry": found["ID"],
                "item": item_no({**dict(found), "ID": found["ItemID"]}),
                "quantity": quantity,
                "amount": cents(found["Price"] * quantity),
                "columns": COMMITTED if holds else NOT_COMMITTED,
                "product": entry.product_id,
                "variation": entry.variation_id,
            },
        )
    more = len(left) + ((count["ENTRIES"] if count is not None else 0) - len(rows))
    if more:
        raise _conflict(staged, former, f"has {more} {'entry' if more == 1 else 'entries'} that the order doesn't have")


def _is_of(row: sqlite3.Row, key: int, item_id: int) -> bool:
    """Say whether an entry is of that item; shipping goes by its mark, too."""
    if key == SHIPPING:
        return bool(row["PriceSource"] == SHIPPING_SOURCE)
    return bool(row["ItemID"] == item_id and row["PriceSource"] != SHIPPING_SOURCE)


def _conflict(staged: sqlite3.Row, former: sqlite3.Row, why: str) -> Conflict:
    return Conflict(
        f"Order {staged['WOO_ORDER_NO']}: the ERP has it already as order {former['ID']} ({former['Comment']}), which syncctl did"
        f" not write and can't take over: it {why}. Where that is this order: `syncctl dead-letter cancel {staged['STAGING_ID']}"
        " --reason …`; where it is another: set FORMER_ORDERS to N, then `syncctl dead-letter retry`.",
        code=50030,
    )
