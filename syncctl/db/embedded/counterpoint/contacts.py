"""The addresses on a CounterPoint document; the twin of `sql/erp/counterpoint/sp_WriteOrderContacts.sql`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.customer import ship_to_address
from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.counterpoint.parts import is_to_be_written, remember_part
from syncctl.db.embedded.erp import Settings
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session

BILL_TO, SHIP_TO = 1, 2
_PARTS = {BILL_TO: "BILL-TO", SHIP_TO: "SHIP-TO"}
_WIDTHS = {"ADRS_1": 40, "ADRS_2": 40, "ADRS_3": 40, "CITY": 20, "STATE": 10, "ZIP_COD": 15, "CNTRY": 20}
_CORRECTED = ("NAM", "FST_NAM", "LST_NAM", *_WIDTHS, "PHONE_1", "EMAIL_ADRS_1")
"""What a person may correct of a contact."""


def write_contacts(
    session: Session, staged: sqlite3.Row, content: Content, doc_id: int, cust_no: str, settings: Settings
) -> bool:
    """Write whom to bill and where to ship, and return whether the document is shipped to another address than it was.

    A contact that is there is written anew only where the order's address changed and no person has corrected it.
    """
    ship_adrs_id = ship_to_address(session, cust_no, content) if settings.get("WRITE_SHIP_ADRS") == "Y" else None
    key: dict[str, Any] = {"doc_id": doc_id, "cust": cust_no, "adrs_id": ship_adrs_id}
    rows = session.all("SELECT * FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = :doc_id AND CONTACT_ID IN (1, 2)", key)
    before = {row["CONTACT_ID"]: row for row in rows}
    wanted = wanted_contacts(staged, content, doc_id)
    moved = False
    for number, part in _PARTS.items():
        contact, asked, held_now = wanted.get(number), _text(wanted.get(number)), _text(before.get(number))
        if is_to_be_written(session, staged, doc_id, part, asked, held_now):
            session.run(
                "DELETE FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = :doc_id AND CONTACT_ID = :number", {**key, "number": number}
            )
            if contact is not None:
                insert(session, "PS_DOC_CONTACT", {**contact, "ADRS_ID": ship_adrs_id if number == SHIP_TO else None})
            remember_part(session, staged, doc_id, part, asked, asked)
            column = "BILL_TO_CONTACT_ID" if number == BILL_TO else "SHIP_TO_CONTACT_ID"
            session.run(
                f"UPDATE dbo.PS_DOC_HDR SET {column} = :number WHERE DOC_ID = :doc_id",  # noqa: S608  (one of two)
                {**key, "number": number if contact is not None else None},
            )
            moved = number == SHIP_TO and bool(before)
        elif number == SHIP_TO and contact is not None and asked == held_now:
            # The same words, but among the addresses of another customer.
            session.run(
                """
                UPDATE dbo.PS_DOC_CONTACT SET NAM_TYP = :typ, ADRS_ID = :adrs_id
                WHERE DOC_ID = :doc_id AND CONTACT_ID = 2
                AND EXISTS (SELECT 1 FROM dbo.PS_DOC_HDR WHERE DOC_ID = :doc_id AND CUST_NO IS NOT :cust)
                """,
                {**key, "typ": contact["NAM_TYP"]},
            )
    return moved


def wanted_contacts(staged: sqlite3.Row, content: Content, doc_id: int) -> dict[int, dict[str, Any]]:
    """Return the contacts that the order's document is to have, by their number; see `fn_ErpContacts`."""
    wanted = {BILL_TO: _contact(staged, content.billing, doc_id, BILL_TO)}
    if any(content.shipping.get(part) for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        wanted[SHIP_TO] = _contact(staged, content.shipping, doc_id, SHIP_TO)
    return wanted


def _text(contact: Mapping[str, Any] | sqlite3.Row | None) -> str:
    """Return what a person may correct, a line each; '' without a contact."""
    return "" if contact is None else "\n".join(contact[column] or "" for column in _CORRECTED)


def _contact(staged: sqlite3.Row, address: Mapping[str, str], doc_id: int, contact_id: int) -> dict[str, Any]:
    is_person = bool(address.get("FST_NAM") or address.get("LST_NAM"))
    name = held(address.get("NAM", ""), 40)
    return {
        "DOC_ID": doc_id,
        "CONTACT_ID": contact_id,
        "NAM_TYP": "P" if is_person else "B",
        "NAM": name or held(address.get("COMPANY") or staged["CUST_EMAIL"] or "", 40) or None,
        "FST_NAM": held(address.get("FST_NAM", ""), 15) or None,
        "LST_NAM": held(address.get("LST_NAM", ""), 25) or None,
        "CONTCT_1": (name or None) if is_person else None,
        **{part: held(address.get(part, ""), width) or None for part, width in _WIDTHS.items()},
        "PHONE_1": held(address.get("PHONE", ""), 25) or None,
        "EMAIL_ADRS_1": held(staged["CUST_EMAIL"] or "", 100) or None,
    }
