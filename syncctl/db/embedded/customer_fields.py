"""Which of a customer's fields in the ERP follow the store, and which are a person's; the twin of `sp_FollowCustomer`."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from itertools import groupby

from syncctl.db.embedded.erp import CustomerField, Erp, settings_of
from syncctl.db.embedded.order_content import Content, has_address
from syncctl.db.embedded.registry import Session

_SHIP_TO = "SHIP_TO"
_ADDRESS = ("NAM", "COMPANY", "ADRS_1", "ADRS_2", "ADRS_3", "CITY", "STATE", "ZIP_COD", "CNTRY", "PHONE")
_WIDTH = 1000
"""Letters of what is remembered."""


def follow_customer(
    session: Session, erp: Erp, store_id: str, cust_no: str, email: str, content: Content
) -> tuple[bool, str | None]:
    """Write what the store changed and no person in the ERP, and remember both.

    Returns whether something was written, and what to say of what wasn't.
    """
    known = {
        row["FIELD"]: row
        for row in session.all(
            "SELECT * FROM dbo.USER_CUSTOMER_FIELD WHERE STORE_ID = :store AND CUST_NO = :cust_no",
            {"store": store_id, "cust_no": cust_no},
        )
    }
    fields = _read(session, erp, cust_no, email, content)
    other = _other_with(session, erp, cust_no, email) if any(map(_is_other_email, fields)) else None
    store_decides = settings_of(session).get("CUST_CHANGES") == "STORE"
    actions: dict[str, str] = {}
    for part, group in groupby(fields, lambda field: field.part):
        taken = part == "e-mail" and other is not None
        actions[part] = _action(list(group), known, store_decides=store_decides, taken=taken)
    written = [
        field.name
        for field in fields
        if _differs(field) and (actions[field.part] == "write" or (actions[field.part] == "fill" and not field.there))
    ]
    if written:
        erp.change_customer(session, cust_no, written, email, content)
        fields = _read(session, erp, cust_no, email, content)
    added = _add_ship_to(session, erp, store_id, cust_no, email, content, known.get(_SHIP_TO))
    for field in fields:
        action = actions[field.part]
        if action != "none":
            keeps = action == "keep" or (action == "fill" and _differs(field))
            there = known[field.name]["ERP_VALUE"] if action == "keep" and field.name in known else field.there
            _remember(session, store_id, cust_no, field.name, field.wanted, there, keeps=keeps, known=known.get(field.name))
    kept = [part for part, action in actions.items() if action == "keep"]
    return bool(written) or added, _told(cust_no, kept, other) if kept else None


def remember_customer(session: Session, erp: Erp, store_id: str, cust_no: str, email: str, content: Content) -> None:
    """Remember a customer who was made just now. See `sql/procedures/sp_RememberCustomer.sql`."""
    for field in erp.customer_fields(session, cust_no, email, content):
        _remember(session, store_id, cust_no, field.name, field.wanted, field.there, keeps=False, known=None)


def _action(fields: list[CustomerField], known: Mapping[str, sqlite3.Row], *, store_decides: bool, taken: bool) -> str:
    """Say what becomes of a part of a customer: none, remember, fill, write or keep."""
    rows = [(field, known[field.name]) for field in fields if field.name in known]
    is_said = any(field.wanted for field in fields)
    if not is_said and not rows:
        return "remember"
    if not is_said:
        return "none"
    if not any(_differs(field) for field in fields):
        return "remember"
    erp_changed = any(field.there != row["ERP_VALUE"] for field, row in rows)
    if rows and all(field.wanted == row["STORE_VALUE"] for field, row in rows):
        was_kept = any(row["IS_KEPT"] for _, row in rows)
        if not store_decides or not (erp_changed or was_kept):
            return "none"
    if taken:
        return "keep"
    if not rows and not any(field.wanted and field.there and field.wanted.lower() != field.there.lower() for field in fields):
        return "fill"
    return "write" if store_decides or (rows and not erp_changed) else "keep"


def _differs(field: CustomerField) -> bool:
    return field.wanted != field.there


def _read(session: Session, erp: Erp, cust_no: str, email: str, content: Content) -> list[CustomerField]:
    """Return a customer's fields; an e-mail address is the same in capitals."""
    return [
        field._replace(wanted=field.there) if field.part == "e-mail" and field.wanted.lower() == field.there.lower() else field
        for field in erp.customer_fields(session, cust_no, email, content)
    ]


def _is_other_email(field: CustomerField) -> bool:
    return field.part == "e-mail" and _differs(field)


def _other_with(session: Session, erp: Erp, cust_no: str, email: str) -> str | None:
    """Return another customer of the ERP with that e-mail address."""
    others = [found for found in erp.find_customers(session, email) if found.lower() != cust_no.lower()] if email else []
    return min(others, default=None)


def _add_ship_to(
    session: Session, erp: Erp, store_id: str, cust_no: str, email: str, content: Content, known: sqlite3.Row | None
) -> bool:
    """Let a new shipping address join the customer's, and remember it; return whether it was added."""
    ship_to = "\n".join(content.shipping.get(part, "") for part in _ADDRESS)[:_WIDTH]
    bill_to = "\n".join(content.billing.get(part, "") for part in _ADDRESS)[:_WIDTH]
    if not has_address(content.shipping) or ship_to == bill_to or (known is not None and known["STORE_VALUE"] == ship_to):
        return False
    added = erp.add_address(session, cust_no, email, content)
    _remember(session, store_id, cust_no, _SHIP_TO, ship_to, ship_to, keeps=False, known=known)
    return added


def _remember(
    session: Session,
    store_id: str,
    cust_no: str,
    field: str,
    wanted: str,
    there: str,
    *,
    keeps: bool,
    known: sqlite3.Row | None,
) -> None:
    if known is not None and (known["STORE_VALUE"], known["ERP_VALUE"], bool(known["IS_KEPT"])) == (wanted, there, keeps):
        return
    session.run(
        """
        INSERT INTO dbo.USER_CUSTOMER_FIELD (STORE_ID, CUST_NO, FIELD, STORE_VALUE, ERP_VALUE, IS_KEPT, UPDATED_DT)
        VALUES (:store, :cust_no, :field, :wanted, :there, :keeps, :now)
        ON CONFLICT (STORE_ID, CUST_NO, FIELD) DO UPDATE
        SET STORE_VALUE = excluded.STORE_VALUE, ERP_VALUE = excluded.ERP_VALUE, IS_KEPT = excluded.IS_KEPT,
            UPDATED_DT = excluded.UPDATED_DT
        """,
        {
            "store": store_id,
            "cust_no": cust_no,
            "field": field,
            "wanted": wanted,
            "there": there,
            "keeps": keeps,
            "now": session.now,
        },
    )


def _told(cust_no: str, kept: list[str], other: str | None) -> str:
    told = f"Customer {cust_no} keeps what the ERP has of: {', '.join(kept)}. "
    if other is not None and "e-mail" in kept:
        told += f"Customer {other} has that e-mail address. "
    if kept != ["e-mail"] or other is None:
        told += "It was there before the store, or was changed there. "
        told += "`syncctl config erp set CUST_CHANGES STORE` lets the store decide."
    return told.strip()
