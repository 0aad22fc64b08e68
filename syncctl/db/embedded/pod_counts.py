"""How claims for proof of delivery stand, on the embedded engine, and how many stand so."""

from __future__ import annotations

from datetime import timedelta

from syncctl.db.contract import CountPods, PodCount
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.registry import Session, serves

STATUS = "COALESCE(claim.pod_fetch_status, 'pending')"
STANDING = """
    CASE
        WHEN COALESCE(claim.pod_fetch_status, 'pending') = 'success' THEN 'done'
        WHEN claim.pod_lease_until > :now THEN 'leased'
        WHEN claim.pod_fetch_status = 'failed' AND claim.pod_error_class = 'persistent' THEN 'persistent'
        WHEN claim.pod_fetch_status = 'failed' AND COALESCE(claim.pod_retry_count, 0) >= :max_retries THEN 'exhausted'
        WHEN claim.pod_next_attempt_at > :now THEN 'waiting'
        ELSE 'due'
    END
"""


@serves(CountPods)
def count_pods(session: Session, call: CountPods) -> list[PodCount]:
    """See `sql/procedures/sp_CountPods.sql`."""
    near = session.now + timedelta(days=call.deadline_days)
    rows = session.all(
        f"""
        SELECT claim.carrier AS CARRIER, 'success' AS POD_FETCH_STATUS, 'done' AS STANDING, NULL AS ERROR_CLASS,
               COUNT(*) AS CLAIMS, NULL AS "NEXT_ATTEMPT_DT [DATETIME_TEXT]", 0 AS DEADLINE_NEAR,
               NULL AS "NEXT_DEADLINE_DT [DATETIME_TEXT]"
        FROM dbo.claims AS claim
        WHERE claim.pod_fetch_status = 'success' AND NOT :open_only
        GROUP BY 1
        UNION ALL
        SELECT claim.carrier, {STATUS}, {STANDING}, claim.pod_error_class, COUNT(*), MIN(claim.pod_next_attempt_at),
               SUM(COALESCE(claim.dispute_deadline >= :now AND claim.dispute_deadline < :near, 0)),
               MIN(CASE WHEN claim.dispute_deadline >= :now THEN claim.dispute_deadline END)
        FROM dbo.claims AS claim
        WHERE claim.pod_fetch_status < 'success' OR claim.pod_fetch_status > 'success' OR claim.pod_fetch_status IS NULL
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, 4
        """,  # noqa: S608  (constants)
        {"max_retries": call.max_retries, "open_only": call.open_only, "now": session.now, "near": near},
    )
    return [make(PodCount, row) for row in rows]
