"""What RMS has for notes: an order's shipping notes, and its history."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

from syncctl.db.embedded.order_content import Content, cents
from syncctl.db.embedded.registry import Session
from syncctl.db.embedded.rms.customer import lossy_texts, ship_to
from syncctl.db.embedded.rms.site import site_of
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
    ship_to_id, _ = ship_to(session, customer_id, staged["CUST_EMAIL"] or "", content)
    session.run(
        "UPDATE dbo.[Order] SET ShipToID = :ship_to, ShippingNotes = :notes WHERE ID = :doc",
        {**key, "ship_to": ship_to_id, "notes": notes},
    )
    _remember(session, key, asked, _hash(f"{ship_to_id}\n{notes}"), kept=False)
    return ship_to_id != held["ShipToID"], False


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
