"""The customers in a queue on the embedded engine: claimed in batches, brought into the ERP one by one, settled with them."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncctl.db.contract import (
    AppliedCustomer,
    ApplyCustomers,
    ClaimCustomers,
    ClaimedCustomer,
    FailCustomer,
    FailedCustomer,
    NoRow,
    ReleaseCustomers,
)
from syncctl.db.embedded.customer_orders import go_on
from syncctl.db.embedded.customer_queues import queue_of, write_activity
from syncctl.db.embedded.lease import CUSTOMER, require_lease
from syncctl.db.embedded.records import cut
from syncctl.db.embedded.registry import Session, is_json_list, require, serves
from syncctl.db.embedded.sync_customer import sync_customer
from syncctl.errors import ConfigError, LeaseLost, NotFound, SyncError, TransientError

log = logging.getLogger(__name__)

ALONE_FROM = 2
"""A line that was lost so often with its worker is given out alone."""
MOST_LOST = 5
"""One that was lost so often is given up."""
_DIED = "The worker died (or was stopped hard) while it held this customer."
_LONGEST_WAIT = 64
"""Seconds between two tries at most."""


@serves(ClaimCustomers)
def claim_customers(session: Session, call: ClaimCustomers) -> list[ClaimedCustomer]:
    """See `sql/procedures/sp_ClaimCustomers.sql`."""
    require_lease(call.worker_id, call.batch_size, call.lease_seconds)
    _take_up_lost(session, call)
    due = session.all(
        """
        SELECT id, lost_count
        FROM dbo.woo_customer_sync_queue_line
        WHERE queue_id = :queue AND org_id = :org AND state = 'draft' AND next_attempt_dt <= :now
        ORDER BY lost_count >= :alone, id
        LIMIT :batch
        """,
        {"queue": call.queue_id, "org": call.org_id, "now": session.now, "alone": ALONE_FROM, "batch": call.batch_size},
    )
    taken = [row for row in due if row["lost_count"] < ALONE_FROM] or due[:1]
    if not taken:
        return []
    session.run(
        """
        UPDATE dbo.USER_CUSTOMER_QUEUE
        SET phase = 'processing', process_count = process_count + 1, updated_at = :now
        WHERE id = :id AND phase = 'draft'
        """,
        {"now": session.now, "id": call.queue_id},
    )
    rows = CUSTOMER.take(session, [row["id"] for row in taken], call.worker_id, call.lease_seconds)
    return [
        ClaimedCustomer(
            line_id=row["id"],
            woo_customer_id=row["woo_customer_id"],
            email=row["email"],
            attempt_no=row["attempt_no"],
            process_count=row["process_count"],
            lease_until_dt=row["lease_until_dt"],
        )
        for row in rows
    ]


def _take_up_lost(session: Session, call: ClaimCustomers) -> None:
    """Make due again what was lost with its worker; what was lost again and again is given up: it would never end."""
    lost = session.run(
        """
        UPDATE dbo.woo_customer_sync_queue_line
        SET state = CASE WHEN lost_count >= :most THEN 'failed' ELSE 'draft' END, is_action_required = lost_count >= :most,
            lost_count = lost_count + 1, error_message = :died, last_error_timestamp = :now,
            processed_at = CASE WHEN lost_count >= :most THEN :now ELSE processed_at END, next_attempt_dt = :now,
            lease_owner = NULL, lease_until_dt = NULL
        WHERE queue_id = :queue AND org_id = :org AND state = 'processing' AND lease_until_dt <= :now
        """,
        {"died": _DIED, "now": session.now, "queue": call.queue_id, "org": call.org_id, "most": MOST_LOST - 1},
    )
    if lost:
        queue = queue_of(session, call.queue_id, call.org_id)
        message = f"The lease of a worker ran out: {lost} customers are taken up again."
        write_activity(session, queue, "lease_lost", "warning", message, worker_id=call.worker_id)


@dataclass(slots=True)
class _Tally:
    """The row of the activity log that counts a batch, written along with each of its lines."""

    session: Session
    queue: sqlite3.Row
    worker_id: str
    lines: int = 0
    failures: int = 0

    def note(self, *, failed: bool) -> None:
        self.lines += 1
        self.failures += failed

    def write(self) -> None:
        """Write it, where any line was done."""
        if self.lines:
            self.session.run(
                """
                INSERT INTO dbo.woo_sync_activity
                    (queue_id, org_id, activity_type, status, message, customers, failures, worker_id, created_at)
                VALUES (:queue, :org, 'batch_processed', :status, :message, :lines, :failures, :worker, :now)
                """,
                {
                    "queue": self.queue["id"],
                    "org": self.queue["org_id"],
                    "status": "warning" if self.failures else "success",
                    "message": f"{self.lines} customers were processed, {self.failures} of them failed.",
                    "lines": self.lines,
                    "failures": self.failures,
                    "worker": self.worker_id,
                    "now": self.session.now,
                },
            )


@serves(ApplyCustomers)
def apply_customers(session: Session, call: ApplyCustomers) -> list[AppliedCustomer]:
    """See `sql/procedures/sp_ApplyCustomers.sql`. One transaction for all, with a savepoint for each line."""
    require((call.worker_id != "", "@WORKER_ID is required."), (is_json_list(call.lines), "@LINES takes a JSON array."))
    queue = queue_of(session, call.queue_id, call.org_id)
    tally = _Tally(session, queue, call.worker_id)
    claimed = _claimed(call.lines)
    applied = []
    for place, (line_id, attempt_no) in enumerate(claimed):
        told = _told_again(session, line_id, call.worker_id, attempt_no)
        if told is not None:
            applied.append(told)
            continue
        try:
            line = CUSTOMER.fence(session, line_id, call.worker_id, attempt_no)
        except (LeaseLost, NotFound) as lost:
            applied.append(_lost(session, line_id, lost))
            continue
        try:
            with _savepoint(session):
                applied.append(_bring(session, queue, line))
        except ConfigError as unable:
            _release(session, call.worker_id, claimed[place:])
            tally.write()
            write_activity(session, queue, "set_up", "error", str(unable), worker_id=call.worker_id)
            session.keep()
            raise
        except (SyncError, sqlite3.IntegrityError, sqlite3.DataError, ValueError, ArithmeticError) as error:
            if not isinstance(error, SyncError):
                log.error("Customer line %s failed in an unforeseen way", line_id, exc_info=error)
            applied.append(_settle_failure(session, queue, line, str(error), is_passing=isinstance(error, TransientError)))
        tally.note(failed=applied[-1].state != "done")
    tally.write()
    return applied


@contextmanager
def _savepoint(session: Session) -> Iterator[None]:
    """Undo what the block wrote where it fails, and nothing before it."""
    session.run("SAVEPOINT customer")
    try:
        yield
    except BaseException:
        session.run("ROLLBACK TO customer")
        session.run("RELEASE customer")
        raise
    session.run("RELEASE customer")


def _claimed(lines: str) -> list[tuple[int, int]]:
    return [(int(line["LINE_ID"]), int(line["ATTEMPT_NO"])) for line in json.loads(lines)]


def _bring(session: Session, queue: sqlite3.Row, line: sqlite3.Row) -> AppliedCustomer:
    """Bring one line into the ERP and settle it."""
    found = sync_customer(session, line)
    if found.outcome == "failed":
        return _settle_failure(session, queue, line, found.problem or "The customer was refused.", is_passing=False)
    session.run(
        """
        UPDATE dbo.woo_customer_sync_queue_line
        SET state = 'done', outcome = :outcome, cust_no = :cust_no, error_message = NULL, is_action_required = 0,
            lease_until_dt = NULL, processed_at = :now
        WHERE id = :id
        """,
        {"outcome": found.outcome, "cust_no": found.cust_no, "now": session.now, "id": line["id"]},
    )
    orders = go_on(session, line, found.cust_no)
    if found.problem:
        write_activity(session, queue, "customer_note", "warning", f"{_named(line)}: {found.problem}")
    return _applied(line, "done", found.outcome, found.cust_no, found.problem, None, orders)


def _settle_failure(
    session: Session, queue: sqlite3.Row, line: sqlite3.Row, message: str, *, is_passing: bool
) -> AppliedCustomer:
    """Note a failure on a line that is held: tried again, left to `customers retry`, or to a person."""
    tries = line["process_count"] + 1
    again = is_passing and tries <= queue["max_retries"]
    due = session.now + timedelta(seconds=min(2 ** line["process_count"], _LONGEST_WAIT)) if again else None
    session.run(
        """
        UPDATE dbo.woo_customer_sync_queue_line
        SET state = :state, process_count = :tries, error_message = :message, last_error_timestamp = :now,
            is_action_required = :required, next_attempt_dt = COALESCE(:due, next_attempt_dt), lease_until_dt = NULL,
            processed_at = :now
        WHERE id = :id
        """,
        {
            "state": "draft" if again else "failed",
            "tries": tries,
            "message": cut(message, 2000),
            "now": session.now,
            "required": not again and tries > queue["max_retries"],
            "due": due,
            "id": line["id"],
        },
    )
    status, said = ("warning", f"Try {tries}: {message}") if again else ("error", message)
    write_activity(session, queue, "customer_failed", status, f"{_named(line)}: {said}", worker_id=line["lease_owner"])
    return _applied(line, "draft" if again else "failed", None, None, message, due, 0)


def _named(line: sqlite3.Row) -> str:
    return f"Customer {line['woo_customer_id'] or line['email']}"


def _applied(
    line: sqlite3.Row,
    state: str,
    outcome: str | None,
    cust_no: str | None,
    message: str | None,
    due: datetime | None,
    orders: int,
) -> AppliedCustomer:
    return AppliedCustomer(
        line_id=line["id"],
        woo_customer_id=line["woo_customer_id"],
        email=line["email"],
        state=state,
        outcome=outcome,
        cust_no=cust_no,
        message=message,
        next_attempt_dt=due,
        orders=orders,
    )


def _told_again(session: Session, line_id: int, worker_id: str, attempt_no: int) -> AppliedCustomer | None:
    """Return what this same attempt has settled already: its answer was lost."""
    line = session.one(
        """
        SELECT * FROM dbo.woo_customer_sync_queue_line
        WHERE id = :id AND lease_owner = :worker AND attempt_no = :attempt AND state <> 'processing'
        """,
        {"id": line_id, "worker": worker_id, "attempt": attempt_no},
    )
    if line is None:
        return None
    due = line["next_attempt_dt"] if line["state"] == "draft" else None
    return _applied(line, line["state"], line["outcome"], line["cust_no"], line["error_message"], due, 0)


def _lost(session: Session, line_id: int, lost: SyncError) -> AppliedCustomer:
    line = session.one("SELECT * FROM dbo.woo_customer_sync_queue_line WHERE id = :id", {"id": line_id})
    if line is not None:
        return _applied(line, "lost", None, None, str(lost), None, 0)
    return AppliedCustomer(line_id, 0, "", "lost", None, None, str(lost), None, 0)


@serves(FailCustomer)
def fail_customer(session: Session, call: FailCustomer) -> list[FailedCustomer]:
    """See `sql/procedures/sp_FailCustomer.sql`."""
    require((call.message != "", "@MESSAGE is required."))
    line = CUSTOMER.fence(session, call.line_id, call.worker_id, call.attempt_no)
    queue = queue_of(session, line["queue_id"], line["org_id"])
    failed = _settle_failure(session, queue, line, call.message, is_passing=call.is_passing)
    return [FailedCustomer(call.line_id, failed.state, failed.next_attempt_dt)]


@serves(ReleaseCustomers)
def release_customers(session: Session, call: ReleaseCustomers) -> list[NoRow]:
    """See `sql/procedures/sp_ReleaseCustomers.sql`."""
    require((is_json_list(call.lines), "@LINES takes a JSON array."))
    _release(session, call.worker_id, _claimed(call.lines))
    return []


def _release(session: Session, worker_id: str, claimed: list[tuple[int, int]]) -> None:
    for line_id, attempt_no in claimed:
        session.run(
            """
            UPDATE dbo.woo_customer_sync_queue_line
            SET state = 'draft', attempt_no = attempt_no - 1, lease_owner = NULL, lease_until_dt = NULL
            WHERE id = :id AND state = 'processing' AND lease_owner = :worker AND attempt_no = :attempt
            """,
            {"id": line_id, "worker": worker_id, "attempt": attempt_no},
        )
