"""A job's row in `USER_SYNC_LOG`, and the version of the tables, on the embedded engine."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from syncctl.db.contract import FinishRun, GetSchemaVersion, NoRow, SchemaVersion, StartRun
from syncctl.db.embedded.registry import Session, require, serves
from syncctl.db.embedded.statistic_counts import note_statistics
from syncctl.errors import NotFound


@serves(GetSchemaVersion)
def get_schema_version(session: Session, _call: GetSchemaVersion) -> list[SchemaVersion]:
    """See `sql/procedures/sp_GetSchemaVersion.sql`."""
    return [SchemaVersion(session.all("PRAGMA dbo.user_version")[0][0])]


@serves(StartRun)
def start_run(session: Session, call: StartRun) -> list[NoRow]:
    """See `sql/procedures/sp_StartRun.sql`."""
    require((call.sync_id != "", "@SYNC_ID is required."), (call.operation_type != "", "@OPERATION_TYPE is required."))
    session.run(
        """
        INSERT INTO dbo.USER_SYNC_LOG
            (SYNC_ID, OPERATION_TYPE, DIRECTION, DRY_RUN, START_TIME, CREATED_DT, CREATED_BY, HOST, PROCESS_ID, STORE_ID)
        VALUES (:sync_id, :operation, :direction, :dry_run, :now, :now, :created_by, :host, :process_id, NULLIF(:store, ''))
        """,
        {
            "sync_id": call.sync_id,
            "operation": call.operation_type,
            "direction": call.direction,
            "dry_run": call.dry_run,
            "now": session.now,
            "created_by": call.created_by,
            "host": call.host,
            "process_id": call.process_id,
            "store": call.store_id,
        },
    )
    return []


@serves(FinishRun)
def finish_run(session: Session, call: FinishRun) -> list[NoRow]:
    """See `sql/procedures/sp_FinishRun.sql`."""
    run = session.one(
        "SELECT * FROM dbo.USER_SYNC_LOG WHERE SYNC_ID = :sync_id ORDER BY LOG_ID DESC LIMIT 1",
        {"sync_id": call.sync_id},
    )
    if run is None:
        raise NotFound(f"Run {call.sync_id} was never started.", code=50004)
    seconds = (Decimal((session.now - run["START_TIME"]) // timedelta(milliseconds=1)) / 1000).quantize(
        Decimal("0.01"), ROUND_HALF_UP
    )
    session.run(
        """
        UPDATE dbo.USER_SYNC_LOG
        SET END_TIME = :now, DURATION_SECONDS = :seconds, RECORDS_INPUT = :input, RECORDS_CREATED = :created,
            RECORDS_UPDATED = :updated, RECORDS_SKIPPED = :skipped, RECORDS_FAILED = :failed, SUCCESS = :success,
            EXIT_CODE = :exit_code, ERROR_MESSAGE = :message, METRICS_JSON = :metrics
        WHERE LOG_ID = :log_id
        """,
        {
            "now": session.now,
            "seconds": seconds,
            "input": call.records_input,
            "created": call.records_created,
            "updated": call.records_updated,
            "skipped": call.records_skipped,
            "failed": call.records_failed,
            "success": call.success,
            "exit_code": call.exit_code,
            "message": call.error_message,
            "metrics": call.metrics_json,
            "log_id": run["LOG_ID"],
        },
    )
    if run["STORE_ID"] is not None and not run["DRY_RUN"]:
        polled = run["STORE_ID"] if run["OPERATION_TYPE"] == "stage" and run["END_TIME"] is None else None
        note_statistics(session, store_id=polled, polled=call.records_input, known=call.records_skipped)
    return []
