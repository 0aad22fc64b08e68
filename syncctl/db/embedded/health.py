"""What health looks at, on the embedded engine."""

from __future__ import annotations

from datetime import timedelta

from syncctl.db.contract import GetHealth, Health, ListReviewCauses, ListStorePolls, ReviewCause, StorePoll
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.registry import Session, serves


@serves(GetHealth)
def get_health(session: Session, _call: GetHealth) -> list[Health]:
    """See `sql/procedures/sp_GetHealth.sql`."""
    rows = session.all(_HEALTH, {"now": session.now, "day_ago": session.now - timedelta(hours=24)})
    return [make(Health, row) for row in rows]


def a_moment(column: str) -> str:
    """The condition that a column holds a moment: one that was broken by hand must not hide the others."""
    return f"(datetime({column}, '+0 days') = substr({column}, 1, 19) AND {column} >= '0001')"


def _waiting(which: str) -> str:
    """Pending orders, with since when each waits: since it last came to wait, as its story tells."""
    return f"""
            SELECT staged.STAGING_ID, COALESCE((
                SELECT MAX(EVENT_DT) FROM dbo.USER_ORDER_EVENT AS event
                WHERE event.STORE_ID = staged.STORE_ID AND event.WOO_ORDER_ID = staged.WOO_ORDER_ID
                AND event.EVENT_TYPE IN ('STAGED', 'RESTAGED', 'CANCEL_STAGED', 'RETRY_DECIDED', 'ROLLED_BACK')
                AND {a_moment("event.EVENT_DT")}
            ), staged.CREATED_DT) AS SINCE_DT
            FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STATE = 'PENDING' AND {which}
    """  # noqa: S608  (constants)


# Orders come in one after the other: none behind the first that was staged later than the oldest so far began to wait is older.
_MAY_BE_OLDER = """
            staged.STAGING_ID > (SELECT STAGING_ID FROM oldest)
            AND staged.STAGING_ID < COALESCE((
                SELECT later.STAGING_ID FROM dbo.USER_ORDER_STAGING AS later
                WHERE later.STATE = 'PENDING' AND later.STAGING_ID > (SELECT STAGING_ID FROM oldest)
                AND later.CREATED_DT >= (SELECT SINCE_DT FROM oldest)
                ORDER BY later.STAGING_ID LIMIT 1
            ), 9223372036854775807)
"""

# Each figure is read from an index of its own: what was applied or run long ago costs nothing.
_HEALTH = f"""
SELECT
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE STATE = 'PENDING') AS PENDING,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE STATE = 'CLAIMED') AS CLAIMED,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE STATE = 'FAILED') AS FAILED,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE STATE = 'NEEDS_MANUAL_REVIEW') AS REVIEW,
    (SELECT COUNT(*) FROM dbo.USER_ORDER_STAGING WHERE STATE = 'CLAIMED' AND LEASE_UNTIL_DT <= :now) AS STUCK,
    (SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX WHERE STATE IN ('PENDING', 'CLAIMED')) AS WRITE_BACK_PENDING,
    (SELECT COUNT(*) FROM dbo.USER_STORE_OUTBOX WHERE STATE = 'FAILED') AS WRITE_BACK_FAILED,
    (
        WITH
        oldest AS (
            SELECT MIN(SINCE_DT) AS SINCE_DT, MAX(STAGING_ID) AS STAGING_ID
            FROM ({_waiting("1 = 1 ORDER BY staged.STAGING_ID LIMIT 100")}) WHERE {a_moment("SINCE_DT")}
        )
        SELECT MIN(SINCE_DT)
        FROM (
            SELECT SINCE_DT FROM oldest
            UNION ALL
            SELECT SINCE_DT
            FROM ({_waiting(_MAY_BE_OLDER)})
            WHERE {a_moment("SINCE_DT")}
        )
    ) AS "OLDEST_PENDING_DT [DATETIME_TEXT]",
    (
        SELECT MIN(DUE_DT)
        FROM (
            SELECT (
                SELECT NEXT_ATTEMPT_DT FROM dbo.USER_ORDER_STAGING
                WHERE STATE = 'FAILED' AND NEXT_ATTEMPT_DT > '' AND {a_moment("NEXT_ATTEMPT_DT")}
                ORDER BY NEXT_ATTEMPT_DT
                LIMIT 1
            ) AS DUE_DT
            UNION ALL
            SELECT COALESCE(UPDATED_DT, CREATED_DT) FROM dbo.USER_ORDER_STAGING WHERE STATE = 'FAILED' AND NEXT_ATTEMPT_DT IS NULL
        )
        WHERE {a_moment("DUE_DT")}
    ) AS "OLDEST_FAILED_DUE_DT [DATETIME_TEXT]",
    (
        SELECT MIN(CREATED_DT) FROM dbo.USER_STORE_OUTBOX
        WHERE STATE IN ('PENDING', 'CLAIMED') AND {a_moment("CREATED_DT")}
    ) AS "OLDEST_WRITE_BACK_DT [DATETIME_TEXT]",
    (
        SELECT MIN(DUE_DT)
        FROM (
            SELECT (
                SELECT NEXT_ATTEMPT_DT FROM dbo.USER_STORE_OUTBOX
                WHERE STATE = 'PENDING' AND {a_moment("NEXT_ATTEMPT_DT")}
                ORDER BY NEXT_ATTEMPT_DT
                LIMIT 1
            ) AS DUE_DT
            UNION ALL
            SELECT LEASE_UNTIL_DT FROM dbo.USER_STORE_OUTBOX WHERE STATE = 'CLAIMED'
        )
        WHERE {a_moment("DUE_DT")}
    ) AS "OLDEST_WRITE_BACK_DUE_DT [DATETIME_TEXT]",
    (
        SELECT END_TIME FROM dbo.USER_SYNC_LOG
        WHERE SUCCESS = 1 AND DRY_RUN = 0 AND {a_moment("END_TIME")}
        ORDER BY END_TIME DESC
        LIMIT 1
    ) AS "LAST_SUCCESS_DT [DATETIME_TEXT]",
    (SELECT MAX(FINISHED_DT) FROM dbo.USER_SYNC_WALK WHERE WALK_NAME = 'orders' AND {a_moment("FINISHED_DT")})
        AS "LAST_STAGE_DT [DATETIME_TEXT]",
    (
        SELECT APPLIED_DT FROM dbo.USER_ORDER_STAGING
        WHERE APPLIED_DT IS NOT NULL AND {a_moment("APPLIED_DT")}
        ORDER BY APPLIED_DT DESC
        LIMIT 1
    ) AS "LAST_APPLIED_DT [DATETIME_TEXT]",
    (SELECT COUNT(*) FROM dbo.USER_SYNC_LOG WHERE SUCCESS = 0 AND COALESCE(EXIT_CODE, 1) <> 75 AND END_TIME >= :day_ago)
        AS RECENT_ERRORS,
    :now AS "NOW_DT [DATETIME_TEXT]"
"""  # noqa: S608  (the columns are constants)


@serves(ListStorePolls)
def list_store_polls(session: Session, _call: ListStorePolls) -> list[StorePoll]:
    """See `sql/procedures/sp_ListStorePolls.sql`."""
    rows = session.all(
        """
        WITH RECURSIVE found (STORE_ID) AS (
            SELECT MIN(STORE_ID) FROM dbo.USER_ORDER_STAGING WHERE DUPLICATE_OF_ID IS NULL
            UNION ALL
            SELECT (
                SELECT MIN(following.STORE_ID) FROM dbo.USER_ORDER_STAGING AS following
                WHERE following.STORE_ID > found.STORE_ID AND following.DUPLICATE_OF_ID IS NULL
            )
            FROM found
            WHERE found.STORE_ID IS NOT NULL
        )
        SELECT store.STORE_ID, walk.FINISHED_DT, walk.SINCE_DT, walk.LAST_ID, walk.UPDATED_DT
        FROM (
            SELECT STORE_ID FROM found WHERE STORE_ID IS NOT NULL
            UNION
            SELECT STORE_ID FROM dbo.USER_SYNC_WALK
        ) AS store
        LEFT JOIN dbo.USER_SYNC_WALK AS walk ON walk.STORE_ID = store.STORE_ID AND walk.WALK_NAME = 'orders'
        ORDER BY store.STORE_ID
        """
    )
    return [make(StorePoll, row) for row in rows]


@serves(ListReviewCauses)
def list_review_causes(session: Session, _call: ListReviewCauses) -> list[ReviewCause]:
    """See `sql/procedures/sp_ListReviewCauses.sql`."""
    rows = session.all(
        """
        SELECT
            cause.ERROR_CLASS, cause.ORDERS, example.STAGING_ID, example.STORE_ID, example.WOO_ORDER_ID, example.WOO_ORDER_NO,
            COALESCE(example.VALIDATION_ERROR, example.STATE_REASON) AS MESSAGE
        FROM (
            SELECT COALESCE(ERROR_CLASS, 'unknown') AS ERROR_CLASS, SUM(ORDERS) AS ORDERS, MIN(STAGING_ID) AS STAGING_ID
            FROM (
                SELECT ERROR_CLASS, COUNT(*) AS ORDERS, MIN(STAGING_ID) AS STAGING_ID
                FROM dbo.USER_ORDER_STAGING
                WHERE STATE = 'NEEDS_MANUAL_REVIEW'
                GROUP BY ERROR_CLASS
            )
            GROUP BY 1
        ) AS cause
        INNER JOIN dbo.USER_ORDER_STAGING AS example ON example.STAGING_ID = cause.STAGING_ID
        ORDER BY cause.ORDERS DESC, cause.ERROR_CLASS
        """
    )
    return [make(ReviewCause, row) for row in rows]
