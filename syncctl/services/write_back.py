"""Tell the store what became of its orders: deliver the messages that wait in the outbox.

A message may be delivered twice (the answer to a POST was lost, a worker died): the tag in the order's meta data and the notes
that are there already are looked at first, so the store ends as if it had been delivered once.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from syncctl.db.contract import ClaimOutbox, CompleteOutbox, Database, FailOutbox, OutboxMessage, ReleaseOutbox
from syncctl.errors import DatabaseUnavailable, LeaseLost, StoreMisconfigured, StoreUnavailable, SyncError
from syncctl.retry import CircuitBreaker
from syncctl.services.amounts import seconds
from syncctl.services.stopping import Never, Stop
from syncctl.stores.base import Store

log = logging.getLogger(__name__)

_RANK = {
    "checkout-draft": 0,
    "pending": 0,
    "failed": 0,
    "on-hold": 0,
    "processing": 1,
    "completed": 2,
    "cancelled": 2,
    "refunded": 3,
}


def is_forward(current: str, target: str) -> bool:
    """Tell whether a store order may go from `current` to `target`: never backwards, never away from a status we don't know."""
    return current in _RANK and _RANK.get(target, -1) > _RANK[current]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of one message.

    `outcome`: `delivered`, `dropped` (with the reason), `waiting` (will be tried again), `failed` (a person must look).
    """

    outbox_id: int
    woo_order_id: int
    staging_id: int | None
    kind: str
    outcome: str
    message: str = ""


@dataclass(slots=True)
class WriteBack:
    """Delivers messages to one store. One for each worker; the breaker is shared."""

    database: Database
    store: Store
    worker_id: str
    breaker: CircuitBreaker
    lease_seconds: int = 300
    jitter: Callable[[], float] = field(default=random.random)
    monotonic: Callable[[], float] = field(default=time.monotonic)

    def deliver(
        self,
        *,
        staging_id: int | None = None,
        limit: int | None = None,
        ignore_due: bool = False,
        stop: Stop | None = None,
    ) -> list[Delivery]:
        """Deliver what is due: of one order, or of all, up to `limit`.

        Ends early, attempts unburnt, when the store is down, and at once when it can't be used as configured.

        Raises:
            DatabaseUnavailable: no connection to the database.
        """
        stop = stop or Never()
        done: list[Delivery] = []
        while not stop.is_set() and not self.breaker.open and (limit is None or len(done) < limit):
            messages = self.database.run(
                ClaimOutbox(
                    store_id=self.store.store_id,
                    worker_id=self.worker_id,
                    batch_size=1,
                    lease_seconds=self.lease_seconds,
                    staging_id=staging_id,
                    ignore_due=ignore_due,
                )
            )
            if not messages:
                break
            done.append(self._handle(messages[0]))
            if done[-1].outcome == "waiting" and (staging_id is not None or ignore_due):
                break  # the order's next message must not overtake this one, and with ignore_due we would take it again at once
        return done

    def _handle(self, message: OutboxMessage) -> Delivery:
        """Deliver one claimed message and note what came of it."""
        try:
            result, detail = self._tell(message)
        except SyncError as error:
            return self._failed(message, error)
        except Exception as error:
            log.exception("Order %s: telling the store failed in an unforeseen way", message.woo_order_id)
            return self._failed(message, SyncError(f"{type(error).__name__}: {error}"))
        self.breaker.answered()
        try:
            self.database.run(
                CompleteOutbox(
                    outbox_id=message.outbox_id,
                    worker_id=self.worker_id,
                    attempt_no=message.attempt_no,
                    result=result,
                    detail=detail or None,
                )
            )
        except LeaseLost as lost:
            return self._outcome(message, "waiting", str(lost))
        return self._outcome(message, result, detail)

    def _tell(self, message: OutboxMessage) -> tuple[str, str]:
        """Bring the store's order to what the message says; return the result and, where something was left out, why."""
        begun = self.monotonic()
        there = self.store.read_status(message.woo_order_id)
        if not there.exists:
            return "dropped", "the order is gone from the store"
        if there.trashed:
            return "dropped", "the order is in the store's trash, and writing to it would bring it back"
        if message.tag_value is not None and there.tag == message.tag_value:
            return "delivered", "the store had it already"
        if message.note is not None and message.note not in self.store.notes(message.woo_order_id):
            self._in_time(message, begun)
            self.store.add_note(message.woo_order_id, message.note)
            # Somebody may have moved the order on meanwhile, or into the trash: only its present status tells what may be done.
            there = self.store.read_status(message.woo_order_id)
            if not there.exists or there.trashed:
                return "delivered", "the note only: the order is in the store's trash, or gone"
        status, detail = message.target_status, ""
        if status is not None and not is_forward(there.status, status):
            detail = "" if status == there.status else f"the status stays {there.status}: {status} would be a step back"
            status = None
        if status is not None or message.tag_value is not None:
            self.store.put_status(message.woo_order_id, status, tag=message.tag_value)
        return "delivered", detail

    def _in_time(self, message: OutboxMessage, begun: float) -> None:
        """Make sure that the lease outlives the note: a second worker that looks for it too early would post it again."""
        taken = self.monotonic() - begun
        if taken > self.lease_seconds / 2:
            raise StoreUnavailable(
                f"The store took {taken:.0f} s to say what order {message.woo_order_id} holds, too long for the lease of "
                f"{self.lease_seconds} s; tried again later."
            )

    def _failed(self, message: OutboxMessage, error: SyncError) -> Delivery:
        log.warning("Order %s: the store could not be told (%s). The ERP document stands.", message.woo_order_id, error)
        if isinstance(error, DatabaseUnavailable):
            raise error
        try:
            if isinstance(error, StoreUnavailable | StoreMisconfigured):
                if isinstance(error, StoreMisconfigured):
                    self.breaker.trip(error)
                else:
                    self.breaker.failed(error)
                if self.breaker.open:
                    self.database.run(
                        ReleaseOutbox(outbox_id=message.outbox_id, worker_id=self.worker_id, attempt_no=message.attempt_no)
                    )
                    return self._outcome(message, "waiting", str(error))
            failed = self.database.run(
                FailOutbox(
                    outbox_id=message.outbox_id,
                    worker_id=self.worker_id,
                    attempt_no=message.attempt_no,
                    error_class=error.error_class,
                    error_code=error.code,
                    message=str(error),
                    retry_after_seconds=seconds(getattr(error, "retry_after", None)),
                    jitter=seconds(self.jitter()),
                )
            )
        except LeaseLost as lost:
            return self._outcome(message, "waiting", str(lost))
        return self._outcome(message, "failed" if failed[0].state == "FAILED" else "waiting", str(error))

    @staticmethod
    def _outcome(message: OutboxMessage, outcome: str, text: str) -> Delivery:
        return Delivery(
            outbox_id=message.outbox_id,
            woo_order_id=message.woo_order_id,
            staging_id=message.staging_id,
            kind=message.kind,
            outcome=outcome,
            message=text,
        )
