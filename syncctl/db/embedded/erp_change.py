"""Updating and cancelling ERP documents on the embedded engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from syncctl.db.contract import AppliedOrder, CancelOrderFromStaging, UpdateOrderFromStaging
from syncctl.db.embedded.erp_content import Content, StagedLine, cents, read_content, unit_price
from syncctl.db.embedded.erp_customer import contact_id, order_customer, ship_to_address
from syncctl.db.embedded.erp_document import (
    Document,
    Settings,
    committed_quantities,
    create_order_lines,
    document_totals,
    erp_settings,
    move_inventory,
    remove_note,
    require_item,
    write_order_notes,
    write_totals,
)
from syncctl.db.embedded.erp_document_state import DocumentState, document_state
from syncctl.db.embedded.records import queue_message, write_document_note, write_event
from syncctl.db.embedded.registry import Session, serves
from syncctl.db.embedded.work import fence
from syncctl.errors import Conflict, WrongState

NOTHING = Decimal("0.00")


@serves(UpdateOrderFromStaging)
def update_order_from_staging(session: Session, call: UpdateOrderFromStaging) -> list[AppliedOrder]:
    """See `sql/erp/counterpoint/sp_UpdateOrderFromStaging.sql`."""
    staged = fence(session, call, finished="APPLIED")
    if staged["STATE"] == "APPLIED":
        return [_applied(staged, "unchanged")]
    _require_action(staged, "update")
    link = _open_link(session, staged)
    changes = follow_staged_order(session, staged, link)
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = 'APPLIED', IS_APPLIED = 1, APPLIED_DT = :now, APPLIED_HASH = CONTENT_HASH, CP_DOC_ID = :doc, TKT_NO = :tkt,
            PENDING_ACTION = NULL, STATE_REASON = NULL, VALIDATION_ERROR = NULL, ERROR_CLASS = NULL, NEXT_ATTEMPT_DT = NULL,
            LEASE_UNTIL_DT = NULL, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {"doc": str(link["DOC_ID"]), "tkt": link["TKT_NO"], "now": session.now, "id": call.staging_id},
    )
    message = f"Order updated in CounterPoint. DOC_ID: {link['DOC_ID']}, TKT_NO: {link['TKT_NO']}: {changes}"
    write_event(session, staged, "UPDATED", message, worker_id=call.worker_id, attempt_no=call.attempt_no)
    return [AppliedOrder(call.staging_id, link["DOC_ID"], link["TKT_NO"], "updated")]


@serves(CancelOrderFromStaging)
def cancel_order_from_staging(session: Session, call: CancelOrderFromStaging) -> list[AppliedOrder]:
    """See `sql/erp/counterpoint/sp_CancelOrderFromStaging.sql`."""
    staged = fence(session, call, finished="CANCELLED")
    if staged["STATE"] == "CANCELLED":
        return [_applied(staged, "cancelled")]
    _require_action(staged, "cancel")
    link = _open_link(session, staged)
    _close_document(session, staged, link)
    session.run(
        """
        UPDATE dbo.USER_ORDER_STAGING
        SET STATE = 'CANCELLED', IS_APPLIED = 0, APPLIED_HASH = NULL, PENDING_ACTION = NULL, VALIDATION_ERROR = NULL,
            ERROR_CLASS = NULL, NEXT_ATTEMPT_DT = NULL, LEASE_UNTIL_DT = NULL, UPDATED_DT = :now
        WHERE STAGING_ID = :id
        """,
        {"now": session.now, "id": call.staging_id},
    )
    note = f"Order closed in CounterPoint. DOC_ID: {link['DOC_ID']}, TKT_NO: {link['TKT_NO']}"
    queue_message(session, staged, "cancelled", f"cancelled:{link['REVISION']}", note=note)
    write_event(session, staged, "CANCELLED", note, worker_id=call.worker_id, attempt_no=call.attempt_no)
    return [AppliedOrder(call.staging_id, link["DOC_ID"], link["TKT_NO"], "cancelled")]


def follow_staged_order(session: Session, staged: sqlite3.Row, link: sqlite3.Row) -> str:
    """Bring the document in line with the staged order, and return what changed."""
    state = _require_untouched(session, staged, link, "change")
    settings = {**erp_settings(session), "STK_LOC_ID": state.stk_loc_id}
    content = read_content(staged)
    totals = document_totals(staged, content)
    document = Document(link["DOC_ID"], link["TKT_NO"])
    before = committed_quantities(session, staged)
    changed, removed = _follow_lines(session, staged, content, document)
    added = create_order_lines(session, staged, content, document, settings)
    header = _follow_header(session, staged, content, document, settings)
    move_inventory(session, before, committed_quantities(session, staged), settings)
    _follow_payment(session, link, totals.tot, settings)
    write_totals(session, document, content, totals, settings)
    write_order_notes(session, staged, content, document)
    for settled in ("SYNC-CANCEL", "SYNC-REVIEW"):
        remove_note(session, document.doc_id, settled)
    session.run(
        "UPDATE dbo.USER_ORDER_LINK SET TOT = :tot, UPDATED_DT = :now WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        {"tot": totals.tot, "now": session.now, "store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]},
    )
    lines = f"{changed} lines changed, {added} added, {removed} removed"
    return f"{lines}; {header}total {link['TOT']:.2f} → {totals.tot:.2f}"


def _require_action(staged: sqlite3.Row, action: str) -> None:
    """Raise WrongState unless this is what the order waits for."""
    named = f"Order {staged['WOO_ORDER_NO'] or staged['WOO_ORDER_ID']} (staging id {staged['STAGING_ID']})"
    if staged["PENDING_ACTION"] != action:
        raise WrongState(f"{named} waits for {staged['PENDING_ACTION'] or 'nothing'}, not for {action}.", code=50020)
    if action == "update" and not staged["IS_VALIDATED"]:
        raise WrongState(f"{named} has not passed validation: run syncctl validate {staged['STAGING_ID']} first.", code=50020)


def _open_link(session: Session, staged: sqlite3.Row) -> sqlite3.Row:
    """Return the order's link, or raise Conflict: without one nobody knows what was written."""
    link = session.one(
        "SELECT * FROM dbo.USER_ORDER_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND LINK_STATE = 'OPEN'",
        {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"]},
    )
    if link is None:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: its document {staged['CP_DOC_ID'] or '?'} was not written by syncctl, which can't "
            f"tell its lines apart. {staged['PENDING_ACTION'].capitalize()} it in CounterPoint by hand, "
            f"then `syncctl dead-letter cancel {staged['STAGING_ID']} --reason …`.",
            code=50030,
        )
    return link


def _require_untouched(session: Session, staged: sqlite3.Row, link: sqlite3.Row, verb: str) -> DocumentState:
    """Return the document's state, or raise Conflict with everything that forbids to change it."""
    state = document_state(session, link)
    reasons = list(state.reasons)
    if verb == "cancel" and state.paid:
        reasons.append(f"it has payments of {state.paid:.2f}")
    if reasons:
        raise Conflict(
            f"Order {staged['WOO_ORDER_NO']}: document {link['DOC_ID']} ({link['TKT_NO']}) can't follow the store: "
            f"{'; '.join(reasons)}. {verb.capitalize()} it in CounterPoint by hand, "
            f"then `syncctl dead-letter cancel {staged['STAGING_ID']} --reason …`.",
            code=50030,
        )
    return state


def _follow_lines(session: Session, staged: sqlite3.Row, content: Content, document: Document) -> tuple[int, int]:
    """Change the lines that differ and delete those that the store no longer has. Returns how many of each."""
    key = {"store": staged["STORE_ID"], "order": staged["WOO_ORDER_ID"], "doc": document.doc_id}
    wanted = {line.line_id: line for line in content.sold_lines}
    changed = removed = 0
    for row in session.all(
        """
        SELECT link.WOO_LINE_ID, line.*
        FROM dbo.USER_ORDER_LINE_LINK AS link
        INNER JOIN dbo.PS_DOC_LIN AS line ON line.DOC_ID = link.DOC_ID AND line.LIN_SEQ_NO = link.LIN_SEQ_NO
        WHERE link.STORE_ID = :store AND link.WOO_ORDER_ID = :order AND link.DOC_ID = :doc
        ORDER BY line.LIN_SEQ_NO
        """,
        key,
    ):
        line_key = {**key, "line": row["WOO_LINE_ID"], "seq": row["LIN_SEQ_NO"]}
        line = wanted.get(row["WOO_LINE_ID"])
        if line is None:
            session.run("DELETE FROM dbo.PS_DOC_LIN WHERE DOC_ID = :doc AND LIN_SEQ_NO = :seq", line_key)
            session.run(
                "DELETE FROM dbo.USER_ORDER_LINE_LINK WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line",
                line_key,
            )
            removed += 1
            continue
        values = _line_values(session, staged, line)
        if any(row[column] != value for column, value in values.items()):
            _write_line(session, line_key, values)
            changed += 1
    return changed, removed


def _line_values(session: Session, staged: sqlite3.Row, line: StagedLine) -> dict[str, Any]:
    """Say what a line's columns must hold."""
    return {
        "ITEM_NO": require_item(session, staged, line.line_id, line.sku),
        "DESCR": line.descr[:250],
        "QTY_SOLD": line.quantity,
        "PRC": unit_price(line.total, line.quantity),
        "EXT_PRC": cents(line.total),
        "GROSS_EXT_PRC": cents(line.subtotal),
    }


def _write_line(session: Session, line_key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write a changed line and its link."""
    session.run(
        """
        UPDATE dbo.PS_DOC_LIN
        SET ITEM_NO = :ITEM_NO, DESCR = :DESCR, QTY_SOLD = :QTY_SOLD, PRC = :PRC, EXT_PRC = :EXT_PRC,
            GROSS_EXT_PRC = :GROSS_EXT_PRC, CALC_EXT_PRC = :EXT_PRC,
            CATEG_COD = (SELECT CATEG_COD FROM dbo.IM_ITEM AS item WHERE item.ITEM_NO = :ITEM_NO)
        WHERE DOC_ID = :doc AND LIN_SEQ_NO = :seq
        """,
        {**line_key, **values},
    )
    session.run(
        """
        UPDATE dbo.USER_ORDER_LINE_LINK
        SET ITEM_NO = :ITEM_NO, QTY_SOLD = :QTY_SOLD, EXT_PRC = :EXT_PRC
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order AND WOO_LINE_ID = :line
        """,
        {**line_key, **values},
    )


def _follow_header(session: Session, staged: sqlite3.Row, content: Content, document: Document, settings: Settings) -> str:
    """Let customer and ship-to follow, and return what changed of them, to be put before the total."""
    cust_no = order_customer(session, staged, content, settings)
    contact = contact_id(ship_to_address(session, cust_no, content))
    key = {"doc": document.doc_id, "cust": cust_no, "contact": contact, "number": staged["WOO_ORDER_NO"][:20]}
    changes = session.one(
        """
        SELECT CASE WHEN CUST_NO IS NOT :cust THEN 'customer ' || COALESCE(CUST_NO, 'none') || ' → ' || :cust || '; ' ELSE '' END
            || CASE WHEN SHIP_TO_CONTACT_ID IS NOT :contact THEN 'other ship-to address; ' ELSE '' END AS CHANGES
        FROM dbo.PS_DOC_HDR
        WHERE DOC_ID = :doc
        """,
        key,
    )
    session.run(
        "UPDATE dbo.PS_DOC_HDR SET CUST_NO = :cust, SHIP_TO_CONTACT_ID = :contact, CUST_PO_NO = :number WHERE DOC_ID = :doc", key
    )
    return str(changes["CHANGES"]) if changes else ""


def _follow_payment(session: Session, link: sqlite3.Row, total: Decimal, settings: Settings) -> None:
    """Let the payment that came with the order follow its total; payments that were taken in the ERP stay as they are.

    A cancelled order's payment stays with amount 0, so that it is found again when the order is reopened.
    """
    payments = session.all("SELECT * FROM dbo.PS_DOC_PMT WHERE DOC_ID = :doc", {"doc": link["DOC_ID"]})
    if settings["WRITE_PAYMENT"] != "Y" or len(payments) != 1 or payments[0]["AMT"] != link["TOT"]:
        return
    session.run("UPDATE dbo.PS_DOC_PMT SET AMT = :amount WHERE DOC_ID = :doc", {"amount": total, "doc": link["DOC_ID"]})


def _close_document(session: Session, staged: sqlite3.Row, link: sqlite3.Row) -> None:
    """Take everything off the document but its lines' items, give the stock back, and close the link."""
    state = _require_untouched(session, staged, link, "cancel")
    settings = {**erp_settings(session), "STK_LOC_ID": state.stk_loc_id}
    key = {
        "doc": link["DOC_ID"],
        "type": settings["TOT_TYP"],
        "store": link["STORE_ID"],
        "order": link["WOO_ORDER_ID"],
        "zero": NOTHING,
        "now": session.now,
    }
    move_inventory(session, committed_quantities(session, staged), {}, settings)
    session.run(
        """
        UPDATE dbo.PS_DOC_LIN
        SET QTY_SOLD = :zero, EXT_PRC = :zero, GROSS_EXT_PRC = :zero, CALC_EXT_PRC = :zero
        WHERE DOC_ID = :doc
        """,
        key,
    )
    session.run(
        "UPDATE dbo.USER_ORDER_LINE_LINK SET QTY_SOLD = :zero, EXT_PRC = :zero WHERE STORE_ID = :store AND WOO_ORDER_ID = :order",
        key,
    )
    session.run("DELETE FROM dbo.PS_DOC_HDR_MISC_CHRG WHERE DOC_ID = :doc AND TOT_TYP = :type", key)
    _follow_payment(session, link, NOTHING, settings)
    session.run(
        """
        UPDATE dbo.PS_DOC_HDR_TOT
        SET SUB_TOT = :zero, TAX_AMT = :zero, TOT = :zero, TOT_HDR_DISC = :zero, TOT_LIN_DISC = :zero, TOT_MISC = :zero,
            AMT_DUE = :zero, TAX_AMT_SHIPPED = :zero
        WHERE DOC_ID = :doc AND TOT_TYP = :type
        """,
        key,
    )
    session.run(
        """
        UPDATE dbo.PS_DOC_HDR
        SET ORD_LINS = 0, SAL_LINS = 0, SAL_LIN_TOT = :zero, LST_MAINT_DT = :now, LST_MAINT_USR_ID = 'SYNCCTL'
        WHERE DOC_ID = :doc
        """,
        key,
    )
    write_document_note(
        session,
        link["DOC_ID"],
        "SYNC-CANCEL",
        f"Web order {staged['WOO_ORDER_NO']} was closed: {staged['ORD_STATUS']} in the store. Its total was {link['TOT']:.2f}.",
    )
    session.run(
        """
        UPDATE dbo.USER_ORDER_LINK
        SET LINK_STATE = 'CLOSED', TOT = :zero, ERP_STATUS_TOLD = 'closed', UPDATED_DT = :now
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order
        """,
        key,
    )


def _applied(staged: sqlite3.Row, outcome: str) -> AppliedOrder:
    """Say once more what this same attempt has done already: its answer was lost."""
    return AppliedOrder(staged["STAGING_ID"], int(staged["CP_DOC_ID"]), staged["TKT_NO"], outcome)
