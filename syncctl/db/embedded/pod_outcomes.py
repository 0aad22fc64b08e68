"""What came of asking for a proof of delivery, on the embedded engine: documents, successes, failures and who is told."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta

from syncctl.db.contract import (
    DescribedPod,
    FailedPod,
    GetPodDocument,
    ListPodDocuments,
    NoRow,
    PodDocument,
    RecordPodFailure,
    RecordPodSuccess,
    StoredPod,
    StorePodDocument,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.lease import PROOF
from syncctl.db.embedded.notifications import queue
from syncctl.db.embedded.pod_claims import WAITS, next_attempt
from syncctl.db.embedded.registry import Session, require, serves

EVENT = "pod_failed"


@serves(StorePodDocument)
def store_pod_document(session: Session, call: StorePodDocument) -> list[StoredPod]:
    """See `sql/procedures/sp_StorePodDocument.sql`."""
    PROOF.fence(session, call.claim_id, call.worker_id, call.attempt_no)
    given = {
        "claim": call.claim_id,
        "number": call.tracking_number,
        "sha": call.sha256,
        "type": call.content_type,
        "url": call.source_url,
        "signed": call.signed_by,
        "delivered": call.delivered_dt,
        "size": call.size_bytes,
        "now": session.now,
        "bytes": len(call.content),
        "kind": call.kind,
        "main": call.is_main,
        "evidence": call.evidence,
    }
    kept = """
        SELECT DOCUMENT_ID, CLAIM_ID, TRACKING_NUMBER, SHA256, CONTENT_TYPE, SIZE_BYTES, SOURCE_URL, SIGNED_BY, DELIVERED_DT,
            CREATED_DT, KIND, IS_MAIN
        FROM dbo.USER_POD_DOCUMENT
        WHERE CLAIM_ID = :claim AND SHA256 = :sha
    """
    if session.one(kept, given) is None:
        session.run(
            """
            INSERT INTO dbo.USER_POD_DOCUMENT
                (CLAIM_ID, TRACKING_NUMBER, SHA256, CONTENT_TYPE, SIZE_BYTES, SOURCE_URL, SIGNED_BY, DELIVERED_DT, CREATED_DT,
                 KIND, IS_MAIN, EVIDENCE, CONTENT)
            VALUES (:claim, :number, :sha, :type, :size, :url, :signed, :delivered, :now, :kind, :main, :evidence,
                    ZEROBLOB(:bytes))
            """,
            given,
        )
        # Written into its place: as a parameter, SQLite would hold it twice more.
        made = session.all(kept, given)[0]["DOCUMENT_ID"]
        with session.db.blobopen("USER_POD_DOCUMENT", "CONTENT", made, name="dbo") as blob:
            blob.write(call.content)
    return [make(StoredPod, row) for row in session.all(kept, given)]


@serves(GetPodDocument)
def get_pod_document(session: Session, call: GetPodDocument) -> list[PodDocument]:
    """See `sql/procedures/sp_GetPodDocument.sql`."""
    rows = session.all(
        """
        SELECT *
        FROM dbo.USER_POD_DOCUMENT
        WHERE CLAIM_ID = :claim AND (:number IS NULL OR TRACKING_NUMBER = :number)
        AND (DOCUMENT_ID = :document OR (:document IS NULL AND IS_MAIN))
        ORDER BY DOCUMENT_ID DESC
        LIMIT 1
        """,
        {"claim": call.claim_id, "number": call.tracking_number, "document": call.document_id},
    )
    return [make(PodDocument, row) for row in rows]


@serves(ListPodDocuments)
def list_pod_documents(session: Session, call: ListPodDocuments) -> list[DescribedPod]:
    """See `sql/procedures/sp_ListPodDocuments.sql`."""
    rows = session.all(
        """
        SELECT DOCUMENT_ID, CLAIM_ID, TRACKING_NUMBER, SHA256, CONTENT_TYPE, SIZE_BYTES, SOURCE_URL, SIGNED_BY, DELIVERED_DT,
            CREATED_DT, KIND, IS_MAIN, EVIDENCE
        FROM dbo.USER_POD_DOCUMENT
        WHERE CLAIM_ID = :claim
        ORDER BY DOCUMENT_ID
        """,
        {"claim": call.claim_id},
    )
    return [make(DescribedPod, row) for row in rows]


@serves(RecordPodSuccess)
def record_pod_success(session: Session, call: RecordPodSuccess) -> list[NoRow]:
    """See `sql/procedures/sp_RecordPodSuccess.sql`."""
    require((call.pod_url != "", "@POD_URL is required."), (len(call.sha256) == 64, "@SHA256 takes 64 hexadecimal digits."))
    row = PROOF.row(session, call.claim_id)
    said = row["pod_lease_owner"] == call.worker_id and row["pod_attempt_no"] == call.attempt_no
    if said and row["pod_fetch_status"] == "success" and row["pod_sha256"] == call.sha256:
        return []
    row = PROOF.fence(session, call.claim_id, call.worker_id, call.attempt_no)
    retried = row["pod_fetch_status"] == "failed"
    session.run(
        """
        UPDATE dbo.claims
        SET pod_fetch_status = 'success', pod_url = :url, pod_document_path = :path, pod_sha256 = :sha, pod_content_type = :type,
            pod_size_bytes = :size, pod_signed_by = :signed, pod_delivered_at = :delivered, pod_fetched_at = :now,
            pod_retry_count = CASE WHEN :retried THEN COALESCE(pod_retry_count, 0) + 1 ELSE COALESCE(pod_retry_count, 0) END,
            pod_last_retry_at = CASE WHEN :retried THEN :now ELSE pod_last_retry_at END,
            pod_error = NULL, pod_error_class = NULL, pod_error_cause = NULL, pod_error_code = NULL, pod_next_attempt_at = NULL,
            pod_not_yet_count = 0, pod_not_yet_since = NULL, pod_lease_until = NULL, pod_crash_count = 0
        WHERE id = :id
        """,
        {
            "url": call.pod_url,
            "path": call.document_path,
            "sha": call.sha256,
            "type": call.content_type,
            "size": call.size_bytes,
            "signed": call.signed_by,
            "delivered": call.delivered_dt,
            "retried": retried,
            "now": session.now,
            "id": row["id"],
        },
    )
    _drop_notification(session, row, "the document came after all")
    return []


@serves(RecordPodFailure)
def record_pod_failure(session: Session, call: RecordPodFailure) -> list[FailedPod]:
    """See `sql/procedures/sp_RecordPodFailure.sql`."""
    require(
        (call.outcome in ("persistent", "temporary", "not_yet"), "@OUTCOME takes persistent, temporary, not_yet."),
        (call.notify in ("at_once", "at_maximum", "never"), "@NOTIFY takes at_once, at_maximum, never."),
        (0 <= call.max_retries <= 1000, "@MAX_RETRIES takes 0 to 1000."),
        (0 <= call.wait_seconds <= 2_592_000, "@WAIT_SECONDS takes 0 to 2592000."),
        (1 <= call.not_yet_days <= 3650, "@NOT_YET_DAYS takes 1 to 3650."),
        (1 <= call.not_yet_tries <= 100_000, "@NOT_YET_TRIES takes 1 to 100000."),
    )
    row = PROOF.fence(session, call.claim_id, call.worker_id, call.attempt_no)
    answers, since = _not_yet(session, call, row)
    if call.outcome == "not_yet" and _is_enough(session, call, answers, since):
        told = f"Still not delivered after {answers} answer(s) since {since:%Y-%m-%d}: {call.message}"
        call = replace(call, outcome="persistent", cause="not_delivered", error_code="not_delivered", message=told)
    retried = row["pod_fetch_status"] == "failed"
    waiting = call.outcome == "not_yet"
    status = (row["pod_fetch_status"] or "pending") if waiting else "failed"
    before = row["pod_retry_count"] or 0
    count = before if waiting else (before + 1 if retried else 0)
    due: datetime | None = next_attempt(session.now, count)
    if waiting:
        due = session.now + timedelta(seconds=call.wait_seconds)
    elif call.outcome == "persistent":
        due = None
    final = not waiting and (call.outcome == "persistent" or count >= call.max_retries)
    session.run(
        """
        UPDATE dbo.claims
        SET pod_fetch_status = :status, pod_retry_count = :count, pod_next_attempt_at = :due,
            pod_last_retry_at = CASE WHEN :retried THEN :now ELSE pod_last_retry_at END,
            pod_error = :message, pod_error_class = :class, pod_error_cause = :cause, pod_error_code = :code,
            pod_not_yet_count = :answers, pod_not_yet_since = :since, pod_lease_until = NULL, pod_crash_count = 0
        WHERE id = :id
        """,
        {
            "status": status,
            "count": count,
            "due": due,
            "retried": retried,
            "now": session.now,
            "message": call.message,
            "class": call.outcome,
            "cause": call.cause,
            "code": call.error_code or call.cause,
            "answers": answers,
            "since": since,
            "id": row["id"],
        },
    )
    notification = _tell(session, call, row, count=count, final=final)
    return [
        FailedPod(
            claim_id=row["id"],
            pod_fetch_status=status,
            pod_retry_count=count,
            next_attempt_dt=due,
            final=final,
            notification_id=notification,
        )
    ]


def _not_yet(session: Session, call: RecordPodFailure, row: sqlite3.Row) -> tuple[int, datetime | None]:
    """How often in this series the carrier has said that the parcel isn't delivered, and since when.

    A series goes on over failures that may pass. It begins anew with a claim that a person has put back.
    """
    goes_on = row["pod_error_class"] not in (None, "persistent")
    answers = (row["pod_not_yet_count"] or 0) if goes_on else 0
    since: datetime | None = row["pod_not_yet_since"] if goes_on else None
    return (answers + 1, since or session.now) if call.outcome == "not_yet" else (answers, since)


def _is_enough(session: Session, call: RecordPodFailure, answers: int, since: datetime | None) -> bool:
    """Tell whether nobody goes on asking."""
    return answers >= call.not_yet_tries or (since is not None and since + timedelta(days=call.not_yet_days) <= session.now)


def _tell(session: Session, call: RecordPodFailure, row: sqlite3.Row, *, count: int, final: bool) -> int | None:
    """Queue the message to the client, or drop one that no longer holds."""
    told = call.outcome == "persistent" or call.notify_temporary
    if not final or not told or call.notify == "never":
        _drop_notification(session, row, f"the last answer is {call.outcome}")
        return None
    hours = 0
    if call.outcome == "persistent" and call.notify == "at_maximum":
        hours = sum(WAITS[min(retry, len(WAITS) - 1)] for retry in range(count, call.max_retries))
    return queue(
        session,
        event_type=EVENT,
        dedup_key=_key(row),
        audience="client",
        template=EVENT,
        recipient_id=row["client_id"],
        address=row["client_email"],
        not_before=session.now + timedelta(hours=hours),
        data_json=json.dumps(
            {
                "claim_reference": row["claim_reference"],
                "carrier": row["carrier"],
                "tracking_number": row["tracking_number"],
                "client_name": row["client_name"],
                "error": call.message,
                "error_class": call.outcome,
                "cause": call.cause,
                "retry_count": count,
            },
            ensure_ascii=False,
        ),
    ).notification_id


def _key(row: sqlite3.Row) -> str:
    """One message for a claim and tracking number: a corrected number that is wrong again is news."""
    return f"pod:{row['id']}:{row['tracking_number'] or ''}"[:100]


def _drop_notification(session: Session, row: sqlite3.Row, reason: str) -> None:
    session.run(
        """
        UPDATE dbo.USER_NOTIFICATION
        SET STATE = 'DROPPED', DETAIL = :reason, ENDED_DT = :now
        WHERE EVENT_TYPE = :event AND DEDUP_KEY LIKE :key AND STATE = 'PENDING'
        """,
        {"reason": reason, "now": session.now, "event": EVENT, "key": f"pod:{row['id']}:%"},
    )
