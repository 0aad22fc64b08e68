"""The addresses on a CounterPoint document; the twin of `sql/erp/counterpoint/sp_WriteOrderContacts.sql`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from syncctl.db.embedded.counterpoint.code_page import held
from syncctl.db.embedded.counterpoint.customer import ship_to_address
from syncctl.db.embedded.counterpoint.lines import insert
from syncctl.db.embedded.erp import Settings
from syncctl.db.embedded.order_content import Content
from syncctl.db.embedded.registry import Session

BILL_TO, SHIP_TO = 1, 2
_WIDTHS = {"ADRS_1": 40, "ADRS_2": 40, "ADRS_3": 40, "CITY": 20, "STATE": 10, "ZIP_COD": 15, "CNTRY": 20}
_PLACE = ("NAM", *_WIDTHS, "PHONE_1")


def write_contacts(
    session: Session, staged: sqlite3.Row, content: Content, doc_id: int, cust_no: str, settings: Settings
) -> bool:
    """Write whom to bill and where to ship, and return whether the document is shipped to another address than it was."""
    ship_adrs_id = ship_to_address(session, cust_no, content) if settings.get("WRITE_SHIP_ADRS") == "Y" else None
    key = {"doc_id": doc_id}
    before = {row["CONTACT_ID"]: row for row in session.all("SELECT * FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = :doc_id", key)}
    session.run("DELETE FROM dbo.PS_DOC_CONTACT WHERE DOC_ID = :doc_id AND CONTACT_ID IN (1, 2)", key)
    insert(session, "PS_DOC_CONTACT", _contact(staged, content.billing, doc_id, BILL_TO))
    after = None
    if any(content.shipping.get(part) for part in ("ADRS_1", "ADRS_2", "CITY", "ZIP_COD")):
        after = {**_contact(staged, content.shipping, doc_id, SHIP_TO), "ADRS_ID": ship_adrs_id}
        insert(session, "PS_DOC_CONTACT", after)
    session.run(
        "UPDATE dbo.PS_DOC_HDR SET BILL_TO_CONTACT_ID = 1, SHIP_TO_CONTACT_ID = :ship_to WHERE DOC_ID = :doc_id",
        {**key, "ship_to": SHIP_TO if after else None},
    )
    return bool(before) and _place(before.get(SHIP_TO)) != _place(after)


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


def _place(contact: Mapping[str, Any] | sqlite3.Row | None) -> list[str] | None:
    return None if contact is None else [contact[part] or "" for part in _PLACE]
