"""Queues of customers on the embedded engine: made, filled, listed, given another try, ended."""

from __future__ import annotations

import sqlite3
from typing import Any

from syncctl.db.contract import (
    CustomerActivity,
    CustomerLine,
    CustomerQueue,
    EndCustomerQueue,
    EndedQueue,
    FillCustomerQueue,
    FilledPage,
    GuestOrder,
    ListCustomerActivity,
    ListCustomerLines,
    ListCustomerQueues,
    ListGuestOrders,
    NoRow,
    NoteCustomerActivity,
    RetriedQueue,
    RetryCustomerQueue,
    StartCustomerQueue,
    StartedQueue,
)
from syncctl.db.embedded.engine import make
from syncctl.db.embedded.registry import Session, is_json_list, is_json_object, require, require_batch_size, serves
from syncctl.errors import Conflict, LeaseLost, NotFound, WrongState

_STATES = ("draft", "processing", "done", "failed", "cancelled")
STATUSES = ("success", "warning", "error")


def queue_of(session: Session, queue_id: int, org_id: str) -> sqlite3.Row:
    """Return a queue's own row. See `sql/procedures/sp_RequireCustomerQueue.sql`.

    Raises:
        NotFound: the organisation has no such queue.
    """
    row = session.one("SELECT * FROM dbo.USER_CUSTOMER_QUEUE WHERE id = :id AND org_id = :org", {"id": queue_id, "org": org_id})
    if row is None:
        raise NotFound(f"There is no customer queue {queue_id} in organisation {org_id}.", code=50004)
    return row


def _open_queue(session: Session, queue_id: int, org_id: str) -> sqlite3.Row:
    """Return a queue that nobody ended.

    Raises:
        NotFound: the organisation has no such queue.
        WrongState: a person ended it.
    """
    row = queue_of(session, queue_id, org_id)
    if row["phase"] in ("done", "cancelled"):
        raise WrongState(f"Customer queue {queue_id} was ended ({row['phase']}): {row['end_reason']}. Start another.", code=50020)
    return row


def write_activity(
    session: Session,
    queue: sqlite3.Row,
    activity_type: str,
    status: str,
    message: str,
    *,
    worker_id: str | None = None,
) -> None:
    """Note what happened to a queue. `queue` has its id and org_id. See `sql/procedures/sp_WriteCustomerActivity.sql`."""
    session.run(
        """
        INSERT INTO dbo.woo_sync_activity (queue_id, org_id, activity_type, status, message, worker_id, created_at)
        VALUES (:queue, :org, :type, :status, SUBSTR(:message, 1, 2000), :worker, :now)
        """,
        {
            "queue": queue["id"],
            "org": queue["org_id"],
            "type": activity_type,
            "status": status,
            "message": message,
            "worker": worker_id,
            "now": session.now,
        },
    )


@serves(StartCustomerQueue)
def start_customer_queue(session: Session, call: StartCustomerQueue) -> list[StartedQueue]:
    """See `sql/procedures/sp_StartCustomerQueue.sql`."""
    require(
        (call.org_id != "", "@ORG_ID is required."),
        (call.store_id != "", "@STORE_ID is required."),
        (call.queue_name != "", "@QUEUE_NAME is required."),
        (1 <= call.batch_size <= 1000, "@BATCH_SIZE takes 1 to 1000."),
        (0 <= call.batch_delay_ms <= 600_000, "@BATCH_DELAY_MS takes 0 to 600000."),
        (0 <= call.max_retries <= 10, "@MAX_RETRIES takes 0 to 10."),
        (is_json_object(call.options_json), "@OPTIONS_JSON takes a JSON object."),
    )
    other = session.one(
        """
        SELECT queue.org_id, queue.id FROM dbo.USER_CUSTOMER_QUEUE AS queue
        WHERE queue.store_id = :store AND queue.org_id <> :org
        AND ((queue.filled_at IS NULL AND queue.phase IN ('draft', 'processing')) OR EXISTS (
            SELECT 1 FROM dbo.woo_customer_sync_queue_line AS line
            WHERE line.queue_id = queue.id AND (line.state = 'done' OR queue.phase IN ('draft', 'processing'))))
        ORDER BY queue.id
        LIMIT 1
        """,
        {"store": call.store_id, "org": call.org_id},
    )
    if other is not None:
        raise Conflict(
            f"Store {call.store_id} brings customers into organisation {other['org_id']} (queue {other['id']}); a store and its"
            f" customer map belong to one. Use that one, or another SYNCCTL_STORE_ID for {call.org_id}.",
            code=50030,
        )
    session.run(
        """
        INSERT INTO dbo.USER_CUSTOMER_QUEUE
            (org_id, store_id, queue_name, batch_size, batch_delay_ms, max_retries, options_json, created_by, created_at,
             updated_at)
        VALUES (:org, :store, :name, :batch, :delay, :retries, :options, :by, :now, :now)
        """,
        {
            "org": call.org_id,
            "store": call.store_id,
            "name": call.queue_name,
            "batch": call.batch_size,
            "delay": call.batch_delay_ms,
            "retries": call.max_retries,
            "options": call.options_json,
            "by": call.created_by,
            "now": session.now,
        },
    )
    row = session.one("SELECT * FROM dbo.USER_CUSTOMER_QUEUE WHERE id = last_insert_rowid()")
    assert row is not None  # noqa: S101  (it was just written)
    write_activity(session, row, "queue_created", "success", f"Queue '{call.queue_name}' was made.", worker_id=call.created_by)
    return [StartedQueue(row["id"])]


@serves(FillCustomerQueue)
def fill_customer_queue(session: Session, call: FillCustomerQueue) -> list[FilledPage]:
    """See `sql/procedures/sp_FillCustomerQueue.sql`."""
    require(
        (is_json_list(call.customers), "@CUSTOMERS takes a JSON array."),
        (call.from_cursor != call.to_cursor or call.is_last, "@TO_CURSOR has to differ from @FROM_CURSOR."),
        (call.most is None or call.most >= 1, "@MOST takes 1 or more."),
    )
    queue = _open_queue(session, call.queue_id, call.org_id)
    there = _count(session, call.queue_id)
    if queue["filled_at"] is not None or (queue["fill_cursor"] == call.to_cursor != call.from_cursor):
        return [FilledPage(0, there, queue["filled_at"] is not None)]
    if queue["fill_cursor"] != call.from_cursor:
        raise LeaseLost(
            f"Another worker fills customer queue {call.queue_id}; it has come further. Nothing was written.", code=50010
        )
    session.run(
        """
        INSERT OR IGNORE INTO dbo.woo_customer_sync_queue_line
            (queue_id, org_id, store_id, woo_customer_id, email, customer_json, state, process_count, error_message,
             last_error_timestamp, next_attempt_dt, created_at)
        SELECT :queue, :org, :store, incoming.woo_customer_id, incoming.email, incoming.customer,
            CASE WHEN incoming.problem IS NULL THEN 'draft' ELSE 'failed' END, incoming.problem IS NOT NULL, incoming.problem,
            CASE WHEN incoming.problem IS NOT NULL THEN :now END, :now, :now
        FROM (
            SELECT key AS place, json_extract(value, '$.WOO_CUSTOMER_ID') AS woo_customer_id,
                COALESCE(json_extract(value, '$.EMAIL'), '') AS email, json_extract(value, '$.CUSTOMER') AS customer,
                json_extract(value, '$.HAS_ORDERED') AS has_ordered, json_extract(value, '$.PROBLEM') AS problem
            FROM json_each(:customers)
        ) AS incoming
        WHERE (:with_orders = 0 OR incoming.has_ordered = 1 OR incoming.problem IS NOT NULL OR EXISTS (
            SELECT 1 FROM dbo.USER_ORDER_STAGING AS staged
            WHERE staged.STORE_ID = :store AND staged.WOO_CUST_ID = incoming.woo_customer_id AND incoming.woo_customer_id > 0))
        AND NOT EXISTS (
            SELECT 1 FROM dbo.woo_customer_sync_queue_line AS line
            WHERE line.queue_id = :queue AND line.woo_customer_id = incoming.woo_customer_id AND line.woo_customer_id > 0)
        AND NOT EXISTS (
            SELECT 1 FROM dbo.woo_customer_sync_queue_line AS line
            WHERE line.queue_id = :queue AND line.woo_customer_id = 0 AND line.email = incoming.email
            AND incoming.woo_customer_id = 0)
        ORDER BY incoming.place
        LIMIT :room
        """,
        {
            "queue": call.queue_id,
            "org": queue["org_id"],
            "store": queue["store_id"],
            "customers": call.customers,
            "with_orders": call.with_orders,
            "room": -1 if call.most is None else max(0, call.most - there),
            "now": session.now,
        },
    )
    total = _count(session, call.queue_id)
    is_filled = call.is_last or (call.most is not None and total >= call.most)
    session.run(
        """
        UPDATE dbo.USER_CUSTOMER_QUEUE
        SET fill_cursor = :cursor, filled_at = CASE WHEN :filled THEN :now END, updated_at = :now
        WHERE id = :id
        """,
        {"cursor": call.to_cursor, "filled": is_filled, "now": session.now, "id": call.queue_id},
    )
    if total > there:
        message = f"{total - there} customers were added; {total} by now."
        write_activity(session, queue, "customers_added", "success", message, worker_id=call.worker_id)
    if is_filled:
        write_activity(
            session, queue, "queue_filled", "success", f"The queue is filled: {total} customers.", worker_id=call.worker_id
        )
    return [FilledPage(total - there, total, is_filled)]


def _count(session: Session, queue_id: int) -> int:
    row = session.one("SELECT COUNT(*) AS LINES FROM dbo.woo_customer_sync_queue_line WHERE queue_id = :id", {"id": queue_id})
    return int(row["LINES"]) if row else 0


@serves(ListGuestOrders)
def list_guest_orders(session: Session, call: ListGuestOrders) -> list[GuestOrder]:
    """See `sql/procedures/sp_ListGuestOrders.sql`."""
    require_batch_size(call.batch_size)
    rows = session.all(
        """
        SELECT STAGING_ID, CUST_EMAIL, ORDER_JSON, WOO_CREATED_DT
        FROM dbo.USER_ORDER_STAGING
        WHERE STORE_ID = :store AND WOO_CUST_ID IS NULL AND DUPLICATE_OF_ID IS NULL AND STATUS_GROUP = 'live'
        AND TRIM(COALESCE(CUST_EMAIL, '')) <> '' AND ORDER_JSON IS NOT NULL
        AND (:before IS NULL OR STAGING_ID < :before)
        ORDER BY STAGING_ID DESC
        LIMIT :batch
        """,
        {"store": call.store_id, "before": call.before_id, "batch": call.batch_size},
    )
    return [make(GuestOrder, row) for row in rows]


@serves(RetryCustomerQueue)
def retry_customer_queue(session: Session, call: RetryCustomerQueue) -> list[RetriedQueue]:
    """See `sql/procedures/sp_RetryCustomerQueue.sql`."""
    require((call.decided_by != "", "@DECIDED_BY is required."))
    queue = _open_queue(session, call.queue_id, call.org_id)
    retried = session.run(
        """
        UPDATE dbo.woo_customer_sync_queue_line
        SET state = 'draft', next_attempt_dt = :now, lost_count = 0, lease_owner = NULL, lease_until_dt = NULL,
            process_count = CASE WHEN is_action_required THEN 0 ELSE process_count END, is_action_required = 0
        WHERE queue_id = :id AND state = 'failed' AND (:forced OR NOT is_action_required)
        """,
        {"now": session.now, "id": call.queue_id, "forced": call.is_forced},
    )
    left = session.one(
        "SELECT COUNT(*) AS LINES FROM dbo.woo_customer_sync_queue_line WHERE queue_id = :id AND state = 'failed'",
        {"id": call.queue_id},
    )
    kept = int(left["LINES"]) if left else 0
    if retried:
        session.run(
            "UPDATE dbo.USER_CUSTOMER_QUEUE SET phase = 'draft', updated_at = :now WHERE id = :id",
            {"now": session.now, "id": call.queue_id},
        )
        insisted = " (forced)" if call.is_forced else ""
        message = f"{retried} failed customers are tried again{insisted}, by {call.decided_by}; {kept} are left."
        write_activity(session, queue, "retry", "success", message, worker_id=call.decided_by)
    return [RetriedQueue(retried, kept)]


@serves(EndCustomerQueue)
def end_customer_queue(session: Session, call: EndCustomerQueue) -> list[EndedQueue]:
    """See `sql/procedures/sp_EndCustomerQueue.sql`."""
    reason = (call.reason or "").strip()
    require(
        (call.decision in ("done", "cancel"), "@DECISION takes done, cancel."),
        (call.decided_by != "", "@DECIDED_BY is required."),
        (call.decision != "done" or reason != "", "@REASON is required."),
    )
    queue = _open_queue(session, call.queue_id, call.org_id)
    view = session.one("SELECT state FROM dbo.woo_customer_sync_queue WHERE id = :id", {"id": call.queue_id})
    state = view["state"] if view else ""
    if state == "done" or (state == "failed" and call.decision == "cancel"):
        advice = "" if state == "done" else " `customers force-done` gives up what failed."
        raise WrongState(f"Customer queue {call.queue_id} is {state}: there is nothing left to do.{advice}", code=50020)
    said = f"{'done' if call.decision == 'done' else 'cancelled'} by {call.decided_by}" + (f": {reason}" if reason else "")
    cancelled = session.run(
        """
        UPDATE dbo.woo_customer_sync_queue_line
        SET state = 'cancelled', error_message = COALESCE(error_message, SUBSTR(:said, 1, 500)), is_action_required = 0,
            lease_owner = NULL, lease_until_dt = NULL
        WHERE queue_id = :id AND (state IN ('draft', 'processing') OR (state = 'failed' AND :decision = 'done'))
        """,
        {"said": said, "id": call.queue_id, "decision": call.decision},
    )
    session.run(
        """
        UPDATE dbo.USER_CUSTOMER_QUEUE
        SET phase = CASE WHEN :decision = 'done' THEN 'done' ELSE 'cancelled' END, end_reason = SUBSTR(:said, 1, 500),
            filled_at = COALESCE(filled_at, :now), updated_at = :now
        WHERE id = :id
        """,
        {"decision": call.decision, "said": said, "now": session.now, "id": call.queue_id},
    )
    kind = "force_done" if call.decision == "done" else "cancelled"
    write_activity(
        session, queue, kind, "warning", f"The queue was {said}. {cancelled} customers were given up.", worker_id=call.decided_by
    )
    return [EndedQueue(cancelled)]


@serves(ListCustomerQueues)
def list_customer_queues(session: Session, call: ListCustomerQueues) -> list[CustomerQueue]:
    """See `sql/procedures/sp_ListCustomerQueues.sql`."""
    require_batch_size(call.batch_size)
    require((call.org_id != "", "@ORG_ID is required."))
    if call.queue_id is not None:
        queue_of(session, call.queue_id, call.org_id)
    rows = session.all(
        """
        SELECT queue.id AS queue_id, queue.org_id, queue.store_id, queue.queue_name, queue.state, queue.total_count,
            queue.draft_count, queue.processing_count, queue.done_count, queue.failed_count, queue.cancelled_count,
            queue.created_count, queue.updated_count, queue.linked_count, queue.unchanged_count, queue.process_count,
            queue.is_action_required AS "is_action_required [BIT]", queue.action_required_reason,
            queue.last_process_date AS "last_process_date [DATETIME_TEXT]", queue.batch_size, queue.batch_delay_ms,
            queue.max_retries, queue.options_json, queue.fill_cursor, queue.filled_at, queue.end_reason, queue.created_by,
            queue.created_at,
            (SELECT MAX(0, CAST(ROUND((JULIANDAY(MIN(line.next_attempt_dt)) - JULIANDAY(:now)) * 86400000) AS INTEGER))
             FROM dbo.woo_customer_sync_queue_line AS line
             WHERE line.queue_id = queue.id AND line.state = 'draft') AS due_in_ms
        FROM dbo.woo_customer_sync_queue AS queue
        WHERE queue.org_id = :org AND (:id IS NULL OR queue.id = :id)
        AND (NOT :open OR (queue.state IN ('draft', 'processing') AND (queue.filled_at IS NULL OR EXISTS (
            SELECT 1 FROM dbo.woo_customer_sync_queue_line AS line
            WHERE line.queue_id = queue.id AND line.state IN ('draft', 'processing')))))
        ORDER BY queue.id DESC
        LIMIT :batch
        """,
        {"now": session.now, "org": call.org_id, "id": call.queue_id, "open": call.open_only, "batch": call.batch_size},
    )
    return [make(CustomerQueue, row) for row in rows]


@serves(ListCustomerLines)
def list_customer_lines(session: Session, call: ListCustomerLines) -> list[CustomerLine]:
    """See `sql/procedures/sp_ListCustomerLines.sql`."""
    require_batch_size(call.batch_size)
    require((call.state is None or call.state in _STATES, f"@STATE takes {', '.join(_STATES)}."))
    queue_of(session, call.queue_id, call.org_id)
    return _page(
        session,
        CustomerLine,
        """
        SELECT id AS line_id, *
        FROM dbo.woo_customer_sync_queue_line
        WHERE queue_id = :id AND org_id = :org AND (:state IS NULL OR state = :state) AND id > :after
        ORDER BY id
        LIMIT :batch
        """,
        {"id": call.queue_id, "org": call.org_id, "state": call.state, "after": call.after_id, "batch": call.batch_size},
    )


@serves(ListCustomerActivity)
def list_customer_activity(session: Session, call: ListCustomerActivity) -> list[CustomerActivity]:
    """See `sql/procedures/sp_ListCustomerActivity.sql`."""
    require_batch_size(call.batch_size)
    queue_of(session, call.queue_id, call.org_id)
    return _page(
        session,
        CustomerActivity,
        """
        SELECT id AS activity_id, *
        FROM dbo.woo_sync_activity
        WHERE id IN (
            SELECT id FROM dbo.woo_sync_activity
            WHERE queue_id = :id AND org_id = :org AND id > :after
            ORDER BY id DESC LIMIT :batch)
        ORDER BY id
        """,
        {"id": call.queue_id, "org": call.org_id, "after": call.after_id, "batch": call.batch_size},
    )


def _page(session: Session, returns: type[Any], sql: str, parameters: dict[str, Any]) -> list[Any]:
    return [make(returns, row) for row in session.all(sql, parameters)]


@serves(NoteCustomerActivity)
def note_customer_activity(session: Session, call: NoteCustomerActivity) -> list[NoRow]:
    """See `sql/procedures/sp_NoteCustomerActivity.sql`."""
    require(
        (call.activity_type != "", "@ACTIVITY_TYPE is required."),
        (call.status in STATUSES, f"@STATUS takes {', '.join(STATUSES)}."),
        (call.message != "", "@MESSAGE is required."),
    )
    queue = queue_of(session, call.queue_id, call.org_id)
    write_activity(session, queue, call.activity_type, call.status, call.message, worker_id=call.worker_id)
    return []
