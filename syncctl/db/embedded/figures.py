"""Figures for people on the embedded engine: what happened when, how long it took, why it failed, what waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from syncctl.db.contract import (
    AttemptCount,
    Backlog,
    CountAttempts,
    CountEvents,
    EventCount,
    Failure,
    ListBacklog,
    ListFailures,
    ListRunFigures,
    ListStepTimes,
    RunFigures,
    StepTime,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.hours import STARTS, require_grain, shifts
from syncctl.db.embedded.registry import Session, require, serves

_TABLES = {"events": ("USER_ORDER_EVENT", "EVENT_ID", "EVENT_DT"), "attempts": ("USER_ORDER_ATTEMPT", "ATTEMPT_ID", "ATTEMPT_DT")}
_OUT_OF_ORDER = timedelta(hours=1)
# NOT INDEXED: by the primary key, from the first row that can be of the window. An index that saves the sorting reads every row.
_IN_WINDOW = """
    event.EVENT_ID >= :first AND event.EVENT_DT >= :since AND event.EVENT_DT < :until
    AND (:store IS NULL OR event.STORE_ID = :store)
"""


def _first_row_of(session: Session, what: str, since: datetime) -> int:
    """See `sql/procedures/sp_FirstRowOf.sql`."""
    table, key, moment = _TABLES[what]
    ends = session.one(
        f"SELECT (SELECT MIN({key}) FROM dbo.{table}) AS LOW, (SELECT MAX({key}) FROM dbo.{table}) AS HIGH"  # noqa: S608  (constants)
    )
    assert ends is not None  # noqa: S101  (an aggregate always has a row)
    low, high, wanted = ends["LOW"] or 0, (ends["HIGH"] or 0) + 1, since - _OUT_OF_ORDER
    while low < high:
        middle = low + (high - low) // 2
        row = session.one(
            f"SELECT {moment} FROM dbo.{table} WHERE {key} >= :id ORDER BY {key} LIMIT 1",  # noqa: S608  (constants)
            {"id": middle},
        )
        low, high = (middle + 1, high) if row is not None and row[moment] < wanted else (low, middle)
    return int(low)


def _window(session: Session, what: str, call: Any) -> dict[str, Any]:
    return {
        "since": call.since_dt,
        "until": call.until_dt,
        "store": call.store_id,
        "first": _first_row_of(session, what, call.since_dt),
    }


def _require_window(since: datetime, until: datetime) -> None:
    require((since < until, "@SINCE_DT must be before @UNTIL_DT."))


@serves(CountEvents)
def count_events(session: Session, call: CountEvents) -> list[EventCount]:
    """See `sql/procedures/sp_CountEvents.sql`."""
    require_grain(call)
    rows = session.all(
        f"""
        SELECT
            STORE_ID, strftime('%Y-%m-%d %H:%M:%f', LOCAL_DT, :back) AS "START_DT [DATETIME_TEXT]", EVENT_TYPE,
            COUNT(*) AS EVENTS
        FROM (
            SELECT STORE_ID, EVENT_TYPE, strftime({STARTS[call.grain]}, EVENT_DT, :ahead) AS LOCAL_DT
            FROM dbo.USER_ORDER_EVENT AS event NOT INDEXED
            WHERE {_IN_WINDOW}
        )
        GROUP BY STORE_ID, LOCAL_DT, EVENT_TYPE
        ORDER BY STORE_ID, LOCAL_DT, EVENT_TYPE
        """,  # noqa: S608  (constants)
        {
            **_window(session, "events", call),
            **shifts(call.offset_minutes),
        },
    )
    return [make(EventCount, row) for row in rows]


@serves(ListStepTimes)
def list_step_times(session: Session, call: ListStepTimes) -> list[StepTime]:
    """See `sql/procedures/sp_ListStepTimes.sql`."""
    _require_window(call.since_dt, call.until_dt)
    began = """
        SELECT MAX(began.EVENT_DT) FROM dbo.USER_ORDER_EVENT AS began
        WHERE began.STORE_ID = event.STORE_ID AND began.WOO_ORDER_ID = event.WOO_ORDER_ID AND began.EVENT_DT <= event.EVENT_DT
        AND began.EVENT_TYPE IN
    """
    rows = session.all(
        f"""
        WITH timed AS (
            SELECT
                event.STORE_ID,
                CASE event.EVENT_TYPE WHEN 'STAGED' THEN 'seen' WHEN 'WRITTEN_BACK' THEN 'to_store' ELSE 'to_erp' END AS STEP,
                CAST(ROUND((julianday(event.EVENT_DT) - julianday(CASE event.EVENT_TYPE
                    WHEN 'STAGED' THEN (SELECT WOO_CREATED_DT FROM dbo.USER_ORDER_STAGING WHERE STAGING_ID = event.STAGING_ID)
                    WHEN 'WRITTEN_BACK' THEN ({began} ('CREATED', 'REOPENED', 'CANCELLED', 'ALREADY_APPLIED', 'ERP_STATUS'))
                    ELSE ({began} ('STAGED', 'RESTAGED', 'CANCEL_STAGED', 'RETRY_DECIDED'))
                END)) * 86400000) AS INTEGER) AS MS
            FROM dbo.USER_ORDER_EVENT AS event NOT INDEXED
            WHERE {_IN_WINDOW}
            AND event.EVENT_TYPE IN ('STAGED', 'CREATED', 'REOPENED', 'UPDATED', 'CANCELLED', 'WRITTEN_BACK')
        ),
        ranked AS (
            SELECT
                STORE_ID, STEP, MS,
                ROW_NUMBER() OVER (PARTITION BY STORE_ID, STEP ORDER BY MS) AS PLACE,
                COUNT(*) OVER (PARTITION BY STORE_ID, STEP) AS STEPS
            FROM timed
            WHERE MS >= 0
        )
        SELECT
            STORE_ID, STEP, MAX(STEPS) AS ORDERS, SUM(MS) / MAX(STEPS) AS MEAN_MS,
            MAX(CASE WHEN PLACE = (STEPS * 50 + 99) / 100 THEN MS END) AS MEDIAN_MS,
            MAX(CASE WHEN PLACE = (STEPS * 90 + 99) / 100 THEN MS END) AS P90_MS,
            MAX(CASE WHEN PLACE = (STEPS * 95 + 99) / 100 THEN MS END) AS P95_MS,
            MAX(CASE WHEN PLACE = (STEPS * 99 + 99) / 100 THEN MS END) AS P99_MS,
            MAX(MS) AS LONGEST_MS
        FROM ranked
        GROUP BY STORE_ID, STEP
        ORDER BY STORE_ID, STEP
        """,  # noqa: S608  (constants)
        _window(session, "events", call),
    )
    return [make(StepTime, row) for row in rows]


@serves(CountAttempts)
def count_attempts(session: Session, call: CountAttempts) -> list[AttemptCount]:
    """See `sql/procedures/sp_CountAttempts.sql`."""
    _require_window(call.since_dt, call.until_dt)
    rows = session.all(
        f"""
        SELECT STORE_ID, COALESCE(ATTEMPT_NO, 1) AS ATTEMPT_NO, COUNT(*) AS ORDERS
        FROM dbo.USER_ORDER_EVENT AS event NOT INDEXED
        WHERE {_IN_WINDOW}
        AND EVENT_TYPE IN ('CREATED', 'REOPENED', 'UPDATED', 'CANCELLED', 'ALREADY_APPLIED')
        GROUP BY STORE_ID, COALESCE(ATTEMPT_NO, 1)
        ORDER BY STORE_ID, 2
        """,  # noqa: S608  (constants)
        _window(session, "events", call),
    )
    return [make(AttemptCount, row) for row in rows]


@serves(ListFailures)
def list_failures(session: Session, call: ListFailures) -> list[Failure]:
    """See `sql/procedures/sp_ListFailures.sql`."""
    _require_window(call.since_dt, call.until_dt)
    rows = session.all(
        """
        SELECT
            cause.STORE_ID, cause.ERROR_CLASS, cause.ERROR_CODE, cause.ATTEMPTS, cause.ORDERS, cause.OPEN_ORDERS,
            example.ATTEMPT_DT AS "LAST_DT [DATETIME_TEXT]", example.STAGING_ID, held.WOO_ORDER_NO,
            SUBSTR(example.ERROR_MESSAGE, 1, 500) AS MESSAGE
        FROM (
            SELECT
                staged.STORE_ID, attempt.ERROR_CLASS, attempt.ERROR_CODE, COUNT(*) AS ATTEMPTS,
                COUNT(DISTINCT attempt.STAGING_ID) AS ORDERS,
                COUNT(DISTINCT CASE WHEN staged.STATE IN ('FAILED', 'NEEDS_MANUAL_REVIEW') THEN attempt.STAGING_ID END)
                    AS OPEN_ORDERS,
                MAX(attempt.ATTEMPT_ID) AS LAST_ID
            FROM dbo.USER_ORDER_ATTEMPT AS attempt
            INNER JOIN dbo.USER_ORDER_STAGING AS staged ON staged.STAGING_ID = attempt.STAGING_ID
            WHERE attempt.ATTEMPT_ID >= :first AND attempt.ATTEMPT_DT >= :since AND attempt.ATTEMPT_DT < :until
            AND (:store IS NULL OR staged.STORE_ID = :store)
            GROUP BY staged.STORE_ID, attempt.ERROR_CLASS, attempt.ERROR_CODE
        ) AS cause
        INNER JOIN dbo.USER_ORDER_ATTEMPT AS example ON example.ATTEMPT_ID = cause.LAST_ID
        INNER JOIN dbo.USER_ORDER_STAGING AS held ON held.STAGING_ID = example.STAGING_ID
        ORDER BY cause.ORDERS DESC, cause.STORE_ID, cause.ERROR_CLASS, cause.LAST_ID DESC
        """,
        _window(session, "attempts", call),
    )
    return [make(Failure, row) for row in rows]


@serves(ListRunFigures)
def list_run_figures(session: Session, call: ListRunFigures) -> list[RunFigures]:
    """See `sql/procedures/sp_ListRunFigures.sql`."""
    _require_window(call.since_dt, call.until_dt)
    rows = session.all(
        """
        WITH run AS (
            SELECT *, CAST(ROUND(COALESCE(CAST(DURATION_SECONDS AS REAL), 0) * 1000) AS INTEGER) AS MS
            FROM dbo.USER_SYNC_LOG
            WHERE END_TIME >= :since AND END_TIME < :until AND OPERATION_TYPE IS NOT NULL AND NOT COALESCE(DRY_RUN, 0)
        ),
        ranked AS (
            SELECT
                *,
                ROW_NUMBER() OVER (PARTITION BY OPERATION_TYPE ORDER BY MS, LOG_ID) AS PLACE,
                COUNT(*) OVER (PARTITION BY OPERATION_TYPE) AS OF_ALL
            FROM run
        )
        SELECT
            OPERATION_TYPE, COUNT(*) AS RUNS, SUM(NOT SUCCESS AND COALESCE(EXIT_CODE, 1) <> 75) AS FAILED_RUNS,
            SUM(COALESCE(RECORDS_INPUT, 0)) AS RECORDS_INPUT, SUM(COALESCE(RECORDS_CREATED, 0)) AS RECORDS_CREATED,
            SUM(COALESCE(RECORDS_UPDATED, 0)) AS RECORDS_UPDATED, SUM(COALESCE(RECORDS_SKIPPED, 0)) AS RECORDS_SKIPPED,
            SUM(COALESCE(RECORDS_FAILED, 0)) AS RECORDS_FAILED, SUM(MS) / COUNT(*) AS MEAN_MS,
            MAX(CASE WHEN PLACE = (OF_ALL * 95 + 99) / 100 THEN MS END) AS P95_MS, MAX(MS) AS LONGEST_MS,
            MAX(END_TIME) AS "LAST_DT [DATETIME_TEXT]"
        FROM ranked
        GROUP BY OPERATION_TYPE
        ORDER BY OPERATION_TYPE
        """,
        {"since": call.since_dt, "until": call.until_dt},
    )
    return [make(RunFigures, row) for row in rows]


@serves(ListBacklog)
def list_backlog(session: Session, call: ListBacklog) -> list[Backlog]:
    """See `sql/procedures/sp_ListBacklog.sql`."""
    rows = session.all(
        """
        SELECT STORE_ID, STATE, COUNT(*) AS ROWS_WAITING, MIN(CREATED_DT) AS "OLDEST_DT [DATETIME_TEXT]"
        FROM dbo.USER_ORDER_STAGING
        WHERE STATE IN ('PENDING', 'CLAIMED', 'FAILED', 'NEEDS_MANUAL_REVIEW') AND (:store IS NULL OR STORE_ID = :store)
        GROUP BY +STORE_ID, STATE
        UNION ALL
        SELECT STORE_ID, 'WRITE_BACK', COUNT(*), MIN(CREATED_DT)
        FROM dbo.USER_STORE_OUTBOX
        WHERE STATE IN ('PENDING', 'CLAIMED', 'FAILED') AND (:store IS NULL OR STORE_ID = :store)
        GROUP BY +STORE_ID
        ORDER BY STORE_ID, STATE
        """,
        {"store": call.store_id},
    )
    return [make(Backlog, row) for row in rows]
