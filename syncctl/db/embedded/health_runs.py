"""How the jobs last ran, and how messages to people stand, on the embedded engine."""

from __future__ import annotations

import json
from datetime import timedelta

from syncctl.db.contract import (
    CountNotifications,
    CustomerAction,
    DeployedScript,
    JobRuns,
    ListCustomerActions,
    ListDeployedScripts,
    ListJobRuns,
    NotificationCount,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.health import a_moment
from syncctl.db.embedded.registry import Session, is_json_list, require, serves

_RUNS = f"""
    SELECT START_TIME, END_TIME, EXIT_CODE, ERROR_MESSAGE
    FROM dbo.USER_SYNC_LOG
    WHERE STORE_ID IS :store AND OPERATION_TYPE = :operation
    AND START_TIME > '' AND DRY_RUN = 0 AND {a_moment("START_TIME")}
    ORDER BY START_TIME DESC
    LIMIT :most
"""  # noqa: S608  (constants)
_LOOKED_BACK = 100
"""Runs among which the latest good one is looked for."""


@serves(ListJobRuns)
def list_job_runs(session: Session, call: ListJobRuns) -> list[JobRuns]:
    """See `sql/procedures/sp_ListJobRuns.sql`."""
    require((is_json_list(call.operations), "@OPERATIONS takes a JSON array."))
    stores = _stores(session)
    found: list[JobRuns] = []
    for operation in json.loads(call.operations):
        if isinstance(operation, str):
            by_store = [_runs(session, operation, store) for store in stores]
            found += [runs for runs in by_store if runs.runs] or [_runs(session, operation, None)]
    return found


def _stores(session: Session) -> list[str]:
    """Return each store that a run was for, from the one before to the next: its runs are not read."""
    found: list[str] = []
    sql = "SELECT MIN(STORE_ID) AS STORE_ID FROM dbo.USER_SYNC_LOG WHERE STORE_ID > :last"
    while (row := session.one(sql, {"last": found[-1] if found else ""})) and row["STORE_ID"] is not None:
        found.append(row["STORE_ID"])
    return found


def _runs(session: Session, operation: str, store: str | None) -> JobRuns:
    of_store = {"operation": operation, "store": store}
    latest = session.all(_RUNS, {**of_store, "most": 3})
    good = session.one(
        f"SELECT END_TIME FROM ({_RUNS}) WHERE EXIT_CODE IN (0, 1) AND {a_moment('END_TIME')} ORDER BY START_TIME DESC LIMIT 1",  # noqa: S608
        {**of_store, "most": _LOOKED_BACK},
    )
    last = latest[0] if latest else None
    return JobRuns(
        operation_type=operation,
        store_id=store,
        runs=len(latest),
        last_start_dt=last["START_TIME"] if last else None,
        last_end_dt=last["END_TIME"] if last else None,
        last_exit_code=last["EXIT_CODE"] if last else None,
        message=(last["ERROR_MESSAGE"] or "")[:500] or None if last else None,
        last_good_dt=good["END_TIME"] if good else None,
    )


@serves(CountNotifications)
def count_notifications(session: Session, call: CountNotifications) -> list[NotificationCount]:
    """See `sql/procedures/sp_CountNotifications.sql`."""
    require((1 <= call.hours <= 8760, "@HOURS takes 1 to 8760."))
    rows = session.all(
        f"""
        SELECT
            (SELECT COUNT(*) FROM dbo.USER_NOTIFICATION WHERE STATE IN ('PENDING', 'CLAIMED')) AS WAITING,
            (
                SELECT MIN(DUE_DT)
                FROM (
                    SELECT (
                        SELECT NEXT_ATTEMPT_DT FROM dbo.USER_NOTIFICATION
                        WHERE STATE = 'PENDING' AND {a_moment("NEXT_ATTEMPT_DT")}
                        ORDER BY NEXT_ATTEMPT_DT
                        LIMIT 1
                    ) AS DUE_DT
                    UNION ALL
                    SELECT LEASE_UNTIL_DT FROM dbo.USER_NOTIFICATION WHERE STATE = 'CLAIMED' AND {a_moment("LEASE_UNTIL_DT")}
                )
            ) AS "OLDEST_DUE_DT [DATETIME_TEXT]",
            (SELECT COUNT(*) FROM dbo.USER_NOTIFICATION WHERE STATE = 'FAILED' AND ENDED_DT >= :since) AS FAILED_LATELY
        """,  # noqa: S608  (constants)
        {"since": session.now - timedelta(hours=call.hours)},
    )
    return [make(NotificationCount, row) for row in rows]


@serves(ListDeployedScripts)
def list_deployed_scripts(_session: Session, _call: ListDeployedScripts) -> list[DeployedScript]:
    """See `sql/procedures/sp_ListDeployedScripts.sql`: an embedded database brings its tables up to date when it is opened."""
    return []


@serves(ListCustomerActions)
def list_customer_actions(session: Session, _call: ListCustomerActions) -> list[CustomerAction]:
    """See `sql/procedures/sp_ListCustomerActions.sql`."""
    rows = session.all(
        """
        SELECT queue.id AS QUEUE_ID, queue.queue_name AS QUEUE_NAME, queue.store_id AS STORE_ID, counted.CUSTOMERS
        FROM (
            SELECT queue_id, COUNT(*) AS CUSTOMERS
            FROM dbo.woo_customer_sync_queue_line INDEXED BY IX_woo_customer_sync_queue_line_action
            WHERE is_action_required = 1 AND state = 'failed'
            GROUP BY queue_id
        ) AS counted
        CROSS JOIN dbo.USER_CUSTOMER_QUEUE AS queue
        WHERE queue.id = counted.queue_id AND queue.phase IN ('draft', 'processing')
        ORDER BY counted.queue_id
        """
    )
    return [make(CustomerAction, row) for row in rows]
