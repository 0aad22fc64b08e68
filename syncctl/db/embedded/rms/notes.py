"""What RMS has for notes: an order's shipping notes, and its history."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

from syncctl.db.embedded.order_content import Content, cents
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.customer import lossy_texts
from syncctl.db.embedded.rms.site import WIDTHS, held_address, site_of
from syncctl.text_width import shorten

_ADDRESS = ("NAM", "COMPANY", "ADRS_1", "ADRS_2", "ADRS_3", "CITY", "STATE", "ZIP_COD", "CNTRY")
PART = "SHIP-TO"


def write_history(session: Session, order_id: int, comment: str) -> None:
    """Add a row to an order's history, 30 letters long at most. See `sp_WriteOrderHistory`."""
    site = site_of(session)
    session.run(
        """
        INSERT INTO dbo.OrderHistory
            (StoreID, BatchNumber, Date, OrderID, CashierID, DeltaDeposit, TransactionNumber, Comment)
        SELECT StoreID, 0, :now, ID, :cashier, '0.00', 0, :comment FROM dbo.[Order] WHERE ID = :id
        """,
        {"id": order_id, "now": site.local_time(session.now), "cashier": site.cashier_id, "comment": shorten(comment, 30)},
    )


def write_note(session: Session, doc_id: int, note_id: str, note: str) -> None:  # noqa: ARG001  (RMS has no place for it)
    """See `Erp.write_note`. RMS has no notes: its history says that a person is needed, once in a row; why, syncctl says."""
    if note_id != "SYNC-REVIEW":
        return
    said = "syncctl: needs a person"
    last = session.one("SELECT Comment FROM dbo.OrderHistory WHERE OrderID = :id ORDER BY ID DESC LIMIT 1", {"id": doc_id})
    if last is None or last["Comment"] != said:
        write_history(session, doc_id, said)


def shipping_notes(staged: sqlite3.Row, content: Content) -> str:
    """Return the whole address, and whatever else of the order has no column of its own."""
    address = content.shipping
    parts = [
        ("Ship to", ", ".join(address[part] for part in _ADDRESS if address.get(part))),
        ("Phone", address.get("PHONE")),
        ("Shipping", staged["SHIP_VIA"]),
        ("Payment", " / ".join(part for part in (content.payment_title, staged["PMT_METH"]) if part)),
        ("Transaction", staged["TRANSACTION_ID"]),
        ("Coupons", ", ".join(content.coupons)),
        *(("Charge", f"{charge.kind}: {charge.descr} {cents(charge.amount)}") for charge in content.charges),
        ("Customer note", content.customer_note),
        *((f"In full, {held.field}", held.text) for held in lossy_texts(staged, content)),
    ]
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def write_shipping(
    session: Session, staged: sqlite3.Row, content: Content, order_id: int, customer_id: int, *, is_new: bool = False
) -> tuple[bool, bool]:
    """Write where the order is shipped and its notes, unless a person has changed them since. See `sp_WriteOrderShipping`.

    Returns whether it is shipped elsewhere than before, and whether a person's words were kept though the store changed, too.
    """
    notes = shipping_notes(staged, content)
    asked = _hash(f"{customer_id}\n{notes}")
    key: dict[str, Any] = {
        "store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "part": PART, "doc": order_id, "now": session.now,
    }  # fmt: skip
    held = session.one("SELECT ShipToID, ShippingNotes FROM dbo.[Order] WHERE ID = :doc", key)
    assert held is not None  # noqa: S101  (the order was written or found by the caller)
    known = session.one(
        "SELECT ASKED_HASH, HELD_HASH FROM dbo.USER_ORDER_PART"
        " WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND PART = :part AND DOC_ID = :doc",
        key,
    )
    if not is_new and known is not None and known["ASKED_HASH"] == asked:
        return False, False
    if not is_new and known is not None and known["HELD_HASH"] != _hash(f"{held['ShipToID']}\n{held['ShippingNotes']}"):
        _remember(session, key, asked, known["HELD_HASH"], kept=True)
        return False, True
    ship_to = _ship_to(session, staged, content, customer_id)
    session.run(
        "UPDATE dbo.[Order] SET ShipToID = :ship_to, ShippingNotes = :notes WHERE ID = :doc",
        {**key, "ship_to": ship_to, "notes": notes},
    )
    _remember(session, key, asked, _hash(f"{ship_to}\n{notes}"), kept=False)
    return ship_to != held["ShipToID"], False


def _ship_to(session: Session, staged: sqlite3.Row, content: Content, customer_id: int) -> int:
    """Return the customer's ship-to address with this content, added where there is none; 0 without an address."""
    address = held_address(content.shipping)
    if not any(address[part] for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        return 0
    values = {
        "CustomerID": customer_id,
        "Name": address["NAM"] or shorten(f"{address['FST_NAM']} {address['LST_NAM']}".strip(), WIDTHS["NAM"]),
        "Company": address["COMPANY"],
        "Address": address["ADRS_1"],
        "Address2": address["ADRS_2"],
        "City": address["CITY"],
        "State": address["STATE"],
        "Zip": address["ZIP_COD"],
        "Country": address["CNTRY"],
        "PhoneNumber": address["PHONE"],
        "EmailAddress": shorten(staged["CUST_EMAIL"] or "", 255),
    }
    same = " AND ".join(f"{column} = :{column}" for column in values)
    row = session.one(f"SELECT MIN(ID) AS ID FROM dbo.ShipTo WHERE {same}", values)  # noqa: S608  (constants)
    if row is not None and row["ID"] is not None:
        return int(row["ID"])
    columns, marks = ", ".join(values), ", ".join(f":{column}" for column in values)
    cursor = session.db.execute(f"INSERT INTO dbo.ShipTo ({columns}) VALUES ({marks})", values)  # noqa: S608  (constants)
    return int(cursor.lastrowid or 0)


def _remember(session: Session, key: dict[str, Any], asked: bytes, held: bytes, *, kept: bool) -> None:
    session.run(
        """
        INSERT INTO dbo.USER_ORDER_PART (STORE_ID, WOO_ORDER_ID, PART, DOC_ID, ASKED_HASH, HELD_HASH, KEPT_DT, UPDATED_DT)
        VALUES (:store, :order, :part, :doc, :asked, :held, :kept, :now)
        ON CONFLICT (STORE_ID, WOO_ORDER_ID, PART) DO UPDATE
        SET DOC_ID = :doc, ASKED_HASH = :asked, HELD_HASH = :held, KEPT_DT = :kept, UPDATED_DT = :now
        """,
        {**key, "asked": asked, "held": held, "kept": key["now"] if kept else None},
    )


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-16-le")).digest()
