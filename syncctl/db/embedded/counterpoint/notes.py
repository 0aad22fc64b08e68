"""The web notes on a CounterPoint document; the twin of `sql/erp/counterpoint/sp_WriteOrderNotes.sql`."""

from __future__ import annotations

import sqlite3

from syncctl.db.embedded.counterpoint.code_page import lossy_texts
from syncctl.db.embedded.counterpoint.contacts import BILL_TO, SHIP_TO, wanted_contacts
from syncctl.db.embedded.counterpoint.document import remove_note, write_note
from syncctl.db.embedded.counterpoint.parts import PART_NAMES, is_to_be_written, kept_parts, remember_part
from syncctl.db.embedded.erp import Document
from syncctl.db.embedded.order_content import Content, cents
from syncctl.db.embedded.registry import Session

KEPT = "SYNC-KEPT"
_ADDRESS = ("NAM", "ADRS_1", "ADRS_2", "ADRS_3", "CITY", "STATE", "ZIP_COD", "CNTRY", "PHONE_1", "EMAIL_ADRS_1")


def write_order_notes(session: Session, staged: sqlite3.Row, content: Content, document: Document) -> None:
    """Write what has no column of its own, and the customer's own words; and what the store says where a person's was kept."""
    notes = {"WEB-ORDER": _order_note(staged, content), "WEB-CUSTOMER": content.customer_note or ""}
    for note_id, note in notes.items():
        held = session.one(
            "SELECT NOTE FROM dbo.PS_DOC_NOTE WHERE DOC_ID = :doc AND NOTE_ID = :note", {"doc": document.doc_id, "note": note_id}
        )
        if is_to_be_written(session, staged, document.doc_id, note_id, note, (held and held["NOTE"]) or ""):
            if note:
                write_note(session, document.doc_id, note_id, note)
            else:
                remove_note(session, document.doc_id, note_id)
            remember_part(session, staged, document.doc_id, note_id, note, note)
    wanted = wanted_contacts(staged, content, document.doc_id)
    said = dict(notes)
    for part, number in (("BILL-TO", BILL_TO), ("SHIP-TO", SHIP_TO)):
        said[part] = (
            ", ".join(wanted[number][column] for column in _ADDRESS if wanted[number][column]) if number in wanted else ""
        )
    kept = [f"{_beginning(PART_NAMES[part])}: {said[part] or 'none'}" for part in kept_parts(session, staged, document.doc_id)]
    if kept:
        head = "Changed here by hand, and in the store, too: what stands here was kept. The store says:"
        write_note(session, document.doc_id, KEPT, "\n".join((head, *kept)))
    else:
        remove_note(session, document.doc_id, KEPT)


def _order_note(staged: sqlite3.Row, content: Content) -> str:
    """Return payment, coupons, charges, ship-to address, and in full what the columns can't hold."""
    address = content.shipping
    parts = [
        ("Web order", f"{staged['WOO_ORDER_NO']} ({staged['STORE_ID']})"),
        ("Payment", " / ".join(part for part in (content.payment_title, staged["PMT_METH"]) if part)),
        ("Transaction", staged["TRANSACTION_ID"]),
        ("Coupons", ", ".join(content.coupons)),
        ("Shipping", staged["SHIP_VIA"]),
        *(("Charge", f"{charge.kind}: {charge.descr} {cents(charge.amount)}") for charge in content.charges),
        (
            "Ship to",
            ", ".join(
                address[part]
                for part in ("NAM", "COMPANY", "ADRS_1", "ADRS_2", "CITY", "STATE", "ZIP_COD", "CNTRY")
                if part in address
            ),
        ),
        *((f"In full, {held.field}", held.text) for held in lossy_texts(staged, content)),
    ]
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def _beginning(text: str) -> str:
    return text[:1].upper() + text[1:]
