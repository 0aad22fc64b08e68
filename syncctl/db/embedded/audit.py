"""The promises, checked on the data itself."""

from __future__ import annotations

from collections.abc import Iterator

from syncctl.db.contract import AuditFinding, AuditOrders
from syncctl.db.embedded.erp import erp_of
from syncctl.db.embedded.registry import Session, serves

_CHECKS = ("one_state", "one_document", "totals_equal", "document_whole", "deposit_ticket", "inventory_equals_open_lines")
"""In the order in which findings are told."""
_STATES = ("PENDING", "CLAIMED", "APPLIED", "FAILED", "NEEDS_MANUAL_REVIEW", "CANCELLED", "SKIPPED")


@serves(AuditOrders)
def audit_orders(session: Session, call: AuditOrders) -> list[AuditFinding]:
    """See `sql/procedures/sp_AuditOrders.sql`."""
    findings = [
        *_one_state(session, call.store_id),
        *_one_document(session, call.store_id),
    ]
    findings += erp_of(session).audit(session, call.store_id, inventory=call.inventory)
    return sorted(findings, key=lambda finding: _CHECKS.index(finding.check_name))


def _one_state(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    for row in session.all(
        """
        SELECT staged.*,
            (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING AS twin
             WHERE twin.STORE_ID = staged.STORE_ID AND twin.WOO_ORDER_ID = staged.WOO_ORDER_ID
             AND twin.DUPLICATE_OF_ID IS NULL) AS LIVE_ROWS
        FROM dbo.USER_ORDER_STAGING AS staged
        WHERE staged.DUPLICATE_OF_ID IS NULL AND (:store IS NULL OR staged.STORE_ID = :store)
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        state = row["STATE"]
        for broken, detail in (
            (state not in _STATES, f"state {state} is not known"),
            (row["LIVE_ROWS"] > 1, f"order {row['WOO_ORDER_ID']} has {row['LIVE_ROWS']} live rows"),
            (state == "APPLIED" and not row["IS_APPLIED"], "state APPLIED, but IS_APPLIED is 0"),
            (state in ("SKIPPED", "CANCELLED") and row["IS_APPLIED"], f"state {state}, but IS_APPLIED is 1"),
            (state == "CLAIMED" and row["LEASE_UNTIL_DT"] is None, "state CLAIMED without a lease"),
            (state in ("PENDING", "CLAIMED", "FAILED") and row["PENDING_ACTION"] is None, f"state {state}, but nothing to do"),
            (state == "SKIPPED" and not row["STATE_REASON"], "state SKIPPED without a reason"),
        ):
            if broken:
                yield AuditFinding("one_state", row["STAGING_ID"], detail)


def _one_document(session: Session, store_id: str | None) -> Iterator[AuditFinding]:
    """Look at applied orders, at links, at documents. What an older program applied has neither link nor event: it is let be."""
    for row in session.all(
        """
        SELECT staged.STAGING_ID, staged.CP_DOC_ID, link.DOC_ID
        FROM dbo.USER_ORDER_STAGING AS staged
        LEFT JOIN dbo.USER_ORDER_LINK AS link
            ON link.STORE_ID = staged.STORE_ID AND link.WOO_ORDER_ID = staged.WOO_ORDER_ID AND link.LINK_STATE = 'OPEN'
        WHERE staged.DUPLICATE_OF_ID IS NULL AND staged.IS_APPLIED = 1 AND (:store IS NULL OR staged.STORE_ID = :store)
        AND (link.DOC_ID IS NOT NULL OR EXISTS
            (SELECT 1 FROM dbo.USER_ORDER_EVENT AS event
             WHERE event.STAGING_ID = staged.STAGING_ID AND event.EVENT_TYPE IN ('CREATED', 'REOPENED')))
        ORDER BY staged.STAGING_ID
        """,
        {"store": store_id},
    ):
        if row["DOC_ID"] is None:
            yield AuditFinding("one_document", row["STAGING_ID"], "applied, but it has no open link")
        elif str(row["DOC_ID"]) != row["CP_DOC_ID"]:
            detail = f"the row says document {row['CP_DOC_ID'] or '?'}, the link {row['DOC_ID']}"
            yield AuditFinding("one_document", row["STAGING_ID"], detail)
    for row in session.all(
        """
        SELECT link.STAGING_ID, link.DOC_ID
        FROM dbo.USER_ORDER_LINK AS link
        WHERE link.LINK_STATE = 'OPEN' AND (:store IS NULL OR link.STORE_ID = :store)
        AND NOT EXISTS
            (SELECT 1 FROM dbo.USER_ORDER_STAGING AS staged
             WHERE staged.STORE_ID = link.STORE_ID AND staged.WOO_ORDER_ID = link.WOO_ORDER_ID AND staged.IS_APPLIED = 1)
        ORDER BY link.STAGING_ID
        """,
        {"store": store_id},
    ):
        detail = f"document {row['DOC_ID']} is linked to an order that isn't applied"
        yield AuditFinding("one_document", row["STAGING_ID"], detail)
