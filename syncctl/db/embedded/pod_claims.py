"""Claims for proof of delivery on the embedded engine: lease, give back, look at, add."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from syncctl.db.contract import AddClaim, ClaimedPod, ClaimPods, ListPods, NoRow, PodClaim, ReleasePod
from syncctl.db.embedded.lease import PROOF, require_lease
from syncctl.db.embedded.pod_counts import STANDING, STATUS
from syncctl.db.embedded.registry import Session, is_json_list, require, require_batch_size, serves

WAITS = (1, 6, 24, 72)
"""Hours before retry 1, 2, 3, 4; every later one waits as long as the last."""
DEATHS = 3
"""So many workers in a row may die over a claim before that counts as a failed attempt."""

IN_TURN = """
    CASE WHEN claim.dispute_deadline >= :now THEN 1 WHEN claim.dispute_deadline IS NULL THEN 2 ELSE 3 END,
    CASE WHEN claim.dispute_deadline >= :now THEN claim.dispute_deadline END,
    CASE WHEN claim.dispute_deadline < :now THEN claim.dispute_deadline END DESC,
    claim.pod_next_attempt_at, claim.id
"""
"""The order in which claims are taken."""

SCOPES = ("pending", "failed")
STANDINGS = ("due", "waiting", "persistent", "exhausted", "leased", "done")


def next_attempt(now: datetime, retry_count: int) -> datetime:
    """Say when the retry after `retry_count` failed ones is due."""
    return now + timedelta(hours=WAITS[min(retry_count, len(WAITS) - 1)])


@serves(ClaimPods)
def claim_pods(session: Session, call: ClaimPods) -> list[ClaimedPod]:
    """See `sql/procedures/sp_ClaimPods.sql`."""
    require_lease(
        call.worker_id,
        call.batch_size,
        call.lease_seconds,
        (call.scope in SCOPES, "@SCOPE takes pending, failed."),
        (0 <= call.max_retries <= 1000, "@MAX_RETRIES takes 0 to 1000."),
        (call.passed is None or is_json_list(call.passed), "@PASSED takes a JSON array."),
    )
    _count_deaths(session)
    due = _due(session, call)
    for row in due:
        session.run(
            "UPDATE dbo.claims SET pod_crash_count = pod_crash_count + 1 WHERE id = :id AND pod_lease_until IS NOT NULL",
            {"id": row["id"]},
        )
    taken = PROOF.take(session, (row["id"] for row in due), call.worker_id, call.lease_seconds)
    return [_claimed(row) for row in taken]


_TURNS = (
    ("claim.dispute_deadline >= :now", "claim.dispute_deadline, claim.pod_next_attempt_at, claim.id"),
    ("claim.dispute_deadline IS NULL", "claim.pod_next_attempt_at, claim.id"),
    ("claim.dispute_deadline < :now", "claim.dispute_deadline DESC, claim.pod_next_attempt_at, claim.id"),
)
"""Whose turn comes when, and in which order: disputes that can still be answered, claims without one, disputes that are over.

Each is one statement, whose order an index has: a claim costs the same with ten thousand waiting as with ten.
"""


def _due(session: Session, call: ClaimPods) -> list[sqlite3.Row]:
    """Return the claims that are next, at most as many as are wanted."""
    given = {
        "scope": call.scope,
        "now": session.now,
        "ignore_due": call.ignore_due,
        "persistent": call.include_persistent,
        "max_retries": call.max_retries,
        "reference": call.claim_reference,
        "carriers": call.carriers,
        "excluded": call.excluded,
        "passed": call.passed,
    }
    found: list[sqlite3.Row] = []
    for whose, order in _TURNS:
        # A status that was never set is pending; it is rare, and its own statement leaves the other its index.
        for status in ("= :scope", "IS NULL") if call.scope == "pending" else ("= :scope",):
            if len(found) < call.batch_size:
                given["batch"] = call.batch_size - len(found)
                found += session.all(_DUE.format(status=status, whose=whose, order=order), given)
    return found


_DUE = """
    SELECT claim.id
    FROM dbo.claims AS claim
    WHERE claim.pod_fetch_status {status}
    AND {whose}
    AND (claim.pod_lease_until IS NULL OR claim.pod_lease_until <= :now)
    AND (:ignore_due OR claim.pod_next_attempt_at IS NULL OR claim.pod_next_attempt_at <= :now)
    AND (   :scope = 'pending'
         OR (:reference IS NOT NULL AND :ignore_due)
         OR (   (:persistent OR COALESCE(claim.pod_error_class, '') <> 'persistent')
             AND COALESCE(claim.pod_retry_count, 0) < :max_retries))
    AND (:reference IS NULL OR claim.claim_reference = :reference)
    AND (:carriers IS NULL OR COALESCE(claim.carrier, '') IN (SELECT value FROM json_each(:carriers)))
    AND (:excluded IS NULL OR COALESCE(claim.carrier, '') NOT IN (SELECT value FROM json_each(:excluded) WHERE type = 'text'))
    AND (:passed IS NULL OR claim.id NOT IN (SELECT value FROM json_each(:passed) WHERE type = 'integer'))
    ORDER BY {order}
    LIMIT :batch
"""


def _count_deaths(session: Session) -> None:
    """Count it as a failed attempt where one worker after the other died over a claim, so that it can't go on for ever."""
    for row in session.all(
        "SELECT * FROM dbo.claims WHERE pod_lease_until IS NOT NULL AND pod_lease_until <= :now AND pod_crash_count >= :deaths",
        {"now": session.now, "deaths": DEATHS - 1},
    ):
        retried = row["pod_fetch_status"] == "failed"
        count = (row["pod_retry_count"] or 0) + 1 if retried else 0
        session.run(
            """
            UPDATE dbo.claims
            SET pod_fetch_status = 'failed', pod_retry_count = :count,
                pod_last_retry_at = CASE WHEN :retried THEN :now ELSE pod_last_retry_at END, pod_next_attempt_at = :next,
                pod_error_class = 'temporary', pod_error_cause = 'crash', pod_error_code = 'crash', pod_error = :message,
                pod_lease_until = NULL, pod_crash_count = 0
            WHERE id = :id
            """,
            {
                "count": count,
                "retried": retried,
                "now": session.now,
                "next": next_attempt(session.now, count),
                "message": f"The worker died (or was stopped hard) {DEATHS} times in a row while it held this claim.",
                "id": row["id"],
            },
        )


def _claimed(row: sqlite3.Row) -> ClaimedPod:
    status = row["pod_fetch_status"] or "pending"
    return ClaimedPod(
        claim_id=row["id"],
        claim_reference=row["claim_reference"],
        carrier=row["carrier"],
        tracking_number=row["tracking_number"],
        pod_fetch_status=status,
        retry_no=(row["pod_retry_count"] or 0) + 1 if status == "failed" else 0,
        attempt_no=row["pod_attempt_no"],
        lease_until_dt=row["pod_lease_until"],
    )


@serves(ReleasePod)
def release_pod(session: Session, call: ReleasePod) -> list[NoRow]:
    """See `sql/procedures/sp_ReleasePod.sql`."""
    row = PROOF.fence(session, call.claim_id, call.worker_id, call.attempt_no)
    session.run(
        """
        UPDATE dbo.claims
        SET pod_lease_until = NULL, pod_crash_count = 0,
            pod_next_attempt_at = COALESCE(:next, pod_next_attempt_at), pod_error = COALESCE(:reason, pod_error)
        WHERE id = :id
        """,
        {"next": call.next_attempt_dt, "reason": call.reason, "id": row["id"]},
    )
    return []


@serves(ListPods)
def list_pods(session: Session, call: ListPods) -> list[PodClaim]:
    """See `sql/procedures/sp_ListPods.sql`."""
    require_batch_size(call.batch_size)
    require(
        (call.scope in (None, *SCOPES, "success"), "@SCOPE takes pending, failed, success."),
        (call.standing in (None, *STANDINGS), f"@STANDING takes {', '.join(STANDINGS)}."),
    )
    # What isn't asked for is left out of the statement: an index serves only a condition that stands there by itself.
    asked = [
        condition
        for value, condition in (
            (call.scope, "(claim.pod_fetch_status = :scope OR (:scope = 'pending' AND claim.pod_fetch_status IS NULL))"),
            (call.claim_reference, "claim.claim_reference = :reference"),
            (call.carriers, "COALESCE(claim.carrier, '') IN (SELECT value FROM json_each(:carriers))"),
            (call.standing, f"{STANDING} = :standing"),
            (call.by_deadline or None, f"claim.dispute_deadline IS NOT NULL AND {STANDING} <> 'done'"),
        )
        if value is not None
    ]
    return _listed(
        session,
        f"""
        {" AND ".join(asked or ["TRUE"])}
        ORDER BY {"claim.dispute_deadline," if call.by_deadline else ""} {IN_TURN}
        LIMIT :batch
        """,
        {
            "scope": call.scope,
            "reference": call.claim_reference,
            "carriers": call.carriers,
            "standing": call.standing,
            "batch": call.batch_size,
            "max_retries": call.max_retries,
        },
    )


def _listed(session: Session, where: str, parameters: dict[str, object]) -> list[PodClaim]:
    rows = session.all(
        f"""
        SELECT claim.*, claim.id AS CLAIM_ID, {STATUS} AS STATUS, {STANDING} AS STANDING
        FROM dbo.claims AS claim
        WHERE {where}
        """,  # noqa: S608  (constants)
        {"max_retries": 4, "now": session.now, **parameters},
    )
    return [_pod_claim(row) for row in rows]


def _pod_claim(row: sqlite3.Row) -> PodClaim:
    """The columns of the same names, but for what may be null in a table that was there before."""
    values = {name: row[name] for name in PodClaim.__dataclass_fields__ if name not in ("pod_fetch_status", "pod_retry_count")}
    return PodClaim(**values, pod_fetch_status=row["STATUS"], pod_retry_count=row["pod_retry_count"] or 0)


@serves(AddClaim)
def add_claim(session: Session, call: AddClaim) -> list[PodClaim]:
    """See `sql/procedures/sp_AddClaim.sql`."""
    require(
        (call.claim_reference != "", "@CLAIM_REFERENCE is required."),
        (call.carrier != "", "@CARRIER is required."),
        (call.tracking_number != "", "@TRACKING_NUMBER is required."),
    )
    session.run(
        """
        INSERT INTO dbo.claims
            (claim_reference, carrier, tracking_number, client_id, client_name, client_email, pod_fetch_status, created_at,
             dispute_deadline)
        SELECT :reference, :carrier, :number, :client, :name, :email, 'pending', :now, :deadline
        WHERE NOT EXISTS (SELECT 1 FROM dbo.claims WHERE claim_reference = :reference)
        """,
        {
            "reference": call.claim_reference,
            "carrier": call.carrier,
            "number": call.tracking_number,
            "client": call.client_id,
            "name": call.client_name,
            "email": call.client_email,
            "deadline": call.dispute_deadline,
            "now": session.now,
        },
    )
    return _listed(session, "claim.claim_reference = :reference", {"reference": call.claim_reference})
