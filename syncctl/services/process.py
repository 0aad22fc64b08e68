"""Bring staged orders into the ERP, then tell the store.

A worker claims one order at a time under a lease, so that an outage in mid-run burns no attempt of an order that was never tried.
An order that fails for a passing reason waits in the database (FAILED, with its time); this run comes back to it when it is due
and goes on with the others until then.
"""

from __future__ import annotations

import heapq
import json
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from syncctl.clock import Clock, Sleeper, system_clock, system_sleeper
from syncctl.db.contract import (
    AppliedOrder,
    CancelOrderFromStaging,
    ClaimedOrder,
    ClaimStagedOrders,
    CreateOrderFromStaging,
    Database,
    ExtendLease,
    FailStagedOrder,
    ListStagedOrders,
    ReleaseStagedOrder,
    SetMaxAttempts,
    UpdateOrderFromStaging,
)
from syncctl.errors import DatabaseUnavailable, LeaseLost, PermanentError, SyncError, TransientError
from syncctl.retry import CircuitBreaker, delay_before
from syncctl.services.amounts import seconds
from syncctl.services.stopping import Never, Stop
from syncctl.services.validate import Rules, blocking, validate_one
from syncctl.services.write_back import Delivery, WriteBack

log = logging.getLogger(__name__)

T = TypeVar("T")


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
    retry_delay_base: float = 2
    lease_seconds: int = 300


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


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """What a run did: the last word on each order, in the order in which they were finished, and what the store was told."""

    claimed: int
    orders: list[ProcessedOrder]
    deliveries: list[Delivery]
    database_down: SyncError | None = None
    store_down: SyncError | None = None
    stopped: bool = False

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
    """How many orders a run may still take; shared by its workers."""

    left: int | None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        """Take one, if any is left."""
        with self._lock:
            if self.left is None:
                return True
            if self.left <= 0:
                return False
            self.left -= 1
            return True

    def give_back(self) -> None:
        """Return one that found no order."""
        with self._lock:
            if self.left is not None:
                self.left += 1


@dataclass(slots=True)
class Worker:
    """One worker with a connection of its own. Several may share a run's budget and breakers."""

    database: Database
    write_back: WriteBack | None
    worker_id: str
    options: ProcessOptions
    breaker: CircuitBreaker
    budget: Budget
    stop: Stop = field(default_factory=Never)
    clock: Clock = system_clock
    sleeper: Sleeper = system_sleeper
    jitter: Callable[[], float] = random.random
    progress: Callable[[ProcessedOrder], None] = lambda _: None
    claimed: int = 0
    finished: dict[int, ProcessedOrder] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    _waiting: list[tuple[datetime, int]] = field(default_factory=list)
    _tries: Counter[int] = field(default_factory=Counter)

    def run(self) -> None:
        """Work until nothing is left, the budget is used up, or the stop comes.

        Raises:
            TransientError: after `breaker.threshold` failures in a row to reach the database.
        """
        fresh = True
        while not self.stop.is_set():
            order = self._take_waiting()
            if order is None and fresh:
                order = self._claim_fresh()
                fresh = order is not None
            if order is not None:
                self._handle(order)
            elif self._waiting:
                # Short steps, so that a signal is seen while an order waits.
                self.sleeper(min(1.0, max(0.05, (self._waiting[0][0] - self.clock()).total_seconds())))
            else:
                return

    def _claim_fresh(self) -> ClaimedOrder | None:
        if not self.budget.take():
            return None
        order = self._claim(self.options.scope, [number for number in self.options.staging_ids if number not in self._tries])
        if order is None:
            self.budget.give_back()
            return None
        if self.options.own_attempts is not None:
            self.database.run(SetMaxAttempts(staging_id=order.staging_id, max_attempts=self.options.own_attempts))
        self.claimed += 1
        return order

    def _take_waiting(self) -> ClaimedOrder | None:
        """Come back to an order of this run whose wait is over; None where another worker took it meanwhile."""
        while self._waiting and self._waiting[0][0] <= self.clock():
            _, staging_id = heapq.heappop(self._waiting)
            order = self._claim("listed", [staging_id])
            if order is not None:
                return order
        return None

    def _claim(self, scope: str, staging_ids: Sequence[int]) -> ClaimedOrder | None:
        if scope == "listed" and not staging_ids:
            return None
        claim = ClaimStagedOrders(
            worker_id=self.worker_id,
            batch_size=1,
            lease_seconds=self.options.lease_seconds,
            scope=scope,
            staging_ids=json.dumps(list(staging_ids)) if scope == "listed" else None,
            ignore_due=self.options.ignore_due,
            store_id=self.options.store_id,
        )
        claimed = self._reaching(lambda: self.database.run(claim))
        return claimed[0] if claimed else None

    def _handle(self, order: ClaimedOrder) -> None:
        """Do one order, whatever comes: one bad row never ends a run."""
        self._tries[order.staging_id] += 1
        if self.stop.is_set():
            release = ReleaseStagedOrder(
                staging_id=order.staging_id,
                worker_id=self.worker_id,
                attempt_no=order.attempt_no,
                reason="the run was stopped",
            )
            with suppress(LeaseLost):
                self.database.run(release)
            return
        try:
            applied = self._apply(order)
        except LeaseLost as error:
            log.warning("Order %s: %s", order.woo_order_id, error)
            self._finish(self._processed(order, "lost", message=str(error)))
            return
        except SyncError as error:
            self._failed(order, error)
            return
        except Exception as error:
            log.exception("Order %s (staging id %s) failed in an unforeseen way", order.woo_order_id, order.staging_id)
            self._failed(order, SyncError(f"{type(error).__name__}: {error}"))
            return
        self.breaker.answered()
        outcome = {"already_applied": "created", "reopened": "created"}.get(applied.outcome, applied.outcome)
        done = self._processed(order, outcome, doc_id=applied.doc_id, tkt_no=applied.tkt_no)
        self._finish(self._told(done))

    def _apply(self, order: ClaimedOrder) -> AppliedOrder:
        """Validate and create, update or cancel."""
        claimed_at = self.clock()
        fence = {"staging_id": order.staging_id, "worker_id": self.worker_id, "attempt_no": order.attempt_no}
        if order.pending_action == "cancel":
            return self.database.run(CancelOrderFromStaging(**fence))[0]  # type: ignore[arg-type]
        violations = blocking(validate_one(self.database, order.staging_id, self.options.rules))
        if violations:
            raise PermanentError("; ".join(violation.message for violation in violations), code=violations[0].code)
        if (self.clock() - claimed_at).total_seconds() > self.options.lease_seconds / 3:
            self.database.run(ExtendLease(**fence, lease_seconds=self.options.lease_seconds))  # type: ignore[arg-type]
        call = CreateOrderFromStaging if order.pending_action == "create" else UpdateOrderFromStaging
        return self.database.run(call(**fence))[0]  # type: ignore[arg-type]

    def _failed(self, order: ClaimedOrder, error: SyncError) -> None:
        """Note a failed attempt; an order that may succeed soon is put aside until its time comes."""
        tried = self._tries[order.staging_id]
        again = self.options.retry and isinstance(error, TransientError) and tried < self.options.max_retries
        wait: float | None = None
        if again:
            wait = max(delay_before(tried + 1, self.options.retry_delay_base), getattr(error, "retry_after", None) or 0)
        fail = FailStagedOrder(
            staging_id=order.staging_id,
            worker_id=self.worker_id,
            attempt_no=order.attempt_no,
            error_class=error.error_class,
            error_code=error.code,
            message=str(error),
            run_attempt=tried,
            run_attempts=self.options.max_retries if self.options.retry else tried,
            retry_after_seconds=seconds(wait),
            jitter=seconds(self.jitter()),
        )
        try:
            state = self._reaching(lambda: self.database.run(fail), already=error)[0]
        except LeaseLost as lost:
            self._finish(self._done_all_the_same(order) or self._processed(order, "lost", message=f"{error} ({lost})"))
            return
        except PermanentError as refused:
            # The row stays claimed until its lease ends, and the crash policy counts it: it can't hold up the others.
            log.exception("Order %s (staging id %s): its failure could not be noted", order.woo_order_no, order.staging_id)
            self._finish(self._processed(order, "failed", message=f"{error} (and that could not be noted: {refused})"))
            return
        review = state.state == "NEEDS_MANUAL_REVIEW"
        level = logging.ERROR if review or not again else logging.WARNING
        log.log(
            level,
            "Order %s (staging id %s), attempt %s: %s",
            order.woo_order_no,
            order.staging_id,
            tried,
            error,
            extra={"in_result": review or not again},
        )
        failed = self._processed(order, "review" if review else "failed", message=str(error))
        if wait is not None and not review:
            # By this host's clock: the database's may be an hour off.
            heapq.heappush(self._waiting, (self.clock() + timedelta(seconds=wait), order.staging_id))
        done = replace(failed, next_attempt_at=state.next_attempt_dt)
        self._finish(self._told(done) if review else done)

    def _done_all_the_same(self, order: ClaimedOrder) -> ProcessedOrder | None:
        """Return the order as done where this very attempt had done it, and only the answer was lost."""
        row = self.database.run(ListStagedOrders(staging_id=order.staging_id))[0]
        mine = row.lease_owner == self.worker_id and row.attempt_no == order.attempt_no
        if not mine or row.state not in ("APPLIED", "CANCELLED"):
            return None
        outcome = {"create": "created", "update": "updated", "cancel": "cancelled"}[order.pending_action]
        doc_id = int(row.cp_doc_id) if row.cp_doc_id else None
        return self._told(self._processed(order, outcome, doc_id=doc_id, tkt_no=row.tkt_no))

    def _told(self, done: ProcessedOrder) -> ProcessedOrder:
        """Tell the store about an order that was just applied; its ERP document stands whatever comes of it."""
        untold = done.outcome in ("created", "cancelled")
        if self.write_back is None:
            return replace(done, store="pending" if untold else "")
        waiting = replace(done, store="waiting" if untold else "")
        if self.write_back.breaker.open or self.stop.is_set():
            return waiting
        # Noted first: should the database go away now, the run's report has what was done in the ERP all the same.
        self.finished[done.staging_id] = waiting
        try:
            deliveries = self.write_back.deliver(staging_id=done.staging_id, stop=self.stop)
        except DatabaseUnavailable:
            raise
        except SyncError as error:
            log.warning("Order %s: its messages to the store wait (%s).", done.woo_order_no, error)
            return waiting
        self.deliveries += deliveries
        return replace(done, store=deliveries[-1].outcome) if deliveries else done

    def _reaching(self, call: Callable[[], T], *, already: SyncError | None = None) -> T:
        """Make a call to the database; where it can't be reached or is too busy, wait and try again until the breaker opens."""
        if isinstance(already, DatabaseUnavailable):
            self.breaker.failed(already)
        attempt = 1
        while True:
            try:
                result = call()
            except TransientError as error:
                self.breaker.failed(error)
                if self.breaker.open or self.stop.is_set():
                    raise
                attempt += 1
                self.sleeper(delay_before(attempt, self.options.retry_delay_base))
            else:
                self.breaker.answered()
                return result

    def _processed(self, order: ClaimedOrder, outcome: str, **more: object) -> ProcessedOrder:
        return ProcessedOrder(
            staging_id=order.staging_id,
            woo_order_id=order.woo_order_id,
            woo_order_no=order.woo_order_no,
            action=order.pending_action,
            outcome=outcome,
            attempts=self._tries[order.staging_id],
            **more,  # type: ignore[arg-type]
        )

    def _finish(self, done: ProcessedOrder) -> None:
        self.finished[done.staging_id] = done
        self.progress(done)
