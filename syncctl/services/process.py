"""Bring staged orders into the ERP, then tell the store.

A worker claims some orders at a time under one lease, does them one after the other, then tells the store of them together. What
it can't come to (a stop, an outage, a lease that won't last) is given back untried; where it dies, only the order in its hands
has used up an attempt.
An order that fails for a passing reason waits in the database (FAILED, with its time); this run comes back to it when it is due
and goes on with the others until then.
"""

from __future__ import annotations

import heapq
import json
import logging
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from time import monotonic
from typing import Any

from syncctl.db.contract import (
    ClaimedOrder,
    ClaimStagedOrders,
    Database,
    FailStagedOrder,
    ListStagedOrders,
    ProcessStagedOrder,
    ReleaseStagedOrder,
    Violation,
)
from syncctl.errors import ConfigError, LeaseLost, PermanentError, SyncError, TransientError
from syncctl.retry import LONGEST_WAIT_IN_RUN, delay_before
from syncctl.services.amounts import seconds
from syncctl.services.run_context import RunContext
from syncctl.services.validate import Rules
from syncctl.services.work_loop import NotNow, OfTheDatabase, Result
from syncctl.services.write_back import Delivery, WriteBack

log = logging.getLogger(__name__)

BATCH = 20
_TOLD = ("created", "updated", "cancelled", "unchanged", "review")
"""Outcomes of orders whose messages to the store are delivered at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOptions:
    """How a run works. `scope` is what it takes: `pending`, `failed` (due ones), or `listed` (then `staging_ids`)."""

    rules: Rules
    store_id: str | None = None
    """Take this store's orders only: the settings that made `rules` are its own."""
    scope: str = "pending"
    staging_ids: tuple[int, ...] = ()
    ignore_due: bool = False
    limit: int | None = None
    max_retries: int = 3
    own_attempts: int | None = None
    """Attempts in all that each order of this run is given, instead of the policy's (`--max-retries`)."""
    retry: bool = True
    statuses: bool = True
    """Whether the store's statuses may be changed."""
    lease_seconds: int = 300
    batch: int = BATCH
    """How many orders a worker claims at a time, 1 to 1,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedOrder:
    """What became of one order in this run.

    `outcome`: created, updated, cancelled, unchanged, failed (tried again later), review (needs a person), lost (another
    worker has it).
    `store`: delivered, dropped, waiting, failed, or empty where there was nothing to tell.
    """

    staging_id: int
    woo_order_id: int
    woo_order_no: str | None
    action: str
    outcome: str
    attempts: int
    doc_id: int | None = None
    tkt_no: str | None = None
    store: str = ""
    message: str = ""
    next_attempt_at: datetime | None = None
    error_class: str | None = None
    error_code: str | None = None
    violations: tuple[Violation, ...] = ()
    """What validation found that blocks the order."""


class OrderInvalid(PermanentError):
    """Validation found what blocks an order."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__("; ".join(found.message for found in violations), code=violations[0].code)
        self.violations = tuple(violations)


@dataclass(slots=True)
class ProcessResult(Result[ProcessedOrder]):
    """What a run did: the last word on each order, and what the store was told."""

    messages: Result[Delivery] = field(default_factory=Result)
    store_down: SyncError | None = None
    """Why the store was told nothing more, where that is so. The ERP documents stand."""

    @property
    def orders(self) -> list[ProcessedOrder]:
        """The orders, in the order in which they were first finished."""
        return list(self.rows.values())

    @property
    def deliveries(self) -> list[Delivery]:
        """The messages to the store that this run had in its hands."""
        return list(self.messages.rows.values())

    @property
    def counts(self) -> dict[str, int]:
        """The counts of the `process` contract."""
        outcomes = Counter(order.outcome for order in self.orders)
        told = Counter(delivery.outcome for delivery in self.deliveries)
        return {
            "claimed": self.claimed,
            "created": outcomes["created"],
            "updated": outcomes["updated"],
            "cancelled": outcomes["cancelled"],
            "failed": outcomes["failed"],
            "review": outcomes["review"],
            "written_back": told["delivered"] + told["dropped"],
            "write_back_pending": sum(1 for order in self.orders if order.store in ("waiting", "failed", "pending")),
        }


@dataclass(slots=True)
class Budget:
    """What the workers of a run share: how many orders it may still take, and which of them have failed in it."""

    left: int | None
    failed: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, wanted: int) -> int:
        """Take up to so many; return how many there were."""
        with self._lock:
            if self.left is None:
                return wanted
            taken = min(wanted, self.left)
            self.left -= taken
            return taken

    def give_back(self, unused: int) -> None:
        """Return those that found no order."""
        with self._lock:
            if self.left is not None:
                self.left += unused


@dataclass(slots=True)
class OrderWork(OfTheDatabase[ProcessedOrder]):
    """One worker's orders, on a connection of its own: a `work_loop.Work`. Several may share a run's budget and result."""

    database: Database
    write_back: WriteBack | None
    worker_id: str
    options: ProcessOptions
    budget: Budget
    result: ProcessResult
    context: RunContext
    _waiting: list[tuple[datetime, int]] = field(default_factory=list)
    """Orders that this worker comes back to, by this host's clock: the database's may be an hour off."""
    _tries: Counter[int] = field(default_factory=Counter)
    workers: int = 1
    """How many of them there are: of few orders, each takes its share."""
    _taken: set[int] = field(default_factory=set)
    """The present claim's orders, as far as they count among those that the run may take."""
    _begun: set[int] = field(default_factory=set)
    """Those of the present claim whose turn has come."""
    _next: dict[int, int] = field(default_factory=dict)
    """Of each claimed order, the one behind it."""
    _claimed_at: float = 0.0
    """When the present lease began, by `monotonic`."""
    _fresh: bool = True
    """False once nothing was left to claim: what arrives meanwhile is the next run's."""

    def claim(self, limit: int) -> Sequence[ClaimedOrder]:
        """Take an order of this run whose wait is over, or new ones."""
        self._claimed_at = monotonic()
        self._taken, self._begun, self._next = set(), set(), {}
        due = self._come_back()
        if due or not self._fresh:
            return due
        allowed = self.budget.take(limit)
        if not allowed:
            self._fresh = False
            return ()
        listed = [number for number in self.options.staging_ids if number not in self._tries]
        claimed = self._claim(self.options.scope, listed, allowed)
        self.budget.give_back(allowed - len(claimed))
        self.result.count_claimed(len(claimed))
        self._fresh = bool(claimed)
        self._taken = {one.staging_id for one in claimed}
        self._next = {one.staging_id: behind.staging_id for one, behind in pairwise(claimed)}
        return claimed

    def _come_back(self) -> Sequence[ClaimedOrder]:
        """Come back to an order of this run whose wait is over; none where another worker took it meanwhile."""
        while self._waiting and self._waiting[0][0] <= self.context.clock():
            claimed = self._claim("listed", [self._waiting[0][1]], 1)
            heapq.heappop(self._waiting)
            if claimed:
                return claimed
        return ()

    def _claim(self, scope: str, staging_ids: Sequence[int], limit: int) -> Sequence[ClaimedOrder]:
        if scope == "listed" and not staging_ids:
            return ()
        return self.database.run(
            ClaimStagedOrders(
                worker_id=self.worker_id,
                batch_size=limit,
                lease_seconds=self.options.lease_seconds,
                scope=scope,
                staging_ids=json.dumps(list(staging_ids)) if scope == "listed" else None,
                ignore_due=self.options.ignore_due,
                store_id=self.options.store_id,
                passed=json.dumps(sorted(self.budget.failed)) if scope == "failed" and self.budget.failed else None,
                workers=1 if scope == "listed" else self.workers,
            )
        )

    def next_due(self) -> float | None:
        """Seconds until the first of the waiting orders is due."""
        return (self._waiting[0][0] - self.context.clock()).total_seconds() if self._waiting else None

    def key(self, item: ClaimedOrder) -> int:
        """See `Work.key`."""
        return item.staging_id

    def do(self, item: ClaimedOrder) -> ProcessedOrder:
        """Validate and create, update or cancel: one order, in one transaction of the database."""
        if self._begun and monotonic() - self._claimed_at > self.options.lease_seconds / 2:
            raise NotNow(f"half of the lease of {self.options.lease_seconds} s is over")
        self._begun.add(item.staging_id)
        self._tries[item.staging_id] += 1
        rules = self.options.rules
        *violations, applied = self.database.run(
            ProcessStagedOrder(
                staging_id=item.staging_id,
                worker_id=self.worker_id,
                attempt_no=item.attempt_no,
                unknown_customer=rules.unknown_customer,
                guest_cust_no=rules.guest_cust_no,
                erp_currency=rules.erp_currency,
                price_check=rules.price_check,
                price_tolerance=rules.price_tolerance,
                next_staging_id=self._next.get(item.staging_id),
            )
        )
        if applied.outcome == "invalid":
            raise OrderInvalid(
                [
                    Violation(row.code or "", row.field or "", row.value, row.message or "", "error")
                    for row in violations
                    if row.severity == "error"
                ]
            )
        said = str(applied.outcome)
        log.info(
            "Order %s (staging id %s): %s, document %s (%s)",
            item.woo_order_no,
            item.staging_id,
            said.replace("_", " "),
            applied.doc_id,
            applied.tkt_no,
            extra={"order": item.woo_order_no, "staging_id": item.staging_id, "document": applied.doc_id},
        )
        outcome = {"already_applied": "created", "reopened": "created"}.get(said, said)
        return self._untold(self._processed(item, outcome, doc_id=applied.doc_id, tkt_no=applied.tkt_no))

    def fail(self, item: ClaimedOrder, error: SyncError) -> ProcessedOrder:
        """Note a failed attempt; an order that may succeed soon is put aside until its time comes."""
        tried = self._tries[item.staging_id]
        wait = self._wait_in_run(error, tried)
        state = self.database.run(
            FailStagedOrder(
                staging_id=item.staging_id,
                worker_id=self.worker_id,
                attempt_no=item.attempt_no,
                error_class=error.error_class,
                error_code=error.code,
                message=str(error),
                run_attempt=tried,
                run_attempts=self.options.max_retries if self.options.retry else tried,
                retry_after_seconds=seconds(getattr(error, "retry_after", None) if wait is None else wait),
                jitter=seconds(self.context.jitter()),
                max_attempts=self.options.own_attempts,
            )
        )[0]
        review = state.state == "NEEDS_MANUAL_REVIEW"
        self._log_failure(item, error, review=review, again=wait is not None)
        failed = self._processed(item, "review" if review else "failed", **_why(error))
        if review:
            return self._untold(failed)
        self.budget.failed.add(item.staging_id)
        if wait is not None:
            heapq.heappush(self._waiting, (self.context.clock() + timedelta(seconds=wait), item.staging_id))
        return replace(failed, next_attempt_at=state.next_attempt_dt)

    def _wait_in_run(self, error: SyncError, tried: int) -> float | None:
        """Seconds until this run tries the order again; None where that is left to a later run, or is no use."""
        if not (self.options.retry and isinstance(error, TransientError) and tried < self.options.max_retries):
            return None
        wait = max(delay_before(tried + 1, self.context.retry_delay_base), error.retry_after or 0)
        return wait if wait <= LONGEST_WAIT_IN_RUN else None

    def _log_failure(self, order: ClaimedOrder, error: SyncError, *, review: bool, again: bool) -> None:
        log.log(
            logging.ERROR if review or not again else logging.WARNING,
            "Order %s (staging id %s), attempt %s: %s",
            order.woo_order_no,
            order.staging_id,
            self._tries[order.staging_id],
            error,
            extra={"in_result": review or not again, "order": order.woo_order_no, "staging_id": order.staging_id},
        )

    def lose(self, item: ClaimedOrder, error: SyncError) -> ProcessedOrder:
        """Return the order as done where this very attempt had done it and only the answer was lost; else as lost."""
        row = self.database.run(ListStagedOrders(staging_id=item.staging_id))[0]
        mine = row.lease_owner == self.worker_id and row.attempt_no == item.attempt_no
        if not mine or row.state not in ("APPLIED", "CANCELLED"):
            return self._processed(item, "lost" if isinstance(error, LeaseLost) else "failed", **_why(error))
        outcome = {"create": "created", "update": "updated", "cancel": "cancelled"}[item.pending_action]
        doc_id = int(row.cp_doc_id) if row.cp_doc_id else None
        return self._untold(self._processed(item, outcome, doc_id=doc_id, tkt_no=row.tkt_no))

    def release(self, item: ClaimedOrder, reason: str) -> None:
        """See `Work.release`."""
        self.database.run(
            ReleaseStagedOrder(
                staging_id=item.staging_id, worker_id=self.worker_id, attempt_no=item.attempt_no, reason=reason[:500]
            )
        )
        if item.staging_id in self._begun:
            self._tries[item.staging_id] -= 1
        if not self._tries[item.staging_id]:
            del self._tries[item.staging_id]
        if item.staging_id in self._taken:
            self.budget.give_back(1)
            self.result.count_claimed(-1)

    def finish(self, rows: Sequence[ProcessedOrder]) -> None:
        """Tell the store about the orders that were just done; their ERP documents stand whatever comes of it."""
        ended = {row.staging_id: row for row in rows if row.outcome in _TOLD}
        if self.write_back is None or not ended or self.context.breaker("store").open or self.context.stop.is_set():
            return
        try:
            deliveries = self.write_back.deliver(staging_ids=list(ended))
        except (TransientError, ConfigError):
            raise
        except SyncError as error:
            log.warning("The messages of %d orders to the store wait (%s).", len(ended), error)
            return
        for delivery in deliveries:
            row = ended[delivery.staging_id or 0]
            self.result.note(row.staging_id, replace(row, store=delivery.outcome))

    def _untold(self, done: ProcessedOrder) -> ProcessedOrder:
        """Say that the store has to be told yet."""
        if done.outcome not in ("created", "cancelled"):
            return done
        return replace(done, store="pending" if self.write_back is None else "waiting")

    def _processed(self, order: ClaimedOrder, outcome: str, **more: Any) -> ProcessedOrder:
        return ProcessedOrder(
            staging_id=order.staging_id,
            woo_order_id=order.woo_order_id,
            woo_order_no=order.woo_order_no,
            action=order.pending_action,
            outcome=outcome,
            attempts=self._tries[order.staging_id],
            **more,
        )


def _why(error: SyncError) -> dict[str, Any]:
    """Return what a result says of an error."""
    return {
        "message": str(error),
        "error_class": error.error_class,
        "error_code": None if error.code is None else str(error.code),
        "violations": getattr(error, "violations", ()),
    }
