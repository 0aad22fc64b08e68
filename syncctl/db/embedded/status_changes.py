"""What the ERP made of the orders it got, on the embedded engine."""

from __future__ import annotations

import sqlite3

from syncctl.db.contract import QueueStatusChanges, StatusChange
from syncctl.db.embedded.erp import Erp, erp_of
from syncctl.db.embedded.records import queue_message, write_event
from syncctl.db.embedded.registry import Session, require, serves

_FOLLOWING = {"open": ("shipped", "closed", "gone"), "shipped": ("closed", "gone"), "closed": ("gone",), "gone": ()}
"""What the store is told of after each state: a shipping date that is taken out again doesn't undo a completed order."""


@serves(QueueStatusChanges)
def queue_status_changes(session: Session, call: QueueStatusChanges) -> list[StatusChange]:
    """See `sql/procedures/sp_QueueStatusChanges.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (1 <= call.batch_size <= 10_000, "@BATCH_SIZE takes 1 to 10000."),
    )
    words = _words(session, call.store_id)
    changes = []
    erp = erp_of(session)
    for link, now in _changed_links(session, erp, call):
        is_mapped, word, outbox_id = now in words, words.get(now), None
        parcels = erp.tracking_numbers(session, link["DOC_ID"]) if now == "shipped" else []
        tracking_no = ", ".join(parcel[:100] for parcel in parcels) or None
        if is_mapped and not call.dry_run:
            outbox_id = _note(session, link, now, word, tracking_no)
        ids = link["STAGING_ID"], link["WOO_ORDER_ID"], link["DOC_ID"]
        changes.append(StatusChange(*ids, now, word, is_mapped, tracking_no and tracking_no[:100], outbox_id))
    return changes


def _note(session: Session, link: sqlite3.Row, now: str, word: str | None, tracking_no: str | None) -> int | None:
    """Note on the link how far its document has come, and queue what the store is told of it; return that message's number."""
    told = link["ERP_STATUS_TOLD"] or "open"
    session.run(
        """
        UPDATE dbo.USER_ORDER_LINK
        SET ERP_STATUS_TOLD = :status, UPDATED_DT = :now
        WHERE STORE_ID = :store AND WOO_ORDER_ID = :order
        """,
        {"status": now, "now": session.now, "store": link["STORE_ID"], "order": link["WOO_ORDER_ID"]},
    )
    outbox_id = None
    if word is not None:
        note = None
        if now == "shipped":
            note = f"Order shipped. Tracking number: {tracking_no[:100]}" if tracking_no else "Order shipped."
        key = f"status:{link['REVISION']}:{now}"
        outbox_id = queue_message(session, link, "status", key, target_status=word, note=note, tracking_no=tracking_no)
    say = f"the store will be told {word}" if word else "the store is not told (status map)"
    write_event(session, link, "ERP_STATUS", f"ERP document {link['DOC_ID']}: {told}, now {now}; {say}")
    return outbox_id


def _words(session: Session, store_id: str) -> dict[str, str | None]:
    """Return the store's word for each ERP status: its own row first, then that of every store."""
    rows = session.all("SELECT * FROM dbo.USER_STATUS_MAP WHERE STORE_ID IN (:store, '*')", {"store": store_id})
    return {row["ERP_STATUS"]: row["WOO_STATUS"] for row in sorted(rows, key=lambda row: row["STORE_ID"] != "*")}


def _changed_links(session: Session, erp: Erp, call: QueueStatusChanges) -> list[tuple[sqlite3.Row, str]]:
    """Return the open links whose document has come further than the store was told, oldest first, and how it stands."""
    statuses = erp.statuses(session, call.store_id, after_id=call.after_id)
    links = session.all(
        """
        SELECT *
        FROM dbo.USER_ORDER_LINK
        WHERE STORE_ID = :store AND LINK_STATE = 'OPEN' AND COALESCE(ERP_STATUS_TOLD, 'open') <> 'gone' AND STAGING_ID > :after
        ORDER BY STAGING_ID
        """,
        {"store": call.store_id, "after": call.after_id},
    )
    stands = ((link, statuses.get(link["WOO_ORDER_ID"], "open")) for link in links)
    return [found for found in stands if found[1] in _FOLLOWING[found[0]["ERP_STATUS_TOLD"] or "open"]][: call.batch_size]
