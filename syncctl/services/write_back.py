"""Tell the store what became of its orders: deliver the messages that wait in the outbox.

A message may be delivered twice (the answer to a POST was lost, a worker died): the tag in the order's meta data and the notes
that are there already are looked at first, so the store ends as if it had been delivered once.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from syncctl.db.contract import (
    ClaimOutbox,
    CompleteOutbox,
    Database,
    FailOutbox,
    OutboxMessage,
    ReleaseOutbox,
)
from syncctl.errors import StoreUnavailable, SyncError
from syncctl.services.amounts import seconds
from syncctl.services.raising import why_not_raised
from syncctl.services.run_context import RunContext
from syncctl.services.work_loop import OfTheDatabase, Result, work_off
from syncctl.stores.base import Store, StoreStatus

log = logging.getLogger(__name__)


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
    """Delivers messages to one store. One for each worker; the run's context and the result are shared."""

    database: Database
    store: Store
    worker_id: str
    context: RunContext
    result: Result[Delivery] = field(default_factory=Result)
    """Every message that this run had in its hands, by its number."""
    lease_seconds: int = 300
    statuses: bool = True
    """False leaves the store's statuses alone, whatever the messages say: note and tag only."""
    monotonic: Callable[[], float] = field(default=time.monotonic)

    def deliver(self, *, staging_id: int | None = None, limit: int | None = None, ignore_due: bool = False) -> list[Delivery]:
        """Deliver what is due: of one order, or of all, up to `limit`; none of them twice.

        A message that fails goes behind the others. Where the store is down or can't be used as configured, that is on the
        context's breaker `store`, and what was in hand is given back, attempts unburnt.

        Raises:
            SyncError: the database went away, or can't be used as it is set up.
        """
        if self.context.breaker("store").open:
            return []
        mine: Result[Delivery] = Result()
        work_off(_Messages(self, staging_id, limit, ignore_due), mine, self.context)
        for key, delivery in mine.rows.items():
            self.result.note(key, delivery)
        if mine.ended_by is not None and mine.ended_by.system != "store":
            raise mine.ended_by
        return list(mine.rows.values())


@dataclass(slots=True)
class _Messages(OfTheDatabase[Delivery]):
    """The messages of one delivery: a `work_loop.Work`."""

    to: WriteBack
    staging_id: int | None
    limit: int | None
    ignore_due: bool
    _failed: list[int] = field(default_factory=list)
    _taken: int = 0

    def claim(self, limit: int) -> Sequence[OutboxMessage]:
        """Take messages that this delivery has not had yet."""
        if self.limit is not None:
            limit = min(limit, self.limit - self._taken)
        if limit <= 0 or self.to.context.breaker("store").open:
            return ()
        messages = self.to.database.run(
            ClaimOutbox(
                store_id=self.to.store.store_id,
                worker_id=self.to.worker_id,
                batch_size=limit,
                lease_seconds=self.to.lease_seconds,
                staging_id=self.staging_id,
                ignore_due=self.ignore_due,
                passed=json.dumps(self._failed) if self._failed else None,
            )
        )
        self._taken += len(messages)
        return messages

    def key(self, item: OutboxMessage) -> int:
        """See `Work.key`."""
        return item.outbox_id

    def do(self, item: OutboxMessage) -> Delivery:
        """Bring the store's order to what the message says, and note that."""
        result, detail = self._tell(item)
        self.to.context.breaker("store").answered()
        self.to.context.reaching(
            self.to.database.run,
            CompleteOutbox(
                outbox_id=item.outbox_id,
                worker_id=self.to.worker_id,
                attempt_no=item.attempt_no,
                result=result,
                detail=detail or None,
            ),
        )
        return _outcome(item, result, detail)

    def _tell(self, message: OutboxMessage) -> tuple[str, str]:
        """Bring the store's order to what the message says; return the result and, where something was left out, why."""
        store = self.to.store
        begun = self.to.monotonic()
        there = store.read_status(message.woo_order_id)
        if not there.exists:
            return "dropped", "the order is gone from the store"
        if there.trashed:
            return "dropped", "the order is in the store's trash, and writing to it would bring it back"
        if message.order_key and there.order_key and message.order_key != there.order_key:
            return "dropped", "its id belongs to another order of the store by now"
        if message.tag_value is not None and there.tag == message.tag_value:
            return "delivered", "the store had it already"
        if message.note is not None:
            if message.note not in store.notes(message.woo_order_id):
                self._in_time(message, begun)
                store.add_note(message.woo_order_id, message.note)
            # Somebody may have moved the order on meanwhile, or into the trash: its status of this moment decides.
            there = store.read_status(message.woo_order_id)
            if not there.exists or there.trashed:
                return "delivered", "the note only: the order is in the store's trash, or gone"
        status, detail = self._status(message, there)
        if status is not None or message.tag_value is not None:
            store.put_status(message.woo_order_id, status, tag=message.tag_value)
        return "delivered", detail

    def _status(self, message: OutboxMessage, there: StoreStatus) -> tuple[str | None, str]:
        """Return the status that the order gets; where it gets none, why the message's is not taken."""
        status = message.target_status
        if status is None or status == there.status:
            return None, ""
        why_not = why_not_raised(
            status,
            staged=(message.staged_status or "", message.staged_meaning),
            present=(there.status, there.meaning),
            target_meaning=self.to.store.meaning(status),
            allowed=self.to.statuses,
        )
        return (None, f"the status stays {there.status}: {why_not}") if why_not else (status, "")

    def _in_time(self, message: OutboxMessage, begun: float) -> None:
        """Make sure that the lease outlives the note: a second worker that looks for it too early would post it again."""
        taken = self.to.monotonic() - begun
        if taken > self.to.lease_seconds / 2:
            raise StoreUnavailable(
                f"The store took {taken:.0f} s to say what order {message.woo_order_id} holds, too long for the lease of "
                f"{self.to.lease_seconds} s; tried again later."
            )

    def fail(self, item: OutboxMessage, error: SyncError) -> Delivery:
        """Note a failed delivery; the message goes behind the others."""
        log.warning("Order %s: the store could not be told (%s). The ERP document stands.", item.woo_order_id, error)
        state = self.to.database.run(
            FailOutbox(
                outbox_id=item.outbox_id,
                worker_id=self.to.worker_id,
                attempt_no=item.attempt_no,
                error_class=error.error_class,
                error_code=error.code,
                message=str(error),
                retry_after_seconds=seconds(getattr(error, "retry_after", None)),
                jitter=seconds(self.to.context.jitter()),
            )
        )[0].state
        self._failed.append(item.outbox_id)
        return _outcome(item, "failed" if state == "FAILED" else "waiting", str(error))

    def lose(self, item: OutboxMessage, error: SyncError) -> Delivery:
        """See `Work.lose`."""
        return _outcome(item, "waiting", str(error))

    def release(self, item: OutboxMessage, reason: str) -> None:
        """See `Work.release`."""
        log.warning("Order %s: the store is told later (%s). The ERP document stands.", item.woo_order_id, reason)
        self.to.database.run(ReleaseOutbox(outbox_id=item.outbox_id, worker_id=self.to.worker_id, attempt_no=item.attempt_no))
        self._taken -= 1

    def ask(self, error: SyncError) -> None:
        """Ask whichever of the two did not answer."""
        if error.system == "store":
            self.to.store.ping(writing=True)
        else:
            OfTheDatabase.ask(self, error)


def _outcome(message: OutboxMessage, outcome: str, text: str) -> Delivery:
    return Delivery(
        outbox_id=message.outbox_id,
        woo_order_id=message.woo_order_id,
        staging_id=message.staging_id,
        kind=message.kind,
        outcome=outcome,
        message=text,
    )
