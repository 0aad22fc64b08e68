"""Messages to people on the embedded engine."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta

from syncctl.db.contract import (
    ClaimedNotification,
    ClaimNotifications,
    CompleteNotification,
    FailNotification,
    ListNotifications,
    NoRow,
    NotificationEntry,
    QueuedNotification,
    QueueNotification,
    ReleaseNotification,
    SetNotifyPreference,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.lease import NOTIFICATION, require_lease
from syncctl.db.embedded.registry import Session, is_json_list, require, require_batch_size, serves

_STATES = ("PENDING", "CLAIMED", "SENT", "DROPPED", "FAILED")


def queue(
    session: Session,
    *,
    event_type: str,
    dedup_key: str,
    audience: str,
    template: str,
    data_json: str,
    recipient_id: str | None,
    address: str | None,
    not_before: datetime | None,
) -> QueuedNotification:
    """Queue a message inside the present transaction. One of the same key that was dropped is taken up again; else it is left."""
    values = {
        "event": event_type,
        "key": dedup_key,
        "audience": audience,
        "recipient": recipient_id,
        "address": address,
        "template": template,
        "data": data_json,
        "due": not_before or session.now,
        "now": session.now,
    }
    changed = session.run(
        """
        UPDATE dbo.USER_NOTIFICATION
        SET STATE = 'PENDING', ATTEMPT_NO = 0, NEXT_ATTEMPT_DT = :due, DATA_JSON = :data, ADDRESS = :address, DETAIL = NULL,
            ERROR_MESSAGE = NULL, ENDED_DT = NULL
        WHERE DEDUP_KEY = :key AND STATE = 'DROPPED'
        """,
        values,
    )
    changed += session.run(
        """
        INSERT INTO dbo.USER_NOTIFICATION
            (EVENT_TYPE, DEDUP_KEY, AUDIENCE, RECIPIENT_ID, ADDRESS, TEMPLATE, DATA_JSON, STATE, NEXT_ATTEMPT_DT, CREATED_DT)
        SELECT :event, :key, :audience, :recipient, :address, :template, :data, 'PENDING', :due, :now
        WHERE NOT EXISTS (SELECT 1 FROM dbo.USER_NOTIFICATION WHERE DEDUP_KEY = :key)
        """,
        values,
    )
    row = session.one("SELECT NOTIFICATION_ID FROM dbo.USER_NOTIFICATION WHERE DEDUP_KEY = :key", {"key": dedup_key})
    return QueuedNotification(notification_id=row["NOTIFICATION_ID"], queued=changed > 0)  # type: ignore[index]


@serves(QueueNotification)
def queue_notification(session: Session, call: QueueNotification) -> list[QueuedNotification]:
    """See `sql/procedures/sp_QueueNotification.sql`."""
    require(
        (call.dedup_key != "", "@DEDUP_KEY is required."),
        (call.template != "", "@TEMPLATE is required."),
        (call.audience in ("client", "operator"), "@AUDIENCE takes client, operator."),
    )
    return [
        queue(
            session,
            event_type=call.event_type,
            dedup_key=call.dedup_key,
            audience=call.audience,
            template=call.template,
            data_json=call.data_json,
            recipient_id=call.recipient_id,
            address=call.address,
            not_before=call.not_before_dt,
        )
    ]


@serves(ClaimNotifications)
def claim_notifications(session: Session, call: ClaimNotifications) -> list[ClaimedNotification]:
    """See `sql/procedures/sp_ClaimNotifications.sql`."""
    require_lease(
        call.worker_id,
        call.batch_size,
        call.lease_seconds,
        (call.passed is None or is_json_list(call.passed), "@PASSED takes a JSON array."),
        (call.excluded is None or is_json_list(call.excluded), "@EXCLUDED takes a JSON array."),
        (1 <= call.max_attempts <= 100, "@MAX_ATTEMPTS takes 1 to 100."),
    )
    session.run(
        """
        UPDATE dbo.USER_NOTIFICATION
        SET STATE = 'FAILED', ERROR_MESSAGE = 'The worker died (or was stopped hard) while it delivered this message.',
            LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL, NEXT_ATTEMPT_DT = NULL, ENDED_DT = :now
        WHERE STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now AND ATTEMPT_NO >= :most
        """,
        {"now": session.now, "most": call.max_attempts},
    )
    due = session.all(
        """
        SELECT NOTIFICATION_ID
        FROM dbo.USER_NOTIFICATION
        WHERE ((STATE = 'PENDING' AND NEXT_ATTEMPT_DT <= :now) OR (STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now))
        AND (:event IS NULL OR EVENT_TYPE = :event)
        AND (:passed IS NULL OR NOTIFICATION_ID NOT IN (SELECT value FROM json_each(:passed) WHERE type = 'integer'))
        AND (
            :excluded IS NULL
            OR NOT EXISTS (
                SELECT 1 FROM json_each(:excluded) AS unwanted
                WHERE unwanted.value = AUDIENCE OR (unwanted.value = RECIPIENT_ID AND AUDIENCE = 'operator')
            )
        )
        ORDER BY +NOTIFICATION_ID
        LIMIT :batch
        """,
        {
            "now": session.now,
            "event": call.event_type,
            "passed": call.passed,
            "excluded": call.excluded,
            "batch": call.batch_size,
        },
    )
    taken = NOTIFICATION.take(session, (row["NOTIFICATION_ID"] for row in due), call.worker_id, call.lease_seconds)
    return [_claimed(session, row) for row in taken]


def _claimed(session: Session, row: sqlite3.Row) -> ClaimedNotification:
    """The message with its recipient's preference: the event's own, else the one for any."""
    preference = session.one(
        """
        SELECT *
        FROM dbo.USER_NOTIFY_PREFERENCE
        WHERE RECIPIENT_ID = :recipient AND EVENT_TYPE IN (:event, '*')
        ORDER BY CASE EVENT_TYPE WHEN '*' THEN 1 ELSE 0 END
        LIMIT 1
        """,
        {"recipient": row["RECIPIENT_ID"], "event": row["EVENT_TYPE"]},
    )
    return ClaimedNotification(
        notification_id=row["NOTIFICATION_ID"],
        event_type=row["EVENT_TYPE"],
        audience=row["AUDIENCE"],
        recipient_id=row["RECIPIENT_ID"],
        address=(preference["ADDRESS"] if preference else None) or row["ADDRESS"],
        template=row["TEMPLATE"],
        data_json=row["DATA_JSON"],
        wanted=preference["IS_WANTED"] if preference else True,
        attempt_no=row["ATTEMPT_NO"],
        lease_until_dt=row["LEASE_UNTIL_DT"],
    )


@serves(CompleteNotification)
def complete_notification(session: Session, call: CompleteNotification) -> list[NoRow]:
    """See `sql/procedures/sp_CompleteNotification.sql`."""
    require((call.result in ("sent", "dropped"), "@RESULT takes sent, dropped."))
    NOTIFICATION.fence(session, call.notification_id, call.worker_id, call.attempt_no)
    session.run(
        """
        UPDATE dbo.USER_NOTIFICATION
        SET STATE = :state, DETAIL = :detail, LEASE_UNTIL_DT = NULL, NEXT_ATTEMPT_DT = NULL, ENDED_DT = :now
        WHERE NOTIFICATION_ID = :id
        """,
        {"state": call.result.upper(), "detail": call.detail, "now": session.now, "id": call.notification_id},
    )
    return []


@serves(FailNotification)
def fail_notification(session: Session, call: FailNotification) -> list[NoRow]:
    """See `sql/procedures/sp_FailNotification.sql`."""
    wait = call.retry_after_seconds
    require((wait is None or 0 <= wait <= 604_800, "@RETRY_AFTER_SECONDS takes 0 to 604800."))
    NOTIFICATION.fence(session, call.notification_id, call.worker_id, call.attempt_no)
    session.run(
        """
        UPDATE dbo.USER_NOTIFICATION
        SET STATE = :state, ERROR_MESSAGE = :message, LEASE_UNTIL_DT = NULL, NEXT_ATTEMPT_DT = :due, ENDED_DT = :ended
        WHERE NOTIFICATION_ID = :id
        """,
        {
            "state": "FAILED" if wait is None else "PENDING",
            "message": call.message,
            "due": None if wait is None else session.now + timedelta(seconds=wait),
            "ended": session.now if wait is None else None,
            "id": call.notification_id,
        },
    )
    return []


@serves(ReleaseNotification)
def release_notification(session: Session, call: ReleaseNotification) -> list[NoRow]:
    """See `sql/procedures/sp_ReleaseNotification.sql`."""
    NOTIFICATION.fence(session, call.notification_id, call.worker_id, call.attempt_no)
    session.run(
        """
        UPDATE dbo.USER_NOTIFICATION
        SET STATE = 'PENDING', ATTEMPT_NO = ATTEMPT_NO - 1, LEASE_OWNER = NULL, LEASE_UNTIL_DT = NULL
        WHERE NOTIFICATION_ID = :id
        """,
        {"id": call.notification_id},
    )
    return []


@serves(ListNotifications)
def list_notifications(session: Session, call: ListNotifications) -> list[NotificationEntry]:
    """See `sql/procedures/sp_ListNotifications.sql`."""
    require_batch_size(call.batch_size)
    wanted = [state.strip() for state in (call.states or "").split(",") if state.strip()]
    require((all(state in _STATES for state in wanted), f"@STATES takes {', '.join(_STATES)}."))
    rows = session.all(
        """
        SELECT *
        FROM dbo.USER_NOTIFICATION
        WHERE (:states = '' OR ',' || :states || ',' LIKE '%,' || STATE || ',%')
        AND (:event IS NULL OR EVENT_TYPE = :event)
        ORDER BY NOTIFICATION_ID DESC
        LIMIT :batch
        """,
        {"states": ",".join(wanted), "event": call.event_type, "batch": call.batch_size},
    )
    return [make(NotificationEntry, row) for row in rows]


@serves(SetNotifyPreference)
def set_notify_preference(session: Session, call: SetNotifyPreference) -> list[NoRow]:
    """See `sql/procedures/sp_SetNotifyPreference.sql`."""
    require((call.recipient_id != "", "@RECIPIENT_ID is required."), (call.event_type != "", "@EVENT_TYPE is required."))
    session.run(
        """
        INSERT INTO dbo.USER_NOTIFY_PREFERENCE (RECIPIENT_ID, EVENT_TYPE, IS_WANTED, ADDRESS)
        VALUES (:recipient, :event, :wanted, :address)
        ON CONFLICT (RECIPIENT_ID, EVENT_TYPE) DO UPDATE SET IS_WANTED = excluded.IS_WANTED, ADDRESS = excluded.ADDRESS
        """,
        {"recipient": call.recipient_id, "event": call.event_type, "wanted": call.is_wanted, "address": call.address},
    )
    return []
