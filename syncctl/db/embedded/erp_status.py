"""What the ERP made of the orders it got, on the embedded engine."""

from __future__ import annotations

import sqlite3

from syncctl.db.contract import QueueStatusChanges, StatusChange
from syncctl.db.embedded.records import queue_message, write_event
from syncctl.db.embedded.registry import Session, require, serves

_RANK = {"open": 1, "shipped": 2, "closed": 3, "gone": 4}
"""The store is only ever told of a later one: a shipping date that is taken out again doesn't undo a completed order."""


@serves(QueueStatusChanges)
def queue_status_changes(session: Session, call: QueueStatusChanges) -> list[StatusChange]:
    """See `sql/erp/counterpoint/sp_QueueStatusChanges.sql`."""
    require(
        (call.store_id != "", "@STORE_ID is required."),
        (1 <= call.batch_size <= 10_000, "@BATCH_SIZE takes 1 to 10000."),
    )
    words = _words(session, call.store_id)
    changes = []
    for link in _changed_links(session, call):
        now = link["ERP_STATUS"]
        is_mapped, word, outbox_id = now in words, words.get(now), None
        tracking_no = _tracking_no(session, link["DOC_ID"]) if now == "shipped" else None
        if is_mapped and not call.dry_run:
            outbox_id = _note(session, link, word, tracking_no)
        ids = link["STAGING_ID"], link["WOO_ORDER_ID"], link["DOC_ID"]
        changes.append(StatusChange(*ids, now, word, is_mapped, tracking_no, outbox_id))
    return changes


def _note(session: Session, link: sqlite3.Row, word: str | None, tracking_no: str | None) -> int | None:
    """Note on the link how far its document has come, and queue what the store is told of it; return that message's number."""
    told, now = link["ERP_STATUS_TOLD"] or "open", link["ERP_STATUS"]
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
            note = f"Order shipped. Tracking number: {tracking_no}" if tracking_no else "Order shipped."
        outbox_id = queue_message(session, link, "status", f"status:{link['REVISION']}:{now}", target_status=word, note=note)
    say = f"the store will be told {word}" if word else "the store is not told (status map)"
    write_event(session, link, "ERP_STATUS", f"ERP document {link['DOC_ID']}: {told}, now {now}; {say}")
    return outbox_id


def _words(session: Session, store_id: str) -> dict[str, str | None]:
    """Return the store's word for each ERP status: its own row first, then that of every store."""
    rows = session.all("SELECT * FROM dbo.USER_STATUS_MAP WHERE STORE_ID IN (:store, '*')", {"store": store_id})
    return {row["ERP_STATUS"]: row["WOO_STATUS"] for row in sorted(rows, key=lambda row: row["STORE_ID"] != "*")}


def _changed_links(session: Session, call: QueueStatusChanges) -> list[sqlite3.Row]:
    """Return the open links whose document has come further than the store was told, oldest first.

    Links of documents that are known to be gone, which pile up for ever, are not read.
    """
    rank = " ".join(f"WHEN '{status}' THEN {number}" for status, number in _RANK.items())
    return session.all(
        f"""
        SELECT *
        FROM (
            SELECT
                link.STORE_ID, link.WOO_ORDER_ID, link.STAGING_ID, link.DOC_ID, link.REVISION, link.ERP_STATUS_TOLD,
                CASE
                    WHEN header.DOC_ID IS NULL THEN 'gone'
                    WHEN header.SHIP_DAT IS NOT NULL THEN 'shipped'
                    WHEN EXISTS (SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID)
                    AND NOT EXISTS (
                        SELECT 1 FROM dbo.PS_DOC_LIN AS line WHERE line.DOC_ID = link.DOC_ID AND CAST(line.QTY_SOLD AS REAL) <> 0
                    ) THEN 'closed'
                    ELSE 'open'
                END AS ERP_STATUS
            FROM dbo.USER_ORDER_LINK AS link
            LEFT JOIN dbo.PS_DOC_HDR AS header ON header.DOC_ID = link.DOC_ID
            WHERE link.STORE_ID = :store
            AND link.LINK_STATE = 'OPEN'
            AND COALESCE(link.ERP_STATUS_TOLD, 'open') <> 'gone'
            AND link.STAGING_ID > :after
        ) AS seen
        WHERE CASE seen.ERP_STATUS {rank} END > CASE COALESCE(seen.ERP_STATUS_TOLD, 'open') {rank} END
        ORDER BY seen.STAGING_ID
        LIMIT :batch
        """,  # noqa: S608  (the ranks are constants)
        {"store": call.store_id, "after": call.after_id, "batch": call.batch_size},
    )


def _tracking_no(session: Session, doc_id: int) -> str | None:
    """Return the document's tracking numbers as one text, cut to 100 characters, or None."""
    rows = session.all("SELECT PKG_TRK_NO FROM dbo.PS_DOC_PKG_TRK_NO WHERE DOC_ID = :doc ORDER BY SEQ_NO", {"doc": doc_id})
    return ", ".join(str(row["PKG_TRK_NO"])[:100] for row in rows if row["PKG_TRK_NO"] is not None)[:100] or None
