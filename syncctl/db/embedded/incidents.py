"""Incidents on the embedded engine."""

from __future__ import annotations

import json
from datetime import timedelta

from syncctl.db.contract import (
    AcknowledgeIncident,
    CountReviews,
    Incident,
    ListIncidents,
    NoRow,
    NotedIncident,
    NoteIncidents,
    ReviewCount,
    TellIncident,
    ToldIncident,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.notifications import queue
from syncctl.db.embedded.registry import Session, is_json_list, require, require_batch_size, serves
from syncctl.errors import NotFound, WrongState


@serves(NoteIncidents)
def note_incidents(session: Session, call: NoteIncidents) -> list[NotedIncident]:
    """See `sql/procedures/sp_NoteIncidents.sql`."""
    require(
        (is_json_list(call.seen), "@SEEN takes a JSON array."),
        (is_json_list(call.looked), "@LOOKED takes a JSON array."),
    )
    seen = json.loads(call.seen)
    for found in seen:
        values = {
            "rule": found["RULE_NAME"],
            "subject": found["SUBJECT"],
            "source": found["SOURCE"],
            "severity": found["SEVERITY"],
            "message": found["MESSAGE"],
            "mark": found.get("MARK") or 0,
            "now": session.now,
        }
        changed = session.run(
            """
            UPDATE dbo.USER_INCIDENT
            SET SOURCE = :source, SEVERITY = :severity, MESSAGE = :message, MARK = :mark, LAST_SEEN_DT = :now
            WHERE RULE_NAME = :rule AND SUBJECT = :subject AND RECOVERED_DT IS NULL
            """,
            values,
        )
        if not changed:
            session.run(
                """
                INSERT INTO dbo.USER_INCIDENT (RULE_NAME, SUBJECT, SOURCE, SEVERITY, MESSAGE, MARK, OPENED_DT, LAST_SEEN_DT)
                VALUES (:rule, :subject, :source, :severity, :message, :mark, :now, :now)
                """,
                values,
            )
    session.run(
        """
        UPDATE dbo.USER_INCIDENT
        SET RECOVERED_DT = :now
        WHERE RECOVERED_DT IS NULL
        AND SOURCE IN (SELECT value FROM json_each(:looked) WHERE type = 'text')
        AND NOT EXISTS (
            SELECT 1 FROM json_each(:seen) AS found
            WHERE json_extract(found.value, '$.RULE_NAME') = USER_INCIDENT.RULE_NAME
            AND json_extract(found.value, '$.SUBJECT') = USER_INCIDENT.SUBJECT
        )
        """,
        {"now": session.now, "looked": call.looked, "seen": call.seen},
    )
    rows = session.all(
        """
        SELECT incident.*, (
            SELECT MAX(told.NOTIFIED_DT) FROM dbo.USER_INCIDENT AS told
            WHERE told.RULE_NAME = incident.RULE_NAME AND told.SUBJECT = incident.SUBJECT
        ) AS "LAST_TOLD_DT [DATETIME_TEXT]"
        FROM (
            SELECT * FROM dbo.USER_INCIDENT INDEXED BY UX_USER_INCIDENT_OPEN WHERE RECOVERED_DT IS NULL
            UNION ALL
            SELECT * FROM dbo.USER_INCIDENT INDEXED BY IX_USER_INCIDENT_RECOVERED
            WHERE RECOVERED_DT >= :lately AND TELLINGS > 0 AND RECOVERY_TOLD_DT IS NULL
        ) AS incident
        ORDER BY incident.INCIDENT_ID
        """,
        {"lately": session.now - timedelta(days=7)},
    )
    return [make(NotedIncident, row) for row in rows]


@serves(TellIncident)
def tell_incident(session: Session, call: TellIncident) -> list[ToldIncident]:
    """See `sql/procedures/sp_TellIncident.sql`."""
    require(
        (call.what in ("opened", "again", "recovered"), "@WHAT takes opened, again, recovered."),
        (is_json_list(call.messages), "@MESSAGES takes a JSON array."),
    )
    told = session.run(
        """
        UPDATE dbo.USER_INCIDENT
        SET TELLINGS = TELLINGS + 1,
            NOTIFIED_DT = CASE WHEN :what = 'recovered' THEN NOTIFIED_DT ELSE :now END,
            TOLD_SEVERITY = CASE WHEN :what = 'recovered' OR TOLD_SEVERITY = 'critical' THEN TOLD_SEVERITY ELSE SEVERITY END,
            TOLD_MARK = CASE WHEN :what = 'recovered' THEN TOLD_MARK ELSE MARK END,
            RECOVERY_TOLD_DT = CASE WHEN :what = 'recovered' THEN :now END
        WHERE INCIDENT_ID = :id AND TELLINGS = :tellings
        """,
        {"id": call.incident_id, "tellings": call.tellings, "what": call.what, "now": session.now},
    )
    if not told:
        _require_incident(session, call.incident_id)
        return [ToldIncident(0)]
    messages = json.loads(call.messages)
    for message in messages:
        queue(
            session,
            event_type="alert",
            dedup_key=f"incident:{call.incident_id}:{call.tellings}:{message['WAY']}",
            audience="operator",
            template=message["TEMPLATE"],
            data_json=json.dumps(message["DATA"]),
            recipient_id=message["WAY"],
            address=None,
            not_before=None,
        )
    return [ToldIncident(len(messages))]


@serves(ListIncidents)
def list_incidents(session: Session, call: ListIncidents) -> list[Incident]:
    """See `sql/procedures/sp_ListIncidents.sql`."""
    require_batch_size(call.batch_size)
    rows = session.all(
        """
        SELECT * FROM (
            SELECT * FROM dbo.USER_INCIDENT INDEXED BY UX_USER_INCIDENT_OPEN WHERE RECOVERED_DT IS NULL
            UNION ALL
            SELECT * FROM dbo.USER_INCIDENT INDEXED BY IX_USER_INCIDENT_RECOVERED WHERE RECOVERED_DT >= :since
        )
        ORDER BY INCIDENT_ID DESC
        LIMIT :batch
        """,
        {"since": call.since_dt, "batch": call.batch_size},
    )
    return [make(Incident, row) for row in rows]


@serves(AcknowledgeIncident)
def acknowledge_incident(session: Session, call: AcknowledgeIncident) -> list[NoRow]:
    """See `sql/procedures/sp_AcknowledgeIncident.sql`."""
    require((call.acknowledged_by != "", "@ACKNOWLEDGED_BY is required."))
    changed = session.run(
        """
        UPDATE dbo.USER_INCIDENT
        SET ACKNOWLEDGED_DT = :now, ACKNOWLEDGED_BY = :by, ACKNOWLEDGED_NOTE = :note
        WHERE INCIDENT_ID = :id AND RECOVERED_DT IS NULL
        """,
        {"now": session.now, "by": call.acknowledged_by, "note": call.note, "id": call.incident_id},
    )
    if not changed:
        _require_incident(session, call.incident_id)
        raise WrongState(f"Incident {call.incident_id} has recovered: there is nothing to acknowledge.", code=50020)
    return []


def _require_incident(session: Session, incident_id: int) -> None:
    if session.one("SELECT 1 FROM dbo.USER_INCIDENT WHERE INCIDENT_ID = :id", {"id": incident_id}) is None:
        raise NotFound(f"Incident {incident_id} does not exist.", code=50004)


@serves(CountReviews)
def count_reviews(session: Session, call: CountReviews) -> list[ReviewCount]:
    """See `sql/procedures/sp_CountReviews.sql`."""
    require((1 <= call.hours <= 8760, "@HOURS takes 1 to 8760."))
    rows = session.all(
        """
        SELECT NULL AS ERROR_CLASS, (
            SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE APPLIED_DT IS NOT NULL AND APPLIED_DT >= :since
        ) + MISMATCHED AS ORDERS, 0 AS LATEST_ID, MISMATCHED
        FROM (
            SELECT COUNT(*) AS MISMATCHED FROM dbo.USER_ORDER_DEAD_LETTER
            WHERE CREATED_DT >= :since AND ERROR_CODE IN ('total', 'price', 'amount')
        )
        UNION ALL
        SELECT * FROM (
            SELECT ERROR_CLASS, COUNT(*), MAX(DEAD_LETTER_ID), 0
            FROM dbo.USER_ORDER_DEAD_LETTER INDEXED BY UX_USER_ORDER_DEAD_LETTER_OPEN
            WHERE DECISION IS NULL
            GROUP BY ERROR_CLASS
            ORDER BY ERROR_CLASS
        )
        """,
        {"since": session.now - timedelta(hours=call.hours)},
    )
    return [make(ReviewCount, row) for row in rows]
